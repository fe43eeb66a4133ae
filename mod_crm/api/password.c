/* api/password.c - /auth/password/forgot/ and /reset/: a new password for who has lost his. */
#include <apr_strings.h>

#include "api/account_fields.h"
#include "api/languages.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/password_reset.h"

static const crm_field_t forgot_fields[] = {
    {.name = "email",
     .type = CRM_T_EMAIL,
     .flags = CRM_F_REQUIRED,
     .max_length = 254,
     .help = "The e-mail address of the account."},
    {.name = NULL},
};

static const crm_field_t reset_fields[] = {
    {.name = "email",
     .type = CRM_T_EMAIL,
     .flags = CRM_F_REQUIRED,
     .max_length = 254,
     .help = "The e-mail address of the account."},
    {.name = "otp",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED | CRM_F_SECRET,
     .max_length = 32,
     .help = "The code from the mail.",
     .example = "271828"},
    CRM_FIELD_NEW_PASSWORD("new_password"),
    {.name = NULL},
};

static crm_error_t *message(crm_request_t *request, crm_answer_t *answer, const char *text)
{
    answer->json = crm_json_own(request->pool, crm_represent_message(text));
    return NULL;
}

static crm_login_limit_t limit_of(const crm_settings_t *settings)
{
    return (crm_login_limit_t){
        .account = settings->login_limit.account,
        .address = settings->login_limit.address,
        .window = settings->login_limit.window,
    };
}

static crm_error_t *forgot(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_forgot_t input = {
        .email = crm_values_text(values, "email"),
        .tenant = request->tenant,
        .address = request->address,
        .languages = crm_languages_accepted(request->pool,
                                            apr_table_get(request->headers, "Accept-Language")),
        .limit = limit_of(request->settings),
    };
    CRM_ERR(crm_password_forgot(request->site, request->pool, &input));
    return message(request, answer, "OTP has been sent.");
}

static crm_error_t *reset(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_reset_t input = {
        .email = crm_values_text(values, "email"),
        .code = crm_values_text(values, "otp"),
        .new_password = crm_values_text(values, "new_password"),
        .tenant = request->tenant,
        .address = request->address,
        .limit = limit_of(request->settings),
    };
    crm_account_t *account;
    const crm_tenant_t *tenant;
    CRM_ERR(crm_password_reset(request->site, request->pool, &input, &account, &tenant));
    /* whose password it was is whom History names */
    request->actor = apr_pcalloc(request->pool, sizeof(*request->actor));
    request->actor->account = *account;
    if (tenant) {
        request->actor->tenant = apr_pmemdup(request->pool, tenant, sizeof(*tenant));
    }
    return message(request, answer, "Password has been reset successfully");
}

const crm_route_t crm_password_routes[] = {
    {
        .method = "POST",
        .pattern = "auth/password/forgot/",
        .access = CRM_ACCESS_ANYONE,
        .flags = CRM_ROUTE_SECRET | CRM_ROUTE_TENANT_FIELD,
        .body = forgot_fields,
        .result = &crm_message_entity,
        .handler = forgot,
        .summary = "Have a code for a new password mailed.",
        .statuses = (const int[]){429, 0},
        .description = "The answer is the same whether there is such an account or not.",
    },
    {
        .method = "POST",
        .pattern = "auth/password/reset/",
        .access = CRM_ACCESS_ANYONE,
        .flags = CRM_ROUTE_SECRET | CRM_ROUTE_TENANT_FIELD,
        .body = reset_fields,
        .result = &crm_message_entity,
        .handler = reset,
        .summary = "Set a new password by a mailed code; all sessions of the account end.",
        .statuses = (const int[]){429, 0},
        .description = "A code is good for 10 minutes and 5 tries.",
    },
    {.method = NULL},
};
