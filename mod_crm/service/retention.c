/* service/retention.c - what is over is removed, in small steps that keep nobody waiting. */
#include <string.h>

#include <apr_strings.h>

#include "service/record_purge.h"
#include "service/retention.h"
#include "service/tenant.h"

#define STEP "500" /* rows of one statement, but for those of the same moment */
#define KEY_LIFE apr_time_from_sec(24 * 60 * 60) /* of an Idempotency-Key */

/* Rows of TABLE that are over when COLUMN is before a time. */
typedef struct kind_t {
    const char *table, *column;
} kind_t;

static const kind_t history = {.table = "history", .column = "created_at"};
static const kind_t keys = {.table = "idempotency_key", .column = "created_at"};

/* Removes the oldest of what is before TIME; *RET_REMOVED: how many. */
static crm_error_t *remove_some(const crm_db_t *db, apr_pool_t *pool, const kind_t *kind,
                                apr_time_t time, apr_int64_t *ret_removed)
{
    const char *find =
        apr_pstrcat(pool, "SELECT ", kind->column, " FROM ", kind->table, " WHERE ", kind->column,
                    " < ? ORDER BY ", kind->column, " LIMIT 1 OFFSET " STEP, NULL);
    const char *remove = apr_pstrcat(pool, "DELETE FROM ", kind->table, " WHERE ", kind->column,
                                     " <= ? AND ", kind->column, " < ?", NULL);
    const crm_rows_t *rows;

    CRM_ERR(crm_db_select(db, pool, find, "t", CRM_ARGS(crm_time(time)), &rows));
    apr_time_t until = rows->count ? crm_row(rows, 0)[0].as.time : time;
    return crm_db_execute(db, pool, remove, CRM_ARGS(crm_time(until), crm_time(time)), ret_removed);
}

crm_error_t *crm_retention_history(const crm_db_t *db, apr_pool_t *pool, apr_time_t time,
                                   apr_int64_t *ret_removed)
{
    apr_int64_t removed;
    apr_pool_t *turn;

    *ret_removed = 0;
    apr_pool_create(&turn, pool);
    do {
        apr_pool_clear(turn);
        crm_error_t *error = remove_some(db, turn, &history, time, &removed);
        if (error) {
            return crm_error_copy(pool, error);
        }
        *ret_removed += removed;
    } while (removed);
    apr_pool_destroy(turn);
    return NULL;
}

/* Deleted records of TENANT; not of a schema that migrations may be at work on. */
static crm_error_t *purge_records(const crm_site_t *site, const crm_db_t *tenant, apr_pool_t *pool,
                                  apr_time_t now, apr_int64_t *ret_removed)
{
    int version;

    if (!site->record_grace) {
        return NULL;
    }
    CRM_ERR(crm_migration_version(tenant, pool, &version));
    return version == crm_migrations_newest(site->tenant_migrations)
               ? crm_record_purge(tenant, pool, site->entities, now - site->record_grace,
                                  ret_removed)
               : NULL;
}

/* Of TENANT, or (NULL) of the main database. *RET_REMOVED 0: nothing is left that is over. */
static crm_error_t *step(const crm_site_t *site, const crm_db_t *tenant, apr_pool_t *pool,
                         apr_int64_t *ret_removed)
{
    const crm_db_t *db = tenant ? tenant : &site->main;
    apr_time_t now = apr_time_now();
    apr_int64_t of_history = 0, of_keys = 0, of_tokens = 0, of_records = 0;

    if (site->history_keep) {
        CRM_ERR(remove_some(db, pool, &history, now - site->history_keep, &of_history));
    }
    CRM_ERR(remove_some(db, pool, &keys, now - KEY_LIFE, &of_keys));
    CRM_ERR(crm_db_execute(db, pool, "DELETE FROM token WHERE expires_at <= ?",
                           CRM_ARGS(crm_time(now)), &of_tokens));
    if (tenant) {
        CRM_ERR(purge_records(site, tenant, pool, now, &of_records));
    }
    *ret_removed = of_history + of_keys + of_tokens + of_records;
    return NULL;
}

/* The database that comes after the one before: *RET_DB NULL at the end of the round. */
static crm_error_t *next_database(const crm_site_t *site, apr_pool_t *pool,
                                  const crm_retention_t *retention, crm_uuid_t *ret_id,
                                  crm_db_t **ret_db)
{
    crm_tenant_t *tenant;
    const crm_rows_t *rows;

    *ret_db = NULL;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT id FROM tenant WHERE id > ? AND state = 'ready' "
                          "ORDER BY id LIMIT 1",
                          "u", CRM_ARGS(crm_uuid(&retention->last)), &rows));
    if (!rows->count) {
        return NULL;
    }
    *ret_id = *crm_row(rows, 0)[0].as.uuid;
    crm_error_t *error = crm_tenant_by_id(site, pool, ret_id, &tenant);
    if (!error) {
        *ret_db = crm_tenant_db(site, pool, tenant);
    }
    /* gone since */
    return error && error->kind != CRM_E_NOT_FOUND ? error : NULL;
}

crm_error_t *crm_retention_step(const crm_site_t *site, apr_pool_t *pool,
                                crm_retention_t *retention, crm_retention_e *ret_left)
{
    static const crm_uuid_t begin = {{0}};
    apr_int64_t removed = 0;
    crm_uuid_t id = begin;
    crm_db_t *db;

    *ret_left = CRM_RETENTION_END;
    CRM_ERR(next_database(site, pool, retention, &id, &db));
    int is_main = memcmp(&id, &begin, sizeof(id)) == 0;
    crm_error_t *error = NULL;
    if (db || is_main) {
        error = step(site, db, pool, &removed);
    }
    if (removed && !error) {
        *ret_left = CRM_RETENTION_MORE;
        return NULL;
    }
    retention->last = id; /* the round goes on, or begins again after the main database */
    *ret_left = is_main ? CRM_RETENTION_END : CRM_RETENTION_NEXT;
    return error;
}
