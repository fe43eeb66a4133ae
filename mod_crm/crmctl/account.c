/* crmctl/account.c - the accounts that a command is about; createsuperuser. */
#include "crmctl/account.h"

#include <stdio.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/time.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "crmctl/password_input.h"
#include "model/validate.h"

static const crm_field_t account_fields[] = {
    {.name = "username", .type = CRM_T_TEXT, .flags = CRM_F_REQUIRED, .max_length = 150},
    {.name = "email", .type = CRM_T_EMAIL, .flags = CRM_F_REQUIRED, .max_length = 254},
    {.name = "first_name", .type = CRM_T_TEXT, .flags = CRM_F_BLANK, .max_length = 150},
    {.name = "last_name", .type = CRM_T_TEXT, .flags = CRM_F_BLANK, .max_length = 150},
    {.name = "password", .type = CRM_T_PASSWORD, .flags = CRM_F_REQUIRED, .min_length = 8},
    {.name = NULL},
};

static const crm_field_t password_fields[] = {
    {.name = "password", .type = CRM_T_PASSWORD, .flags = CRM_F_REQUIRED, .min_length = 8},
    {.name = NULL},
};

crm_error_t *crm_account_check_password(apr_pool_t *pool, const char *password)
{
    crm_values_t *values;
    return crm_validate(pool, password_fields,
                        crm_json_own(pool, json_pack("{s:s}", "password", password)), 0, &values);
}

static const char *prefixed(crm_run_t *run, const char *prefix, const char *name)
{
    const char *value = crm_run_option(run, apr_pstrcat(run->pool, prefix, name, NULL));
    return value ? value : "";
}

crm_error_t *crm_account_input(crm_run_t *run, const char *prefix, crm_new_account_t *ret_account,
                               int *ret_generated)
{
    const char *password;
    crm_values_t *values;
    json_t *body;

    CRM_ERR(crm_password_input(run, prefix, &password, ret_generated));
    body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "username", prefixed(run, prefix, "username"),
                     "email", prefixed(run, prefix, "email"), "first_name",
                     prefixed(run, prefix, "first-name"), "last_name",
                     prefixed(run, prefix, "last-name"), "password", password);
    if (!crm_json_own(run->pool, body)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "The options are not valid UTF-8.");
    }
    CRM_ERR(crm_validate(run->pool, account_fields, body, 0, &values));
    *ret_account = (crm_new_account_t){
        .username = crm_values_text(values, "username"),
        .email = crm_values_text(values, "email"),
        .first_name = crm_values_text(values, "first_name"),
        .last_name = crm_values_text(values, "last_name"),
        .password = crm_values_text(values, "password"),
    };
    return NULL;
}

crm_error_t *crm_run_accounts(crm_run_t *run, crm_accounts_t *ret_accounts)
{
    const char *name = crm_run_option(run, "--tenant");
    crm_tenant_t *tenant = NULL;
    crm_site_t *site;

    CRM_ERR(crm_run_site(run, NULL, &site));
    if (name) {
        CRM_ERR(crm_tenant_find(site, run->pool, name, &tenant));
    }
    *ret_accounts = crm_accounts_of(site, run->pool, tenant);
    return NULL;
}

json_t *crm_account_json(apr_pool_t *pool, const crm_account_t *account)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s}", "id", (json_int_t)account->id,
                     "username", account->username, "email", account->email, "first_name",
                     account->first_name, "last_name", account->last_name, "is_active",
                     account->is_active, "is_tenant_admin", account->is_tenant_admin,
                     "is_superuser", account->is_superuser, "date_joined",
                     crm_time_iso(pool, account->date_joined));
}

static crm_error_t *run_createsuperuser(crm_run_t *run)
{
    crm_new_account_t input;
    crm_accounts_t accounts;
    crm_account_t *account;
    crm_site_t *site;
    int generated;

    CRM_ERR(crm_account_input(run, "--", &input, &generated));
    input.is_superuser = 1;
    CRM_ERR(crm_run_site(run, NULL, &site));
    accounts = crm_accounts_of(site, run->pool, NULL);
    CRM_ERR(crm_account_create(&accounts, run->pool, &input, &account));
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool,
                               json_pack("{s:I, s:s, s:s, s:s*}", "id", (json_int_t)account->id,
                                         "username", account->username, "email", account->email,
                                         "password", generated ? input.password : NULL));
    }
    printf("Superuser %s created.\n", account->username);
    if (generated) {
        printf("Password: %s\n", input.password);
    }
    return NULL;
}

static const crm_option_t superuser_options[] = {
    {.name = "--username",
     .value = "NAME",
     .required = 1,
     .help = "The name to log in with, at most 150 characters."},
    {.name = "--email", .value = "ADDRESS", .required = 1, .help = "The e-mail address."},
    {.name = "--first-name", .value = "NAME", .help = "The first name."},
    {.name = "--last-name", .value = "NAME", .help = "The last name."},
    CRM_PASSWORD_OPTIONS("--"),
    {.name = NULL},
};

static const char *const superuser_examples[] = {
    "crmctl createsuperuser --username root --email root@example.com",
    "crmctl createsuperuser --username root --email root@example.com --generate", NULL};

const crm_command_t crm_account_commands[] = {
    {.name = "createsuperuser",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = superuser_options,
     .summary = "a platform account that may do everything",
     .help = "Creates a superuser in the main database. The password has at least 8 characters; "
             "it is asked for, or comes from standard input, or is made.",
     .examples = superuser_examples,
     .run = run_createsuperuser},
    {.name = NULL},
};
