/* t/unit/api/cors_test.c - pages of other origins. */
#include "call_fixture.h"

static crm_settings_t settings_for(const char *a, const char *b)
{
    crm_settings_t settings = call_settings();
    settings.cors.origins = apr_array_make(call_pool(), 2, sizeof(const char *));
    APR_ARRAY_PUSH(settings.cors.origins, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(settings.cors.origins, const char *) = b;
    }
    settings.cors.methods = "GET, POST";
    settings.cors.headers = "Authorization, Content-Type";
    settings.cors.credentials = 1;
    settings.cors.max_age = apr_time_from_sec(600);
    return settings;
}

static call_t *from(const crm_settings_t *settings, const char *method, const char *origin)
{
    call_t *call = call_make(NULL, settings, method, "/api/auth/profile/");
    call_header(call, "Origin", origin);
    return call;
}

static call_t *preflight(const crm_settings_t *settings, const char *origin)
{
    call_t *call = from(settings, "OPTIONS", origin);
    call_header(call, "Access-Control-Request-Method", "GET");
    return call;
}

static void preflight_of_an_allowed_origin(void **state)
{
    crm_settings_t settings = settings_for("https://a.example", "https://b.example");
    call_t *call = preflight(&settings, "https://b.example");
    (void)state;
    call_expect(call, 200);
    assert_null(call->response.content_type);
    assert_string_equal(call_answer_header(call, "Access-Control-Allow-Origin"),
                        "https://b.example");
    assert_string_equal(call_answer_header(call, "Access-Control-Allow-Credentials"), "true");
    assert_string_equal(call_answer_header(call, "Access-Control-Allow-Methods"), "GET, POST");
    assert_string_equal(call_answer_header(call, "Access-Control-Allow-Headers"),
                        "Authorization, Content-Type");
    assert_string_equal(call_answer_header(call, "Access-Control-Max-Age"), "600");
    assert_non_null(strstr(call_answer_header(call, "Vary"), "Origin"));
}

static void preflight_of_a_stranger(void **state)
{
    crm_settings_t settings = settings_for("https://a.example", NULL);
    call_t *call = preflight(&settings, "https://evil.example");
    (void)state;
    call_expect(call, 200);
    assert_null(call_answer_header(call, "Access-Control-Allow-Origin"));
    assert_null(call_answer_header(call, "Access-Control-Allow-Methods"));
}

static void answers_errors_too(void **state)
{
    crm_settings_t settings = settings_for("https://a.example", NULL);
    call_t *call = from(&settings, "GET", "https://a.example");
    (void)state;
    call_expect(call, 401);
    assert_string_equal(call_answer_header(call, "Access-Control-Allow-Origin"),
                        "https://a.example");
    assert_string_equal(call_answer_header(call, "Vary"), "Accept, Authorization, Cookie, Origin");
    assert_non_null(strstr(call_answer_header(call, "Access-Control-Expose-Headers"), "ETag"));
    call = from(&settings, "GET", "https://evil.example");
    call_expect(call, 401);
    assert_null(call_answer_header(call, "Access-Control-Allow-Origin"));
    assert_string_equal(call_answer_header(call, "Vary"), "Accept, Authorization, Cookie, Origin");
}

static void any_origin_never_with_credentials(void **state)
{
    crm_settings_t settings = settings_for("*", NULL);
    call_t *call = from(&settings, "GET", "https://a.example");
    (void)state;
    call_expect(call, 401);
    assert_string_equal(call_answer_header(call, "Access-Control-Allow-Origin"), "*");
    assert_null(call_answer_header(call, "Access-Control-Allow-Credentials"));
}

static void off_until_configured(void **state)
{
    crm_settings_t settings = call_settings();
    call_t *call = from(&settings, "GET", "https://a.example");
    (void)state;
    call_expect(call, 401);
    assert_null(call_answer_header(call, "Access-Control-Allow-Origin"));
    assert_string_equal(call_answer_header(call, "Vary"), "Accept, Authorization, Cookie");
    /* a preflight is an OPTIONS as any other */
    call = preflight(&settings, "https://a.example");
    call_expect(call, 200);
    assert_string_equal(call_answer_header(call, "Allow"), "GET, HEAD, OPTIONS");
    assert_null(call_answer_header(call, "Access-Control-Allow-Methods"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preflight_of_an_allowed_origin),
        cmocka_unit_test(preflight_of_a_stranger),
        cmocka_unit_test(answers_errors_too),
        cmocka_unit_test(any_origin_never_with_credentials),
        cmocka_unit_test(off_until_configured),
    };
    return cmocka_run_group_tests_name("api/cors", tests, NULL, NULL);
}
