/* service/job_file.h - the files that jobs make, below CrmJobFiles.
 *
 * "<job>-<32 random digits>.zip", for the server's account alone: written beside its name and
 * renamed when it is whole (base/out_file.h).
 */
#ifndef CRM_SERVICE_JOB_FILE_H
#define CRM_SERVICE_JOB_FILE_H

#include "base/out_file.h"
#include "service/site.h"

/* CONFLICT, which says what is missing, where jobs can make no files. */
crm_error_t *crm_job_files_are_set(const crm_site_t *site, apr_pool_t *pool);

/* Begins a file of the job ID; *RET_NAME is what it will be called below the folder. */
crm_error_t *crm_job_file_begin(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                                crm_out_file_t *ret_file, const char **ret_name);

/* Opens the file of that NAME to be read, until POOL ends. NOT_FOUND: it is not on this machine. */
crm_error_t *crm_job_file_open(const crm_site_t *site, apr_pool_t *pool, const char *name,
                               int *ret_fd);

/* Removes the file of that NAME, where it is there. */
crm_error_t *crm_job_file_remove(const crm_site_t *site, apr_pool_t *pool, const char *name);

/* Removes whatever there is of files of the job ID, half made ones too. */
crm_error_t *crm_job_file_clear(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id);

#endif
