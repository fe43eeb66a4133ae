/* service/isolation.h - CrmTenantIsolation: a database user of its own for each tenant's database.
 *
 * Its name is made from the database's, its password from the secret key, so that neither is stored
 * anywhere. crm_site_tenant_db names it, and whatever works with that is this user; what makes,
 * changes and copies databases works by crm_tenant_unversioned as the user of the server's URL.
 */
#ifndef CRM_SERVICE_ISOLATION_H
#define CRM_SERVICE_ISOLATION_H

#include "service/tenant.h"

/* The user of DATABASE on the server of that name (CrmDatabaseServer; "" is CrmTenantDatabase), in
 * POOL; NULL where tenants have none. While the secret key is being changed it has two passwords.
 */
const crm_db_user_t *crm_isolation_user(const crm_site_t *site, apr_pool_t *pool,
                                        const char *server, const char *database);

/* CONFLICT, with what to do, where nothing but the configuration keeps tenants apart. */
crm_error_t *crm_isolation_check(const crm_site_t *site, apr_pool_t *pool);

/* Looks whether TENANT is apart from all others: as its database's user, that reads its own row,
 * and is refused those of OTHER (NULL: there is none) and of the main database; a SQLite file,
 * whether other users of the machine can read it. *RET_USER: who it is, NULL with SQLite.
 * *RET_FAULTS (of const char *): what is wrong, a sentence each; none: it is. */
crm_error_t *crm_isolation_verify(const crm_site_t *site, apr_pool_t *pool,
                                  const crm_tenant_t *tenant, const crm_tenant_t *other,
                                  const char **ret_user, apr_array_header_t **ret_faults);

/* Makes TENANT's user anew, with its rights alone. */
crm_error_t *crm_isolation_repair(const crm_site_t *site, apr_pool_t *pool,
                                  const crm_tenant_t *tenant);

/* Gives TENANT's user the password of the site's key, with that of the key before beside it, or,
 * to FINISH, alone. Nothing where tenants have no users. */
crm_error_t *crm_isolation_rekey(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_tenant_t *tenant, int finish);

#endif
