/* server/errordoc.c - error pages that httpd makes itself below the prefix become the API's errors.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "server/call.h"
#include "server/errordoc.h"

#define FILTER "CRM_ERROR"

static ap_filter_rec_t *filter;

/* The kind whose status is STATUS, else the nearest there is. */
static crm_error_kind_e kind_of(int status)
{
    for (int kind = 0; kind <= CRM_E_UNAVAILABLE; kind++) {
        if (kind != CRM_E_INVALID && crm_error_status((crm_error_kind_e)kind) == status) {
            return (crm_error_kind_e)kind;
        }
    }
    return status >= HTTP_INTERNAL_SERVER_ERROR ? CRM_E_INTERNAL : CRM_E_BAD_REQUEST;
}

/* REFUSAL is what the API knows against the request, or NULL: where httpd refused for the same
 * reason, it tells more. */
static crm_error_t *error_of(const request_rec *r, crm_error_t *refusal, int status)
{
    crm_error_kind_e kind = kind_of(status);

    if (refusal && crm_error_status(refusal->kind) == status) {
        return refusal;
    }
    if (kind == CRM_E_METHOD) {
        return crm_error_make(r->pool, kind, "Method \"%s\" not allowed.", r->method);
    }
    if (crm_error_status(kind) == status) {
        return crm_error_standard(r->pool, kind);
    }
    return crm_error_make(r->pool, kind, "%s.", crm_error_title(status));
}

/* The status R answers with: of a custom error page, that of the request it is for. */
static int status_of(const request_rec *r)
{
    while (r->prev) {
        r = r->prev;
    }
    return r->status;
}

/* What httpd has set (another module's WWW-Authenticate, Allow, Retry-After) stays. */
static void keep_headers(const request_rec *r, const crm_response_t *response)
{
    const apr_array_header_t *set = apr_table_elts(r->headers_out);

    for (int i = 0; response->headers && i < set->nelts; i++) {
        apr_table_unset(response->headers, APR_ARRAY_IDX(set, i, apr_table_entry_t).key);
    }
}

static void answer(request_rec *r, apr_bucket_brigade **ret_brigade)
{
    crm_call_t *call = crm_call_of(r);
    int status = status_of(r);
    crm_response_t response = {.status = status};

    crm_request_t *request = crm_call_request(call);
    crm_api_error(request, error_of(r, request->refusal, status), status, &response);
    response.status = status;
    keep_headers(r, &response);
    apr_table_unset(r->headers_out, "Content-Encoding");
    apr_table_unset(r->headers_out, "Last-Modified");
    apr_table_unset(r->headers_out, "ETag");
    if (!apr_table_get(r->err_headers_out, "X-Request-Id")) {
        apr_table_setn(r->headers_out, "X-Request-Id", crm_call_id(r));
    }
    *ret_brigade = crm_call_response(r, &response);
}

/* Swallows the page; at its end the API's error goes instead. An error bucket is for httpd's own
 * filters. */
static apr_status_t replace(ap_filter_t *f, apr_bucket_brigade *page)
{
    int ended = 0;

    for (apr_bucket *b = APR_BRIGADE_FIRST(page); b != APR_BRIGADE_SENTINEL(page);
         b = APR_BUCKET_NEXT(b)) {
        if (AP_BUCKET_IS_ERROR(b)) {
            ap_remove_output_filter(f);
            return ap_pass_brigade(f->next, page);
        }
        ended = ended || APR_BUCKET_IS_EOS(b);
    }
    apr_brigade_cleanup(page);
    if (!ended) {
        return APR_SUCCESS;
    }
    apr_bucket_brigade *brigade;
    answer(f->r, &brigade);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

static void insert_error_filter(request_rec *r)
{
    crm_call_t *call = crm_call_of(r);

    if (call && call->below && ap_is_HTTP_ERROR(r->status)) {
        ap_add_output_filter_handle(filter, NULL, r, r->connection);
    }
}

/* R is the page of an ErrorDocument for a request below the prefix. */
static void insert_filter(request_rec *r)
{
    crm_call_t *call = r->prev ? crm_call_of(r) : NULL;

    if (call && call->below && call->r != r && ap_is_HTTP_ERROR(call->r->status)) {
        ap_add_output_filter_handle(filter, NULL, r, r->connection);
    }
}

void crm_errordoc_register(apr_pool_t *pool)
{
    (void)pool;
    filter = ap_register_output_filter(FILTER, replace, NULL,
                                       (ap_filter_type)(AP_FTYPE_CONTENT_SET - 1));
    ap_hook_insert_error_filter(insert_error_filter, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_MIDDLE);
}
