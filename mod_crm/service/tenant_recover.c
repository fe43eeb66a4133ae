/* service/tenant_recover.c - tenants that a crash left half made or half changed: removed, mended.
 */
#include <string.h>

#include "service/directory.h"
#include "service/tenant_row.h"
#include "service/token_cache.h"

/* A row that a crash may have left. */
typedef struct mending_t {
    const crm_site_t *site;
    const crm_uuid_t *id;
    int removed;
} mending_t;

crm_db_t *crm_tenant_unversioned(const crm_site_t *site, apr_pool_t *pool, const char *place)
{
    crm_db_t *db = crm_site_tenant_db(site, pool, place);
    db->needs = 0;
    db->privileged = 1;
    return db;
}

crm_error_t *crm_tenant_owns(const crm_db_t *db, apr_pool_t *pool, const crm_uuid_t *id,
                             int *ret_ours)
{
    int exists;
    CRM_ERR(crm_db_exists(db, pool, &exists));
    *ret_ours = 1;
    if (!exists) {
        return NULL;
    }
    const crm_rows_t *rows;
    crm_error_t *error = crm_db_select(db, pool, "SELECT id FROM tenant", "u", CRM_NO_ARGS, &rows);
    if (error) {
        /* no such table: it was not filled yet */
        return error->kind == CRM_E_DATABASE ? NULL : error;
    }
    *ret_ours =
        rows->count == 0 || memcmp(crm_row(rows, 0)[0].as.uuid->bytes, id->bytes, sizeof(*id)) == 0;
    return NULL;
}

crm_error_t *crm_tenant_remove_row(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id)
{
    return crm_db_execute(&site->main, pool,
                          "DELETE FROM tenant WHERE id = ? AND state = 'creating'",
                          CRM_ARGS(crm_uuid(id)), NULL);
}

crm_error_t *crm_tenant_undo(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                             const char *slug)
{
    CRM_ERR(crm_db_execute(&site->main, pool, "UPDATE tenant SET state = 'creating' WHERE id = ?",
                           CRM_ARGS(crm_uuid(id)), NULL));
    int ours;
    const char *place;
    CRM_ERR(crm_tenant_place_by_slug(site, pool, slug, &place));
    crm_db_t *db = crm_tenant_unversioned(site, pool, place);
    CRM_ERR(crm_tenant_owns(db, pool, id, &ours));
    if (ours) {
        CRM_ERR(crm_db_drop_database(db, pool));
    }
    CRM_ERR(crm_directory_remove_tenant(site, pool, id));
    CRM_ERR(crm_db_execute(&site->main, pool, "DELETE FROM tenant_alias WHERE tenant_id = ?",
                           CRM_ARGS(crm_uuid(id)), NULL));
    return crm_tenant_remove_row(site, pool, id);
}

static crm_error_t *mend_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    mending_t *mending = baton;
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, "SELECT slug, state FROM tenant WHERE id = ?", "ss",
                          CRM_ARGS(crm_uuid(mending->id)), &rows));
    const crm_value_t *row = rows->count ? crm_row(rows, 0) : NULL;
    CRM_ERR(crm_tenant_settle_move(mending->site, pool, mending->id));
    if (row && strcmp(row[1].as.text, "changing") == 0) {
        return crm_tenant_settle(mending->site, pool, mending->id);
    }
    if (row && strcmp(row[1].as.text, "creating") == 0) {
        CRM_ERR(crm_tenant_undo(mending->site, pool, mending->id, row[0].as.text));
        mending->removed = 1;
    }
    return NULL;
}

crm_error_t *crm_tenant_mend(const crm_site_t *site, apr_pool_t *pool, const crm_value_t *row,
                             int patient, int *ret_removed)
{
    mending_t mending = {.site = site, .id = row[0].as.uuid};
    crm_token_change_begin(site->tokens, row[1].as.text);
    crm_error_t *error =
        crm_tenant_locked(site, pool, row[1].as.text, patient, mend_locked, &mending);
    crm_token_change_end(site->tokens, row[1].as.text);
    *ret_removed = mending.removed;
    return error;
}

crm_error_t *crm_tenant_recover(const crm_site_t *site, apr_pool_t *pool, int *ret_removed)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT id, slug FROM tenant WHERE state <> 'ready' "
                          "OR move_state IS NOT NULL",
                          "us", CRM_NO_ARGS, &rows));
    crm_error_t *first = NULL;
    int removed = 0;
    for (int i = 0; i < rows->count; i++) {
        int was_removed;
        crm_error_t *error = crm_tenant_mend(site, pool, crm_row(rows, i), 0, &was_removed);
        removed += was_removed;
        /* locked: whoever makes or changes it is alive */
        if (error && error->kind != CRM_E_LOCKED && !first) {
            first = error;
        }
    }
    if (ret_removed) {
        *ret_removed = removed;
    }
    return first;
}
