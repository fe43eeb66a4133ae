/* service/job_work.h - what jobs do: one row a kind.
 *
 * All of it is done by the same calls that crmctl makes. A job that is begun again after its
 * process died finds out first what that had come to: a tenant that was made is not made twice, one
 * half made is removed, a move is settled, files half written go.
 */
#ifndef CRM_SERVICE_JOB_WORK_H
#define CRM_SERVICE_JOB_WORK_H

#include "service/job.h"
#include "service/row_progress.h"

/* A job while it is done. */
typedef struct crm_job_run_t {
    const crm_site_t *site;
    apr_pool_t *pool;
    crm_job_t *job;
    crm_row_progress_t progress;
    const char *name; /* of the file made, below CrmJobFiles; NULL: none */
} crm_job_run_t;

typedef struct crm_job_kind_t {
    const char *name;
    int has_file; /* it makes a file to be fetched */
    /* How many rows it has to do with, for progress, and how many times it goes over each; NULL:
     * there is nothing to count. NOT_FOUND: `work` will say what is missing. */
    crm_error_t *(*count)(const crm_job_run_t *run, apr_uint64_t *ret_rows);
    int passes;
    /* Does it; *RET_RESULT is an object, owned by run->pool. */
    crm_error_t *(*work)(crm_job_run_t *run, json_t **ret_result);
} crm_job_kind_t;

/* Ends with name NULL. */
extern const crm_job_kind_t crm_job_kinds[];

/* The row of that name, or NULL: another version of mod_crm may know more. */
const crm_job_kind_t *crm_job_kind(const char *name);

#endif
