/* service/job.h - long work on a tenant that somebody asked for: a queue in the main database
 * (table job).
 *
 * A job runs in one of a few slots of the whole installation: who runs it holds the server lock
 * "jobs-<slot>" meanwhile, so that a job whose slot's lock is free is known to have died with its
 * process, and is begun anew by whoever gets the lock (service/job_turn.h). Jobs of one tenant run
 * one after the other, as they were asked for. Beginning counts `takes` up, and only who knows that
 * number may change the row from then on: one that was given up for dead and lives on can end
 * nothing.
 */
#ifndef CRM_SERVICE_JOB_H
#define CRM_SERVICE_JOB_H

#include <jansson.h>

#include "service/tenant.h"

/* Jobs that run at a time, of all processes of an installation together. */
#define CRM_JOB_SLOTS 2

/* A job that fails for the time being, or dies with its process, is begun so often at most. */
#define CRM_JOB_ATTEMPTS 5

/* What CrmPool max must be at least on MySQL: a job takes up to three connections that are to no
 * database (its slot's lock, its tenant's, and one that makes or drops databases), two for the work
 * between, and somebody else shall have one. */
#define CRM_JOB_CONNECTIONS 6

typedef struct crm_job_t {
    crm_uuid_t id;
    const char *kind; /* a row of crm_job_kinds (service/job_work.h) */
    crm_uuid_t tenant_id;
    const char *tenant_name;
    json_t *arguments; /* an object */
    const char *state; /* queued, running, done or failed */
    int progress;      /* percent; never goes back */
    json_t *result;    /* an object; NULL: not done */
    apr_time_t finished_at;
    const char *file; /* its name below CrmJobFiles; NULL: none (any more) */
    crm_uuid_t made;  /* the tenant that it makes; zeros: not known yet */
    int takes, attempts;
} crm_job_t;

/* What is asked for. */
typedef struct crm_job_order_t {
    const char *kind;
    const crm_tenant_t *tenant; /* only its id and name count */
    json_t *arguments;          /* an object, without secrets */
    const char *requested_by, *request_id;
} crm_job_order_t;

/* Puts a job into the queue; *RET_ID is its. CONFLICT while too many jobs wait. */
crm_error_t *crm_job_put(const crm_site_t *site, apr_pool_t *pool, const crm_job_order_t *order,
                         crm_uuid_t *ret_id);

/* NOT_FOUND: there is none (any more). */
crm_error_t *crm_job_get(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                         crm_job_t **ret_job);

/* Ends the wait of this process's background thread for jobs; thread-safe. And that wait. */
void crm_job_wake(const crm_site_t *site);
void crm_job_wait(const crm_site_t *site, apr_interval_time_t timeout);

/* Removes a job that waits or has ended, with its file. CONFLICT while it runs. */
crm_error_t *crm_job_remove(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id);

/* Removes some of those that ended longer ago than is told by CrmJobKeep, with their files;
 * but what a job that is still to be done needs. */
crm_error_t *crm_job_purge(const crm_site_t *site, apr_pool_t *pool);

/* ---- for whoever runs jobs ---- */

/* 1 when there may be something to do: a job that waits and is due, or one that runs. */
crm_error_t *crm_job_is_any(const crm_site_t *site, apr_pool_t *pool, int *ret_any);

/* Takes the job that died in SLOT, or the first that waits and is due; NULL when there is none. The
 * caller holds the slot's lock. */
crm_error_t *crm_job_take(const crm_site_t *site, apr_pool_t *pool, int slot, crm_job_t **ret_job);

/* Notes how far JOB is, where that is further than before; and that it makes the tenant MADE.
 * CONFLICT when it is no longer the caller's. */
crm_error_t *crm_job_advance(const crm_site_t *site, apr_pool_t *pool, crm_job_t *job,
                             int progress);
crm_error_t *crm_job_makes(const crm_site_t *site, apr_pool_t *pool, crm_job_t *job,
                           const crm_uuid_t *made);

/* It is done, by RESULT, an object; FILE as in crm_job_t. CONFLICT as above. */
crm_error_t *crm_job_finish(const crm_site_t *site, apr_pool_t *pool, const crm_job_t *job,
                            const json_t *result, const char *file);

/* It failed for good. */
crm_error_t *crm_job_fail(const crm_site_t *site, apr_pool_t *pool, const crm_job_t *job,
                          const crm_error_t *error);

/* Gives it back to the queue: to be begun again at once and as if it had not been (ERROR NULL), or
 * after a pause that grows with `attempts`. */
crm_error_t *crm_job_give_back(const crm_site_t *site, apr_pool_t *pool, const crm_job_t *job,
                               const crm_error_t *error);

#endif
