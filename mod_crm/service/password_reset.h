/* service/password_reset.h - a forgotten password: a code by mail, and with it a new password.
 *
 * What a client asks for is only noted, as an order in the outbox (service/outbox.h): the same one
 * row whatever the e-mail address, so that neither answer nor time tell whether somebody has it.
 * The background thread carries the order out: it finds the accounts, and in one transaction
 * removes the order and writes each account's code and mail. A crash leaves either the order or all
 * of these.
 */
#ifndef CRM_SERVICE_PASSWORD_RESET_H
#define CRM_SERVICE_PASSWORD_RESET_H

#include "service/login_limit.h"
#include "service/outbox.h"

#define CRM_PASSWORD_ORDER "password_forgot" /* kind of an order */

typedef struct crm_forgot_t {
    const char *email;
    const crm_tenant_t *tenant; /* the one that was named, or NULL: whoever has the address */
    const char *address;        /* of the client */
    const char *languages;      /* that he reads, best first: "de en"; may be NULL */
    crm_login_limit_t limit;
} crm_forgot_t;

/* Notes the order, or, without a mail server, that there was one. THROTTLED when the client's
 * address asks too often. */
crm_error_t *crm_password_forgot(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_forgot_t *forgot);

/* Carries out the order that ITEM is. An account gets at most five codes an hour. When some
 * database is away and no account was found, its error: to be tried again. */
crm_error_t *crm_password_order(const crm_site_t *site, apr_pool_t *pool,
                                const crm_outbox_item_t *item);

typedef struct crm_reset_t {
    const char *email, *code, *new_password;
    const crm_tenant_t *tenant; /* the one that was named, or NULL */
    const char *address;        /* of the client */
    crm_login_limit_t limit;
} crm_reset_t;

/* Sets the password of the account with that address whose code it is, and ends its tokens.
 * *RET_ACCOUNT and *RET_TENANT (NULL for a superuser) say whose it was. INVALID on otp, with one
 * message for whatever is wrong; THROTTLED when the client's address had too many failures. */
crm_error_t *crm_password_reset(const crm_site_t *site, apr_pool_t *pool, const crm_reset_t *reset,
                                crm_account_t **ret_account, const crm_tenant_t **ret_tenant);

#endif
