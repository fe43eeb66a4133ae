/* service/migration_state.c - reads and writes how migrating each tenant went. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/time.h"
#include "service/bulk_insert.h"
#include "service/migration_state.h"

#define HOST_LENGTH 80

#define COLUMNS 8

static const crm_bulk_insert_t insertion = {
    .before = "INSERT INTO migration_state (tenant_id, state, version, fingerprint, runner, error, "
              "started_at, finished_at) VALUES ",
    .row = "(?, ?, ?, NULLIF(?, ''), NULLIF(?, ''), NULLIF(?, ''), ?, NULLIF(?, ''))",
    .after = " {upsert tenant_id} state = {new state}, version = {new version}, fingerprint = {new "
             "fingerprint}, runner = {new runner}, error = {new error}, started_at = {new "
             "started_at}, finished_at = {new finished_at}",
    .columns = COLUMNS,
};

static const char *const states[] = {
    [CRM_MIGRATION_UNKNOWN] = "unknown", [CRM_MIGRATION_QUEUED] = "queued",
    [CRM_MIGRATION_RUNNING] = "running", [CRM_MIGRATION_DONE] = "done",
    [CRM_MIGRATION_FAILED] = "failed",
};

const char *crm_migration_target(const crm_site_t *site, apr_pool_t *pool)
{
    unsigned char hash[CRM_HASH_SIZE];
    apr_array_header_t *texts = apr_array_make(pool, 64, sizeof(const char *));
    APR_ARRAY_PUSH(texts, const char *) = crm_migrations_fingerprint(pool, site->tenant_migrations);
    for (const crm_entity_t *const *at = site->entities; *at; at++) {
        for (crm_action_e action = 0; action < CRM_ACTION_COUNT; action++) {
            APR_ARRAY_PUSH(texts, const char *) = crm_entity_permission(pool, *at, action);
        }
    }
    const char *text = apr_array_pstrcat(pool, texts, '\n');
    crm_secret_sha256(text, strlen(text), hash);
    return apr_pescape_hex(pool, hash, sizeof(hash), 0);
}

static const char *host_name(apr_pool_t *pool)
{
    char name[HOST_LENGTH];
    if (gethostname(name, sizeof(name)) != 0) {
        return "unknown";
    }
    name[sizeof(name) - 1] = '\0';
    return apr_pstrdup(pool, name);
}

const char *crm_migration_runner(apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%ld", host_name(pool), (long)getpid());
}

int crm_migration_runner_ended(apr_pool_t *pool, const char *runner)
{
    const char *colon = runner ? strrchr(runner, ':') : NULL;
    const char *host = host_name(pool);
    if (!colon || strlen(host) != (size_t)(colon - runner) ||
        strncmp(host, runner, strlen(host)) != 0) {
        return 0;
    }
    return kill((pid_t)atol(colon + 1), 0) != 0 && errno == ESRCH;
}

static crm_migration_state_e state_of(crm_value_t cell)
{
    for (int i = CRM_MIGRATION_QUEUED; i <= CRM_MIGRATION_FAILED; i++) {
        if (cell.kind == CRM_V_TEXT && strcmp(cell.as.text, states[i]) == 0) {
            return (crm_migration_state_e)i;
        }
    }
    return CRM_MIGRATION_UNKNOWN;
}

static const char *text_of(crm_value_t cell)
{
    return crm_is_null(cell) ? NULL : cell.as.text;
}

static apr_time_t time_of(crm_value_t cell)
{
    return crm_is_null(cell) ? 0 : cell.as.time;
}

static crm_migration_state_t from_row(const crm_value_t *row)
{
    return (crm_migration_state_t){
        .tenant = *row[0].as.uuid,
        .name = row[1].as.text,
        .slug = row[2].as.text,
        .database = row[3].as.text,
        .is_active = (int)row[4].as.integer,
        .state = state_of(row[5]),
        .version = crm_is_null(row[6]) ? 0 : (int)row[6].as.integer,
        .fingerprint = text_of(row[7]),
        .runner = text_of(row[8]),
        .error = text_of(row[9]),
        .started_at = time_of(row[10]),
        .finished_at = time_of(row[11]),
        .server = text_of(row[12]),
    };
}

crm_error_t *crm_migration_states(const crm_site_t *site, apr_pool_t *pool, const char *slug,
                                  apr_array_header_t **ret_states)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(
        &site->main, pool,
        "SELECT t.id, t.name, t.slug, t.database_name, t.is_active, m.state, m.version, "
        "m.fingerprint, m.runner, m.error, m.started_at, m.finished_at, t.server FROM tenant t "
        "LEFT JOIN migration_state m ON m.tenant_id = t.id WHERE t.state <> 'creating' AND "
        "(? = '' OR t.slug = ?) ORDER BY t.id",
        "usssbsissltts", CRM_ARGS(crm_text(slug ? slug : ""), crm_text(slug ? slug : "")), &rows));
    *ret_states = apr_array_make(pool, rows->count + 1, sizeof(crm_migration_state_t));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*ret_states, crm_migration_state_t) = from_row(crm_row(rows, i));
    }
    return NULL;
}

static crm_value_t text_or_blank(const char *text)
{
    return crm_text(text ? text : "");
}

static void put_row(apr_pool_t *pool, const crm_migration_state_t *state, crm_value_t *ret_cells)
{
    const crm_value_t cells[COLUMNS] = {
        crm_uuid(&state->tenant),
        crm_text(states[state->state]),
        crm_int(state->version),
        text_or_blank(state->fingerprint),
        text_or_blank(state->runner),
        text_or_blank(state->error),
        crm_time(state->started_at),
        crm_text(state->finished_at ? crm_time_sql(pool, state->finished_at) : ""),
    };
    memcpy(ret_cells, cells, sizeof(cells));
}

crm_error_t *crm_migration_states_write(const crm_site_t *site, apr_pool_t *pool,
                                        const crm_migration_state_t *rows, int count)
{
    crm_value_t *values = apr_palloc(pool, ((apr_size_t)count * COLUMNS + 1) * sizeof(*values));
    for (int i = 0; i < count; i++) {
        put_row(pool, &rows[i], values + (apr_size_t)i * COLUMNS);
    }
    crm_error_t *error = crm_bulk_insert(&site->main, pool, &insertion, values, count);
    if (!error || error->kind != CRM_E_REFERENCE) {
        return error;
    }
    for (int i = 0; i < count; i++) {
        error = crm_bulk_insert(&site->main, pool, &insertion, values + (apr_size_t)i * COLUMNS, 1);
        if (error && error->kind != CRM_E_REFERENCE) {
            return error;
        }
    }
    return NULL;
}
