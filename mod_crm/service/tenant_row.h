/* service/tenant_row.h - a tenant's row in the main database and its copy in the tenant's own: for
 * the units of service/ that read and write them.
 */
#ifndef CRM_SERVICE_TENANT_ROW_H
#define CRM_SERVICE_TENANT_ROW_H

#include "service/tenant.h"

/* What crm_tenant_from_row takes, of the table tenant called t, and the types of crm_db_select. */
#define CRM_TENANT_COLUMNS                                                                         \
    "t.id, t.name, t.slug, t.database_name, t.token_key, t.is_active, t.version, t.created_at, "   \
    "t.updated_at"
#define CRM_TENANT_TYPES "usssxbitt"

/* The tenant in CELLS; its texts stay where the cells have them. */
void crm_tenant_from_row(const crm_value_t *cells, crm_tenant_t *ret_tenant);

/* NAME trimmed, and its folded key; INVALID on FIELD when it is blank or over 100 characters. */
crm_error_t *crm_tenant_check_name(apr_pool_t *pool, const char *name, const char *field,
                                   const char **ret_name, const char **ret_key);

/* Runs WORK under the lock that creating and changing the tenant hold: "tenant-<slug>", a long slug
 * cut and marked with a hash of it. Waits some seconds for another process that has it, then
 * UNAVAILABLE; without PATIENT, LOCKED at once. */
crm_error_t *crm_tenant_locked(const crm_site_t *site, apr_pool_t *pool, const char *slug,
                               int patient, crm_db_work_fn *work, void *baton);

/* Puts the copy of the row into a tenant's database that has none. */
crm_error_t *crm_tenant_copy(const crm_db_t *db, apr_pool_t *pool, const crm_tenant_t *tenant);

/* Copies the row of the main database into the tenant's and calls it 'ready'. Under the lock. */
crm_error_t *crm_tenant_settle(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id);

/* The tenant's database, whatever its schema's version. */
crm_db_t *crm_tenant_unversioned(const crm_site_t *site, apr_pool_t *pool, const char *slug);

/* Removes the row of a tenant being made. */
crm_error_t *crm_tenant_remove_row(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id);

/* Removes all of a tenant that was being made; under its lock. The row is hidden first and removed
 * last: where this stops, it can begin again. */
crm_error_t *crm_tenant_undo(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                             const char *slug);

/* Removes or mends the tenant of ROW (id, slug), as its state says, unless somebody is at work on
 * it: then LOCKED, or for a PATIENT caller what he left. *RET_REMOVED is set in any case. */
crm_error_t *crm_tenant_mend(const crm_site_t *site, apr_pool_t *pool, const crm_value_t *row,
                             int patient, int *ret_removed);

#endif
