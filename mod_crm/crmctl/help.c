/* crmctl/help.c - help texts and the manual page, made from the table of commands. */
#include "crmctl/help.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "crmctl/output.h"
#include "crmctl/parse.h"

#define WIDTH 78

/* Prints TEXT broken into lines, each after INDENT spaces. */
static void print_wrapped(const char *text, int indent)
{
    int column = 0;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column && column + 1 + length > WIDTH) {
            putchar('\n');
            column = 0;
        }
        column +=
            column ? printf(" %.*s", length, text) : printf("%*s%.*s", indent, "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_overview(apr_pool_t *pool)
{
    apr_array_header_t *list = crm_command_list(pool);
    printf("crmctl %s - manages mod_crm\n\nUsage: crmctl COMMAND [OPTION ...]\n\nCommands:\n",
           CRM_VERSION);
    for (int i = 0; i < list->nelts; i++) {
        const crm_command_t *command = APR_ARRAY_IDX(list, i, const crm_command_t *);
        printf("  %-17s %s\n", command->name, command->summary);
    }
    printf("\ncrmctl COMMAND --help tells more of each. Exit status: 0 done, 1 failed, 2 wrong "
           "usage.\n");
}

static void print_usage(const crm_command_t *command)
{
    printf("crmctl %s%s%s", command->name, command->arguments ? " " : "",
           command->arguments ? command->arguments : "");
    for (const crm_option_t *option = command->options; option && option->name; option++) {
        printf(option->required ? " %s%s%s" : " [%s%s%s]", option->name, option->value ? " " : "",
               option->value ? option->value : "");
    }
    putchar('\n');
}

void crm_help_print(const crm_run_t *run)
{
    const crm_command_t *command = run->command;
    printf("Usage: ");
    print_usage(command);
    putchar('\n');
    print_wrapped(command->help, 0);
    printf("\nOptions:\n");
    for (int i = 0; i < run->noptions; i++) {
        const crm_option_t *option = run->options[i];
        printf("  %s%s%s\n", option->name, option->value ? " " : "",
               option->value ? option->value : "");
        print_wrapped(option->help, 6);
    }
    if (command->examples) {
        printf("\nExamples:\n");
        for (const char *const *example = command->examples; *example; example++) {
            printf("  %s\n", *example);
        }
    }
}

/* ---- the manual page, in man(7) */

static void print_roff(const char *text)
{
    if (*text == '.' || *text == '\'') {
        fputs("\\&", stdout);
    }
    for (; *text; text++) {
        if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-') {
            fputs("\\-", stdout);
        } else {
            putchar(*text);
        }
    }
    putchar('\n');
}

static void print_man_command(apr_pool_t *pool, const crm_command_t *command)
{
    crm_run_t run;
    crm_run_init(pool, command, &run);
    printf(".SS ");
    print_roff(apr_pstrcat(pool, command->name, command->arguments ? " " : NULL, command->arguments,
                           NULL));
    print_roff(command->help);
    for (int i = 0; i < run.noptions; i++) {
        const crm_option_t *option = run.options[i];
        printf(".TP\n.B ");
        print_roff(
            apr_pstrcat(pool, option->name, option->value ? " " : NULL, option->value, NULL));
        print_roff(option->help);
    }
    for (const char *const *example = command->examples; example && *example; example++) {
        printf("%s.EX\n", example == command->examples ? ".PP\nExamples:\n.PP\n" : "");
        print_roff(*example);
        printf(".EE\n");
    }
}

static void print_man(apr_pool_t *pool)
{
    apr_array_header_t *list = crm_command_list(pool);
    printf(".TH CRMCTL 1 \"\" \"mod_crm %s\" \"mod_crm\"\n"
           ".SH NAME\ncrmctl \\- manages mod_crm\n"
           ".SH SYNOPSIS\n.B crmctl\n.I COMMAND\n[\\fIOPTION\\fR ...]\n"
           ".SH DESCRIPTION\n"
           "Manages the databases, tenants and accounts of mod_crm, a multi\\-tenant CRM in Apache "
           "httpd. crmctl asks httpd for its configuration, so that it works on what the server "
           "works on.\n.SH COMMANDS\n",
           CRM_VERSION);
    for (int i = 0; i < list->nelts; i++) {
        print_man_command(pool, APR_ARRAY_IDX(list, i, const crm_command_t *));
    }
    printf(".SH EXIT STATUS\n0: done. 1: failed; standard error says why. 2: wrong usage.\n"
           ".SH ENVIRONMENT\n.TP\n.B CRM_HTTPD\nhttpd's program, where \\-\\-httpd is not given.\n"
           ".SH FILES\n.TP\n.I /etc/apache2/apache2.conf\nDebian's configuration of httpd; its "
           "neighbour\n.I envvars\nis read too.\n"
           ".SH SEE ALSO\n.BR apache2 (8),\n.BR apache2ctl (8)\n");
}

static crm_error_t *run_help(crm_run_t *run)
{
    crm_run_t about;
    const char **words = apr_pcalloc(run->pool, ((apr_size_t)run->argc + 1) * sizeof(*words));
    if (crm_run_option(run, "--man")) {
        print_man(run->pool);
        return NULL;
    }
    if (!run->argc) {
        print_overview(run->pool);
        return NULL;
    }
    memcpy(words, run->argv, (apr_size_t)run->argc * sizeof(*words));
    words[run->argc] = "--help";
    CRM_ERR(crm_parse(run->pool, run->argc + 1, words, &about));
    crm_help_print(&about);
    return NULL;
}

static crm_error_t *run_version(crm_run_t *run)
{
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_pack("{s:s}", "version", CRM_VERSION));
    }
    printf("mod_crm %s\n", CRM_VERSION);
    return NULL;
}

static const crm_option_t help_options[] = {
    {.name = "--man", .help = "Print the manual page, in man(7) format."},
    {.name = NULL},
};

static const char *const help_examples[] = {"crmctl help tenant create", NULL};
static const char *const version_examples[] = {"crmctl version --json", NULL};

const crm_command_t crm_help_commands[] = {
    {.name = "help",
     .arguments = "[COMMAND]",
     .max_args = 2,
     .options = help_options,
     .summary = "what there is, or what one command does",
     .help = "Lists the commands, or tells what one does and takes.",
     .examples = help_examples,
     .run = run_help},
    {.name = "version",
     .flags = CRM_COMMAND_DATA,
     .summary = "the version of this program",
     .help = "Prints the version. Module, crmctl and migrations of one version belong together.",
     .examples = version_examples,
     .run = run_version},
    {.name = NULL},
};
