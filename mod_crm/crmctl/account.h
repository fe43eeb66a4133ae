/* crmctl/account.h - a new account from a command's options. */
#ifndef CRM_CRMCTL_ACCOUNT_H
#define CRM_CRMCTL_ACCOUNT_H

#include "crmctl/command.h"
#include "service/account.h"

/* Reads PREFIX ("--" or "--admin-") username, email, first-name, last-name and the password's
 * options (crmctl/password_input.h), and checks them as the HTTP interface does. *RET_GENERATED:
 * the password was made and must be printed. */
crm_error_t *crm_account_input(crm_run_t *run, const char *prefix, crm_new_account_t *ret_account,
                               int *ret_generated);

#endif
