/* service/slug_cache.c - which slug a token's key means, remembered by the process. */
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_rwlock.h>

#include "service/slug_cache.h"

struct crm_slug_cache_t {
    apr_thread_rwlock_t *lock;
    apr_pool_t *entries; /* holds the hash, its keys and slugs; cleared when full */
    apr_hash_t *slugs;
    unsigned max;
};

apr_status_t crm_slug_cache_create(apr_pool_t *pool, unsigned max, crm_slug_cache_t **ret_cache)
{
    crm_slug_cache_t *cache = apr_pcalloc(pool, sizeof(*cache));
    apr_status_t status = apr_thread_rwlock_create(&cache->lock, pool);
    if (status == APR_SUCCESS) {
        status = apr_pool_create(&cache->entries, pool);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    cache->slugs = apr_hash_make(cache->entries);
    cache->max = max;
    *ret_cache = cache;
    return APR_SUCCESS;
}

const char *crm_slug_cache_get(crm_slug_cache_t *cache, apr_pool_t *pool,
                               const unsigned char key[CRM_TOKEN_KEY_SIZE])
{
    if (apr_thread_rwlock_rdlock(cache->lock) != APR_SUCCESS) {
        return NULL;
    }
    /* a copy: the cache may be emptied while the caller still works; apr_hash_get itself writes
     * nothing into the table */
    const char *slug = apr_pstrdup(pool, apr_hash_get(cache->slugs, key, CRM_TOKEN_KEY_SIZE));
    apr_thread_rwlock_unlock(cache->lock);
    return slug;
}

void crm_slug_cache_put(crm_slug_cache_t *cache, const unsigned char key[CRM_TOKEN_KEY_SIZE],
                        const char *slug)
{
    if (apr_thread_rwlock_wrlock(cache->lock) != APR_SUCCESS) {
        return;
    }
    if (!apr_hash_get(cache->slugs, key, CRM_TOKEN_KEY_SIZE)) {
        if (apr_hash_count(cache->slugs) >= cache->max) {
            apr_pool_clear(cache->entries);
            cache->slugs = apr_hash_make(cache->entries);
        }
        apr_hash_set(cache->slugs, apr_pmemdup(cache->entries, key, CRM_TOKEN_KEY_SIZE),
                     CRM_TOKEN_KEY_SIZE, apr_pstrdup(cache->entries, slug));
    }
    apr_thread_rwlock_unlock(cache->lock);
}

void crm_slug_cache_forget(crm_slug_cache_t *cache, const unsigned char key[CRM_TOKEN_KEY_SIZE])
{
    if (apr_thread_rwlock_wrlock(cache->lock) == APR_SUCCESS) {
        apr_hash_set(cache->slugs, key, CRM_TOKEN_KEY_SIZE, NULL);
        apr_thread_rwlock_unlock(cache->lock);
    }
}
