/* service/session.h - the tokens of one database, as whoever looks after it sees them.
 *
 * A token's text is nowhere stored: what names it here is the beginning of its hash, in hex.
 */
#ifndef CRM_SERVICE_SESSION_H
#define CRM_SERVICE_SESSION_H

#include "service/account.h"

#define CRM_SESSION_NAME 16 /* hex digits */

typedef struct crm_session_t {
    char name[CRM_SESSION_NAME + 1];
    apr_int64_t account_id;
    const char *username;
    apr_time_t created_at, expires_at, last_used_at;
} crm_session_t;

/* The account whose user name, or else whose e-mail address, is LOGIN, without regard to case and
 * accents. NOT_FOUND. */
crm_error_t *crm_account_by_login(const crm_accounts_t *accounts, apr_pool_t *pool,
                                  const char *login, crm_account_t **ret_account);

/* All accounts, by user name: of crm_account_t. */
crm_error_t *crm_accounts_all(const crm_accounts_t *accounts, apr_pool_t *pool,
                              apr_array_header_t **ret_accounts);

/* Tokens that are not over, of the account with ACCOUNT_ID (0: of all), newest first: of
 * crm_session_t. */
crm_error_t *crm_sessions(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t account_id,
                          apr_array_header_t **ret_sessions);

/* Which tokens to end. */
typedef struct crm_sessions_end_t {
    const char *name;       /* the one that is named so; NULL: any */
    apr_int64_t account_id; /* 0: of any account */
} crm_sessions_end_t;

/* Ends them; *RET_COUNT says how many there were. A server notices within CrmTokenCache. INVALID
 * for a name that is none. */
crm_error_t *crm_sessions_end(const crm_accounts_t *accounts, apr_pool_t *pool,
                              const crm_sessions_end_t *which, int *ret_count);

#endif
