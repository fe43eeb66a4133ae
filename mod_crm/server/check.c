/* server/check.c - the check of the whole configuration, for -t and for a start. */
#include <apr_hash.h>
#include <apr_strings.h>

#include <httpd.h>
#include <http_log.h>

#include "api/route.h"
#include "server/config.h"

APLOG_USE_MODULE(crm);

/* What the check of one configuration keeps. */
typedef struct check_t {
    apr_pool_t *pool, *scratch;
    apr_hash_t *sites; /* name of a site to the first crm_server_t that has it */
    int engines, faults;
} check_t;

/* Every fault is told, not only the first. */
static void report(check_t *check, crm_error_t *error)
{
    if (error) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, NULL, "CRM0001: configuration: %s",
                     crm_error_line(check->scratch, error));
        check->faults++;
    }
}

static void check_directories(check_t *check, const crm_server_t *server)
{
    for (int i = 0; i < server->directories->nelts; i++) {
        const crm_directory_t *directory = APR_ARRAY_IDX(server->directories, i, crm_directory_t *);
        crm_settings_t *settings;
        crm_error_t *error = crm_settings_override(check->scratch, server->settings,
                                                   directory->directives, &settings);
        if (!error) {
            crm_directives_t *merged =
                crm_directives_merge(check->scratch, server->directives, directory->directives);
            error = crm_settings_check(check->scratch, merged, settings);
        }
        report(check, error);
    }
}

static void check_site(check_t *check, crm_server_t *server)
{
    const char *name = crm_site_name(check->scratch, server->settings);
    const crm_server_t *first = apr_hash_get(check->sites, name, APR_HASH_KEY_STRING);

    if (!first) {
        apr_hash_set(check->sites, name, APR_HASH_KEY_STRING, server);
        return;
    }
    report(check, crm_settings_agree(check->scratch, first->directives, first->settings,
                                     server->directives, server->settings));
}

static void check_server(check_t *check, crm_server_t *server)
{
    crm_error_t *error = crm_settings_resolve(check->pool, server->directives, &server->settings);

    if (error || !server->settings->engine) {
        report(check, error);
        return;
    }
    check->engines++;
    error = crm_settings_check(check->scratch, server->directives, server->settings);
    report(check, error);
    if (!error) {
        check_directories(check, server);
        check_site(check, server);
    }
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main)
{
    check_t check = {.pool = pconf, .scratch = ptemp, .sites = apr_hash_make(ptemp)};
    (void)plog;

    for (server_rec *s = main; s; s = s->next) {
        crm_server_t *server = crm_server_of(s);
        if (!server->settings) { /* else it is the main server's, and done */
            check_server(&check, server);
        }
    }
    if (check.engines) {
        report(&check, crm_route_check(ptemp));
    }
    return check.faults ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

void crm_config_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
}
