/* t/unit/api/users_test.c - the users of a tenant: whole calls. */
#include <apr_strings.h>

#include "api_fixture.h"

#define USERS "/api/auth/tenant/users/"

static const char *url_of(apr_int64_t id)
{
    return apr_psprintf(call_pool(), USERS "%" APR_INT64_T_FMT "/", id);
}

static apr_int64_t id_of(const call_t *call)
{
    return json_integer_value(json_object_get(call->json, "id"));
}

/* A new user's id; his password is "long enough". */
static apr_int64_t created(void **state, const char *token, const char *username)
{
    call_t *call =
        api_call(state, "POST", USERS "create/", token,
                 apr_psprintf(call_pool(),
                              "{\"username\": \"%s\", \"email\": \"%s@example.com\", \"password\": "
                              "\"long enough\", \"first_name\": \"F\", \"last_name\": \"L\", "
                              "\"is_tenant_admin\": true}",
                              username, username));
    call_expect(call, 201);
    assert_true(json_is_false(json_object_get(call->json, "is_tenant_admin")));
    assert_null(strstr(call->request.history_request, "long enough"));
    return id_of(call);
}

static void creates_lists_and_shows(void **state)
{
    const char *ann = api_register(state, "Users");
    apr_int64_t id = created(state, ann, "bob");
    call_t *call = api_call(state, "GET", url_of(id), ann, NULL);
    call_expect(call, 200);
    assert_string_equal(call_string(call, "username"), "bob");
    assert_string_equal(call_string(call, "tenant.name"), "Users");
    call_t *list = api_call(state, "GET", USERS "?ordering=username", ann, NULL);
    call_expect(list, 200);
    assert_int_equal(json_integer_value(json_object_get(list->json, "count")), 2);
    assert_true(json_equal(json_array_get(json_object_get(list->json, "results"), 1), call->json));
    call = api_call(state, "GET", USERS "?search=BOB&tenant=users", ann, NULL);
    call_expect(call, 200);
    assert_int_equal(json_integer_value(json_object_get(call->json, "count")), 1);
    call = api_call(state, "POST", USERS "create/", ann,
                    "{\"username\": \"BOB\", \"email\": \"Bob@example.com\", \"password\": "
                    "\"long enough\", \"first_name\": \"F\", \"last_name\": \"L\"}");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "username.0"),
                        "A user with that username already exists in this tenant.");
    call_string(call, "email.0");
}

static void changes(void **state)
{
    const char *ann = api_register(state, "Changes");
    apr_int64_t id = created(state, ann, "bob");
    call_t *call = api_call(state, "PATCH", url_of(id), ann,
                            "{\"email\": \"new@example.com\", \"is_tenant_admin\": true}");
    call_header(call, "If-Match", "\"1-x\"");
    call_expect(call, 200);
    assert_string_equal(call_string(call, "email"), "new@example.com");
    assert_true(json_is_true(json_object_get(call->json, "is_tenant_admin")));
    call = api_call(state, "PATCH", url_of(id), ann, "{\"is_tenant_admin\": false}");
    call_header(call, "If-Match", "\"1-x\"");
    call_expect(call, 412);
    call = api_call(state, "PATCH", url_of(id), ann,
                    "{\"is_tenant_admin\": \"maybe\", \"email\": \"x\"}");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "is_tenant_admin.0"), "Must be a valid boolean.");
    assert_string_equal(call_string(call, "email.0"), "Enter a valid email address.");
}

static void disables(void **state)
{
    const char *ann = api_register(state, "Disabling");
    apr_int64_t id = created(state, ann, "bob");
    const char *bob = api_login(state, "disabling", "bob");
    call_t *call = api_call(state, "DELETE", url_of(id), ann, NULL);
    call_expect(call, 200);
    assert_string_equal(call_text(call), "{\"message\":\"User disabled\"}");
    call_expect(api_call(state, "GET", "/api/auth/profile/", bob, NULL), 401);
    call = api_call(state, "GET", "/api/auth/profile/", ann, NULL);
    call_expect(call, 200);
    call = api_call(state, "DELETE", url_of(id_of(call)), ann, NULL);
    call_expect(call, 400);
    assert_string_equal(call_string(call, "non_field_errors.0"),
                        "The last admin of a tenant cannot be disabled or demoted.");
}

static void only_for_admins_and_superusers(void **state)
{
    const char *root = api_superuser(state);
    const char *ann = api_register(state, "Rights");
    const char *eve = api_register(state, "Others");
    apr_int64_t id = created(state, ann, "bob");
    const char *bob = api_login(state, "rights", "bob");
    call_expect(api_call(state, "GET", USERS, bob, NULL), 403);
    call_expect(api_call(state, "GET", url_of(id), bob, NULL), 403);
    call_expect(api_call(state, "GET", USERS, NULL, NULL), 401);
    /* ids are a tenant's own */
    call_expect(api_call(state, "GET", url_of(id), eve, NULL), 404);
    call_expect(api_call(state, "DELETE", url_of(id), eve, NULL), 404);
    call_t *call = api_call(state, "GET", USERS, root, NULL);
    call_expect(call, 400);
    assert_string_equal(call_string(call, "detail"), "A tenant must be named.");
    call = api_call(state, "GET", USERS "?tenant=rights", root, NULL);
    call_expect(call, 200);
    assert_int_equal(json_integer_value(json_object_get(call->json, "count")), 2);
    crm_history_t record;
    crm_api_history(&call->request, 200, &record);
    assert_string_equal(record.slug, "rights");
    assert_true(record.user_is_platform);
    assert_string_equal(record.route, USERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_lists_and_shows),
        cmocka_unit_test(changes),
        cmocka_unit_test(disables),
        cmocka_unit_test(only_for_admins_and_superusers),
    };
    int failed = cmocka_run_group_tests_name("api/users, sqlite3", tests, api_begin, fixture_end);
    return failed +
           cmocka_run_group_tests_name("api/users, mysql", tests, api_begin_mysql, fixture_end);
}
