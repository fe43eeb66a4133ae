/* server/monitor.c - the handlers crm-metrics, crm-healthz and crm-readyz. */
#include <string.h>

#include <apr_atomic.h>

#include <httpd.h>
#include <http_log.h>
#include <http_protocol.h>

#include "api/header.h"
#include "base/json.h"
#include "server/config.h"
#include "server/metrics.h"
#include "server/metrics_text.h"
#include "server/monitor.h"
#include "service/census.h"

APLOG_USE_MODULE(crm);

/* The older format only for who asks for it by name: curl is shown OpenMetrics. */
static int wants_plain(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");

    return accept && strstr(accept, "text/plain") &&
           crm_header_weight(accept, "text/plain") >
               crm_header_weight(accept, "application/openmetrics-text");
}

static int answer_metrics(request_rec *r)
{
    int is_plain = wants_plain(r);

    if (!crm_metrics()) {
        return HTTP_NOT_FOUND; /* no server has the engine on */
    }
    apr_table_mergen(r->headers_out, "Vary", "Accept");
    ap_set_content_type(r, is_plain ? CRM_PROMETHEUS_TYPE : CRM_OPENMETRICS_TYPE);
    if (!r->header_only) {
        crm_metrics_write_text(r, is_plain);
    }
    return OK;
}

static int answer_health(request_rec *r)
{
    ap_set_content_type(r, "text/plain; charset=utf-8");
    ap_rputs("ok\n", r);
    return OK;
}

/* Whoever asks asks often: what is wrong is said once a minute. */
static void log_problem(request_rec *r, int index, const crm_readiness_t *check)
{
    static volatile apr_uint32_t last_minute[CRM_READINESS_CHECKS];
    apr_uint32_t minute = (apr_uint32_t)(apr_time_now() / apr_time_from_sec(60));

    if (apr_atomic_xchg32(&last_minute[index], minute) != minute) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "CRM0043: not ready: %s: %s", check->name,
                      check->cause ? check->cause : check->problem);
    }
}

/* The checks of SITE, {"name", "ok", "problem"}; new reference. *RET_WRONG: how many are not. */
static json_t *checks_json(request_rec *r, const crm_site_t *site, int *ret_wrong)
{
    crm_readiness_t checks[CRM_READINESS_CHECKS];
    json_t *list = json_array();

    *ret_wrong = crm_readiness_check(site, r->pool, checks);
    for (int i = 0; i < CRM_READINESS_CHECKS; i++) {
        json_t *check = json_pack("{s:s, s:b}", "name", checks[i].name, "ok", !checks[i].problem);
        if (checks[i].problem) {
            json_object_set_new(check, "problem", json_string(checks[i].problem));
            log_problem(r, i, &checks[i]);
        }
        json_array_append_new(list, check);
    }
    return list;
}

static int answer_readiness(request_rec *r)
{
    const crm_server_t *server = crm_server_of(r->server);
    json_t *json = crm_json_own(r->pool, json_object());
    apr_size_t size;
    int wrong = 1;

    if (!server->settings->engine) {
        json_object_set_new(json, "problem",
                            json_string("CrmEngine is off for this virtual host."));
    } else if (!server->site) {
        json_object_set_new(json, "problem",
                            json_string("The site could not be opened: see the error log."));
    } else {
        json_t *checks = checks_json(r, server->site, &wrong);
        json_object_set_new(json, "checks", checks);
    }
    json_object_set_new(json, "ready", json_boolean(!wrong));
    r->status = wrong ? HTTP_SERVICE_UNAVAILABLE : HTTP_OK;
    const char *text = crm_json_text(r->pool, json, &size);
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)size + 1);
    ap_rwrite(text, (int)size, r);
    ap_rputs("\n", r);
    return OK;
}

static int handle(request_rec *r)
{
    static const struct {
        const char *name;
        int (*answer)(request_rec *r);
    } rows[] = {{"crm-metrics", answer_metrics},
                {"crm-healthz", answer_health},
                {"crm-readyz", answer_readiness}};

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(r->handler, rows[i].name) == 0) {
            r->allowed |= AP_METHOD_BIT << M_GET;
            if (r->method_number != M_GET) {
                return HTTP_METHOD_NOT_ALLOWED;
            }
            apr_table_setn(r->headers_out, "Cache-Control", "no-store");
            return rows[i].answer(r);
        }
    }
    return DECLINED;
}

void crm_monitor_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}
