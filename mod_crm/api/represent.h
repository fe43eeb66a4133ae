/* api/represent.h - accounts and tenants as the API shows them. */
#ifndef CRM_API_REPRESENT_H
#define CRM_API_REPRESENT_H

#include <jansson.h>

#include "service/account.h"

/* All are new references. TENANT NULL gives null. */
json_t *crm_represent_tenant(apr_pool_t *pool, const crm_tenant_t *tenant);
/* As an operator sees it: TENANT is purged GRACE after it was deleted. */
json_t *crm_represent_tenant_state(apr_pool_t *pool, const crm_tenant_t *tenant,
                                   apr_interval_time_t grace);

json_t *crm_represent_account(apr_pool_t *pool, const crm_account_t *account,
                              const crm_tenant_t *tenant);

/* An account from a row of a list of accounts; TENANT is its tenant's JSON, borrowed. */
json_t *crm_represent_account_row(apr_pool_t *pool, const crm_value_t *row, json_t *tenant);

/* {"message": TEXT} */
json_t *crm_represent_message(const char *text);

#endif
