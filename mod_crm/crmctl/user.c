/* crmctl/user.c - accounts of a tenant, or of the platform: listed, made, changed. */
#include <stdio.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/time.h"
#include "crmctl/account.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "crmctl/password_input.h"
#include "crmctl/token.h"
#include "service/session.h"

/* What a command that changes one account has found. */
typedef struct target_t {
    crm_accounts_t accounts;
    crm_account_t *account;
} target_t;

static crm_error_t *find_target(crm_run_t *run, target_t *ret_target)
{
    CRM_ERR(crm_run_accounts(run, &ret_target->accounts));
    return crm_account_by_login(&ret_target->accounts, run->pool, run->argv[0],
                                &ret_target->account);
}

/* Says what became of the account: "User anna: FORMAT", or JSON. */
static crm_error_t *tell(crm_run_t *run, const crm_account_t *account, const char *what)
{
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, crm_account_json(run->pool, account));
    }
    printf("User %s: %s.\n", account->username, what);
    return NULL;
}

/* ---- list ---- */

static const char *role_of(const crm_account_t *account)
{
    return account->is_superuser ? "superuser" : account->is_tenant_admin ? "admin" : "user";
}

static crm_error_t *run_list(crm_run_t *run)
{
    static const char *const header[] = {"ID", "USERNAME", "E-MAIL", "ROLE", "STATE", "JOINED"};
    apr_array_header_t *accounts, *rows = apr_array_make(run->pool, 32, sizeof(char **));
    crm_accounts_t where;
    json_t *list = crm_json_own(run->pool, json_array());

    CRM_ERR(crm_run_accounts(run, &where));
    CRM_ERR(crm_accounts_all(&where, run->pool, &accounts));
    APR_ARRAY_PUSH(rows, const char *const *) = header;
    for (int i = 0; i < accounts->nelts; i++) {
        const crm_account_t *account = &APR_ARRAY_IDX(accounts, i, crm_account_t);
        const char **cells = apr_palloc(run->pool, 6 * sizeof(*cells));
        json_array_append_new(list, crm_account_json(run->pool, account));
        cells[0] = apr_psprintf(run->pool, "%" APR_INT64_T_FMT, account->id);
        cells[1] = account->username;
        cells[2] = account->email;
        cells[3] = role_of(account);
        cells[4] = account->is_active ? "active" : "disabled";
        cells[5] = crm_time_iso(run->pool, account->date_joined);
        APR_ARRAY_PUSH(rows, const char *const *) = cells;
    }
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_incref(list));
    }
    crm_output_table(rows, 6);
    return NULL;
}

/* ---- create ---- */

static crm_error_t *run_create(crm_run_t *run)
{
    crm_accounts_t accounts;
    crm_account_t *account;
    crm_new_account_t input;
    int generated;

    CRM_ERR(crm_account_input(run, "--", &input, &generated));
    input.is_tenant_admin = crm_run_option(run, "--admin") != NULL;
    CRM_ERR(crm_run_accounts(run, &accounts));
    CRM_ERR(crm_account_create(&accounts, run->pool, &input, &account));
    if (crm_run_option(run, "--json")) {
        json_t *json = crm_account_json(run->pool, account);
        if (generated) {
            json_object_set_new(json, "password", json_string(input.password));
        }
        return crm_output_json(run->pool, json);
    }
    printf("User %s of tenant %s created%s.\n", account->username, accounts.tenant->name,
           account->is_tenant_admin ? ", an admin" : "");
    if (generated) {
        printf("Password: %s\n", input.password);
    }
    return NULL;
}

/* ---- changes ---- */

static crm_error_t *run_passwd(crm_run_t *run)
{
    const char *password;
    target_t target;
    int generated;

    CRM_ERR(crm_password_input(run, "--", &password, &generated));
    CRM_ERR(crm_account_check_password(run->pool, password));
    CRM_ERR(find_target(run, &target));
    CRM_ERR(crm_account_set_password(&target.accounts, run->pool, target.account, password, NULL));
    if (crm_run_option(run, "--json")) {
        json_t *json = crm_account_json(run->pool, target.account);
        if (generated) {
            json_object_set_new(json, "password", json_string(password));
        }
        return crm_output_json(run->pool, json);
    }
    printf("User %s: the password is changed, all sessions are over.\n", target.account->username);
    if (generated) {
        printf("Password: %s\n", password);
    }
    return NULL;
}

static crm_error_t *change(crm_run_t *run, const crm_account_change_t *change, const char *what)
{
    target_t target;

    CRM_ERR(find_target(run, &target));
    CRM_ERR(crm_account_update(&target.accounts, run->pool, target.account, change));
    return tell(run, target.account, what);
}

static crm_error_t *run_disable(crm_run_t *run)
{
    crm_account_change_t disabled = CRM_ACCOUNT_KEEP;
    disabled.is_active = 0;
    return change(run, &disabled, "disabled, all sessions are over");
}

static crm_error_t *run_enable(crm_run_t *run)
{
    crm_account_change_t enabled = CRM_ACCOUNT_KEEP;
    enabled.is_active = 1;
    return change(run, &enabled, "enabled");
}

static crm_error_t *run_promote(crm_run_t *run)
{
    crm_account_change_t promoted = CRM_ACCOUNT_KEEP;
    promoted.is_tenant_admin = 1;
    return change(run, &promoted, "an admin of the tenant");
}

static crm_error_t *run_demote(crm_run_t *run)
{
    crm_account_change_t demoted = CRM_ACCOUNT_KEEP;
    demoted.is_tenant_admin = 0;
    return change(run, &demoted, "no admin any more");
}

/* ---- sessions ---- */

static crm_error_t *run_sessions(crm_run_t *run)
{
    target_t target;

    CRM_ERR(find_target(run, &target));
    return crm_token_list(run, &target.accounts, target.account->id);
}

/* ---- the table ---- */

#define FLAGS (CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED)
#define ONE_USER .arguments = "USER", .min_args = 1, .max_args = 1, .flags = FLAGS
#define OF_TENANT                                                                                  \
    {                                                                                              \
        .name = "--tenant", .value = "NAME", .required = 1,                                        \
        .help = "The tenant, by name or slug.",                                                    \
    }

static const crm_option_t tenant_options[] = {CRM_TENANT_OPTION, {.name = NULL}};
static const crm_option_t needed_tenant_options[] = {OF_TENANT, {.name = NULL}};
static const crm_option_t passwd_options[] = {
    CRM_TENANT_OPTION, CRM_PASSWORD_OPTIONS("--"), {.name = NULL}};
static const crm_option_t create_options[] = {
    OF_TENANT,
    {.name = "--username",
     .value = "NAME",
     .required = 1,
     .help = "The name to log in with, at most 150 characters."},
    {.name = "--email", .value = "ADDRESS", .required = 1, .help = "The e-mail address."},
    {.name = "--first-name", .value = "NAME", .help = "The first name."},
    {.name = "--last-name", .value = "NAME", .help = "The last name."},
    {.name = "--admin", .help = "Make it an admin of the tenant."},
    CRM_PASSWORD_OPTIONS("--"),
    {.name = NULL},
};

static const char *const list_examples[] = {"crmctl user list --tenant \"Acme Ltd\"",
                                            "crmctl user list --json", NULL};
static const char *const create_examples[] = {
    "crmctl user create --tenant acme --username bob --email bob@acme.example --generate", NULL};
static const char *const passwd_examples[] = {"crmctl user passwd bob --tenant acme",
                                              "crmctl user passwd root --generate", NULL};
static const char *const disable_examples[] = {"crmctl user disable bob --tenant acme", NULL};
static const char *const enable_examples[] = {"crmctl user enable bob --tenant acme", NULL};
static const char *const promote_examples[] = {"crmctl user promote bob --tenant acme", NULL};
static const char *const demote_examples[] = {"crmctl user demote bob --tenant acme", NULL};
static const char *const sessions_examples[] = {"crmctl user sessions bob --tenant acme", NULL};

const crm_command_t crm_user_commands[] = {
    {.name = "user list",
     .flags = FLAGS,
     .options = tenant_options,
     .summary = "the accounts of a tenant, or superusers",
     .help = "Lists the accounts of a tenant, disabled ones too; without --tenant the platform's "
             "own.",
     .examples = list_examples,
     .run = run_list},
    {.name = "user create",
     .flags = FLAGS,
     .options = create_options,
     .summary = "an account of a tenant",
     .help = "Creates an account of a tenant. One that is no admin is in the tenant's default "
             "group. Superusers are made by createsuperuser.",
     .examples = create_examples,
     .run = run_create},
    {.name = "user passwd",
     ONE_USER,
     .options = passwd_options,
     .summary = "a new password",
     .help = "Sets the password of an account, which is named by user name or e-mail address, and "
             "ends all its sessions.",
     .examples = passwd_examples,
     .run = run_passwd},
    {.name = "user disable",
     ONE_USER,
     .options = tenant_options,
     .summary = "no logins any more",
     .help = "Disables an account and ends all its sessions. A tenant's last active admin cannot "
             "be disabled.",
     .examples = disable_examples,
     .run = run_disable},
    {.name = "user enable",
     ONE_USER,
     .options = tenant_options,
     .summary = "logins again",
     .help = "Enables an account that was disabled.",
     .examples = enable_examples,
     .run = run_enable},
    {.name = "user promote",
     ONE_USER,
     .options = needed_tenant_options,
     .summary = "an admin of the tenant",
     .help = "Makes an account an admin of its tenant, who may do everything there.",
     .examples = promote_examples,
     .run = run_promote},
    {.name = "user demote",
     ONE_USER,
     .options = needed_tenant_options,
     .summary = "no admin any more",
     .help = "Takes an admin's rights away; what groups and permissions he was given stays. A "
             "tenant's last active admin cannot be demoted.",
     .examples = demote_examples,
     .run = run_demote},
    {.name = "user sessions",
     ONE_USER,
     .options = tenant_options,
     .summary = "where an account is logged in",
     .help = "Lists the tokens of an account that are not over, newest first.",
     .examples = sessions_examples,
     .run = run_sessions},
    {.name = NULL},
};
