/* api/groups.c - /auth/groups/: the groups of one tenant. */
#include <apr_strings.h>

#include "api/conditional.h"
#include "api/page.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/group.h"

static const crm_field_t fields[] = {
    {.name = "name",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED,
     .max_length = 150,
     .help = "The group's name, unique in the tenant without regard to case and accents.",
     .example = "Sales"},
    {.name = "permissions",
     .type = CRM_T_INTEGERS,
     .help = "The ids of the permissions that its members have."},
    {.name = "is_default",
     .type = CRM_T_BOOLEAN,
     .help = "True makes it the group that new users are in, instead of another."},
    {.name = NULL},
};

static crm_accounts_t accounts_of(const crm_request_t *request)
{
    return crm_accounts_of(request->site, request->pool, request->tenant);
}

static apr_int64_t id_of(const crm_request_t *request)
{
    return apr_atoi64(request->parameters[0]);
}

/* New reference. */
static json_t *group_json(apr_int64_t id, const char *name, const crm_id_set_t *permissions,
                          int is_default)
{
    return json_pack("{s:I, s:s, s:o, s:b}", "id", (json_int_t)id, "name", name, "permissions",
                     crm_id_set_json(permissions), "is_default", is_default);
}

static crm_error_t *answer_group(crm_request_t *request, const crm_group_t *group,
                                 crm_answer_t *answer)
{
    answer->version = group->version;
    answer->json = crm_json_own(
        request->pool, group_json(group->id, group->name, &group->permissions, group->is_default));
    return NULL;
}

static crm_error_t *results(crm_request_t *request, const crm_rows_t *rows, json_t *json,
                            void *baton)
{
    apr_size_t count = (apr_size_t)rows->count;
    apr_int64_t *ids = apr_palloc(request->pool, (count + 1) * sizeof(*ids));
    crm_id_set_t *sets = apr_palloc(request->pool, (count + 1) * sizeof(*sets));
    (void)baton;
    for (int i = 0; i < rows->count; i++) {
        ids[i] = crm_row(rows, i)[0].as.integer;
    }
    CRM_ERR(crm_group_permissions(accounts_of(request).db, request->pool, ids, rows->count, sets));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        json_array_append_new(json,
                              group_json(ids[i], row[1].as.text, &sets[i], (int)row[2].as.integer));
    }
    return NULL;
}

static crm_error_t *list(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_page_t page = {
        .db = accounts_of(request).db,
        .entity = &crm_group_entity,
        .results = results,
    };
    (void)values;
    return crm_page_answer(request, &page, answer);
}

/* What was sent; SET is where its permissions go. */
static crm_group_change_t change_of(const crm_request_t *request, const crm_values_t *values,
                                    crm_id_set_t *set)
{
    crm_value_t is_default = crm_values_get(values, "is_default");
    const char *permissions = crm_values_text(values, "permissions");
    if (permissions) {
        *set = crm_id_set_parse(request->pool, permissions);
    }
    return (crm_group_change_t){
        .name = crm_values_text(values, "name"),
        .permissions = permissions ? set : NULL,
        .is_default = crm_is_null(is_default) ? -1 : is_default.as.integer != 0,
        .if_version = -1,
    };
}

static crm_error_t *create(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_id_set_t set;
    crm_group_change_t input = change_of(request, values, &set);
    crm_group_t *group;
    CRM_ERR(crm_group_create(&accounts, request->pool, &input, &group));
    return answer_group(request, group, answer);
}

static crm_error_t *get(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_group_t *group;
    (void)values;
    CRM_ERR(crm_group_get(&accounts, request->pool, id_of(request), &group));
    return answer_group(request, group, answer);
}

static crm_error_t *update(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    crm_id_set_t set;
    crm_group_change_t change = change_of(request, values, &set);
    crm_group_t *group;
    CRM_ERR(crm_group_get(&accounts, request->pool, id_of(request), &group));
    CRM_ERR(crm_if_match(request, group->version, &change.if_version));
    CRM_ERR(crm_group_update(&accounts, request->pool, group->id, &change, &group));
    return answer_group(request, group, answer);
}

static crm_error_t *remove_group(crm_request_t *request, const crm_values_t *values,
                                 crm_answer_t *answer)
{
    crm_accounts_t accounts = accounts_of(request);
    apr_int64_t if_version;
    crm_group_t *group;
    (void)values;
    CRM_ERR(crm_group_get(&accounts, request->pool, id_of(request), &group));
    CRM_ERR(crm_if_match(request, group->version, &if_version));
    CRM_ERR(crm_group_delete(&accounts, request->pool, group->id, if_version));
    answer->json = crm_json_own(request->pool, crm_represent_message("Group deleted"));
    return NULL;
}

const crm_route_t crm_group_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/groups/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_group_entity,
        .is_list = 1,
        .handler = list,
        .summary = "List the tenant's groups.",
    },
    {
        .method = "POST",
        .pattern = "auth/groups/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .body = fields,
        .result = &crm_group_entity,
        .handler = create,
        .summary = "Create a group in the tenant.",
        .status = 201,
        .description = "Nobody grants what he does not hold himself.",
    },
    {
        .method = "GET",
        .pattern = "auth/groups/{id}/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_group_entity,
        .handler = get,
        .summary = "Show a group of the tenant.",
    },
    {
        .method = "PATCH",
        .pattern = "auth/groups/{id}/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT | CRM_ROUTE_PARTIAL,
        .body = fields,
        .result = &crm_group_entity,
        .handler = update,
        .summary = "Change a group: its name, what its members may do.",
    },
    {
        .method = "DELETE",
        .pattern = "auth/groups/{id}/",
        .access = CRM_ACCESS_TENANT_ADMIN,
        .flags = CRM_ROUTE_NEEDS_TENANT,
        .result = &crm_message_entity,
        .handler = remove_group,
        .summary = "Delete a group: its members lose what it granted.",
    },
    {.method = NULL},
};
