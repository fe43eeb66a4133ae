/* server/status.c - a section in mod_status. */
#include <apr_strings.h>

#include <httpd.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <apr_optional_hooks.h> /* needs what httpd.h includes */

#include "server/metrics.h"
#include "server/status.h"

/* One value of a site: "SpoolBytes" for scripts, and what people are told. */
static void value(request_rec *r, int is_short, const char *key, const char *words,
                  apr_int64_t number)
{
    ap_rprintf(r,
               is_short ? "Crm%s: %" APR_INT64_T_FMT "\n" : "<dt>%s: %" APR_INT64_T_FMT "</dt>\n",
               is_short ? key : words, number);
}

static void show_state(request_rec *r, int is_short, const crm_metrics_state_t *state)
{
    const crm_census_t *census = &state->census;

    value(r, is_short, "SpoolBytes", "History spool, bytes", (apr_int64_t)state->spool_bytes);
    value(r, is_short, "DatabaseUp", "Main database answers", state->is_up);
    if (state->is_up) {
        value(r, is_short, "SchemaVersion", "Schema version of the main database", census->version);
        value(r, is_short, "SchemaLag", "Migrations that it lacks",
              census->version < census->needs ? census->needs - census->version : 0);
        value(r, is_short, "TenantsActive", "Active tenants", census->tenants_active);
        value(r, is_short, "TenantsInactive", "Inactive tenants", census->tenants_inactive);
        value(r, is_short, "TenantsBehind", "Tenants that lack migrations", census->tenants_behind);
        value(r, is_short, "TenantsFailed", "Tenants whose migration failed",
              census->tenants_failed);
        value(r, is_short, "MailsQueued", "Mails that wait", census->mails_queued);
        value(r, is_short, "MailsTaken", "Mails being sent", census->mails_taken);
        value(r, is_short, "JobsQueued", "Jobs that wait", census->jobs_queued);
        value(r, is_short, "JobsRunning", "Jobs at work", census->jobs_running);
        value(r, is_short, "JobsFailed", "Jobs that failed lately", census->jobs_failed);
    }
}

/* Connections, all together for scripts, and by database for people. */
static void show_uses(request_rec *r, int is_short, const apr_array_header_t *uses)
{
    const crm_metrics_use_t *all = &APR_ARRAY_IDX(uses, 0, crm_metrics_use_t);

    value(r, is_short, "PoolOpen", "Connections", all->open);
    value(r, is_short, "PoolBusy", "Connections in use", all->busy);
    value(r, is_short, "PoolWaiting", "Threads that wait for one", all->waiting);
    if (is_short || uses->nelts < 2) {
        return;
    }
    ap_rputs("</dl>\n<table border=\"0\"><tr><th>Server</th><th>Database</th><th>Connections</th>"
             "<th>In use</th><th>Waiting</th></tr>\n",
             r);
    for (int i = 1; i < uses->nelts; i++) {
        const crm_metrics_use_t *use = &APR_ARRAY_IDX(uses, i, crm_metrics_use_t);
        ap_rprintf(r, "<tr><td>%s</td><td>%s</td><td>%d</td><td>%d</td><td>%d</td></tr>\n",
                   ap_escape_html(r->pool, use->server), ap_escape_html(r->pool, use->database),
                   use->open, use->busy, use->waiting);
    }
    ap_rputs("</table>\n<dl>\n", r);
}

static void show_site(request_rec *r, int is_short, int index)
{
    const crm_metrics_site_t *site = &crm_metrics()->sites[index];
    crm_metrics_state_t state;
    crm_metrics_now_t now;
    int children;
    apr_array_header_t *uses = crm_metrics_sum(r->pool, index, &children, &now);

    ap_rprintf(r, is_short ? "CrmSite: %s\n" : "<h3>%s</h3>\n<dl>\n",
               is_short ? site->label : ap_escape_html(r->pool, site->label));
    value(r, is_short, "Children", "Processes", children);
    show_uses(r, is_short, uses);
    value(r, is_short, "HashesRunning", "Passwords being hashed", now.hashing);
    value(r, is_short, "HashesWaiting", "Passwords that wait to be hashed", now.hash_waiting);
    if (crm_metrics_read_state(site, &state)) {
        show_state(r, is_short, &state);
    }
    ap_rputs(is_short ? "" : "</dl>\n", r);
}

static apr_uint64_t count_requests(const crm_metrics_t *metrics)
{
    apr_uint64_t sum = 0;

    for (int i = 0; i < CRM_METRICS_ROUTES; i++) {
        for (int j = 0; j <= CRM_METRICS_TIMES; j++) {
            sum += metrics->times[i][j];
        }
    }
    return sum;
}

static int show(request_rec *r, int flags)
{
    int is_short = (flags & AP_STATUS_SHORT) != 0;
    const crm_metrics_t *metrics = crm_metrics();

    if (!metrics) {
        return DECLINED;
    }
    ap_rputs(is_short ? "" : "<hr />\n<h2>mod_crm " CRM_VERSION "</h2>\n<dl>\n", r);
    value(r, is_short, "Requests", "Requests below the prefix",
          (apr_int64_t)count_requests(metrics));
    ap_rputs(is_short ? "" : "</dl>\n", r);
    for (int i = 0; i < CRM_METRICS_SITES && metrics->sites[i].label[0]; i++) {
        show_site(r, is_short, i);
    }
    return OK;
}

void crm_status_register(apr_pool_t *pool)
{
    (void)pool;
    APR_OPTIONAL_HOOK(ap, status_hook, show, NULL, NULL, APR_HOOK_MIDDLE);
}
