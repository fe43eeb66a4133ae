/* t/unit/api/languages_test.c - what Accept-Language says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>

#include "api/languages.h"

static void test_rows(void **state)
{
    static const struct {
        const char *value, *expected;
    } rows[] = {
        {NULL, NULL},
        {"", NULL},
        {"*", NULL},
        {"de", "de"},
        {"de-AT, en;q=0.5", "de en"},
        {"en;q=0.5, fr ; q=0.8 ,de", "de fr en"},
        {"de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de en"},
        {"de;q=0, en;q=0.001", "en"},
        {"de;q=1.000,en;q=0.999", "de en"},
        {"de;Q=0.1,en", "en de"},
        {"a,../etc,x1,englishlanguage,de", "de"},
        {",,;,de,", "de"},
        {"de;q", "de"},
        {"de;q=", NULL},
        {"aa,bb,cc,dd,ee,ff,gg,hh,ii,jj", "aa bb cc dd ee ff gg hh"},
    };
    apr_pool_t *pool;
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = crm_languages_accepted(pool, rows[i].value);
        if (rows[i].expected) {
            assert_non_null(got);
            assert_string_equal(got, rows[i].expected);
        } else {
            assert_null(got);
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests_name("api/languages", tests, NULL, NULL);
}
