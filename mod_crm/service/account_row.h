/* service/account_row.h - an account's row: for the units of service/ that read it. */
#ifndef CRM_SERVICE_ACCOUNT_ROW_H
#define CRM_SERVICE_ACCOUNT_ROW_H

#include "service/account.h"

/* What crm_account_from_row takes, of the table account called a, and the types of crm_db_select.
 */
#define CRM_ACCOUNT_COLUMNS                                                                        \
    "a.id, a.username, a.email, a.first_name, a.last_name, a.is_tenant_admin, a.is_superuser, "    \
    "a.is_active, a.date_joined, a.version, a.language"
#define CRM_ACCOUNT_TYPES "issssbbbtis"
#define CRM_ACCOUNT_CELLS 11

/* The account in CELLS, of TENANT (NULL: of the main database: nobody else is a superuser, whatever
 * the row says); its texts stay where the cells have them; no password. */
void crm_account_from_row(const crm_value_t *cells, const crm_tenant_t *tenant,
                          crm_account_t *ret_account);

/* The folded forms of what an account is found and ordered by. */
typedef struct crm_account_keys_t {
    const char *username, *email, *first_name, *last_name;
} crm_account_keys_t;

/* INVALID on every field whose folded form is too long to be stored. */
crm_error_t *crm_account_fold(apr_pool_t *pool, const crm_account_t *account,
                              crm_account_keys_t *ret_keys);

/* INVALID on username and e-mail as far as accounts other than ID (0: any) have them. */
crm_error_t *crm_account_check_free(const crm_accounts_t *accounts, apr_pool_t *pool,
                                    apr_int64_t id, const crm_account_keys_t *keys);

/* Runs WORK in a transaction, announced as a change of what tokens stand for
 * (service/token_cache.h). */
crm_error_t *crm_account_transaction(const crm_accounts_t *accounts, apr_pool_t *pool,
                                     crm_db_work_fn *work, void *baton);

/* The same error for a DUPLICATE that the database found, any other as it is; NULL for NULL. */
crm_error_t *crm_account_taken(const crm_accounts_t *accounts, apr_pool_t *pool,
                               crm_error_t *error);

#endif
