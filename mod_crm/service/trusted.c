/* service/trusted.c - users whom somebody else has authenticated. */
#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/uuid.h"
#include "model/email.h"
#include "service/account_row.h"
#include "service/trusted.h"

#define NAME_LENGTH 150
#define EMAIL_LENGTH 254
#define PASSWORD_LENGTH 40

/* 1 when an account may have this name. */
static int is_name(apr_pool_t *pool, const char *name)
{
    if (!*name || !crm_text_valid(name, strlen(name)) || crm_text_length(name) > NAME_LENGTH) {
        return 0;
    }
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return 0;
        }
    }
    return strcmp(crm_text_trim(pool, name), name) == 0;
}

/* *RET_ACCOUNT is NULL when there is none. */
static crm_error_t *look_up(const crm_accounts_t *accounts, apr_pool_t *pool, const char *name,
                            const crm_account_t **ret_account)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts->db, pool,
                          "SELECT " CRM_ACCOUNT_COLUMNS " FROM account a WHERE a.username_key = ?",
                          CRM_ACCOUNT_TYPES, CRM_ARGS(crm_text(crm_text_fold(pool, name))), &rows));
    crm_account_t *account = rows->count ? apr_palloc(pool, sizeof(*account)) : NULL;
    if (account) {
        crm_account_from_row(crm_row(rows, 0), accounts->tenant, account);
    }
    *ret_account = account;
    return NULL;
}

static const char *email_of(apr_pool_t *pool, const crm_tenant_t *tenant, const char *name)
{
    char *host = apr_pstrcat(pool, tenant->slug, ".invalid", NULL);
    for (char *c = host; *c; c++) {
        if (*c == '_') {
            *c = '-'; /* no host name has one */
        }
    }
    const char *email = apr_pstrcat(pool, name, "@", host, NULL);
    if (crm_email_valid(name) && crm_text_length(name) <= EMAIL_LENGTH) {
        return name;
    }
    if (crm_email_valid(email) && crm_text_length(email) <= EMAIL_LENGTH) {
        return email;
    }
    crm_uuid_t uuid;
    crm_uuid_make(&uuid);
    return apr_pstrcat(pool, crm_uuid_text(pool, &uuid), "@user.invalid", NULL);
}

/* Makes the account; one that was made by another request meanwhile is as good. */
static crm_error_t *create(const crm_accounts_t *accounts, apr_pool_t *pool,
                           const crm_trusted_t *user, const crm_account_t **ret_account)
{
    const crm_new_account_t input = {
        .username = user->name,
        .email = email_of(pool, accounts->tenant, user->name),
        .password = crm_secret_password(pool, PASSWORD_LENGTH),
        .group = user->group,
    };
    crm_account_t *made;
    crm_error_t *error = crm_account_create(accounts, pool, &input, &made);
    if (!error) {
        *ret_account = made;
        return NULL;
    }
    if (error->kind != CRM_E_INVALID) {
        return error;
    }
    CRM_ERR(look_up(accounts, pool, user->name, ret_account));
    return *ret_account ? NULL
                        : crm_error_cause(crm_error_make(pool, CRM_E_FORBIDDEN,
                                                         "An account of this name cannot be made."),
                                          "%s", crm_error_line(pool, error));
}

crm_error_t *crm_trusted_find(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                              const crm_trusted_t *user, crm_actor_t **ret_actor)
{
    crm_accounts_t accounts = crm_accounts_of(site, pool, tenant);
    const crm_account_t *account = NULL;
    if (!is_name(pool, user->name)) {
        return crm_error_make(pool, CRM_E_FORBIDDEN, "The user's name cannot be an account's.");
    }
    CRM_ERR(look_up(&accounts, pool, user->name, &account));
    if (!account && user->create) {
        CRM_ERR(create(&accounts, pool, user, &account));
    }
    if (!account || !account->is_active) {
        return crm_error_make(pool, CRM_E_FORBIDDEN, "%s",
                              account ? "The account is disabled."
                                      : "There is no account of this name in the tenant.");
    }
    crm_actor_t *actor = apr_pcalloc(pool, sizeof(*actor));
    actor->account = *account;
    actor->account.password = NULL;
    actor->tenant = apr_pmemdup(pool, tenant, sizeof(*tenant));
    *ret_actor = actor;
    return NULL;
}
