/* service/token_cache.h - tokens that were looked up a moment ago, kept by each process.
 *
 * Off unless CrmTokenCache says for how long. An entry counts only as long as no process of this
 * server has changed anything that it holds: whoever changes accounts, tokens, permissions or the
 * tenant of a database announces it in memory that all children share, before it is written, and
 * ends the announcement after. So a token that ends, ends at once in every process. One that dies
 * in between leaves its announcement behind: that database's tokens are then looked up each time,
 * until httpd is started anew. What other machines change is seen when the entry's time is over.
 *
 * Wherever a cache is taken, NULL is none: nothing is found and nothing kept.
 */
#ifndef CRM_SERVICE_TOKEN_CACHE_H
#define CRM_SERVICE_TOKEN_CACHE_H

#include "base/secret.h"
#include "service/actor.h"

/* What is being changed, by database: memory shared by all children, zeros at first. */
typedef struct crm_changes_t {
    struct {
        apr_uint32_t begun;   /* changes, ever */
        apr_uint32_t writers; /* of them, not yet ended */
    } slots[4096];
} crm_changes_t;

typedef struct crm_token_cache_t crm_token_cache_t;

/* A cache whose entries live for LIFE (microseconds); it lives as long as POOL. Thread-safe. */
apr_status_t crm_token_cache_create(apr_pool_t *pool, crm_changes_t *changes,
                                    apr_interval_time_t life, crm_token_cache_t **ret_cache);

/* The state of the database with SLUG (NULL: main) before it was read. */
typedef struct crm_token_mark_t {
    apr_uint32_t slot, begun;
    int usable;
} crm_token_mark_t;

crm_token_mark_t crm_token_cache_mark(crm_token_cache_t *cache, const char *slug);

/* Keeps ACTOR, as read since MARK, until its time or DEADLINE is over; not when something was
 * changed since. */
void crm_token_cache_put(crm_token_cache_t *cache, const crm_token_mark_t *mark,
                         const crm_actor_t *actor, apr_time_t deadline);

/* The actor of the token with HASH, in POOL, or NULL. */
crm_actor_t *crm_token_cache_get(crm_token_cache_t *cache, apr_pool_t *pool,
                                 const unsigned char hash[CRM_HASH_SIZE]);

/* Around every change of accounts, tokens, groups, permissions or the tenant in the database with
 * SLUG (NULL: main). */
void crm_token_change_begin(crm_token_cache_t *cache, const char *slug);
void crm_token_change_end(crm_token_cache_t *cache, const char *slug);

#endif
