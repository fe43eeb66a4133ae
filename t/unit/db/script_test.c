/* t/unit/db/script_test.c - where a file of SQL is cut into statements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "db/script.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

typedef struct case_t {
    const char *text;
    int backslashes;
    const char *statements[4];
} case_t;

static const case_t cases[] = {
    {.text = ""},
    {.text = " \n-- nothing\n/* ; */ ;\n;\n"},
    {.text = "A;\nB;", .statements = {"A", "B"}},
    {.text = "A;\r\nB", .statements = {"A", "B"}},
    {.text = "A; -- why\nB ; \t\n", .statements = {"A", "B"}},
    {.text = "A\n  b, -- one;\n  c;\n", .statements = {"A\n  b, \n  c"}},
    {.text = "A; B;\nC;\n", .statements = {"A; B", "C"}},
    {.text = "A ';\n' \";\n\" `;\n`;\nB;\n", .statements = {"A ';\n' \";\n\" `;\n`", "B"}},
    {.text = "A 'it''s;\n';\nB;\n", .statements = {"A 'it''s;\n'", "B"}},
    {.text = "A '-- /* no comment';\nB;\n", .statements = {"A '-- /* no comment'", "B"}},
    {.text = "A '\\';\nB';\nC;\n", .backslashes = 1, .statements = {"A '\\';\nB'", "C"}},
    {.text = "A '\\';\nB;\n", .statements = {"A '\\'", "B"}},
    {.text = "A /* x;\n */ b;\nC;\n", .statements = {"A  b", "C"}},
    {.text = "T BEGIN\n  A;\n  B;\nEND;\n;;\nC;\n ;; \n",
     .statements = {"T BEGIN\n  A;\n  B;\nEND;", "C;"}},
    {.text = "T 'x\n;;\n';\n;;\nC\n", .statements = {"T 'x\n;;\n';", "C"}},
};

static void scripts_are_cut(void **state)
{
    apr_pool_t *pool;
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (apr_size_t i = 0; i < COUNT(cases); i++) {
        apr_array_header_t *statements =
            crm_script_split(pool, cases[i].text, cases[i].backslashes);
        int count = 0;
        while (count < 4 && cases[i].statements[count]) {
            count++;
        }
        if (statements->nelts != count) {
            fail_msg("%s: %d statements instead of %d", cases[i].text, statements->nelts, count);
        }
        for (int n = 0; n < count; n++) {
            assert_string_equal(APR_ARRAY_IDX(statements, n, const char *), cases[i].statements[n]);
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scripts_are_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
