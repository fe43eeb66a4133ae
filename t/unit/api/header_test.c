/* t/unit/api/header_test.c - media types, their parameters, Accept. */
#include "api/header.h"
#include "call_fixture.h"

static void reads_types_and_parameters(void **state)
{
    apr_pool_t *pool = call_pool();
    const char *value =
        " Multipart/Form-Data ; charset=UTF-8; x=\"a\\\"b;c\\\\\"; Boundary = no; q";
    (void)state;
    assert_string_equal(crm_header_type(pool, value), "multipart/form-data");
    assert_string_equal(crm_header_type(pool, ""), "");
    assert_string_equal(crm_header_parameter(pool, value, "charset"), "UTF-8");
    assert_string_equal(crm_header_parameter(pool, value, "x"), "a\"b;c\\");
    assert_null(crm_header_parameter(pool, value, "boundary"));
    assert_null(crm_header_parameter(pool, value, "q"));
    assert_string_equal(crm_header_parameter(pool, "a; b=C:\\x", "b"), "C:\\x");
    assert_string_equal(crm_header_parameter(pool, "a; b=\"C:\\x", "b"), "C:\\x");
    assert_string_equal(crm_header_parameter(pool, "a;B=1;b=2", "b"), "1");
    assert_null(crm_header_parameter(pool, "a;b", "b"));
}

static void reads_accept(void **state)
{
    static const struct {
        const char *accept;
        unsigned accepts;
    } rows[] = {
        {NULL, CRM_ACCEPTS_JSON},
        {"", CRM_ACCEPTS_JSON},
        {"*/*", CRM_ACCEPTS_JSON},
        {"application/json", CRM_ACCEPTS_JSON},
        {"Application/JSON; indent=4", CRM_ACCEPTS_JSON},
        {"application/*;q=0.1", CRM_ACCEPTS_JSON},
        {"text/html, application/xhtml+xml, */*;q=0.8", CRM_ACCEPTS_JSON},
        {"application/problem+json", CRM_ACCEPTS_PROBLEM},
        {"application/problem+json, application/json", CRM_ACCEPTS_PROBLEM | CRM_ACCEPTS_JSON},
        {"application/problem+json;q=0, */*", CRM_ACCEPTS_JSON},
        {"text/html", 0},
        {"text/csv;header=\"application/json,*/*\"", 0},
        {"application/json;q=0", 0},
        {"application/json;q=0.000, */*", 0},
        {"*/*, application/json; q=0", 0},
        {"application/json;q=0.001", CRM_ACCEPTS_JSON},
        {"application/jsonp", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].accept ? rows[i].accept : "(none)");
        assert_int_equal(crm_header_accepts(rows[i].accept), rows[i].accepts);
    }
}

static void weighs_accept(void **state)
{
    static const struct {
        const char *accept, *type;
        int weight;
    } rows[] = {
        {NULL, "application/yaml", 1000},
        {" ", "application/yaml", 1000},
        {"application/yaml", "application/yaml", 1000},
        {"Application/YAML;q=0.75", "application/yaml", 750},
        {"application/yaml; charset=utf-8; q=0.001", "application/yaml", 1},
        {"application/*;q=0.5, */*;q=0.1", "application/yaml", 500},
        {"*/*;q=0.1, application/*;q=0.5", "text/csv", 100},
        {"*/*, application/yaml;q=0", "application/yaml", 0},
        {"text/*", "application/yaml", 0},
        {"application/yaml;q=nonsense", "application/yaml", 0},
        {"application/yaml;q=7", "application/yaml", 1000},
        {"application/yamls, application/yam", "application/yaml", 0},
        {"text/csv;header=\"a,application/yaml\"", "application/yaml", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].accept ? rows[i].accept : "(none)");
        assert_int_equal(crm_header_weight(rows[i].accept, rows[i].type), rows[i].weight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_types_and_parameters),
        cmocka_unit_test(reads_accept),
        cmocka_unit_test(weighs_accept),
    };
    return cmocka_run_group_tests_name("api/header", tests, NULL, NULL);
}
