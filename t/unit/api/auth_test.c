/* t/unit/api/auth_test.c - registration, login, profile, password, logout: whole calls.
 */
#include <apr_strings.h>

#include "api_fixture.h"

#define JSON "application/json"
#define UNKNOWN "Tenant \"nobody\" not found or not active"

static void api_is_working(void **state)
{
    call_t *call = api_call(state, "GET", "/api/auth/test/", "stale", NULL);
    call_expect(call, 200);
    assert_string_equal(call_text(call), "{\"message\":\"API is working!\"}");
    assert_string_equal(call->response.content_type, "application/json");
    assert_string_equal(call->request.history_response, call_text(call));
    assert_null(call->request.history_request);
    call = api_call(state, "GET", "/api/auth/test/?tenant=nobody", NULL, NULL);
    call_expect(call, 404);
    assert_string_equal(call_string(call, "detail"), UNKNOWN);
}

static void registers(void **state)
{
    call_t *call =
        api_call(state, "POST", "/api/auth/register/?a=b", "stale",
                 "{\"username\": \" joe \", \"email\": \"joe@example.com\", \"password\": "
                 "\"long enough\", \"password_confirm\": \"long enough\", \"tenant_name\": "
                 "\"Joe & Co\", \"first_name\": \"Joe\", \"last_name\": \"D\", "
                 "\"is_superuser\": true}");
    call_header(call, "X-Tenant", "nobody");
    call_expect(call, 201);
    assert_string_equal(call_string(call, "user.username"), "joe");
    assert_string_equal(call_string(call, "user.tenant.name"), "Joe & Co");
    assert_string_equal(call_string(call, "message"), "User registered successfully");
    json_t *user = json_object_get(call->json, "user");
    assert_int_equal(json_object_size(user), 9);
    assert_true(json_is_true(json_object_get(user, "is_tenant_admin")));
    assert_true(json_is_false(json_object_get(user, "is_superuser")));
    assert_string_equal(call_answer_header(call, "Cache-Control"), "no-store");
    /* secrets stay out of History, and the record is the new tenant's */
    crm_history_t record;
    crm_api_history(&call->request, 201, &record);
    assert_string_equal(record.slug, "joe_co");
    assert_string_equal(record.username, "joe");
    assert_string_equal(record.endpoint, "/api/auth/register/");
    assert_null(strstr(record.request_data, "long enough"));
    assert_non_null(strstr(record.request_data, "\"query\":{\"a\":\"b\"}"));
    assert_non_null(strstr(record.request_data, "\"password_confirm\":\"***\""));
    assert_null(strstr(record.response_data, call_string(call, "token")));
    assert_non_null(strstr(record.response_data, "joe@example.com"));
    call_t *profile =
        api_call(state, "GET", "/api/auth/profile/", call_string(call, "token"), NULL);
    call_expect(profile, 200);
    assert_true(json_equal(profile->json, user));
}

static void refuses_registrations(void **state)
{
    call_t *call =
        api_call(state, "POST", "/api/auth/register/", NULL, "{\"password\": \"short\"}");
    api_register(state, "Taken");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "username.0"), "This field is required.");
    assert_string_equal(call_string(call, "tenant_name.0"), "This field is required.");
    assert_string_equal(call_string(call, "password.0"),
                        "Ensure this field has at least 8 characters.");
    static const char *const whole =
        "{\"username\": \"ann\", \"email\": \"ann@example.com\", \"password\": \"long enough\", "
        "\"password_confirm\": \"%s\", \"tenant_name\": \"t\xc3\xa4KEN\", \"first_name\": \"A\", "
        "\"last_name\": \"L\"}";
    call = api_call(state, "POST", "/api/auth/register/", NULL,
                    apr_psprintf(call_pool(), whole, "other"));
    call_expect(call, 400);
    assert_string_equal(call_string(call, "password_confirm.0"), "Passwords do not match.");
    call = api_call(state, "POST", "/api/auth/register/", NULL,
                    apr_psprintf(call_pool(), whole, "long enough"));
    call_expect(call, 400);
    assert_string_equal(call_string(call, "tenant_name.0"),
                        "A tenant with that name already exists.");
    api_settings.registration = 0;
    call = api_call(state, "POST", "/api/auth/register/", NULL, "not even JSON");
    call_expect(call, 403);
    assert_string_equal(call_string(call, "detail"), "Registration is closed.");
    api_settings.registration = 1;
}

static call_t *login(void **state, const char *tenant, const char *username, const char *password)
{
    call_t *call =
        api_call(state, "POST", "/api/auth/login/", "stale",
                 apr_psprintf(call_pool(), "{\"username\": \"%s\", \"password\": \"%s\"}", username,
                              password));
    if (tenant) {
        call_header(call, "X-Tenant", tenant);
    }
    return call;
}

static void logs_in(void **state)
{
    api_register(state, "Logging");
    call_t *call = login(state, NULL, "ANN.logging@example.com", "long enough");
    call_expect(call, 200);
    assert_string_equal(call_string(call, "user.username"), "ann");
    assert_string_equal(call_string(call, "message"), "Login successful");
    assert_string_equal(call->request.actor->account.username, "ann");
    assert_null(strstr(call->request.history_response, call_string(call, "token")));
    call_t *profile = api_call(state, "GET", "/api/auth/profile/", NULL, NULL);
    call_header(profile, "Authorization",
                apr_pstrcat(call_pool(), "bearer ", call_string(call, "token"), NULL));
    call_expect(profile, 200);
    call = api_call(state, "POST", "/api/auth/login/?tenant=logging", NULL, NULL);
    call_body(call, "application/x-www-form-urlencoded", "username=ann&password=long+enough");
    call_expect(call, 200);
}

static void refuses_logins(void **state)
{
    api_register(state, "Refusing");
    call_t *call = login(state, "refusing", "ann", "wrong");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "non_field_errors.0"),
                        "Unable to log in with provided credentials.");
    call = login(state, "nobody", "ann", "long enough");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "non_field_errors.0"), UNKNOWN);
    for (int i = 0; i < 2; i++) {
        call_expect(login(state, "refusing", "ann", "wrong"), 400);
    }
    call = login(state, "refusing", "ann", "long enough");
    call_expect(call, 429);
    assert_non_null(call_answer_header(call, "Retry-After"));
    crm_history_t record;
    crm_api_history(&call->request, 429, &record);
    assert_string_equal(record.slug, "refusing");
    assert_null(record.username);
    assert_non_null(record.error_message);
}

static void updates_the_profile(void **state)
{
    const char *token = api_register(state, "Profile");
    call_t *call = api_call(state, "PATCH", "/api/auth/profile/update/", token, NULL);
    call_body(call, JSON, "{\"first_name\": \"Anna\", \"is_superuser\": true, \"tenant\": null}");
    call_expect(call, 200);
    assert_string_equal(call_string(call, "first_name"), "Anna");
    assert_string_equal(call_string(call, "last_name"), "Lee");
    assert_true(json_is_false(json_object_get(call->json, "is_superuser")));
    const char *tag = call_answer_header(call, "ETag");
    assert_memory_equal(tag, "\"2-", 3);
    call = api_call(state, "PUT", "/api/auth/profile/update/", token, NULL);
    call_body(call, JSON, "{\"first_name\": \"\"}");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "username.0"), "This field is required.");
    assert_string_equal(call_string(call, "first_name.0"), "This field may not be blank.");
    call = api_call(state, "PATCH", "/api/auth/profile/update/", token, NULL);
    call_body(call, JSON, "{\"last_name\": \"Li\"}");
    call_header(call, "If-Match", tag);
    call_expect(call, 200);
    call->request.authenticated = 0;
    call->sent = 0;
    call_expect(call, 412);
}

static void reads_the_profile(void **state)
{
    const char *token = api_register(state, "Reading");
    call_t *call = api_call(state, "GET", "/api/auth/profile/?fields=username,tenant", token, NULL);
    call_expect(call, 200);
    assert_int_equal(json_object_size(call->json), 2);
    const char *tag = call_answer_header(call, "ETag");
    call = api_call(state, "HEAD", "/api/auth/profile/?fields=username,tenant", token, NULL);
    call_header(call, "If-None-Match", tag);
    call_expect(call, 304);
    assert_null(call->response.body);
    assert_null(call->response.content_type);
    assert_string_equal(call_answer_header(call, "ETag"), tag);
    call = api_call(state, "GET", "/api/auth/profile/", token, NULL);
    call_header(call, "If-None-Match", tag);
    call_expect(call, 200);
    assert_string_not_equal(call_answer_header(call, "ETag"), tag);
    call = api_call(state, "GET", "/api/auth/profile/?fields=username,password", token, NULL);
    call_expect(call, 400);
    assert_string_equal(call_string(call, "fields.0"), "\"password\" is not a valid choice.");
}

static void changes_the_password(void **state)
{
    const char *token = api_register(state, "Password");
    call_t *call = login(state, "password", "ann", "long enough");
    call_expect(call, 200);
    const char *other = call_string(call, "token");
    call = api_call(state, "POST", "/api/auth/password/change/", token,
                    "{\"old_password\": \"wrong\", \"new_password\": \"longer still\"}");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "old_password.0"), "Wrong password.");
    call = api_call(state, "POST", "/api/auth/password/change/", token,
                    "{\"old_password\": \"long enough\", \"new_password\": \"longer still\"}");
    call_expect(call, 200);
    assert_null(strstr(call->request.history_request, "long"));
    call_expect(api_call(state, "GET", "/api/auth/profile/", token, NULL), 200);
    call_expect(api_call(state, "GET", "/api/auth/profile/", other, NULL), 401);
    call_expect(login(state, "password", "ann", "longer still"), 200);
}

static void logs_out(void **state)
{
    const char *token = api_register(state, "Leaving");
    call_t *call = login(state, "leaving", "ann", "long enough");
    call_expect(call, 200);
    const char *second = call_string(call, "token");
    call = api_call(state, "POST", "/api/auth/logout/", token, NULL);
    call_expect(call, 200);
    assert_string_equal(call_text(call), "{\"message\":\"Logout successful\"}");
    call_expect(api_call(state, "GET", "/api/auth/profile/", token, NULL), 401);
    call_expect(api_call(state, "GET", "/api/auth/profile/", second, NULL), 200);
    call = login(state, "leaving", "ann", "long enough");
    call_expect(call, 200);
    call_expect(api_call(state, "POST", "/api/auth/logout/", second, "{\"all\": true}"), 200);
    call_expect(api_call(state, "GET", "/api/auth/profile/", call_string(call, "token"), NULL),
                401);
}

static void refuses_credentials(void **state)
{
    static const struct {
        const char *header;
        int status;
        const char *detail;
    } rows[] = {
        {NULL, 401, "Authentication credentials were not provided."},
        {"Basic YTpi", 401, "Authentication credentials were not provided."},
        {"Token", 401, "Invalid token header. No credentials provided."},
        {"Token  a b", 401, "Invalid token header. Token string should not contain spaces."},
        {"Token abc", 401, "Invalid token."},
        {"Bearer 0123456789012345678901234567890123456789", 401, "Invalid token."},
        {"Token \xff", 400, "The Authorization header is not valid UTF-8."},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        call_t *call = api_call(state, "GET", "/api/auth/profile/", NULL, NULL);
        if (rows[i].header) {
            call_header(call, "Authorization", rows[i].header);
        }
        call_expect(call, rows[i].status);
        assert_string_equal(call_string(call, "detail"), rows[i].detail);
        assert_int_equal(call_answer_header(call, "WWW-Authenticate") != NULL,
                         rows[i].status == 401);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(api_is_working),
        cmocka_unit_test(registers),
        cmocka_unit_test(refuses_registrations),
        cmocka_unit_test(logs_in),
        cmocka_unit_test(refuses_logins),
        cmocka_unit_test(updates_the_profile),
        cmocka_unit_test(reads_the_profile),
        cmocka_unit_test(changes_the_password),
        cmocka_unit_test(logs_out),
        cmocka_unit_test(refuses_credentials),
    };
    int failed = cmocka_run_group_tests_name("api/auth, sqlite3", tests, api_begin, fixture_end);
    return failed +
           cmocka_run_group_tests_name("api/auth, mysql", tests, api_begin_mysql, fixture_end);
}
