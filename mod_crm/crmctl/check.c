/* crmctl/check.c - crmctl check: what a site needs, each a line that is ok or says what to do. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "service/tenant.h"

/* A clock that is off by more than this makes tokens end, and change logs lie. */
#define CLOCK_MOST apr_time_from_sec(2)
/* Connections of a server that are left to others. */
#define RESERVE 10

typedef struct check_t {
    crm_run_t *run;
    apr_pool_t *pool;
    const crm_server_t *server;
    const crm_settings_t *settings;
    crm_site_t *site; /* NULL until it is open */
    json_t *list;
    int faults;
} check_t;

/* Looks at one thing: what there is to say that it is right, or the error and what to do. */
typedef crm_error_t *check_fn(check_t *check, const char **ret_found);

static void report(check_t *check, const char *name, const char *found, const crm_error_t *error)
{
    const char *text = error ? crm_error_line(check->pool, error) : found;
    json_array_append_new(
        check->list, json_pack("{s:s, s:b, s:s}", "check", name, "ok", !error, "message", text));
    check->faults += error != NULL;
    if (!crm_run_option(check->run, "--json")) {
        printf("%-13s %-4s %s\n", name, error ? "FAIL" : "ok", text);
    }
}

static crm_error_t *advise(const check_t *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static crm_error_t *advise(const check_t *check, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return crm_error_make(check->pool, CRM_E_CONFLICT, "%s", text);
}

/* ---- configuration ---- */

static crm_error_t *check_settings(check_t *check, const char **ret_found)
{
    CRM_ERR(crm_settings_check(check->pool, check->server->directives, check->settings));
    *ret_found = apr_psprintf(check->pool, "%s, prefix %s, crmctl and module are both %s",
                              check->server->name, check->settings->prefix, CRM_VERSION);
    return NULL;
}

/* ---- databases ---- */

static crm_error_t *check_open(check_t *check, const char **ret_found)
{
    CRM_ERR(crm_server_open(check->run, check->server, &check->site));
    *ret_found = crm_db_url_name(check->pool, check->settings->main_database, NULL);
    return NULL;
}

static crm_error_t *check_main(check_t *check, const char **ret_found)
{
    int exists, version, newest = crm_migrations_newest(check->site->main_migrations);
    crm_db_t db = check->site->main;

    db.needs = 0;
    CRM_ERR(crm_db_exists(&db, check->pool, &exists));
    if (!exists) {
        return advise(check, "The main database does not exist: crmctl migrate makes it.");
    }
    CRM_ERR(crm_migration_version(&db, check->pool, &version));
    if (version != newest) {
        return advise(check, "The main database has schema version %d, this is %d: crmctl migrate.",
                      version, newest);
    }
    *ret_found = apr_psprintf(check->pool, "schema version %d", version);
    return NULL;
}

static crm_error_t *check_versions(check_t *check, const char **ret_found)
{
    crm_db_facts_t facts;

    CRM_ERR(crm_db_facts(&check->site->main, check->pool, &facts));
    *ret_found =
        apr_pstrcat(check->pool, check->settings->main_database->driver, " ", facts.version, NULL);
    return NULL;
}

static crm_error_t *check_clock(check_t *check, const char **ret_found)
{
    crm_db_facts_t facts;
    apr_time_t before = apr_time_now();

    CRM_ERR(crm_db_facts(&check->site->main, check->pool, &facts));
    apr_time_t after = apr_time_now();
    if (facts.now && (facts.now < before - CLOCK_MOST || facts.now > after + CLOCK_MOST)) {
        return advise(check,
                      "The database server's clock is %.0f seconds off this machine's: "
                      "synchronise both.",
                      (double)(facts.now - after) / APR_USEC_PER_SEC);
    }
    *ret_found = facts.now ? "the database server's is right" : "the database has this machine's";
    return NULL;
}

static crm_error_t *check_connections(check_t *check, const char **ret_found)
{
    int children = check->server->children, max = check->settings->pool.max;
    apr_int64_t most = (apr_int64_t)children * max;
    crm_db_facts_t facts;

    CRM_ERR(crm_db_facts(&check->site->main, check->pool, &facts));
    if (facts.max_connections && most + RESERVE > facts.max_connections) {
        return advise(check,
                      "%d children with up to %d connections each (CrmPool max) can want %d, and "
                      "the database server allows %d: raise max_connections, or lower CrmPool max "
                      "or ServerLimit.",
                      children, max, (int)most, (int)facts.max_connections);
    }
    *ret_found =
        facts.max_connections
            ? apr_psprintf(check->pool, "at most %d of %d: %d children, CrmPool max %d", (int)most,
                           (int)facts.max_connections, children, max)
            : apr_psprintf(check->pool, "files: %d children, CrmPool max %d", children, max);
    return NULL;
}

/* What the account must be given where it cannot make databases with users of their own. */
static crm_error_t *say_rights(const check_t *check, const crm_error_t *error)
{
    const crm_db_url_t *url = check->settings->tenant_database;
    const char *user = url->user ? url->user : "USER",
               *name = crm_db_url_database(check->pool, url, "%");
    const char *pattern = "";

    for (; *name; name++) {
        pattern = apr_psprintf(check->pool, "%s%s%c", pattern, *name == '_' ? "\\" : "", *name);
    }
    return advise(
        check,
        "%s. CrmTenantIsolation user needs: GRANT ALL PRIVILEGES ON `%s`.* TO '%s'@'HOST' "
        "WITH GRANT OPTION; GRANT CREATE USER ON *.* TO '%s'@'HOST'.",
        crm_error_line(check->pool, error), pattern, user, user);
}

/* Whether databases of tenants can be made is known by making one. */
static crm_error_t *check_rights(check_t *check, const char **ret_found)
{
    const char *slug = apr_psprintf(check->pool, "crmctl_check_%d", (int)getpid());
    crm_db_t db = *crm_site_tenant_db(check->site, check->pool, slug);

    db.needs = 0;
    crm_error_t *error = crm_db_create_database(&db, check->pool);
    if (error) {
        return db.user ? say_rights(check, error) : error;
    }
    CRM_ERR(crm_db_drop_database(&db, check->pool));
    *ret_found = db.user ? "databases of tenants, and their users, can be made and dropped"
                         : "databases of tenants can be made and dropped";
    return NULL;
}

/* ---- tenants ---- */

typedef struct tenants_t {
    check_t *check;
    int count, inactive, behind;
    const char *first; /* that is behind */
} tenants_t;

static crm_error_t *check_tenant(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_tenant_t *tenant, void *baton)
{
    tenants_t *tenants = baton;
    int version = 0;
    crm_error_t *error = crm_migration_version(
        crm_tenant_unversioned(site, pool, crm_tenant_place(pool, tenant)), pool, &version);
    tenants->count++;
    tenants->inactive += !tenant->is_active;
    if (error || version != crm_migrations_newest(site->tenant_migrations)) {
        if (!tenants->behind++) {
            tenants->first = apr_psprintf(tenants->check->pool, "%s (%s)", tenant->name,
                                          error ? crm_error_line(pool, error)
                                                : apr_psprintf(pool, "schema version %d", version));
        }
    }
    return NULL;
}

static crm_error_t *check_tenants(check_t *check, const char **ret_found)
{
    tenants_t tenants = {.check = check};

    CRM_ERR(crm_tenant_each(check->site, check->pool, check_tenant, &tenants));
    if (tenants.behind) {
        return advise(check,
                      "%d of %d tenants are not at schema version %d, the first is %s: crmctl "
                      "migrate brings them there.",
                      tenants.behind, tenants.count,
                      crm_migrations_newest(check->site->tenant_migrations), tenants.first);
    }
    *ret_found =
        apr_psprintf(check->pool, "%d, of which %d are inactive", tenants.count, tenants.inactive);
    return NULL;
}

/* Whether the user of each tenant's database is let in; what it may do, tenant verify proves. */
static crm_error_t *check_user(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               void *baton)
{
    tenants_t *tenants = baton;
    crm_db_t db = *crm_tenant_db(site, pool, tenant);
    int version;

    db.needs = 0;
    crm_error_t *error = crm_migration_version(&db, pool, &version);
    tenants->count++;
    if (error && !tenants->behind++) {
        tenants->first = apr_psprintf(tenants->check->pool, "%s (%s)", tenant->name,
                                      crm_error_line(pool, error));
    }
    return NULL;
}

static crm_error_t *check_isolation(check_t *check, const char **ret_found)
{
    tenants_t tenants = {.check = check};

    if (check->settings->isolation != CRM_ISOLATION_USER) {
        *ret_found = "CrmTenantIsolation is none";
        return NULL;
    }
    CRM_ERR(crm_tenant_each(check->site, check->pool, check_user, &tenants));
    if (tenants.behind) {
        return advise(check,
                      "%d of %d tenants' databases cannot be used by their own users, the first is "
                      "%s: crmctl tenant verify --repair makes those users.",
                      tenants.behind, tenants.count, tenants.first);
    }
    *ret_found = apr_psprintf(check->pool, "%d tenants' databases, each open to its own user",
                              tenants.count);
    return NULL;
}

/* ---- the spool ---- */

/* What the files of a folder and its sub-folders hold. */
static apr_status_t add_sizes(apr_pool_t *pool, const char *folder, apr_off_t *size)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    apr_status_t status = apr_dir_open(&dir, folder, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    while (apr_dir_read(&info, APR_FINFO_TYPE | APR_FINFO_SIZE | APR_FINFO_NAME, dir) ==
           APR_SUCCESS) {
        if (info.filetype == APR_REG) {
            *size += info.size;
        } else if (info.filetype == APR_DIR && info.name[0] != '.') {
            add_sizes(pool, apr_pstrcat(pool, folder, "/", info.name, NULL), size);
        }
    }
    return apr_dir_close(dir);
}

static crm_error_t *check_spool(check_t *check, const char **ret_found)
{
    const char *folder = crm_site_spool(check->pool, check->settings);
    apr_uint64_t most = check->settings->spool_max;
    apr_off_t size = 0;

    if (!folder) {
        *ret_found = "History has none";
        return NULL;
    }
    apr_status_t status = add_sizes(check->pool, folder, &size);
    if (APR_STATUS_IS_ENOENT(status)) {
        *ret_found = "is made when the server starts";
        return NULL;
    }
    if (status != APR_SUCCESS) {
        return crm_error_system(check->pool, status, "%s", folder);
    }
    if (most && (apr_uint64_t)size > most / 10 * 8) {
        return advise(check,
                      "%s holds %" APR_OFF_T_FMT
                      " bytes that wait to be stored, and may hold %" APR_UINT64_T_FMT
                      ": the error log says which database refuses them.",
                      folder, size, most);
    }
    *ret_found = apr_psprintf(check->pool, "%" APR_OFF_T_FMT " bytes in %s", size, folder);
    return NULL;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    check_fn *run;
    int needs_site;
} checks[] = {
    {.name = "configuration", .run = check_settings},
    {.name = "spool", .run = check_spool},
    {.name = "database", .run = check_open},
    {.name = "schema", .run = check_main, .needs_site = 1},
    {.name = "versions", .run = check_versions, .needs_site = 1},
    {.name = "clock", .run = check_clock, .needs_site = 1},
    {.name = "connections", .run = check_connections, .needs_site = 1},
    {.name = "rights", .run = check_rights, .needs_site = 1},
    {.name = "tenants", .run = check_tenants, .needs_site = 1},
    {.name = "isolation", .run = check_isolation, .needs_site = 1},
};

static crm_error_t *run_check(crm_run_t *run)
{
    check_t check = {.run = run, .pool = run->pool};
    apr_array_header_t *servers;

    CRM_ERR(crm_configuration_read(run, &servers));
    CRM_ERR(crm_server_choose(run, servers, &check.server));
    check.settings = check.server->settings;
    check.list = crm_json_own(run->pool, json_array());
    for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
        if (checks[i].needs_site && !check.site) {
            continue; /* what it needs has failed already */
        }
        const char *found = "";
        crm_error_t *error = checks[i].run(&check, &found);
        report(&check, checks[i].name, found, error);
    }
    if (crm_run_option(run, "--json")) {
        CRM_ERR(crm_output_json(run->pool, json_incref(check.list)));
    }
    if (check.faults) {
        return crm_error_make(run->pool, CRM_E_CONFLICT, "%d of the checks failed.", check.faults);
    }
    return NULL;
}

static const char *const check_examples[] = {"crmctl check", "crmctl check --json", NULL};

const crm_command_t crm_check_commands[] = {
    {.name = "check",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA,
     .summary = "what is right, and what is to be done",
     .help = "Looks at what a site needs: configuration, spool, databases and their "
             "schemas, versions, clock, how many connections the children can want and the server "
             "allows, the right to make databases, every tenant, its database user. One line each: "
             "ok, or what is "
             "wrong and what to do.",
     .examples = check_examples,
     .run = run_check},
    {.name = NULL},
};
