/* t/unit/api/tenants_test.c - the platform's tenants: whole calls. */
#include <apr_strings.h>

#include "api_fixture.h"

#define TENANTS "/api/auth/tenants/"

static const char *url_of(const char *id)
{
    return apr_pstrcat(call_pool(), TENANTS, id, "/", NULL);
}

/* A new tenant's id. */
static const char *created(void **state, const char *name)
{
    call_t *call = api_call(state, "POST", TENANTS, api_superuser(state),
                            apr_psprintf(call_pool(), "{\"name\": \"%s\"}", name));
    call_expect(call, 201);
    return call_string(call, "id");
}

/* The id of the tenant that TOKEN is of. */
static const char *tenant_of(void **state, const char *token)
{
    call_t *call = api_call(state, "GET", "/api/auth/profile/", token, NULL);
    call_expect(call, 200);
    return call_string(call, "tenant.id");
}

static void creates_and_shows(void **state)
{
    const char *root = api_superuser(state);
    call_t *call = api_call(state, "POST", TENANTS, root, "{\"name\": \" M\xc3\xbcller \"}");
    call_expect(call, 201);
    assert_string_equal(call_string(call, "name"), "M\xc3\xbcller");
    const char *database = call_string(call, "database_name");
    assert_string_equal(database + strlen(database) - 7, "_muller");
    assert_int_equal(json_object_size(call->json), 6);
    assert_memory_equal(call_answer_header(call, "ETag"), "\"1-", 3);
    call_t *again = api_call(state, "GET", url_of(call_string(call, "id")), root, NULL);
    call_expect(again, 200);
    assert_true(json_equal(again->json, call->json));
    call = api_call(state, "POST", TENANTS, root, "{\"name\": \"MULLER\"}");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "name.0"), "A tenant with that name already exists.");
    call_expect(api_call(state, "GET", url_of("01234567-89ab-7cde-8f01-23456789abcd"), root, NULL),
                404);
}

static void lists(void **state)
{
    const char *root = api_superuser(state);
    created(state, "List one");
    created(state, "List two");
    call_t *call =
        api_call(state, "GET", TENANTS "?search=list&page_size=1&fields=name", root, NULL);
    call_expect(call, 200);
    assert_int_equal(json_integer_value(json_object_get(call->json, "count")), 2);
    assert_string_equal(call_string(call, "results.0.name"), "List two");
    assert_int_equal(json_object_size(json_array_get(json_object_get(call->json, "results"), 0)),
                     1);
    assert_string_equal(call_string(call, "next"), "http://crm.example.com" TENANTS
                                                   "?search=list&page_size=1&fields=name&page=2");
    call_t *same =
        api_call(state, "GET", TENANTS "?search=list&page_size=1&fields=name", root, NULL);
    call_header(same, "If-None-Match", call_answer_header(call, "ETag"));
    call_expect(same, 304);
    call = api_call(state, "GET", TENANTS "?colour=red", root, NULL);
    call_expect(call, 400);
    call_string(call, "colour.0");
    call = api_call(state, "GET", TENANTS "?page=99", root, NULL);
    call_expect(call, 404);
    assert_string_equal(call_string(call, "detail"), "Invalid page.");
}

static void an_admin_changes_his_own(void **state)
{
    const char *ann = api_register(state, "Ownership");
    const char *id = tenant_of(state, ann);
    const char *other = created(state, "Somebody else");
    call_t *call =
        api_call(state, "PATCH", url_of(id), ann, "{\"name\": \"Renamed\", \"is_active\": false}");
    call_expect(call, 200);
    assert_string_equal(call_string(call, "name"), "Renamed");
    assert_true(json_is_true(json_object_get(call->json, "is_active")));
    call_expect(api_call(state, "GET", url_of(id), ann, NULL), 200);
    call_expect(api_call(state, "DELETE", url_of(id), ann, NULL), 403);
    call_expect(api_call(state, "GET", url_of(other), ann, NULL), 403);
    call_expect(api_call(state, "PATCH", url_of(other), ann, "{\"name\": \"Mine\"}"), 403);
    call_expect(api_call(state, "GET", TENANTS, ann, NULL), 403);
    call_expect(api_call(state, "GET", url_of(id), NULL, NULL), 401);
}

static void deactivates(void **state)
{
    const char *root = api_superuser(state);
    const char *ann = api_register(state, "Ending");
    const char *id = tenant_of(state, ann);
    call_t *call = api_call(state, "DELETE", url_of(id), root, NULL);
    call_header(call, "If-Match", "\"9-x\"");
    call_expect(call, 412);
    call = api_call(state, "DELETE", url_of(id), root, NULL);
    call_header(call, "If-Match", "\"1-x\"");
    call_expect(call, 200);
    assert_string_equal(call_text(call), "{\"message\":\"Tenant soft-deleted\"}");
    call_expect(api_call(state, "GET", "/api/auth/profile/", ann, NULL), 401);
    call = api_call(state, "GET", "/api/auth/test/?tenant=ending", NULL, NULL);
    call_expect(call, 404);
    assert_string_equal(call_string(call, "detail"), "Tenant \"ending\" not found or not active");
    call = api_call(state, "PATCH", url_of(id), root, "{\"is_active\": true}");
    call_expect(call, 200);
    call_expect(api_call(state, "GET", "/api/auth/profile/", ann, NULL), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_and_shows),
        cmocka_unit_test(lists),
        cmocka_unit_test(an_admin_changes_his_own),
        cmocka_unit_test(deactivates),
    };
    int failed = cmocka_run_group_tests_name("api/tenants, sqlite3", tests, api_begin, fixture_end);
    return failed +
           cmocka_run_group_tests_name("api/tenants, mysql", tests, api_begin_mysql, fixture_end);
}
