/* service/grant.h - what one account of a tenant is granted: by itself, through groups, and why.
 */
#ifndef CRM_SERVICE_GRANT_H
#define CRM_SERVICE_GRANT_H

#include "service/account.h"
#include "service/id_set.h"

/* What an account has been given. */
typedef struct crm_grant_t {
    crm_id_set_t groups;       /* that it is in */
    crm_id_set_t permissions;  /* held by itself */
    apr_array_header_t *names; /* of const char *, "leads.view_lead": all that it may do, in order,
                                  each once; of an admin: everything */
} crm_grant_t;

/* ACCOUNTS, here and below, are those of a tenant; ACCOUNT is one of them. */
crm_error_t *crm_grant_get(const crm_accounts_t *accounts, apr_pool_t *pool,
                           const crm_account_t *account, crm_grant_t *ret_grant);

/* What an account shall have instead of what it has; NULL: stays. */
typedef struct crm_grant_change_t {
    const crm_id_set_t *groups, *permissions;
} crm_grant_change_t;

/* All or nothing; counts from the account's next request. INVALID on `group_ids` and
 * `permission_ids` for ids that are none. RET_GRANT: what it has now. */
crm_error_t *crm_grant_set(const crm_accounts_t *accounts, apr_pool_t *pool,
                           const crm_account_t *account, const crm_grant_change_t *change,
                           crm_grant_t *ret_grant);

/* A group that grants a permission. */
typedef struct crm_granting_t {
    apr_int64_t id;
    const char *name;
    int is_member; /* the account is in it */
} crm_granting_t;

/* Whether an account may do something, and what makes it so. */
typedef struct crm_explanation_t {
    int is_allowed;
    int is_disabled, is_admin, is_direct;
    apr_array_header_t *groups; /* of crm_granting_t: all that grant it, by name */
} crm_explanation_t;

/* INVALID on `permission` when PERMISSION ("leads.view_lead") is none. */
crm_error_t *crm_grant_explain(const crm_accounts_t *accounts, apr_pool_t *pool,
                               const crm_account_t *account, const char *permission,
                               crm_explanation_t *ret_explanation);

#endif
