/* service/site.h - what a process holds for one CRM installation: databases, keys, the hasher.
 *
 * Virtual hosts with the same main database, tenant databases and secret key share one site. A site
 * is made in each child after the fork (or in crmctl), lives as long as the process, and is safe to
 * use from all threads. What differs between virtual hosts stands in crm_settings_t, which is
 * handed along beside it.
 */
#ifndef CRM_SERVICE_SITE_H
#define CRM_SERVICE_SITE_H

#include <string.h>

#include "base/gather.h"
#include "base/password.h"
#include "base/secret.h"
#include "base/semaphore.h"
#include "base/spool.h"
#include "db/database.h"
#include "db/migration.h"
#include "model/entity.h"
#include "service/settings.h"
#include "service/slug_cache.h"

typedef struct crm_site_t {
    apr_pool_t *pool; /* the process's; not for requests */
    crm_pool_t *connections;
    crm_db_t main;
    const crm_db_url_t *tenant_database;
    const apr_array_header_t *servers; /* of crm_database_server_t; NULL: none */
    crm_isolation_e isolation;
    crm_key_t key;
    crm_hasher_t *hasher;
    crm_semaphore_t *creations; /* how many tenants may be made at a time */
    crm_gather_t *gather;       /* of writes of records */
    crm_migrations_t *main_migrations, *tenant_migrations;
    struct crm_token_cache_t *tokens;    /* NULL: none */
    crm_slug_cache_t *slugs;             /* by token key; thread-safe */
    crm_spool_t *spool;                  /* NULL: no History */
    const crm_entity_t *const *entities; /* the records of the CRM, NULL-terminated; set by whoever
                                            opens the site, which knows none */
    apr_interval_time_t history_keep;    /* 0: for ever */
    apr_interval_time_t record_grace;    /* of deleted records; 0: for ever */
    apr_interval_time_t tenant_grace;    /* of deleted tenants and old names */
    struct {
        const char *files;        /* the site's folder of what jobs make; NULL: none */
        apr_interval_time_t keep; /* of jobs that have ended, and their files */
    } jobs;
    crm_semaphore_t *job_bell; /* rung when there is a job to do */
    crm_mail_settings_t mail;
    crm_semaphore_t *mail_bell;           /* rung when there is something to send */
    volatile apr_uint32_t *mail_unserved; /* mails asked for without a mail server */
} crm_site_t;

/* The identity of the site that SETTINGS belong to: the same text, the same site. */
const char *crm_site_name(apr_pool_t *pool, const crm_settings_t *settings);

/* The folder of that site's spool, below settings->spool: so two sites never share one. NULL when
 * History is off everywhere or has no spool. */
const char *crm_site_spool(apr_pool_t *pool, const crm_settings_t *settings);

/* The same of the folder of files of jobs, below CrmJobFiles; NULL when there is none. */
const char *crm_site_job_files(apr_pool_t *pool, const crm_settings_t *settings);

/* Opens what SETTINGS say; touches no database yet. The spool's folder must exist (OPEN_SPOOL 0:
 * leave it closed, as crmctl does). */
crm_error_t *crm_site_open(apr_pool_t *pool, const crm_settings_t *settings, int open_spool,
                           crm_site_t **ret_site);

/* What people call CrmTenantDatabase, whose name is "". */
#define CRM_DEFAULT_SERVER "default"

static inline const char *crm_server_shown(const char *name)
{
    return *name ? name : CRM_DEFAULT_SERVER;
}

static inline const char *crm_server_meant(const char *shown)
{
    return strcmp(shown, CRM_DEFAULT_SERVER) ? shown : "";
}

/* The server of that name (CrmDatabaseServer; "" is CrmTenantDatabase), or NULL. */
const crm_db_url_t *crm_site_server(const crm_site_t *site, const char *name);

/* A tenant's database, in POOL, to be worked with as its own user (service/isolation.h). PLACE is
 * its slug, or "slug@server" where it is not in CrmTenantDatabase. That of a server which is not
 * configured any more cannot be reached. */
crm_db_t *crm_site_tenant_db(const crm_site_t *site, apr_pool_t *pool, const char *place);

#endif
