/* api/users.c - /auth/tenant/users/: the accounts of one tenant. */
#include <apr_strings.h>

#include "api/account_fields.h"
#include "api/conditional.h"
#include "api/page.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"

static const crm_field_t create_fields[] = {
    CRM_FIELD_USERNAME,   CRM_FIELD_EMAIL,     CRM_FIELD_NEW_PASSWORD("password"),
    CRM_FIELD_FIRST_NAME, CRM_FIELD_LAST_NAME, {.name = NULL},
};

static const crm_field_t update_fields[] = {
    CRM_FIELD_USERNAME,
    CRM_FIELD_EMAIL,
    CRM_FIELD_FIRST_NAME,
    CRM_FIELD_LAST_NAME,
    {.name = "is_tenant_admin",
     .type = CRM_T_BOOLEAN,
     .help = "Whether the account may do everything in its tenant."},
    {.name = "is_active",
     .type = CRM_T_BOOLEAN,
     .help = "Whether the account can be used; false ends its tokens."},
    {.name = NULL},
};

static crm_accounts_t accounts_of(const crm_request_t *request)
{
    return crm_accounts_of(request->site, request->pool, request->tenant);
}

static crm_error_t *find(crm_request_t *request, const crm_accounts_t *accounts,
                         crm_account_t **ret_account)
{
    return crm_account_get(accounts, request->pool, apr_atoi64(request->parameters[0]),
                           ret_account);
}

static crm_error_t *answer_account(crm_request_t *request, const crm_account_t *account,
                                   crm_answer_t *answer)
{
    answer->version = account->version;
    answer->json =
        crm_json_own(request->pool, crm_represent_account(request->pool, account, request->tenant));
    return NULL;
}

static json_t *row_json(crm_request_t *request, const crm_value_t *row, void *baton)
{
    return crm_represent_account_row(request->pool, row, baton);
}

static crm_error_t *list(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    const crm_page_t page = {
        .db = accounts.db,
        .entity = &crm_account_entity,
        .row = row_json,
        .baton = crm_json_own(request->pool, crm_represent_tenant(request->pool, request->tenant)),
    };
    (void)values;
    return crm_page_answer(request, &page, answer);
}

static crm_error_t *create(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    const crm_new_account_t input = {
        .username = crm_values_text(values, "username"),
        .email = crm_values_text(values, "email"),
        .first_name = crm_values_text(values, "first_name"),
        .last_name = crm_values_text(values, "last_name"),
        .password = crm_values_text(values, "password"),
    };
    crm_account_t *account;
    CRM_ERR(crm_account_create(&accounts, request->pool, &input, &account));
    return answer_account(request, account, answer);
}

static crm_error_t *get(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_account_t *account;
    (void)values;
    CRM_ERR(find(request, &accounts, &account));
    return answer_account(request, account, answer);
}

/* A boolean as a change has it: -1 where it was not sent. */
static int flag_of(const crm_values_t *values, const char *name)
{
    crm_value_t value = crm_values_get(values, name);
    return crm_is_null(value) ? -1 : value.as.integer != 0;
}

static crm_error_t *update(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_account_change_t change = {
        .username = crm_values_text(values, "username"),
        .email = crm_values_text(values, "email"),
        .first_name = crm_values_text(values, "first_name"),
        .last_name = crm_values_text(values, "last_name"),
        .is_tenant_admin = flag_of(values, "is_tenant_admin"),
        .is_active = flag_of(values, "is_active"),
    };
    crm_account_t *account;
    CRM_ERR(find(request, &accounts, &account));
    CRM_ERR(crm_if_match(request, account->version, &change.if_version));
    CRM_ERR(crm_account_update(&accounts, request->pool, account, &change));
    return answer_account(request, account, answer);
}

static crm_error_t *disable(crm_request_t *request, const crm_values_t *values,
                            crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    crm_account_t *account;
    (void)values;
    change.is_active = 0;
    CRM_ERR(find(request, &accounts, &account));
    CRM_ERR(crm_if_match(request, account->version, &change.if_version));
    CRM_ERR(crm_account_update(&accounts, request->pool, account, &change));
    answer->json = crm_json_own(request->pool, crm_represent_message("User disabled"));
    return NULL;
}

const crm_route_t crm_user_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/tenant/users/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_account_entity,
        .is_list = 1,
        .handler = list,
        .summary = "List the tenant's users.",
    },
    {
        .method = "POST",
        .pattern = "auth/tenant/users/create/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .body = create_fields,
        .result = &crm_account_entity,
        .handler = create,
        .summary = "Create a user in the tenant.",
        .status = 201,
        .description = "User name and e-mail address must not be taken in the tenant.",
    },
    {
        .method = "GET",
        .pattern = "auth/tenant/users/{id}/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_account_entity,
        .handler = get,
        .summary = "Show a user of the tenant.",
    },
    {
        .method = "PATCH",
        .pattern = "auth/tenant/users/{id}/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT | CRM_ROUTE_PARTIAL,
        .body = update_fields,
        .result = &crm_account_entity,
        .handler = update,
        .summary = "Change a user of the tenant.",
    },
    {
        .method = "DELETE",
        .pattern = "auth/tenant/users/{id}/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_message_entity,
        .handler = disable,
        .summary = "Disable a user of the tenant: his tokens end, his records stay.",
    },
    {.method = NULL},
};
