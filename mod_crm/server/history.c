/* server/history.c - sees to it that each request below the prefix leaves its History record. */
#include <apr_atomic.h>

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "server/call.h"
#include "server/history.h"
#include "service/history.h"

APLOG_USE_MODULE(crm);

#define FILTER "CRM_HISTORY"

static ap_filter_rec_t *filter;

/* A full disk concerns every request: it is said once a minute. */
static void log_failure(request_rec *r, apr_status_t status)
{
    static volatile apr_uint32_t last_minute;
    apr_uint32_t minute = (apr_uint32_t)(apr_time_now() / apr_time_from_sec(60));
    apr_uint32_t last = apr_atomic_read32(&last_minute);

    if (last != minute && apr_atomic_cas32(&last_minute, minute, last) == last) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, status, r,
            "CRM0027: cannot append to the History spool; records are lost until this is mended "
            "(said once a minute)");
    }
}

static int is_wanted(const crm_settings_t *settings, int status)
{
    return settings->history == CRM_HISTORY_ON ||
           (settings->history == CRM_HISTORY_ERRORS && status >= 400);
}

static void record(crm_call_t *call, int status)
{
    crm_history_t history;

    if (!call->below || call->recorded || call->r->main || !call->server->site ||
        !call->server->site->spool) {
        return;
    }
    call->recorded = 1;
    crm_request_t *request = crm_call_request(call);
    if (!is_wanted(request->settings, status)) {
        return;
    }
    crm_api_history(request, status, &history);
    apr_status_t result = crm_history_append(request->site, request->pool, &history);
    if (result != APR_SUCCESS) {
        log_failure(call->r, result);
    }
}

/* The answer ends in BRIGADE. A filter that refuses a body sends an error bucket and the end: that
 * is no answer yet, httpd makes one of it. */
static int ends(const apr_bucket_brigade *brigade)
{
    for (const apr_bucket *b = APR_BRIGADE_FIRST(brigade); b != APR_BRIGADE_SENTINEL(brigade);
         b = APR_BUCKET_NEXT(b)) {
        if (APR_BUCKET_IS_EOS(b) || AP_BUCKET_IS_ERROR(b)) {
            return APR_BUCKET_IS_EOS(b);
        }
    }
    return 0;
}

static apr_status_t record_before_end(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    if (ends(brigade)) {
        record(crm_call_of(f->r), f->r->status);
        ap_remove_output_filter(f);
    }
    return ap_pass_brigade(f->next, brigade);
}

static void insert_filter(request_rec *r)
{
    crm_call_t *call = r->main ? NULL : crm_call_of(r);

    if (call && call->below && !call->recorded) {
        ap_add_output_filter_handle(filter, NULL, r, r->connection);
    }
}

/* R is the first of its chain; its last one has the status that was answered. */
static int log_transaction(request_rec *r)
{
    const request_rec *last = r;

    while (last->next) {
        last = last->next;
    }
    for (request_rec *each = r; each; each = each->next) {
        crm_call_t *call = crm_call_of(each);
        if (call) {
            record(call, last->status);
        }
    }
    return DECLINED;
}

void crm_server_history_register(apr_pool_t *pool)
{
    (void)pool;
    /* the last before httpd's own: what other filters make of the answer is done by then */
    filter = ap_register_output_filter(FILTER, record_before_end, NULL,
                                       (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
    ap_hook_log_transaction(log_transaction, NULL, NULL, APR_HOOK_FIRST);
}
