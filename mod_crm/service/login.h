/* service/login.h - a name or e-mail address and a password become a token.
 *
 * Where no tenant is named, the login directory (service/directory.h) says which tenants know the
 * login, and the password decides among at most four accounts. Superusers log in with and without a
 * tenant named. An unknown login, a disabled account and an inactive tenant cost one password hash
 * and are answered as a wrong password is.
 */
#ifndef CRM_SERVICE_LOGIN_H
#define CRM_SERVICE_LOGIN_H

#include "service/login_limit.h"
#include "service/token.h"

typedef struct crm_login_t {
    const char *login; /* user name or e-mail address */
    const char *password;
    const crm_tenant_t *tenant; /* the one that was named, or NULL */
    const char *address;        /* of the client */
    crm_token_life_t life;
    crm_login_limit_t limit;
} crm_login_t;

typedef struct crm_logged_in_t {
    crm_account_t account;
    crm_tenant_t *tenant; /* NULL for a superuser */
    const char *token;    /* its text */
} crm_logged_in_t;

/* Errors: INVALID on non_field_errors: "Unable to log in with provided credentials." for whatever
 * is wrong, "This login exists in several tenants: name the tenant." when the password does not
 * decide. THROTTLED with retry_after when the account or the address had too many failures.
 * UNAVAILABLE when the hasher is busy for too long, or a database is away that may have the
 * account. */
crm_error_t *crm_login(const crm_site_t *site, apr_pool_t *pool, const crm_login_t *login,
                       crm_logged_in_t *ret_logged_in);

#endif
