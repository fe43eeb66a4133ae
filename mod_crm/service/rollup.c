/* service/rollup.c - the roll-up tables that statistics are read from.
 *
 * Records are sorted and counted by day first, and only the few different cells that this gives are
 * counted again for everybody, month and all time. All processes write their cells in the same
 * order, so that two that meet wait for each other instead of deadlocking.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "service/bulk_insert.h"
#include "service/rollup.h"

#define RATIO 1.15
#define BUCKET_MAX 255
#define ROUTE_MAX 190
#define PERIODS 3

/* One row of a roll-up table; what a table does not have is empty. */
typedef struct cell_t {
    apr_int64_t user; /* 0: everybody */
    char period[CRM_ROLLUP_PERIOD];
    const char *route, *method;
    int status, bucket;
    apr_int64_t requests;
    double seconds;
} cell_t;

typedef struct cells_t {
    cell_t *cell;
    int count;
} cells_t;

static const crm_bulk_insert_t insert_rollup = {
    .before = "INSERT INTO history_rollup "
              "(user_id, period, route, method, status, requests, seconds) VALUES ",
    .row = "(?, ?, ?, ?, ?, ?, ?)",
    .after = " {upsert user_id, period, route, method, status} "
             "requests = history_rollup.requests + {new requests}, "
             "seconds = history_rollup.seconds + {new seconds}",
    .columns = 7,
};

static const crm_bulk_insert_t insert_bucket = {
    .before = "INSERT INTO history_bucket (user_id, period, status, bucket, requests) VALUES ",
    .row = "(?, ?, ?, ?, ?)",
    .after = " {upsert user_id, period, status, bucket} "
             "requests = history_bucket.requests + {new requests}",
    .columns = 5,
};

static const crm_bulk_insert_t insert_active = {
    .before = "{insert ignore} INTO history_active (user_id, period, status) VALUES ",
    .row = "(?, ?, ?)",
    .after = "",
    .columns = 3,
};

/* RFC 9110 9.3 and RFC 5789; whatever else a client sends counts as one. */
static const char *known_method(const char *method)
{
    static const char *const known[] = {"GET",  "POST",    "PUT",   "PATCH",   "DELETE",
                                        "HEAD", "OPTIONS", "TRACE", "CONNECT", NULL};
    for (int i = 0; known[i]; i++) {
        if (strcmp(known[i], method) == 0) {
            return known[i];
        }
    }
    return "OTHER";
}

/* In the order of the tables' keys. */
static int compare_cells(const void *a, const void *b)
{
    const cell_t *one = a;
    const cell_t *other = b;
    if (one->user != other->user) {
        return one->user < other->user ? -1 : 1;
    }
    int order = strcmp(one->period, other->period);
    if (order == 0) {
        order = strcmp(one->route, other->route);
    }
    if (order == 0) {
        order = strcmp(one->method, other->method);
    }
    if (order == 0) {
        order = one->status - other->status;
    }
    return order ? order : one->bucket - other->bucket;
}

/* Sorts cells and makes one of those with the same key. */
static void merge(cells_t *cells)
{
    int kept = 0;
    if (cells->count == 0) {
        return;
    }
    qsort(cells->cell, (apr_size_t)cells->count, sizeof(cell_t), compare_cells);
    for (int i = 1; i < cells->count; i++) {
        cell_t *last = &cells->cell[kept];
        const cell_t *next = &cells->cell[i];
        if (compare_cells(last, next) == 0) {
            last->requests += next->requests;
            last->seconds += next->seconds;
        } else {
            cells->cell[++kept] = *next;
        }
    }
    cells->count = kept + 1;
}

/* What RECORDS make of each day; BY_BUCKET: for the histogram. */
static cells_t by_day(apr_pool_t *pool, const crm_history_t *const *records, int count,
                      int by_bucket)
{
    cells_t cells = {.cell = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof(cell_t)),
                     .count = count};
    for (int i = 0; i < count; i++) {
        const crm_history_t *record = records[i];
        cell_t *cell = &cells.cell[i];
        *cell = (cell_t){.user = record->user_is_platform ? 0 : record->user_id,
                         .route = "",
                         .method = "",
                         .status = record->status,
                         .requests = 1,
                         .seconds = (double)record->execution_time / APR_USEC_PER_SEC};
        crm_rollup_day(record->created_at, cell->period);
        if (by_bucket) {
            cell->bucket = crm_rollup_bucket(record->execution_time);
        } else {
            cell->method = known_method(record->method);
            cell->route =
                record->route ? crm_text_cut(pool, record->route, ROUTE_MAX) : CRM_ROLLUP_UNMATCHED;
        }
    }
    merge(&cells);
    return cells;
}

/* The same for day, month and all time, for each account and for everybody. */
static cells_t for_all_periods(apr_pool_t *pool, const cells_t *days)
{
    cells_t cells = {
        .cell = apr_palloc(pool, ((apr_size_t)days->count * 2 * PERIODS + 1) * sizeof(cell_t))};
    for (int i = 0; i < days->count; i++) {
        cell_t cell = days->cell[i];
        char names[PERIODS][CRM_ROLLUP_PERIOD] = {"", "", CRM_ROLLUP_ALL_TIME};
        memcpy(names[0], cell.period, CRM_ROLLUP_PERIOD);
        memcpy(names[1], cell.period, sizeof("m2026-11"));
        names[1][0] = 'm';
        names[1][sizeof("m2026-11") - 1] = '\0';
        for (int period = 0; period < PERIODS; period++) {
            memcpy(cell.period, names[period], CRM_ROLLUP_PERIOD);
            cell.user = days->cell[i].user;
            cells.cell[cells.count++] = cell;
            if (cell.user) {
                cell.user = 0;
                cells.cell[cells.count++] = cell;
            }
        }
    }
    merge(&cells);
    return cells;
}

/* Which accounts CELLS tell of, in which periods. */
static cells_t active(apr_pool_t *pool, const cells_t *cells)
{
    cells_t accounts = {.cell = apr_palloc(pool, ((apr_size_t)cells->count + 1) * sizeof(cell_t))};
    for (int i = 0; i < cells->count; i++) {
        if (cells->cell[i].user) {
            cell_t *cell = &accounts.cell[accounts.count++];
            *cell = cells->cell[i];
            cell->route = cell->method = "";
            cell->bucket = 0;
        }
    }
    merge(&accounts);
    return accounts;
}

static crm_error_t *insert(const crm_db_t *db, apr_pool_t *pool, const crm_bulk_insert_t *table,
                           const cells_t *cells)
{
    crm_value_t *values = apr_palloc(
        pool, ((apr_size_t)cells->count * (apr_size_t)table->columns + 1) * sizeof(crm_value_t));
    crm_value_t *at = values;
    for (const cell_t *cell = cells->cell; cell < cells->cell + cells->count; cell++) {
        *at++ = crm_int(cell->user);
        *at++ = crm_text(cell->period);
        if (table == &insert_rollup) {
            *at++ = crm_text(cell->route);
            *at++ = crm_text(cell->method);
        }
        *at++ = crm_int(cell->status);
        if (table == &insert_bucket) {
            *at++ = crm_int(cell->bucket);
        }
        if (table != &insert_active) {
            *at++ = crm_int(cell->requests);
        }
        if (table == &insert_rollup) {
            *at++ = crm_real(cell->seconds);
        }
    }
    return crm_bulk_insert(db, pool, table, values, cells->count);
}

void crm_rollup_day(apr_time_t time, char ret_period[CRM_ROLLUP_PERIOD])
{
    apr_time_exp_t day;
    apr_time_exp_gmt(&day, time);
    apr_snprintf(ret_period, CRM_ROLLUP_PERIOD, "d%04d-%02d-%02d", day.tm_year + 1900,
                 day.tm_mon + 1, day.tm_mday);
}

void crm_rollup_month(apr_time_t time, char ret_period[CRM_ROLLUP_PERIOD])
{
    crm_rollup_day(time, ret_period);
    ret_period[0] = 'm';
    ret_period[sizeof("m2026-11") - 1] = '\0';
}

int crm_rollup_bucket(apr_interval_time_t time)
{
    if (time <= 1) {
        return 0;
    }
    /* a little is taken away, so that a time at the upper edge is not rounded over it */
    double bucket = ceil(log((double)time) / log(RATIO) - 1e-9);
    return bucket < BUCKET_MAX ? (int)bucket : BUCKET_MAX;
}

double crm_rollup_bucket_seconds(int bucket)
{
    return pow(RATIO, bucket - 0.5) / APR_USEC_PER_SEC;
}

crm_error_t *crm_rollup_add(const crm_db_t *db, apr_pool_t *pool,
                            const crm_history_t *const *records, int count)
{
    cells_t days = by_day(pool, records, count, 0);
    cells_t routes = for_all_periods(pool, &days);
    cells_t accounts = active(pool, &routes);
    days = by_day(pool, records, count, 1);
    cells_t buckets = for_all_periods(pool, &days);
    CRM_ERR(insert(db, pool, &insert_rollup, &routes));
    CRM_ERR(insert(db, pool, &insert_bucket, &buckets));
    return insert(db, pool, &insert_active, &accounts);
}
