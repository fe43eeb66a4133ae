/* server/postman.c - the thread of a child that sends mails. */
#include <apr_strings.h>

#include <httpd.h>
#include <http_log.h>

#include "base/smtp.h"
#include "server/background.h"
#include "server/postman.h"
#include "server/said.h"
#include "service/mailer.h"

APLOG_USE_MODULE(crm);

#define TURN apr_time_from_sec(1)
#define PURGE_EVERY apr_time_from_sec(600)

struct crm_postman_t {
    crm_site_t *site;
    server_rec *server;
    crm_background_t *thread;
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
    return crm_background_is_over(((crm_postman_t *)baton)->thread);
}

static crm_error_t *do_turn(crm_postman_t *postman, apr_pool_t *pool)
{
    const crm_mailer_hooks_t hooks = {.tell = note, .is_over = is_over, .baton = postman};
    apr_time_t now = apr_time_now();
    if (now >= postman->purge) {
        postman->purge = now + PURGE_EVERY;
        CRM_ERR(crm_mailer_purge(postman->site, pool));
    }
    return crm_mailer_turn(postman->site, pool, &hooks);
}

static void turn(void *baton, apr_pool_t *pool)
{
    crm_error_t *error = do_turn(baton, pool);
    if (error) {
        note(baton, CRM_MAILER_WAITS,
             apr_pstrcat(pool, "mails wait: ", crm_error_line(pool, error), NULL));
    }
}

static void wait_turn(void *baton)
{
    crm_mailer_wait(((crm_postman_t *)baton)->site, TURN);
}

static void wake(void *baton)
{
    crm_mailer_wake(((crm_postman_t *)baton)->site);
}

apr_status_t crm_postman_start(apr_pool_t *pool, crm_site_t *site, server_rec *server,
                               crm_postman_t **ret_postman)
{
    crm_postman_t *postman = apr_pcalloc(pool, sizeof(*postman));
    const crm_background_work_t work = {
        .turn = turn, .wait = wait_turn, .wake = wake, .baton = postman};
    apr_status_t status;

    postman->site = site;
    postman->server = server;
    if ((status = crm_smtp_init()) != APR_SUCCESS ||
        (status = crm_background_start(pool, &work, &postman->thread)) != APR_SUCCESS) {
        return status;
    }
    *ret_postman = postman;
    return APR_SUCCESS;
}

int crm_postman_stop(crm_postman_t *postman, apr_interval_time_t timeout)
{
    return crm_background_stop(postman->thread, timeout);
}
