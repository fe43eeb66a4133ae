/* crmctl/tenant.c - tenants: create, list. */
#include <stdio.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/time.h"
#include "crmctl/account.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "crmctl/password_input.h"
#include "crmctl/tenant.h"

json_t *crm_tenant_output(apr_pool_t *pool, const crm_tenant_t *tenant)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s*}", "id",
                     crm_uuid_text(pool, &tenant->id), "name", tenant->name, "slug", tenant->slug,
                     "database_name", tenant->database_name, "server",
                     crm_server_shown(tenant->server ? tenant->server : ""), "is_active",
                     tenant->is_active, "state", crm_tenant_state(tenant), "created_at",
                     crm_time_iso(pool, tenant->created_at), "updated_at",
                     crm_time_iso(pool, tenant->updated_at), "deleted_at",
                     tenant->deleted_at ? crm_time_iso(pool, tenant->deleted_at) : NULL);
}

/* ---- tenant create */

static crm_error_t *fill_admin(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               const crm_db_t *db, void *baton)
{
    const crm_new_account_t *admin = baton;
    crm_accounts_t accounts = {.site = site, .tenant = tenant, .db = db};
    crm_account_t *account;
    return crm_account_create(&accounts, pool, admin, &account);
}

/* Without any --admin- option the tenant gets none: username is NULL. */
static crm_error_t *admin_input(crm_run_t *run, crm_new_account_t *ret_admin, int *ret_generated)
{
    int given = 0;
    for (const crm_option_t *option = run->command->options; option->name; option++) {
        given |= crm_run_option(run, option->name) != NULL;
    }
    *ret_admin = (crm_new_account_t){.username = NULL};
    *ret_generated = 0;
    if (!given) {
        return NULL;
    }
    CRM_ERR(crm_account_input(run, "--admin-", ret_admin, ret_generated));
    ret_admin->is_tenant_admin = 1;
    return NULL;
}

static crm_error_t *run_create(crm_run_t *run)
{
    crm_new_account_t admin;
    crm_tenant_t *tenant;
    crm_site_t *site;
    json_t *json;
    int generated;

    CRM_ERR(admin_input(run, &admin, &generated));
    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_tenant_create(site, run->pool, run->argv[0], "name",
                              admin.username ? fill_admin : NULL, &admin, &tenant));
    if (crm_run_option(run, "--json")) {
        json = crm_tenant_output(run->pool, tenant);
        if (generated) {
            json_object_set_new(json, "admin_password", json_string(admin.password));
        }
        return crm_output_json(run->pool, json);
    }
    printf("Tenant %s created: slug %s, database %s, admin %s.\n", tenant->name, tenant->slug,
           tenant->database_name, admin.username ? admin.username : "none");
    if (generated) {
        printf("Password: %s\n", admin.password);
    }
    return NULL;
}

/* ---- tenant list */

typedef struct listing_t {
    json_t *json;
    apr_array_header_t *rows;
    apr_pool_t *pool;
} listing_t;

static crm_error_t *list_tenant(const crm_site_t *site, apr_pool_t *pool,
                                const crm_tenant_t *tenant, void *baton)
{
    listing_t *listing = baton;
    const char **cells = apr_palloc(listing->pool, 5 * sizeof(*cells));

    (void)site;
    json_array_append_new(listing->json, crm_tenant_output(pool, tenant));
    cells[0] = apr_pstrdup(listing->pool, tenant->name);
    cells[1] = apr_pstrdup(listing->pool, tenant->slug);
    cells[2] = apr_pstrdup(listing->pool, tenant->database_name);
    cells[3] = crm_tenant_state(tenant);
    cells[4] = crm_time_iso(listing->pool, tenant->created_at);
    APR_ARRAY_PUSH(listing->rows, const char *const *) = cells;
    return NULL;
}

static crm_error_t *run_list(crm_run_t *run)
{
    static const char *const header[] = {"NAME", "SLUG", "DATABASE", "STATE", "CREATED"};
    listing_t listing = {.pool = run->pool};
    crm_site_t *site;
    int removed;

    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_tenant_recover(site, run->pool, &removed));
    if (removed) {
        fprintf(stderr, "crmctl: %d half-made tenant%s removed.\n", removed,
                removed == 1 ? "" : "s");
    }
    listing.json = crm_json_own(run->pool, json_array());
    listing.rows = apr_array_make(run->pool, 32, sizeof(const char *const *));
    APR_ARRAY_PUSH(listing.rows, const char *const *) = header;
    CRM_ERR(crm_tenant_each(site, run->pool, list_tenant, &listing));
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_incref(listing.json));
    }
    crm_output_table(listing.rows, 5);
    return NULL;
}

static const crm_option_t create_options[] = {
    {.name = "--admin-username",
     .value = "NAME",
     .help = "Who administers the tenant: the name to log in with."},
    {.name = "--admin-email", .value = "ADDRESS", .help = "The admin's e-mail."},
    {.name = "--admin-first-name", .value = "NAME", .help = "The admin's first name."},
    {.name = "--admin-last-name", .value = "NAME", .help = "The admin's last name."},
    CRM_PASSWORD_OPTIONS("--admin-"),
    {.name = NULL},
};

static const char *const create_examples[] = {
    "crmctl tenant create \"Acme Ltd\" --admin-username anna --admin-email anna@acme.example "
    "--admin-generate",
    NULL};
static const char *const list_examples[] = {"crmctl tenant list", "crmctl tenant list --json",
                                            NULL};

const crm_command_t crm_tenant_commands[] = {
    {.name = "tenant create",
     .arguments = "NAME",
     .min_args = 1,
     .max_args = 1,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = create_options,
     .summary = "a tenant, its database, its first admin",
     .help = "Creates the tenant NAME (1 to 100 characters of any script), its database with all "
             "tables, and, when --admin-username and --admin-email are given, its first admin: all "
             "of it or nothing.",
     .examples = create_examples,
     .run = run_create},
    {.name = "tenant list",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .summary = "the tenants; mends what a crash left",
     .help = "Lists all tenants, also inactive ones. What a crash left half made is removed "
             "first.",
     .examples = list_examples,
     .run = run_list},
    {.name = NULL},
};
