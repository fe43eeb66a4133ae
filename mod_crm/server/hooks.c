/* server/hooks.c - the hooks that claim what is below the prefix and have the API answer it. */
#include <string.h>

#include <apr_strings.h>

#include <httpd.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "server/call.h"
#include "server/hooks.h"
#include "server/stream.h"
#include "server/trace.h"

APLOG_USE_MODULE(crm);

#define HANDLER "crm"

/* Every response has the id, errors too: httpd sends err_headers_out in any case. (In headers_out
 * as well, it would be sent twice.) As log id it stands in the error log's %L. */
static int name_request(request_rec *r)
{
    if (!crm_server_of(r->server)->settings->engine) {
        return DECLINED;
    }
    const char *id = crm_call_id(r);
    apr_table_setn(r->err_headers_out, "X-Request-Id", id);
    apr_table_setn(r->subprocess_env, "CRM_REQUEST_ID", id);
    crm_trace_begin(r);
    if (!r->log_id) {
        r->log_id = id;
    }
    return DECLINED;
}

/* A path below the prefix is no file: its "file name" has no slash, so that modules which look for
 * extensions, variants or misspellings in it find nothing. */
static int translate(request_rec *r)
{
    if (!crm_call_owns(crm_call_of(r), r)) {
        return DECLINED;
    }
    r->filename = apr_pstrdup(r->pool, "crm:");
    r->handler = HANDLER;
    return OK;
}

/* No walk through folders, no .htaccess. */
static int map_to_storage(request_rec *r)
{
    return crm_call_owns(crm_call_of(r), r) ? OK : DECLINED;
}

/* No type by extension; the handler is ours whatever SetHandler says of the whole server. */
static int set_handler(request_rec *r)
{
    if (!crm_call_owns(crm_call_of(r), r)) {
        return DECLINED;
    }
    r->handler = HANDLER;
    return OK;
}

/* Reading the body failed below the API: what httpd's filters said of it is the answer. */
static void body_error(crm_call_t *call, crm_response_t *response)
{
    static const struct {
        int status;
        crm_error_kind_e kind;
        const char *detail;
    } rows[] = {
        {HTTP_REQUEST_ENTITY_TOO_LARGE, CRM_E_TOO_LARGE, "The request body is too large."},
        {HTTP_REQUEST_TIME_OUT, CRM_E_BAD_REQUEST, "The request body did not arrive in time."},
        {0, CRM_E_BAD_REQUEST, "The request body could not be read."}};
    crm_request_t *request = crm_call_request(call);
    int i = 0;

    while (rows[i].status && rows[i].status != call->body_status) {
        i++;
    }
    crm_api_error(request, crm_error_make(request->pool, rows[i].kind, "%s", rows[i].detail),
                  call->body_status, response);
}

static void log_error(request_rec *r, const crm_response_t *response)
{
    int is_ours = response->status >= HTTP_INTERNAL_SERVER_ERROR ||
                  (response->error && !crm_error_is_clients(response->error));
    int level = is_ours ? APLOG_ERR : APLOG_DEBUG;

    if (response->error && APLOG_R_IS_LEVEL(r, level)) {
        const char *trace = crm_trace_id(r);
        ap_log_rerror(APLOG_MARK, level, 0, r, "CRM0040: %s %s: %d: %s [%s%s%s]", r->method, r->uri,
                      response->status, crm_error_line(r->pool, response->error), crm_call_id(r),
                      trace ? ", trace " : "", trace ? trace : "");
    }
}

static int answer(crm_call_t *call, request_rec *r)
{
    crm_response_t response = {.status = HTTP_OK};

    /* A part of an answer is of no use to anybody (RFC 9110 14.2: Range may be ignored). */
    apr_table_unset(r->headers_in, "Range");
    crm_request_t *request = crm_call_request(call);
    if (!request->site) {
        crm_error_t *error = crm_error_standard(r->pool, CRM_E_UNAVAILABLE);
        crm_api_error(request, crm_error_cause(error, "the site is not open: see the log's start"),
                      0, &response);
    } else {
        crm_api_handle(request, &response);
    }
    if (call->body_status == AP_FILTER_ERROR) {
        return AP_FILTER_ERROR; /* a filter has answered already */
    }
    if (call->body_status) {
        body_error(call, &response);
    }
    if (response.stream) {
        crm_stream_send(call, &response);
        log_error(r, &response);
        return OK;
    }
    log_error(r, &response);
    return crm_call_send(r, &response);
}

static int handle(request_rec *r)
{
    crm_call_t *call = strcmp(r->handler, HANDLER) == 0 ? crm_call_of(r) : NULL;

    if (!crm_call_owns(call, r)) {
        return DECLINED;
    }
    crm_meter_t *before = crm_meter_use(&call->meter);
    int result = answer(call, r);
    crm_meter_use(before);
    return result;
}

void crm_hooks_register(apr_pool_t *pool)
{
    /* after a rewriting of the path, before whoever maps all paths to something */
    static const char *const before_us[] = {"mod_rewrite.c", NULL};
    static const char *const after_us[] = {"mod_proxy.c", "mod_alias.c", NULL};
    (void)pool;

    ap_hook_post_read_request(name_request, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_translate_name(translate, before_us, after_us, APR_HOOK_FIRST);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_type_checker(set_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_FIRST);
}
