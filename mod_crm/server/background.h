/* server/background.h - a thread of a child that takes turns until it is told to end.
 */
#ifndef CRM_SERVER_BACKGROUND_H
#define CRM_SERVER_BACKGROUND_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct crm_background_t crm_background_t;

/* What the thread does. */
typedef struct crm_background_work_t {
    void (*turn)(void *baton, apr_pool_t *pool); /* POOL is the thread's own, cleared afterwards */
    void (*wait)(void *baton);                   /* between turns; not for long */
    void (*wake)(void *baton);                   /* ends that; called by other threads */
    void (*end)(void *baton, apr_pool_t *pool);  /* last of all, in the thread, or NULL */
    void *baton;
} crm_background_work_t;

/* Starts the thread; it lives until crm_background_stop. *RET_BACKGROUND is there before WORK is
 * called. */
apr_status_t crm_background_start(apr_pool_t *pool, const crm_background_work_t *work,
                                  crm_background_t **ret_background);

/* 1 when it is to end. Thread-safe. */
int crm_background_is_over(crm_background_t *background);

/* Has the thread end and waits for that, but not longer than TIMEOUT (0: only tells it). 1 when it
 * has ended; 0 when it has not: then nothing that it uses may be destroyed. */
int crm_background_stop(crm_background_t *background, apr_interval_time_t timeout);

#endif
