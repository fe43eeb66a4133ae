/* service/session.c - the tokens of one database: listed, ended. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/account_row.h"
#include "service/session.h"
#include "service/token_cache.h"

static crm_account_t *account_of(const crm_accounts_t *accounts, apr_pool_t *pool,
                                 const crm_value_t *cells)
{
    crm_account_t *account = apr_palloc(pool, sizeof(*account));
    crm_account_from_row(cells, accounts->tenant, account);
    return account;
}

crm_error_t *crm_account_by_login(const crm_accounts_t *accounts, apr_pool_t *pool,
                                  const char *login, crm_account_t **ret_account)
{
    crm_value_t key = crm_text(crm_text_fold(pool, login));
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts->db, pool,
                          "SELECT " CRM_ACCOUNT_COLUMNS " FROM account a "
                          "WHERE a.username_key = ? OR a.email_key = ? "
                          "ORDER BY CASE WHEN a.username_key = ? THEN 0 ELSE 1 END",
                          CRM_ACCOUNT_TYPES, CRM_ARGS(key, key, key), &rows));
    if (!rows->count) {
        return crm_error_make(pool, CRM_E_NOT_FOUND, "There is no account \"%s\" %s%s.", login,
                              accounts->tenant ? "in tenant " : "among the platform's",
                              accounts->tenant ? accounts->tenant->name : "");
    }
    *ret_account = account_of(accounts, pool, crm_row(rows, 0));
    return NULL;
}

crm_error_t *crm_accounts_all(const crm_accounts_t *accounts, apr_pool_t *pool,
                              apr_array_header_t **ret_accounts)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts->db, pool,
                          "SELECT " CRM_ACCOUNT_COLUMNS " FROM account a ORDER BY a.username_key",
                          CRM_ACCOUNT_TYPES, CRM_NO_ARGS, &rows));
    *ret_accounts = apr_array_make(pool, rows->count, sizeof(crm_account_t));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*ret_accounts, crm_account_t) =
            *account_of(accounts, pool, crm_row(rows, i));
    }
    return NULL;
}

/* ---- sessions ---- */

static void name_of(const unsigned char *hash, char ret_name[CRM_SESSION_NAME + 1])
{
    for (int i = 0; i < CRM_SESSION_NAME / 2; i++) {
        apr_snprintf(ret_name + 2 * i, 3, "%02x", hash[i]);
    }
}

/* Tokens of ACCOUNT_ID, or (0) of all, with their hashes. */
static crm_error_t *read_tokens(const crm_accounts_t *accounts, apr_pool_t *pool,
                                apr_int64_t account_id, const crm_rows_t **ret_rows)
{
    return crm_db_select(accounts->db, pool,
                         "SELECT k.token_hash, k.account_id, a.username, k.created_at, "
                         "k.expires_at, k.last_used_at FROM token k "
                         "JOIN account a ON a.id = k.account_id "
                         "WHERE k.account_id = ? OR ? = 0 ORDER BY k.created_at DESC, k.token_hash",
                         "xisttt", CRM_ARGS(crm_int(account_id), crm_int(account_id)), ret_rows);
}

crm_error_t *crm_sessions(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t account_id,
                          apr_array_header_t **ret_sessions)
{
    apr_time_t now = apr_time_now();
    const crm_rows_t *rows;
    CRM_ERR(read_tokens(accounts, pool, account_id, &rows));
    *ret_sessions = apr_array_make(pool, rows->count, sizeof(crm_session_t));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        if (row[4].as.time <= now) {
            continue;
        }
        crm_session_t *session = apr_array_push(*ret_sessions);
        *session = (crm_session_t){
            .account_id = row[1].as.integer,
            .username = row[2].as.text,
            .created_at = row[3].as.time,
            .expires_at = row[4].as.time,
            .last_used_at = row[5].as.time,
        };
        name_of(row[0].as.bytes, session->name);
    }
    return NULL;
}

static crm_error_t *check_name(apr_pool_t *pool, const char *name)
{
    if (name && (strlen(name) != CRM_SESSION_NAME ||
                 strspn(name, "0123456789abcdef") != CRM_SESSION_NAME)) {
        return crm_error_field(pool, "token", "\"%s\" names no token: it has %d digits, 0 to f.",
                               name, CRM_SESSION_NAME);
    }
    return NULL;
}

crm_error_t *crm_sessions_end(const crm_accounts_t *accounts, apr_pool_t *pool,
                              const crm_sessions_end_t *which, int *ret_count)
{
    const char *slug = accounts->tenant ? accounts->tenant->slug : NULL;
    const crm_rows_t *rows;
    crm_error_t *error = NULL;

    *ret_count = 0;
    CRM_ERR(check_name(pool, which->name));
    CRM_ERR(read_tokens(accounts, pool, which->account_id, &rows));
    crm_token_change_begin(accounts->site->tokens, slug);
    for (int i = 0; i < rows->count && !error; i++) {
        const crm_value_t *row = crm_row(rows, i);
        char name[CRM_SESSION_NAME + 1];
        apr_int64_t ended = 0;
        name_of(row[0].as.bytes, name);
        if (!which->name || strcmp(name, which->name) == 0) {
            error = crm_db_execute(accounts->db, pool, "DELETE FROM token WHERE token_hash = ?",
                                   CRM_ARGS(row[0]), &ended);
            *ret_count += (int)ended;
        }
    }
    crm_token_change_end(accounts->site->tokens, slug);
    return error;
}
