/* server/lifecycle.c - what happens when httpd starts, and in each child. */
#include <string.h>

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <httpd.h>
#include <http_core.h>
#include <http_log.h>

#include "base/credentials.h"
#include "base/unicode.h"
#include "db/database.h"
#include "entities/registry.h"
#include "server/config.h"
#include "server/docs.h"
#include "server/folders.h"
#include "server/jobs.h"
#include "server/keeper.h"
#include "server/metrics.h"
#include "server/postman.h"
#include "server/lifecycle.h"
#include "service/token_cache.h"

APLOG_USE_MODULE(crm);

#define STOP_TIMEOUT apr_time_from_sec(5)

/* One site of a child. */
typedef struct child_site_t {
    const crm_settings_t *settings;
    server_rec *server; /* for its log lines */
    apr_pool_t *pool;   /* the site's */
    crm_site_t *site;   /* NULL where it could not be opened */
    int place;          /* in the shared memory; -1: none */
    crm_keeper_t *keeper;
    crm_postman_t *postman;
    crm_jobs_t *jobs;
} child_site_t;

static int is_engine(const server_rec *server)
{
    return crm_server_of(server)->settings->engine;
}

/* The memory in which children tell each other of changes. It is the process's, so that the
 * children of before and after a graceful restart have the same; but for those of another version,
 * to whom it may mean something else. */
static apr_status_t share_changes(apr_pool_t *process, crm_changes_t **ret_changes)
{
    static const char key[] = "mod_crm changes of " CRM_VERSION;
    apr_shm_t *memory;
    void *found = NULL;

    apr_pool_userdata_get(&found, key, process);
    if (!found) {
        apr_status_t status = apr_shm_create(&memory, sizeof(crm_changes_t), NULL, process);
        if (status != APR_SUCCESS) {
            return status;
        }
        found = memset(apr_shm_baseaddr_get(memory), 0, sizeof(crm_changes_t));
        apr_pool_userdata_set(found, key, NULL,
                              process); /* copies the key: it goes with the module */
    }
    *ret_changes = found;
    return APR_SUCCESS;
}

/* What has to be done with the parent's rights. Children are another user, who need not be able to
 * read the key's file. */
static crm_error_t *prepare_server(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    crm_settings_t *settings = crm_server_of(s)->settings;
    crm_key_t *key = apr_palloc(pconf, sizeof(*key));

    CRM_ERR(crm_secret_read_key(ptemp, settings->secret_key_file, key));
    settings->secret_key = key;
    if (settings->mail.server.url && settings->mail.auth_file) {
        CRM_ERR(crm_credentials_read(pconf, settings->mail.auth_file, &settings->mail.server.user,
                                     &settings->mail.server.password));
    }
    if (settings->token_cache > 0) {
        apr_status_t status = share_changes(s->process->pool, &settings->changes);
        if (status != APR_SUCCESS) {
            return crm_error_system(ptemp, status, "cannot share memory for CrmTokenCache");
        }
    }
    CRM_ERR(crm_folders_make(ptemp, settings));
    const char *unwritable = crm_folders_unwritable(ptemp, settings);
    if (unwritable) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "CRM0005: databases: %s", unwritable);
    }
    const char *missing = crm_docs_missing(ptemp, settings);
    if (missing) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "CRM0006: documentation: %s", missing);
    }
    return NULL;
}

/* The shared memory, and a place in it for each site. */
static apr_status_t prepare_metrics(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main)
{
    apr_status_t status = APR_SUCCESS;
    int engines = 0;

    for (server_rec *s = main; s && status == APR_SUCCESS; s = s->next) {
        if (is_engine(s)) {
            status = engines++ ? APR_SUCCESS : crm_metrics_share(pconf, main);
        }
        if (is_engine(s) && status == APR_SUCCESS) {
            crm_server_of(s)->place = crm_metrics_site(ptemp, crm_server_of(s)->settings);
        }
    }
    return status;
}

static int prepare(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main)
{
    (void)plog;
    /* httpd reads its configuration twice at a start */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    apr_status_t status = prepare_metrics(pconf, ptemp, main);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, status, main,
                     "CRM0004: cannot share memory for what children count");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (server_rec *s = main; s; s = s->next) {
        if (!is_engine(s)) {
            continue;
        }
        crm_error_t *error = prepare_server(pconf, ptemp, s);
        if (error) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, s, "CRM0003: cannot start: %s",
                         crm_error_line(ptemp, error));
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    ap_add_version_component(pconf, "mod_crm/" CRM_VERSION);
    return OK;
}

/* A pool of its own allocator, whose lock makes sub-pools safe to make from all threads; no child
 * of the process's pool, so that it may be left alone when a thread hangs. */
static apr_status_t make_pool(apr_pool_t **ret_pool)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *lock;
    apr_status_t status = apr_allocator_create(&allocator);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_pool_create_unmanaged_ex(ret_pool, NULL, allocator);
    if (status != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return status;
    }
    apr_allocator_owner_set(allocator, *ret_pool);
    status = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_DEFAULT, *ret_pool);
    if (status == APR_SUCCESS) {
        apr_allocator_mutex_set(allocator, lock);
    }
    return status;
}

static apr_status_t close_site(void *data)
{
    child_site_t *own = data;

    if (own->postman) {
        crm_postman_stop(own->postman, 0); /* while the keeper ends */
    }
    if (own->jobs) {
        crm_jobs_stop(own->jobs, 0);
    }
    int ended = !own->keeper || crm_keeper_stop(own->keeper, STOP_TIMEOUT);
    if (!ended) {
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, own->server,
            "CRM0011: the background thread still waits for a database; the History it has not "
            "moved stays in the spool");
    }
    if (own->postman && !crm_postman_stop(own->postman, STOP_TIMEOUT)) {
        ended = 0;
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, own->server,
                     "CRM0012: a mail was handed over whose mail server has not answered yet");
    }
    if (own->jobs && !crm_jobs_stop(own->jobs, STOP_TIMEOUT)) {
        ended = 0;
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, own->server,
                     "CRM0013: a job was broken off while a database was at work; another process "
                     "begins it again");
    }
    if (ended) {
        apr_pool_destroy(own->pool);
    }
    return APR_SUCCESS;
}

static void open_site(apr_pool_t *pchild, child_site_t *own)
{
    apr_status_t status = make_pool(&own->pool);

    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, status, own->server,
                     "CRM0007: no memory for the site");
        return;
    }
    crm_error_t *error = crm_site_open(own->pool, own->settings, 1, &own->site);
    if (error) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, own->server,
                     "CRM0008: cannot open the site; requests get 503: %s",
                     crm_error_line(own->pool, error));
        own->site = NULL;
    } else {
        own->site->entities = crm_entities;
        crm_gauges_t *gauges = crm_gauges_make(own->pool, own->site, own->settings, own->place);
        status = crm_keeper_start(own->pool, own->site, gauges, own->server, &own->keeper);
        if (status != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, status, own->server,
                         "CRM0009: cannot start the background thread; History stays in the spool");
        }
        status = crm_postman_start(own->pool, own->site, own->server, &own->postman);
        if (status != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, status, own->server,
                         "CRM0010: cannot start the thread that sends mails");
        }
        status = crm_jobs_start(own->pool, own->site, own->server, &own->jobs);
        if (status != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, status, own->server,
                         "CRM0014: cannot start the thread that does jobs");
        }
    }
    /* before the sub-pools go: what still runs may use them */
    apr_pool_pre_cleanup_register(pchild, own, close_site);
}

/* The sites of all servers, in POOL: name to child_site_t. Of servers that share one, a server with
 * a spool says how it is opened. */
static apr_hash_t *list_sites(apr_pool_t *pool, server_rec *main)
{
    apr_hash_t *sites = apr_hash_make(pool);

    for (server_rec *s = main; s; s = s->next) {
        if (is_engine(s)) {
            const crm_settings_t *settings = crm_server_of(s)->settings;
            const char *name = crm_site_name(pool, settings);
            child_site_t *own = apr_hash_get(sites, name, APR_HASH_KEY_STRING);
            if (!own) {
                own = apr_pcalloc(pool, sizeof(*own));
                apr_hash_set(sites, name, APR_HASH_KEY_STRING, own);
            }
            if (!own->settings || (!own->settings->spool && settings->spool)) {
                own->settings = settings;
                own->server = s;
                own->place = crm_server_of(s)->place;
            }
        }
    }
    return sites;
}

/* The server whose log has each statement, where its LogLevel is trace4 or more. */
static server_rec *traced;

static void log_statement(const char *database, const char *sql, apr_interval_time_t time)
{
    ap_log_error(APLOG_MARK, APLOG_TRACE4, 0, traced, "%s: %" APR_TIME_T_FMT " us: %s", database,
                 time, sql);
}

static void child_init(apr_pool_t *pchild, server_rec *main)
{
    apr_hash_t *sites = list_sites(pchild, main);

    traced = main;
    crm_db_trace(APLOG_IS_LEVEL(main, APLOG_TRACE4) ? log_statement : NULL);

    for (apr_hash_index_t *i = apr_hash_first(pchild, sites); i; i = apr_hash_next(i)) {
        void *own;
        apr_hash_this(i, NULL, NULL, &own);
        open_site(pchild, own);
    }
    for (server_rec *s = main; s; s = s->next) {
        if (is_engine(s)) {
            crm_server_t *server = crm_server_of(s);
            const child_site_t *own =
                apr_hash_get(sites, crm_site_name(pchild, server->settings), APR_HASH_KEY_STRING);
            server->site = own->site;
        }
    }
}

void crm_lifecycle_register(apr_pool_t *pool)
{
    crm_unicode_keep(); /* before directives are read: some fold names */
    (void)pool;
    ap_hook_post_config(prepare, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
}
