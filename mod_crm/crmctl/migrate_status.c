/* crmctl/migrate_status.c - where each tenant's database is, and what migrating would do. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/time.h"
#include "crmctl/migrate.h"
#include "crmctl/output.h"
#include "service/migration_run.h"
#include "service/tenant.h"

/* ---- --status */

static const char *const header[] = {"TENANT", "DATABASE", "VERSION", "STATE", "SINCE", "WHY"};

#define CELLS ((int)(sizeof(header) / sizeof(header[0])))

static const char *state_text(apr_pool_t *pool, const crm_site_t *site,
                              const crm_migration_state_t *state, const char *target)
{
    switch (state->state) {
    case CRM_MIGRATION_QUEUED:
        return crm_migration_runner_ended(pool, state->runner) ? "behind" : "queued";
    case CRM_MIGRATION_RUNNING:
        return crm_migration_runner_ended(pool, state->runner) ? "interrupted" : "running";
    case CRM_MIGRATION_FAILED:
        return "failed";
    case CRM_MIGRATION_DONE:
        return crm_migration_is_done(site, state, target) ? "done" : "behind";
    default:
        return "unknown";
    }
}

static const char *time_text(apr_pool_t *pool, apr_time_t time)
{
    return time ? crm_time_iso(pool, time) : NULL;
}

static json_t *status_json(apr_pool_t *pool, const crm_migration_state_t *state, const char *text,
                           int newest)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:i, s:i, s:s, s:s?, s:s?, s:s?, s:s?}", "name",
                     state->name, "slug", state->slug, "database", state->database, "is_active",
                     state->is_active, "version", state->version, "newest", newest, "state", text,
                     "started_at", time_text(pool, state->started_at), "finished_at",
                     time_text(pool, state->finished_at), "runner", state->runner, "error",
                     state->error);
}

static const char *const *status_cells(apr_pool_t *pool, const crm_migration_state_t *state,
                                       const char *text, int newest)
{
    const char **cells = apr_palloc(pool, CELLS * sizeof(*cells));
    apr_time_t since = state->finished_at ? state->finished_at : state->started_at;
    cells[0] = state->slug;
    cells[1] = state->database;
    cells[2] = state->version ? apr_psprintf(pool, "%d of %d", state->version, newest) : "-";
    cells[3] = text;
    cells[4] = since ? crm_time_iso(pool, since) : "-";
    cells[5] = state->error                            ? state->error
               : state->state == CRM_MIGRATION_RUNNING ? state->runner
                                                       : "";
    return cells;
}

crm_error_t *crm_migrate_show_status(crm_run_t *run, const crm_site_t *site,
                                     const apr_array_header_t *states)
{
    apr_pool_t *pool = run->pool;
    const char *target = crm_migration_target(site, pool);
    int newest = crm_migrations_newest(site->tenant_migrations);
    apr_array_header_t *rows = apr_array_make(pool, states->nelts + 1, sizeof(const char *const *));
    json_t *json = crm_json_own(pool, json_array());
    APR_ARRAY_PUSH(rows, const char *const *) = header;
    for (int i = 0; i < states->nelts; i++) {
        const crm_migration_state_t *state = &APR_ARRAY_IDX(states, i, crm_migration_state_t);
        const char *text = state_text(pool, site, state, target);
        json_array_append_new(json, status_json(pool, state, text, newest));
        APR_ARRAY_PUSH(rows, const char *const *) = status_cells(pool, state, text, newest);
    }
    if (crm_run_option(run, "--json")) {
        return crm_output_json(pool, json_incref(json));
    }
    crm_output_table(rows, CELLS);
    return NULL;
}

/* ---- --plan */

typedef struct plan_t {
    crm_run_t *run;
    json_t *list;     /* one object a database with something to do, or refused */
    const char *slug; /* or NULL: all */
    int refused;
} plan_t;

static void plan_one(plan_t *plan, const crm_db_t *db, const char *name,
                     const crm_migrations_t *migrations)
{
    apr_pool_t *pool = plan->run->pool;
    apr_array_header_t *names;
    int version = 0;
    const crm_error_t *error = crm_migration_pending(db, pool, migrations, &version, &names);
    if (error) {
        const char *line = crm_error_line(pool, error);
        plan->refused++;
        fprintf(stderr, "crmctl: %s: %s\n", name, line);
        json_array_append_new(plan->list, json_pack("{s:s, s:s}", "database", name, "error", line));
        return;
    }
    if (names->nelts == 0) {
        return;
    }
    json_t *files = json_array();
    for (int i = 0; i < names->nelts; i++) {
        json_array_append_new(files, json_string(APR_ARRAY_IDX(names, i, const char *)));
    }
    json_array_append_new(plan->list,
                          json_pack("{s:s, s:i, s:i, s:o}", "database", name, "version", version,
                                    "newest", crm_migrations_newest(migrations), "apply", files));
    if (!crm_run_option(plan->run, "--json")) {
        printf("%s: version %d, to apply: %s\n", name, version,
               apr_array_pstrcat(pool, names, ' '));
    }
}

/* *RET_VERSION: that of the main database, 0 while there is none. */
static crm_error_t *plan_main(plan_t *plan, const crm_settings_t *settings, const crm_site_t *site,
                              int *ret_version)
{
    apr_pool_t *pool = plan->run->pool;
    const char *name = crm_db_url_name(pool, settings->main_database, NULL);
    int exists;
    CRM_ERR(crm_db_exists(&site->main, pool, &exists));
    *ret_version = 0;
    if (exists) {
        plan_one(plan, &site->main, name, site->main_migrations);
        return crm_migration_version(&site->main, pool, ret_version);
    }
    json_array_append_new(plan->list, json_pack("{s:s, s:b}", "database", name, "create", 1));
    if (!crm_run_option(plan->run, "--json")) {
        printf("%s: to be created\n", name);
    }
    return NULL;
}

static crm_error_t *plan_tenant(const crm_site_t *site, apr_pool_t *pool,
                                const crm_tenant_t *tenant, void *baton)
{
    plan_t *plan = baton;
    if (!plan->slug || !strcmp(plan->slug, tenant->slug)) {
        plan_one(plan, crm_tenant_unversioned(site, pool, crm_tenant_place(pool, tenant)),
                 tenant->database_name, site->tenant_migrations);
    }
    return NULL;
}

crm_error_t *crm_migrate_show_plan(crm_run_t *run, const crm_settings_t *settings,
                                   const crm_site_t *site, const char *slug)
{
    plan_t plan = {.run = run, .list = crm_json_own(run->pool, json_array()), .slug = slug};
    crm_site_t any = *site;
    int version;
    any.main.needs = 0;
    CRM_ERR(plan_main(&plan, settings, &any, &version));
    if (version > 0) {
        CRM_ERR(crm_tenant_each(&any, run->pool, plan_tenant, &plan));
    }
    if (crm_run_option(run, "--json")) {
        CRM_ERR(crm_output_json(run->pool, json_incref(plan.list)));
    } else if (json_array_size(plan.list) == 0) {
        printf("Nothing is to be done.\n");
    }
    if (plan.refused) {
        return crm_error_make(run->pool, CRM_E_DATABASE, "%d database%s would be refused.",
                              plan.refused, plan.refused == 1 ? "" : "s");
    }
    return NULL;
}
