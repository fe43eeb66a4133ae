/* service/settings.h - what the directives of httpd.conf say, and the table that says what they
 * are.
 *
 * A directive is one row: name, syntax, contexts, default, help, example and the function that
 * reads its arguments into crm_settings_t. From the table come httpd's command_rec (server/), the
 * check of docs/directives.md, the settings as JSON and crmctl's reading of that JSON. What was
 * written is kept as crm_directives_t: one entry a row of the table, so that merging two contexts
 * is taking the inner one's entry where there is one. crm_settings_resolve runs the functions,
 * defaults first.
 */
#ifndef CRM_SERVICE_SETTINGS_H
#define CRM_SERVICE_SETTINGS_H

#include <jansson.h>

#include "base/mime.h"
#include "base/password.h"
#include "base/secret.h"
#include "base/smtp.h"
#include "db/pool.h"
#include "db/url.h"
#include "model/query.h"

typedef enum {
    CRM_FROM_VHOST,
    CRM_FROM_SUBDOMAIN,
    CRM_FROM_HEADER,
    CRM_FROM_QUERY,
    CRM_FROM_ACCOUNT,
    CRM_FROM_COUNT
} crm_tenant_source_e;

/* Connections that making a tenant may take at a time on MySQL: CrmPool max must be as many. */
#define CRM_CREATION_CONNECTIONS 4

typedef enum { CRM_HISTORY_OFF, CRM_HISTORY_ON, CRM_HISTORY_ERRORS } crm_history_e;

/* CrmTenantIsolation: what keeps the databases of tenants apart. */
typedef enum { CRM_ISOLATION_NONE, CRM_ISOLATION_USER } crm_isolation_e;

/* How mails are sent. */
typedef struct crm_mail_settings_t {
    crm_smtp_server_t server; /* url NULL: not at all; user and password are read by server/ */
    const char *auth_file;    /* "user:password", or NULL */
    crm_mailbox_t from;       /* address NULL: not set */
    const char *templates;    /* folder with en/ in it */
} crm_mail_settings_t;

/* Another server of tenants' databases. */
typedef struct crm_database_server_t {
    const char *name; /* of a-z, 0-9, _ and - */
    const crm_db_url_t *url;
} crm_database_server_t;

/* The cookie that a login may set. */
typedef struct crm_login_cookie_t {
    const char *name; /* NULL: there is none */
    const char *path;
    const char *domain;    /* NULL: the host's alone */
    const char *same_site; /* "Lax" */
    int secure;
} crm_login_cookie_t;

typedef struct crm_settings_t {
    int engine;
    const char *prefix;                   /* begins and ends with '/' */
    const crm_db_url_t *main_database;    /* NULL: not set */
    const crm_db_url_t *tenant_database;  /* has {slug} */
    apr_array_header_t *database_servers; /* of crm_database_server_t; NULL: none */
    crm_isolation_e isolation;
    const char *migrations; /* folder with mysql/ and sqlite3/ */
    const char *docs;       /* folder of the documentation pages; NULL: there are none */
    const char *secret_key_file;
    apr_interval_time_t token_cache; /* 0: off */
    struct crm_changes_t *changes;   /* shared by all children; NULL: none */
    const crm_key_t *secret_key; /* what is in it, where it was read while it could be; or NULL */
    const char *tenant;          /* this virtual host's, or NULL */
    const char *tenant_domain;   /* "crm.example.com", or NULL */
    crm_tenant_source_e tenant_from[CRM_FROM_COUNT];
    int ntenant_from;
    apr_interval_time_t history_keep; /* 0: for ever */
    apr_interval_time_t record_grace; /* of deleted records; 0: for ever */
    apr_interval_time_t tenant_grace; /* of deleted tenants and old names */
    struct {
        const char *files;        /* folder of what jobs make, or NULL */
        apr_interval_time_t keep; /* of jobs that have ended, and their files */
    } jobs;
    int registration;
    apr_interval_time_t token_lifetime, token_idle;
    crm_hash_cost_t hash;
    struct {
        int account, address;
        apr_interval_time_t window;
    } login_limit;
    crm_pool_limits_t pool;
    apr_uint64_t body_limit, import_limit; /* bytes */
    crm_page_limits_t page;
    crm_history_e history;
    apr_uint64_t history_body; /* bytes a body may take in a record */
    const char *spool;         /* folder, or NULL */
    apr_uint64_t spool_max;    /* bytes, 0: no bound */
    struct {
        apr_array_header_t *origins; /* of const char *; "*" is any; NULL: CORS is off */
        const char *methods, *headers;
        int credentials;
        apr_interval_time_t max_age;
    } cors;
    crm_mail_settings_t mail;
    int debug;
    crm_login_cookie_t login_cookie;
    struct {
        const apr_array_header_t *types; /* of const char *; NULL: nobody else's users are ours */
        int create;
        const char *group; /* NULL: the default one */
    } trust;
} crm_settings_t;

enum { CRM_IN_SERVER = 1, CRM_IN_VHOST = 2, CRM_IN_DIRECTORY = 4 };

typedef struct crm_directive_t {
    const char *name;       /* "CrmPool" */
    const char *syntax;     /* "max=N per-database=N idle=SPAN wait=SPAN" */
    unsigned contexts;      /* CRM_IN_* */
    const char *preset;     /* default, as it would be written; NULL: none */
    const char *help;       /* one or two sentences */
    const char *example;    /* a line */
    int min_args, max_args; /* max -1: any number */
    int is_path;            /* the first word is a path: server/ takes it relative to ServerRoot */
    /* Reads ARGC words into SETTINGS; an error's detail says value and what is allowed. */
    crm_error_t *(*set)(apr_pool_t *pool, crm_settings_t *settings, int argc,
                        const char *const *argv);
} crm_directive_t;

/* The table; ends with name NULL. Its length without that end. */
extern const crm_directive_t crm_directives[];
int crm_directive_count(void);

/* The row of that name (case does not matter), or -1. */
int crm_directive_index(const char *name);

/* CONTEXTS as they are shown: "server config, virtual host, directory". */
const char *crm_directive_contexts(apr_pool_t *pool, unsigned contexts);

/* One directive as it was written. */
typedef struct crm_written_t {
    int argc;
    const char *const *argv;
    const char *file;
    int line;
} crm_written_t;

/* What a context says: entry i is row i's, or NULL. */
typedef struct crm_directives_t {
    const crm_written_t **written; /* crm_directive_count() of them */
} crm_directives_t;

crm_directives_t *crm_directives_make(apr_pool_t *pool);

/* Notes that row INDEX was written with ARGV (copied into POOL); checks the number of arguments and
 * runs `set` on a scratch structure, so that a mistake is found here. Errors: "CrmPool: "max=0":
 * must be ...". */
crm_error_t *crm_directives_write(apr_pool_t *pool, crm_directives_t *directives, int index,
                                  int argc, const char *const *argv, const char *file, int line);

crm_directives_t *crm_directives_merge(apr_pool_t *pool, const crm_directives_t *outer,
                                       const crm_directives_t *inner);

/* Defaults, then what was written. */
crm_error_t *crm_settings_resolve(apr_pool_t *pool, const crm_directives_t *directives,
                                  crm_settings_t **ret_settings);

/* OUTER with what INNER, a directory's directives, says on top: a shallow copy in POOL. */
crm_error_t *crm_settings_override(apr_pool_t *pool, const crm_settings_t *outer,
                                   const crm_directives_t *inner, crm_settings_t **ret_settings);

/* What no single directive can see: engine without databases, a secret key file that cannot be
 * read, directives that contradict each other. Details begin with file and line of the culprit. */
crm_error_t *crm_settings_check(apr_pool_t *pool, const crm_directives_t *directives,
                                const crm_settings_t *settings);

/* Two virtual hosts that share a site (service/site.h) must agree on what the site is opened with:
 * CrmPool, CrmPasswordHash, CrmTenantIsolation, CrmMigrations, CrmHistorySpool, CrmJobFiles, mail.
 */
crm_error_t *crm_settings_agree(apr_pool_t *pool, const crm_directives_t *a_directives,
                                const crm_settings_t *a, const crm_directives_t *b_directives,
                                const crm_settings_t *b);

/* {"CrmPool": {"args": ["max=32"], "file": "...", "line": 12}, ...}; new reference. And back. */
json_t *crm_directives_json(const crm_directives_t *directives);
crm_error_t *crm_directives_from_json(apr_pool_t *pool, const json_t *json,
                                      crm_directives_t **ret_directives);

#endif
