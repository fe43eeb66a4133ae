/* base/seen.h - a set of texts that only answers whether one was there before.
 *
 * It holds 64 bits of a keyed hash of each (two of a million texts are taken for one with a
 * probability below 1 in 10^7), in an unlinked temporary file mapped into memory, which the system
 * takes back as it needs.
 */
#ifndef CRM_BASE_SEEN_H
#define CRM_BASE_SEEN_H

#include <apr_pools.h>

#include "base/error.h"

typedef struct crm_seen_t crm_seen_t;

/* A set with room for MOST texts. Ends with POOL. */
crm_error_t *crm_seen_make(apr_pool_t *pool, apr_uint64_t most, crm_seen_t **ret_seen);

/* 1 when TEXT is in it. */
int crm_seen_has(const crm_seen_t *seen, const char *text);

/* Adds TEXT; beyond the room it has, nothing. */
void crm_seen_add(crm_seen_t *seen, const char *text);

#endif
