/* service/account.h - accounts of one database: a tenant's, or the platform's superusers in main.
 *
 * Username and e-mail are unique in their database without regard to case and accents. The login
 * directory in the main database (service/directory.h) is kept along: a new login is entered before
 * the account becomes visible, an old one removed after; an entry too many does no harm.
 */
#ifndef CRM_SERVICE_ACCOUNT_H
#define CRM_SERVICE_ACCOUNT_H

#include "service/login_limit.h"
#include "service/tenant.h"

typedef struct crm_account_t {
    apr_int64_t id;
    const char *username, *email, *first_name, *last_name;
    int is_tenant_admin, is_superuser, is_active;
    apr_time_t date_joined;
    apr_int64_t version;  /* counts changes: for ETag */
    const char *password; /* hash; NULL where it was not read */
    const char *language; /* of mails to him, "de"; NULL: not chosen */
} crm_account_t;

typedef struct crm_new_account_t {
    const char *username, *email, *first_name, *last_name;
    const char *password; /* as typed; or NULL, and */
    const char *hash;     /* as another account has it stored */
    int is_tenant_admin, is_superuser;
    const char *group; /* to be in from the start; NULL: the default one */
} crm_new_account_t;

/* Where accounts live: TENANT NULL is the main database. */
typedef struct crm_accounts_t {
    const crm_site_t *site;
    const crm_tenant_t *tenant;
    const crm_db_t *db;
} crm_accounts_t;

crm_accounts_t crm_accounts_of(const crm_site_t *site, apr_pool_t *pool,
                               const crm_tenant_t *tenant);

/* A tenant's account that is no admin is in INPUT's group, or else the tenant's default one
 * (service/group.h), from the start; INVALID on `group` when there is none of that name. INVALID on
 * `username` or `email` when taken ("A user with that username already exists in this tenant.";
 * both at once where both are; in the main database without "in this tenant"). */
crm_error_t *crm_account_create(const crm_accounts_t *accounts, apr_pool_t *pool,
                                const crm_new_account_t *input, crm_account_t **ret_account);

/* NOT_FOUND when there is none. Inactive accounts are found too. */
crm_error_t *crm_account_get(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                             crm_account_t **ret_account);

/* What to change: NULL texts and -1 numbers stay. */
typedef struct crm_account_change_t {
    const char *username, *email, *first_name, *last_name;
    const char *language; /* "": none */
    int is_tenant_admin, is_active;
    apr_int64_t if_version; /* -1: any; else PRECONDITION when the account has another by now */
} crm_account_change_t;

/* A change of nothing, to begin with. */
#define CRM_ACCOUNT_KEEP                                                                           \
    {                                                                                              \
        .is_tenant_admin = -1, .is_active = -1, .if_version = -1                                   \
    }

/* Changes the account, and ACCOUNT with it. Disabling ends its tokens. The last active admin of a
 * tenant can be neither disabled nor demoted: INVALID on non_field_errors. INVALID on `username`
 * and `email` as in crm_account_create. */
crm_error_t *crm_account_update(const crm_accounts_t *accounts, apr_pool_t *pool,
                                crm_account_t *account, const crm_account_change_t *change);

/* Sets a password and ends all tokens but the one whose hash is KEEP (NULL: all). */
crm_error_t *crm_account_set_password(const crm_accounts_t *accounts, apr_pool_t *pool,
                                      const crm_account_t *account, const char *password,
                                      const unsigned char *keep);

/* Sets the password of an account whose owner has shown that he is it, and ends all its tokens.
 * ACCOUNT was read with its hash: CONFLICT when that is no longer the account's, or the account is
 * no longer active. */
crm_error_t *crm_account_reset_password(const crm_accounts_t *accounts, apr_pool_t *pool,
                                        const crm_account_t *account, const char *password);

/* A password changed by its owner. */
typedef struct crm_password_change_t {
    const char *old_password, *new_password;
    const unsigned char *keep;      /* hash of the token that stays, or NULL */
    const crm_login_limit_t *limit; /* wrong ones count as failed logins do */
} crm_password_change_t;

/* INVALID on old_password ("Wrong password."); THROTTLED after too many of them. */
crm_error_t *crm_account_change_password(const crm_accounts_t *accounts, apr_pool_t *pool,
                                         const crm_account_t *account,
                                         const crm_password_change_t *change);

#endif
