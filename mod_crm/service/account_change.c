/* service/account_change.c - accounts: changed, disabled, given another password. */
#include <string.h>

#include "base/text.h"
#include "service/account_row.h"
#include "service/directory.h"
#include "service/token_cache.h"

typedef struct update_t {
    const crm_accounts_t *accounts;
    const crm_account_change_t *change;
    apr_int64_t id;
    crm_account_t before, after;
} update_t;

typedef struct password_t {
    apr_int64_t id;
    const char *hash;
    const char *old_hash;      /* must be this still; NULL: any */
    const unsigned char *keep; /* hash of the token that stays */
    int must_be_active;
} password_t;

static crm_error_t *read_locked(const crm_db_t *db, apr_pool_t *pool, update_t *update)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT " CRM_ACCOUNT_COLUMNS " FROM account a WHERE a.id = ? "
                          "{for update}",
                          CRM_ACCOUNT_TYPES, CRM_ARGS(crm_int(update->id)), &rows));
    if (rows->count == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    crm_account_from_row(crm_row(rows, 0), update->accounts->tenant, &update->before);
    return NULL;
}

/* Whether anybody but account ID is an active admin; all of them stay locked. */
static crm_error_t *find_other_admin(const crm_db_t *db, apr_pool_t *pool, apr_int64_t id,
                                     int *ret_another)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT id FROM account WHERE is_tenant_admin = 1 AND is_active = 1 "
                          "{for update}",
                          "i", CRM_NO_ARGS, &rows));
    *ret_another = 0;
    for (int i = 0; i < rows->count; i++) {
        *ret_another |= crm_row(rows, i)[0].as.integer != id;
    }
    return NULL;
}

static crm_account_t changed(const crm_account_t *before, const crm_account_change_t *change)
{
    crm_account_t after = *before;
    after.username = change->username ? change->username : before->username;
    after.email = change->email ? change->email : before->email;
    after.first_name = change->first_name ? change->first_name : before->first_name;
    after.last_name = change->last_name ? change->last_name : before->last_name;
    if (change->language) {
        after.language = *change->language ? change->language : NULL;
    }
    if (change->is_tenant_admin >= 0) {
        after.is_tenant_admin = change->is_tenant_admin;
    }
    if (change->is_active >= 0) {
        after.is_active = change->is_active;
    }
    after.version++;
    return after;
}

static crm_error_t *write_row(const crm_db_t *db, apr_pool_t *pool, const update_t *update,
                              const crm_account_keys_t *keys)
{
    const crm_account_t *after = &update->after;
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(
        db, pool,
        "UPDATE account SET username = ?, username_key = ?, email = ?, email_key = ?, "
        "first_name = ?, first_name_key = ?, last_name = ?, last_name_key = ?, "
        "is_tenant_admin = ?, is_active = ?, language = ?, version = version + 1, updated_at = ? "
        "WHERE id = ? AND version = ?",
        CRM_ARGS(crm_text(after->username), crm_text(keys->username), crm_text(after->email),
                 crm_text(keys->email), crm_text(after->first_name), crm_text(keys->first_name),
                 crm_text(after->last_name), crm_text(keys->last_name),
                 crm_bool(after->is_tenant_admin), crm_bool(after->is_active),
                 crm_text(after->language), crm_time(apr_time_now()), crm_int(update->id),
                 crm_int(update->before.version)),
        &affected));
    return affected ? NULL : crm_error_standard(pool, CRM_E_PRECONDITION);
}

static crm_error_t *end_tokens(const crm_db_t *db, apr_pool_t *pool, apr_int64_t id,
                               const unsigned char *keep)
{
    static const unsigned char none[CRM_HASH_SIZE];
    return crm_db_execute(db, pool, "DELETE FROM token WHERE account_id = ? AND token_hash <> ?",
                          CRM_ARGS(crm_int(id), crm_bytes(keep ? keep : none, CRM_HASH_SIZE)),
                          NULL);
}

/* What stays has the key that it had: that of an account which was taken over with another's name
 * or address (service/adopt_account.c) is not what it folds to. */
static crm_error_t *keep_keys(const crm_db_t *db, apr_pool_t *pool, const update_t *update,
                              crm_account_keys_t *keys)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, "SELECT username_key, email_key FROM account WHERE id = ?",
                          "ss", CRM_ARGS(crm_int(update->id)), &rows));
    if (rows->count && strcmp(update->after.username, update->before.username) == 0) {
        keys->username = crm_row(rows, 0)[0].as.text;
    }
    if (rows->count && strcmp(update->after.email, update->before.email) == 0) {
        keys->email = crm_row(rows, 0)[1].as.text;
    }
    return NULL;
}

static crm_error_t *update_row(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    update_t *update = baton;
    const crm_account_change_t *change = update->change;
    crm_accounts_t here = *update->accounts;
    here.db = db;
    /* the admins are locked before the account, always in this order: two who demote each other do
     * not wait for each other */
    int another_admin = 1;
    if (here.tenant && (change->is_active == 0 || change->is_tenant_admin == 0)) {
        CRM_ERR(find_other_admin(db, pool, update->id, &another_admin));
    }
    CRM_ERR(read_locked(db, pool, update));
    if (change->if_version >= 0 && change->if_version != update->before.version) {
        return crm_error_standard(pool, CRM_E_PRECONDITION);
    }
    const crm_account_t *before = &update->before;
    crm_account_t *after = &update->after;
    *after = changed(before, change);
    if (before->is_active && before->is_tenant_admin && !another_admin) {
        return crm_error_field(pool, CRM_NON_FIELD,
                               "The last admin of a tenant cannot be disabled or demoted.");
    }
    crm_account_keys_t keys;
    CRM_ERR(crm_account_fold(pool, after, &keys));
    CRM_ERR(keep_keys(db, pool, update, &keys));
    CRM_ERR(crm_account_check_free(&here, pool, update->id, &keys));
    CRM_ERR(crm_account_taken(&here, pool, write_row(db, pool, update, &keys)));
    return after->is_active ? NULL : end_tokens(db, pool, update->id, NULL);
}

/* The folded form of TEXT, NULL for NULL. */
static const char *key_of(apr_pool_t *pool, const char *text)
{
    return text ? crm_text_fold(pool, text) : NULL;
}

/* Removes the entry of a login that was changed. An entry too many does no harm, and the account is
 * changed already: what goes wrong here needs no telling. */
static void leave_old(const crm_accounts_t *accounts, apr_pool_t *pool, const char *text,
                      const char *now)
{
    const char *key = crm_text_fold(pool, text);
    if (now && strcmp(key, now) != 0) {
        crm_directory_leave(accounts, pool, key);
    }
}

crm_error_t *crm_account_transaction(const crm_accounts_t *accounts, apr_pool_t *pool,
                                     crm_db_work_fn *work, void *baton)
{
    const char *slug = accounts->tenant ? accounts->tenant->slug : NULL;
    crm_token_change_begin(accounts->site->tokens, slug);
    crm_error_t *error = crm_db_transaction(accounts->db, pool, work, baton);
    crm_token_change_end(accounts->site->tokens, slug);
    return error;
}

crm_error_t *crm_account_update(const crm_accounts_t *accounts, apr_pool_t *pool,
                                crm_account_t *account, const crm_account_change_t *change)
{
    update_t update = {.accounts = accounts, .change = change, .id = account->id};
    const char *username = key_of(pool, change->username);
    const char *email = key_of(pool, change->email);
    CRM_ERR(crm_directory_enter(accounts, pool, username, email));
    crm_error_t *error = crm_account_transaction(accounts, pool, update_row, &update);
    if (error) {
        if (username) {
            crm_directory_leave(accounts, pool, username);
        }
        if (email) {
            crm_directory_leave(accounts, pool, email);
        }
        return error;
    }
    /* again, now that the change can be seen: somebody leaving the same login may just have removed
     * the entry */
    crm_directory_enter(accounts, pool, username, email);
    leave_old(accounts, pool, update.before.username, username);
    leave_old(accounts, pool, update.before.email, email);
    const char *password = account->password;
    *account = update.after;
    account->password = password;
    return NULL;
}

static crm_error_t *write_password(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const password_t *password = baton;
    apr_int64_t affected;
    /* COALESCE: without an old hash the row's own is compared with itself */
    CRM_ERR(crm_db_execute(db, pool,
                           "UPDATE account SET password = ?, version = version + 1, updated_at = ? "
                           "WHERE id = ? AND password = COALESCE(?, password) AND is_active >= ?",
                           CRM_ARGS(crm_text(password->hash), crm_time(apr_time_now()),
                                    crm_int(password->id), crm_text(password->old_hash),
                                    crm_int(password->must_be_active)),
                           &affected));
    if (affected == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    return end_tokens(db, pool, password->id, password->keep);
}

static crm_error_t *set_password(const crm_accounts_t *accounts, apr_pool_t *pool, const char *text,
                                 password_t *password)
{
    CRM_ERR(crm_password_hash(accounts->site->hasher, pool, text, &password->hash));
    return crm_account_transaction(accounts, pool, write_password, password);
}

crm_error_t *crm_account_set_password(const crm_accounts_t *accounts, apr_pool_t *pool,
                                      const crm_account_t *account, const char *password,
                                      const unsigned char *keep)
{
    password_t new_password = {.id = account->id, .keep = keep};
    return set_password(accounts, pool, password, &new_password);
}

crm_error_t *crm_account_reset_password(const crm_accounts_t *accounts, apr_pool_t *pool,
                                        const crm_account_t *account, const char *password)
{
    password_t reset = {.id = account->id, .old_hash = account->password, .must_be_active = 1};
    crm_error_t *error = set_password(accounts, pool, password, &reset);
    return error && error->kind == CRM_E_NOT_FOUND ? crm_error_standard(pool, CRM_E_CONFLICT)
                                                   : error;
}

crm_error_t *crm_account_change_password(const crm_accounts_t *accounts, apr_pool_t *pool,
                                         const crm_account_t *account,
                                         const crm_password_change_t *change)
{
    const crm_site_t *site = accounts->site;
    crm_attempt_t attempt =
        crm_attempt_account(site, accounts->tenant ? &accounts->tenant->id : NULL, account->id);
    crm_account_t *now;
    CRM_ERR(crm_account_get(accounts, pool, account->id, &now));
    CRM_ERR(crm_attempt_count(site, pool, &attempt, change->limit->account, change->limit->window));
    int match, rehash;
    crm_error_t *error = crm_password_verify(site->hasher, pool, change->old_password,
                                             now->password, &match, &rehash);
    if (!error && !match) {
        crm_attempt_fail(site, pool, &attempt);
        return crm_error_field(pool, "old_password", "Wrong password.");
    }
    crm_attempt_give_back(site, pool, &attempt);
    CRM_ERR(error);
    password_t password = {.id = now->id, .old_hash = now->password, .keep = change->keep};
    error = set_password(accounts, pool, change->new_password, &password);
    if (error && error->kind == CRM_E_NOT_FOUND) {
        /* another change came in between: the old password is no longer it */
        return crm_error_field(pool, "old_password", "Wrong password.");
    }
    return error;
}
