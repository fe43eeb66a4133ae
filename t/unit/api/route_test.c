/* t/unit/api/route_test.c - paths find their rows. */
#include <apr_strings.h>

#include "api/route.h"
#include "call_fixture.h"

#define UUID "01234567-89ab-7cde-8f01-23456789abcd"

typedef struct row_t {
    const char *method, *path;
    const char *pattern;   /* NULL: none */
    const char *parameter; /* the first, or NULL */
    const char *allow;     /* NULL: the path is unknown */
} row_t;

static const row_t rows[] = {
    {"GET", "auth/test/", "auth/test/", NULL, NULL},
    {"POST", "auth/login/", "auth/login/", NULL, NULL},
    {"GET", "auth/tenants/", "auth/tenants/", NULL, NULL},
    {"GET", "auth/tenants/" UUID "/", "auth/tenants/{uuid}/", UUID, NULL},
    {"PATCH", "auth/tenant/users/17/", "auth/tenant/users/{id}/", "17", NULL},
    {"PUT", "auth/test/", NULL, NULL, "GET, HEAD, OPTIONS"},
    {"OPTIONS", "auth/tenants/", NULL, NULL, "GET, POST, HEAD, OPTIONS"},
    {"POST", "auth/tenants/" UUID "/", NULL, NULL, "GET, PATCH, DELETE, HEAD, OPTIONS"},
    {"GET", "auth/tenants/" UUID "x/", NULL, NULL, NULL},
    {"GET", "auth/tenants/01234567x89ab-7cde-8f01-23456789abcd/", NULL, NULL, NULL},
    {"GET", "auth/tenant/users/x/", NULL, NULL, NULL},
    {"GET", "auth/tenant/users/9999999999999999999/", NULL, NULL, NULL},
    {"GET", "auth/tenant/users//", NULL, NULL, NULL},
    {"GET", "auth/test", NULL, NULL, NULL},
    {"GET", "auth/test/x/", NULL, NULL, NULL},
    {"GET", "auth/tes", NULL, NULL, NULL},
    {"GET", "", NULL, NULL, NULL},
};

static void finds_rows(void **state)
{
    (void)state;
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const crm_route_t *route = NULL;
        const char *parameters[CRM_MAX_PARAMETERS] = {NULL}, *allow = NULL;
        crm_error_t *error =
            crm_route_find(call_pool(), rows[i].method, rows[i].path, &route, parameters, &allow);
        print_message("# %s %s\n", rows[i].method, rows[i].path);
        if (rows[i].pattern) {
            assert_null(error);
            assert_string_equal(route->pattern, rows[i].pattern);
            assert_string_equal(parameters[0] ? parameters[0] : "-",
                                rows[i].parameter ? rows[i].parameter : "-");
            continue;
        }
        assert_null(route);
        assert_non_null(error);
        assert_int_equal(error->kind, rows[i].allow ? CRM_E_METHOD : CRM_E_NOT_FOUND);
        if (rows[i].allow) {
            assert_string_equal(allow, rows[i].allow);
            assert_string_equal(
                error->detail,
                apr_psprintf(call_pool(), "Method \"%s\" not allowed.", rows[i].method));
        }
    }
}

static void rows_are_complete(void **state)
{
    (void)state;
    assert_null(crm_route_check(call_pool()));
}

static void patterns_for_history(void **state)
{
    const crm_route_t one = {.pattern = "leads/{uuid}/"};
    const crm_route_t two = {.pattern = "a/{uuid}/b/{uuid}/c/{id}/{text}/"};
    (void)state;
    assert_string_equal(crm_route_pattern(call_pool(), "/api/", &one), "/api/leads/{id}/");
    assert_string_equal(crm_route_pattern(call_pool(), "/x/", &two),
                        "/x/a/{id}/b/{id}/c/{id}/{text}/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_rows),
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(patterns_for_history),
    };
    return cmocka_run_group_tests_name("api/route", tests, NULL, NULL);
}
