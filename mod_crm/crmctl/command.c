/* crmctl/command.c - the list of commands, and what each takes. */
#include "crmctl/command.h"

#include <stdlib.h>
#include <string.h>

const crm_command_group_t crm_command_groups[] = {
    {.title = "About", .commands = crm_help_commands},
    {.title = "Configuration", .commands = crm_reference_commands},
    {.title = "Secret key", .commands = crm_secret_commands},
    {.title = "Databases", .commands = crm_check_commands},
    {.title = "Databases", .commands = crm_migrate_commands},
    {.title = "Tenants", .commands = crm_tenant_commands},
    {.title = "A tenant's life", .commands = crm_tenant_life_commands},
    {.title = "A tenant's life", .commands = crm_tenant_verify_commands},
    {.title = "Backups", .commands = crm_tenant_archive_commands},
    {.title = "Accounts", .commands = crm_account_commands},
    {.title = "Accounts", .commands = crm_user_commands},
    {.title = "Accounts", .commands = crm_token_commands},
    {.title = "History", .commands = crm_history_commands},
    {.title = "Development", .commands = crm_runserver_commands},
    {.title = "Development", .commands = crm_demo_commands},
    {.title = "Development", .commands = crm_makemigrations_commands},
    {.title = "Coming from the Django application", .commands = crm_adopt_commands},
    {.title = "Coming from the Django application", .commands = crm_django_commands},
    {.title = NULL},
};

/* Options that many commands take, and the flag of those that do. */
static const struct {
    unsigned flag;
    crm_option_t option;
} common_options[] = {
    {.flag = CRM_COMMAND_DATA, .option = {.name = "--json", .help = "Print JSON."}},
    {.flag = CRM_COMMAND_CONFIGURED,
     .option = {.name = "--config",
                .value = "FILE",
                .help = "httpd's configuration file. Default: /etc/apache2/apache2.conf where it "
                        "exists, else httpd's own."}},
    {.flag = CRM_COMMAND_CONFIGURED,
     .option = {.name = "--server",
                .value = "NAME",
                .help = "The virtual host whose settings count, as NAME or NAME:PORT. Needed only "
                        "when virtual hosts have different databases."}},
    {.flag = CRM_COMMAND_CONFIGURED,
     .option = {.name = "--httpd",
                .value = "PATH",
                .help = "httpd's program. Default: $CRM_HTTPD, else apache2 or httpd as found in "
                        "$PATH or /usr/sbin."}},

    {.flag = CRM_COMMAND_CONFIGURED,
     .option = {.name = "--quiet", .help = "Print nothing but errors, and what --json prints."}},
};

static const crm_option_t help_option = {.name = "--help", .help = "Show this text."};

apr_array_header_t *crm_command_list(apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 16, sizeof(const crm_command_t *));
    for (const crm_command_group_t *group = crm_command_groups; group->title; group++) {
        for (const crm_command_t *command = group->commands; command->name; command++) {
            APR_ARRAY_PUSH(list, const crm_command_t *) = command;
        }
    }
    return list;
}

const crm_command_t *crm_command_find(const char *name)
{
    for (const crm_command_group_t *group = crm_command_groups; group->title; group++) {
        for (const crm_command_t *command = group->commands; command->name; command++) {
            if (!strcmp(command->name, name)) {
                return command;
            }
        }
    }
    return NULL;
}

static void add_option(crm_run_t *run, const crm_option_t *option)
{
    if (run->noptions == CRM_MAX_OPTIONS) {
        abort();
    }
    run->options[run->noptions++] = option;
}

void crm_run_init(apr_pool_t *pool, const crm_command_t *command, crm_run_t *ret_run)
{
    *ret_run = (crm_run_t){.pool = pool, .command = command};
    for (const crm_option_t *option = command->options; option && option->name; option++) {
        add_option(ret_run, option);
    }
    for (size_t i = 0; i < sizeof(common_options) / sizeof(*common_options); i++) {
        if (command->flags & common_options[i].flag) {
            add_option(ret_run, &common_options[i].option);
        }
    }
    add_option(ret_run, &help_option);
}

int crm_run_has(const crm_run_t *run, const char *name)
{
    for (int i = 0; i < run->noptions; i++) {
        if (!strcmp(run->options[i]->name, name)) {
            return run->values[i] != NULL;
        }
    }
    return 0;
}

const char *crm_run_option(const crm_run_t *run, const char *name)
{
    for (int i = 0; i < run->noptions; i++) {
        if (!strcmp(run->options[i]->name, name)) {
            return run->values[i];
        }
    }
    abort();
}

int crm_command_group_begins(const crm_command_group_t *group)
{
    return group == crm_command_groups || strcmp(group[-1].title, group->title) != 0;
}
