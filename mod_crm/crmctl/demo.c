/* crmctl/demo.c - a tenant with believable data. */
#include <stdio.h>
#include <stdlib.h>

#include <apr_strings.h>

#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "entities/demo.h"

#define RECORDS 60
#define MOST_RECORDS 100000
#define PASSWORD_LENGTH 20

static crm_error_t *read_count(const crm_run_t *run, int *ret_count)
{
    const char *text = crm_run_option(run, "--size");
    char *end;
    long count = text ? strtol(text, &end, 10) : RECORDS;

    if (text && (end == text || *end || count < 1 || count > MOST_RECORDS)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "--size \"%s\": 1 to %d.", text,
                              MOST_RECORDS);
    }
    *ret_count = (int)count;
    return NULL;
}

/* The tenant's first admin, in the same transaction as the tenant. */
static crm_error_t *make_admin(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               const crm_db_t *db, void *baton)
{
    const crm_accounts_t accounts = {.site = site, .tenant = tenant, .db = db};
    crm_new_account_t *admin = baton;
    crm_account_t *made;

    admin->username = apr_pstrcat(pool, tenant->slug, "-admin", NULL);
    admin->email = apr_pstrcat(pool, tenant->slug, "-admin@example.com", NULL);
    return crm_account_create(&accounts, pool, admin, &made);
}

static crm_error_t *run_demo(crm_run_t *run)
{
    crm_new_account_t admin = {
        .first_name = "Dana",
        .last_name = "Demo",
        .password = crm_secret_password(run->pool, PASSWORD_LENGTH),
        .is_tenant_admin = 1,
    };
    crm_account_t *account;
    crm_tenant_t *tenant;
    crm_site_t *site;
    int size, count;

    CRM_ERR(read_count(run, &size));
    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_tenant_create(site, run->pool, run->argc ? run->argv[0] : "Demo", "name",
                              make_admin, &admin, &tenant));
    crm_accounts_t accounts = crm_accounts_of(site, run->pool, tenant);
    CRM_ERR(crm_account_get(&accounts, run->pool, 1, &account));
    CRM_ERR(crm_demo_fill(&accounts, run->pool, account, size, &count));
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool,
                               json_pack("{s:s, s:s, s:s, s:s, s:i}", "tenant", tenant->name,
                                         "slug", tenant->slug, "username", account->username,
                                         "password", admin.password, "records", count));
    }
    printf("Tenant %s with %d records.\nUsername: %s\nPassword: %s\n", tenant->name, count,
           account->username, admin.password);
    return NULL;
}

static const crm_option_t options[] = {
    {.name = "--size",
     .value = "N",
     .help = "How many people it is about, 1 to 100000. Default: 60."},
    {.name = NULL},
};

static const char *const examples[] = {"crmctl demo", "crmctl demo \"Try me\" --size 1000 --json",
                                       NULL};

const crm_command_t crm_demo_commands[] = {
    {.name = "demo",
     .arguments = "[NAME]",
     .max_args = 1,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = options,
     .summary = "a tenant with believable data",
     .help = "Creates a tenant (Demo) with an admin and records of every kind, and prints the "
             "admin's password.",
     .examples = examples,
     .run = run_demo},
    {.name = NULL},
};
