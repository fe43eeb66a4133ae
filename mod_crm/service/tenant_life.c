/* service/tenant_life.c - what becomes of tenants: old names, deletion, the end. */
#include <string.h>

#include <apr_strings.h>

#include "service/directory.h"
#include "service/tenant_row.h"
#include "service/token_cache.h"

/* ---- old names ---- */

crm_error_t *crm_tenant_alias_taken(const crm_site_t *site, apr_pool_t *pool, const char *name_key,
                                    const crm_uuid_t *id, int *ret_taken)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT tenant_id FROM tenant_alias WHERE name_key = ? AND tenant_id <> "
                          "? AND expires_at > ?",
                          "u", CRM_ARGS(crm_text(name_key), crm_uuid(id), crm_time(apr_time_now())),
                          &rows));
    *ret_taken = rows->count > 0;
    return NULL;
}

crm_error_t *crm_tenant_alias_keep(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                                   const char *old_key, const char *new_key)
{
    CRM_ERR(crm_db_execute(&site->main, pool, "DELETE FROM tenant_alias WHERE name_key = ?",
                           CRM_ARGS(crm_text(new_key)), NULL));
    return crm_db_execute(
        &site->main, pool,
        "INSERT INTO tenant_alias (name_key, tenant_id, expires_at) "
        "VALUES (?, ?, ?) {upsert name_key} tenant_id = {new tenant_id}, "
        "expires_at = {new expires_at}",
        CRM_ARGS(crm_text(old_key), crm_uuid(id), crm_time(apr_time_now() + site->tenant_grace)),
        NULL);
}

crm_error_t *crm_tenant_name_is_free(const crm_site_t *site, apr_pool_t *pool, const char *name,
                                     const char *field, const crm_uuid_t *id)
{
    static const crm_uuid_t nobody = {{0}};
    const char *trimmed, *key;
    const crm_rows_t *rows;
    int taken;
    CRM_ERR(crm_tenant_check_name(pool, name, field, &trimmed, &key));
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT id FROM tenant WHERE name_key = ? AND state <> 'creating'", "u",
                          CRM_ARGS(crm_text(key)), &rows));
    if (rows->count > 0) {
        return crm_error_field(pool, field, "A tenant with that name already exists.");
    }
    CRM_ERR(crm_tenant_alias_taken(site, pool, key, id ? id : &nobody, &taken));
    return taken ? crm_error_field(pool, field, "A tenant had that name not long ago.") : NULL;
}

/* ---- suspended, deleted, and back ---- */

const char *crm_tenant_state(const crm_tenant_t *tenant)
{
    return tenant->deleted_at ? "deleted" : tenant->is_active ? "active" : "suspended";
}

crm_error_t *crm_tenant_resume(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                               apr_int64_t if_version)
{
    const crm_tenant_change_t resumed = {.is_active = 1, .if_version = if_version};
    if (tenant->deleted_at) {
        return crm_error_make(pool, CRM_E_CONFLICT, "The tenant is deleted: undelete it first.");
    }
    CRM_ERR(crm_tenant_update(site, pool, tenant, &resumed));
    crm_accounts_t accounts = crm_accounts_of(site, pool, tenant);
    return crm_directory_enter_all(&accounts, pool);
}

crm_error_t *crm_tenant_undelete(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                                 apr_int64_t if_version)
{
    const crm_tenant_change_t undeleted = {
        .is_active = -1, .if_version = if_version, .end = CRM_TENANT_UNDELETED};
    if (!tenant->deleted_at) {
        return crm_error_make(pool, CRM_E_CONFLICT, "Tenant \"%s\" is not deleted.", tenant->name);
    }
    return crm_tenant_update(site, pool, tenant, &undeleted);
}

/* ---- purging ---- */

typedef struct purge_t {
    const crm_site_t *site;
    const crm_tenant_t *tenant;
} purge_t;

/* What of the main database leads to the tenant, but its row, directory and old names, which
 * crm_tenant_undo removes. */
static crm_error_t *forget(const crm_db_t *db, apr_pool_t *pool, const crm_uuid_t *id)
{
    static const char *const statements[] = {"DELETE FROM legacy_token WHERE tenant_id = ?",
                                             "DELETE FROM outbox WHERE tenant_id = ?"};
    for (apr_size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        CRM_ERR(crm_db_execute(db, pool, statements[i], CRM_ARGS(crm_uuid(id)), NULL));
    }
    return NULL;
}

static crm_error_t *purge_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const purge_t *purge = baton;
    const crm_uuid_t *id = &purge->tenant->id;
    crm_tenant_t *now;
    CRM_ERR(crm_tenant_by_id(purge->site, pool, id, &now));
    if (!now->deleted_at) {
        return crm_error_make(pool, CRM_E_CONFLICT,
                              "Tenant \"%s\" is not deleted: only what is can be purged.",
                              now->name);
    }
    CRM_ERR(crm_tenant_settle_move(purge->site, pool, id));
    CRM_ERR(forget(db, pool, id));
    return crm_tenant_undo(purge->site, pool, id, now->slug);
}

static crm_error_t *purge(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                          int patient)
{
    purge_t purge = {.site = site, .tenant = tenant};
    crm_token_change_begin(site->tokens, tenant->slug);
    crm_error_t *error = crm_tenant_locked(site, pool, tenant->slug, patient, purge_locked, &purge);
    crm_token_change_end(site->tokens, tenant->slug);
    if (!error) {
        crm_slug_cache_forget(site->slugs, tenant->token_key);
    }
    return error;
}

crm_error_t *crm_tenant_purge(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    return purge(site, pool, tenant, 1);
}

crm_error_t *crm_tenant_purge_due(const crm_site_t *site, apr_pool_t *pool, const char **ret_name)
{
    const crm_rows_t *rows;
    apr_time_t now = apr_time_now();
    *ret_name = NULL;
    CRM_ERR(crm_db_execute(&site->main, pool, "DELETE FROM tenant_alias WHERE expires_at <= ?",
                           CRM_ARGS(crm_time(now)), NULL));
    CRM_ERR(
        crm_db_select(&site->main, pool,
                      "SELECT " CRM_TENANT_MAIN_COLUMNS " FROM tenant t WHERE t.deleted_at <= ? "
                      "AND t.state = 'ready' ORDER BY t.deleted_at LIMIT 1",
                      CRM_TENANT_MAIN_TYPES, CRM_ARGS(crm_time(now - site->tenant_grace)), &rows));
    if (rows->count == 0) {
        return NULL;
    }
    crm_tenant_t tenant;
    crm_tenant_from_main(crm_row(rows, 0), &tenant);
    crm_error_t *error = purge(site, pool, &tenant, 0);
    if (error) {
        /* somebody else is at it, or has changed his mind */
        return error->kind == CRM_E_LOCKED || error->kind == CRM_E_NOT_FOUND ||
                       error->kind == CRM_E_CONFLICT
                   ? NULL
                   : error;
    }
    *ret_name = tenant.name;
    return NULL;
}
