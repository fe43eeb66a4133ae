/* service/directory.h - which tenants know a login.
 *
 * Table login of the main database holds, for each user name and e-mail address of every tenant, a
 * keyed hash of its folded text beside the tenant's id (zeros: the main database's own accounts).
 * So a login finds its tenant by one look, and whoever reads the main database learns no names. An
 * entry too many does no harm: its tenant is asked in vain.
 */
#ifndef CRM_SERVICE_DIRECTORY_H
#define CRM_SERVICE_DIRECTORY_H

#include "service/account.h"

/* More tenants than these are not looked at for one login. */
#define CRM_DIRECTORY_MAX 8

/* The tenants that may know KEY (folded), oldest first, at most CRM_DIRECTORY_MAX and one: *RET_IDS
 * has *RET_COUNT ids, zeros for the main database. */
crm_error_t *crm_directory_find(const crm_site_t *site, apr_pool_t *pool, const char *key,
                                const crm_uuid_t **ret_ids, int *ret_count);

/* Enters two keys (folded) of one account; a key that is NULL, or there already, is passed over. */
crm_error_t *crm_directory_enter(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key,
                                 const char *other);

/* Calls EACH with the keys of every account there; the first error ends it. */
typedef crm_error_t *crm_directory_fn(const crm_accounts_t *accounts, apr_pool_t *pool,
                                      const char *username_key, const char *email_key, void *baton);

crm_error_t *crm_directory_each(const crm_accounts_t *accounts, apr_pool_t *pool,
                                crm_directory_fn *each, void *baton);

/* Enters the keys of all accounts there. */
crm_error_t *crm_directory_enter_all(const crm_accounts_t *accounts, apr_pool_t *pool);

/* Enters KEY (folded) by the secret key, and, to FINISH the change of that, removes its entry by
 * the key before. */
crm_error_t *crm_directory_rekey(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key,
                                 int finish);

/* Removes KEY (folded), unless an account there has it as user name or e-mail address. */
crm_error_t *crm_directory_leave(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key);

/* Removes all entries of a tenant. */
crm_error_t *crm_directory_remove_tenant(const crm_site_t *site, apr_pool_t *pool,
                                         const crm_uuid_t *tenant_id);

#endif
