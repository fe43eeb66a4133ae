/* service/retention.h - what is over is removed, in small steps that keep nobody waiting.
 *
 * In each tenant's database and in the main one: History older than CrmHistoryKeep, tokens that are
 * over, answers kept for Idempotency-Keys that count no more. Statistics stay: they are made of
 * roll-ups (service/rollup.h), which have a row a day, not one a request.
 */
#ifndef CRM_SERVICE_RETENTION_H
#define CRM_SERVICE_RETENTION_H

#include "service/site.h"

/* Where a round over all databases is; zeros: at its beginning. */
typedef struct crm_retention_t {
    crm_uuid_t last; /* the tenant before */
} crm_retention_t;

typedef enum {
    CRM_RETENTION_MORE, /* that database has more */
    CRM_RETENTION_NEXT, /* there are other databases */
    CRM_RETENTION_END   /* the round is at its end */
} crm_retention_e;

/* Goes one step on: one database, and of that no more than some hundred records. A database that is
 * away is passed over; its error is given all the same. */
crm_error_t *crm_retention_step(const crm_site_t *site, apr_pool_t *pool,
                                crm_retention_t *retention, crm_retention_e *ret_left);

/* Removes all records of DB's History that are older than TIME, some hundred at a time;
 * *RET_REMOVED: how many. */
crm_error_t *crm_retention_history(const crm_db_t *db, apr_pool_t *pool, apr_time_t time,
                                   apr_int64_t *ret_removed);

#endif
