/* service/census.c - what there is in a site's main database, and whether a server can work. */
#include <string.h>

#include <apr_strings.h>

#include "service/census.h"

static crm_error_t *read_version(const crm_site_t *site, apr_pool_t *pool, int *ret_version)
{
    crm_db_t main = site->main;
    main.needs = 0;
    return crm_migration_version(&main, pool, ret_version);
}

static crm_error_t *count_tenants(const crm_site_t *site, apr_pool_t *pool, crm_census_t *census)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT is_active, COUNT(*) FROM tenant WHERE state <> 'creating' "
                          "GROUP BY is_active",
                          "bi", CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        *(row[0].as.integer ? &census->tenants_active : &census->tenants_inactive) =
            (int)row[1].as.integer;
    }
    return NULL;
}

/* By what the migrations' runner noted last (service/migration_state.h). */
static crm_error_t *count_migrations(const crm_site_t *site, apr_pool_t *pool, crm_census_t *census)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(
        &site->main, pool,
        "SELECT CASE WHEN m.state = 'failed' THEN 1 ELSE 0 END, COUNT(*) FROM tenant t "
        "LEFT JOIN migration_state m ON m.tenant_id = t.id WHERE t.state <> 'creating' "
        "AND (m.state IS NULL OR m.state <> 'done' OR m.version < ?) GROUP BY 1",
        "ii", CRM_ARGS(crm_int(crm_migrations_newest(site->tenant_migrations))), &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        census->tenants_behind += (int)row[1].as.integer;
        census->tenants_failed += row[0].as.integer ? (int)row[1].as.integer : 0;
    }
    return NULL;
}

static crm_error_t *count_mails(const crm_site_t *site, apr_pool_t *pool, crm_census_t *census)
{
    const crm_rows_t *rows;
    apr_time_t now = apr_time_now();
    CRM_ERR(
        crm_db_select(&site->main, pool,
                      "SELECT CASE WHEN state = 'queued' THEN 1 ELSE 0 END, COUNT(*), "
                      "MIN(created_at) FROM outbox WHERE next_attempt_at IS NOT NULL GROUP BY 1",
                      "iit", CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        apr_interval_time_t age = now - row[2].as.time;
        *(row[0].as.integer ? &census->mails_queued : &census->mails_taken) =
            (int)row[1].as.integer;
        census->oldest_mail = age > census->oldest_mail ? age : census->oldest_mail;
    }
    return NULL;
}

static crm_error_t *count_jobs(const crm_site_t *site, apr_pool_t *pool, crm_census_t *census)
{
    const struct {
        const char *state;
        int *count;
    } counts[] = {{"queued", &census->jobs_queued},
                  {"running", &census->jobs_running},
                  {"done", &census->jobs_done},
                  {"failed", &census->jobs_failed}};
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool, "SELECT state, COUNT(*) FROM job GROUP BY state", "si",
                          CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        for (unsigned j = 0; j < sizeof(counts) / sizeof(counts[0]); j++) {
            if (strcmp(row[0].as.text, counts[j].state) == 0) {
                *counts[j].count = (int)row[1].as.integer;
            }
        }
    }
    return NULL;
}

crm_error_t *crm_census_take(const crm_site_t *site, apr_pool_t *pool, crm_census_t *ret_census)
{
    crm_census_t census = {.needs = site->main.needs};
    CRM_ERR(read_version(site, pool, &census.version));
    if (census.version >= census.needs) {
        CRM_ERR(count_tenants(site, pool, &census));
        CRM_ERR(count_migrations(site, pool, &census));
        CRM_ERR(count_mails(site, pool, &census));
        CRM_ERR(count_jobs(site, pool, &census));
    }
    *ret_census = census;
    return NULL;
}

static void find(crm_readiness_t *check, apr_pool_t *pool, const crm_error_t *error)
{
    check->problem = error->detail;
    check->cause = crm_error_line(pool, error);
}

static void check_main(const crm_site_t *site, apr_pool_t *pool, crm_readiness_t *database,
                       crm_readiness_t *migrations)
{
    int version;
    crm_error_t *error = read_version(site, pool, &version);
    if (error) {
        find(database, pool, error);
        migrations->problem = "The main database cannot be asked for its version.";
    } else if (version < site->main.needs) {
        migrations->problem = apr_psprintf(pool,
                                           "The main database is at version %d and this server "
                                           "needs %d: run \"crmctl migrate\".",
                                           version, site->main.needs);
    }
}

/* Where tenants' databases are with the main one, that has been asked. */
static void check_tenants(const crm_site_t *site, apr_pool_t *pool, crm_readiness_t *check)
{
    const crm_db_t db = {
        .pool = site->connections, .server = site->tenant_database, .database = ""};
    const crm_rows_t *rows;
    if (strcmp(site->tenant_database->server, site->main.server->server) != 0) {
        crm_error_t *error = crm_db_select(&db, pool, "SELECT 1", "i", CRM_NO_ARGS, &rows);
        if (error) {
            find(check, pool, error);
        }
    }
}

static void check_spool(const crm_site_t *site, apr_pool_t *pool, crm_readiness_t *check)
{
    apr_status_t status = site->spool ? crm_spool_check(site->spool) : APR_SUCCESS;
    if (status != APR_SUCCESS) {
        char text[128];
        check->problem = apr_psprintf(
            pool, "The History spool takes no records: %s. See that its folder can be written.",
            apr_strerror(status, text, sizeof(text)));
    }
}

int crm_readiness_check(const crm_site_t *site, apr_pool_t *pool,
                        crm_readiness_t ret_checks[CRM_READINESS_CHECKS])
{
    static const char *const names[CRM_READINESS_CHECKS] = {"main-database", "migrations",
                                                            "tenant-databases", "spool"};
    int wrong = 0;
    for (int i = 0; i < CRM_READINESS_CHECKS; i++) {
        ret_checks[i] = (crm_readiness_t){.name = names[i]};
    }
    check_main(site, pool, &ret_checks[0], &ret_checks[1]);
    check_tenants(site, pool, &ret_checks[2]);
    check_spool(site, pool, &ret_checks[3]);
    for (int i = 0; i < CRM_READINESS_CHECKS; i++) {
        wrong += ret_checks[i].problem != NULL;
    }
    return wrong;
}
