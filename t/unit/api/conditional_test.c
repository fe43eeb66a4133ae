/* t/unit/api/conditional_test.c - entity tags and conditions on them. */
#include "api/conditional.h"
#include "call_fixture.h"

static void tags(void **state)
{
    /* the first 8 bytes of SHA-256 of "{}" */
    (void)state;
    assert_string_equal(crm_etag(call_pool(), 3, "{}", 2), "\"3-44136fa355b3678a\"");
    assert_string_equal(crm_etag(call_pool(), -1, "{}", 2), "\"44136fa355b3678a\"");
    assert_string_not_equal(crm_etag(call_pool(), -1, "[]", 2), "\"44136fa355b3678a\"");
}

static void if_none_match(void **state)
{
    static const struct {
        const char *header;
        int matches;
    } rows[] = {
        {NULL, 0},
        {"", 0},
        {"*", 1},
        {" * ", 1},
        {"\"3-ab\"", 1},
        {"W/\"3-ab\"", 1},
        {"\"x\", \"3-ab\"", 1},
        {"\"x\",W/\"y\" ,, \"3-ab\" ", 1},
        {"\"3-ab-gzip\"", 1},
        {"\"a,b\", \"3-ab\"", 1},
        {"\"3-abc\"", 0},
        {"\"3-a\"", 0},
        {"3-ab", 0},
        {"\"3-ab", 0},
        {"x, \"3-ab\"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].header ? rows[i].header : "(none)");
        assert_int_equal(crm_etag_matches(rows[i].header, "\"3-ab\""), rows[i].matches);
    }
}

static void if_match(void **state)
{
    static const struct {
        const char *header;
        int version; /* that must still be found; -2: refused */
    } rows[] = {
        {NULL, -1},           {"*", -1},        {"\"3-ab\"", 3},   {"\"2-ab\", \"3-cd\"", 3},
        {"\"3-ab-gzip\"", 3}, {"\"2-ab\"", -2}, {"\"33-ab\"", -2}, {"\"3\"", -2},
        {"W/\"3-ab\"", -2},   {"3-ab", -2},     {"", -2},
    };
    crm_settings_t settings = call_settings();
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        call_t *call = call_make(NULL, &settings, "PATCH", "/api/");
        apr_int64_t version = -2;
        if (rows[i].header) {
            call_header(call, "If-Match", rows[i].header);
        }
        print_message("# %s\n", rows[i].header ? rows[i].header : "(none)");
        crm_error_t *error = crm_if_match(&call->request, 3, &version);
        assert_int_equal(version, rows[i].version);
        assert_int_equal(error ? error->kind : CRM_E_KINDS,
                         version == -2 ? CRM_E_PRECONDITION : CRM_E_KINDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags),
        cmocka_unit_test(if_none_match),
        cmocka_unit_test(if_match),
    };
    return cmocka_run_group_tests_name("api/conditional", tests, NULL, NULL);
}
