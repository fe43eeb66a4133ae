/* service/account.c - accounts: read and created. */
#include <string.h>

#include "base/text.h"
#include "service/account_row.h"
#include "service/directory.h"
#include "service/tenant_row.h"

void crm_account_from_row(const crm_value_t *cells, const crm_tenant_t *tenant,
                          crm_account_t *ret_account)
{
    *ret_account = (crm_account_t){
        .id = cells[0].as.integer,
        .username = cells[1].as.text,
        .email = cells[2].as.text,
        .first_name = cells[3].as.text,
        .last_name = cells[4].as.text,
        .is_tenant_admin = (int)cells[5].as.integer,
        .is_superuser = !tenant && cells[6].as.integer,
        .is_active = (int)cells[7].as.integer,
        .date_joined = cells[8].as.time,
        .version = cells[9].as.integer,
        .language = crm_is_null(cells[10]) ? NULL : cells[10].as.text,
    };
}

static void fold_one(apr_pool_t *pool, const char *field, const char *text, int max,
                     const char **ret_key, crm_error_t **error)
{
    *ret_key = crm_text_fold(pool, text);
    if (crm_text_length(*ret_key) > CRM_KEY_LENGTH) {
        crm_error_add(pool, error, field, "Ensure this field has no more than %d characters.", max);
    }
}

crm_error_t *crm_account_fold(apr_pool_t *pool, const crm_account_t *account,
                              crm_account_keys_t *ret_keys)
{
    crm_error_t *error = NULL;
    fold_one(pool, "username", account->username, 150, &ret_keys->username, &error);
    fold_one(pool, "email", account->email, 254, &ret_keys->email, &error);
    fold_one(pool, "first_name", account->first_name, 150, &ret_keys->first_name, &error);
    fold_one(pool, "last_name", account->last_name, 150, &ret_keys->last_name, &error);
    return error;
}

static void add_taken(const crm_accounts_t *accounts, apr_pool_t *pool, const char *field,
                      crm_error_t **error)
{
    crm_error_add(pool, error, field, "A user with that %s already exists%s.", field,
                  accounts->tenant ? " in this tenant" : "");
}

crm_error_t *crm_account_check_free(const crm_accounts_t *accounts, apr_pool_t *pool,
                                    apr_int64_t id, const crm_account_keys_t *keys)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts->db, pool,
                          "SELECT id, username_key, email_key FROM account "
                          "WHERE username_key = ? OR email_key = ?",
                          "iss", CRM_ARGS(crm_text(keys->username), crm_text(keys->email)), &rows));
    int username = 0, email = 0;
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        if (row[0].as.integer != id) {
            username |= strcmp(row[1].as.text, keys->username) == 0;
            email |= strcmp(row[2].as.text, keys->email) == 0;
        }
    }
    crm_error_t *error = NULL;
    if (username) {
        add_taken(accounts, pool, "username", &error);
    }
    if (email) {
        add_taken(accounts, pool, "email", &error);
    }
    return error;
}

crm_error_t *crm_account_taken(const crm_accounts_t *accounts, apr_pool_t *pool, crm_error_t *error)
{
    if (!error || error->kind != CRM_E_DUPLICATE || !error->key) {
        return error;
    }
    crm_error_t *taken = NULL;
    if (strcmp(error->key, "username_key") == 0) {
        add_taken(accounts, pool, "username", &taken);
    } else if (strcmp(error->key, "email_key") == 0) {
        add_taken(accounts, pool, "email", &taken);
    }
    return taken ? taken : error;
}

crm_accounts_t crm_accounts_of(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    return (crm_accounts_t){
        .site = site,
        .tenant = tenant,
        .db = tenant ? crm_tenant_db(site, pool, tenant) : &site->main,
    };
}

crm_error_t *crm_account_get(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                             crm_account_t **ret_account)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts->db, pool,
                          "SELECT " CRM_ACCOUNT_COLUMNS ", a.password FROM account a "
                          "WHERE a.id = ?",
                          CRM_ACCOUNT_TYPES "s", CRM_ARGS(crm_int(id)), &rows));
    if (rows->count == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    crm_account_t *account = apr_palloc(pool, sizeof(*account));
    crm_account_from_row(crm_row(rows, 0), accounts->tenant, account);
    account->password = crm_row(rows, 0)[CRM_ACCOUNT_CELLS].as.text;
    *ret_account = account;
    return NULL;
}

/* An account being made. */
typedef struct creation_t {
    const crm_accounts_t *accounts;
    crm_account_t *account;
    crm_account_keys_t keys;
    const char *group; /* NULL: the default one */
} creation_t;

static crm_error_t *insert_row(const crm_db_t *db, apr_pool_t *pool, crm_account_t *account,
                               const crm_account_keys_t *keys)
{
    return crm_db_insert(
        db, pool,
        "INSERT INTO account (username, username_key, email, email_key, first_name, "
        "first_name_key, last_name, last_name_key, password, is_tenant_admin, is_superuser, "
        "is_active, date_joined, version, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        CRM_ARGS(crm_text(account->username), crm_text(keys->username), crm_text(account->email),
                 crm_text(keys->email), crm_text(account->first_name), crm_text(keys->first_name),
                 crm_text(account->last_name), crm_text(keys->last_name),
                 crm_text(account->password), crm_bool(account->is_tenant_admin),
                 crm_bool(account->is_superuser), crm_bool(account->is_active),
                 crm_time(account->date_joined), crm_int(account->version),
                 crm_time(account->date_joined)),
        &account->id);
}

static crm_error_t *enter_group(const crm_db_t *db, apr_pool_t *pool, apr_int64_t account_id,
                                const char *name)
{
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(db, pool,
                           "INSERT INTO account_group (account_id, group_id) "
                           "SELECT ?, id FROM user_group WHERE name_key = ?",
                           CRM_ARGS(crm_int(account_id), crm_text(crm_text_fold(pool, name))),
                           &affected));
    return affected
               ? NULL
               : crm_error_field(pool, "group", "There is no group \"%s\" in this tenant.", name);
}

/* The account, and its place in a group: an admin needs none. */
static crm_error_t *insert(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const creation_t *creation = baton;
    crm_account_t *account = creation->account;
    CRM_ERR(insert_row(db, pool, account, &creation->keys));
    if (!creation->accounts->tenant || account->is_tenant_admin) {
        return NULL;
    }
    return creation->group ? enter_group(db, pool, account->id, creation->group)
                           : crm_db_execute(db, pool,
                                            "INSERT INTO account_group (account_id, group_id) "
                                            "SELECT ?, id FROM user_group WHERE is_default = 1",
                                            CRM_ARGS(crm_int(account->id)), NULL);
}

crm_error_t *crm_account_create(const crm_accounts_t *accounts, apr_pool_t *pool,
                                const crm_new_account_t *input, crm_account_t **ret_account)
{
    crm_account_t *account = apr_palloc(pool, sizeof(*account));
    *account = (crm_account_t){
        .username = input->username,
        .email = input->email,
        .first_name = input->first_name ? input->first_name : "",
        .last_name = input->last_name ? input->last_name : "",
        .is_tenant_admin = input->is_tenant_admin && accounts->tenant,
        .is_superuser = input->is_superuser && !accounts->tenant,
        .is_active = 1,
        .version = 1,
    };
    creation_t creation = {.accounts = accounts, .account = account, .group = input->group};
    const crm_account_keys_t *keys = &creation.keys;
    CRM_ERR(crm_account_fold(pool, account, &creation.keys));
    CRM_ERR(crm_account_check_free(accounts, pool, 0, keys));
    if (input->password) {
        CRM_ERR(
            crm_password_hash(accounts->site->hasher, pool, input->password, &account->password));
    } else {
        account->password = input->hash;
    }
    CRM_ERR(crm_directory_enter(accounts, pool, keys->username, keys->email));
    account->date_joined = apr_time_now();
    crm_error_t *error = crm_db_transaction(accounts->db, pool, insert, &creation);
    if (error) {
        /* entries too many do no harm: that they could not be removed needs no telling */
        crm_directory_leave(accounts, pool, keys->username);
        crm_directory_leave(accounts, pool, keys->email);
        return crm_account_taken(accounts, pool, error);
    }
    /* again, now that the account can be seen: somebody leaving the same login may just have
     * removed the entry */
    CRM_ERR(crm_directory_enter(accounts, pool, keys->username, keys->email));
    *ret_account = account;
    return NULL;
}
