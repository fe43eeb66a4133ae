/* api/registration.c - /auth/register/: a company, its database and its first admin at once. */
#include <string.h>

#include "api/account_fields.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/token.h"

static const crm_field_t fields[] = {
    CRM_FIELD_USERNAME,
    CRM_FIELD_EMAIL,
    CRM_FIELD_NEW_PASSWORD("password"),
    {.name = "password_confirm",
     .type = CRM_T_PASSWORD,
     .flags = CRM_F_SECRET,
     .help = "The password once more; may be left out."},
    {.name = "tenant_name",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED,
     .max_length = 100,
     .help = "The company's name, unique without regard to case and accents.",
     .example = "Acme Corp"},
    CRM_FIELD_FIRST_NAME,
    CRM_FIELD_LAST_NAME,
    {.name = NULL},
};

/* What the new tenant's database gets, and what came of it. */
typedef struct registration_t {
    crm_new_account_t admin;
    crm_token_life_t life;
    crm_account_t *account;
    const char *token;
} registration_t;

static crm_error_t *is_open(crm_request_t *request)
{
    return request->settings->registration
               ? NULL
               : crm_error_make(request->pool, CRM_E_FORBIDDEN, "Registration is closed.");
}

/* The account and its token: with the tenant, or not at all. */
static crm_error_t *fill(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                         const crm_db_t *db, void *baton)
{
    registration_t *registration = baton;
    crm_accounts_t accounts = {.site = site, .tenant = tenant, .db = db};
    CRM_ERR(crm_account_create(&accounts, pool, &registration->admin, &registration->account));
    return crm_token_issue(&accounts, pool, registration->account, &registration->life,
                           &registration->token);
}

static void answer_with(crm_request_t *request, const registration_t *registration,
                        crm_answer_t *answer)
{
    answer->json = crm_json_own(request->pool, json_object());
    json_object_set_new(
        answer->json, "user",
        crm_represent_account(request->pool, registration->account, request->tenant));
    json_object_set_new(answer->json, "token", json_string(registration->token));
    json_object_set_new(answer->json, "message", json_string("User registered successfully"));
}

/* Who registered is whom History names, in the new tenant. */
static void note_actor(crm_request_t *request, const registration_t *registration)
{
    request->actor = apr_pcalloc(request->pool, sizeof(*request->actor));
    request->actor->account = *registration->account;
    request->actor->tenant = request->tenant;
}

static crm_error_t *register_tenant(crm_request_t *request, const crm_values_t *values,
                                    crm_answer_t *answer)
{
    const char *password = crm_values_text(values, "password");
    const char *confirm = crm_values_text(values, "password_confirm");
    registration_t registration = {
        .admin = {.username = crm_values_text(values, "username"),
                  .email = crm_values_text(values, "email"),
                  .first_name = crm_values_text(values, "first_name"),
                  .last_name = crm_values_text(values, "last_name"),
                  .password = password,
                  .is_tenant_admin = 1},
        .life = {.lifetime = request->settings->token_lifetime,
                 .idle = request->settings->token_idle},
    };
    if (confirm && strcmp(confirm, password) != 0) {
        return crm_error_field(request->pool, "password_confirm", "Passwords do not match.");
    }
    CRM_ERR(crm_tenant_create(request->site, request->pool, crm_values_text(values, "tenant_name"),
                              "tenant_name", fill, &registration, &request->tenant));
    note_actor(request, &registration);
    answer_with(request, &registration, answer);
    return NULL;
}

const crm_route_t crm_registration_routes[] = {
    {
        .method = "POST",
        .pattern = "auth/register/",
        .access = CRM_ACCESS_ANYONE,
        .flags = CRM_ROUTE_SECRET | CRM_ROUTE_NO_TENANT,
        .gate = is_open,
        .body = fields,
        .result = &crm_session_entity,
        .handler = register_tenant,
        .summary = "Register a company with its first admin.",
        .status = 201,
        .statuses = (const int[]){403, 0},
        .description =
            "Makes the tenant, its database and its admin, all or nothing, and logs him in. 403 "
            "where `CrmRegistration` is off.",
    },
    {.method = NULL},
};
