/* t/unit/api/session_cookie_test.c - the login cookie: read out of headers, its CSRF token. */
#include "call_fixture.h"

#include "api/session_cookie.h"
#include "base/secret.h"

static const char *token_in(const char *cookie, const char *name)
{
    crm_settings_t settings = call_settings();
    apr_table_t *headers = apr_table_make(call_pool(), 1);
    settings.login_cookie.name = name;
    if (cookie) {
        apr_table_setn(headers, "Cookie", cookie);
    }
    return crm_session_cookie_token(call_pool(), headers, &settings);
}

static void finds_the_token(void **state)
{
    (void)state;
    assert_null(token_in(NULL, "crm"));
    assert_null(token_in("", "crm"));
    assert_null(token_in("crm=a", NULL));
    assert_string_equal(token_in("crm=a", "crm"), "a");
    assert_string_equal(token_in("crm=", "crm"), "");
    assert_string_equal(token_in("x=y; crm=a=b; z", "crm"), "a=b");
    assert_string_equal(token_in(";; \tcrm=a ;crm=b", "crm"), "a");
    assert_null(token_in("xcrm=a; crmx=b; crm", "crm"));
    assert_null(token_in("CRM=a", "crm"));
}

static crm_request_t request_with(crm_site_t *site, const crm_settings_t *settings,
                                  const char *method, const char *csrf)
{
    crm_request_t request = {.pool = call_pool(),
                             .site = site,
                             .settings = settings,
                             .method = method,
                             .headers = apr_table_make(call_pool(), 1)};
    if (csrf) {
        apr_table_setn(request.headers, "X-CSRFToken", csrf);
    }
    return request;
}

static void what_changes_something_needs_the_token(void **state)
{
    crm_settings_t settings = call_settings();
    crm_site_t site = {.pool = call_pool()}, other = {.pool = call_pool(), .key.bytes = {1}};
    const char *csrf, *theirs;
    (void)state;
    settings.login_cookie = (crm_login_cookie_t){.name = "crm", .path = "/", .same_site = "Lax"};
    settings.token_lifetime = apr_time_from_sec(60);
    assert_int_equal(crm_secret_init(), APR_SUCCESS);
    crm_request_t request = request_with(&other, &settings, "POST", NULL);
    crm_session_cookie_set(&request, request.headers, "token", &theirs);
    request = request_with(&site, &settings, "POST", NULL);
    crm_session_cookie_set(&request, request.headers, "token", &csrf);
    assert_string_not_equal(csrf, theirs);

    const struct {
        const char *method, *csrf, *token;
        int passes;
    } rows[] = {
        {"GET", NULL, "token", 1},     {"HEAD", NULL, "token", 1},
        {"OPTIONS", NULL, "token", 1}, {"PROPFIND", NULL, "token", 1},
        {"POST", NULL, "token", 0},    {"get", NULL, "token", 0},
        {"DELETE", "", "token", 0},    {"PUT", csrf, "token", 1},
        {"MKCOL", NULL, "token", 0},   {"POST", csrf, "another", 0},
        {"PATCH", theirs, "token", 0},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request = request_with(&site, &settings, rows[i].method, rows[i].csrf);
        crm_error_t *error = crm_session_cookie_check(&request, rows[i].token);
        assert_int_equal(error == NULL, rows[i].passes);
        assert_int_equal(request.is_forgeable, !rows[i].passes);
        if (error) {
            assert_int_equal(error->kind, CRM_E_FORBIDDEN);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_token),
        cmocka_unit_test(what_changes_something_needs_the_token),
    };
    return cmocka_run_group_tests_name("api/session_cookie", tests, NULL, NULL);
}
