/* api/permissions.c - /auth/permissions/, /auth/users/{id}/...: what users of one tenant may do. */
#include <apr_strings.h>

#include "api/page.h"
#include "api/parameters.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/grant.h"

static const crm_field_t set_fields[] = {
    {.name = "group_ids",
     .type = CRM_T_INTEGERS,
     .help = "The groups that the user shall be in, and no others; left out, they stay."},
    {.name = "permission_ids",
     .type = CRM_T_INTEGERS,
     .help = "The permissions that the user shall have himself, and no others; left out, they "
             "stay."},
    {.name = NULL},
};

static crm_accounts_t accounts_of(const crm_request_t *request)
{
    return crm_accounts_of(request->site, request->pool, request->tenant);
}

static crm_error_t *list(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_page_t page = {.db = accounts_of(request).db, .entity = &crm_permission_entity};
    (void)values;
    return crm_page_answer(request, &page, answer);
}

/* ---- one user */

static crm_error_t *find_user(crm_request_t *request, const crm_accounts_t *accounts,
                              crm_account_t **ret_account)
{
    return crm_account_get(accounts, request->pool, apr_atoi64(request->parameters[0]),
                           ret_account);
}

/* New reference. */
static json_t *names_json(const apr_array_header_t *names)
{
    json_t *json = json_array();
    for (int i = 0; i < names->nelts; i++) {
        json_array_append_new(json, json_string(APR_ARRAY_IDX(names, i, const char *)));
    }
    return json;
}

static crm_error_t *answer_grant(crm_request_t *request, const crm_account_t *account,
                                 const crm_grant_t *grant, crm_answer_t *answer)
{
    answer->json = crm_json_own(
        request->pool,
        json_pack("{s:I, s:o, s:o, s:o}", "user_id", (json_int_t)account->id, "permissions",
                  names_json(grant->names), "group_ids", crm_id_set_json(&grant->groups),
                  "permission_ids", crm_id_set_json(&grant->permissions)));
    return NULL;
}

static crm_error_t *get(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_account_t *account;
    crm_grant_t grant;
    (void)values;
    CRM_ERR(find_user(request, &accounts, &account));
    CRM_ERR(crm_grant_get(&accounts, request->pool, account, &grant));
    return answer_grant(request, account, &grant, answer);
}

/* The ids sent as NAME, in SET; NULL: none were. */
static const crm_id_set_t *ids_of(const crm_request_t *request, const crm_values_t *values,
                                  const char *name, crm_id_set_t *set)
{
    const char *text = crm_values_text(values, name);
    if (!text) {
        return NULL;
    }
    *set = crm_id_set_parse(request->pool, text);
    return set;
}

static crm_error_t *set(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_id_set_t groups, permissions;
    const crm_grant_change_t change = {
        .groups = ids_of(request, values, "group_ids", &groups),
        .permissions = ids_of(request, values, "permission_ids", &permissions),
    };
    crm_account_t *account;
    crm_grant_t grant;
    CRM_ERR(find_user(request, &accounts, &account));
    CRM_ERR(crm_grant_set(&accounts, request->pool, account, &change, &grant));
    return answer_grant(request, account, &grant, answer);
}

/* ---- explained */

static const crm_field_t parameters[] = {
    {.name = "permission",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED,
     .help = "The permission's name: app_label.view_model.",
     .example = CRM_EXAMPLE_PERMISSION},
    {.name = "user", .type = CRM_T_INTEGER, .flags = CRM_F_REQUIRED, .help = "The user's id."},
    {.name = NULL},
};

/* The values of both parameters, in their order. */
static crm_error_t *read_parameters(const crm_request_t *request, crm_value_t ret_values[2])
{
    apr_pool_t *pool = request->pool;
    crm_error_t *error = NULL;
    for (int i = 0; parameters[i].name; i++) {
        const crm_field_t *field = &parameters[i];
        const char *text = crm_parameters_get(request->query, field->name);
        if (!text || !*text) {
            crm_error_add(pool, &error, field->name, "This field is required.");
        } else {
            crm_type(field->type)->read_text(pool, field, text, &ret_values[i], &error);
        }
    }
    return error;
}

static crm_error_t *find_account(crm_request_t *request, const crm_accounts_t *accounts,
                                 apr_int64_t id, crm_account_t **ret_account)
{
    crm_error_t *error = crm_account_get(accounts, request->pool, id, ret_account);
    return error && error->kind == CRM_E_NOT_FOUND
               ? crm_error_field(request->pool, "user",
                                 "Invalid pk \"%" APR_INT64_T_FMT "\" - object does not exist.", id)
               : error;
}

static void say(json_t *reasons, const char *sentence)
{
    json_array_append_new(reasons, json_string(sentence));
}

/* The sentences, new reference. */
static json_t *reasons_json(apr_pool_t *pool, const crm_explanation_t *explanation)
{
    json_t *reasons = json_array();
    int members = 0;
    for (int i = 0; i < explanation->groups->nelts; i++) {
        const crm_granting_t *group = &APR_ARRAY_IDX(explanation->groups, i, crm_granting_t);
        members += group->is_member;
        if (group->is_member && explanation->is_allowed) {
            say(reasons, apr_psprintf(pool, "group \"%s\" grants it", group->name));
        }
    }
    if (explanation->is_allowed) {
        if (explanation->is_direct) {
            say(reasons, "granted directly");
        }
        if (explanation->is_admin) {
            say(reasons, "is the tenant's admin");
        }
        return reasons;
    }
    if (explanation->is_disabled) {
        say(reasons, "the account is disabled");
    }
    if (!members && !explanation->is_direct && !explanation->is_admin) {
        say(reasons, "no group of the user grants it");
        say(reasons, "not granted directly");
    }
    return reasons;
}

/* New reference. */
static json_t *groups_json(const apr_array_header_t *groups)
{
    json_t *json = json_array();
    for (int i = 0; i < groups->nelts; i++) {
        const crm_granting_t *group = &APR_ARRAY_IDX(groups, i, crm_granting_t);
        json_array_append_new(json, json_pack("{s:I, s:s, s:b}", "id", (json_int_t)group->id,
                                              "name", group->name, "is_member", group->is_member));
    }
    return json;
}

static crm_error_t *explain(crm_request_t *request, const crm_values_t *values,
                            crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_value_t asked[2];
    crm_account_t *account;
    crm_explanation_t explanation;
    (void)values;
    CRM_ERR(read_parameters(request, asked));
    CRM_ERR(find_account(request, &accounts, asked[1].as.integer, &account));
    CRM_ERR(crm_grant_explain(&accounts, request->pool, account, asked[0].as.text, &explanation));
    answer->json =
        crm_json_own(request->pool, json_pack("{s:s, s:I, s:b, s:o, s:o}", "permission",
                                              asked[0].as.text, "user_id", (json_int_t)account->id,
                                              "allowed", explanation.is_allowed, "reasons",
                                              reasons_json(request->pool, &explanation), "groups",
                                              groups_json(explanation.groups)));
    return NULL;
}

const crm_route_t crm_permission_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/permissions/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_permission_entity,
        .is_list = 1,
        .handler = list,
        .summary = "List the permissions that the tenant's users and groups can have.",
    },
    {
        .method = "GET",
        .pattern = "auth/permissions/explain/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_explanation_entity,
        .handler = explain,
        .summary = "Say why a user has a permission, or why not.",
        .query = parameters,
    },
    {
        .method = "GET",
        .pattern = "auth/users/{id}/permissions/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_grant_entity,
        .handler = get,
        .summary = "Show what a user may do: himself and through his groups.",
    },
    {
        .method = "POST",
        .pattern = "auth/users/{id}/set-groups-permissions/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .body = set_fields,
        .result = &crm_grant_entity,
        .handler = set,
        .summary = "Set the groups and the permissions of a user, instead of those he has.",
    },
    {.method = NULL},
};
