/* t/unit/service/statistics_test.c - statistics from roll-ups are what counting the records gives.
 */
#include "site_fixture.h"

#include <math.h>
#include <stdlib.h>

#include <apr_strings.h>

#include "base/time.h"
#include "service/history_store.h"
#include "service/rollup.h"
#include "service/statistics.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define RECORDS 4000
#define DAYS 150
#define NOW "2026-05-20"
#define DAY apr_time_from_sec(86400)
#define OPEN CRM_STATISTICS_OPEN

static crm_history_t records[RECORDS];

static unsigned next_random(void)
{
    static apr_uint64_t state = 42;
    state = state * APR_UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(state >> 33);
}

static apr_time_t day(const char *text)
{
    apr_time_t time = OPEN;
    if (text) {
        assert_int_equal(crm_time_parse_date(text, &time), 1);
    }
    return time;
}

/* Records of 150 days up to NOW, more of them on later days. */
static void make_records(void)
{
    static const char *const routes[] = {"/api/a/", "/api/b/{id}/", "/api/c/", NULL,
                                         "/api/d/", "/api/e/",      "/api/f/"};
    static const char *const methods[] = {"GET", "POST", "PATCH", "BREW"};
    static const int statuses[] = {200, 200, 200, 201, 404, 500};
    for (int i = 0; i < RECORDS; i++) {
        crm_history_t *record = &records[i];
        unsigned back = next_random() % DAYS * (next_random() % DAYS) / DAYS;
        crm_uuid_make(&record->id);
        record->user_id = next_random() % 5;
        record->user_is_platform = record->user_id && next_random() % 20 == 0;
        record->method = methods[next_random() % COUNT(methods)];
        record->route = routes[next_random() % COUNT(routes)];
        record->endpoint = "/";
        record->status = statuses[next_random() % COUNT(statuses)];
        record->execution_time = (apr_interval_time_t)exp(next_random() % 1400 / 100.0);
        record->created_at = day(NOW) - back * DAY + next_random() % 86400 * APR_USEC_PER_SEC;
    }
}

static int stored(void **state, int (*fixture)(void **state))
{
    const crm_history_t *all[RECORDS];
    apr_size_t count;
    if (fixture(state) != 0) {
        return -1;
    }
    fixture_t *f = *state;
    if (f) {
        make_records();
        for (int i = 0; i < RECORDS; i++) {
            all[i] = &records[i];
        }
        /* in parts, so that rows are added to */
        for (int i = 0; i < RECORDS; i += 500) {
            no_error(crm_history_store(&f->site->main, f->pool, all + i, 500, &count));
            assert_int_equal(count, 500);
        }
    }
    return 0;
}

static int sqlite(void **state)
{
    return stored(state, fixture_sqlite);
}

static int mysql(void **state)
{
    return stored(state, fixture_mysql);
}

typedef struct filter_t {
    apr_int64_t user_id;
    int status;
    const char *from, *to;
} filter_t;

/* Bounds inside a month, over months, at their edges, and nothing at all. */
static const filter_t filters[] = {
    {0, OPEN, NULL, NULL},
    {0, 404, NULL, NULL},
    {0, 999, NULL, NULL},
    {2, OPEN, NULL, NULL},
    {3, 200, "2026-03-15", NULL},
    {0, OPEN, "2026-05-20", "2026-05-20"},
    {0, OPEN, "2026-04-30", "2026-05-01"},
    {0, OPEN, "2026-04-01", "2026-04-30"},
    {0, OPEN, "2026-03-31", "2026-05-01"},
    {0, OPEN, "2026-02-01", "2026-04-29"},
    {0, OPEN, "2025-12-24", "2026-04-30"},
    {0, OPEN, "2026-01-20", "2026-05-19"},
    {0, OPEN, NULL, "2026-03-10"},
    {1, 500, NULL, "2026-04-30"},
    {0, OPEN, "2026-05-01", NULL},
    {0, OPEN, "2026-06-01", NULL},
    {0, OPEN, "2026-05-10", "2026-02-01"},
    {0, OPEN, "0001-01-01", "9999-12-31"},
};

static int matches(const filter_t *filter, const crm_history_t *record)
{
    apr_time_t from = day(filter->from);
    apr_time_t to = day(filter->to);
    return (filter->user_id == 0 ||
            (record->user_id == filter->user_id && !record->user_is_platform)) &&
           (filter->status == OPEN || record->status == filter->status) &&
           (from == OPEN || record->created_at >= from) &&
           (to == OPEN || record->created_at < to + DAY);
}

static apr_int64_t named(const apr_array_header_t *counts, const char *name)
{
    for (int i = 0; i < counts->nelts; i++) {
        const crm_named_count_t *entry = &APR_ARRAY_IDX(counts, i, crm_named_count_t);
        if (strcmp(entry->name, name) == 0) {
            return entry->count;
        }
    }
    return 0;
}

static crm_statistics_t ask(fixture_t *f, const filter_t *filter)
{
    crm_statistics_t result;
    crm_statistics_filter_t asked = {.user_id = filter->user_id,
                                     .status = filter->status,
                                     .from = day(filter->from),
                                     .to = day(filter->to),
                                     .now = day(NOW) + DAY / 2};
    no_error(crm_statistics(&f->site->main, f->pool, &asked, &result));
    return result;
}

static void test_counts(void **state)
{
    fixture_t *f = fixture_of(state);
    for (size_t i = 0; i < COUNT(filters); i++) {
        crm_statistics_t result = ask(f, &filters[i]);
        apr_int64_t all = 0, errors = 0, gets = 0, others = 0, missing = 0, today = 0, week = 0;
        int active[5] = {0};
        double seconds = 0;
        for (int n = 0; n < RECORDS; n++) {
            const crm_history_t *record = &records[n];
            if (!matches(&filters[i], record)) {
                continue;
            }
            all++;
            errors += record->status >= 400;
            gets += strcmp(record->method, "GET") == 0;
            others += strcmp(record->method, "BREW") == 0;
            missing += record->status == 404;
            today += record->created_at >= day(NOW);
            week += record->created_at >= day(NOW) - 6 * DAY;
            seconds += (double)record->execution_time / APR_USEC_PER_SEC;
            active[record->user_is_platform ? 0 : record->user_id] = 1;
        }
        assert_int_equal(result.requests, all);
        assert_int_equal(result.errors, errors);
        assert_int_equal(named(result.methods, "GET"), gets);
        assert_int_equal(named(result.methods, "OTHER"), others);
        assert_int_equal(named(result.statuses, "404"), missing);
        assert_int_equal(result.today, today);
        assert_int_equal(result.week, week);
        assert_int_equal(result.active_users, active[1] + active[2] + active[3] + active[4]);
        double average = all ? seconds / (double)all : 0;
        assert_true(fabs(result.average - average) <= average * 1e-9);
    }
}

static void test_days(void **state)
{
    fixture_t *f = fixture_of(state);
    for (size_t i = 0; i < COUNT(filters); i++) {
        crm_statistics_t result = ask(f, &filters[i]);
        assert_true(result.days->nelts <= CRM_STATISTICS_DAYS);
        for (int n = 0; n < result.days->nelts; n++) {
            const crm_named_count_t *entry = &APR_ARRAY_IDX(result.days, n, crm_named_count_t);
            apr_int64_t count = 0;
            for (int r = 0; r < RECORDS; r++) {
                count += matches(&filters[i], &records[r]) &&
                         records[r].created_at / DAY == day(entry->name) / DAY;
            }
            assert_int_equal(entry->count, count);
        }
    }
    crm_statistics_t all = ask(f, &filters[0]);
    assert_int_equal(all.days->nelts, 30);
    assert_string_equal(APR_ARRAY_IDX(all.days, 29, crm_named_count_t).name, NOW);
}

static void test_endpoints(void **state)
{
    fixture_t *f = fixture_of(state);
    for (size_t i = 0; i < COUNT(filters); i++) {
        crm_statistics_t result = ask(f, &filters[i]);
        apr_int64_t before = RECORDS;
        assert_true(result.endpoints->nelts <= CRM_STATISTICS_ENDPOINTS);
        for (int n = 0; n < result.endpoints->nelts; n++) {
            const crm_endpoint_count_t *entry =
                &APR_ARRAY_IDX(result.endpoints, n, crm_endpoint_count_t);
            apr_int64_t count = 0;
            for (int r = 0; r < RECORDS; r++) {
                const char *route = records[r].route ? records[r].route : "unmatched";
                const char *method =
                    strcmp(records[r].method, "BREW") == 0 ? "OTHER" : records[r].method;
                count += matches(&filters[i], &records[r]) && strcmp(route, entry->route) == 0 &&
                         strcmp(method, entry->method) == 0 && records[r].status == entry->status;
            }
            assert_int_equal(entry->count, count);
            assert_true(count <= before);
            before = count;
        }
    }
    assert_int_equal(ask(f, &filters[0]).endpoints->nelts, CRM_STATISTICS_ENDPOINTS);
}

static int compare_doubles(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return (one > other) - (one < other);
}

static void is_near(double found, const double *sorted, int count, int per_cent)
{
    double exact = count ? sorted[(count * per_cent + 99) / 100 - 1] : 0;
    assert_true(fabs(found - exact) <= exact * 0.1);
}

static void test_percentiles(void **state)
{
    fixture_t *f = fixture_of(state);
    static double times[RECORDS];
    for (size_t i = 0; i < COUNT(filters); i++) {
        crm_statistics_t result = ask(f, &filters[i]);
        int count = 0;
        for (int r = 0; r < RECORDS; r++) {
            if (matches(&filters[i], &records[r])) {
                times[count++] = (double)records[r].execution_time / APR_USEC_PER_SEC;
            }
        }
        qsort(times, (size_t)count, sizeof(times[0]), compare_doubles);
        is_near(result.p50, times, count, 50);
        is_near(result.p95, times, count, 95);
        is_near(result.p99, times, count, 99);
    }
}

/* Rows of the roll-ups are few: no client can make more of them. */
static void test_roll_ups_stay_small(void **state)
{
    fixture_t *f = fixture_of(state);
    apr_int64_t keys = 7 * 4 * 4;
    assert_true(number_of(&f->site->main, f->pool,
                          "SELECT COUNT(*) FROM history_rollup WHERE user_id = 0 AND period = ?",
                          "a") <= keys);
}

static void test_buckets(void **state)
{
    (void)state;
    assert_int_equal(crm_rollup_bucket(-5), 0);
    assert_int_equal(crm_rollup_bucket(0), 0);
    assert_int_equal(crm_rollup_bucket(1), 0);
    assert_true(crm_rollup_bucket(APR_INT64_MAX) < 32767);
    for (double time = 1; time < 1e9; time *= 1.01) {
        double seconds = crm_rollup_bucket_seconds(crm_rollup_bucket((apr_int64_t)time));
        double exact = (double)(apr_int64_t)time / APR_USEC_PER_SEC;
        assert_true(fabs(seconds - exact) < exact * 0.08);
    }
}

#define TESTS                                                                                      \
    cmocka_unit_test(test_counts), cmocka_unit_test(test_days), cmocka_unit_test(test_endpoints),  \
        cmocka_unit_test(test_percentiles), cmocka_unit_test(test_roll_ups_stay_small),            \
        cmocka_unit_test(test_buckets)

int main(void)
{
    const struct CMUnitTest on_sqlite[] = {TESTS};
    const struct CMUnitTest on_mysql[] = {TESTS};
    return cmocka_run_group_tests_name("sqlite3", on_sqlite, sqlite, fixture_end) +
           cmocka_run_group_tests_name("mysql", on_mysql, mysql, fixture_end);
}
