/* service/tenant_repair.h - what of a tenant is missing is made again: its database, tables,
 * columns, indexes, foreign keys, its row's copy, permissions, its logins in the directory.
 */
#ifndef CRM_SERVICE_TENANT_REPAIR_H
#define CRM_SERVICE_TENANT_REPAIR_H

#include "db/schema.h"
#include "service/tenant.h"

/* What every tenant's database should have, of crm_schema_part_t: read from a scratch database that
 * is made for it and dropped. */
crm_error_t *crm_tenant_wanted(const crm_site_t *site, apr_pool_t *pool,
                               const apr_array_header_t **ret_parts);

typedef struct crm_repair_t {
    int created;                /* there was no database */
    int applied;                /* migrations */
    int copied;                 /* the database did not hold the tenant's row */
    apr_array_header_t *faults; /* of crm_schema_fault_t */
} crm_repair_t;

/* Repairs TENANT under its lock; run again it goes on. CONFLICT when the database holds another
 * tenant. What of its tables could not be mended is no error: the faults say so. */
crm_error_t *crm_tenant_repair(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               const apr_array_header_t *wanted, crm_repair_t *ret_repair);

/* Drops the tenant's database with everything in it and makes an empty one. The tenant, its name
 * and its slug stay; nobody can log in until it has an account. Interrupted, it is run again. */
crm_error_t *crm_tenant_recreate(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_tenant_t *tenant);

#endif
