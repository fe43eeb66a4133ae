/* server/metrics.h - what all children count and show, in memory that they share.
 *
 * Counters are added to by whoever has something to count, and never go back: they outlive children
 * and graceful restarts, because the memory is the process's. What a child has just now
 * (connections, hashes) stands in a seat of its own, which its keeper writes each second; a seat
 * whose process is gone counts no more. What is the same whoever asks (tenants, mails, the spool)
 * stands with the site, and one child of all writes it each CRM_METRICS_EVERY. Bounds are fixed, so
 * that nothing grows: of routes, servers and databases beyond them there is one row for all others.
 */
#ifndef CRM_SERVER_METRICS_H
#define CRM_SERVER_METRICS_H

#include <stdatomic.h>

#include <httpd.h>

#include "api/route.h"
#include "db/meter.h"
#include "service/census.h"

#define CRM_METRICS_EVERY apr_time_from_sec(10)

enum {
    CRM_METRICS_ROUTES = 64, /* groups of routes; the first is what has no route */
    CRM_METRICS_METHODS = 8,
    CRM_METRICS_CLASSES = 6, /* 1xx to 5xx, and 0 for no answer */
    CRM_METRICS_TIMES = 13,  /* bounds of the histogram, but for infinity */
    CRM_METRICS_SITES = 16,
    CRM_METRICS_USES = 64, /* databases of one child */
    CRM_METRICS_NAME = 64
};

typedef _Atomic apr_uint64_t crm_counter_t;

/* What is counted over all time, by site. */
typedef enum {
    CRM_SITE_CONNECTIONS, /* opened */
    CRM_SITE_ACQUIRED,
    CRM_SITE_TIMED_OUT,
    CRM_SITE_FAILED,
    CRM_SITE_APPENDED, /* records of History, to the spool */
    CRM_SITE_UNAPPENDED,
    CRM_SITE_MOVED, /* from the spool */
    CRM_SITE_TORN,
    CRM_SITE_DROPPED, /* segments */
    CRM_SITE_COUNT
} crm_site_count_e;

/* What is the same for all children of a site. */
typedef struct crm_metrics_state_t {
    int is_up; /* the main database answered */
    crm_census_t census;
    apr_uint64_t spool_bytes, spool_limit; /* limit 0: none */
    apr_time_t when;                       /* 0: not yet */
} crm_metrics_state_t;

typedef struct crm_metrics_site_t {
    unsigned char id[16];         /* hash of crm_site_name */
    char label[CRM_METRICS_NAME]; /* "127.0.0.1:3306/crm_main"; "": nobody's */
    crm_counter_t counts[CRM_SITE_COUNT];
    _Atomic apr_time_t due; /* when the state is to be written next */
    _Atomic unsigned turn;  /* odd while it is being written */
    crm_metrics_state_t state;
} crm_metrics_site_t;

/* What a child has of one database, or of all others of a server (database "*"). */
typedef struct crm_metrics_use_t {
    char server[CRM_METRICS_NAME], database[CRM_METRICS_NAME];
    int open, busy, waiting;
} crm_metrics_use_t;

/* What a child has just now. */
typedef struct crm_metrics_now_t {
    int hashing, hash_waiting;
    int count;
    crm_metrics_use_t uses[CRM_METRICS_USES];
} crm_metrics_now_t;

typedef struct crm_metrics_seat_t {
    _Atomic int pid; /* 0: free */
    int site;
    _Atomic unsigned turn;
    crm_metrics_now_t now;
} crm_metrics_seat_t;

typedef struct crm_metrics_t {
    crm_counter_t requests[CRM_METRICS_ROUTES][CRM_METRICS_METHODS][CRM_METRICS_CLASSES];
    crm_counter_t times[CRM_METRICS_ROUTES][CRM_METRICS_TIMES + 1]; /* not cumulative */
    crm_counter_t microseconds[CRM_METRICS_ROUTES];
    crm_counter_t statements, database_microseconds, wait_microseconds;
    crm_metrics_site_t sites[CRM_METRICS_SITES];
    int nseats;
    crm_metrics_seat_t seats[];
} crm_metrics_t;

/* Names for what the indices stand for. */
extern const char *const crm_metrics_methods[CRM_METRICS_METHODS];
extern const apr_interval_time_t crm_metrics_bounds[CRM_METRICS_TIMES];
int crm_metrics_route_count(void);
const char *crm_metrics_route_name(int index);

/* The memory; NULL where no server has the engine on. */
crm_metrics_t *crm_metrics(void);

/* In the parent, at each start: makes the memory when there is none yet. PCONF is the pool of the
 * configuration, SERVER the main one. */
apr_status_t crm_metrics_share(apr_pool_t *pconf, server_rec *server);

/* In the parent: the place of the site that SETTINGS belong to; -1: there are too many. */
int crm_metrics_site(apr_pool_t *scratch, const crm_settings_t *settings);

/* Counts one answered request. ROUTE NULL: it has none. STATUS 0: no answer. */
void crm_metrics_count(const crm_route_t *route, const char *method, int status,
                       apr_interval_time_t time, const crm_meter_t *meter);

/* A seat for this process and SITE; NULL when all are taken. And up again. */
crm_metrics_seat_t *crm_metrics_sit(int site);
void crm_metrics_rise(crm_metrics_seat_t *seat);

/* Writes and reads as a whole. Reading gives 0 when the seat is nobody's, the state was never
 * written, or its writer died while he wrote. */
void crm_metrics_write_now(crm_metrics_seat_t *seat, const crm_metrics_now_t *now);
int crm_metrics_read_now(const crm_metrics_seat_t *seat, crm_metrics_now_t *ret_now);
void crm_metrics_write_state(crm_metrics_site_t *site, const crm_metrics_state_t *state);
int crm_metrics_read_state(const crm_metrics_site_t *site, crm_metrics_state_t *ret_state);

/* What all children of SITE have, added up: databases by server and name, with server and database
 * "" the first row for all together. Of crm_metrics_use_t, in POOL. *RET_NOW: the rest; its uses
 * are not set. */
apr_array_header_t *crm_metrics_sum(apr_pool_t *pool, int site, int *ret_children,
                                    crm_metrics_now_t *ret_now);

/* The log_transaction hook that counts requests. */
void crm_metrics_register(apr_pool_t *pool);

#endif
