/* service/slug_cache.h - where the database is that a token's key means, remembered by the process.
 *
 * A key is given to one tenant and never changes, and so does a slug; where the database is
 * ("slug", or "slug@server") changes when the tenant is moved, and then it is not there any more:
 * what is remembered cannot lead to wrong data, only to none. Keys that are not known are not
 * remembered. Bounded: a full cache is emptied. Thread-safe.
 */
#ifndef CRM_SERVICE_SLUG_CACHE_H
#define CRM_SERVICE_SLUG_CACHE_H

#include <apr_pools.h>

#define CRM_TOKEN_KEY_SIZE 8

typedef struct crm_slug_cache_t crm_slug_cache_t;

/* Remembers at most MAX keys; lives as long as POOL, a pool of the process. */
apr_status_t crm_slug_cache_create(apr_pool_t *pool, unsigned max, crm_slug_cache_t **ret_cache);

/* The place of KEY, in POOL, or NULL. */
const char *crm_slug_cache_get(crm_slug_cache_t *cache, apr_pool_t *pool,
                               const unsigned char key[CRM_TOKEN_KEY_SIZE]);

void crm_slug_cache_put(crm_slug_cache_t *cache, const unsigned char key[CRM_TOKEN_KEY_SIZE],
                        const char *place);

/* For a tenant that is found to be gone from there. */
void crm_slug_cache_forget(crm_slug_cache_t *cache, const unsigned char key[CRM_TOKEN_KEY_SIZE]);

#endif
