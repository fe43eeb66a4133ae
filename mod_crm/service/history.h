/* service/history.h - the record of each request: appended to the spool, moved to the databases.
 *
 * crm_history_append is called by the thread that answers, crm_history_move by one background
 * thread of each process. A record goes to its tenant's database, or to the main one when none is
 * known. It is stored at most once (by its id) and counted in the roll-ups in the same transaction.
 */
#ifndef CRM_SERVICE_HISTORY_H
#define CRM_SERVICE_HISTORY_H

#include "service/site.h"

typedef struct crm_history_t {
    crm_uuid_t id;
    const char *slug;     /* of the tenant; NULL: main */
    apr_int64_t user_id;  /* 0: none */
    int user_is_platform; /* a superuser acting in a tenant: his id is not one of the tenant's */
    const char *username; /* NULL: none */
    const char *method, *endpoint;            /* path without query */
    const char *route;                        /* pattern, "/api/leads/{id}/"; NULL: no route */
    const char *request_data, *response_data; /* JSON, redacted, cut; or NULL */
    int status;
    const char *ip_address, *user_agent; /* user agent: valid UTF-8 */
    apr_interval_time_t execution_time;
    const char *error_message, *request_id;
    apr_time_t created_at;
} crm_history_t;

/* APR_SUCCESS when the record is safe from the end of this process; also where the site has no
 * spool: then there is no History. */
apr_status_t crm_history_append(crm_site_t *site, apr_pool_t *pool, const crm_history_t *record);

typedef struct crm_history_move_t {
    apr_size_t read, stored, deferred;
} crm_history_move_t;

/* Moves what the spool holds. The caller waits by crm_spool_wait. Errors of databases are no errors
 * of this call: their records are deferred, and *RET_ERROR (in POOL) is one of them, for the log.
 */
apr_status_t crm_history_move(crm_site_t *site, apr_pool_t *pool, crm_history_move_t *ret_move,
                              crm_error_t **ret_error);

/* A body as a record keeps it: JSON is redacted; over LIMIT bytes it becomes
 * {"truncated": true, "size": N, "text": "the first LIMIT bytes"}. NULL gives NULL. */
const char *crm_history_body(apr_pool_t *pool, const json_t *json, apr_uint64_t limit);

#endif
