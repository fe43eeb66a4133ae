/* service/history_store.c - History records into one database: rows and roll-ups, each once.
 *
 * Nearly all records are new, so they are inserted without a look; only when one turns out to be
 * there already is the transaction undone and run again with those left out that the database has.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/bulk_insert.h"
#include "service/history_store.h"
#include "service/rollup.h"

/* Lengths of the columns, in code points; of TEXT columns in bytes. */
#define USERNAME_MAX 150
#define USERNAME_KEY_MAX 600
#define METHOD_MAX 10
#define ENDPOINT_MAX 1000
#define ROUTE_MAX 190
#define ADDRESS_MAX 45
#define REQUEST_ID_MAX 200
#define TEXT_MAX 16000

#define ELLIPSIS "\xe2\x80\xa6"

/* Ids looked for by one statement, and how often a transaction begins anew because another process
 * stored a record of it meanwhile. */
#define LOOK 64
#define TRIES 4

static const crm_bulk_insert_t insert_history = {
    .before = "INSERT INTO history (id, user_id, platform_user_id, username, username_key, method, "
              "endpoint, endpoint_key, route, request_data, response_data, response_status, "
              "ip_address, user_agent, execution_time, error_message, request_id, created_at, "
              "updated_at) VALUES ",
    .row = "(?, NULLIF(?, 0), NULLIF(?, 0), NULLIF(?, ''), NULLIF(?, ''), ?, ?, ?, NULLIF(?, ''), "
           "NULLIF(?, ''), NULLIF(?, ''), ?, NULLIF(?, ''), NULLIF(?, ''), ?, NULLIF(?, ''), "
           "NULLIF(?, ''), ?, ?)",
    .after = "",
    .columns = 19,
};

typedef struct store_t {
    const crm_history_t *const *records; /* sorted by id, each id once */
    int count;
    int look; /* leave out what the database has */
    int stored;
} store_t;

/* TEXT cut to MOST code points, the last of which is an ellipsis if MARK. */
static const char *cut_characters(apr_pool_t *pool, const char *text, apr_size_t most, int mark)
{
    const char *at = text;
    const char *before_last = text;
    apr_size_t characters = 0;
    for (; *at; at++) {
        if (((unsigned char)*at & 0xc0) != 0x80) { /* the first byte of a code point */
            if (characters == most) {
                break;
            }
            characters++;
            before_last = at;
        }
    }
    if (!*at) {
        return text;
    }
    return mark ? apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(before_last - text)),
                              ELLIPSIS, NULL)
                : apr_pstrmemdup(pool, text, (apr_size_t)(at - text));
}

/* TEXT (NULL: "") so that a column of MOST code points takes it. */
static crm_value_t fit(apr_pool_t *pool, const char *text, apr_size_t most, int mark)
{
    apr_size_t size = text ? strlen(text) : 0;
    if (size == 0) {
        return crm_text("");
    }
    if (!crm_text_valid(text, size)) {
        text = crm_text_replace_invalid(pool, text, size);
    }
    return crm_text(size <= most ? text : cut_characters(pool, text, most, mark));
}

static crm_value_t fit_long(const char *text)
{
    crm_value_t value = crm_text(text ? text : "");
    value.size = strlen(value.as.text);
    return value;
}

/* The folded form of VALUE, a text that fits its own column. */
static crm_value_t fold(apr_pool_t *pool, crm_value_t value, apr_size_t most)
{
    return fit(pool, crm_text_fold(pool, value.as.text), most, 0);
}

/* The values of one row, in the order of insert_history. */
static void make_row(apr_pool_t *pool, const crm_history_t *record, crm_value_t *row)
{
    crm_value_t username = fit(pool, record->username, USERNAME_MAX, 1);
    crm_value_t endpoint = fit(pool, record->endpoint, ENDPOINT_MAX, 1);
    const crm_value_t values[] = {
        crm_uuid(&record->id),
        crm_int(record->user_is_platform ? 0 : record->user_id),
        crm_int(record->user_is_platform ? record->user_id : 0),
        username,
        fold(pool, username, USERNAME_KEY_MAX),
        fit(pool, record->method, METHOD_MAX, 0),
        endpoint,
        fold(pool, endpoint, ENDPOINT_MAX),
        fit(pool, record->route, ROUTE_MAX, 0),
        fit_long(record->request_data),
        fit_long(record->response_data),
        crm_int(record->status),
        fit(pool, record->ip_address, ADDRESS_MAX, 0),
        fit(pool, record->user_agent, TEXT_MAX, 1),
        crm_real((double)record->execution_time / APR_USEC_PER_SEC),
        fit(pool, record->error_message, TEXT_MAX, 1),
        fit(pool, record->request_id, REQUEST_ID_MAX, 0),
        crm_time(record->created_at),
        crm_time(record->created_at),
    };
    memcpy(row, values, sizeof(values));
}

static int compare_ids(const void *a, const void *b)
{
    const crm_history_t *const *one = a;
    const crm_history_t *const *other = b;
    return memcmp(&(*one)->id, &(*other)->id, sizeof(crm_uuid_t));
}

/* Adds the ids of COUNT (at most LOOK) records that DB has to FOUND (of crm_uuid_t). */
static crm_error_t *look_for(const crm_db_t *db, apr_pool_t *pool,
                             const crm_history_t *const *records, int count,
                             apr_array_header_t *found)
{
    crm_value_t ids[LOOK];
    const crm_rows_t *rows;
    char *sql = apr_pstrdup(pool, "SELECT id FROM history WHERE id IN (?");
    for (int i = 1; i < LOOK; i++) {
        sql = apr_pstrcat(pool, sql, ", ?", NULL);
    }
    for (int i = 0; i < LOOK; i++) { /* the last one fills the list up */
        ids[i] = crm_uuid(&records[i < count ? i : count - 1]->id);
    }
    CRM_ERR(crm_db_select(db, pool, apr_pstrcat(pool, sql, ")", NULL), "u", ids, LOOK, &rows));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(found, crm_uuid_t) = *crm_row(rows, i)->as.uuid;
    }
    return NULL;
}

static int compare_uuid(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(crm_uuid_t));
}

/* Leaves out of RECORDS what DB has; *RET_COUNT is what is left. */
static crm_error_t *leave_out(const crm_db_t *db, apr_pool_t *pool, const crm_history_t **records,
                              int *ret_count)
{
    apr_array_header_t *found = apr_array_make(pool, LOOK, sizeof(crm_uuid_t));
    int kept = 0;
    for (int i = 0; i < *ret_count; i += LOOK) {
        int count = *ret_count - i < LOOK ? *ret_count - i : LOOK;
        CRM_ERR(look_for(db, pool, records + i, count, found));
    }
    qsort(found->elts, (apr_size_t)found->nelts, sizeof(crm_uuid_t), compare_uuid);
    for (int i = 0; i < *ret_count; i++) {
        if (!bsearch(&records[i]->id, found->elts, (apr_size_t)found->nelts, sizeof(crm_uuid_t),
                     compare_uuid)) {
            records[kept++] = records[i];
        }
    }
    *ret_count = kept;
    return NULL;
}

static crm_error_t *store(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    store_t *work = baton;
    apr_size_t columns = (apr_size_t)insert_history.columns;
    int count = work->count;
    const crm_history_t **records =
        apr_pmemdup(pool, work->records, (apr_size_t)count * sizeof(*records));
    if (work->look) {
        CRM_ERR(leave_out(db, pool, records, &count));
    }
    work->stored = count;
    if (count == 0) {
        return NULL;
    }
    crm_value_t *values = apr_palloc(pool, (apr_size_t)count * columns * sizeof(*values));
    for (int i = 0; i < count; i++) {
        make_row(pool, records[i], values + (apr_size_t)i * columns);
    }
    CRM_ERR(crm_bulk_insert(db, pool, &insert_history, values, count));
    return crm_rollup_add(db, pool, records, count);
}

/* RECORDS sorted by id, each once; *RET_COUNT are left. */
static const crm_history_t **each_once(apr_pool_t *pool, const crm_history_t *const *records,
                                       int *ret_count)
{
    int kept = 0;
    apr_size_t size = (apr_size_t)*ret_count * sizeof(crm_history_t *);
    const crm_history_t **sorted = apr_pmemdup(pool, records, size);
    qsort(sorted, (apr_size_t)*ret_count, sizeof(*sorted), compare_ids);
    for (int i = 1; i < *ret_count; i++) {
        if (compare_ids(&sorted[kept], &sorted[i]) != 0) {
            sorted[++kept] = sorted[i];
        }
    }
    *ret_count = kept + 1;
    return sorted;
}

crm_error_t *crm_history_store(const crm_db_t *db, apr_pool_t *pool,
                               const crm_history_t *const *records, int count,
                               apr_size_t *ret_stored)
{
    crm_error_t *error = NULL;
    if (count == 0) {
        *ret_stored = 0;
        return NULL;
    }
    store_t work = {.count = count};
    work.records = each_once(pool, records, &work.count);
    for (int tries = 0; tries < TRIES; tries++) {
        error = crm_db_transaction(db, pool, store, &work);
        if (!error || error->kind != CRM_E_DUPLICATE) {
            break;
        }
        work.look = 1;
    }
    if (!error) {
        *ret_stored = (apr_size_t)work.stored;
    }
    return error;
}
