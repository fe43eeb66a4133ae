/* service/token.h - tokens: "crm_" base64url(8 bytes: key of the database, 32 random bytes).
 *
 * Only SHA-256 of the token's text is stored, in table token of the database that its key names
 * (zeros: the main one), so that a token is found by one indexed query, whose answer holds the
 * account and the tenant too. 40 hex digits are a token of the old product: its hash leads through
 * legacy_token in the main database to its tenant.
 */
#ifndef CRM_SERVICE_TOKEN_H
#define CRM_SERVICE_TOKEN_H

#include "service/actor.h"

typedef struct crm_token_life_t {
    apr_interval_time_t lifetime, idle;
} crm_token_life_t;

/* A new token for ACCOUNT; its text is given once. */
crm_error_t *crm_token_issue(const crm_accounts_t *accounts, apr_pool_t *pool,
                             const crm_account_t *account, const crm_token_life_t *life,
                             const char **ret_token);

/* Who TOKEN belongs to. UNAUTHENTICATED "Invalid token." for anything unknown, expired, idle for
 * too long, of a disabled account or an inactive tenant. Notes the use, at most once a minute. */
crm_error_t *crm_token_authenticate(const crm_site_t *site, apr_pool_t *pool, const char *token,
                                    const crm_token_life_t *life, crm_actor_t **ret_actor);

/* 1 when TEXT has the form of one of our tokens (not whether it is valid). */
int crm_token_is_ours(const char *text);

/* Ends the token of ACTOR, or all of its account. */
crm_error_t *crm_token_revoke(const crm_site_t *site, apr_pool_t *pool, const crm_actor_t *actor,
                              int all);

#endif
