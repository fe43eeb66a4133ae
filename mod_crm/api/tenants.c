/* api/tenants.c - /auth/tenants/: the platform's tenants. */
#include "api/conditional.h"
#include "api/page.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"

static const crm_field_t create_fields[] = {
    {.name = "name",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED,
     .max_length = 100,
     .help = "The company's name, unique without regard to case and accents.",
     .example = "Acme Corp"},
    {.name = NULL},
};

static const crm_field_t update_fields[] = {
    {.name = "name",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED,
     .max_length = 100,
     .help = "The company's name, unique without regard to case and accents.",
     .example = "Acme Corp"},
    {.name = "is_active",
     .type = CRM_T_BOOLEAN,
     .help = "Whether the tenant's accounts can be used; only a superuser changes it."},
    {.name = NULL},
};

static crm_error_t *find(crm_request_t *request, crm_tenant_t **ret_tenant)
{
    crm_uuid_t id;
    CRM_ERR(crm_request_uuid(request, 0, &id));
    return crm_tenant_by_id(request->site, request->pool, &id, ret_tenant);
}

static crm_error_t *answer_tenant(crm_request_t *request, const crm_tenant_t *tenant,
                                  crm_answer_t *answer)
{
    answer->version = tenant->version;
    answer->json = crm_json_own(request->pool, crm_represent_tenant(request->pool, tenant));
    return NULL;
}

static crm_error_t *list(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_page_t page = {
        .db = &request->site->main,
        .entity = &crm_tenant_entity,
        .condition = &crm_tenants_listed,
    };
    (void)values;
    return crm_page_answer(request, &page, answer);
}

static crm_error_t *create(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    CRM_ERR(crm_tenant_create(request->site, request->pool, crm_values_text(values, "name"), "name",
                              NULL, NULL, &tenant));
    return answer_tenant(request, tenant, answer);
}

static crm_error_t *get(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    (void)values;
    CRM_ERR(find(request, &tenant));
    return answer_tenant(request, tenant, answer);
}

static crm_error_t *update(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    crm_tenant_change_t change = {.name = crm_values_text(values, "name"), .is_active = -1};
    crm_value_t is_active = crm_values_get(values, "is_active");
    CRM_ERR(find(request, &tenant));
    if (request->actor->account.is_superuser && !crm_is_null(is_active)) {
        change.is_active = is_active.as.integer != 0;
    }
    CRM_ERR(crm_if_match(request, tenant->version, &change.if_version));
    CRM_ERR(crm_tenant_update(request->site, request->pool, tenant, &change));
    return answer_tenant(request, tenant, answer);
}

static crm_error_t *deactivate(crm_request_t *request, const crm_values_t *values,
                               crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    crm_tenant_change_t change = {.is_active = 0};
    (void)values;
    CRM_ERR(find(request, &tenant));
    CRM_ERR(crm_if_match(request, tenant->version, &change.if_version));
    CRM_ERR(crm_tenant_update(request->site, request->pool, tenant, &change));
    answer->json = crm_json_own(request->pool, crm_represent_message("Tenant soft-deleted"));
    return NULL;
}

const crm_route_t crm_tenant_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/tenants/",
        .access = CRM_ACCESS_SUPERUSER,
        .result = &crm_tenant_entity,
        .is_list = 1,
        .handler = list,
        .summary = "List the tenants.",
    },
    {
        .method = "POST",
        .pattern = "auth/tenants/",
        .access = CRM_ACCESS_SUPERUSER,
        .body = create_fields,
        .result = &crm_tenant_entity,
        .handler = create,
        .summary = "Create a tenant with its database.",
        .status = 201,
        .description = "The tenant has no accounts yet. Its name must not be taken, without regard "
                       "to case and accents.",
    },
    {
        .method = "GET",
        .pattern = "auth/tenants/{uuid}/",
        .access = CRM_ACCESS_TENANT_ITSELF,
        .result = &crm_tenant_entity,
        .handler = get,
        .summary = "Show a tenant.",
    },
    {
        .method = "PATCH",
        .pattern = "auth/tenants/{uuid}/",
        .access = CRM_ACCESS_TENANT_ITSELF,
        .flags = CRM_ROUTE_PARTIAL,
        .body = update_fields,
        .result = &crm_tenant_entity,
        .handler = update,
        .summary = "Change a tenant.",
    },
    {
        .method = "DELETE",
        .pattern = "auth/tenants/{uuid}/",
        .access = CRM_ACCESS_SUPERUSER,
        .result = &crm_message_entity,
        .handler = deactivate,
        .summary = "Deactivate a tenant: its tokens end, its data stay.",
    },
    {.method = NULL},
};
