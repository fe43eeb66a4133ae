/* server/background.c - a thread of a child that takes turns until it is told to end. */
#include "server/background.h"

#include <apr_atomic.h>
#include <apr_signal.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

struct crm_background_t {
    crm_background_work_t work;
    apr_thread_t *thread;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *changed; /* ended */
    volatile apr_uint32_t stop;
    int ended;        /* under the lock */
    apr_pool_t *turn; /* cleared after each turn */
};

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    crm_background_t *background = data;
    const crm_background_work_t *work = &background->work;
    (void)thread;

    /* httpd's signals are for its main thread */
    apr_setup_signal_thread();
    while (!crm_background_is_over(background)) {
        work->turn(work->baton, background->turn);
        apr_pool_clear(background->turn);
        if (!crm_background_is_over(background)) {
            work->wait(work->baton);
        }
    }
    if (work->end) {
        work->end(work->baton, background->turn);
    }
    apr_thread_mutex_lock(background->lock);
    background->ended = 1;
    apr_thread_cond_broadcast(background->changed);
    apr_thread_mutex_unlock(background->lock);
    return NULL;
}

apr_status_t crm_background_start(apr_pool_t *pool, const crm_background_work_t *work,
                                  crm_background_t **ret_background)
{
    crm_background_t *background = apr_pcalloc(pool, sizeof(*background));
    apr_status_t status;

    background->work = *work;
    /* unmanaged: only this thread uses it, and allocators of pools are not shared by threads */
    if ((status = apr_pool_create_unmanaged_ex(&background->turn, NULL, NULL)) != APR_SUCCESS ||
        (status = apr_thread_mutex_create(&background->lock, APR_THREAD_MUTEX_DEFAULT, pool)) !=
            APR_SUCCESS ||
        (status = apr_thread_cond_create(&background->changed, pool)) != APR_SUCCESS) {
        return status;
    }
    *ret_background = background;
    return apr_thread_create(&background->thread, NULL, run, background, pool);
}

int crm_background_is_over(crm_background_t *background)
{
    return apr_atomic_read32(&background->stop) != 0;
}

int crm_background_stop(crm_background_t *background, apr_interval_time_t timeout)
{
    apr_time_t deadline = apr_time_now() + timeout;
    apr_status_t result;

    apr_atomic_set32(&background->stop, 1);
    background->work.wake(background->work.baton);
    apr_thread_mutex_lock(background->lock);
    while (!background->ended && apr_time_now() < deadline) {
        apr_thread_cond_timedwait(background->changed, background->lock, deadline - apr_time_now());
    }
    int ended = background->ended;
    apr_thread_mutex_unlock(background->lock);
    if (ended && timeout > 0) {
        apr_thread_join(&result, background->thread);
        apr_pool_destroy(background->turn);
    }
    return ended;
}
