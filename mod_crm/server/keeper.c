/* server/keeper.c - the background thread of a child. */
#include <string.h>

#include <apr_atomic.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <httpd.h>
#include <http_log.h>

#include "server/keeper.h"
#include "server/said.h"
#include "service/history.h"
#include "service/retention.h"
#include "service/tenant.h"

APLOG_USE_MODULE(crm);

#define TURN apr_time_from_sec(1)
#define GATHER apr_time_from_msec(100) /* records that come together are stored together */
#define RECOVER apr_time_from_sec(5)   /* what others died in is looked for so often */
#define TIDY apr_time_from_sec(60)     /* what is over is removed so often */
#define NEXT apr_time_from_sec(10)     /* between its databases: connections are not worn out */
#define ROUND apr_time_from_sec(3600)  /* between rounds over all databases */
#define RETRY apr_time_from_sec(10)    /* of what has to be done once at the start */

struct crm_keeper_t {
    crm_site_t *site;
    crm_gauges_t *gauges;
    server_rec *server;
    apr_thread_t *thread;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *changed; /* stop or ended */
    int stop, ended;            /* under the lock */
    apr_pool_t *turn;           /* cleared after each turn */
    crm_retention_t retention;
    crm_said_t said;
    crm_spool_counts_t counts; /* as they were last told */
};

static void tell(crm_keeper_t *keeper, const char *what, const crm_error_t *error)
{
    const char *text =
        apr_pstrcat(keeper->turn, what, ": ", crm_error_line(keeper->turn, error), NULL);
    if (crm_said_is_news(&keeper->said, text)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, keeper->server, "%s", text);
    }
}

/* Says when the main database's schema is too old to be served. NULL when that could be told. */
static crm_error_t *check_version(crm_keeper_t *keeper)
{
    crm_db_t main = keeper->site->main;
    int version, needs = main.needs;

    main.needs = 0;
    CRM_ERR(crm_migration_version(&main, keeper->turn, &version));
    if (version < needs) {
        ap_log_error(
            APLOG_MARK, APLOG_ERR, 0, keeper->server,
            "CRM0021: the main database is at version %d and this server needs %d: requests get "
            "503 until \"crmctl migrate\" has run",
            version, needs);
    }
    return NULL;
}

static crm_error_t *recover(crm_keeper_t *keeper)
{
    int removed = 0;

    crm_error_t *error = crm_tenant_recover(keeper->site, keeper->turn, &removed);
    if (removed) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, keeper->server,
                     "CRM0022: removed what was left of %d half-made tenants", removed);
    }
    return error;
}

/* What is done once: 1 when it is. */
static int begin(crm_keeper_t *keeper)
{
    crm_error_t *error = check_version(keeper);

    if (!error) {
        error = recover(keeper);
    }
    if (error) {
        tell(keeper, "CRM0020: not done yet what is done at the start", error);
    }
    return error == NULL;
}

/* Records that the spool could not keep are said. */
static void tell_losses(crm_keeper_t *keeper)
{
    crm_spool_counts_t now = crm_spool_counts(keeper->site->spool);

    if (now.torn > keeper->counts.torn) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, keeper->server,
                     "CRM0025: skipped %" APR_UINT64_T_FMT " torn records of the History spool",
                     now.torn - keeper->counts.torn);
    }
    if (now.dropped > keeper->counts.dropped) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, keeper->server,
                     "CRM0026: the History spool is over its bound: removed %" APR_UINT64_T_FMT
                     " segments, oldest first",
                     now.dropped - keeper->counts.dropped);
    }
    keeper->counts = now;
}

static void move(crm_keeper_t *keeper)
{
    crm_history_move_t moved = {0};
    crm_error_t *error = NULL;

    apr_status_t status = crm_history_move(keeper->site, keeper->turn, &moved, &error);
    if (status != APR_SUCCESS) {
        tell(keeper, "CRM0023: cannot move History",
             crm_error_system(keeper->turn, status, "the spool cannot be read"));
    }
    if (error) {
        tell(keeper, "CRM0024: History waits in the spool", error);
    }
    crm_gauges_moved(keeper->gauges, moved.stored);
    tell_losses(keeper);
}

/* Removes what is over, a little at a time: who has more to do comes back sooner. */
static apr_time_t tidy(crm_keeper_t *keeper)
{
    const char *name;
    crm_error_t *error = crm_tenant_purge_due(keeper->site, keeper->turn, &name);

    if (error) {
        tell(keeper, "CRM0028: cannot remove what is over", error);
    } else if (name) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, keeper->server,
                     "CRM0029: purged tenant %s: it was deleted, and its grace is over", name);
    }
    return apr_time_now() + (name && !error ? TURN : TIDY);
}

/* One step of a round over all databases; the time of the next one. */
static apr_time_t prune(crm_keeper_t *keeper)
{
    static const apr_interval_time_t pauses[] = {
        [CRM_RETENTION_MORE] = TURN, [CRM_RETENTION_NEXT] = NEXT, [CRM_RETENTION_END] = ROUND};
    crm_retention_e left;
    crm_error_t *error = crm_retention_step(keeper->site, keeper->turn, &keeper->retention, &left);

    if (error) {
        tell(keeper, "CRM0033: cannot remove records whose time is over", error);
    }
    return apr_time_now() + pauses[left];
}

/* Waits for something to do: 1 when the thread is to end. */
static int wait_turn(crm_keeper_t *keeper)
{
    apr_thread_mutex_lock(keeper->lock);
    if (!keeper->stop && !keeper->site->spool) {
        apr_thread_cond_timedwait(keeper->changed, keeper->lock, TURN);
    }
    int stop = keeper->stop;
    apr_thread_mutex_unlock(keeper->lock);
    if (!stop && keeper->site->spool) {
        crm_spool_wait(keeper->site->spool, TURN);
        apr_sleep(GATHER);
    }
    return stop;
}

static void *APR_THREAD_FUNC keep(apr_thread_t *thread, void *data)
{
    crm_keeper_t *keeper = data;
    apr_time_t retry = apr_time_now(), next = retry, look = retry + RECOVER, over = retry;
    int begun = 0, stop = 0;
    (void)thread;

    /* httpd's signals are for its main thread */
    apr_setup_signal_thread();
    while (!stop) {
        if (!begun && apr_time_now() >= retry) {
            begun = begin(keeper);
            retry = apr_time_now() + RETRY;
        }
        stop = wait_turn(keeper);
        if (keeper->site->spool) {
            move(keeper);
        }
        if (begun && !stop && apr_time_now() >= look) {
            crm_error_t *error = recover(keeper);
            if (error) {
                tell(keeper, "CRM0032: cannot mend a tenant", error);
            }
            look = apr_time_now() + RECOVER;
        }
        if (begun && !stop && apr_time_now() >= next) {
            next = tidy(keeper);
        }
        if (begun && !stop && apr_time_now() >= over) {
            over = prune(keeper);
        }
        crm_pool_reap(keeper->site->connections);
        if (!stop) {
            crm_gauges_write(keeper->gauges, keeper->turn);
        }
        apr_pool_clear(keeper->turn);
    }
    crm_gauges_end(keeper->gauges);
    apr_thread_mutex_lock(keeper->lock);
    keeper->ended = 1;
    apr_thread_cond_broadcast(keeper->changed);
    apr_thread_mutex_unlock(keeper->lock);
    return NULL;
}

apr_status_t crm_keeper_start(apr_pool_t *pool, crm_site_t *site, crm_gauges_t *gauges,
                              server_rec *server, crm_keeper_t **ret_keeper)
{
    crm_keeper_t *keeper = apr_pcalloc(pool, sizeof(*keeper));
    apr_status_t status;

    keeper->site = site;
    keeper->server = server;
    keeper->gauges = gauges;
    /* unmanaged: only this thread uses it, and allocators of pools are not shared by threads */
    if ((status = apr_pool_create_unmanaged_ex(&keeper->turn, NULL, NULL)) != APR_SUCCESS ||
        (status = apr_thread_mutex_create(&keeper->lock, APR_THREAD_MUTEX_DEFAULT, pool)) !=
            APR_SUCCESS ||
        (status = apr_thread_cond_create(&keeper->changed, pool)) != APR_SUCCESS ||
        (status = apr_thread_create(&keeper->thread, NULL, keep, keeper, pool)) != APR_SUCCESS) {
        return status;
    }
    *ret_keeper = keeper;
    return APR_SUCCESS;
}

int crm_keeper_stop(crm_keeper_t *keeper, apr_interval_time_t timeout)
{
    apr_time_t deadline = apr_time_now() + timeout;
    apr_status_t result;

    apr_thread_mutex_lock(keeper->lock);
    keeper->stop = 1;
    apr_thread_cond_broadcast(keeper->changed);
    if (keeper->site->spool) {
        crm_spool_wake(keeper->site->spool);
    }
    while (!keeper->ended && apr_time_now() < deadline) {
        apr_thread_cond_timedwait(keeper->changed, keeper->lock, deadline - apr_time_now());
    }
    int ended = keeper->ended;
    apr_thread_mutex_unlock(keeper->lock);
    if (ended) {
        apr_thread_join(&result, keeper->thread);
        apr_pool_destroy(keeper->turn);
    }
    return ended;
}
