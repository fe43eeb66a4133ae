/* service/statistics.c - statistics of one database's History, read from its roll-up tables.
 *
 * A range of days is read as up to three spans: the days before its first whole month, its whole
 * months, and the days after the last of them.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/time.h"
#include "service/rollup.h"
#include "service/statistics.h"

#define DAY apr_time_from_sec(86400)
#define WEEK 7
#define SPANS 3
#define STATUS_MAX 999
#define FIRST_ERROR 400
#define FIRST_DAY "0001-01-01"
#define LAST_DAY "9999-12-31"

#define IN_SPANS "(period BETWEEN ? AND ? OR period BETWEEN ? AND ? OR period BETWEEN ? AND ?)"
#define OF_USER " WHERE user_id = ? AND " IN_SPANS " AND status BETWEEN ? AND ? "
#define NARGS (1 + 2 * SPANS + 2)

/* Periods from LOW to HIGH; an empty span is one that no name lies in. */
typedef struct span_t {
    char low[CRM_ROLLUP_PERIOD], high[CRM_ROLLUP_PERIOD];
} span_t;

typedef struct reading_t {
    const crm_db_t *db;
    apr_pool_t *pool;
    const crm_statistics_filter_t *filter;
    crm_value_t args[NARGS]; /* of OF_USER */
    crm_statistics_t *result;
} reading_t;

static const span_t empty_span = {.low = "~", .high = ""};

static span_t days(apr_time_t from, apr_time_t to)
{
    span_t span = empty_span;
    if (from <= to) {
        crm_rollup_day(from, span.low);
        crm_rollup_day(to, span.high);
    }
    return span;
}

/* The first day of TIME's month, or of the month after it. */
static apr_time_t month_start(apr_time_t time, int after)
{
    apr_time_exp_t day;
    apr_time_t start = time;
    char text[16];
    apr_time_exp_gmt(&day, time);
    int month = day.tm_mon + after;
    apr_snprintf(text, sizeof(text), "%04d-%02d-01", day.tm_year + 1900 + month / 12,
                 month % 12 + 1);
    /* there is no month after the last one */
    return crm_time_parse_date(text, &start) ? start : time;
}

static void make_spans(const crm_statistics_filter_t *filter, span_t *spans)
{
    apr_time_t from = filter->from;
    apr_time_t to = filter->to;
    spans[0] = spans[1] = spans[2] = empty_span;
    if (from == CRM_STATISTICS_OPEN && to == CRM_STATISTICS_OPEN) {
        memcpy(spans[0].low, CRM_ROLLUP_ALL_TIME, sizeof(CRM_ROLLUP_ALL_TIME));
        memcpy(spans[0].high, CRM_ROLLUP_ALL_TIME, sizeof(CRM_ROLLUP_ALL_TIME));
        return;
    }
    if (from == CRM_STATISTICS_OPEN) {
        crm_time_parse_date(FIRST_DAY, &from);
    }
    if (to == CRM_STATISTICS_OPEN) {
        crm_time_parse_date(LAST_DAY, &to);
    }
    apr_time_t first = month_start(from, 0) == from ? from : month_start(from, 1);
    apr_time_t end = month_start(to + DAY, 0); /* first day after the last whole month */
    if (first >= end) {
        spans[0] = days(from, to);
        return;
    }
    spans[0] = days(from, first - DAY);
    crm_rollup_month(first, spans[1].low);
    crm_rollup_month(end - DAY, spans[1].high);
    spans[2] = days(end, to);
}

/* The values of OF_USER for SPANS. */
static void set_args(reading_t *reading, const span_t *spans)
{
    const crm_statistics_filter_t *filter = reading->filter;
    crm_value_t *at = reading->args;
    *at++ = crm_int(filter->user_id);
    for (int i = 0; i < SPANS; i++) {
        *at++ = crm_text(apr_pstrdup(reading->pool, spans[i].low));
        *at++ = crm_text(apr_pstrdup(reading->pool, spans[i].high));
    }
    *at++ = crm_int(filter->status < 0 ? 0 : filter->status);
    *at++ = crm_int(filter->status < 0 ? STATUS_MAX : filter->status);
}

static void add_count(apr_array_header_t *counts, const char *name, apr_int64_t count)
{
    for (int i = 0; i < counts->nelts; i++) {
        crm_named_count_t *entry = &APR_ARRAY_IDX(counts, i, crm_named_count_t);
        if (strcmp(entry->name, name) == 0) {
            entry->count += count;
            return;
        }
    }
    APR_ARRAY_PUSH(counts, crm_named_count_t) = (crm_named_count_t){.name = name, .count = count};
}

static crm_error_t *read_totals(reading_t *reading)
{
    static const char sql[] =
        "SELECT method, status, SUM(requests), SUM(seconds) "
        "FROM history_rollup" OF_USER "GROUP BY method, status ORDER BY status, method";
    crm_statistics_t *result = reading->result;
    const crm_rows_t *rows;
    double seconds = 0;
    CRM_ERR(crm_db_select(reading->db, reading->pool, sql, "siif", reading->args, NARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        apr_int64_t requests = row[2].as.integer;
        result->requests += requests;
        result->errors += row[1].as.integer >= FIRST_ERROR ? requests : 0;
        seconds += row[3].as.real;
        add_count(result->methods, row[0].as.text, requests);
        add_count(result->statuses, apr_ltoa(reading->pool, (long)row[1].as.integer), requests);
    }
    result->average = result->requests ? seconds / (double)result->requests : 0;
    return NULL;
}

static crm_error_t *read_endpoints(reading_t *reading)
{
    static const char sql[] = "SELECT route, method, status, SUM(requests) AS total "
                              "FROM history_rollup" OF_USER "GROUP BY route, method, status "
                              "ORDER BY total DESC, route, method, status LIMIT ?";
    crm_value_t args[NARGS + 1];
    const crm_rows_t *rows;
    memcpy(args, reading->args, sizeof(reading->args));
    args[NARGS] = crm_int(CRM_STATISTICS_ENDPOINTS);
    CRM_ERR(crm_db_select(reading->db, reading->pool, sql, "ssii", args, NARGS + 1, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        APR_ARRAY_PUSH(reading->result->endpoints, crm_endpoint_count_t) =
            (crm_endpoint_count_t){.route = row[0].as.text,
                                   .method = row[1].as.text,
                                   .status = (int)row[2].as.integer,
                                   .count = row[3].as.integer};
    }
    return NULL;
}

/* The time that PER_CENT of the TOTAL requests in ROWS (bucket, requests) did not exceed: the
 * nearest rank. */
static double percentile(const crm_rows_t *rows, apr_int64_t total, int per_cent)
{
    apr_int64_t rank = (total * per_cent + 99) / 100;
    apr_int64_t passed = 0;
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        passed += row[1].as.integer;
        if (passed >= rank) {
            return crm_rollup_bucket_seconds((int)row[0].as.integer);
        }
    }
    return 0;
}

static crm_error_t *read_percentiles(reading_t *reading)
{
    static const char sql[] = "SELECT bucket, SUM(requests) FROM history_bucket" OF_USER
                              "GROUP BY bucket ORDER BY bucket";
    crm_statistics_t *result = reading->result;
    const crm_rows_t *rows;
    apr_int64_t total = 0;
    CRM_ERR(crm_db_select(reading->db, reading->pool, sql, "ii", reading->args, NARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        total += crm_row(rows, i)[1].as.integer;
    }
    result->p50 = percentile(rows, total, 50);
    result->p95 = percentile(rows, total, 95);
    result->p99 = percentile(rows, total, 99);
    return NULL;
}

static crm_error_t *read_active(reading_t *reading)
{
    static const char sql[] = "SELECT COUNT(DISTINCT user_id) FROM history_active WHERE " IN_SPANS
                              " AND status BETWEEN ? AND ?";
    crm_statistics_t *result = reading->result;
    const crm_rows_t *rows;
    if (reading->filter->user_id) {
        result->active_users = result->requests > 0;
        return NULL;
    }
    CRM_ERR(
        crm_db_select(reading->db, reading->pool, sql, "i", reading->args + 1, NARGS - 1, &rows));
    result->active_users = crm_row(rows, 0)->as.integer;
    return NULL;
}

static crm_error_t *read_days(reading_t *reading)
{
    static const char sql[] = "SELECT period, SUM(requests) FROM history_rollup" OF_USER
                              "GROUP BY period ORDER BY period";
    const crm_statistics_filter_t *filter = reading->filter;
    apr_time_t today = filter->now - filter->now % DAY;
    apr_time_t last = filter->to == CRM_STATISTICS_OPEN || filter->to > today ? today : filter->to;
    apr_time_t first = last - (CRM_STATISTICS_DAYS - 1) * DAY;
    const crm_rows_t *rows;
    int at = 0;
    if (filter->from != CRM_STATISTICS_OPEN && filter->from > first) {
        first = filter->from;
    }
    const span_t spans[SPANS] = {days(first, last), empty_span, empty_span};
    set_args(reading, spans);
    CRM_ERR(crm_db_select(reading->db, reading->pool, sql, "si", reading->args, NARGS, &rows));
    for (apr_time_t day = first; day <= last; day += DAY) {
        const char *name = crm_time_date(reading->pool, day);
        apr_int64_t count = 0;
        if (at < rows->count && strcmp(crm_row(rows, at)->as.text + 1, name) == 0) {
            count = crm_row(rows, at++)[1].as.integer;
        }
        APR_ARRAY_PUSH(reading->result->days, crm_named_count_t) =
            (crm_named_count_t){.name = name, .count = count};
        reading->result->today += day == today ? count : 0;
        reading->result->week += day > today - WEEK * DAY ? count : 0;
    }
    return NULL;
}

crm_error_t *crm_statistics(const crm_db_t *db, apr_pool_t *pool,
                            const crm_statistics_filter_t *filter, crm_statistics_t *ret_statistics)
{
    crm_statistics_t result = {
        .methods = apr_array_make(pool, 8, sizeof(crm_named_count_t)),
        .statuses = apr_array_make(pool, 8, sizeof(crm_named_count_t)),
        .endpoints = apr_array_make(pool, CRM_STATISTICS_ENDPOINTS, sizeof(crm_endpoint_count_t)),
        .days = apr_array_make(pool, CRM_STATISTICS_DAYS, sizeof(crm_named_count_t))};
    reading_t reading = {.db = db, .pool = pool, .filter = filter, .result = &result};
    span_t spans[SPANS];
    make_spans(filter, spans);
    set_args(&reading, spans);
    CRM_ERR(read_totals(&reading));
    CRM_ERR(read_endpoints(&reading));
    CRM_ERR(read_percentiles(&reading));
    CRM_ERR(read_active(&reading));
    CRM_ERR(read_days(&reading));
    *ret_statistics = result;
    return NULL;
}
