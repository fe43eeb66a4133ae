/* crmctl/manual.c - the whole table of commands as a manual page, Markdown, completion for bash. */
#include "crmctl/manual.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "crmctl/command.h"
#include "crmctl/help.h"

/* ---- man(7) ---- */

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

static void print_roff_command(apr_pool_t *pool, const crm_command_t *command)
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

void crm_manual_roff(apr_pool_t *pool)
{
    printf(".TH CRMCTL 1 \"\" \"mod_crm %s\" \"mod_crm\"\n"
           ".SH NAME\ncrmctl \\- manages mod_crm\n"
           ".SH SYNOPSIS\n.B crmctl\n.I COMMAND\n[\\fIOPTION\\fR ...]\n"
           ".SH DESCRIPTION\n"
           "Manages the databases, tenants and accounts of mod_crm, a multi\\-tenant CRM in Apache "
           "httpd. crmctl asks httpd for its configuration, so that it works on what the server "
           "works on.\n.SH COMMANDS\n",
           CRM_VERSION);
    for (const crm_command_group_t *group = crm_command_groups; group->title; group++) {
        if (crm_command_group_begins(group)) {
            printf(".SS %s\n", group->title);
        }
        for (const crm_command_t *command = group->commands; command->name; command++) {
            print_roff_command(pool, command);
        }
    }
    printf(".SH EXIT STATUS\n0: done. 1: failed; standard error says why. 2: wrong usage.\n"
           ".SH ENVIRONMENT\n.TP\n.B CRM_HTTPD\nhttpd's program, where \\-\\-httpd is not given.\n"
           ".SH FILES\n.TP\n.I /etc/apache2/apache2.conf\nDebian's configuration of httpd; its "
           "neighbour\n.I envvars\nis read too.\n"
           ".SH SEE ALSO\n.BR apache2 (8),\n.BR apache2ctl (8)\n");
}

/* ---- Markdown ---- */

static void print_markdown_command(apr_pool_t *pool, const crm_command_t *command)
{
    crm_run_t run;
    crm_run_init(pool, command, &run);
    printf("\n### crmctl %s\n\n    ", command->name);
    crm_help_usage(command);
    printf("\n%s\n", command->help);
    if (command->options) {
        printf("\n| Option | Meaning |\n|---|---|\n");
    }
    for (const crm_option_t *option = command->options; option && option->name; option++) {
        printf("| `%s%s%s`%s | %s |\n", option->name, option->value ? " " : "",
               option->value ? option->value : "", option->required ? " (needed)" : "",
               option->help);
    }
    for (const char *const *example = command->examples; example && *example; example++) {
        printf("%s    %s\n", example == command->examples ? "\n" : "", *example);
    }
}

void crm_manual_markdown(apr_pool_t *pool)
{
    for (const crm_command_group_t *group = crm_command_groups; group->title; group++) {
        if (crm_command_group_begins(group)) {
            printf("\n## %s\n", group->title);
        }
        for (const crm_command_t *command = group->commands; command->name; command++) {
            print_markdown_command(pool, command);
        }
    }
}

/* ---- bash ---- */

/* The second words of the commands that begin with WORD, of LENGTH bytes. */
static void print_second_words(const apr_array_header_t *list, const char *word, int length)
{
    printf("    \"%.*s \") words=\"", length, word);
    for (int i = 0; i < list->nelts; i++) {
        const char *name = APR_ARRAY_IDX(list, i, const crm_command_t *)->name;
        if (!strncmp(name, word, (size_t)length) && name[length] == ' ') {
            printf("%s ", name + length + 1);
        }
    }
    printf("\" ;;\n");
}

/* The first word of command I, unless it is that of the one before. */
static void print_first_word(const apr_array_header_t *list, int i)
{
    const char *name = APR_ARRAY_IDX(list, i, const crm_command_t *)->name;
    size_t length = strcspn(name, " ");
    const char *before = i ? APR_ARRAY_IDX(list, i - 1, const crm_command_t *)->name : "";
    if (strcspn(before, " ") != length || strncmp(before, name, length) != 0) {
        printf("%.*s ", (int)length, name);
    }
}

static void print_options(apr_pool_t *pool, const crm_command_t *command)
{
    crm_run_t run;
    crm_run_init(pool, command, &run);
    printf("    \"%s \"*) words=\"", command->name);
    for (int i = 0; i < run.noptions; i++) {
        printf("%s ", run.options[i]->name);
    }
    printf("\" ;;\n");
}

void crm_manual_completion(apr_pool_t *pool)
{
    apr_array_header_t *list = crm_command_list(pool);
    const char *first = "";
    int length = 0;

    printf("# bash completion of crmctl, made by: crmctl help --bash-completion\n_crmctl()\n{\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} words=\n"
           "    local line=\"${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n"
           "    case ${COMP_WORDS[COMP_CWORD-1]} in\n"
           "    --config | --httpd) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
           "    esac\n    case $line in\n");
    for (int i = 0; i < list->nelts; i++) {
        const crm_command_t *command = APR_ARRAY_IDX(list, i, const crm_command_t *);
        const char *space = strchr(command->name, ' ');
        if (space && strncmp(first, command->name, (size_t)(space - command->name) + 1) != 0) {
            first = command->name;
            length = (int)(space - command->name);
            print_second_words(list, first, length);
        }
        print_options(pool, command);
    }
    printf("    \" \") words=\"");
    for (int i = 0; i < list->nelts; i++) {
        print_first_word(list, i);
    }
    printf("\" ;;\n    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
           "complete -F _crmctl crmctl\n");
}
