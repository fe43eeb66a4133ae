/* crmctl/token.c - the tokens of a tenant's accounts, or of the platform's: listed, ended. */
#include <stdio.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/time.h"
#include "crmctl/account.h"
#include "crmctl/output.h"
#include "crmctl/token.h"
#include "service/session.h"

#define COLUMNS 5

static json_t *session_json(apr_pool_t *pool, const crm_session_t *session)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "token", session->name, "username",
                     session->username, "created_at", crm_time_iso(pool, session->created_at),
                     "last_used_at", crm_time_iso(pool, session->last_used_at), "expires_at",
                     crm_time_iso(pool, session->expires_at));
}

crm_error_t *crm_token_list(crm_run_t *run, const crm_accounts_t *accounts, apr_int64_t account_id)
{
    static const char *const header[] = {"TOKEN", "USERNAME", "CREATED", "LAST USED", "EXPIRES"};
    apr_array_header_t *sessions, *rows = apr_array_make(run->pool, 32, sizeof(char **));
    json_t *list = crm_json_own(run->pool, json_array());

    CRM_ERR(crm_sessions(accounts, run->pool, account_id, &sessions));
    APR_ARRAY_PUSH(rows, const char *const *) = header;
    for (int i = 0; i < sessions->nelts; i++) {
        const crm_session_t *session = &APR_ARRAY_IDX(sessions, i, crm_session_t);
        const char **cells = apr_palloc(run->pool, COLUMNS * sizeof(*cells));
        json_array_append_new(list, session_json(run->pool, session));
        cells[0] = session->name;
        cells[1] = session->username;
        cells[2] = crm_time_iso(run->pool, session->created_at);
        cells[3] = crm_time_iso(run->pool, session->last_used_at);
        cells[4] = crm_time_iso(run->pool, session->expires_at);
        APR_ARRAY_PUSH(rows, const char *const *) = cells;
    }
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_incref(list));
    }
    crm_output_table(rows, COLUMNS);
    return NULL;
}

/* The id of the account that --user names; 0: none is named. */
static crm_error_t *read_user(crm_run_t *run, const crm_accounts_t *accounts, apr_int64_t *ret_id)
{
    const char *login = crm_run_option(run, "--user");
    crm_account_t *account;

    *ret_id = 0;
    if (login) {
        CRM_ERR(crm_account_by_login(accounts, run->pool, login, &account));
        *ret_id = account->id;
    }
    return NULL;
}

static crm_error_t *run_list(crm_run_t *run)
{
    crm_accounts_t accounts;
    apr_int64_t account_id;

    CRM_ERR(crm_run_accounts(run, &accounts));
    CRM_ERR(read_user(run, &accounts, &account_id));
    return crm_token_list(run, &accounts, account_id);
}

static crm_error_t *run_revoke(crm_run_t *run)
{
    crm_sessions_end_t which = {.name = run->argc ? run->argv[0] : NULL};
    crm_accounts_t accounts;
    int count;

    if (!which.name + !crm_run_option(run, "--user") + !crm_run_option(run, "--all") != 2) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "Name one of: a TOKEN, --user USER, --all.");
    }
    CRM_ERR(crm_run_accounts(run, &accounts));
    CRM_ERR(read_user(run, &accounts, &which.account_id));
    CRM_ERR(crm_sessions_end(&accounts, run->pool, &which, &count));
    if (which.name && !count) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND,
                              "There is no token %s: crmctl token list shows them.", which.name);
    }
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_pack("{s:i}", "revoked", count));
    }
    printf("%d token%s revoked.\n", count, count == 1 ? "" : "s");
    return NULL;
}

static const crm_option_t list_options[] = {
    CRM_TENANT_OPTION,
    {.name = "--user", .value = "USER", .help = "Only those of this account."},
    {.name = NULL},
};
static const crm_option_t revoke_options[] = {
    CRM_TENANT_OPTION,
    {.name = "--user", .value = "USER", .help = "All tokens of this account."},
    {.name = "--all", .help = "All tokens of the tenant, or of the platform's accounts."},
    {.name = NULL},
};

static const char *const list_examples[] = {"crmctl token list --tenant acme", NULL};
static const char *const revoke_examples[] = {"crmctl token revoke 3f9c02b7a1e4d586 --tenant acme",
                                              "crmctl token revoke --user bob --tenant acme",
                                              "crmctl token revoke --all --tenant acme", NULL};

const crm_command_t crm_token_commands[] = {
    {.name = "token list",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = list_options,
     .summary = "who is logged in",
     .help = "Lists the tokens that are not over, newest first. A token's text is stored nowhere: "
             "the first column names it for token revoke.",
     .examples = list_examples,
     .run = run_list},
    {.name = "token revoke",
     .arguments = "[TOKEN]",
     .max_args = 1,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = revoke_options,
     .summary = "end sessions",
     .help = "Ends one token, all of an account, or all. Running servers notice with the next "
             "request; with CrmTokenCache, when its span is over.",
     .examples = revoke_examples,
     .run = run_revoke},
    {.name = NULL},
};
