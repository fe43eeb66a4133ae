/* base/spill.h - bytes that are written once from begin to end and read anywhere, in bounded
 * memory: the first 4 MiB or the last used pages stay in memory, all is in an unlinked temporary
 * file.
 */
#ifndef CRM_BASE_SPILL_H
#define CRM_BASE_SPILL_H

#include <apr_pools.h>

#include "base/error.h"

typedef struct crm_spill_t crm_spill_t;

/* A descriptor of a new file in FOLDER (NULL: $TMPDIR or /tmp) that has no name and ends with POOL.
 */
crm_error_t *crm_spill_file(apr_pool_t *pool, const char *folder, int *ret_fd);

/* An empty spill, whose file is made in FOLDER when it is needed. Ends with POOL. */
crm_spill_t *crm_spill_make(apr_pool_t *pool, const char *folder);

/* Bytes written so far. */
apr_uint64_t crm_spill_size(const crm_spill_t *spill);

crm_error_t *crm_spill_append(crm_spill_t *spill, const void *bytes, apr_size_t size);

/* Reads SIZE bytes at OFFSET, all of which must have been written. */
crm_error_t *crm_spill_read(crm_spill_t *spill, apr_uint64_t offset, void *to, apr_size_t size);

#endif
