/* server/keeper.c - the background thread of a child. */
#include <string.h>

#include <apr_strings.h>

#include <httpd.h>
#include <http_log.h>

#include "base/semaphore.h"
#include "server/background.h"
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
    crm_background_t *thread;
    crm_semaphore_t *bell; /* rung where there is no spool to wake */
    int begun;             /* what is done once is done */
    struct {
        apr_time_t begin, recover, tidy, prune;
    } next; /* when each is due */
    crm_retention_t retention;
    crm_said_t said;
    crm_spool_counts_t counts; /* as they were last told */
};

static void tell(crm_keeper_t *keeper, apr_pool_t *pool, const char *what, const crm_error_t *error)
{
    const char *text = apr_pstrcat(pool, what, ": ", crm_error_line(pool, error), NULL);
    if (crm_said_is_news(&keeper->said, text)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, keeper->server, "%s", text);
    }
}

/* Says when the main database's schema is too old to be served. NULL when that could be told. */
static crm_error_t *check_version(crm_keeper_t *keeper, apr_pool_t *pool)
{
    crm_db_t main = keeper->site->main;
    int version, needs = main.needs;

    main.needs = 0;
    CRM_ERR(crm_migration_version(&main, pool, &version));
    if (version < needs) {
        ap_log_error(
            APLOG_MARK, APLOG_ERR, 0, keeper->server,
            "CRM0021: the main database is at version %d and this server needs %d: requests get "
            "503 until \"crmctl migrate\" has run",
            version, needs);
    }
    return NULL;
}

static crm_error_t *recover(crm_keeper_t *keeper, apr_pool_t *pool)
{
    int removed = 0;

    crm_error_t *error = crm_tenant_recover(keeper->site, pool, &removed);
    if (removed) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, keeper->server,
                     "CRM0022: removed what was left of %d half-made tenants", removed);
    }
    return error;
}

/* What is done once: 1 when it is. */
static int begin(crm_keeper_t *keeper, apr_pool_t *pool)
{
    crm_error_t *error = check_version(keeper, pool);

    if (!error) {
        error = recover(keeper, pool);
    }
    if (error) {
        tell(keeper, pool, "CRM0020: not done yet what is done at the start", error);
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

static void move(crm_keeper_t *keeper, apr_pool_t *pool)
{
    crm_history_move_t moved = {0};
    crm_error_t *error = NULL;

    if (!keeper->site->spool) {
        return;
    }
    apr_status_t status = crm_history_move(keeper->site, pool, &moved, &error);
    if (status != APR_SUCCESS) {
        tell(keeper, pool, "CRM0023: cannot move History",
             crm_error_system(pool, status, "the spool cannot be read"));
    }
    if (error) {
        tell(keeper, pool, "CRM0024: History waits in the spool", error);
    }
    crm_gauges_moved(keeper->gauges, moved.stored);
    tell_losses(keeper);
}

/* Removes what is over, a little at a time: who has more to do comes back sooner. */
static apr_time_t tidy(crm_keeper_t *keeper, apr_pool_t *pool)
{
    const char *name;
    crm_error_t *error = crm_tenant_purge_due(keeper->site, pool, &name);

    if (error) {
        tell(keeper, pool, "CRM0028: cannot remove what is over", error);
    } else if (name) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, keeper->server,
                     "CRM0029: purged tenant %s: it was deleted, and its grace is over", name);
    }
    return apr_time_now() + (name && !error ? TURN : TIDY);
}

/* One step of a round over all databases; the time of the next one. */
static apr_time_t prune(crm_keeper_t *keeper, apr_pool_t *pool)
{
    static const apr_interval_time_t pauses[] = {
        [CRM_RETENTION_MORE] = TURN, [CRM_RETENTION_NEXT] = NEXT, [CRM_RETENTION_END] = ROUND};
    crm_retention_e left;
    crm_error_t *error = crm_retention_step(keeper->site, pool, &keeper->retention, &left);

    if (error) {
        tell(keeper, pool, "CRM0033: cannot remove records whose time is over", error);
    }
    return apr_time_now() + pauses[left];
}

static int is_due(crm_keeper_t *keeper, apr_time_t when)
{
    return !crm_background_is_over(keeper->thread) && apr_time_now() >= when;
}

/* What is done now and then, each as it comes due. */
static void keep(crm_keeper_t *keeper, apr_pool_t *pool)
{
    if (is_due(keeper, keeper->next.recover)) {
        crm_error_t *error = recover(keeper, pool);
        if (error) {
            tell(keeper, pool, "CRM0032: cannot mend a tenant", error);
        }
        keeper->next.recover = apr_time_now() + RECOVER;
    }
    if (is_due(keeper, keeper->next.tidy)) {
        keeper->next.tidy = tidy(keeper, pool);
    }
    if (is_due(keeper, keeper->next.prune)) {
        keeper->next.prune = prune(keeper, pool);
    }
}

static void turn(void *baton, apr_pool_t *pool)
{
    crm_keeper_t *keeper = baton;

    if (!keeper->begun && is_due(keeper, keeper->next.begin)) {
        keeper->begun = begin(keeper, pool);
        keeper->next.begin = apr_time_now() + RETRY;
    }
    move(keeper, pool);
    if (keeper->begun) {
        keep(keeper, pool);
    }
    crm_pool_reap(keeper->site->connections);
    crm_gauges_write(keeper->gauges, pool);
}

static void wait_turn(void *baton)
{
    const crm_keeper_t *keeper = baton;
    crm_spool_t *spool = keeper->site->spool;

    if (!spool) {
        crm_semaphore_listen(keeper->bell, TURN);
        return;
    }
    crm_spool_wait(spool, TURN);
    if (!crm_background_is_over(keeper->thread)) {
        apr_sleep(GATHER);
    }
}

static void wake(void *baton)
{
    const crm_keeper_t *keeper = baton;

    if (keeper->site->spool) {
        crm_spool_wake(keeper->site->spool);
    } else {
        crm_semaphore_release(keeper->bell);
    }
}

static void end(void *baton, apr_pool_t *pool)
{
    crm_keeper_t *keeper = baton;

    move(keeper, pool);
    crm_gauges_end(keeper->gauges);
}

apr_status_t crm_keeper_start(apr_pool_t *pool, crm_site_t *site, crm_gauges_t *gauges,
                              server_rec *server, crm_keeper_t **ret_keeper)
{
    crm_keeper_t *keeper = apr_pcalloc(pool, sizeof(*keeper));
    const crm_background_work_t work = {
        .turn = turn, .wait = wait_turn, .wake = wake, .end = end, .baton = keeper};
    apr_status_t status;

    keeper->site = site;
    keeper->server = server;
    keeper->gauges = gauges;
    keeper->next.recover = apr_time_now() + RECOVER;
    if ((status = crm_semaphore_create(pool, 1, &keeper->bell)) != APR_SUCCESS ||
        (status = crm_background_start(pool, &work, &keeper->thread)) != APR_SUCCESS) {
        return status;
    }
    *ret_keeper = keeper;
    return APR_SUCCESS;
}

int crm_keeper_stop(crm_keeper_t *keeper, apr_interval_time_t timeout)
{
    return crm_background_stop(keeper->thread, timeout);
}
