/* t/unit/api/api_fixture.c - calls on a site of their own. */
#include <apr_strings.h>

#include "api_fixture.h"
#include "base/text.h"

crm_settings_t api_settings;

static int add_superuser(fixture_t *fixture)
{
    crm_accounts_t accounts = crm_accounts_of(fixture->site, fixture->pool, NULL);
    const crm_new_account_t input = {
        .username = "root",
        .email = "root@example.com",
        .first_name = "R",
        .last_name = "T",
        .password = "long enough",
        .is_superuser = 1,
    };
    crm_account_t *account;
    no_error(crm_account_create(&accounts, fixture->pool, &input, &account));
    return 0;
}

int api_begin(void **state)
{
    api_settings = call_settings();
    assert_int_equal(fixture_sqlite(state), 0);
    return add_superuser(*state);
}

int api_begin_mysql(void **state)
{
    api_settings = call_settings();
    assert_int_equal(fixture_mysql(state), 0);
    return *state ? add_superuser(*state) : 0;
}

call_t *api_call(void **state, const char *method, const char *url, const char *token,
                 const char *body)
{
    call_t *call = call_make(fixture_of(state)->site, &api_settings, method, url);
    if (token) {
        call_token(call, token);
    }
    if (body) {
        call_body(call, "application/json", body);
    }
    return call;
}

const char *api_register(void **state, const char *company)
{
    call_t *call =
        api_call(state, "POST", "/api/auth/register/", NULL,
                 apr_psprintf(call_pool(),
                              "{\"username\": \"ann\", \"email\": \"ann.%s@example.com\", "
                              "\"password\": \"long enough\", \"tenant_name\": \"%s\", "
                              "\"first_name\": \"Ann\", \"last_name\": \"Lee\"}",
                              crm_text_slug(call_pool(), company), company));
    call_expect(call, 201);
    return call_string(call, "token");
}

const char *api_login(void **state, const char *tenant, const char *username)
{
    call_t *call =
        api_call(state, "POST", "/api/auth/login/", NULL,
                 apr_psprintf(call_pool(), "{\"username\": \"%s\", \"password\": \"long enough\"}",
                              username));
    if (tenant) {
        call_header(call, "X-Tenant", tenant);
    }
    call_expect(call, 200);
    return call_string(call, "token");
}

const char *api_superuser(void **state)
{
    return api_login(state, NULL, "root");
}
