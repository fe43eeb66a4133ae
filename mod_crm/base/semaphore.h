/* base/semaphore.h - how many threads of this process may do something at a time: a counting
 * semaphore with a bounded wait.
 */
#ifndef CRM_BASE_SEMAPHORE_H
#define CRM_BASE_SEMAPHORE_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct crm_semaphore_t crm_semaphore_t;

/* A semaphore with PERMITS (at least 1, else APR_EINVAL); lives as long as POOL. Thread-safe. */
apr_status_t crm_semaphore_create(apr_pool_t *pool, int permits, crm_semaphore_t **ret_semaphore);

/* Takes a permit, waiting for one up to WAIT. APR_SUCCESS, or APR_TIMEUP without a permit. */
apr_status_t crm_semaphore_acquire(crm_semaphore_t *semaphore, apr_interval_time_t wait);

/* How many permits are taken, and how many threads wait for one. */
void crm_semaphore_counts(crm_semaphore_t *semaphore, int *ret_taken, int *ret_waiting);

/* Gives a permit back. */
void crm_semaphore_release(crm_semaphore_t *semaphore);

/* A semaphore as a bell: waits until it is rung (released), however often, or WAIT is over. */
void crm_semaphore_listen(crm_semaphore_t *semaphore, apr_interval_time_t wait);

#endif
