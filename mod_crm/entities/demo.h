/* entities/demo.h - believable records for a tenant to be looked at, shown and tried. */
#ifndef CRM_ENTITIES_DEMO_H
#define CRM_ENTITIES_DEMO_H

#include "service/account.h"

/* Makes categories, products, branches, customers, LEADS leads (one in three of a customer) and
 * calls in the tenant of ACCOUNTS, by ADMIN, through the engine: each with its change log. The same
 * number gives the same records. *RET_COUNT: how many there are. */
crm_error_t *crm_demo_fill(const crm_accounts_t *accounts, apr_pool_t *pool,
                           const crm_account_t *admin, int leads, int *ret_count);

#endif
