/* crmctl/password_input.c - a new account's password: typed, piped or made. */
#include "crmctl/password_input.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "base/text.h"

#define MAX_PASSWORD 4096
#define GENERATED_LENGTH 20

/* One line of FILE without its end, or NULL. */
static const char *read_line(apr_pool_t *pool, FILE *file)
{
    char line[MAX_PASSWORD + 2];
    if (!fgets(line, sizeof(line), file)) {
        return NULL;
    }
    line[strcspn(line, "\r\n")] = 0;
    return apr_pstrdup(pool, line);
}

static const char *ask(apr_pool_t *pool, FILE *terminal, const char *question)
{
    struct termios shown, hidden;
    const char *line;
    int is_terminal = !tcgetattr(fileno(terminal), &shown);

    fputs(question, terminal);
    fflush(terminal);
    if (is_terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
    }
    line = read_line(pool, terminal);
    if (is_terminal) {
        tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
    }
    fputc('\n', terminal);
    return line;
}

static crm_error_t *ask_twice(apr_pool_t *pool, const char *prefix, const char **ret_password)
{
    FILE *terminal = fopen("/dev/tty", "r+");
    const char *first, *second;
    if (!terminal) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST,
                              "There is no terminal to ask on: give %spassword-stdin or "
                              "%sgenerate.",
                              prefix, prefix);
    }
    first = ask(pool, terminal, "Password: ");
    second = ask(pool, terminal, "Once more: ");
    fclose(terminal);
    if (!first || !second || strcmp(first, second)) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST, "The two are not the same.");
    }
    *ret_password = first;
    return NULL;
}

crm_error_t *crm_password_input(crm_run_t *run, const char *prefix, const char **ret_password,
                                int *ret_generated)
{
    const char *from_stdin = apr_pstrcat(run->pool, prefix, "password-stdin", NULL);
    const char *generate = apr_pstrcat(run->pool, prefix, "generate", NULL);

    *ret_generated = 0;
    if (crm_run_option(run, from_stdin) && crm_run_option(run, generate)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "%s and %s exclude each other.",
                              from_stdin, generate);
    }
    if (crm_run_option(run, generate)) {
        *ret_password = crm_secret_password(run->pool, GENERATED_LENGTH);
        *ret_generated = 1;
        return NULL;
    }
    if (!crm_run_option(run, from_stdin)) {
        return ask_twice(run->pool, prefix, ret_password);
    }
    *ret_password = read_line(run->pool, stdin);
    if (!*ret_password || !crm_text_valid(*ret_password, strlen(*ret_password))) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "Standard input has no line of UTF-8 to be the password.");
    }
    return NULL;
}
