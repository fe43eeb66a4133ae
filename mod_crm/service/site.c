/* service/site.c - what a process holds for one CRM installation. */
#include <string.h>

#include <apr_strings.h>

#include "service/isolation.h"
#include "service/site.h"
#include "service/token_cache.h"

/* Slugs remembered by a process: about 10 MB when full. */
#define SLUGS_MAX 65536

/* One database of the identity: server, account and database, but no password. */
static const char *url_identity(apr_pool_t *pool, const crm_db_url_t *url)
{
    return url ? apr_pstrcat(pool, url->server, "/", url->database, NULL) : "";
}

const char *crm_site_name(apr_pool_t *pool, const crm_settings_t *settings)
{
    return apr_pstrcat(pool, url_identity(pool, settings->main_database), "|",
                       url_identity(pool, settings->tenant_database), "|",
                       settings->secret_key_file ? settings->secret_key_file : "", NULL);
}

/* The site's own folder below FOLDER; NULL where that is. */
static const char *own_folder(apr_pool_t *pool, const crm_settings_t *settings, const char *folder)
{
    if (!folder) {
        return NULL;
    }
    const char *name = crm_site_name(pool, settings);
    unsigned char hash[CRM_HASH_SIZE];
    crm_secret_sha256(name, strlen(name), hash);
    char hex[17];
    for (int i = 0; i < 8; i++) {
        apr_snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }
    return apr_pstrcat(pool, folder, "/", hex, NULL);
}

const char *crm_site_spool(apr_pool_t *pool, const crm_settings_t *settings)
{
    return own_folder(pool, settings, settings->spool);
}

const char *crm_site_job_files(apr_pool_t *pool, const crm_settings_t *settings)
{
    return own_folder(pool, settings, settings->jobs.files);
}

/* Key and migrations: what is read from files. */
static crm_error_t *read_files(crm_site_t *site, const crm_settings_t *settings)
{
    if (settings->secret_key) {
        site->key = *settings->secret_key;
    } else {
        CRM_ERR(crm_secret_read_key(site->pool, settings->secret_key_file, &site->key));
    }
    CRM_ERR(crm_migrations_read(site->pool, settings->migrations, settings->main_database->driver,
                                CRM_SCHEMA_MAIN, &site->main_migrations));
    return crm_migrations_read(site->pool, settings->migrations, settings->tenant_database->driver,
                               CRM_SCHEMA_TENANT, &site->tenant_migrations);
}

/* Making a tenant holds one connection (its lock) while it takes others, up to
 * CRM_CREATION_CONNECTIONS together: so many at a time leave as many again to everybody else. More
 * than four gain nothing, as database servers make tables one after the other. */
static int creations(const crm_pool_limits_t *limits)
{
    int count = limits->max / (2 * CRM_CREATION_CONNECTIONS);
    return count < 1 ? 1 : count > 4 ? 4 : count;
}

static crm_error_t *open_parts(crm_site_t *site, const crm_settings_t *settings)
{
    apr_status_t status = crm_pool_create(site->pool, &settings->pool, &site->connections);
    if (status != APR_SUCCESS) {
        return crm_error_system(site->pool, status, "cannot make the pool of connections");
    }
    crm_pool_load_driver(site->connections, settings->main_database);
    crm_pool_load_driver(site->connections, settings->tenant_database);
    status = crm_hasher_create(site->pool, &settings->hash, &site->hasher);
    if (status != APR_SUCCESS) {
        return crm_error_system(site->pool, status, "cannot make the password hasher");
    }
    if (settings->token_cache > 0 && settings->changes) {
        status = crm_token_cache_create(site->pool, settings->changes, settings->token_cache,
                                        &site->tokens);
        if (status != APR_SUCCESS) {
            return crm_error_system(site->pool, status, "cannot make the cache of tokens");
        }
    }
    status = crm_semaphore_create(site->pool, creations(&settings->pool), &site->creations);
    if (status != APR_SUCCESS) {
        return crm_error_system(site->pool, status, "cannot make a semaphore");
    }
    status = crm_semaphore_create(site->pool, 1, &site->mail_bell);
    if (status == APR_SUCCESS) {
        status = crm_semaphore_create(site->pool, 1, &site->job_bell);
    }
    if (status != APR_SUCCESS) {
        return crm_error_system(site->pool, status, "cannot make a semaphore");
    }
    status = crm_gather_create(site->pool, &site->gather);
    if (status != APR_SUCCESS) {
        return crm_error_system(site->pool, status, "cannot make the gathering of writes");
    }
    status = crm_slug_cache_create(site->pool, SLUGS_MAX, &site->slugs);
    if (status != APR_SUCCESS) {
        return crm_error_system(site->pool, status, "cannot make the cache of slugs");
    }
    return NULL;
}

crm_error_t *crm_site_open(apr_pool_t *pool, const crm_settings_t *settings, int open_spool,
                           crm_site_t **ret_site)
{
    if (crm_secret_init() != APR_SUCCESS) {
        return crm_error_system(pool, APR_EGENERAL, "cannot start libsodium");
    }
    if (!settings->main_database || !settings->tenant_database || !settings->secret_key_file) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "CrmMainDatabase, CrmTenantDatabase and CrmSecretKeyFile must be "
                              "set.");
    }
    crm_site_t *site = apr_pcalloc(pool, sizeof(*site));
    site->pool = pool;
    CRM_ERR(read_files(site, settings));
    CRM_ERR(open_parts(site, settings));
    site->tenant_database = settings->tenant_database;
    site->isolation = settings->isolation;
    site->servers = settings->database_servers;
    site->history_keep = settings->history_keep;
    site->record_grace = settings->record_grace;
    site->tenant_grace = settings->tenant_grace;
    site->jobs.files = crm_site_job_files(pool, settings);
    site->jobs.keep = settings->jobs.keep;
    site->mail = settings->mail;
    site->mail_unserved = apr_pcalloc(pool, sizeof(*site->mail_unserved));
    site->main = (crm_db_t){
        .pool = site->connections,
        .server = settings->main_database,
        .database = settings->main_database->database,
        .needs = crm_migrations_newest(site->main_migrations),
    };
    const char *spool = open_spool ? crm_site_spool(pool, settings) : NULL;
    if (spool) {
        apr_status_t status = crm_spool_open(pool, spool, settings->spool_max, &site->spool);
        if (status != APR_SUCCESS) {
            return crm_error_system(pool, status, "cannot open the spool %s", spool);
        }
    }
    *ret_site = site;
    return NULL;
}

const crm_db_url_t *crm_site_server(const crm_site_t *site, const char *name)
{
    if (!*name) {
        return site->tenant_database;
    }
    for (int i = 0; site->servers && i < site->servers->nelts; i++) {
        const crm_database_server_t *server =
            &APR_ARRAY_IDX(site->servers, i, crm_database_server_t);
        if (strcmp(server->name, name) == 0) {
            return server->url;
        }
    }
    return NULL;
}

crm_db_t *crm_site_tenant_db(const crm_site_t *site, apr_pool_t *pool, const char *place)
{
    const char *at = strchr(place, '@');
    const char *slug = at ? apr_pstrmemdup(pool, place, (apr_size_t)(at - place)) : place;
    const crm_db_url_t *server = crm_site_server(site, at ? at + 1 : "");
    crm_db_t *db = apr_pcalloc(pool, sizeof(*db));
    db->pool = site->connections;
    db->server = server ? server : site->tenant_database;
    /* no database has such a name: the error's cause says it */
    db->database =
        server ? crm_db_url_database(pool, server, slug)
               : apr_pstrcat(pool, "CrmDatabaseServer ", at + 1, " is not configured", NULL);
    db->user = server ? crm_isolation_user(site, pool, at ? at + 1 : "", db->database) : NULL;
    db->newest = crm_migrations_newest(site->tenant_migrations);
    db->needs = db->newest > 1 ? db->newest - 1 : 1;
    return db;
}
