/* t/unit/base/uuid_test.c - UUIDs: version 7 in order and unlike each other, and their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_thread_proc.h>
#include <apr_time.h>

#include "base/secret.h"
#include "base/uuid.h"

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
#define THREADS 4
#define EACH 5000

typedef struct parse_case_t {
    const char *text;
    const char *lower; /* NULL: refused */
} parse_case_t;

static const parse_case_t parses[] = {
    {"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
    {"0190A5B2-C3D4-7E5F-8A9B-CCDDEEFF0011", "0190a5b2-c3d4-7e5f-8a9b-ccddeeff0011"},
    {"0190a5b2c3d47e5f8a9bccddeeff0011", "0190a5b2-c3d4-7e5f-8a9b-ccddeeff0011"},
    {"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
    {"", NULL},
    {"0190a5b2", NULL},
    {"0190a5b2-c3d4-7e5f-8a9b-ccddeeff001", NULL},
    {"0190a5b2-c3d4-7e5f-8a9b-ccddeeff00111", NULL},
    {"0190a5b2-c3d4-7e5f-8a9bccddeeff0011", NULL},
    {"0190a5b-2c3d4-7e5f-8a9b-ccddeeff0011", NULL},
    {"0190a5b2-c3d4-7e5f-8a9b-ccddeeff001g", NULL},
    {"0190a5b2--3d4-7e5f-8a9b-ccddeeff0011", NULL},
    {"{0190a5b2-c3d4-7e5f-8a9b-ccddeeff0011}", NULL},
    {" 0190a5b2c3d47e5f8a9bccddeeff0011", NULL},
    {"0190a5b2c3d47e5f8a9bccddeeff0011 ", NULL},
    {"-0190a5b2c3d47e5f8a9bccddeeff001", NULL},
};

static crm_uuid_t made[THREADS][EACH];

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(crm_uuid_t));
}

static void *APR_THREAD_FUNC make_many(apr_thread_t *thread, void *baton)
{
    crm_uuid_t *uuids = baton;
    (void)thread;
    for (int i = 0; i < EACH; i++) {
        crm_uuid_make(&uuids[i]);
    }
    return NULL;
}

static int64_t milliseconds(const crm_uuid_t *uuid)
{
    int64_t value = 0;
    for (int i = 0; i < 6; i++) {
        value = value << 8 | uuid->bytes[i];
    }
    return value;
}

static void test_version_and_variant_and_time(void **state)
{
    (void)state;
    crm_uuid_t uuid;
    int64_t before = apr_time_now() / 1000;
    crm_uuid_make(&uuid);
    assert_int_equal(uuid.bytes[6] >> 4, 7);
    assert_int_equal(uuid.bytes[8] >> 6, 2);
    assert_true(milliseconds(&uuid) >= before);
}

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parses); i++) {
        crm_uuid_t uuid;
        memset(&uuid, 0x5a, sizeof(uuid));
        int known = crm_uuid_parse(parses[i].text, &uuid);
        assert_int_equal(known, parses[i].lower != NULL);
        if (known) {
            assert_string_equal(crm_uuid_text(pool, &uuid), parses[i].lower);
        } else {
            assert_int_equal(uuid.bytes[0], 0x5a);
        }
    }
}

static void test_text_reads_back(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        crm_uuid_t uuid;
        crm_uuid_t back;
        crm_uuid_make(&uuid);
        const char *text = crm_uuid_text(pool, &uuid);
        assert_int_equal(strlen(text), CRM_UUID_TEXT);
        assert_true(crm_uuid_parse(text, &back));
        assert_memory_equal(&uuid, &back, sizeof(uuid));
    }
}

static void test_order_in_a_thread_and_none_twice(void **state)
{
    (void)state;
    apr_thread_t *threads[THREADS];
    apr_status_t status;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_create(&threads[i], NULL, make_many, made[i], pool), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        for (int j = 1; j < EACH; j++) {
            assert_true(compare(&made[i][j - 1], &made[i][j]) < 0);
        }
    }
    crm_uuid_t *all = &made[0][0];
    qsort(all, (size_t)THREADS * EACH, sizeof(*all), compare);
    for (int i = 1; i < THREADS * EACH; i++) {
        /* the clock's part alone tells them apart: bytes 0 to 7 */
        assert_true(memcmp(&all[i - 1], &all[i], 8) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_and_variant_and_time),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_text_reads_back),
        cmocka_unit_test(test_order_in_a_thread_and_none_twice),
    };
    if (crm_secret_init() != APR_SUCCESS) {
        return 1;
    }
    return cmocka_run_group_tests_name("base/uuid", tests, setup, teardown);
}
