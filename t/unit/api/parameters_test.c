/* t/unit/api/parameters_test.c - query strings and forms become names and values. */
#include <apr_strings.h>

#include "api/parameters.h"
#include "call_fixture.h"

static apr_table_t *parse(const char *text)
{
    apr_table_t *parameters;
    assert_null(crm_parameters_parse(call_pool(), text, strlen(text), "form", &parameters));
    return parameters;
}

static void reads_pairs(void **state)
{
    apr_table_t *parameters = parse("a=1&b=x+y%20z&c&d=&%C3%A4=%c3%B6&a=2&&e==");
    (void)state;
    assert_string_equal(crm_parameters_get(parameters, "a"), "2");
    assert_string_equal(crm_parameters_get(parameters, "b"), "x y z");
    assert_string_equal(crm_parameters_get(parameters, "c"), "");
    assert_string_equal(crm_parameters_get(parameters, "d"), "");
    assert_string_equal(crm_parameters_get(parameters, "\xc3\xa4"), "\xc3\xb6");
    assert_string_equal(crm_parameters_get(parameters, "e"), "=");
    assert_null(crm_parameters_get(parameters, "A"));
    assert_int_equal(apr_table_elts(parameters)->nelts, 7);
    assert_int_equal(apr_table_elts(parse(""))->nelts, 0);
}

static void refuses_malformed_text(void **state)
{
    static const char *const texts[] = {"a=%",   "a=%2",   "a=%zz",       "a=%00", "a=%ff",
                                        "%80=x", "a=\xff", "a=%ED%A0%80", NULL};
    (void)state;
    for (int i = 0; texts[i]; i++) {
        apr_table_t *parameters;
        crm_error_t *error =
            crm_parameters_parse(call_pool(), texts[i], strlen(texts[i]), "form", &parameters);
        print_message("# %s\n", texts[i]);
        assert_non_null(error);
        assert_int_equal(error->kind, CRM_E_BAD_REQUEST);
    }
}

static void bounds_their_number(void **state)
{
    char text[2002];
    apr_table_t *parameters;
    (void)state;
    for (int i = 0; i < 2002; i += 2) {
        memcpy(text + i, "a&", 2);
    }
    assert_null(crm_parameters_parse(call_pool(), text, 2000, "form", &parameters));
    assert_int_equal(apr_table_elts(parameters)->nelts, 1000);
    assert_non_null(crm_parameters_parse(call_pool(), text, 2002, "form", &parameters));
}

static void encodes(void **state)
{
    (void)state;
    assert_string_equal(crm_parameters_encode(call_pool(), "/a b/\xc3\xa4?&%~", "/"),
                        "/a%20b/%C3%A4%3F%26%25~");
    assert_string_equal(crm_parameters_encode(call_pool(), "", ""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pairs),
        cmocka_unit_test(refuses_malformed_text),
        cmocka_unit_test(bounds_their_number),
        cmocka_unit_test(encodes),
    };
    return cmocka_run_group_tests_name("api/parameters", tests, NULL, NULL);
}
