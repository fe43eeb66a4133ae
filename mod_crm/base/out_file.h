/* base/out_file.h - a file: there as a whole, or as it was before.
 *
 * It is written beside its name and renamed when all of it is on the disk.
 */
#ifndef CRM_BASE_OUT_FILE_H
#define CRM_BASE_OUT_FILE_H

#include "base/error.h"

typedef struct crm_out_file_t {
    apr_pool_t *pool;
    const char *path, *temporary;
    int fd;
} crm_out_file_t;

/* Begins the file at PATH, for its owner alone. What is not kept is removed with POOL. */
crm_error_t *crm_out_file_open(apr_pool_t *pool, const char *path, crm_out_file_t *ret_file);

/* Syncs it and gives it its name, in the place of what has that. */
crm_error_t *crm_out_file_keep(crm_out_file_t *file);

#endif
