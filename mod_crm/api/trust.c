/* api/trust.c - a user whom another module of httpd has authenticated becomes the caller. */
#include <string.h>
#include <strings.h>

#include "api/origin.h"
#include "api/route.h"
#include "api/session_cookie.h"
#include "api/tenant_source.h"
#include "service/token.h"
#include "service/trusted.h"

/* What was refused stands: but credentials that are none of ours are the other module's. */
static int stands(const crm_request_t *request)
{
    const crm_error_t *refusal = request->refusal;
    const char *header = apr_table_get(request->headers, "Authorization");
    const char *space = header ? strchr(header, ' ') : NULL;
    return refusal && (refusal->kind != CRM_E_UNAUTHENTICATED ||
                       (space && crm_token_is_ours(space + strspn(space, " "))));
}

static crm_error_t *find_actor(crm_request_t *request, const char *name, crm_actor_t **ret_actor)
{
    const crm_settings_t *settings = request->settings;
    const crm_trusted_t user = {
        .name = name, .create = settings->trust.create, .group = settings->trust.group};
    crm_tenant_t *tenant;
    if (!crm_session_cookie_is_safe(request->method)) {
        CRM_ERR(crm_origin_check(request));
    }
    /* the virtual host's, whatever else the request names */
    crm_error_t *error = crm_tenant_find(request->site, request->pool, settings->tenant, &tenant);
    if (!error && !tenant->is_active) {
        error = crm_error_make(request->pool, CRM_E_NOT_FOUND,
                               "Tenant \"%s\" not found or not active", settings->tenant);
    }
    CRM_ERR(error);
    return crm_trusted_find(request->site, request->pool, tenant, &user, ret_actor);
}

crm_error_t *crm_api_trust(crm_request_t *request, const char *name, crm_actor_t **ret_actor)
{
    const crm_route_t *route = request->route;
    crm_actor_t *actor;
    crm_api_authenticate(request);
    if (request->actor || stands(request)) {
        return request->refusal;
    }
    crm_error_t *error = find_actor(request, name, &actor);
    if (route && route->access == CRM_ACCESS_ANYONE) {
        CRM_ERR(error);
        *ret_actor = actor;
        return NULL;
    }
    request->refusal = error;
    if (!error) {
        *ret_actor = request->actor = actor;
        if (!route || !(route->flags & CRM_ROUTE_NO_TENANT)) {
            request->refusal = crm_tenant_source_find(request);
        }
    }
    return request->refusal;
}
