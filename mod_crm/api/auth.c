/* api/auth.c - /auth/: test, login, logout, the caller's own profile and password. */
#include <string.h>

#include "api/account_fields.h"
#include "api/conditional.h"
#include "api/origin.h"
#include "api/represent.h"
#include "api/routes.h"
#include "api/session_cookie.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/login.h"
#include "service/mail_template.h"

static const crm_field_t login_fields[] = {
    {.name = "username",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED,
     .max_length = 254,
     .help = "The user name or the e-mail address.",
     .example = "ada"},
    {.name = "password",
     .type = CRM_T_PASSWORD,
     .flags = CRM_F_REQUIRED | CRM_F_SECRET,
     .help = "The password."},
    {.name = "cookie",
     .type = CRM_T_BOOLEAN,
     .help = "Whether to set a login cookie in place of giving the token away: for browsers."},
    {.name = NULL},
};

static const crm_field_t logout_fields[] = {
    {.name = "all",
     .type = CRM_T_BOOLEAN,
     .help = "Whether to end every session of the account; else this one alone."},
    {.name = NULL},
};

static const crm_field_t profile_fields[] = {
    CRM_FIELD_USERNAME,
    CRM_FIELD_EMAIL,
    CRM_FIELD_FIRST_NAME,
    CRM_FIELD_LAST_NAME,
    {.name = "language",
     .type = CRM_T_TEXT,
     .flags = CRM_F_BLANK,
     .max_length = 3,
     .help = "The language of mails to the caller (\"de\"); \"\" for none in particular.",
     .pattern = "^([a-z]{2,3})?$",
     .example = "de"},
    {.name = NULL},
};

static const crm_field_t password_fields[] = {
    {.name = "old_password",
     .type = CRM_T_PASSWORD,
     .flags = CRM_F_REQUIRED | CRM_F_SECRET,
     .help = "The password until now."},
    CRM_FIELD_NEW_PASSWORD("new_password"),
    {.name = NULL},
};

static crm_error_t *message(crm_request_t *request, crm_answer_t *answer, const char *text)
{
    answer->json = crm_json_own(request->pool, crm_represent_message(text));
    return NULL;
}

static crm_error_t *test(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    (void)values;
    return message(request, answer, "API is working!");
}

static crm_login_limit_t limit_of(const crm_settings_t *settings)
{
    return (crm_login_limit_t){
        .account = settings->login_limit.account,
        .address = settings->login_limit.address,
        .window = settings->login_limit.window,
    };
}

/* Who logged in is whom History names. */
static void note_actor(crm_request_t *request, const crm_logged_in_t *logged_in)
{
    request->actor = apr_pcalloc(request->pool, sizeof(*request->actor));
    request->actor->account = logged_in->account;
    request->actor->tenant = logged_in->tenant;
}

static int is_true(const crm_values_t *values, const char *name)
{
    crm_value_t value = crm_values_get(values, name);
    return value.kind == CRM_V_BOOLEAN && value.as.integer;
}

/* Another site's page must not log its visitor in to an account of its own. */
static crm_error_t *check_cookie(crm_request_t *request)
{
    return request->settings->login_cookie.name
               ? crm_origin_check(request)
               : crm_error_field(request->pool, "cookie", "Login cookies are switched off.");
}

/* The token itself, or cookies: a script of the page shall not have what the cookie hides. */
static void give_token(const crm_request_t *request, crm_answer_t *answer, const char *token,
                       int as_cookie)
{
    const char *csrf;
    json_object_set_new(answer->json, "token", json_string(as_cookie ? "" : token));
    if (as_cookie) {
        crm_session_cookie_set(request, answer->headers, token, &csrf);
        json_object_set_new(answer->json, "csrf_token", json_string(csrf));
    }
}

static crm_error_t *login(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    apr_pool_t *pool = request->pool;
    const crm_settings_t *settings = request->settings;
    const crm_login_t input = {
        .login = crm_values_text(values, "username"),
        .password = crm_values_text(values, "password"),
        .tenant = request->tenant,
        .address = request->address,
        .life = {.lifetime = settings->token_lifetime, .idle = settings->token_idle},
        .limit = limit_of(settings),
    };
    crm_logged_in_t logged_in;
    if (is_true(values, "cookie")) {
        CRM_ERR(check_cookie(request));
    }
    CRM_ERR(crm_login(request->site, pool, &input, &logged_in));
    note_actor(request, &logged_in);
    answer->json = crm_json_own(pool, json_object());
    json_object_set_new(answer->json, "user",
                        crm_represent_account(pool, &logged_in.account, logged_in.tenant));
    give_token(request, answer, logged_in.token, is_true(values, "cookie"));
    json_object_set_new(answer->json, "message", json_string("Login successful"));
    return NULL;
}

static crm_error_t *logout(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    CRM_ERR(crm_token_revoke(request->site, request->pool, request->actor, is_true(values, "all")));
    crm_session_cookie_end(request, answer->headers);
    return message(request, answer, "Logout successful");
}

static crm_error_t *profile(crm_request_t *request, const crm_values_t *values,
                            crm_answer_t *answer)
{
    const crm_actor_t *actor = request->actor;
    (void)values;
    answer->version = actor->account.version;
    answer->json = crm_json_own(
        request->pool, crm_represent_account(request->pool, &actor->account, actor->tenant));
    return NULL;
}

static crm_error_t *profile_update(crm_request_t *request, const crm_values_t *values,
                                   crm_answer_t *answer)
{
    crm_actor_t *actor = request->actor;
    crm_accounts_t accounts = crm_accounts_of(request->site, request->pool, actor->tenant);
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    change.username = crm_values_text(values, "username");
    change.email = crm_values_text(values, "email");
    change.first_name = crm_values_text(values, "first_name");
    change.last_name = crm_values_text(values, "last_name");
    change.language = crm_values_text(values, "language");
    if (change.language && *change.language && !crm_mail_is_language(change.language)) {
        return crm_error_field(request->pool, "language", "\"%s\" is not a valid choice.",
                               change.language);
    }
    CRM_ERR(crm_if_match(request, actor->account.version, &change.if_version));
    CRM_ERR(crm_account_update(&accounts, request->pool, &actor->account, &change));
    return profile(request, values, answer);
}

static crm_error_t *password_change(crm_request_t *request, const crm_values_t *values,
                                    crm_answer_t *answer)
{
    const crm_actor_t *actor = request->actor;
    crm_accounts_t accounts = crm_accounts_of(request->site, request->pool, actor->tenant);
    const crm_login_limit_t limit = limit_of(request->settings);
    const crm_password_change_t change = {
        .old_password = crm_values_text(values, "old_password"),
        .new_password = crm_values_text(values, "new_password"),
        .keep = actor->token_hash,
        .limit = &limit,
    };
    CRM_ERR(crm_account_change_password(&accounts, request->pool, &actor->account, &change));
    return message(request, answer, "Password changed successfully");
}

const crm_route_t crm_auth_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/test/",
        .access = CRM_ACCESS_ANYONE,
        .result = &crm_message_entity,
        .handler = test,
        .summary = "Tell that the API answers.",
    },
    {
        .method = "POST",
        .pattern = "auth/login/",
        .access = CRM_ACCESS_ANYONE,
        .flags = CRM_ROUTE_SECRET | CRM_ROUTE_TENANT_FIELD,
        .body = login_fields,
        .result = &crm_session_entity,
        .handler = login,
        .summary = "Log in: a name or e-mail address and a password become a token.",
        .statuses = (const int[]){429, 0},
        .description =
            "Whoever has an account in several tenants names one, unless the password tells which. "
            "Failed attempts are counted by account and by address (`CrmLoginLimit`); too many of "
            "them are 429.",
    },
    {
        .method = "POST",
        .pattern = "auth/logout/",
        .access = CRM_ACCESS_USER,
        .body = logout_fields,
        .result = &crm_message_entity,
        .handler = logout,
        .summary = "End this session, or all of the account.",
    },
    {
        .method = "GET",
        .pattern = "auth/profile/",
        .access = CRM_ACCESS_USER,
        .result = &crm_account_entity,
        .handler = profile,
        .summary = "Show the caller's account.",
    },
    {
        .method = "PUT",
        .pattern = "auth/profile/update/",
        .access = CRM_ACCESS_USER,
        .body = profile_fields,
        .result = &crm_account_entity,
        .handler = profile_update,
        .summary = "Replace what the caller may change of his account.",
    },
    {
        .method = "PATCH",
        .pattern = "auth/profile/update/",
        .access = CRM_ACCESS_USER,
        .flags = CRM_ROUTE_PARTIAL,
        .body = profile_fields,
        .result = &crm_account_entity,
        .handler = profile_update,
        .summary = "Change some of what the caller may change of his account.",
    },
    {
        .method = "POST",
        .pattern = "auth/password/change/",
        .access = CRM_ACCESS_USER,
        .flags = CRM_ROUTE_SECRET,
        .body = password_fields,
        .result = &crm_message_entity,
        .handler = password_change,
        .summary = "Change the caller's password; his other sessions end.",
        .statuses = (const int[]){429, 0},
        .description = "A wrong old password counts as a failed login (`CrmLoginLimit`).",
    },
    {.method = NULL},
};
