/* service/job_turn.h - jobs are done, one after the other, by a background thread of each process.
 */
#ifndef CRM_SERVICE_JOB_TURN_H
#define CRM_SERVICE_JOB_TURN_H

#include "service/job.h"

/* Whom the thread tells what happens, and asks whether to stop. */
typedef struct crm_job_hooks_t {
    /* ERROR NULL: the job is done; IS_FINAL 0: it will be begun again. */
    void (*tell)(void *baton, const crm_job_t *job, const crm_error_t *error, int is_final);
    int (*is_over)(void *baton);
    void *baton;
} crm_job_hooks_t;

/* Does one job, if there is one to do and a slot is free; *RET_DONE: 1 then. When HOOKS say that it
 * is over, the job is broken off, what it made is removed, and it goes back to the queue. POOL is
 * cleared by the caller after each turn. */
crm_error_t *crm_job_turn(const crm_site_t *site, apr_pool_t *pool, const crm_job_hooks_t *hooks,
                          int *ret_done);

#endif
