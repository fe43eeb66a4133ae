/* server/postman.c - the thread of a child that sends mails. */
#include <apr_atomic.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <httpd.h>
#include <http_log.h>

#include "base/smtp.h"
#include "server/postman.h"
#include "server/said.h"
#include "service/mailer.h"

APLOG_USE_MODULE(crm);

#define TURN apr_time_from_sec(1)
#define PURGE_EVERY apr_time_from_sec(600)

struct crm_postman_t {
    crm_site_t *site;
    server_rec *server;
    apr_thread_t *thread;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *changed; /* ended */
    volatile apr_uint32_t stop;
    int ended;        /* under the lock */
    apr_pool_t *turn; /* cleared after each turn */
    apr_time_t purge; /* when it is due */
    crm_said_t said;
};

static void note(void *baton, crm_mailer_news_e news, const char *text)
{
    crm_postman_t *postman = baton;
    if (news == CRM_MAILER_GONE) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, postman->server, "CRM0031: a mail: %s", text);
    } else if (crm_said_is_news(&postman->said, text)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, postman->server, "CRM0030: mail: %s", text);
    }
}

static int is_over(void *baton)
{
    crm_postman_t *postman = baton;
    return apr_atomic_read32(&postman->stop) != 0;
}

static crm_error_t *do_turn(crm_postman_t *postman)
{
    const crm_mailer_hooks_t hooks = {.tell = note, .is_over = is_over, .baton = postman};
    apr_time_t now = apr_time_now();
    if (now >= postman->purge) {
        postman->purge = now + PURGE_EVERY;
        CRM_ERR(crm_mailer_purge(postman->site, postman->turn));
    }
    return crm_mailer_turn(postman->site, postman->turn, &hooks);
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    crm_postman_t *postman = data;
    (void)thread;

    /* httpd's signals are for its main thread */
    apr_setup_signal_thread();
    while (!is_over(postman)) {
        crm_error_t *error = do_turn(postman);
        if (error) {
            note(postman, CRM_MAILER_WAITS,
                 apr_pstrcat(postman->turn, "mails wait: ", crm_error_line(postman->turn, error),
                             NULL));
        }
        apr_pool_clear(postman->turn);
        if (!is_over(postman)) {
            crm_mailer_wait(postman->site, TURN);
        }
    }
    apr_thread_mutex_lock(postman->lock);
    postman->ended = 1;
    apr_thread_cond_broadcast(postman->changed);
    apr_thread_mutex_unlock(postman->lock);
    return NULL;
}

apr_status_t crm_postman_start(apr_pool_t *pool, crm_site_t *site, server_rec *server,
                               crm_postman_t **ret_postman)
{
    crm_postman_t *postman = apr_pcalloc(pool, sizeof(*postman));
    apr_status_t status;

    postman->site = site;
    postman->server = server;
    /* unmanaged: only this thread uses it, and allocators of pools are not shared by threads */
    if ((status = crm_smtp_init()) != APR_SUCCESS ||
        (status = apr_pool_create_unmanaged_ex(&postman->turn, NULL, NULL)) != APR_SUCCESS ||
        (status = apr_thread_mutex_create(&postman->lock, APR_THREAD_MUTEX_DEFAULT, pool)) !=
            APR_SUCCESS ||
        (status = apr_thread_cond_create(&postman->changed, pool)) != APR_SUCCESS ||
        (status = apr_thread_create(&postman->thread, NULL, work, postman, pool)) != APR_SUCCESS) {
        return status;
    }
    *ret_postman = postman;
    return APR_SUCCESS;
}

int crm_postman_stop(crm_postman_t *postman, apr_interval_time_t timeout)
{
    apr_time_t deadline = apr_time_now() + timeout;
    apr_status_t result;

    apr_atomic_set32(&postman->stop, 1);
    crm_mailer_wake(postman->site);
    apr_thread_mutex_lock(postman->lock);
    while (!postman->ended && apr_time_now() < deadline) {
        apr_thread_cond_timedwait(postman->changed, postman->lock, deadline - apr_time_now());
    }
    int ended = postman->ended;
    apr_thread_mutex_unlock(postman->lock);
    if (ended && timeout > 0) {
        apr_thread_join(&result, postman->thread);
        apr_pool_destroy(postman->turn);
    }
    return ended;
}
