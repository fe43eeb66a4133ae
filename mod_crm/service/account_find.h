/* service/account_find.h - the accounts that a login may mean, in whatever databases they are.
 *
 * Where no tenant is named, the login directory (service/directory.h) says which tenants to ask. A
 * login that nobody has takes the looks that one of some tenant takes: the time of an answer does
 * not tell them apart.
 */
#ifndef CRM_SERVICE_ACCOUNT_FIND_H
#define CRM_SERVICE_ACCOUNT_FIND_H

#include "service/account.h"

typedef struct crm_found_account_t {
    crm_accounts_t accounts; /* where it is */
    crm_account_t account;   /* with its hash */
    int usable;              /* it and its tenant are active */
} crm_found_account_t;

typedef struct crm_found_accounts_t {
    apr_array_header_t *found; /* of crm_found_account_t; a user name before an e-mail address */
    int more;                  /* the login has more tenants than are asked */
    crm_error_t *away;         /* a database that could not be asked, or NULL */
} crm_found_accounts_t;

/* The accounts that have KEY (folded) as user name or e-mail address: those of TENANT and of the
 * main database; with TENANT NULL, of every tenant that the directory names. The database of a
 * TENANT must be there; of others one that is away is noted. */
crm_error_t *crm_accounts_find(const crm_site_t *site, apr_pool_t *pool, const char *key,
                               const crm_tenant_t *tenant, crm_found_accounts_t *ret_found);

#endif
