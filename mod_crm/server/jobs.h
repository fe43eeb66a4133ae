/* server/jobs.h - the thread of a child that does jobs: one of its own, because they take long. */
#ifndef CRM_SERVER_JOBS_H
#define CRM_SERVER_JOBS_H

#include <httpd.h>

#include "service/site.h"

typedef struct crm_jobs_t crm_jobs_t;

/* Starts the thread for SITE; it lives until crm_jobs_stop. SERVER is for its log lines. */
apr_status_t crm_jobs_start(apr_pool_t *pool, crm_site_t *site, server_rec *server,
                            crm_jobs_t **ret_jobs);

/* Has the thread end: a job that it is at is broken off and goes back to the queue. Waits for that,
 * but not longer than TIMEOUT (0: only tells it). 1 when it has ended; 0 when it has not: then
 * neither the site nor its pool may be destroyed. */
int crm_jobs_stop(crm_jobs_t *jobs, apr_interval_time_t timeout);

#endif
