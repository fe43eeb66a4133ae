/* crmctl/out_file.h - a file that a command writes: there as a whole, or as it was before.
 *
 * It is written beside its name and renamed when all of it is on the disk.
 */
#ifndef CRM_CRMCTL_OUT_FILE_H
#define CRM_CRMCTL_OUT_FILE_H

#include "base/error.h"

typedef struct crm_out_file_t {
    apr_pool_t *pool;
    const char *path, *temporary;
    int fd;
} crm_out_file_t;

/* Begins the file at PATH, for its owner alone. To be called before crm_run_site, which may make
 * crmctl somebody who may not. What is not kept is removed with POOL. */
crm_error_t *crm_out_file_open(apr_pool_t *pool, const char *path, crm_out_file_t *ret_file);

/* Syncs it and gives it its name, in the place of what has that. After the last use of the site. */
crm_error_t *crm_out_file_keep(crm_out_file_t *file);

#endif
