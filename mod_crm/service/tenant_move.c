/* service/tenant_move.c - a tenant's database to another server, while it is used. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/tenant_carry.h"
#include "service/tenant_move.h"
#include "service/tenant_row.h"
#include "service/token_cache.h"

/* The old database stays so long, for requests that have begun in it: they read what was there at
 * the switch, and can write nothing. */
#define FAREWELL apr_time_from_sec(2)

typedef struct moving_t {
    const crm_site_t *site;
    crm_tenant_t *tenant; /* as it was given */
    const char *server;   /* where it goes */
    crm_row_progress_t *progress;
    crm_db_t *from, *to; /* whatever their schemas' versions */
    crm_tenant_moved_t *moved;
} moving_t;

/* ---- the main row ---- */

static crm_error_t *set_state(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                              const char *state, const char *server)
{
    return crm_db_execute(&site->main, pool,
                          "UPDATE tenant SET move_state = ?, move_server = ? WHERE id = ?",
                          CRM_ARGS(crm_text(state), crm_text(server), crm_uuid(id)), NULL);
}

/* Somebody found the lock free, and the move unfinished. */
static crm_error_t *taken_back(apr_pool_t *pool)
{
    return crm_error_make(pool, CRM_E_CONFLICT, "The move was taken back by another process.");
}

/* Goes from one state to the NEXT, unless somebody has taken the move back. */
static crm_error_t *next_state(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                               const char *next, const char *state)
{
    apr_int64_t changed;
    CRM_ERR(crm_db_execute(&site->main, pool,
                           "UPDATE tenant SET move_state = ? WHERE id = ? AND move_state = ?",
                           CRM_ARGS(crm_text(next), crm_uuid(id), crm_text(state)), &changed));
    return changed ? NULL : taken_back(pool);
}

/* The database of TENANT on SERVER. */
static crm_db_t *database_on(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                             const char *server)
{
    crm_tenant_t there = {.slug = tenant->slug, .server = server};
    return crm_tenant_unversioned(site, pool, crm_tenant_place(pool, &there));
}

/* ---- taking back and ending ---- */

/* The tables that are carried, of DB: not what each database has for itself. */
static crm_error_t *carried_tables(const crm_db_t *db, apr_pool_t *pool,
                                   apr_array_header_t **ret_tables)
{
    apr_array_header_t *all;
    CRM_ERR(crm_tables_read(db, pool, &all));
    *ret_tables = apr_array_make(pool, all->nelts, sizeof(const crm_table_t *));
    for (int i = 0; i < all->nelts; i++) {
        const crm_table_t *table = APR_ARRAY_IDX(all, i, const crm_table_t *);
        if (strcmp(table->name, "schema_migration") != 0 && strcmp(table->name, "tenant") != 0 &&
            !crm_capture_owns(table->name)) {
            APR_ARRAY_PUSH(*ret_tables, const crm_table_t *) = table;
        }
    }
    return NULL;
}

/* The old database as it was: written to, and with its tenant. */
static crm_error_t *restore_source(apr_pool_t *pool, const crm_tenant_t *tenant,
                                   const crm_db_t *from)
{
    apr_array_header_t *tables;
    const crm_rows_t *rows;
    CRM_ERR(carried_tables(from, pool, &tables));
    CRM_ERR(crm_capture_end(from, pool, tables));
    CRM_ERR(crm_db_select(from, pool, "SELECT id FROM tenant", "u", CRM_NO_ARGS, &rows));
    return rows->count == 0 ? crm_tenant_copy(from, pool, tenant) : NULL;
}

static crm_error_t *drop(const crm_db_t *db, apr_pool_t *pool, const crm_uuid_t *id)
{
    int ours;
    CRM_ERR(crm_tenant_owns(db, pool, id, &ours));
    return ours ? crm_db_drop_database(db, pool) : NULL;
}

static crm_error_t *server_is_missing(apr_pool_t *pool, const char *server)
{
    return crm_error_make(pool, CRM_E_NOT_FOUND,
                          "There is no CrmDatabaseServer \"%s\" in the configuration.", server);
}

crm_error_t *crm_tenant_settle_move(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id)
{
    const crm_rows_t *rows;
    crm_tenant_t *tenant;
    /* what a dead process has sent and the server has not done yet is not done after this */
    CRM_ERR(
        crm_db_execute(&site->main, pool,
                       "UPDATE tenant SET move_state = 'undoing' WHERE id = ? AND move_state IN "
                       "('copying', 'switching') AND state <> 'creating'",
                       CRM_ARGS(crm_uuid(id)), NULL));
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT move_state, move_server FROM tenant WHERE id = ? AND move_state "
                          "IS NOT NULL AND state <> 'creating'",
                          "ss", CRM_ARGS(crm_uuid(id)), &rows));
    if (rows->count == 0) {
        return NULL;
    }
    CRM_ERR(crm_tenant_by_id(site, pool, id, &tenant));
    const char *other = rows->cells[1].as.text;
    if (!crm_site_server(site, other)) {
        return server_is_missing(pool, other);
    }
    if (strcmp(rows->cells[0].as.text, "leaving") != 0) {
        const crm_db_t *from = database_on(site, pool, tenant, tenant->server);
        CRM_ERR(restore_source(pool, tenant, from));
    }
    CRM_ERR(drop(database_on(site, pool, tenant, other), pool, id));
    return set_state(site, pool, id, NULL, NULL);
}

/* ---- moving ---- */

/* CONFLICT unless the old database is at this version. */
static crm_error_t *check_version(const moving_t *moving, apr_pool_t *pool)
{
    int version;
    CRM_ERR(crm_migration_version(moving->from, pool, &version));
    return version == crm_migrations_newest(moving->site->tenant_migrations)
               ? NULL
               : crm_error_make(pool, CRM_E_CONFLICT,
                                "The tenant's database is not at this version: run crmctl migrate "
                                "first.");
}

/* The new database with its tables, empty. */
static crm_error_t *make_target(const moving_t *moving, apr_pool_t *pool)
{
    CRM_ERR(check_version(moving, pool));
    CRM_ERR(crm_db_create_database(moving->to, pool));
    return crm_migrate_new(moving->to, pool, moving->site->tenant_migrations, 0);
}

/* The one moment: writes are refused, the rest is carried over, the main row says where the tenant
 * is. */
static crm_error_t *make_switch(const moving_t *moving, apr_pool_t *pool, crm_carry_t *carry,
                                const crm_tenant_t *now)
{
    const crm_site_t *site = moving->site;
    apr_time_t start = apr_time_now();
    apr_int64_t switched;
    CRM_ERR(crm_capture_fence(moving->from, pool));
    /* a newer crmctl may have migrated it: what was copied has not what that brought */
    CRM_ERR(check_version(moving, pool));
    CRM_ERR(crm_carry_rest(carry, pool));
    CRM_ERR(crm_tenant_copy(moving->to, pool, now));
    CRM_ERR(next_state(site, pool, &now->id, "switching", "copying"));
    CRM_ERR(crm_capture_hide(moving->from, pool));
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "UPDATE tenant SET server = ?, database_name = ?, database_name_key = ?, "
        "move_state = 'leaving', move_server = ? WHERE id = ? AND move_state = 'switching'",
        CRM_ARGS(crm_text(moving->server), crm_text(now->database_name),
                 crm_text(crm_text_fold(pool, now->database_name)),
                 crm_text(moving->tenant->server), crm_uuid(&now->id)),
        &switched));
    if (!switched) {
        return taken_back(pool);
    }
    moving->moved->held = apr_time_now() - start;
    return NULL;
}

static crm_error_t *copy_and_switch(const moving_t *moving, apr_pool_t *pool,
                                    const crm_tenant_t *now)
{
    crm_carry_t carry = {.from = moving->from, .to = moving->to, .progress = moving->progress};
    apr_array_header_t *tables;
    CRM_ERR(make_target(moving, pool));
    CRM_ERR(carried_tables(moving->from, pool, &tables));
    carry.tables = tables;
    CRM_ERR(crm_capture_begin(moving->from, pool, tables));
    CRM_ERR(crm_carry_all(&carry, pool));
    CRM_ERR(crm_carry_changes(&carry, pool));
    CRM_ERR(make_switch(moving, pool, &carry, now));
    moving->moved->carried = carry.changes;
    return NULL;
}

/* What may stand in the way, before anything is done. */
static crm_error_t *check(moving_t *moving, apr_pool_t *pool, const crm_tenant_t *now)
{
    int exists;
    if (!crm_site_server(moving->site, moving->server)) {
        return server_is_missing(pool, moving->server);
    }
    if (strcmp(now->server, moving->server) == 0) {
        return crm_error_make(pool, CRM_E_CONFLICT, "Tenant \"%s\" is there already.", now->name);
    }
    moving->from = database_on(moving->site, pool, now, now->server);
    moving->to = database_on(moving->site, pool, now, moving->server);
    CRM_ERR(crm_db_exists(moving->to, pool, &exists));
    return exists ? crm_error_make(pool, CRM_E_CONFLICT,
                                   "There is a database %s already: it is not touched.",
                                   moving->to->database)
                  : NULL;
}

static crm_error_t *move_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    moving_t *moving = baton;
    const crm_site_t *site = moving->site;
    const crm_uuid_t *id = &moving->tenant->id;
    crm_tenant_t *now;
    (void)db;
    CRM_ERR(crm_tenant_settle_move(site, pool, id));
    CRM_ERR(crm_tenant_by_id(site, pool, id, &now));
    *moving->tenant = *now;
    CRM_ERR(check(moving, pool, now));
    CRM_ERR(set_state(site, pool, id, "copying", moving->server));
    now->database_name = crm_db_url_name(pool, crm_site_server(site, moving->server), now->slug);
    crm_error_t *error = copy_and_switch(moving, pool, now);
    if (!error) {
        apr_sleep(FAREWELL);
    }
    crm_error_t *second = crm_tenant_settle_move(site, pool, id);
    if (error && second) {
        crm_error_cause(error, "%s; and the move is left for recovery: %s",
                        crm_error_line(pool, error), crm_error_line(pool, second));
    }
    CRM_ERR(error ? error : second);
    now->server = moving->server;
    *moving->tenant = *now;
    return NULL;
}

crm_error_t *crm_tenant_move(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                             const crm_tenant_move_t *move, crm_tenant_moved_t *ret_moved)
{
    moving_t moving = {.site = site,
                       .tenant = tenant,
                       .server = move->server,
                       .progress = move->progress,
                       .moved = ret_moved};
    *ret_moved = (crm_tenant_moved_t){0};
    crm_token_change_begin(site->tokens, tenant->slug);
    crm_error_t *error = crm_tenant_locked(site, pool, tenant->slug, 1, move_locked, &moving);
    crm_token_change_end(site->tokens, tenant->slug);
    crm_slug_cache_forget(site->slugs, tenant->token_key);
    return error;
}
