/* t/unit/service/slug_cache_test.c - what is remembered, and that it is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "service/slug_cache.h"

#define MAX 4

static apr_pool_t *pool;

static const unsigned char *key(int number)
{
    return (const unsigned char *)apr_psprintf(pool, "%08d", number);
}

static int remembered(crm_slug_cache_t *cache, int number)
{
    return crm_slug_cache_get(cache, pool, key(number)) != NULL;
}

static void test_bounded(void **state)
{
    (void)state;
    crm_slug_cache_t *cache;
    assert_int_equal(crm_slug_cache_create(pool, MAX, &cache), APR_SUCCESS);
    assert_null(crm_slug_cache_get(cache, pool, key(1)));
    for (int i = 0; i < MAX; i++) {
        crm_slug_cache_put(cache, key(i), apr_psprintf(pool, "slug_%d", i));
    }
    crm_slug_cache_put(cache, key(0), "slug_0");
    for (int i = 0; i < MAX; i++) {
        assert_string_equal(crm_slug_cache_get(cache, pool, key(i)),
                            apr_psprintf(pool, "slug_%d", i));
    }
    crm_slug_cache_put(cache, key(MAX), "one_more");
    assert_true(remembered(cache, MAX));
    int count = 0;
    for (int i = 0; i <= MAX; i++) {
        count += remembered(cache, i);
    }
    assert_true(count <= MAX);
}

static void test_forgotten(void **state)
{
    (void)state;
    crm_slug_cache_t *cache;
    assert_int_equal(crm_slug_cache_create(pool, MAX, &cache), APR_SUCCESS);
    crm_slug_cache_put(cache, key(1), "one");
    crm_slug_cache_put(cache, key(2), "two");
    crm_slug_cache_forget(cache, key(1));
    assert_false(remembered(cache, 1));
    assert_true(remembered(cache, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_forgotten),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    return cmocka_run_group_tests_name("service/slug_cache", tests, NULL, NULL);
}
