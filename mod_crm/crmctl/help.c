/* crmctl/help.c - help texts, made from the table of commands. */
#include "crmctl/help.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "crmctl/manual.h"
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

static void print_overview(void)
{
    printf("crmctl %s - manages mod_crm\n\nUsage: crmctl COMMAND [OPTION ...]\n", CRM_VERSION);
    for (const crm_command_group_t *group = crm_command_groups; group->title; group++) {
        if (crm_command_group_begins(group)) {
            printf("\n%s:\n", group->title);
        }
        for (const crm_command_t *command = group->commands; command->name; command++) {
            printf("  %-27s %s\n", command->name, command->summary);
        }
    }
    printf("\ncrmctl COMMAND --help tells more of each. Exit status: 0 done, 1 failed, 2 wrong "
           "usage.\n");
}

void crm_help_usage(const crm_command_t *command)
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
    crm_help_usage(command);
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

static const struct {
    const char *option;
    void (*print)(apr_pool_t *pool);
} manuals[] = {
    {.option = "--man", .print = crm_manual_roff},
    {.option = "--markdown", .print = crm_manual_markdown},
    {.option = "--bash-completion", .print = crm_manual_completion},
};

static crm_error_t *run_help(crm_run_t *run)
{
    crm_run_t about;
    const char **words = apr_pcalloc(run->pool, ((apr_size_t)run->argc + 1) * sizeof(*words));
    for (size_t i = 0; i < sizeof(manuals) / sizeof(*manuals); i++) {
        if (crm_run_option(run, manuals[i].option)) {
            manuals[i].print(run->pool);
            return NULL;
        }
    }
    if (!run->argc) {
        print_overview();
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
    {.name = "--markdown", .help = "Print Markdown, as in docs/crmctl.md."},
    {.name = "--bash-completion", .help = "Print the completion of commands and options for bash."},
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
