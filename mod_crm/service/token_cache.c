/* service/token_cache.c - tokens that were looked up a moment ago. */
#include <stdlib.h>
#include <string.h>

#include <apr_atomic.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "service/token_cache.h"

#define ENTRIES 4096
#define SLOTS (sizeof(((crm_changes_t *)0)->slots) / sizeof(((crm_changes_t *)0)->slots[0]))
#define TEXTS 9

/* One piece of memory: the structures, then the texts that they point to. */
typedef struct block_t {
    crm_actor_t actor;
    crm_tenant_t tenant;
    char texts[];
} block_t;

typedef struct entry_t {
    block_t *block; /* NULL: free */
    apr_size_t size;
    apr_uint32_t slot, begun;
    apr_time_t deadline;
} entry_t;

struct crm_token_cache_t {
    crm_changes_t *changes;
    apr_interval_time_t life;
    apr_thread_mutex_t *lock;
    entry_t entries[ENTRIES];
};

static apr_uint32_t slot_of(const char *slug)
{
    apr_ssize_t length = APR_HASH_KEY_STRING;
    return apr_hashfunc_default(slug ? slug : "", &length) % SLOTS;
}

static entry_t *entry_of(crm_token_cache_t *cache, const unsigned char *hash)
{
    apr_uint32_t bits;
    memcpy(&bits, hash, sizeof(bits));
    return &cache->entries[bits % ENTRIES];
}

static int is_unchanged(crm_token_cache_t *cache, apr_uint32_t slot, apr_uint32_t begun)
{
    return apr_atomic_read32(&cache->changes->slots[slot].begun) == begun &&
           apr_atomic_read32(&cache->changes->slots[slot].writers) == 0;
}

/* The places in BLOCK that hold texts; returns how many. */
static int texts_of(block_t *block, const char **ret_texts[TEXTS])
{
    crm_account_t *account = &block->actor.account;
    int count = 0;
    ret_texts[count++] = &account->username;
    ret_texts[count++] = &account->email;
    ret_texts[count++] = &account->first_name;
    ret_texts[count++] = &account->last_name;
    ret_texts[count++] = &account->language;
    if (block->actor.tenant) {
        ret_texts[count++] = &block->tenant.name;
        ret_texts[count++] = &block->tenant.slug;
        ret_texts[count++] = &block->tenant.database_name;
        ret_texts[count++] = &block->tenant.server;
    }
    return count;
}

/* ACTOR in memory of its own, or NULL when there is none. */
static block_t *pack(const crm_actor_t *actor, apr_size_t *ret_size)
{
    block_t head = {.actor = *actor};
    const char **texts[TEXTS];
    if (actor->tenant) {
        head.tenant = *actor->tenant;
    }
    head.actor.account.password = NULL;
    apr_size_t size = sizeof(head);
    int count = texts_of(&head, texts);
    for (int i = 0; i < count; i++) {
        size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    }
    block_t *block = malloc(size);
    if (!block) {
        return NULL;
    }
    memcpy(block, &head, sizeof(head));
    char *at = block->texts;
    texts_of(block, texts);
    for (int i = 0; i < count; i++) {
        if (*texts[i]) {
            apr_size_t length = strlen(*texts[i]) + 1;
            *texts[i] = memcpy(at, *texts[i], length);
            at += length;
        }
    }
    *ret_size = size;
    return block;
}

/* A copy whose pointers point into itself. */
static crm_actor_t *unpack(apr_pool_t *pool, const entry_t *entry)
{
    block_t *copy = apr_pmemdup(pool, entry->block, entry->size);
    const char **texts[TEXTS];
    int count = texts_of(copy, texts);
    for (int i = 0; i < count; i++) {
        if (*texts[i]) {
            *texts[i] = (const char *)copy + (*texts[i] - (const char *)entry->block);
        }
    }
    copy->actor.tenant = copy->actor.tenant ? &copy->tenant : NULL;
    return &copy->actor;
}

static apr_status_t free_entries(void *data)
{
    crm_token_cache_t *cache = data;
    for (int i = 0; i < ENTRIES; i++) {
        free(cache->entries[i].block);
    }
    return APR_SUCCESS;
}

apr_status_t crm_token_cache_create(apr_pool_t *pool, crm_changes_t *changes,
                                    apr_interval_time_t life, crm_token_cache_t **ret_cache)
{
    crm_token_cache_t *cache = apr_pcalloc(pool, sizeof(*cache));
    apr_status_t status = apr_thread_mutex_create(&cache->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        return status;
    }
    cache->changes = changes;
    cache->life = life;
    apr_pool_cleanup_register(pool, cache, free_entries, apr_pool_cleanup_null);
    *ret_cache = cache;
    return APR_SUCCESS;
}

crm_token_mark_t crm_token_cache_mark(crm_token_cache_t *cache, const char *slug)
{
    crm_token_mark_t mark = {.slot = slot_of(slug)};
    if (cache) {
        mark.begun = apr_atomic_read32(&cache->changes->slots[mark.slot].begun);
        mark.usable = is_unchanged(cache, mark.slot, mark.begun);
    }
    return mark;
}

void crm_token_cache_put(crm_token_cache_t *cache, const crm_token_mark_t *mark,
                         const crm_actor_t *actor, apr_time_t deadline)
{
    apr_size_t size;
    block_t *block = cache && mark->usable ? pack(actor, &size) : NULL;
    if (!block) {
        return;
    }
    apr_time_t end = apr_time_now() + cache->life;
    entry_t *entry = entry_of(cache, actor->token_hash);
    apr_thread_mutex_lock(cache->lock);
    block_t *old = entry->block;
    *entry = (entry_t){.block = block,
                       .size = size,
                       .slot = mark->slot,
                       .begun = mark->begun,
                       .deadline = deadline < end ? deadline : end};
    apr_thread_mutex_unlock(cache->lock);
    free(old);
}

crm_actor_t *crm_token_cache_get(crm_token_cache_t *cache, apr_pool_t *pool,
                                 const unsigned char hash[CRM_HASH_SIZE])
{
    crm_actor_t *actor = NULL;
    if (!cache) {
        return NULL;
    }
    const entry_t *entry = entry_of(cache, hash);
    apr_time_t now = apr_time_now();
    apr_thread_mutex_lock(cache->lock);
    if (entry->block && memcmp(entry->block->actor.token_hash, hash, CRM_HASH_SIZE) == 0 &&
        now < entry->deadline && is_unchanged(cache, entry->slot, entry->begun)) {
        actor = unpack(pool, entry);
    }
    apr_thread_mutex_unlock(cache->lock);
    return actor;
}

void crm_token_change_begin(crm_token_cache_t *cache, const char *slug)
{
    if (cache) {
        apr_uint32_t slot = slot_of(slug);
        apr_atomic_inc32(&cache->changes->slots[slot].writers);
        apr_atomic_inc32(&cache->changes->slots[slot].begun);
    }
}

void crm_token_change_end(crm_token_cache_t *cache, const char *slug)
{
    if (cache) {
        apr_atomic_dec32(&cache->changes->slots[slot_of(slug)].writers);
    }
}
