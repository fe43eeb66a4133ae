/* server/require.h - what "Require" can ask of our accounts, on any content: crm-user,
 * crm-tenant NAME..., crm-tenant-admin, crm-superuser, crm-permission NAME..., crm-group NAME...
 *
 * Of several names one is enough, as with httpd's own. A superuser may do whatever a tenant's admin
 * may; he is in a tenant when the request names it, and in no group. Without one of our accounts
 * the answer is that a user is wanted (401), with one that does not do it is 403.
 */
#ifndef CRM_SERVER_REQUIRE_H
#define CRM_SERVER_REQUIRE_H

#include <apr_pools.h>

void crm_require_register(apr_pool_t *pool);

#endif
