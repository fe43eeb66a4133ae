/* server/metrics.c - what all children count and show, in memory that they share. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include <ap_mpm.h>
#include <httpd.h>
#include <http_log.h>
#include <http_protocol.h>

#include "base/secret.h"
#include "server/call.h"
#include "server/metrics.h"

APLOG_USE_MODULE(crm);

#define SEATS_MIN 32
#define SEATS_MAX 1024
#define READINGS 100

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
               "counters that processes share must need no lock");

const char *const crm_metrics_methods[CRM_METRICS_METHODS] = {
    "other", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

const apr_interval_time_t crm_metrics_bounds[CRM_METRICS_TIMES] = {
    1000,   2500,   5000,    10000,   25000,   50000,   100000,
    250000, 500000, 1000000, 2500000, 5000000, 10000000};

static crm_metrics_t *shared;
static const char *routes[CRM_METRICS_ROUTES] = {"none"};
static int nroutes;

/* ---- names */

/* How much of PATTERN names its group: the first segment, and the next below auth/. */
static apr_size_t group_size(const char *pattern)
{
    apr_size_t size = strcspn(pattern, "/");

    if (strncmp(pattern, "auth/", 5) == 0 && pattern[5] && pattern[5] != '{') {
        size = 5 + strcspn(pattern + 5, "/");
    }
    return size;
}

/* Its index; the last is also whatever there is no room for. */
static int group_of(const crm_route_t *route)
{
    apr_size_t size = route ? group_size(route->pattern) : 0;

    for (int i = 1; route && i < nroutes; i++) {
        if (strlen(routes[i]) == size && strncmp(routes[i], route->pattern, size) == 0) {
            return i;
        }
    }
    return route ? nroutes - 1 : 0;
}

static void name_routes(apr_pool_t *pconf)
{
    nroutes = 1;
    for (const crm_route_t *const *table = crm_route_tables; *table; table++) {
        for (const crm_route_t *route = *table; route->method; route++) {
            apr_size_t size = group_size(route->pattern);
            const char *known = routes[group_of(route)];
            if (nroutes < CRM_METRICS_ROUTES - 1 &&
                (strlen(known) != size || strncmp(known, route->pattern, size) != 0)) {
                routes[nroutes++] = apr_pstrmemdup(pconf, route->pattern, size);
            }
        }
    }
    routes[nroutes++] = "other";
}

int crm_metrics_route_count(void)
{
    return nroutes;
}

const char *crm_metrics_route_name(int index)
{
    return routes[index];
}

/* METHOD NULL: a request line that was too long to have one. */
static int method_of(const char *method)
{
    int i = method ? CRM_METRICS_METHODS - 1 : 0;

    while (i > 0 && strcmp(crm_metrics_methods[i], method) != 0) {
        i--;
    }
    return i;
}

/* ---- the memory */

crm_metrics_t *crm_metrics(void)
{
    return shared;
}

/* Another version of the module, or other routes, must not read this one's memory. */
static const char *key_of(apr_pool_t *pool)
{
    unsigned char hash[CRM_HASH_SIZE];
    const char *names = "";

    for (int i = 0; i < nroutes; i++) {
        names = apr_pstrcat(pool, names, routes[i], " ", NULL);
    }
    crm_secret_sha256(names, strlen(names), hash);
    return apr_psprintf(pool, "mod_crm metrics %s %" APR_SIZE_T_FMT " %02x%02x%02x%02x",
                        CRM_VERSION, sizeof(crm_metrics_t) + sizeof(crm_metrics_seat_t), hash[0],
                        hash[1], hash[2], hash[3]);
}

apr_status_t crm_metrics_share(apr_pool_t *pconf, server_rec *server)
{
    apr_pool_t *process = server->process->pool;
    apr_shm_t *memory;
    void *found = NULL;
    int children = 0;

    name_routes(pconf);
    const char *key = key_of(pconf);
    apr_pool_userdata_get(&found, key, process);
    if (!found) {
        ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
        int nseats = 2 * children < SEATS_MIN ? SEATS_MIN : 2 * children;
        nseats = nseats > SEATS_MAX ? SEATS_MAX : nseats;
        apr_size_t size = sizeof(crm_metrics_t) + (apr_size_t)nseats * sizeof(crm_metrics_seat_t);
        apr_status_t status = apr_shm_create(&memory, size, NULL, process);
        if (status != APR_SUCCESS) {
            return status;
        }
        found = memset(apr_shm_baseaddr_get(memory), 0, size);
        ((crm_metrics_t *)found)->nseats = nseats;
        apr_pool_userdata_set(found, key, NULL, process); /* copies the key */
    }
    shared = found;
    return APR_SUCCESS;
}

/* "127.0.0.1:3306/crm_main", as much of its end as there is room for. */
static void label_site(apr_pool_t *scratch, const crm_settings_t *settings, char *ret_label)
{
    const crm_db_url_t *url = settings->main_database;
    const char *place = url->socket ? url->socket : url->host ? url->host : "";
    const char *port = url->port ? apr_psprintf(scratch, ":%d", url->port) : "";
    const char *text = strcmp(url->driver, "mysql") == 0
                           ? apr_pstrcat(scratch, place, port, "/", url->database, NULL)
                           : url->database;
    apr_size_t size = strlen(text);

    apr_cpystrn(ret_label, size < CRM_METRICS_NAME ? text : text + size - CRM_METRICS_NAME + 1,
                CRM_METRICS_NAME);
}

int crm_metrics_site(apr_pool_t *scratch, const crm_settings_t *settings)
{
    unsigned char hash[CRM_HASH_SIZE];
    const char *name = crm_site_name(scratch, settings);
    int i = 0;

    crm_secret_sha256(name, strlen(name), hash);
    while (i < CRM_METRICS_SITES && shared->sites[i].label[0] &&
           memcmp(shared->sites[i].id, hash, sizeof(shared->sites[i].id)) != 0) {
        i++;
    }
    if (i == CRM_METRICS_SITES) {
        return -1;
    }
    if (!shared->sites[i].label[0]) {
        memcpy(shared->sites[i].id, hash, sizeof(shared->sites[i].id));
        label_site(scratch, settings, shared->sites[i].label);
    }
    return i;
}

/* ---- what one writes and others read: TURN is odd meanwhile */

static void begin_writing(_Atomic unsigned *turn)
{
    atomic_fetch_or(turn, 1u); /* one who died while he wrote has left it odd */
    atomic_thread_fence(memory_order_release);
}

static void end_writing(_Atomic unsigned *turn)
{
    atomic_thread_fence(memory_order_release);
    atomic_fetch_add(turn, 1u);
}

/* Copies SIZE bytes as they were at one moment. 1 or 0. */
static int read_whole(const _Atomic unsigned *turn, void *to, const void *from, apr_size_t size)
{
    for (int i = 0; i < READINGS; i++) {
        unsigned before = atomic_load((_Atomic unsigned *)turn);
        if (before & 1u) {
            continue;
        }
        memcpy(to, from, size);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load((_Atomic unsigned *)turn) == before) {
            return 1;
        }
    }
    return 0;
}

void crm_metrics_write_state(crm_metrics_site_t *site, const crm_metrics_state_t *state)
{
    begin_writing(&site->turn);
    site->state = *state;
    end_writing(&site->turn);
}

int crm_metrics_read_state(const crm_metrics_site_t *site, crm_metrics_state_t *ret_state)
{
    return read_whole(&site->turn, ret_state, &site->state, sizeof(*ret_state)) &&
           ret_state->when > 0;
}

void crm_metrics_write_now(crm_metrics_seat_t *seat, const crm_metrics_now_t *now)
{
    begin_writing(&seat->turn);
    seat->now = *now;
    end_writing(&seat->turn);
}

static int is_gone(int pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

int crm_metrics_read_now(const crm_metrics_seat_t *seat, crm_metrics_now_t *ret_now)
{
    int pid = atomic_load((_Atomic int *)&seat->pid);

    return pid && !is_gone(pid) && read_whole(&seat->turn, ret_now, &seat->now, sizeof(*ret_now));
}

/* ---- seats */

crm_metrics_seat_t *crm_metrics_sit(int site)
{
    static const crm_metrics_now_t nothing;

    for (int i = 0; site >= 0 && i < shared->nseats; i++) {
        crm_metrics_seat_t *seat = &shared->seats[i];
        int pid = atomic_load(&seat->pid);
        if ((pid == 0 || is_gone(pid)) &&
            atomic_compare_exchange_strong(&seat->pid, &pid, (int)getpid())) {
            seat->site = site;
            crm_metrics_write_now(seat, &nothing);
            return seat;
        }
    }
    return NULL;
}

void crm_metrics_rise(crm_metrics_seat_t *seat)
{
    atomic_store(&seat->pid, 0);
}

static void add_use(apr_array_header_t *sum, const char *server, const char *database,
                    const crm_metrics_use_t *use)
{
    crm_metrics_use_t *row = NULL;

    for (int i = 0; i < sum->nelts && !row; i++) {
        crm_metrics_use_t *each = &APR_ARRAY_IDX(sum, i, crm_metrics_use_t);
        if (strcmp(each->server, server) == 0 && strcmp(each->database, database) == 0) {
            row = each;
        }
    }
    if (!row) {
        row = apr_array_push(sum);
        memset(row, 0, sizeof(*row));
        apr_cpystrn(row->server, server, sizeof(row->server));
        apr_cpystrn(row->database, database, sizeof(row->database));
    }
    row->open += use->open;
    row->busy += use->busy;
    row->waiting += use->waiting;
}

apr_array_header_t *crm_metrics_sum(apr_pool_t *pool, int site, int *ret_children,
                                    crm_metrics_now_t *ret_now)
{
    static const crm_metrics_use_t nothing;
    apr_array_header_t *sum = apr_array_make(pool, 16, sizeof(crm_metrics_use_t));
    crm_metrics_now_t *now = apr_palloc(pool, sizeof(*now));

    *ret_children = ret_now->hashing = ret_now->hash_waiting = 0;
    add_use(sum, "", "", &nothing);
    for (int i = 0; i < shared->nseats; i++) {
        const crm_metrics_seat_t *seat = &shared->seats[i];
        if (!crm_metrics_read_now(seat, now) || seat->site != site) {
            continue;
        }
        ++*ret_children;
        ret_now->hashing += now->hashing;
        ret_now->hash_waiting += now->hash_waiting;
        for (int j = 0; j < now->count; j++) {
            const crm_metrics_use_t *use = &now->uses[j];
            add_use(sum, "", "", use);
            add_use(sum, use->server, use->database, use);
        }
    }
    return sum;
}

/* ---- requests */

static void add(crm_counter_t *counter, apr_uint64_t value)
{
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

void crm_metrics_count(const crm_route_t *route, const char *method, int status,
                       apr_interval_time_t time, const crm_meter_t *meter)
{
    int group = group_of(route), class = status / 100, bound = 0;

    if (!shared) {
        return;
    }
    while (bound < CRM_METRICS_TIMES && time > crm_metrics_bounds[bound]) {
        bound++;
    }
    add(&shared->requests[group][method_of(method)][class > 0 && class < 6 ? class : 0], 1);
    add(&shared->times[group][bound], 1);
    add(&shared->microseconds[group], time > 0 ? (apr_uint64_t)time : 0);
    add(&shared->statements, (apr_uint64_t)meter->statements);
    add(&shared->database_microseconds, (apr_uint64_t)meter->database);
    add(&shared->wait_microseconds, (apr_uint64_t)meter->wait);
}

/* R is the first of its chain; its last one has the status that was answered. */
static int count_request(request_rec *r)
{
    request_rec *last = r;

    while (last->next) {
        last = last->next;
    }
    const crm_call_t *call = crm_call_of(last);
    if (call && call->below && !r->main) {
        const crm_route_t *route = call->request ? call->request->route : NULL;
        crm_metrics_count(route, r->method, last->status, apr_time_now() - r->request_time,
                          &call->meter);
    }
    return DECLINED;
}

void crm_metrics_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_log_transaction(count_request, NULL, NULL, APR_HOOK_FIRST);
}
