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

/* The same of the main database's table, which knows more. */
#define CRM_TENANT_MAIN_COLUMNS CRM_TENANT_COLUMNS ", t.deleted_at, t.server"
#define CRM_TENANT_MAIN_TYPES CRM_TENANT_TYPES "ts"

/* The tenant in CELLS; its texts stay where the cells have them. */
void crm_tenant_from_row(const crm_value_t *cells, crm_tenant_t *ret_tenant);
void crm_tenant_from_main(const crm_value_t *cells, crm_tenant_t *ret_tenant);

/* Old names (table tenant_alias): *RET_TAKEN is 1 when one of another tenant than ID has NAME_KEY;
 * a name that ID gives up is kept for it, one that it takes again is not old any more. */
crm_error_t *crm_tenant_alias_taken(const crm_site_t *site, apr_pool_t *pool, const char *name_key,
                                    const crm_uuid_t *id, int *ret_taken);
crm_error_t *crm_tenant_alias_keep(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                                   const char *old_key, const char *new_key);

/* NAME trimmed, and its folded key; INVALID on FIELD when it is blank or over 100 characters. */
crm_error_t *crm_tenant_check_name(apr_pool_t *pool, const char *name, const char *field,
                                   const char **ret_name, const char **ret_key);

/* A tenant to be made. */
typedef struct crm_tenant_plan_t {
    const char *name, *name_field;
    const crm_tenant_t *like; /* whose id, token key, slug where it is free, version and dates it
                                 has; NULL: its own */
    const crm_tenant_origin_t *origin; /* as in crm_tenant_take, or NULL */
    int schema_version;                /* that `load` wants */
    crm_tenant_fill_fn *load;          /* fills the empty tables of an older schema, or NULL */
    crm_tenant_fill_fn *fill;          /* as in crm_tenant_create, or NULL */
    void *baton;
} crm_tenant_plan_t;

/* crm_tenant_create, by PLAN. */
crm_error_t *crm_tenant_make(const crm_site_t *site, apr_pool_t *pool,
                             const crm_tenant_plan_t *plan, crm_tenant_t **ret_tenant);

/* Runs WORK under the lock that creating and changing the tenant hold: "tenant-<slug>", a long slug
 * cut and marked with a hash of it. Waits some seconds for another process that has it, then
 * UNAVAILABLE; without PATIENT, LOCKED at once. */
crm_error_t *crm_tenant_locked(const crm_site_t *site, apr_pool_t *pool, const char *slug,
                               int patient, crm_db_work_fn *work, void *baton);

/* Puts the copy of the row into a tenant's database that has none. */
crm_error_t *crm_tenant_copy(const crm_db_t *db, apr_pool_t *pool, const crm_tenant_t *tenant);

/* Copies the row of the main database into the tenant's and calls it 'ready'. Under the lock. */
crm_error_t *crm_tenant_settle(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id);

/* Takes back a move that somebody died in, or ends it, as the main row says. Under the lock. */
crm_error_t *crm_tenant_settle_move(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id);

/* 1 unless the database at DB, where there is one, holds another tenant than ID: then it is none of
 * ours to remove. */
crm_error_t *crm_tenant_owns(const crm_db_t *db, apr_pool_t *pool, const crm_uuid_t *id,
                             int *ret_owns);

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
