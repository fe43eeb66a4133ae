/* service/settings_check.c - what no single directive can see: what is missing, contradicts, or
 * cannot be read. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/credentials.h"
#include "db/own_user.h"
#include "service/settings.h"

/* What a check looks at. */
typedef struct check_t {
    apr_pool_t *pool;
    const crm_directives_t *directives;
    const crm_settings_t *settings;
} check_t;

typedef crm_error_t *check_fn(const check_t *check);

static const crm_written_t *written(const crm_directives_t *directives, const char *name)
{
    return directives->written[crm_directive_index(name)];
}

/* "FILE:LINE: NAME: " of a directive that was written, "NAME: " of a default. */
static const char *place(apr_pool_t *pool, const crm_directives_t *directives, const char *name)
{
    const crm_written_t *entry = written(directives, name);

    return entry ? apr_psprintf(pool, "%s:%d: %s: ", entry->file, entry->line, name)
                 : apr_psprintf(pool, "%s: ", name);
}

static crm_error_t *fault(const check_t *check, const char *name, const char *text)
{
    return crm_error_make(check->pool, CRM_E_INTERNAL, "%s%s",
                          place(check->pool, check->directives, name), text);
}

static crm_error_t *databases(const check_t *check)
{
    if (!check->settings->main_database) {
        return fault(check, "CrmEngine", "\"on\" needs CrmMainDatabase URL");
    }
    if (!check->settings->tenant_database) {
        return fault(check, "CrmEngine", "\"on\" needs CrmTenantDatabase URL-with-{slug}");
    }
    return NULL;
}

static crm_error_t *secret_key(const check_t *check)
{
    crm_key_t key;

    if (!check->settings->secret_key_file) {
        return fault(check, "CrmEngine", "\"on\" needs CrmSecretKeyFile FILE");
    }
    crm_error_t *error = crm_secret_read_key(check->pool, check->settings->secret_key_file, &key);
    return error ? fault(check, "CrmSecretKeyFile", crm_error_line(check->pool, error)) : NULL;
}

static int is_folder(apr_pool_t *pool, const char *path)
{
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE, pool);

    return (status == APR_SUCCESS || status == APR_INCOMPLETE) && info.filetype == APR_DIR;
}

/* One code path, one set of migrations. */
static crm_error_t *database_servers(const check_t *check)
{
    const apr_array_header_t *servers = check->settings->database_servers;

    for (int i = 0; servers && i < servers->nelts; i++) {
        const crm_database_server_t *server = &APR_ARRAY_IDX(servers, i, crm_database_server_t);
        if (strcmp(server->url->driver, check->settings->tenant_database->driver) != 0) {
            return fault(check, "CrmDatabaseServer",
                         apr_psprintf(check->pool,
                                      "\"%s\": must be of the same kind as CrmTenantDatabase; to "
                                      "change it, back tenants up and restore them",
                                      server->name));
        }
    }
    return NULL;
}

/* Files have no users: each is apart already. */
static crm_error_t *isolation(const check_t *check)
{
    const crm_settings_t *settings = check->settings;

    return settings->isolation == CRM_ISOLATION_USER && !crm_db_has_users(settings->tenant_database)
               ? fault(check, "CrmTenantIsolation",
                       "\"user\" needs a CrmTenantDatabase of MariaDB or MySQL; with SQLite each "
                       "tenant has a file of its own: write \"none\", and keep others out of its "
                       "folder by the mode")
               : NULL;
}

static crm_error_t *migrations(const check_t *check)
{
    const char *folders[] = {apr_pstrcat(check->pool, check->settings->migrations, "/",
                                         check->settings->main_database->driver, "/main", NULL),
                             apr_pstrcat(check->pool, check->settings->migrations, "/",
                                         check->settings->tenant_database->driver, "/tenant",
                                         NULL)};

    for (int i = 0; i < 2; i++) {
        if (!is_folder(check->pool, folders[i])) {
            return fault(check, "CrmMigrations",
                         apr_psprintf(check->pool,
                                      "\"%s\": must be the folder of the migrations; there is no "
                                      "folder \"%s\"",
                                      check->settings->migrations, folders[i]));
        }
    }
    return NULL;
}

static crm_error_t *spool(const check_t *check)
{
    if (check->settings->history != CRM_HISTORY_OFF && !check->settings->spool) {
        const char *culprit = written(check->directives, "CrmHistory") ? "CrmHistory" : "CrmEngine";
        return fault(check, culprit,
                     "History is on and needs CrmHistorySpool DIR (or CrmHistory off)");
    }
    return NULL;
}

static crm_error_t *tokens(const check_t *check)
{
    if (check->settings->token_idle > check->settings->token_lifetime) {
        return fault(check, "CrmTokenIdle",
                     "contradicts CrmTokenLifetime: must not be longer than the lifetime");
    }
    return NULL;
}

static int names_source(const crm_settings_t *settings, crm_tenant_source_e source)
{
    for (int i = 0; i < settings->ntenant_from; i++) {
        if (settings->tenant_from[i] == source) {
            return 1;
        }
    }
    return 0;
}

static crm_error_t *tenant_sources(const check_t *check)
{
    const crm_settings_t *settings = check->settings;

    if (!written(check->directives, "CrmTenantFrom")) {
        return NULL; /* the default asks whatever source there is */
    }
    if (names_source(settings, CRM_FROM_SUBDOMAIN) && !settings->tenant_domain) {
        return fault(check, "CrmTenantFrom", "\"subdomain\" needs CrmTenantDomain HOST");
    }
    if (settings->tenant_domain && !names_source(settings, CRM_FROM_SUBDOMAIN)) {
        return fault(check, "CrmTenantDomain", "contradicts CrmTenantFrom without \"subdomain\"");
    }
    if (settings->tenant && !names_source(settings, CRM_FROM_VHOST)) {
        return fault(check, "CrmTenant", "contradicts CrmTenantFrom without \"vhost\"");
    }
    return NULL;
}

static crm_error_t *connections(const check_t *check)
{
    const crm_settings_t *settings = check->settings;
    if (settings->pool.max < CRM_CREATION_CONNECTIONS &&
        strcmp(settings->main_database->driver, "mysql") == 0) {
        return fault(check, "CrmPool",
                     apr_psprintf(check->pool,
                                  "max=%d is too few: making a tenant takes up to %d connections",
                                  settings->pool.max, CRM_CREATION_CONNECTIONS));
    }
    return NULL;
}

/* 1 when URL's host is this machine. */
static int is_near(apr_pool_t *pool, const char *url)
{
    const char *host = strstr(url, "://") + 3;
    const char *name = apr_pstrmemdup(pool, host, strcspn(host, *host == '[' ? "]" : ":"));
    struct in_addr address;
    return strcmp(name, "[::1") == 0 || strcasecmp(name, "localhost") == 0 ||
           (inet_pton(AF_INET, name, &address) == 1 && strncmp(name, "127.", 4) == 0);
}

/* A password is for the mail server alone: it goes over TLS, or stays on this machine. */
static int hides_password(apr_pool_t *pool, const crm_smtp_server_t *server)
{
    return strncasecmp(server->url, "smtps:", 6) == 0 || server->starttls == CRM_TLS_REQUIRED ||
           is_near(pool, server->url);
}

static crm_error_t *mail(const check_t *check)
{
    const crm_mail_settings_t *mail = &check->settings->mail;
    const char *user, *password;
    apr_finfo_t info;

    if (!mail->server.url) {
        return NULL;
    }
    if (!mail->from.address) {
        return fault(check, "CrmMailServer", "needs CrmMailFrom \"NAME <ADDRESS>\"");
    }
    if (mail->auth_file && !hides_password(check->pool, &mail->server)) {
        return fault(check, "CrmMailServer", "auth-file= needs starttls=required or smtps://");
    }
    if (mail->auth_file) {
        crm_error_t *error = crm_credentials_read(check->pool, mail->auth_file, &user, &password);
        if (error) {
            return fault(check, "CrmMailServer", crm_error_line(check->pool, error));
        }
    }
    const char *path = apr_pstrcat(check->pool, mail->templates, "/en/password_reset.txt", NULL);
    if (apr_stat(&info, path, APR_FINFO_TYPE, check->pool) != APR_SUCCESS) {
        return fault(check, "CrmMailTemplates",
                     apr_psprintf(check->pool,
                                  "\"%s\": must be the folder of the templates; there is no file "
                                  "\"%s\"",
                                  mail->templates, path));
    }
    return NULL;
}

/* A name means an account in one tenant alone: which one must not be the client's to say. */
static crm_error_t *trust(const check_t *check)
{
    const crm_settings_t *settings = check->settings;
    return settings->trust.types && !settings->tenant
               ? fault(check, "CrmTrustRemoteUser", "needs CrmTenant NAME in its virtual host")
               : NULL;
}

static crm_error_t *cors(const check_t *check)
{
    const apr_array_header_t *origins = check->settings->cors.origins;

    if (check->settings->cors.credentials && origins &&
        strcmp(APR_ARRAY_IDX(origins, 0, const char *), "*") == 0) {
        return fault(check, "CrmCorsCredentials",
                     "\"on\" contradicts CrmCorsOrigin *: name the origins");
    }
    return NULL;
}

crm_error_t *crm_settings_check(apr_pool_t *pool, const crm_directives_t *directives,
                                const crm_settings_t *settings)
{
    static check_fn *const checks[] = {
        databases, database_servers, isolation, connections, secret_key, migrations, spool,
        tokens,    tenant_sources,   trust,     cors,        mail,       NULL};
    const check_t check = {pool, directives, settings};

    for (int i = 0; settings->engine && checks[i]; i++) {
        CRM_ERR(checks[i](&check));
    }
    return NULL;
}

static int same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static int same_mail_server(const crm_mail_settings_t *a, const crm_mail_settings_t *b)
{
    return same_text(a->server.url, b->server.url) && a->server.starttls == b->server.starttls &&
           same_text(a->server.ca_file, b->server.ca_file) &&
           a->server.timeout == b->server.timeout && same_text(a->auth_file, b->auth_file);
}

crm_error_t *crm_settings_agree(apr_pool_t *pool, const crm_directives_t *a_directives,
                                const crm_settings_t *a, const crm_directives_t *b_directives,
                                const crm_settings_t *b)
{
    const crm_pool_limits_t *pa = &a->pool, *pb = &b->pool;
    const crm_hash_cost_t *ha = &a->hash, *hb = &b->hash;
    const struct {
        const char *name;
        int same;
    } rows[] = {
        {"CrmPool", pa->max == pb->max && pa->per_database == pb->per_database &&
                        pa->idle == pb->idle && pa->wait == pb->wait},
        {"CrmPasswordHash", ha->memory == hb->memory && ha->passes == hb->passes &&
                                ha->at_once == hb->at_once && ha->wait == hb->wait},
        {"CrmTokenCache", a->token_cache == b->token_cache},
        {"CrmHistoryKeep", a->history_keep == b->history_keep},
        {"CrmRecordGrace", a->record_grace == b->record_grace},
        {"CrmTenantGrace", a->tenant_grace == b->tenant_grace},
        {"CrmTenantIsolation", a->isolation == b->isolation},
        {"CrmJobFiles", same_text(a->jobs.files, b->jobs.files)},
        {"CrmJobKeep", a->jobs.keep == b->jobs.keep},
        {"CrmMigrations", same_text(a->migrations, b->migrations)},
        {"CrmMailServer", same_mail_server(&a->mail, &b->mail)},
        {"CrmMailFrom", same_text(a->mail.from.name, b->mail.from.name) &&
                            same_text(a->mail.from.address, b->mail.from.address)},
        {"CrmMailTemplates", same_text(a->mail.templates, b->mail.templates)},
        {"CrmHistorySpool", !a->spool || !b->spool ||
                                (same_text(a->spool, b->spool) && a->spool_max == b->spool_max)}};

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!rows[i].same) {
            return crm_error_make(pool, CRM_E_INTERNAL,
                                  "%scontradicts %sservers with the same databases and secret "
                                  "key must agree on it",
                                  place(pool, b_directives, rows[i].name),
                                  place(pool, a_directives, rows[i].name));
        }
    }
    return NULL;
}
