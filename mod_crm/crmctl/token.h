/* crmctl/token.h - the tokens of accounts, printed. */
#ifndef CRM_CRMCTL_TOKEN_H
#define CRM_CRMCTL_TOKEN_H

#include "crmctl/command.h"
#include "service/account.h"

/* Prints the tokens of the account with ACCOUNT_ID, or (0) of all ACCOUNTS. */
crm_error_t *crm_token_list(crm_run_t *run, const crm_accounts_t *accounts, apr_int64_t account_id);

#endif
