/* base/semaphore.c - a counting semaphore with a bounded wait. */
#include <apr_errno.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "base/semaphore.h"

struct crm_semaphore_t {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *released;
    int permits, waiting;
    int free; /* permits that nobody holds */
};

apr_status_t crm_semaphore_create(apr_pool_t *pool, int permits, crm_semaphore_t **ret_semaphore)
{
    if (permits < 1) {
        return APR_EINVAL;
    }
    crm_semaphore_t *semaphore = apr_pcalloc(pool, sizeof(*semaphore));
    semaphore->free = semaphore->permits = permits;
    apr_status_t status =
        apr_thread_mutex_create(&semaphore->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        status = apr_thread_cond_create(&semaphore->released, pool);
    }
    if (status == APR_SUCCESS) {
        *ret_semaphore = semaphore;
    }
    return status;
}

apr_status_t crm_semaphore_acquire(crm_semaphore_t *semaphore, apr_interval_time_t wait)
{
    apr_time_t deadline = 0;
    apr_status_t status = APR_SUCCESS;
    apr_thread_mutex_lock(semaphore->mutex);
    while (semaphore->free == 0) {
        apr_time_t now = apr_time_now();
        if (deadline == 0) {
            deadline = now + wait;
        }
        if (now >= deadline) {
            status = APR_TIMEUP;
            break;
        }
        /* a signal, the time-out and a spurious wake all lead to the check above */
        semaphore->waiting++;
        apr_thread_cond_timedwait(semaphore->released, semaphore->mutex, deadline - now);
        semaphore->waiting--;
    }
    if (status == APR_SUCCESS) {
        semaphore->free--;
    }
    apr_thread_mutex_unlock(semaphore->mutex);
    return status;
}

void crm_semaphore_release(crm_semaphore_t *semaphore)
{
    apr_thread_mutex_lock(semaphore->mutex);
    semaphore->free++;
    apr_thread_cond_signal(semaphore->released);
    apr_thread_mutex_unlock(semaphore->mutex);
}

void crm_semaphore_listen(crm_semaphore_t *semaphore, apr_interval_time_t wait)
{
    apr_status_t status = crm_semaphore_acquire(semaphore, wait);
    while (status == APR_SUCCESS) {
        status = crm_semaphore_acquire(semaphore, 0);
    }
}

void crm_semaphore_counts(crm_semaphore_t *semaphore, int *ret_taken, int *ret_waiting)
{
    apr_thread_mutex_lock(semaphore->mutex);
    *ret_taken = semaphore->permits - semaphore->free;
    *ret_waiting = semaphore->waiting;
    apr_thread_mutex_unlock(semaphore->mutex);
}
