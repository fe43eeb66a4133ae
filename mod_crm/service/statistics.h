/* service/statistics.h - statistics of one database's History, read from its roll-up tables. */
#ifndef CRM_SERVICE_STATISTICS_H
#define CRM_SERVICE_STATISTICS_H

#include "db/database.h"

#define CRM_STATISTICS_ENDPOINTS 10 /* at most so many of the most used */
#define CRM_STATISTICS_DAYS 30      /* the days of requests_per_day */

/* Which requests count. */
typedef struct crm_statistics_filter_t {
    apr_int64_t user_id; /* an account of that database; 0: everybody */
    int status;          /* -1: any */
    apr_time_t from, to; /* days at 00:00 UTC, both included; CRM_STATISTICS_OPEN: no bound */
    apr_time_t now;
} crm_statistics_filter_t;

#define CRM_STATISTICS_OPEN (-1)

typedef struct crm_named_count_t {
    const char *name;
    apr_int64_t count;
} crm_named_count_t;

typedef struct crm_endpoint_count_t {
    const char *route, *method;
    int status;
    apr_int64_t count;
} crm_endpoint_count_t;

typedef struct crm_statistics_t {
    apr_int64_t requests, errors;  /* errors: status 400 and above */
    double average, p50, p95, p99; /* seconds; 0 without requests */
    apr_int64_t today, week;       /* of the UTC day; of the last seven, today included */
    apr_int64_t active_users;      /* accounts with a request */
    apr_array_header_t *methods;   /* of crm_named_count_t, by name */
    apr_array_header_t *statuses;  /* the same */
    apr_array_header_t *endpoints; /* of crm_endpoint_count_t, most used first */
    apr_array_header_t *days;      /* of crm_named_count_t ("2026-11-23"): each of the last
                                      days up to now, or up to `to`, oldest first */
} crm_statistics_t;

/* Errors are the database's. */
crm_error_t *crm_statistics(const crm_db_t *db, apr_pool_t *pool,
                            const crm_statistics_filter_t *filter,
                            crm_statistics_t *ret_statistics);

#endif
