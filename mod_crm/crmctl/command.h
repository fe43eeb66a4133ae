/* crmctl/command.h - commands: one row each, in the table of the file that runs them.
 *
 * From the rows come parsing, --help and the manual page. A command gets a crm_run_t: its words and
 * options as they were given, already checked against its row, and by crm_run_site (see
 * crmctl/configuration.h) what the server's configuration says.
 */
#ifndef CRM_CRMCTL_COMMAND_H
#define CRM_CRMCTL_COMMAND_H

#include "base/error.h"

typedef struct crm_option_t {
    const char *name;  /* "--username" */
    const char *value; /* what follows it, as help shows it: "NAME"; NULL: a flag */
    int required;
    const char *help;
} crm_option_t;

enum {
    CRM_COMMAND_CONFIGURED = 1, /* reads httpd's configuration: --config, --server, --httpd; and is
                                   silent when told to: --quiet */
    CRM_COMMAND_DATA = 2,       /* prints data: --json */
    CRM_COMMAND_MIGRATED = 4    /* needs the main database to be there */
};

typedef struct crm_run_t crm_run_t;
typedef crm_error_t *crm_command_fn(crm_run_t *run);

typedef struct crm_command_t {
    const char *name;      /* one or two words: "tenant create" */
    const char *arguments; /* as help shows them: "NAME"; NULL: none */
    int min_args, max_args;
    unsigned flags;
    const crm_option_t *options; /* its own; ends with name NULL; NULL: none */
    const char *summary;         /* half a line */
    const char *help;            /* whole sentences */
    const char *const *examples; /* command lines; ends with NULL */
    crm_command_fn *run;
} crm_command_t;

#define CRM_MAX_OPTIONS 16

struct crm_run_t {
    apr_pool_t *pool;
    const crm_command_t *command;
    const crm_option_t *options[CRM_MAX_OPTIONS]; /* the command's and the common ones */
    const char *values[CRM_MAX_OPTIONS]; /* "" for a flag that was given; NULL: not given */
    int noptions;
    int argc;
    const char **argv; /* arguments without options */
};

/* Commands that belong together, a table that ends with name NULL. */
typedef struct crm_command_group_t {
    const char *title;
    const crm_command_t *commands;
} crm_command_group_t;

/* All groups; ends with title NULL. */
extern const crm_command_group_t crm_command_groups[];

extern const crm_command_t crm_account_commands[];
extern const crm_command_t crm_check_commands[];
extern const crm_command_t crm_demo_commands[];
extern const crm_command_t crm_django_commands[];
extern const crm_command_t crm_adopt_commands[];
extern const crm_command_t crm_help_commands[];
extern const crm_command_t crm_history_commands[];
extern const crm_command_t crm_makemigrations_commands[];
extern const crm_command_t crm_migrate_commands[];
extern const crm_command_t crm_reference_commands[];
extern const crm_command_t crm_runserver_commands[];
extern const crm_command_t crm_secret_commands[];
extern const crm_command_t crm_tenant_archive_commands[];
extern const crm_command_t crm_tenant_commands[];
extern const crm_command_t crm_tenant_life_commands[];
extern const crm_command_t crm_tenant_verify_commands[];
extern const crm_command_t crm_token_commands[];
extern const crm_command_t crm_user_commands[];

/* 1 when GROUP, one of them, does not go on with the title of the one before. */
int crm_command_group_begins(const crm_command_group_t *group);

/* All commands, of const crm_command_t *, in the order of the groups. */
apr_array_header_t *crm_command_list(apr_pool_t *pool);

/* The command of that name, or NULL. */
const crm_command_t *crm_command_find(const char *name);

/* Prepares RUN for COMMAND: the options it takes, none given yet. */
void crm_run_init(apr_pool_t *pool, const crm_command_t *command, crm_run_t *ret_run);

/* 1 when the option was given, which the command may take or not. */
int crm_run_has(const crm_run_t *run, const char *name);

/* The value of an option that the command takes, NULL when it was not given. An option that it does
 * not take is a programming error: abort(). */
const char *crm_run_option(const crm_run_t *run, const char *name);

#endif
