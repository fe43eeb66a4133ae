/* crmctl/django.c - the management commands of the Django product, by their old names.
 *
 * Most of them made or mended tables of tenants, each its own part; here that is one thing, the
 * repair of a tenant (service/tenant_repair.h), which does the part that was meant and the rest.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/confirm.h"
#include "crmctl/output.h"
#include "crmctl/parse.h"
#include "service/session.h"
#include "service/tenant_repair.h"

/* Tenants being repaired. */
typedef struct repairs_t {
    crm_run_t *run;
    const apr_array_header_t *wanted;
    json_t *list; /* one object a tenant */
    int failed;
} repairs_t;

static const char *fault_text(apr_pool_t *pool, const crm_schema_fault_t *fault)
{
    const crm_schema_part_t *part = fault->wanted;
    return apr_pstrcat(pool, crm_schema_kind_name(part->kind), " ", part->name,
                       *part->name ? " of " : "", part->table,
                       fault->error ? ": " : " was missing, and is there again",
                       fault->error ? crm_error_line(pool, fault->error) : NULL, NULL);
}

/* What was done to one tenant, as JSON, new reference. */
static json_t *repair_json(apr_pool_t *pool, const crm_tenant_t *tenant, const crm_repair_t *repair,
                           const crm_error_t *error)
{
    json_t *made = json_array(), *left = json_array();

    for (int i = 0; i < repair->faults->nelts; i++) {
        const crm_schema_fault_t *fault = &APR_ARRAY_IDX(repair->faults, i, crm_schema_fault_t);
        json_array_append_new(fault->error ? left : made, json_string(fault_text(pool, fault)));
    }
    return json_pack("{s:s, s:s, s:b, s:i, s:o, s:o, s:s*}", "tenant", tenant->name, "database",
                     tenant->database_name, "created", repair->created, "applied", repair->applied,
                     "made", made, "left", left, "error",
                     error ? crm_error_line(pool, error) : NULL);
}

static void print_repair(apr_pool_t *pool, const crm_tenant_t *tenant, const crm_repair_t *repair)
{
    printf("%s: %s%d migration%s applied, %d part%s not as they should be\n", tenant->name,
           repair->created ? "database created, " : "", repair->applied,
           repair->applied == 1 ? "" : "s", repair->faults->nelts,
           repair->faults->nelts == 1 ? "" : "s");
    for (int i = 0; i < repair->faults->nelts; i++) {
        printf("  %s\n", fault_text(pool, &APR_ARRAY_IDX(repair->faults, i, crm_schema_fault_t)));
    }
}

static crm_error_t *repair_one(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               void *baton)
{
    repairs_t *repairs = baton;
    crm_repair_t repair;
    crm_error_t *error = crm_tenant_repair(site, pool, tenant, repairs->wanted, &repair);

    for (int i = 0; i < repair.faults->nelts && !error; i++) {
        repairs->failed += APR_ARRAY_IDX(repair.faults, i, crm_schema_fault_t).error != NULL;
    }
    json_array_append_new(repairs->list, repair_json(pool, tenant, &repair, error));
    if (error) {
        repairs->failed++;
        fprintf(stderr, "crmctl: %s: %s\n", tenant->name, crm_error_line(pool, error));
    } else if (!crm_run_option(repairs->run, "--json")) {
        print_repair(pool, tenant, &repair);
    }
    return NULL;
}

/* TENANT, or all of them. */
static crm_error_t *repair(crm_run_t *run, const crm_site_t *site, const crm_tenant_t *tenant)
{
    repairs_t repairs = {.run = run, .list = crm_json_own(run->pool, json_array())};

    CRM_ERR(crm_tenant_recover(site, run->pool, NULL));
    CRM_ERR(crm_tenant_wanted(site, run->pool, &repairs.wanted));
    CRM_ERR(tenant ? repair_one(site, run->pool, tenant, &repairs)
                   : crm_tenant_each(site, run->pool, repair_one, &repairs));
    if (crm_run_option(run, "--json")) {
        CRM_ERR(crm_output_json(run->pool, json_incref(repairs.list)));
    }
    if (repairs.failed) {
        return crm_error_make(run->pool, CRM_E_DATABASE,
                              "%d thing%s could not be mended; the rest is done.", repairs.failed,
                              repairs.failed == 1 ? "" : "s");
    }
    return NULL;
}

/* ---- the commands ---- */

/* The tenant that the first argument names. */
static crm_error_t *run_named(crm_run_t *run)
{
    crm_tenant_t *tenant;
    crm_site_t *site;

    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_tenant_find(site, run->pool, run->argv[0], &tenant));
    return repair(run, site, tenant);
}

static crm_error_t *run_migrate_tenant(crm_run_t *run)
{
    crm_tenant_t *tenant;
    crm_site_t *site;

    CRM_ERR(crm_run_site(run, NULL, &site));
    crm_error_t *error = crm_tenant_find(site, run->pool, run->argv[0], &tenant);
    if (error && error->kind == CRM_E_NOT_FOUND && crm_run_option(run, "--create")) {
        error = crm_tenant_create(site, run->pool, run->argv[0], "name", NULL, NULL, &tenant);
    }
    CRM_ERR(error);
    return repair(run, site, tenant);
}

static crm_error_t *run_fix_tenant_auth(crm_run_t *run)
{
    crm_tenant_t *tenant = NULL;
    crm_site_t *site;

    CRM_ERR(crm_run_site(run, NULL, &site));
    if (!crm_run_option(run, "--all")) {
        CRM_ERR(crm_tenant_find(site, run->pool, run->argv[0], &tenant));
    }
    return repair(run, site, tenant);
}

/* crmctl makemigrations, with this command's configuration. */
static crm_error_t *make_migrations(crm_run_t *run)
{
    static const char *const passed[] = {"--config", "--server", "--httpd"};
    const char *words[8] = {"makemigrations"};
    int count = 1;
    crm_run_t making;

    for (int i = 0; i < 3; i++) {
        if (crm_run_option(run, passed[i])) {
            words[count++] = passed[i];
            words[count++] = crm_run_option(run, passed[i]);
        }
    }
    CRM_ERR(crm_parse(run->pool, count, words, &making));
    return making.command->run(&making);
}

static crm_error_t *run_migrate_leads(crm_run_t *run)
{
    const char *name = crm_run_option(run, "--tenant-name");
    crm_tenant_t *tenant = NULL;
    crm_site_t *site;

    if (!name == !crm_run_option(run, "--all-tenants")) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "Give --tenant-name NAME, or --all-tenants.");
    }
    if (crm_run_option(run, "--makemigrations")) {
        CRM_ERR(make_migrations(run));
    }
    CRM_ERR(crm_run_site(run, NULL, &site));
    if (name) {
        CRM_ERR(crm_tenant_find(site, run->pool, name, &tenant));
    }
    return repair(run, site, tenant);
}

/* A search for the tenant with a database. */
typedef struct search_t {
    const char *database_name;
    crm_uuid_t id;
    int found;
} search_t;

static crm_error_t *match_database(const crm_site_t *site, apr_pool_t *pool,
                                   const crm_tenant_t *tenant, void *baton)
{
    search_t *search = baton;
    (void)site;
    (void)pool;

    if (strcmp(tenant->database_name, search->database_name) == 0) {
        search->id = tenant->id;
        search->found = 1;
    }
    return NULL;
}

static crm_error_t *tenant_of_options(crm_run_t *run, const crm_site_t *site,
                                      crm_tenant_t **ret_tenant)
{
    const char *id_text = crm_run_option(run, "--tenant-id");
    search_t search = {.database_name = crm_run_option(run, "--database-name")};

    if (id_text && !crm_uuid_parse(id_text, &search.id)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "--tenant-id \"%s\" is no UUID.",
                              id_text);
    }
    if (search.database_name) {
        CRM_ERR(crm_tenant_each(site, run->pool, match_database, &search));
        if (!search.found) {
            return crm_error_make(run->pool, CRM_E_NOT_FOUND,
                                  "No tenant has the database %s: crmctl tenant list shows them.",
                                  search.database_name);
        }
    }
    return crm_tenant_by_id(site, run->pool, &search.id, ret_tenant);
}

static crm_error_t *run_setup_tenant_tables(crm_run_t *run)
{
    int one = crm_run_option(run, "--tenant-id") || crm_run_option(run, "--database-name");
    int all = crm_run_option(run, "--all-tenants") || crm_run_option(run, "--fix-foreign-keys");
    crm_tenant_t *tenant = NULL;
    crm_site_t *site;

    if (!one == !all && !crm_run_option(run, "--fix-foreign-keys")) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "Give one of --all-tenants, --tenant-id ID, --database-name NAME, "
                              "--fix-foreign-keys.");
    }
    CRM_ERR(crm_run_site(run, NULL, &site));
    if (one) {
        CRM_ERR(tenant_of_options(run, site, &tenant));
    }
    return repair(run, site, tenant);
}

static crm_error_t *run_copy_user(crm_run_t *run)
{
    crm_account_t *from, *with_hash, *made;
    crm_tenant_t *tenant;
    crm_site_t *site;

    CRM_ERR(crm_run_site(run, NULL, &site));
    crm_accounts_t platform = crm_accounts_of(site, run->pool, NULL);
    CRM_ERR(crm_account_by_login(&platform, run->pool, run->argv[0], &from));
    CRM_ERR(crm_account_get(&platform, run->pool, from->id, &with_hash));
    CRM_ERR(crm_tenant_find(site, run->pool, run->argv[1], &tenant));
    crm_accounts_t accounts = crm_accounts_of(site, run->pool, tenant);
    const crm_new_account_t copy = {
        .username = from->username,
        .email = from->email,
        .first_name = from->first_name,
        .last_name = from->last_name,
        .hash = with_hash->password,
    };
    CRM_ERR(crm_account_create(&accounts, run->pool, &copy, &made));
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool,
                               json_pack("{s:I, s:s, s:s}", "id", (json_int_t)made->id, "username",
                                         made->username, "tenant", tenant->name));
    }
    printf("User %s is in tenant %s now, too, with the same password.\n", made->username,
           tenant->name);
    return NULL;
}

static crm_error_t *run_recreate(crm_run_t *run)
{
    crm_tenant_t *tenant;
    crm_site_t *site;

    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_tenant_find(site, run->pool, run->argv[0], &tenant));
    CRM_ERR(crm_confirm(run,
                        apr_psprintf(run->pool,
                                     "Database %s with all records, users and History of tenant "
                                     "%s will be dropped.",
                                     tenant->database_name, tenant->name),
                        tenant->name));
    CRM_ERR(crm_tenant_recreate(site, run->pool, tenant));
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_pack("{s:s, s:s}", "tenant", tenant->name,
                                                    "database", tenant->database_name));
    }
    printf("Database %s of tenant %s is new and empty. crmctl user create makes its first admin.\n",
           tenant->database_name, tenant->name);
    return NULL;
}

/* ---- the table ---- */

#define FLAGS (CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED)
#define ONE_TENANT .arguments = "TENANT", .min_args = 1, .max_args = 1, .flags = FLAGS
#define WHAT_REPAIR_DOES                                                                           \
    " Applies the migrations that are missing, and makes again what was dropped of the tables, "   \
    "columns, indexes and foreign keys, the permissions and the logins. It takes nothing away."

static const crm_option_t create_options[] = {
    {.name = "--create", .help = "Create the tenant where there is none of that name."},
    {.name = NULL},
};
static const crm_option_t leads_options[] = {
    {.name = "--tenant-name", .value = "NAME", .help = "Only this tenant."},
    {.name = "--all-tenants", .help = "All tenants."},
    {.name = "--makemigrations", .help = "Write the migration that descriptions need first."},
    {.name = NULL},
};
static const crm_option_t tables_options[] = {
    {.name = "--all-tenants", .help = "All tenants."},
    {.name = "--tenant-id", .value = "ID", .help = "The tenant with this id."},
    {.name = "--database-name", .value = "NAME", .help = "The tenant with this database."},
    {.name = "--fix-foreign-keys", .help = "All tenants, unless one is named."},
    {.name = NULL},
};
static const crm_option_t auth_options[] = {
    {.name = "--all", .help = "All tenants, whatever the name."},
    {.name = NULL},
};
static const crm_option_t yes_options[] = {CRM_YES_OPTION, {.name = NULL}};

#define EXAMPLES(name, line) static const char *const name[] = {line, NULL}
EXAMPLES(token_table_examples, "crmctl create_token_table acme");
EXAMPLES(migrate_tenant_examples, "crmctl migrate_tenant \"Acme Ltd\" --create");
EXAMPLES(leads_examples, "crmctl migrate_leads --all-tenants");
EXAMPLES(tables_examples, "crmctl setup_tenant_tables --database-name crm_tenant_acme");
EXAMPLES(authtoken_examples, "crmctl migrate_authtoken_to_tenant acme");
EXAMPLES(auth_examples, "crmctl fix_tenant_auth acme --all");
EXAMPLES(users_examples, "crmctl migrate_users_to_tenant acme");
EXAMPLES(copy_examples, "crmctl copy_user_to_tenant root acme");
EXAMPLES(recreate_examples, "crmctl recreate_tenant_db acme --yes");

const crm_command_t crm_django_commands[] = {
    {.name = "migrate_tenant",
     ONE_TENANT,
     .options = create_options,
     .summary = "bring a tenant to this version",
     .help = "Brings the tenant's database to this version." WHAT_REPAIR_DOES,
     .examples = migrate_tenant_examples,
     .run = run_migrate_tenant},
    {.name = "migrate_leads",
     .flags = FLAGS,
     .options = leads_options,
     .summary = "the tables of records, of one or all tenants",
     .help = "Sees to the tables of records, and all others." WHAT_REPAIR_DOES,
     .examples = leads_examples,
     .run = run_migrate_leads},
    {.name = "setup_tenant_tables",
     .flags = FLAGS,
     .options = tables_options,
     .summary = "all tables, columns, foreign keys",
     .help = "Sees that the databases of tenants have what they need." WHAT_REPAIR_DOES,
     .examples = tables_examples,
     .run = run_setup_tenant_tables},
    {.name = "create_token_table",
     ONE_TENANT,
     .summary = "the table of tokens",
     .help = "Sees that the tenant's database has the table of tokens." WHAT_REPAIR_DOES,
     .examples = token_table_examples,
     .run = run_named},
    {.name = "migrate_authtoken_to_tenant",
     ONE_TENANT,
     .summary = "tokens in the tenant's database",
     .help = "Sees that tokens can be kept in the tenant's database, which is where they always "
             "are." WHAT_REPAIR_DOES,
     .examples = authtoken_examples,
     .run = run_named},
    {.name = "fix_tenant_auth",
     ONE_TENANT,
     .options = auth_options,
     .summary = "accounts, groups, permissions, logins",
     .help = "Sees that people can log in and hold permissions." WHAT_REPAIR_DOES,
     .examples = auth_examples,
     .run = run_fix_tenant_auth},
    {.name = "migrate_users_to_tenant",
     ONE_TENANT,
     .summary = "users in the tenant's database",
     .help = "Sees that each user of the tenant, who is in its database from the start, is found "
             "when he logs in." WHAT_REPAIR_DOES,
     .examples = users_examples,
     .run = run_named},
    {.name = "copy_user_to_tenant",
     .arguments = "USER TENANT",
     .min_args = 2,
     .max_args = 2,
     .flags = FLAGS,
     .summary = "a superuser as a user of a tenant",
     .help = "Makes, for trying things out, an account of the tenant with name, e-mail address and "
             "password of one of the platform's.",
     .examples = copy_examples,
     .run = run_copy_user},
    {.name = "recreate_tenant_db",
     ONE_TENANT,
     .options = yes_options,
     .summary = "drop a tenant's data, begin anew",
     .help = "DROPS the tenant's database with all records, users and History, and makes an empty "
             "one. The tenant keeps its id, name and slug. Interrupted, it is to be run again.",
     .examples = recreate_examples,
     .run = run_recreate},
    {.name = NULL},
};
