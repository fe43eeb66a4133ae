/* api/access.c - who may call a route. */
#include <string.h>

#include "api/access.h"
#include "service/permission.h"

typedef int may_fn(const crm_request_t *request);

static int may_any_user(const crm_request_t *request)
{
    (void)request;
    return 1;
}

static int is_superuser(const crm_request_t *request)
{
    return request->actor->account.is_superuser;
}

static int may_tenant_admin(const crm_request_t *request)
{
    return is_superuser(request) || request->actor->account.is_tenant_admin;
}

static int may_tenant_itself(const crm_request_t *request)
{
    const crm_actor_t *actor = request->actor;
    crm_uuid_t id;
    return is_superuser(request) || (actor->account.is_tenant_admin && actor->tenant &&
                                     crm_uuid_parse(request->parameters[0], &id) &&
                                     memcmp(&id, &actor->tenant->id, sizeof(id)) == 0);
}

static may_fn *const rules[CRM_ACCESS_COUNT] = {
    [CRM_ACCESS_USER] = may_any_user,
    [CRM_ACCESS_TENANT_ADMIN] = may_tenant_admin,
    [CRM_ACCESS_SUPERUSER] = is_superuser,
    [CRM_ACCESS_TENANT_ITSELF] = may_tenant_itself,
};

static const char *const names[CRM_ACCESS_COUNT] = {
    [CRM_ACCESS_UNSET] = "unset",
    [CRM_ACCESS_ANYONE] = "anyone",
    [CRM_ACCESS_USER] = "user",
    [CRM_ACCESS_TENANT_ADMIN] = "tenant admin",
    [CRM_ACCESS_SUPERUSER] = "superuser",
    [CRM_ACCESS_TENANT_ITSELF] = "tenant itself",
    [CRM_ACCESS_PERMISSION] = "permission",
};

const char *crm_access_name(crm_access_e access)
{
    return names[access];
}

crm_error_t *crm_access_permit(const crm_request_t *request, const crm_entity_t *entity,
                               crm_action_e action)
{
    crm_actor_t *actor = request->actor;
    if (may_tenant_admin(request)) {
        return NULL;
    }
    CRM_ERR(crm_permission_load(request->site, request->pool, actor));
    return crm_permission_held(request->site, actor, entity, action)
               ? NULL
               : crm_error_standard(request->pool, CRM_E_FORBIDDEN);
}

static crm_error_t *check_rule(const crm_request_t *request)
{
    const crm_route_t *route = request->route;
    if (route->access == CRM_ACCESS_PERMISSION) {
        return crm_access_permit(request, route->entity, route->action);
    }
    return rules[route->access] && rules[route->access](request)
               ? NULL
               : crm_error_standard(request->pool, CRM_E_FORBIDDEN);
}

crm_error_t *crm_access_check(const crm_request_t *request)
{
    const crm_route_t *route = request->route;
    if (route->access == CRM_ACCESS_ANYONE) {
        return NULL;
    }
    if (!request->actor) {
        return crm_error_standard(request->pool, CRM_E_UNAUTHENTICATED);
    }
    CRM_ERR(check_rule(request));
    if ((route->flags & CRM_ROUTE_NEEDS_TENANT) && !request->tenant) {
        return crm_error_make(request->pool, CRM_E_BAD_REQUEST, "A tenant must be named.");
    }
    return NULL;
}
