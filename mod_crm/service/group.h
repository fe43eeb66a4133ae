/* service/group.h - groups of a tenant's accounts: who is in one holds its permissions.
 *
 * A tenant begins with two, "Users" (everything that can be done with records) and "Read only".
 * Exactly one group is the default one: an account that is no admin is in it from the start. Names
 * are unique without regard to case and accents. Changes of one tenant's groups come one after the
 * other, each whole.
 */
#ifndef CRM_SERVICE_GROUP_H
#define CRM_SERVICE_GROUP_H

#include "service/account.h"
#include "service/id_set.h"

/* For crm_id_set_check: the ids that there are. */
#define CRM_GROUP_IDS "SELECT id FROM user_group ORDER BY id"
#define CRM_PERMISSION_IDS "SELECT id FROM permission ORDER BY id"

typedef struct crm_group_t {
    apr_int64_t id;
    const char *name;
    int is_default;
    apr_int64_t version;      /* counts changes: for ETag */
    crm_id_set_t permissions; /* that it grants */
} crm_group_t;

/* What a group gets: what is left out stays, or is nothing in a new one. */
typedef struct crm_group_change_t {
    const char *name;                /* trimmed, not blank; NULL: stays */
    const crm_id_set_t *permissions; /* NULL: stays */
    int is_default;                  /* 1: makes it the default one instead of another; -1: stays */
    apr_int64_t if_version;          /* -1: any; else PRECONDITION when it has another by now */
} crm_group_change_t;

/* ACCOUNTS, here and below, are those of a tenant. NOT_FOUND when there is none. */
crm_error_t *crm_group_get(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                           crm_group_t **ret_group);

/* 1 in *RET_IS when the account with ACCOUNT_ID is in a group whose folded name (crm_text_fold) is
 * one of KEYS (of const char *). */
crm_error_t *crm_group_has_member(const crm_accounts_t *accounts, apr_pool_t *pool,
                                  apr_int64_t account_id, const apr_array_header_t *keys,
                                  int *ret_is);

/* INVALID on `name` when taken ("group with this name already exists.") or too long, on
 * `permissions` for an id that is none, and on `is_default` when the default group were to be none
 * without another one. */
crm_error_t *crm_group_create(const crm_accounts_t *accounts, apr_pool_t *pool,
                              const crm_group_change_t *input, crm_group_t **ret_group);

/* The same, and NOT_FOUND. Members who are logged in have the change with their next request. */
crm_error_t *crm_group_update(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                              const crm_group_change_t *change, crm_group_t **ret_group);

/* IF_VERSION as above. The default group stays: INVALID on non_field_errors. */
crm_error_t *crm_group_delete(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                              apr_int64_t if_version);

/* The permissions of the groups with COUNT IDS, by one statement: one set a group, in their order.
 */
crm_error_t *crm_group_permissions(const crm_db_t *db, apr_pool_t *pool, const apr_int64_t *ids,
                                   int count, crm_id_set_t *ret_sets);

#endif
