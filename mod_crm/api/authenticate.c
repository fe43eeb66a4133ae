/* api/authenticate.c - the route, the query, the token and the tenant of a request. */
#include <string.h>
#include <strings.h>

#include "api/parameters.h"
#include "api/route.h"
#include "api/session_cookie.h"
#include "api/tenant_source.h"
#include "base/text.h"
#include "service/token.h"

static crm_error_t *find_route(crm_request_t *request)
{
    apr_pool_t *pool = request->pool;
    const char *prefix = request->settings->prefix;
    apr_size_t length = strlen(prefix);
    if (!request->path || strncmp(request->path, prefix, length) != 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    if (!crm_text_valid(request->path, strlen(request->path))) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST, "The path is not valid UTF-8.");
    }
    crm_error_t *error = crm_route_find(pool, request->method, request->path + length,
                                        &request->route, request->parameters, &request->allow);
    return error && error->kind == CRM_E_METHOD && request->is_head
               ? crm_error_make(pool, CRM_E_METHOD, "Method \"HEAD\" not allowed.")
               : error;
}

/* Where anyone may call nobody is asked who he is. */
static int is_for_anyone(const crm_request_t *request)
{
    return request->route && request->route->access == CRM_ACCESS_ANYONE;
}

static int has_flag(const crm_request_t *request, unsigned flag)
{
    return request->route && (request->route->flags & flag);
}

static void refuse(crm_request_t *request, crm_error_t *error)
{
    if (!request->refusal) {
        request->refusal = error;
    }
}

static crm_error_t *read_query(crm_request_t *request)
{
    const char *text = request->raw_query ? request->raw_query : "";
    crm_error_t *error =
        crm_parameters_parse(request->pool, text, strlen(text), "query string", &request->query);
    if (error) {
        request->query = apr_table_make(request->pool, 1);
    }
    return error;
}

/* What follows "Token" or "Bearer" in the Authorization header; NULL: another scheme, or nothing.
 */
static const char *credentials(const crm_request_t *request)
{
    const char *header = apr_table_get(request->headers, "Authorization");
    if (!header) {
        return NULL;
    }
    apr_size_t length = strcspn(header, " ");
    if ((length == 5 && strncasecmp(header, "Token", 5) == 0) ||
        (length == 6 && strncasecmp(header, "Bearer", 6) == 0)) {
        return header + length + strspn(header + length, " ");
    }
    return NULL;
}

/* Whose TOKEN it is. */
static crm_error_t *look_up_token(const crm_request_t *request, const char *token,
                                  crm_actor_t **ret_actor)
{
    const crm_token_life_t life = {
        .lifetime = request->settings->token_lifetime,
        .idle = request->settings->token_idle,
    };
    return crm_token_authenticate(request->site, request->pool, token, &life, ret_actor);
}

/* What a browser sends by itself counts where nothing was sent on purpose. */
static crm_error_t *read_cookie(crm_request_t *request, crm_actor_t **ret_actor)
{
    const char *token =
        crm_session_cookie_token(request->pool, request->headers, request->settings);
    crm_actor_t *actor;
    if (!token || !*token) {
        return NULL;
    }
    CRM_ERR(crm_token_is_ours(token)
                ? look_up_token(request, token, &actor)
                : crm_error_make(request->pool, CRM_E_UNAUTHENTICATED, "Invalid token."));
    CRM_ERR(crm_session_cookie_check(request, token));
    request->is_by_cookie = 1;
    *ret_actor = actor;
    return NULL;
}

static crm_error_t *read_token(crm_request_t *request, crm_actor_t **ret_actor)
{
    apr_pool_t *pool = request->pool;
    const char *token = credentials(request);
    if (!token) {
        return read_cookie(request, ret_actor);
    }
    if (!*token) {
        return crm_error_make(pool, CRM_E_UNAUTHENTICATED,
                              "Invalid token header. No credentials provided.");
    }
    if (strchr(token, ' ')) {
        return crm_error_make(pool, CRM_E_UNAUTHENTICATED,
                              "Invalid token header. Token string should not contain spaces.");
    }
    if (!crm_text_valid(token, strlen(token))) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST,
                              "The Authorization header is not valid UTF-8.");
    }
    return look_up_token(request, token, ret_actor);
}

static crm_error_t *find_tenant(crm_request_t *request)
{
    crm_error_t *error = crm_tenant_source_find(request);
    if (error && error->kind == CRM_E_NOT_FOUND && has_flag(request, CRM_ROUTE_TENANT_FIELD)) {
        return crm_error_field(request->pool, CRM_NON_FIELD, "%s", error->detail);
    }
    return error;
}

void crm_api_authenticate(crm_request_t *request)
{
    if (request->authenticated) {
        return;
    }
    request->authenticated = 1;
    request->no_route = find_route(request);
    request->malformed = read_query(request);
    refuse(request, request->malformed);
    if (!is_for_anyone(request)) {
        refuse(request, read_token(request, &request->actor));
    }
    if (!has_flag(request, CRM_ROUTE_NO_TENANT)) {
        refuse(request, find_tenant(request));
    }
}

crm_error_t *crm_api_caller(crm_request_t *request, crm_actor_t **ret_caller)
{
    const crm_tenant_t *tenant = request->tenant;
    crm_actor_t *actor = NULL;
    *ret_caller = NULL;
    if (!is_for_anyone(request)) {
        return NULL;
    }
    CRM_ERR(read_token(request, &actor));
    if (actor && actor->tenant && tenant &&
        memcmp(&actor->tenant->id, &tenant->id, sizeof(tenant->id)) != 0) {
        return crm_error_standard(request->pool, CRM_E_FORBIDDEN);
    }
    *ret_caller = actor;
    return NULL;
}
