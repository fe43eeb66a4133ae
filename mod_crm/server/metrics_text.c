/* server/metrics_text.c - what children count, as Prometheus and others read it. */
#include <string.h>

#include <apr_strings.h>

#include <httpd.h>
#include <http_protocol.h>

#include "server/metrics.h"
#include "server/metrics_text.h"

#define SECONDS(microseconds) ((double)(microseconds) / 1e6)

/* A family being written. */
typedef struct text_t {
    request_rec *r;
    const crm_metrics_t *metrics;
    int is_plain;
    const char *name;
    const char *suffix; /* of its samples: "_total" of a counter */
} text_t;

/* A site's values, read once. */
typedef struct site_t {
    const crm_metrics_site_t *site;
    const char *label;
    int has_state, children;
    crm_metrics_state_t state;
    crm_metrics_now_t now;
    apr_array_header_t *uses;
} site_t;

static const char *const bounds[CRM_METRICS_TIMES + 1] = {
    "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1",
    "0.25",  "0.5",    "1.0",   "2.5",  "5.0",   "10.0", "+Inf"};

/* What may not stand in a label's value as it is. */
static const char *escape(apr_pool_t *pool, const char *value)
{
    char *escaped = apr_palloc(pool, 2 * strlen(value) + 1), *to = escaped;

    for (const char *c = value; *c; c++) {
        if (*c == '\\' || *c == '"') {
            *to++ = '\\';
        }
        *to++ = (unsigned char)*c < ' ' ? ' ' : *c;
    }
    *to = '\0';
    return escaped;
}

/* TYPE: counter, gauge, histogram or info; UNIT, with which the name ends, or NULL. */
static void family(text_t *text, const char *name, const char *type, const char *unit,
                   const char *help)
{
    int is_counter = strcmp(type, "counter") == 0, is_info = strcmp(type, "info") == 0;
    const char *suffix = is_counter ? "_total" : is_info ? "_info" : "";

    text->name = name;
    text->suffix = suffix;
    if (text->is_plain) {
        ap_rprintf(text->r, "# HELP %s%s %s.\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
                   is_info ? "gauge" : type);
        return;
    }
    ap_rprintf(text->r, "# TYPE %s %s\n", name, type);
    if (unit) {
        ap_rprintf(text->r, "# UNIT %s %s\n", name, unit);
    }
    ap_rprintf(text->r, "# HELP %s %s.\n", name, help);
}

/* LABELS without braces; "" for none. */
static void whole(const text_t *text, const char *labels, apr_uint64_t value)
{
    ap_rprintf(text->r, "%s%s%s%s%s %" APR_UINT64_T_FMT "\n", text->name, text->suffix,
               *labels ? "{" : "", labels, *labels ? "}" : "", value);
}

static void real(const text_t *text, const char *labels, double value)
{
    ap_rprintf(text->r, "%s%s%s%s%s %.*f\n", text->name, text->suffix, *labels ? "{" : "", labels,
               *labels ? "}" : "", value == (double)(apr_int64_t)value ? 0 : 6, value);
}

static void write_requests(text_t *text)
{
    family(text, "crm_requests", "counter", NULL,
           "Requests below the prefix that were answered, by group of routes, method and class of "
           "status");
    for (int i = 0; i < crm_metrics_route_count(); i++) {
        for (int j = 0; j < CRM_METRICS_METHODS; j++) {
            for (int k = 0; k < CRM_METRICS_CLASSES; k++) {
                apr_uint64_t count = text->metrics->requests[i][j][k];
                const char *class = k ? apr_psprintf(text->r->pool, "%dxx", k) : "none";
                if (count) {
                    whole(text,
                          apr_psprintf(text->r->pool, "route=\"%s\",method=\"%s\",code=\"%s\"",
                                       crm_metrics_route_name(i), crm_metrics_methods[j], class),
                          count);
                }
            }
        }
    }
}

static void write_times(text_t *text)
{
    request_rec *r = text->r;

    family(text, "crm_request_duration_seconds", "histogram", "seconds",
           "How long requests took, from their first byte to the last of the answer");
    for (int i = 0; i < crm_metrics_route_count(); i++) {
        const char *route = crm_metrics_route_name(i);
        apr_uint64_t count = 0;
        for (int j = 0; j <= CRM_METRICS_TIMES; j++) {
            count += text->metrics->times[i][j];
        }
        if (!count) {
            continue;
        }
        count = 0;
        for (int j = 0; j <= CRM_METRICS_TIMES; j++) {
            count += text->metrics->times[i][j];
            ap_rprintf(r, "%s_bucket{route=\"%s\",le=\"%s\"} %" APR_UINT64_T_FMT "\n", text->name,
                       route, bounds[j], count);
        }
        ap_rprintf(r, "%s_count{route=\"%s\"} %" APR_UINT64_T_FMT "\n", text->name, route, count);
        ap_rprintf(r, "%s_sum{route=\"%s\"} %.6f\n", text->name, route,
                   SECONDS(text->metrics->microseconds[i]));
    }
}

static void write_costs(text_t *text)
{
    family(text, "crm_database_statements", "counter", NULL,
           "Statements that databases were asked for requests");
    whole(text, "", text->metrics->statements);
    family(text, "crm_database_seconds", "counter", "seconds",
           "Time that requests spent in statements and transactions");
    real(text, "", SECONDS(text->metrics->database_microseconds));
    family(text, "crm_pool_wait_seconds", "counter", "seconds",
           "Time that requests waited for connections to databases");
    real(text, "", SECONDS(text->metrics->wait_microseconds));
}

/* Counters of sites. */
static void write_counts(text_t *text, const apr_array_header_t *sites)
{
    static const struct {
        const char *name, *help;
    } rows[CRM_SITE_COUNT] = {
        [CRM_SITE_CONNECTIONS] = {"crm_pool_opened", "Connections to databases that were opened"},
        [CRM_SITE_ACQUIRED] = {"crm_pool_acquired", "How often a connection was asked for"},
        [CRM_SITE_TIMED_OUT] = {"crm_pool_timeouts", "How often no connection became free in time"},
        [CRM_SITE_FAILED] = {"crm_pool_failures", "How often a connection could not be opened"},
        [CRM_SITE_APPENDED] = {"crm_spool_appended_records",
                               "Records of History that went to the spool"},
        [CRM_SITE_UNAPPENDED] = {"crm_spool_failed_records",
                                 "Records of History that the spool could not take"},
        [CRM_SITE_MOVED] = {"crm_spool_moved_records",
                            "Records of History that were moved to databases"},
        [CRM_SITE_TORN] = {"crm_spool_torn_records", "Records that were found torn"},
        [CRM_SITE_DROPPED] = {"crm_spool_dropped_segments",
                              "Segments that were removed because the spool was over its bound"}};

    for (int i = 0; i < CRM_SITE_COUNT; i++) {
        family(text, rows[i].name, "counter", NULL, rows[i].help);
        for (int j = 0; j < sites->nelts; j++) {
            const site_t *site = &APR_ARRAY_IDX(sites, j, site_t);
            whole(text, site->label, site->site->counts[i]);
        }
    }
}

/* The gauges of a site that are one number or a few, told by a label. */
typedef struct gauge_t {
    const char *name, *unit, *help;
    int needs_state;
    struct {
        const char *label; /* "state=\"queued\""; NULL: none */
        double (*value)(const site_t *site);
    } rows[4];
} gauge_t;

#define ROWS ((int)(sizeof(((gauge_t *)NULL)->rows) / sizeof(((gauge_t *)NULL)->rows[0])))

#define VALUE(name, expression)                                                                    \
    static double name(const site_t *site)                                                         \
    {                                                                                              \
        return (double)(expression);                                                               \
    }
VALUE(children, site->children)
VALUE(hashing, site->now.hashing)
VALUE(hash_waiting, site->now.hash_waiting)
VALUE(is_up, site->state.is_up)
VALUE(version, site->state.census.version)
VALUE(needs, site->state.census.needs)
VALUE(active, site->state.census.tenants_active)
VALUE(inactive, site->state.census.tenants_inactive)
VALUE(behind, site->state.census.tenants_behind)
VALUE(failed, site->state.census.tenants_failed)
VALUE(queued, site->state.census.mails_queued)
VALUE(taken, site->state.census.mails_taken)
VALUE(oldest, SECONDS(site->state.census.oldest_mail))
VALUE(jobs_queued, site->state.census.jobs_queued)
VALUE(jobs_running, site->state.census.jobs_running)
VALUE(jobs_done, site->state.census.jobs_done)
VALUE(jobs_failed, site->state.census.jobs_failed)
VALUE(spool, site->state.spool_bytes)
VALUE(spool_limit, site->state.spool_limit)
VALUE(measured, SECONDS(site->state.when))

static const gauge_t gauges[] = {
    {"crm_children", NULL, "Processes that serve the site", 0, {{NULL, children}}},
    {"crm_password_hashes",
     NULL,
     "Threads that hash a password, and those that wait for their turn",
     0,
     {{"state=\"running\"", hashing}, {"state=\"waiting\"", hash_waiting}}},
    {"crm_database_up", NULL, "Whether the main database answered", 1, {{NULL, is_up}}},
    {"crm_schema_version",
     NULL,
     "The main database's schema version, and the one that the server needs",
     2,
     {{"state=\"current\"", version}, {"state=\"needed\"", needs}}},
    {"crm_tenants",
     NULL,
     "Tenants",
     2,
     {{"state=\"active\"", active}, {"state=\"inactive\"", inactive}}},
    {"crm_migrations_missing_tenants",
     NULL,
     "Tenants whose databases are not known to be at the newest schema version",
     2,
     {{NULL, behind}}},
    {"crm_migrations_failed_tenants",
     NULL,
     "Tenants whose last migration failed",
     2,
     {{NULL, failed}}},
    {"crm_mail_outbox",
     NULL,
     "Mails that wait, and those that are being sent",
     2,
     {{"state=\"queued\"", queued}, {"state=\"taken\"", taken}}},
    {"crm_mail_oldest_seconds",
     "seconds",
     "How long the oldest mail in the outbox has waited",
     2,
     {{NULL, oldest}}},
    {"crm_jobs",
     NULL,
     "Jobs of superusers: those that wait, are at work, and were done or failed lately",
     2,
     {{"state=\"queued\"", jobs_queued},
      {"state=\"running\"", jobs_running},
      {"state=\"done\"", jobs_done},
      {"state=\"failed\"", jobs_failed}}},
    {"crm_spool_size_bytes", "bytes", "Size of the History spool", 1, {{NULL, spool}}},
    {"crm_spool_limit_bytes",
     "bytes",
     "What the History spool may grow to; 0 is any",
     1,
     {{NULL, spool_limit}}},
    {"crm_measured_timestamp_seconds",
     "seconds",
     "When what is the same for all processes was measured last",
     1,
     {{NULL, measured}}},
};

/* What a gauge needs: nothing (0), a state (1), a main database that answered for it (2). */
static int is_known(const gauge_t *gauge, const site_t *site)
{
    return !gauge->needs_state ||
           (site->has_state && (gauge->needs_state == 1 || site->state.is_up));
}

static void write_gauges(text_t *text, const apr_array_header_t *sites)
{
    for (unsigned i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
        family(text, gauges[i].name, "gauge", gauges[i].unit, gauges[i].help);
        for (int j = 0; j < sites->nelts; j++) {
            const site_t *site = &APR_ARRAY_IDX(sites, j, site_t);
            for (int k = 0; k < ROWS && gauges[i].rows[k].value && is_known(&gauges[i], site);
                 k++) {
                const char *label = gauges[i].rows[k].label;
                real(text,
                     label ? apr_pstrcat(text->r->pool, site->label, ",", label, NULL)
                           : site->label,
                     gauges[i].rows[k].value(site));
            }
        }
    }
}

/* Connections of the servers, whatever their databases. */
static apr_array_header_t *servers_of(apr_pool_t *pool, const apr_array_header_t *uses)
{
    apr_array_header_t *servers = apr_array_make(pool, 4, sizeof(crm_metrics_use_t));

    for (int i = 0; i < uses->nelts; i++) {
        const crm_metrics_use_t *use = &APR_ARRAY_IDX(uses, i, crm_metrics_use_t);
        crm_metrics_use_t *row = NULL;
        for (int j = 0; j < servers->nelts && !row; j++) {
            crm_metrics_use_t *each = &APR_ARRAY_IDX(servers, j, crm_metrics_use_t);
            row = strcmp(each->server, use->server) == 0 ? each : NULL;
        }
        if (!*use->server) {
            continue; /* the row for all together */
        }
        if (!row) {
            row = apr_array_push(servers);
            *row = *use;
            continue;
        }
        row->open += use->open;
        row->busy += use->busy;
        row->waiting += use->waiting;
    }
    return servers;
}

static void write_pool(text_t *text, const apr_array_header_t *sites)
{
    apr_pool_t *pool = text->r->pool;

    for (int part = 0; part < 2; part++) {
        family(text, part ? "crm_pool_waiting" : "crm_pool_connections", "gauge", NULL,
               part ? "Threads that wait for a connection" : "Connections to databases, by server");
        for (int i = 0; i < sites->nelts; i++) {
            const site_t *site = &APR_ARRAY_IDX(sites, i, site_t);
            const apr_array_header_t *servers = servers_of(pool, site->uses);
            for (int j = 0; j < servers->nelts; j++) {
                const crm_metrics_use_t *use = &APR_ARRAY_IDX(servers, j, crm_metrics_use_t);
                const char *labels = apr_pstrcat(pool, site->label, ",server=\"",
                                                 escape(pool, use->server), "\"", NULL);
                if (part) {
                    whole(text, labels, (apr_uint64_t)use->waiting);
                    continue;
                }
                whole(text, apr_pstrcat(pool, labels, ",state=\"busy\"", NULL),
                      (apr_uint64_t)use->busy);
                whole(text, apr_pstrcat(pool, labels, ",state=\"idle\"", NULL),
                      (apr_uint64_t)(use->open - use->busy));
            }
        }
    }
}

static apr_array_header_t *read_sites(apr_pool_t *pool, const crm_metrics_t *metrics)
{
    apr_array_header_t *sites = apr_array_make(pool, 2, sizeof(site_t));

    for (int i = 0; i < CRM_METRICS_SITES && metrics->sites[i].label[0]; i++) {
        site_t *site = apr_array_push(sites);
        site->site = &metrics->sites[i];
        site->label =
            apr_pstrcat(pool, "site=\"", escape(pool, metrics->sites[i].label), "\"", NULL);
        site->has_state = crm_metrics_read_state(site->site, &site->state);
        site->uses = crm_metrics_sum(pool, i, &site->children, &site->now);
    }
    return sites;
}

void crm_metrics_write_text(request_rec *r, int is_plain)
{
    text_t text = {.r = r, .metrics = crm_metrics(), .is_plain = is_plain};
    const apr_array_header_t *sites = read_sites(r->pool, text.metrics);

    family(&text, "crm_build", "info", NULL, "The version of mod_crm");
    whole(&text, "version=\"" CRM_VERSION "\"", 1);
    write_requests(&text);
    write_times(&text);
    write_costs(&text);
    write_counts(&text, sites);
    write_gauges(&text, sites);
    write_pool(&text, sites);
    if (!is_plain) {
        ap_rputs("# EOF\n", r);
    }
}
