/* crmctl/tenant_life.c - tenants: show, suspend, resume, rename, delete, undelete, purge. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/time.h"
#include "crmctl/configuration.h"
#include "crmctl/confirm.h"
#include "crmctl/output.h"
#include "crmctl/progress.h"
#include "crmctl/tenant.h"
#include "service/tenant_move.h"

/* What a command works on: the tenant that its first argument names. */
typedef struct work_t {
    crm_site_t *site;
    crm_tenant_t *tenant;
} work_t;

static crm_error_t *open_tenant(crm_run_t *run, work_t *ret_work)
{
    CRM_ERR(crm_run_site(run, NULL, &ret_work->site));
    return crm_tenant_find(ret_work->site, run->pool, run->argv[0], &ret_work->tenant);
}

/* Says what was done: the tenant as it is now. */
static crm_error_t *report(crm_run_t *run, const work_t *work, const char *what)
{
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, crm_tenant_output(run->pool, work->tenant));
    }
    printf("Tenant %s %s\n", work->tenant->name, what);
    return NULL;
}

/* When a tenant that was deleted is purged. */
static const char *purge_time(apr_pool_t *pool, const work_t *work)
{
    return crm_time_iso(pool, work->tenant->deleted_at + work->site->tenant_grace);
}

static crm_error_t *change(crm_run_t *run, const crm_tenant_change_t *changes, work_t *ret_work)
{
    CRM_ERR(open_tenant(run, ret_work));
    return crm_tenant_update(ret_work->site, run->pool, ret_work->tenant, changes);
}

static void show_line(const char *label, const char *value)
{
    printf("%-12s%s\n", label, value);
}

static crm_error_t *run_show(crm_run_t *run)
{
    work_t work;
    apr_pool_t *pool = run->pool;
    CRM_ERR(open_tenant(run, &work));
    const crm_tenant_t *tenant = work.tenant;
    if (crm_run_option(run, "--json")) {
        return crm_output_json(pool, crm_tenant_output(pool, tenant));
    }
    show_line("name", tenant->name);
    show_line("slug", tenant->slug);
    show_line("id", crm_uuid_text(pool, &tenant->id));
    show_line("database", tenant->database_name);
    show_line("server", crm_server_shown(tenant->server));
    show_line("state", crm_tenant_state(tenant));
    show_line("created", crm_time_iso(pool, tenant->created_at));
    show_line("updated", crm_time_iso(pool, tenant->updated_at));
    if (tenant->deleted_at) {
        show_line("deleted", crm_time_iso(pool, tenant->deleted_at));
        show_line("purged", purge_time(pool, &work));
    }
    return NULL;
}

static crm_error_t *run_suspend(crm_run_t *run)
{
    static const crm_tenant_change_t suspended = {.is_active = 0, .if_version = -1};
    work_t work;
    CRM_ERR(change(run, &suspended, &work));
    return report(run, &work, "suspended: its tokens are refused until it is resumed.");
}

static crm_error_t *run_resume(crm_run_t *run)
{
    work_t work;
    CRM_ERR(open_tenant(run, &work));
    CRM_ERR(crm_tenant_resume(work.site, run->pool, work.tenant, -1));
    return report(run, &work, "resumed.");
}

static crm_error_t *run_rename(crm_run_t *run)
{
    crm_tenant_change_t renamed = {.name = run->argv[1], .is_active = -1, .if_version = -1};
    work_t work;
    CRM_ERR(change(run, &renamed, &work));
    return report(
        run, &work,
        apr_psprintf(run->pool, "has that name now; \"%s\" is taken for it until %s.", run->argv[0],
                     crm_time_iso(run->pool, work.tenant->updated_at + work.site->tenant_grace)));
}

static crm_error_t *run_delete(crm_run_t *run)
{
    static const crm_tenant_change_t deleted = {
        .is_active = -1, .if_version = -1, .end = CRM_TENANT_DELETED};
    work_t work;
    CRM_ERR(open_tenant(run, &work));
    CRM_ERR(crm_confirm(run,
                        apr_psprintf(run->pool, "This deletes the tenant %s.", work.tenant->name),
                        work.tenant->name));
    CRM_ERR(crm_tenant_update(work.site, run->pool, work.tenant, &deleted));
    return report(run, &work,
                  apr_psprintf(run->pool, "deleted: it can be undeleted until %s.",
                               purge_time(run->pool, &work)));
}

static crm_error_t *run_undelete(crm_run_t *run)
{
    work_t work;
    CRM_ERR(open_tenant(run, &work));
    CRM_ERR(crm_tenant_undelete(work.site, run->pool, work.tenant, -1));
    return report(run, &work, "undeleted: it is active.");
}

static crm_error_t *run_purge(crm_run_t *run)
{
    work_t work;
    CRM_ERR(open_tenant(run, &work));
    CRM_ERR(crm_confirm(run,
                        apr_psprintf(run->pool, "This removes all data of the tenant %s, for good.",
                                     work.tenant->name),
                        work.tenant->name));
    CRM_ERR(crm_tenant_purge(work.site, run->pool, work.tenant));
    return report(run, &work, "purged.");
}

static crm_error_t *run_move(crm_run_t *run)
{
    const char *to = crm_run_option(run, "--to");
    crm_row_progress_t told = crm_progress_rows(run);
    const crm_tenant_move_t move = {.server = crm_server_meant(to), .progress = &told};
    crm_tenant_moved_t moved;
    work_t work;
    CRM_ERR(open_tenant(run, &work));
    CRM_ERR(crm_tenant_move(work.site, run->pool, work.tenant, &move, &moved));
    double held = (double)moved.held / APR_USEC_PER_SEC;
    if (crm_run_option(run, "--json")) {
        json_t *json = crm_tenant_output(run->pool, work.tenant);
        json_object_set_new(json, "held_seconds", json_real(held));
        return crm_output_json(run->pool, json);
    }
    printf("Tenant %s moved to %s: writes were refused for %.3f s.\n", work.tenant->name, to, held);
    return NULL;
}

static const crm_option_t move_options[] = {
    {.name = "--to",
     .value = "SERVER",
     .required = 1,
     .help = "The name that CrmDatabaseServer gives the server; \"default\" is CrmTenantDatabase."},
    {.name = NULL},
};

static const crm_option_t confirmed_options[] = {CRM_YES_OPTION, {.name = NULL}};

static const char *const show_examples[] = {"crmctl tenant show acme", NULL};
static const char *const suspend_examples[] = {"crmctl tenant suspend acme", NULL};
static const char *const resume_examples[] = {"crmctl tenant resume acme", NULL};
static const char *const rename_examples[] = {"crmctl tenant rename acme \"Acme Ltd\"", NULL};
static const char *const delete_examples[] = {"crmctl tenant delete acme --yes", NULL};
static const char *const undelete_examples[] = {"crmctl tenant undelete acme", NULL};
static const char *const move_examples[] = {"crmctl tenant move acme --to berlin",
                                            "crmctl tenant move acme --to default", NULL};
static const char *const purge_examples[] = {"crmctl tenant purge acme --yes", NULL};

#define FLAGS (CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED)

const crm_command_t crm_tenant_life_commands[] = {
    {.name = "tenant show",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = FLAGS,
     .summary = "one tenant",
     .help = "Shows the tenant NAME (its name, its slug, or a name it had not long ago).",
     .examples = show_examples,
     .run = run_show},
    {.name = "tenant suspend",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = FLAGS,
     .summary = "refuse a tenant's logins and tokens",
     .help = "Refuses logins and tokens of the tenant from the next request on. Its data stay.",
     .examples = suspend_examples,
     .run = run_suspend},
    {.name = "tenant resume",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = FLAGS,
     .summary = "take a suspended tenant back",
     .help = "Lets the tenant be used again, with the tokens it had. Its people are found by their "
             "login, also where the tenant was restored beside another.",
     .examples = resume_examples,
     .run = run_resume},
    {.name = "tenant rename",
     .arguments = "NAME NEW",
     .min_args = 2,
     .max_args = 2,
     .flags = FLAGS,
     .summary = "another name",
     .help = "Gives the tenant the name NEW. The old one goes on leading to it for CrmTenantGrace, "
             "and is nobody else's for as long; the slug stays.",
     .examples = rename_examples,
     .run = run_rename},
    {.name = "tenant delete",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = FLAGS,
     .options = confirmed_options,
     .summary = "delete a tenant, with a grace period",
     .help = "Refuses logins and tokens of the tenant, and has the server remove all of it when "
             "CrmTenantGrace is over. Until then it can be undeleted.",
     .examples = delete_examples,
     .run = run_delete},
    {.name = "tenant undelete",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = FLAGS,
     .summary = "take a deleted tenant back",
     .help = "Takes back the deletion of a tenant that is not purged yet: it is active.",
     .examples = undelete_examples,
     .run = run_undelete},
    {.name = "tenant purge",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = FLAGS,
     .options = confirmed_options,
     .summary = "remove a deleted tenant for good",
     .help = "Removes a deleted tenant at once: its database, and all that the main database knows "
             "of it.",
     .examples = purge_examples,
     .run = run_purge},
    {.name = "tenant move",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = FLAGS,
     .options = move_options,
     .summary = "to another database server",
     .help =
         "Moves the tenant's database to another server while it is used. Writes are refused "
         "(503, to be tried again) for the last moment only, and it is said how long that was. "
         "A move that is killed is taken back, or ended, by the server or the next run; no write "
         "that was acknowledged is lost.",
     .examples = move_examples,
     .run = run_move},
    {.name = NULL},
};
