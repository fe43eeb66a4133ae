/* crmctl/password_input.h - a new account's password: typed, piped or made. */
#ifndef CRM_CRMCTL_PASSWORD_INPUT_H
#define CRM_CRMCTL_PASSWORD_INPUT_H

#include "crmctl/command.h"

/* The options that say where it comes from, for a command's table. PREFIX: "--" or "--admin-". */
#define CRM_PASSWORD_OPTIONS(prefix)                                                               \
    {.name = prefix "password-stdin",                                                              \
     .help = "Read the password from standard input, its first line."},                            \
    {                                                                                              \
        .name = prefix "generate", .help = "Make a random password and print it."                  \
    }

/* The password by those options; without either it is asked for twice on the terminal.
 * *RET_GENERATED: it must be printed. */
crm_error_t *crm_password_input(crm_run_t *run, const char *prefix, const char **ret_password,
                                int *ret_generated);

#endif
