/* base/seen.c - a set of texts that only answers whether one was there before. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "base/seen.h"
#include "base/spill.h"

struct crm_seen_t {
    apr_uint64_t *places; /* open addressing; 0: free */
    apr_uint64_t mask;    /* number of places, a power of two, minus 1 */
    apr_uint64_t left;    /* texts that may be added */
    unsigned char key[crypto_shorthash_KEYBYTES];
};

static apr_status_t unmap(void *data)
{
    crm_seen_t *seen = data;

    munmap(seen->places, (seen->mask + 1) * sizeof(*seen->places));
    return APR_SUCCESS;
}

crm_error_t *crm_seen_make(apr_pool_t *pool, apr_uint64_t most, crm_seen_t **ret_seen)
{
    crm_seen_t *seen = apr_pcalloc(pool, sizeof(*seen));
    apr_uint64_t places = 512;
    int fd;

    while (places < 2 * most) {
        places *= 2;
    }
    CRM_ERR(crm_spill_file(pool, NULL, &fd));
    /* what is mapped must be there: a full disk would end the process later */
    int status = posix_fallocate(fd, 0, (off_t)(places * sizeof(*seen->places)));
    if (status) {
        return crm_error_system(pool, APR_FROM_OS_ERROR(status), "sizing a temporary file");
    }
    void *mapped =
        mmap(NULL, places * sizeof(*seen->places), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "mapping a temporary file");
    }
    seen->places = mapped;
    seen->mask = places - 1;
    seen->left = most;
    crypto_shorthash_keygen(seen->key);
    apr_pool_cleanup_register(pool, seen, unmap, apr_pool_cleanup_null);
    *ret_seen = seen;
    return NULL;
}

/* The place of TEXT, or the free one where it belongs. */
static apr_uint64_t *place_of(const crm_seen_t *seen, const char *text, apr_uint64_t *ret_hash)
{
    unsigned char bytes[crypto_shorthash_BYTES];
    apr_uint64_t hash, at;

    crypto_shorthash(bytes, (const unsigned char *)text, strlen(text), seen->key);
    memcpy(&hash, bytes, sizeof(hash));
    hash = hash ? hash : 1;
    at = hash & seen->mask;
    while (seen->places[at] && seen->places[at] != hash) {
        at = (at + 1) & seen->mask;
    }
    *ret_hash = hash;
    return &seen->places[at];
}

int crm_seen_has(const crm_seen_t *seen, const char *text)
{
    apr_uint64_t hash;

    return *place_of(seen, text, &hash) != 0;
}

void crm_seen_add(crm_seen_t *seen, const char *text)
{
    apr_uint64_t hash, *place = place_of(seen, text, &hash);

    if (!*place && seen->left) {
        *place = hash;
        seen->left--;
    }
}
