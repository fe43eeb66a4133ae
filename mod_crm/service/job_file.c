/* service/job_file.c - the files that jobs make, below CrmJobFiles. */
#include "service/job_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_escape.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#define RANDOM_BYTES 16

crm_error_t *crm_job_files_are_set(const crm_site_t *site, apr_pool_t *pool)
{
    return site->jobs.files ? NULL
                            : crm_error_make(pool, CRM_E_CONFLICT,
                                             "The server has no folder for files of jobs: set "
                                             "CrmJobFiles DIR.");
}

crm_error_t *crm_job_file_begin(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                                crm_out_file_t *ret_file, const char **ret_name)
{
    unsigned char random[RANDOM_BYTES];
    CRM_ERR(crm_job_files_are_set(site, pool));
    crm_secret_random(random, sizeof(random));
    const char *name = apr_pstrcat(pool, crm_uuid_text(pool, id), "-",
                                   apr_pescape_hex(pool, random, sizeof(random), 0), ".zip", NULL);
    *ret_name = name;
    return crm_out_file_open(pool, apr_pstrcat(pool, site->jobs.files, "/", name, NULL), ret_file);
}

static apr_status_t close_file(void *data)
{
    close(*(int *)data);
    return APR_SUCCESS;
}

crm_error_t *crm_job_file_open(const crm_site_t *site, apr_pool_t *pool, const char *name,
                               int *ret_fd)
{
    CRM_ERR(crm_job_files_are_set(site, pool));
    const char *path = apr_pstrcat(pool, site->jobs.files, "/", name, NULL);
    int *fd = apr_palloc(pool, sizeof(*fd));
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0) {
        crm_error_t *error =
            errno == ENOENT
                ? crm_error_make(pool, CRM_E_NOT_FOUND, "The job's file is not on this machine.")
                : crm_error_standard(pool, CRM_E_INTERNAL);
        return crm_error_cause(error, "%s: %s", path, strerror(errno));
    }
    apr_pool_cleanup_register(pool, fd, close_file, apr_pool_cleanup_null);
    *ret_fd = *fd;
    return NULL;
}

crm_error_t *crm_job_file_remove(const crm_site_t *site, apr_pool_t *pool, const char *name)
{
    const char *path = apr_pstrcat(pool, site->jobs.files, "/", name, NULL);
    apr_status_t status = apr_file_remove(path, pool);
    return status == APR_SUCCESS || APR_STATUS_IS_ENOENT(status)
               ? NULL
               : crm_error_system(pool, status, "removing %s", path);
}

crm_error_t *crm_job_file_clear(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id)
{
    const char *prefix = crm_uuid_text(pool, id);
    apr_finfo_t info;
    apr_dir_t *dir;
    if (!site->jobs.files) {
        return NULL;
    }
    apr_status_t status = apr_dir_open(&dir, site->jobs.files, pool);
    if (status != APR_SUCCESS) {
        return crm_error_system(pool, status, "CrmJobFiles: the folder %s", site->jobs.files);
    }
    crm_error_t *error = NULL;
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (strncmp(info.name, prefix, CRM_UUID_TEXT) == 0) {
            crm_error_t *one = crm_job_file_remove(site, pool, info.name);
            error = error ? error : one;
        }
    }
    apr_dir_close(dir);
    return error;
}
