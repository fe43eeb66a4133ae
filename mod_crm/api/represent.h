/* api/represent.h - accounts and tenants as the API shows them. */
#ifndef CRM_API_REPRESENT_H
#define CRM_API_REPRESENT_H

#include <jansson.h>

#include "service/account.h"

/* All are new references. TENANT NULL gives null. */
json_t *crm_represent_tenant(apr_pool_t *pool, const crm_tenant_t *tenant);
json_t *crm_represent_account(apr_pool_t *pool, const crm_account_t *account,
                              const crm_tenant_t *tenant);

/* An account from a row of a list of accounts; TENANT is its tenant's JSON, borrowed. */
json_t *crm_represent_account_row(apr_pool_t *pool, const crm_value_t *row, json_t *tenant);

/* {"message": TEXT} */
json_t *crm_represent_message(const char *text);

#endif
