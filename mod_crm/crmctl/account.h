/* crmctl/account.h - the accounts that a command is about, and a new one from its options. */
#ifndef CRM_CRMCTL_ACCOUNT_H
#define CRM_CRMCTL_ACCOUNT_H

#include <jansson.h>

#include "crmctl/command.h"
#include "service/account.h"

/* Reads PREFIX ("--" or "--admin-") username, email, first-name, last-name and the password's
 * options (crmctl/password_input.h), and checks them as the HTTP interface does. *RET_GENERATED:
 * the password was made and must be printed. */
crm_error_t *crm_account_input(crm_run_t *run, const char *prefix, crm_new_account_t *ret_account,
                               int *ret_generated);

/* INVALID for a password that an account may not have. */
crm_error_t *crm_account_check_password(apr_pool_t *pool, const char *password);

/* The option of commands that are about accounts of a tenant, or of the platform. */
#define CRM_TENANT_OPTION                                                                          \
    {                                                                                              \
        .name = "--tenant", .value = "NAME",                                                       \
        .help =                                                                                    \
            "The tenant, by name or slug. Without it: the platform's own accounts, superusers."    \
    }

/* Opens the site; the accounts of the tenant that --tenant names, or the platform's. */
crm_error_t *crm_run_accounts(crm_run_t *run, crm_accounts_t *ret_accounts);

/* What is known of an account, as the API shows it. New reference. */
json_t *crm_account_json(apr_pool_t *pool, const crm_account_t *account);

#endif
