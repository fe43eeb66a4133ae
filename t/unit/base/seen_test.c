/* t/unit/base/seen_test.c - a set of texts answers whether one was there before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "base/seen.h"

static apr_pool_t *pool;

static void what_was_added_is_there(void **state)
{
    crm_seen_t *seen;
    (void)state;

    assert_null(crm_seen_make(pool, 20000, &seen));
    for (int i = 0; i < 20000; i += 2) {
        crm_seen_add(seen, apr_itoa(pool, i));
        crm_seen_add(seen, apr_itoa(pool, i));
    }
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(crm_seen_has(seen, apr_itoa(pool, i)), i % 2 == 0);
    }
    assert_int_equal(crm_seen_has(seen, ""), 0);
    crm_seen_add(seen, "");
    assert_int_equal(crm_seen_has(seen, ""), 1);
}

/* A set that is full still answers: it would look for a free place for ever. */
static void a_full_set_takes_no_more(void **state)
{
    crm_seen_t *seen;
    (void)state;

    assert_null(crm_seen_make(pool, 3, &seen));
    for (int i = 0; i < 10000; i++) {
        crm_seen_add(seen, apr_itoa(pool, i));
    }
    assert_int_equal(crm_seen_has(seen, "2"), 1);
    assert_int_equal(crm_seen_has(seen, "3"), 0);
}

static int set_up(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_there),
        cmocka_unit_test(a_full_set_takes_no_more),
    };

    return cmocka_run_group_tests_name("base/seen", tests, set_up, tear_down);
}
