/* server/jobs.c - the thread of a child that does jobs. */
#include <httpd.h>
#include <http_log.h>

#include "server/background.h"
#include "server/jobs.h"
#include "server/said.h"
#include "service/job_turn.h"

APLOG_USE_MODULE(crm);

#define TURN apr_time_from_sec(1)
#define PURGE_EVERY apr_time_from_sec(60)

struct crm_jobs_t {
    crm_site_t *site;
    server_rec *server;
    crm_background_t *thread;
    apr_time_t purge; /* when it is due */
    int more;         /* there may be another job */
    crm_said_t said;
};

static void note(void *baton, const crm_job_t *job, const crm_error_t *error, int is_final)
{
    crm_jobs_t *jobs = baton;
    apr_pool_t *pool = error ? error->pool : NULL;

    if (error && is_final) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, jobs->server, "CRM0034: %s of tenant %s failed: %s",
                     job->kind, job->tenant_name, crm_error_line(pool, error));
    } else if (error) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, jobs->server,
                     "CRM0035: %s of tenant %s will be begun again: %s", job->kind,
                     job->tenant_name, crm_error_line(pool, error));
    } else {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, jobs->server, "CRM0036: %s of tenant %s is done",
                     job->kind, job->tenant_name);
    }
}

static int is_over(void *baton)
{
    return crm_background_is_over(((crm_jobs_t *)baton)->thread);
}

static crm_error_t *do_turn(crm_jobs_t *jobs, apr_pool_t *pool)
{
    const crm_job_hooks_t hooks = {.tell = note, .is_over = is_over, .baton = jobs};
    apr_time_t now = apr_time_now();
    if (now >= jobs->purge) {
        jobs->purge = now + PURGE_EVERY;
        CRM_ERR(crm_job_purge(jobs->site, pool));
    }
    return crm_job_turn(jobs->site, pool, &hooks, &jobs->more);
}

static void turn(void *baton, apr_pool_t *pool)
{
    crm_jobs_t *jobs = baton;
    jobs->more = 0;
    crm_error_t *error = do_turn(jobs, pool);
    if (error) {
        const char *text = crm_error_line(pool, error);
        if (crm_said_is_news(&jobs->said, text)) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, jobs->server, "CRM0037: jobs wait: %s",
                         text);
        }
    }
}

static void wait_turn(void *baton)
{
    const crm_jobs_t *jobs = baton;
    if (!jobs->more) {
        crm_job_wait(jobs->site, TURN);
    }
}

static void wake(void *baton)
{
    crm_job_wake(((crm_jobs_t *)baton)->site);
}

apr_status_t crm_jobs_start(apr_pool_t *pool, crm_site_t *site, server_rec *server,
                            crm_jobs_t **ret_jobs)
{
    crm_jobs_t *jobs = apr_pcalloc(pool, sizeof(*jobs));
    const crm_background_work_t work = {
        .turn = turn, .wait = wait_turn, .wake = wake, .baton = jobs};
    apr_status_t status;

    jobs->site = site;
    jobs->server = server;
    if ((status = crm_background_start(pool, &work, &jobs->thread)) != APR_SUCCESS) {
        return status;
    }
    *ret_jobs = jobs;
    return APR_SUCCESS;
}

int crm_jobs_stop(crm_jobs_t *jobs, apr_interval_time_t timeout)
{
    return crm_background_stop(jobs->thread, timeout);
}
