/* base/out_file.c - a file: there as a whole, or as it was before. */
#include "base/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

static apr_status_t drop(void *data)
{
    crm_out_file_t *file = data;
    close(file->fd);
    if (file->temporary) {
        unlink(file->temporary);
    }
    return APR_SUCCESS;
}

static crm_error_t *failed(const crm_out_file_t *file)
{
    return crm_error_make(file->pool, CRM_E_INTERNAL, "%s cannot be written: %s.", file->path,
                          strerror(errno));
}

crm_error_t *crm_out_file_open(apr_pool_t *pool, const char *path, crm_out_file_t *ret_file)
{
    char *temporary = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    *ret_file = (crm_out_file_t){.pool = pool, .path = path};
    ret_file->fd = mkostemp(temporary, O_CLOEXEC);
    if (ret_file->fd < 0) {
        return failed(ret_file);
    }
    ret_file->temporary = temporary;
    apr_pool_cleanup_register(pool, ret_file, drop, apr_pool_cleanup_null);
    return NULL;
}

/* So that the new name survives a crash, too. */
static int sync_folder(const crm_out_file_t *file)
{
    const char *slash = strrchr(file->path, '/');
    const char *folder =
        slash ? apr_pstrmemdup(file->pool, file->path, (apr_size_t)(slash - file->path + 1)) : ".";
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return synced;
}

crm_error_t *crm_out_file_keep(crm_out_file_t *file)
{
    if (fsync(file->fd) != 0 || rename(file->temporary, file->path) != 0) {
        return failed(file);
    }
    file->temporary = NULL;
    return sync_folder(file) ? NULL : failed(file);
}
