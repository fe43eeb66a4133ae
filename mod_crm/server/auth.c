/* server/auth.c - tokens within httpd's access control. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "api/session_cookie.h"
#include "server/auth.h"
#include "server/call.h"
#include "service/token.h"

APLOG_USE_MODULE(crm);

static char auth_type[] = "Token";

/* The header holds a token of ours ("Token KEY" or "Bearer KEY"), or else the login cookie does. */
static int has_token(const crm_call_t *call, request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Authorization");

    if (!header) {
        const char *cookie =
            crm_session_cookie_token(r->pool, r->headers_in, call->server->settings);
        return cookie && crm_token_is_ours(cookie);
    }
    const char *scheme = ap_getword_white(r->pool, &header);
    if (strcasecmp(scheme, "Token") != 0 && strcasecmp(scheme, "Bearer") != 0) {
        return 0;
    }
    return crm_token_is_ours(ap_getword_white(r->pool, &header));
}

static void set_user(crm_call_t *call, request_rec *r, crm_actor_t *actor)
{
    if (actor) {
        call->caller = actor;
        r->user = apr_pstrdup(r->pool, actor->account.username);
        r->ap_auth_type = auth_type;
        apr_table_setn(r->subprocess_env, "CRM_USER", r->user);
    }
}

static void set_tenant(request_rec *r, const crm_tenant_t *tenant)
{
    if (tenant) {
        apr_table_setn(r->subprocess_env, "CRM_TENANT", tenant->slug);
    }
}

/* Makes R the request of the user whose token it has, if any, once. A subrequest is its main
 * request's user's. */
static void authenticate(crm_call_t *call, request_rec *r)
{
    if (r->main) {
        if (r->main->ap_auth_type == auth_type) {
            r->user = r->main->user;
            r->ap_auth_type = auth_type;
        }
        return;
    }
    if (call->r != r || !call->server->site || (!call->below && !has_token(call, r))) {
        return;
    }
    crm_request_t *request = crm_call_request(call);
    if (!request->authenticated) {
        crm_api_authenticate(request);
        if (request->is_by_cookie && !call->below) {
            /* unlike Authorization, a cookie does not keep caches from storing the answer */
            apr_table_mergen(r->err_headers_out, "Cache-Control", "private");
        }
        if (call->below || !request->refusal) {
            set_user(call, r, request->actor);
            set_tenant(r, request->tenant);
        }
    }
}

/* R's user was authenticated by a module that CrmTrustRemoteUser trusts. */
static int is_trusted(const crm_settings_t *settings, const request_rec *r)
{
    const apr_array_header_t *types = settings->trust.types;

    if (!types || !r->user || !r->ap_auth_type || r->ap_auth_type == auth_type) {
        return 0;
    }
    for (int i = 0; i < types->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(types, i, const char *), r->ap_auth_type) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Makes the user of another module, if he is trusted, an account's. r->user and r->ap_auth_type
 * stay as that module has them. */
static void adopt(crm_call_t *call, request_rec *r)
{
    crm_actor_t *actor = NULL;

    if (r->main || call->r != r || !call->server->site || call->caller || call->stranger ||
        !is_trusted(crm_settings_of(r), r)) {
        return;
    }
    crm_request_t *request = crm_call_request(call);
    call->stranger = crm_api_trust(request, r->user, &actor);
    if (actor) {
        call->caller = actor;
        apr_table_setn(r->subprocess_env, "CRM_USER",
                       apr_pstrdup(r->pool, actor->account.username));
        set_tenant(r, actor->tenant);
    } else if (call->stranger) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "CRM0042: %s's user \"%s\" is no account: %s",
                      r->ap_auth_type, r->user, crm_error_line(r->pool, call->stranger));
    }
}

static int check_access(request_rec *r)
{
    crm_call_t *call = crm_call_of(r);

    if (call) {
        crm_meter_t *before = crm_meter_use(&call->meter);
        authenticate(call, r);
        adopt(call, r);
        crm_meter_use(before);
    }
    return DECLINED;
}

/* Other modules have had their turn by now. */
static int check_authorization(request_rec *r)
{
    crm_call_t *call = crm_call_of(r);

    if (call) {
        crm_meter_t *before = crm_meter_use(&call->meter);
        adopt(call, r);
        crm_meter_use(before);
    }
    return DECLINED;
}

/* Where anyone may call the API has not asked who it is; httpd's configuration does. What speaks
 * against the caller, or NULL. */
static const crm_error_t *ask_caller(crm_call_t *call, request_rec *r)
{
    crm_request_t *request = call->r == r ? call->request : NULL;
    crm_actor_t *caller;

    if (!request || request->refusal) {
        return request ? request->refusal : NULL;
    }
    const crm_error_t *error = crm_api_caller(request, &caller);
    set_user(call, r, caller);
    return error;
}

/* What AuthType may say where our tokens are asked for; so may nothing. */
static int is_our_type(const char *type)
{
    return strcasecmp(type, "Crm") == 0 || strcasecmp(type, auth_type) == 0;
}

/* Another module's authentication is configured for R. */
static int others_turn(request_rec *r)
{
    const char *type = ap_auth_type(r);
    return type && !is_our_type(type) && strcasecmp(type, "None") != 0;
}

static void ask_for_token(request_rec *r)
{
    apr_table_setn(r->err_headers_out, "WWW-Authenticate", auth_type);
}

static int note_failure(request_rec *r, const char *type)
{
    if (!is_our_type(type)) {
        return DECLINED;
    }
    ask_for_token(r);
    return OK;
}

/* A user is required. With a token he is known already; who has none is told that one is wanted,
 * unless another module is to find out who he is. */
static int find_user(crm_call_t *call, request_rec *r)
{
    authenticate(call, r); /* under "Satisfy Any", where another module has refused the address */
    const crm_error_t *refusal = r->ap_auth_type == auth_type ? NULL : ask_caller(call, r);
    if (r->user && r->ap_auth_type == auth_type) {
        return OK;
    }
    if (others_turn(r)) {
        return DECLINED;
    }
    if (!call->server->site || (refusal && crm_error_status(refusal->kind) >= 500)) {
        apr_table_setn(r->err_headers_out, "Retry-After", "1");
        return HTTP_SERVICE_UNAVAILABLE;
    }
    if (call->request && call->request->is_forgeable) {
        return HTTP_FORBIDDEN; /* who it is is known; that he meant to, is not */
    }
    ask_for_token(r);
    return HTTP_UNAUTHORIZED;
}

static int check_user(request_rec *r)
{
    crm_call_t *call = crm_call_of(r);

    if (!call) {
        return DECLINED;
    }
    crm_meter_t *before = crm_meter_use(&call->meter);
    int result = find_user(call, r);
    crm_meter_use(before);
    return result;
}

void crm_auth_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_access(check_access, NULL, NULL, APR_HOOK_LAST, AP_AUTH_INTERNAL_PER_URI);
    ap_hook_note_auth_failure(note_failure, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_authz(check_authorization, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_URI);
    ap_hook_check_authn(check_user, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_URI);
}
