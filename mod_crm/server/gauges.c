/* server/gauges.c - writes what a child has of a site into the memory that all share. */
#include <string.h>

#include <apr_strings.h>

#include "server/gauges.h"

/* Rows that are kept for all other databases of a server. */
#define REST 8

struct crm_gauges_t {
    crm_site_t *site;
    crm_metrics_site_t *place;
    crm_metrics_seat_t *seat; /* NULL: there was none left */
    apr_uint64_t spool_limit;
    apr_uint64_t told[CRM_SITE_COUNT], moved;
    crm_metrics_now_t now;
};

crm_gauges_t *crm_gauges_make(apr_pool_t *pool, crm_site_t *site, const crm_settings_t *settings,
                              int place)
{
    if (place < 0) {
        return NULL;
    }
    crm_gauges_t *gauges = apr_pcalloc(pool, sizeof(*gauges));
    gauges->site = site;
    gauges->place = &crm_metrics()->sites[place];
    gauges->seat = crm_metrics_sit(place);
    gauges->spool_limit = settings->spool_max;
    return gauges;
}

void crm_gauges_moved(crm_gauges_t *gauges, apr_size_t count)
{
    if (gauges) {
        gauges->moved += count;
    }
}

/* Adds to the site's counters what this child has counted since the last time. */
static void write_counts(crm_gauges_t *gauges)
{
    const crm_site_t *site = gauges->site;
    crm_pool_counts_t pool = crm_pool_counts(site->connections);
    crm_spool_counts_t spool = {0};

    if (site->spool) {
        spool = crm_spool_counts(site->spool);
    }
    const apr_uint64_t counts[CRM_SITE_COUNT] = {
        [CRM_SITE_CONNECTIONS] = pool.opened,  [CRM_SITE_ACQUIRED] = pool.acquired,
        [CRM_SITE_TIMED_OUT] = pool.timed_out, [CRM_SITE_FAILED] = pool.failed,
        [CRM_SITE_APPENDED] = spool.appended,  [CRM_SITE_UNAPPENDED] = spool.failed,
        [CRM_SITE_MOVED] = gauges->moved,      [CRM_SITE_TORN] = spool.torn,
        [CRM_SITE_DROPPED] = spool.dropped,
    };
    for (int i = 0; i < CRM_SITE_COUNT; i++) {
        atomic_fetch_add(&gauges->place->counts[i], counts[i] - gauges->told[i]);
        gauges->told[i] = counts[i];
    }
}

/* "mysql://crm@127.0.0.1:3306" without the account: the same server is one row. */
static const char *place_of(const char *server)
{
    const char *at = strrchr(server, '@');

    return at ? at + 1 : "sqlite";
}

/* The end of a text that is too long: of a path that is what tells it from others. */
static const char *end_of(const char *text)
{
    apr_size_t size = strlen(text);

    return size < CRM_METRICS_NAME ? text : text + size - CRM_METRICS_NAME + 1;
}

/* A row for USE: its own while there is room, else that for the rest of its server; NULL: none. */
static crm_metrics_use_t *row_for(crm_metrics_now_t *now, const crm_pool_use_t *use)
{
    const char *database = now->count < CRM_METRICS_USES - REST ? end_of(use->database) : "*";

    for (int i = 0; *database == '*' && i < now->count; i++) {
        if (strcmp(now->uses[i].database, "*") == 0 &&
            strcmp(now->uses[i].server, place_of(use->server)) == 0) {
            return &now->uses[i];
        }
    }
    if (now->count == CRM_METRICS_USES) {
        return NULL;
    }
    crm_metrics_use_t *row = &now->uses[now->count++];
    memset(row, 0, sizeof(*row));
    apr_cpystrn(row->server, place_of(use->server), sizeof(row->server));
    apr_cpystrn(row->database, *database ? database : "-", sizeof(row->database));
    return row;
}

static void write_now(crm_gauges_t *gauges, apr_pool_t *scratch)
{
    crm_metrics_now_t *now = &gauges->now;
    apr_array_header_t *uses = crm_pool_uses(gauges->site->connections, scratch);

    now->count = 0;
    for (int i = 0; i < uses->nelts; i++) {
        const crm_pool_use_t *use = &APR_ARRAY_IDX(uses, i, crm_pool_use_t);
        crm_metrics_use_t *row = row_for(now, use);
        if (row) {
            row->open += use->open;
            row->busy += use->busy;
            row->waiting += use->waiting;
        }
    }
    crm_semaphore_counts(crm_hasher_semaphore(gauges->site->hasher), &now->hashing,
                         &now->hash_waiting);
    crm_metrics_write_now(gauges->seat, now);
}

/* One child of all asks the database; what goes wrong is seen by the state, and said by whoever has
 * work to do there. */
static void write_state(crm_gauges_t *gauges, apr_pool_t *scratch)
{
    apr_time_t now = apr_time_now(), due = atomic_load(&gauges->place->due);
    crm_metrics_state_t state = {.spool_limit = gauges->spool_limit};

    if (now < due ||
        !atomic_compare_exchange_strong(&gauges->place->due, &due, now + CRM_METRICS_EVERY)) {
        return;
    }
    state.is_up = crm_census_take(gauges->site, scratch, &state.census) == NULL;
    state.spool_bytes = gauges->site->spool ? crm_spool_counts(gauges->site->spool).bytes : 0;
    state.when = apr_time_now();
    crm_metrics_write_state(gauges->place, &state);
}

void crm_gauges_write(crm_gauges_t *gauges, apr_pool_t *scratch)
{
    if (gauges) {
        write_counts(gauges);
        if (gauges->seat) {
            write_now(gauges, scratch);
        }
        write_state(gauges, scratch);
    }
}

void crm_gauges_end(crm_gauges_t *gauges)
{
    if (gauges) {
        write_counts(gauges);
        if (gauges->seat) {
            crm_metrics_rise(gauges->seat);
        }
    }
}
