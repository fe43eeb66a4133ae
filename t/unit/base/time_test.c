/* t/unit/base/time_test.c - times, dates, spans and sizes, written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "base/time.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SECOND INT64_C(1000000)

typedef struct print_case_t {
    apr_time_t time;
    const char *iso;
    const char *sql;
} print_case_t;

static const print_case_t prints[] = {
    {0, "1970-01-01T00:00:00Z", "1970-01-01 00:00:00.000000"},
    {1, "1970-01-01T00:00:00.000001Z", "1970-01-01 00:00:00.000001"},
    {-1, "1969-12-31T23:59:59.999999Z", "1969-12-31 23:59:59.999999"},
    {-SECOND, "1969-12-31T23:59:59Z", "1969-12-31 23:59:59.000000"},
    {INT64_C(951782400) * SECOND, "2000-02-29T00:00:00Z", "2000-02-29 00:00:00.000000"},
    {INT64_C(1795428000120000), "2026-11-23T10:00:00.120000Z", "2026-11-23 10:00:00.120000"},
    {INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999"},
    {INT64_C(-62135596800) * SECOND, "0001-01-01T00:00:00Z", "0001-01-01 00:00:00.000000"},
};

typedef struct read_case_t {
    const char *text;
    apr_time_t time;
} read_case_t;

static const read_case_t isos[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:01Z", 60 * SECOND},
    {"1970-01-01 00:00:01", SECOND},
    {"1970-01-01t00:00:01z", SECOND},
    {"1970-01-01T00:00:00.5Z", SECOND / 2},
    {"1970-01-01T00:00:00,25Z", SECOND / 4},
    {"1970-01-01T00:00:00.1234567Z", 123456},
    {"1970-01-01T02:00:00+02:00", 0},
    {"1970-01-01T02:00:00+0200", 0},
    {"1970-01-01T02:00:00+02", 0},
    {"1969-12-31T18:30:00-05:30", 0},
    {"2024-02-29T00:00:00Z", INT64_C(1709164800) * SECOND},
};

static const char *const no_isos[] = {
    "",
    "1970-01-01",
    "1970-01-01T",
    "1970-01-01T00Z",
    "1970-01-01T00:00:60Z",
    "1970-01-01T00:60:00Z",
    "1970-01-01T24:00:00Z",
    "1970-01-01T00:00:00.Z",
    "1970-01-01T00:00:00.1234567890123Z",
    "1970-01-01T00:00:00ZZ",
    "1970-01-01T00:00:00+24:00",
    "1970-01-01T00:00:00+02:",
    "1970-01-01T00:00:00+02:60",
    "1970-01-01T00:00:00+2",
    "1970-01-01T00:00:00 Z",
    "1970-1-1T00:00:00Z",
    "1970-02-30T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "1970-13-01T00:00:00Z",
    "1970-00-01T00:00:00Z",
    "1970-01-00T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "19700-01-01T00:00:00Z",
    "1970/01/01T00:00:00Z",
    "1970-01-01T-1:00:00Z",
    " 1970-01-01T00:00:00Z",
};

static const char *const no_sqls[] = {
    "",
    "1970-01-01",
    "1970-01-01T00:00:00.000000",
    "1970-01-01 00:00",
    "1970-01-01 00:00:00.",
    "1970-01-01 00:00:00.0000000",
    "1970-01-01 00:00:00Z",
    "0000-00-00 00:00:00.000000",
    "2023-02-29 00:00:00.000000",
};

typedef struct unit_case_t {
    const char *text;
    int64_t value; /* -1: refused */
} unit_case_t;

static const unit_case_t spans[] = {
    {"500ms", 500000},
    {"30s", 30 * SECOND},
    {"5m", 300 * SECOND},
    {"12h", 12 * 3600 * SECOND},
    {"30d", 30 * 86400 * SECOND},
    {"0s", 0},
    {"30", -1},
    {"s", -1},
    {"", -1},
    {"-1s", -1},
    {"1.5s", -1},
    {"1 s", -1},
    {"30S", -1},
    {"1w", -1},
    {"106751991d", INT64_C(106751991) * 86400 * SECOND},
    {"106751992d", -1},
    {"9223372036854775808ms", -1},
    {"99999999999999999999999999s", -1},
};

static const unit_case_t sizes[] = {
    {"0", 0},
    {"1024", 1024},
    {"16k", 16384},
    {"16K", 16384},
    {"64M", 64 << 20},
    {"1G", 1 << 30},
    {"1T", -1},
    {"k", -1},
    {"", -1},
    {"-1", -1},
    {"1kk", -1},
    {"1 k", -1},
    {"9223372036854775807", INT64_MAX},
    {"9223372036854775808", -1},
    {"8589934592G", -1},
    {"0000000000000000000000000000000000000001", -1},
};

static void test_prints_and_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(prints); i++) {
        apr_time_t time = 42;
        assert_string_equal(crm_time_iso(pool, prints[i].time), prints[i].iso);
        assert_string_equal(crm_time_sql(pool, prints[i].time), prints[i].sql);
        assert_true(crm_time_parse_iso(prints[i].iso, &time));
        assert_true(time == prints[i].time);
        time = 42;
        assert_true(crm_time_parse_sql(prints[i].sql, &time));
        assert_true(time == prints[i].time);
    }
}

static void test_times_beyond_four_digits_print_as_the_nearest(void **state)
{
    (void)state;
    assert_string_equal(crm_time_iso(pool, INT64_MAX), "9999-12-31T23:59:59.999999Z");
    assert_string_equal(crm_time_sql(pool, INT64_MIN), "0001-01-01 00:00:00.000000");
}

/* Every day of the years that can be written, against the C library's calendar. */
static void test_every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    char expected[32];
    apr_pool_t *scratch;
    apr_pool_create(&scratch, pool);
    for (int64_t day = -719162; day <= 2932896; day += 1) {
        struct tm tm;
        apr_time_t back = 42;
        time_t seconds = (time_t)(day * 86400);
        assert_non_null(gmtime_r(&seconds, &tm));
        snprintf(expected, sizeof(expected), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday);
        const char *date = crm_time_date(scratch, day * 86400 * SECOND + 86399 * SECOND);
        assert_string_equal(date, expected);
        assert_true(crm_time_parse_date(date, &back));
        assert_true(back == day * 86400 * SECOND);
        if (day % 1000 == 0) {
            apr_pool_clear(scratch);
        }
    }
    apr_pool_destroy(scratch);
}

static void test_iso_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(isos); i++) {
        apr_time_t time = 42;
        assert_true(crm_time_parse_iso(isos[i].text, &time));
        assert_true(time == isos[i].time);
    }
}

static void test_refused_times_leave_the_result_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(no_isos); i++) {
        apr_time_t time = 42;
        assert_false(crm_time_parse_iso(no_isos[i], &time));
        assert_true(time == 42);
    }
    for (size_t i = 0; i < COUNT(no_sqls); i++) {
        apr_time_t time = 42;
        assert_false(crm_time_parse_sql(no_sqls[i], &time));
        assert_true(time == 42);
    }
}

static void test_dates(void **state)
{
    (void)state;
    static const char *const refused[] = {"",           "2023-02-29", "2023-2-1", "2023-01-01 ",
                                          "0000-01-01", "2023-04-31", "20230101", "2023-01-0a"};
    apr_time_t time = 42;
    assert_true(crm_time_parse_date("2024-02-29", &time));
    assert_true(time == INT64_C(1709164800) * SECOND);
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_false(crm_time_parse_date(refused[i], &time));
        assert_true(time == INT64_C(1709164800) * SECOND);
    }
}

static void test_sql_without_fraction(void **state)
{
    (void)state;
    apr_time_t time = 42;
    assert_true(crm_time_parse_sql("1970-01-01 00:00:02", &time));
    assert_true(time == 2 * SECOND);
    assert_true(crm_time_parse_sql("1970-01-01 00:00:02.25", &time));
    assert_true(time == 2 * SECOND + SECOND / 4);
}

static void test_spans(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spans); i++) {
        apr_interval_time_t span = -1;
        assert_int_equal(crm_time_parse_span(spans[i].text, &span), spans[i].value >= 0);
        assert_true(span == spans[i].value);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        apr_uint64_t size = (apr_uint64_t)-1;
        assert_int_equal(crm_time_parse_size(sizes[i].text, &size), sizes[i].value >= 0);
        assert_true(size == (apr_uint64_t)sizes[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints_and_reads_back),
        cmocka_unit_test(test_times_beyond_four_digits_print_as_the_nearest),
        cmocka_unit_test(test_every_day_agrees_with_the_c_library),
        cmocka_unit_test(test_iso_forms),
        cmocka_unit_test(test_refused_times_leave_the_result_alone),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_sql_without_fraction),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests_name("base/time", tests, setup, teardown);
}
