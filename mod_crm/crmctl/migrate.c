/* crmctl/migrate.c - brings the main database and every tenant's to this version. */
#include <stdio.h>
#include <stdlib.h>

#include <apr_strings.h>

#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/migrate.h"
#include "crmctl/output.h"
#include "crmctl/progress.h"
#include "service/migration_run.h"
#include "service/tenant.h"

#define PARALLEL 4
#define PARALLEL_MOST 64

typedef struct migrate_t {
    crm_run_t *run;
    const crm_settings_t *settings;
    crm_site_t *site;
    crm_progress_t progress;
    json_t *list; /* one object a database */
    int parallel, trust;
    int failed;
} migrate_t;

/* ---- telling */

/* Notes for --json, and tells, what was done to one database. */
static void tell(migrate_t *work, const char *database, int applied, int created,
                 const crm_error_t *error)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, work->run->pool);
    const char *line = error ? crm_error_line(pool, error) : NULL;
    json_array_append_new(work->list,
                          json_pack("{s:s, s:b, s:i, s:s*}", "database", database, "created",
                                    created, "applied", applied, "error", line));
    work->failed += error != NULL;
    const char *text =
        error ? apr_psprintf(pool, "%s: %s", database, line)
              : apr_psprintf(pool, "%s: %s%d migration%s applied", database,
                             created ? "created, " : "", applied, applied == 1 ? "" : "s");
    crm_progress_step(&work->progress, text, error != NULL);
    apr_pool_destroy(pool);
}

static void report(const crm_migrated_t *migrated, void *baton)
{
    tell(baton, migrated->tenant->database, migrated->applied, 0, migrated->error);
}

/* ---- doing */

static crm_error_t *migrate_main(migrate_t *work)
{
    apr_pool_t *pool = work->run->pool;
    crm_db_t db = work->site->main;
    int exists, applied;

    db.needs = 0;
    CRM_ERR(crm_db_exists(&db, pool, &exists));
    if (!exists) {
        CRM_ERR(crm_db_create_database(&db, pool));
    }
    CRM_ERR(crm_migrate(&db, pool, work->site->main_migrations, &applied));
    crm_progress_start(&work->progress, work->run, 1);
    tell(work, crm_db_url_name(pool, work->settings->main_database, NULL), applied, !exists, NULL);
    return NULL;
}

static crm_error_t *migrate_tenants(migrate_t *work, crm_migration_state_t *states, int count)
{
    const crm_migration_run_t run = {
        .parallel = work->parallel, .trust = work->trust, .report = report, .baton = work};
    return crm_migration_run(work->site, work->run->pool, &run, states, count);
}

/* Puts the first MOST of STATES that have something to be done in front; how many there are. */
static int choose_canaries(const migrate_t *work, apr_array_header_t *states, int most)
{
    const char *target = crm_migration_target(work->site, work->run->pool);
    crm_migration_state_t *all = (crm_migration_state_t *)states->elts;
    int count = 0;
    for (int i = 0; i < states->nelts && count < most; i++) {
        if (!crm_migration_is_done(work->site, &all[i], target)) {
            crm_migration_state_t chosen = all[i];
            all[i] = all[count];
            all[count++] = chosen;
        }
    }
    return count;
}

static crm_error_t *stopped(const migrate_t *work, int left)
{
    return crm_error_make(work->run->pool, CRM_E_DATABASE,
                          "%d of the first databases could not be migrated, so the other %d were "
                          "left as they are. Mend what is told above, then run \"crmctl migrate\" "
                          "again.",
                          work->failed, left);
}

static crm_error_t *failed(const migrate_t *work)
{
    return crm_error_make(work->run->pool, CRM_E_DATABASE,
                          "%d database%s could not be migrated; the others are done. "
                          "\"crmctl migrate --status\" tells which and why; mend that, then run "
                          "\"crmctl migrate --resume\".",
                          work->failed, work->failed == 1 ? "" : "s");
}

static crm_error_t *migrate_states(migrate_t *work, apr_array_header_t *states, int canaries)
{
    crm_migration_state_t *all = (crm_migration_state_t *)states->elts;
    int first = choose_canaries(work, states, canaries);
    crm_progress_start(&work->progress, work->run, states->nelts);
    CRM_ERR(migrate_tenants(work, all, first));
    if (work->failed) {
        return stopped(work, states->nelts - first);
    }
    return migrate_tenants(work, all + first, states->nelts - first);
}

/* ---- options */

/* The number that option NAME gives, ABSENT where it is not given. */
static crm_error_t *read_number(const crm_run_t *run, const char *name, int absent, int most,
                                int *ret_number)
{
    const char *text = crm_run_option(run, name);
    char *end;
    long number = text ? strtol(text, &end, 10) : absent;
    if (text && (end == text || *end || number < 1 || number > most)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "%s takes a number from 1 to %d, not \"%s\".", name, most, text);
    }
    *ret_number = (int)number;
    return NULL;
}

/* The slug of the tenant that --tenant names; NULL: all are meant. */
static crm_error_t *read_tenant(const migrate_t *work, const char **ret_slug)
{
    const char *name = crm_run_option(work->run, "--tenant");
    crm_site_t any = *work->site;
    crm_tenant_t *tenant;
    any.main.needs = 0;
    *ret_slug = NULL;
    if (name) {
        CRM_ERR(crm_tenant_find(&any, work->run->pool, name, &tenant));
        *ret_slug = tenant->slug;
    }
    return NULL;
}

static crm_error_t *migrate_all(migrate_t *work, int canaries)
{
    apr_pool_t *pool = work->run->pool;
    apr_array_header_t *states;
    const char *slug;
    CRM_ERR(migrate_main(work));
    CRM_ERR(read_tenant(work, &slug));
    /* what a tenant that was changed needs may be in a migration: again after it, when this fails
     */
    crm_error_t *unsettled = crm_tenant_recover(work->site, pool, NULL);
    CRM_ERR(crm_migration_states(work->site, pool, slug, &states));
    crm_error_t *error = migrate_states(work, states, canaries);
    crm_progress_end(&work->progress);
    CRM_ERR(error);
    if (unsettled && (unsettled = crm_tenant_recover(work->site, pool, NULL)) != NULL) {
        fprintf(stderr, "crmctl: %s\n", crm_error_line(pool, unsettled));
    }
    return NULL;
}

static crm_error_t *run_migrate(crm_run_t *run)
{
    migrate_t work = {.run = run, .trust = crm_run_option(run, "--resume") != NULL};
    apr_array_header_t *states;
    const char *slug;
    int canaries;

    CRM_ERR(read_number(run, "--parallel", PARALLEL, PARALLEL_MOST, &work.parallel));
    CRM_ERR(read_number(run, "--canary", 0, 1000000, &canaries));
    CRM_ERR(crm_run_site(run, &work.settings, &work.site));
    if (crm_run_option(run, "--plan") || crm_run_option(run, "--status")) {
        CRM_ERR(read_tenant(&work, &slug));
        if (crm_run_option(run, "--plan")) {
            return crm_migrate_show_plan(run, work.settings, work.site, slug);
        }
        CRM_ERR(crm_migration_states(work.site, run->pool, slug, &states));
        return crm_migrate_show_status(run, work.site, states);
    }
    work.list = crm_json_own(run->pool, json_array());
    if (work.parallel > work.settings->pool.max / 2) {
        work.parallel = work.settings->pool.max > 2 ? work.settings->pool.max / 2 : 1;
    }
    crm_error_t *error = migrate_all(&work, canaries);
    if (crm_run_option(run, "--json")) {
        CRM_ERR(crm_output_json(run->pool, json_incref(work.list)));
    }
    CRM_ERR(error);
    return work.failed ? failed(&work) : NULL;
}

static const crm_option_t migrate_options[] = {
    {.name = "--status",
     .help = "Show where each tenant's database is, and how it came there; change nothing."},
    {.name = "--plan", .help = "Show what would be applied to which database; change nothing."},
    {.name = "--parallel",
     .value = "N",
     .help = "How many tenants at a time; 4 by default, at most half of the connections that "
             "CrmPool max allows."},
    {.name = "--canary",
     .value = "N",
     .help = "Migrate N tenants first, and no other when one of them fails."},
    {.name = "--resume",
     .help = "Go on where a run ended: leave out the databases that --status calls done, without "
             "looking at them."},
    {.name = "--tenant", .value = "NAME", .help = "Only the tenant with that name or slug."},
    {.name = NULL},
};

static const char *const migrate_examples[] = {"crmctl migrate", "crmctl migrate --plan",
                                               "crmctl migrate --canary 5 --parallel 8",
                                               "crmctl migrate --status", NULL};

const crm_command_t crm_migrate_commands[] = {
    {.name = "migrate",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA,
     .options = migrate_options,
     .summary = "bring all databases to this version",
     .help =
         "Creates the main database when there is none, then applies what is missing of the "
         "migrations and permissions to it and to every tenant's database, also inactive ones'. "
         "May "
         "be run while the server runs, twice at once, and again after it was interrupted or "
         "killed. A tenant that fails does not keep the others from it, and is told in the end.",
     .examples = migrate_examples,
     .run = run_migrate},
    {.name = NULL},
};
