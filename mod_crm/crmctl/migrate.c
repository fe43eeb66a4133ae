/* crmctl/migrate.c - brings the main database and every tenant's to this version. */
#include <stdio.h>

#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "service/permission.h"

typedef struct migrate_t {
    crm_run_t *run;
    json_t *list; /* one object a database */
    int failed;
} migrate_t;

/* Prints, and notes for --json, what was done to one database; a failure is told and counted. */
static void report(migrate_t *work, const char *database, int applied, int created,
                   const crm_error_t *error)
{
    apr_pool_t *pool = work->run->pool;
    int json = crm_run_option(work->run, "--json") != NULL;
    json_array_append_new(work->list, json_pack("{s:s, s:b, s:i, s:s*}", "database", database,
                                                "created", created, "applied", applied, "error",
                                                error ? crm_error_line(pool, error) : NULL));
    if (error) {
        work->failed++;
        fprintf(stderr, "crmctl: %s: %s\n", database, crm_error_line(pool, error));
    } else if (!json) {
        printf("%s: %s%d migration%s applied\n", database, created ? "created, " : "", applied,
               applied == 1 ? "" : "s");
    }
}

static crm_error_t *migrate_main(migrate_t *work, const crm_settings_t *settings,
                                 const crm_site_t *site)
{
    apr_pool_t *pool = work->run->pool;
    crm_db_t db = site->main;
    int exists, applied;

    db.needs = 0;
    CRM_ERR(crm_db_exists(&db, pool, &exists));
    if (!exists) {
        CRM_ERR(crm_db_create_database(&db, pool));
    }
    CRM_ERR(crm_migrate(&db, pool, site->main_migrations, &applied));
    report(work, crm_db_url_name(pool, settings->main_database, NULL), applied, !exists, NULL);
    return NULL;
}

static crm_error_t *migrate_tenant(const crm_site_t *site, apr_pool_t *pool,
                                   const crm_tenant_t *tenant, void *baton)
{
    migrate_t *work = baton;
    crm_db_t db = *crm_tenant_db(site, pool, tenant);
    int applied = 0;
    crm_error_t *error;

    db.needs = 0;
    error = crm_migrate(&db, pool, site->tenant_migrations, &applied);
    if (!error) {
        error = crm_permission_sync(site, pool, &db);
    }
    report(work, tenant->database_name, applied, 0, error);
    return NULL;
}

static crm_error_t *run_migrate(crm_run_t *run)
{
    migrate_t work = {.run = run};
    const crm_settings_t *settings;
    crm_site_t *site;

    CRM_ERR(crm_run_site(run, &settings, &site));
    work.list = crm_json_own(run->pool, json_array());
    CRM_ERR(migrate_main(&work, settings, site));
    CRM_ERR(crm_tenant_recover(site, run->pool, NULL));
    CRM_ERR(crm_tenant_each(site, run->pool, migrate_tenant, &work));
    if (crm_run_option(run, "--json")) {
        CRM_ERR(crm_output_json(run->pool, json_incref(work.list)));
    }
    if (work.failed) {
        return crm_error_make(run->pool, CRM_E_DATABASE,
                              "%d database%s could not be migrated; the others are done.",
                              work.failed, work.failed == 1 ? "" : "s");
    }
    return NULL;
}

static const char *const migrate_examples[] = {"crmctl migrate", NULL};

const crm_command_t crm_migrate_commands[] = {
    {.name = "migrate",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA,
     .summary = "bring all databases to this version",
     .help =
         "Creates the main database when there is none, then applies what is missing of the "
         "migrations and permissions to it and to every tenant's database. May be run while the "
         "server runs, twice at once, and again after it was interrupted.",
     .examples = migrate_examples,
     .run = run_migrate},
    {.name = NULL},
};
