/* service/login_limit.h - how many wrong passwords an account and an address may have in a while.
 *
 * An attempt is counted before the password is looked at, each in a transaction that tells it its
 * own number, so that guesses sent at the same time do not pass the limit. One that was wrong is
 * confirmed; one that was right, or could not be looked at, is given back. Where the limit is
 * reached only because others are being looked at, an attempt waits for them: many right logins at
 * once lock nobody out. The main database (table login_attempt) knows keyed hashes only.
 */
#ifndef CRM_SERVICE_LOGIN_LIMIT_H
#define CRM_SERVICE_LOGIN_LIMIT_H

#include "service/site.h"

typedef struct crm_login_limit_t {
    int account, address;       /* failures allowed in a window, at least 1 */
    apr_interval_time_t window; /* begins with the first of them */
} crm_login_limit_t;

/* What attempts are counted on. */
typedef struct crm_attempt_t {
    unsigned char key[CRM_HASH_SIZE];
    apr_time_t window_start;
    int counted;
} crm_attempt_t;

/* The attempt on account ID of the tenant (NULL: of the platform); on the folded text LOGIN that no
 * account has; from ADDRESS: an IPv4 address, the /64 of an IPv6 address (RFC 6177), or else the
 * text as it is. */
crm_attempt_t crm_attempt_account(const crm_site_t *site, const crm_uuid_t *tenant_id,
                                  apr_int64_t id);
crm_attempt_t crm_attempt_login(const crm_site_t *site, const char *login);
crm_attempt_t crm_attempt_address(const crm_site_t *site, const char *address);

/* The same for mails that are asked for from ADDRESS, and for those to an account: they are counted
 * apart from logins, so that asking for mails locks nobody out. */
crm_attempt_t crm_attempt_mail_from(const crm_site_t *site, const char *address);
crm_attempt_t crm_attempt_mail_to(const crm_site_t *site, const crm_uuid_t *tenant_id,
                                  apr_int64_t id);

/* Counts ATTEMPT, which is to be settled by one of the two below. THROTTLED, and nothing counted,
 * when there were ALLOWED wrong ones (with the seconds until the window ends), or when others that
 * are still being looked at leave no room for some seconds. */
crm_error_t *crm_attempt_count(const crm_site_t *site, apr_pool_t *pool, crm_attempt_t *attempt,
                               int allowed, apr_interval_time_t window);

/* Notes that the password was wrong, if ATTEMPT was counted; at most once. */
void crm_attempt_fail(const crm_site_t *site, apr_pool_t *pool, crm_attempt_t *attempt);

/* Takes the count back, if it was counted; at most once. That it could not be is no error of
 * whoever got his password right: the count ends with its window. */
void crm_attempt_give_back(const crm_site_t *site, apr_pool_t *pool, crm_attempt_t *attempt);

#endif
