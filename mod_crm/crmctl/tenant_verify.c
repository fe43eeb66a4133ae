/* crmctl/tenant_verify.c - tenants: verify that each is apart from all others. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "crmctl/progress.h"
#include "service/isolation.h"

typedef struct verify_t {
    crm_run_t *run;
    crm_site_t *site;
    apr_array_header_t *tenants; /* of crm_tenant_t: all */
    const char *only;            /* the slug of the one that is asked for; NULL: all are */
    crm_progress_t progress;
    json_t *list; /* one object a tenant */
    int count, failed, repaired;
} verify_t;

/* What was found of one tenant. */
typedef struct found_t {
    const char *user; /* NULL: a file */
    apr_array_header_t *faults;
    int repaired;
} found_t;

static crm_error_t *note_tenant(const crm_site_t *site, apr_pool_t *pool,
                                const crm_tenant_t *tenant, void *baton)
{
    verify_t *verify = baton;
    apr_pool_t *keep = verify->run->pool;
    crm_tenant_t copy = *tenant;
    (void)site;
    (void)pool;
    copy.name = apr_pstrdup(keep, tenant->name);
    copy.slug = apr_pstrdup(keep, tenant->slug);
    copy.database_name = apr_pstrdup(keep, tenant->database_name);
    copy.server = apr_pstrdup(keep, tenant->server ? tenant->server : "");
    APR_ARRAY_PUSH(verify->tenants, crm_tenant_t) = copy;
    return NULL;
}

/* The next tenant on the same server as the one at PLACE; NULL: it is alone there. */
static const crm_tenant_t *neighbour(const verify_t *verify, int place)
{
    const crm_tenant_t *all = (const crm_tenant_t *)verify->tenants->elts;
    int count = verify->tenants->nelts;
    for (int i = 1; i < count; i++) {
        const crm_tenant_t *other = &all[(place + i) % count];
        if (strcmp(other->server, all[place].server) == 0) {
            return other;
        }
    }
    return NULL;
}

/* What keeps a tenant from being looked at is a fault like any other. */
static void look(const verify_t *verify, apr_pool_t *pool, int place, found_t *found)
{
    const crm_tenant_t *tenant = &APR_ARRAY_IDX(verify->tenants, place, crm_tenant_t);
    crm_error_t *error = crm_isolation_verify(verify->site, pool, tenant, neighbour(verify, place),
                                              &found->user, &found->faults);
    if (error) {
        APR_ARRAY_PUSH(found->faults, const char *) = crm_error_line(pool, error);
    }
}

static void repair(const verify_t *verify, apr_pool_t *pool, int place, found_t *found)
{
    const crm_tenant_t *tenant = &APR_ARRAY_IDX(verify->tenants, place, crm_tenant_t);
    crm_error_t *error = crm_isolation_repair(verify->site, pool, tenant);
    if (error) {
        APR_ARRAY_PUSH(found->faults, const char *) = crm_error_line(pool, error);
        return;
    }
    look(verify, pool, place, found);
    found->repaired = found->faults->nelts == 0;
}

static void tell(verify_t *verify, apr_pool_t *pool, const crm_tenant_t *tenant,
                 const found_t *found)
{
    int ok = found->faults->nelts == 0;
    json_t *faults = json_array();
    const char *text = "", *subject = found->user ? "the user " : "its file",
               *user = found->user ? found->user : "";
    for (int i = 0; i < found->faults->nelts; i++) {
        const char *fault = APR_ARRAY_IDX(found->faults, i, const char *);
        json_array_append_new(faults, json_string(fault));
        text = apr_pstrcat(pool, text, i ? " " : "", fault, NULL);
    }
    json_array_append_new(verify->list,
                          json_pack("{s:s, s:s, s:s, s:s*, s:b, s:b, s:o}", "name", tenant->name,
                                    "slug", tenant->slug, "database_name", tenant->database_name,
                                    "database_user", found->user, "ok", ok, "repaired",
                                    found->repaired, "faults", faults));
    verify->failed += !ok;
    verify->repaired += found->repaired;
    crm_progress_step(
        &verify->progress,
        ok ? apr_pstrcat(
                 pool, tenant->slug, ": ", found->repaired ? "repaired, " : "ok, ", subject, user,
                 found->user ? apr_pstrcat(pool, " has rights on ", tenant->database_name,
                                           " alone, and is refused what is next to it", NULL)
                             : " is out of reach for other users of this machine",
                 NULL)
           : apr_pstrcat(pool, tenant->slug, ": ", user, found->user ? ": " : "", text, NULL),
        !ok);
}

static crm_error_t *verify_all(verify_t *verify)
{
    apr_pool_t *turn;
    int repairs = crm_run_has(verify->run, "--repair");
    apr_pool_create(&turn, verify->run->pool);
    crm_progress_start(&verify->progress, verify->run, verify->only ? 1 : verify->tenants->nelts);
    for (int i = 0; i < verify->tenants->nelts; i++) {
        const crm_tenant_t *tenant = &APR_ARRAY_IDX(verify->tenants, i, crm_tenant_t);
        found_t found = {.user = NULL};
        if (verify->only && strcmp(verify->only, tenant->slug) != 0) {
            continue;
        }
        apr_pool_clear(turn);
        look(verify, turn, i, &found);
        if (found.faults->nelts && repairs && found.user) {
            repair(verify, turn, i, &found);
        }
        verify->count++;
        tell(verify, turn, tenant, &found);
    }
    crm_progress_end(&verify->progress);
    return NULL;
}

static crm_error_t *report(const verify_t *verify)
{
    if (verify->failed) {
        return crm_error_make(verify->run->pool, CRM_E_CONFLICT,
                              "%d of %d tenants did not pass: see above. \"crmctl tenant verify "
                              "--repair\" makes their users anew.",
                              verify->failed, verify->count);
    }
    if (!crm_run_has(verify->run, "--json") && !crm_run_has(verify->run, "--quiet")) {
        printf("%d tenant%s, each apart from all others.\n", verify->count,
               verify->count == 1 ? "" : "s");
    }
    return NULL;
}

static crm_error_t *run_verify(crm_run_t *run)
{
    verify_t verify = {.run = run};
    crm_tenant_t *tenant;
    CRM_ERR(crm_run_site(run, NULL, &verify.site));
    CRM_ERR(crm_isolation_check(verify.site, run->pool));
    if (run->argc) {
        CRM_ERR(crm_tenant_find(verify.site, run->pool, run->argv[0], &tenant));
        verify.only = tenant->slug;
    }
    verify.tenants = apr_array_make(run->pool, 64, sizeof(crm_tenant_t));
    verify.list = crm_json_own(run->pool, json_array());
    CRM_ERR(crm_tenant_each(verify.site, run->pool, note_tenant, &verify));
    CRM_ERR(verify_all(&verify));
    if (crm_run_option(run, "--json")) {
        CRM_ERR(crm_output_json(run->pool, json_incref(verify.list)));
    }
    return report(&verify);
}

static const crm_option_t verify_options[] = {
    {.name = "--repair",
     .help = "Make the database user of a tenant that does not pass anew, with its rights alone."},
    {.name = NULL},
};

static const char *const verify_examples[] = {"crmctl tenant verify",
                                              "crmctl tenant verify acme --json",
                                              "crmctl tenant verify --repair", NULL};

const crm_command_t crm_tenant_verify_commands[] = {
    {.name = "tenant verify",
     .arguments = "[NAME]",
     .max_args = 1,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = verify_options,
     .summary = "prove that each tenant's database user sees nothing else",
     .help =
         "With CrmTenantIsolation user: connects as the database user of each tenant (or of NAME "
         "alone), reads the tenant's own row, and proves that this user has no right but those on "
         "the tenant's database, sees no other one, and is refused the main database and another "
         "tenant's. With SQLite it looks whether other users of the machine can reach the file. "
         "One line a tenant: ok, or what is wrong. Exit status 1 when one does not pass.",
     .examples = verify_examples,
     .run = run_verify},
    {.name = NULL},
};
