/* base/password.h - password hashing: argon2id (RFC 9106), how many at once is bounded.
 *
 * A hasher belongs to a process. At most `at_once` threads hash at a time; the others wait up to
 * `wait`, then get UNAVAILABLE.
 */
#ifndef CRM_BASE_PASSWORD_H
#define CRM_BASE_PASSWORD_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/error.h"
#include "base/semaphore.h"

typedef struct crm_hasher_t crm_hasher_t;

typedef struct crm_hash_cost_t {
    apr_uint64_t memory; /* bytes; OWASP: 19 MiB */
    int passes;          /* OWASP: 2 */
    int at_once;         /* threads of this process that may hash together */
    apr_interval_time_t wait;
} crm_hash_cost_t;

/* Lives as long as POOL; thread-safe. APR_EINVAL for a cost out of bounds: memory 8 KiB to 1 GiB,
 * passes 1 to 64, at_once from 1. */
apr_status_t crm_hasher_create(apr_pool_t *pool, const crm_hash_cost_t *cost,
                               crm_hasher_t **ret_hasher);

/* What bounds it: one permit is held while a hash is computed. */
crm_semaphore_t *crm_hasher_semaphore(crm_hasher_t *hasher);

/* The PHC string of PASSWORD ("$argon2id$v=19$..."), in POOL. UNAVAILABLE when the bound is
 * reached. */
crm_error_t *crm_password_hash(crm_hasher_t *hasher, apr_pool_t *pool, const char *password,
                               const char **ret_hash);

/* Does PASSWORD match HASH? argon2id strings of one lane (as made here) and Django's
 * "pbkdf2_sha256$iterations$salt$hash". *RET_MATCH is 1 or 0; *RET_REHASH is 1 when it matches but
 * should be hashed anew (another algorithm or cost). HASH NULL, or of no known form (or asking for
 * over 1 GiB, 64 passes, 10,000,000 iterations): costs one hash, as a wrong password does, and is
 * 0. UNAVAILABLE as above, and when there is no memory for the hash. */
crm_error_t *crm_password_verify(crm_hasher_t *hasher, apr_pool_t *pool, const char *password,
                                 const char *hash, int *ret_match, int *ret_rehash);

#endif
