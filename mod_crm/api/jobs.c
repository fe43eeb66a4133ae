/* api/jobs.c - /auth/jobs/: long work on tenants, and the files it makes. */
#include "api/jobs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "api/page.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "base/time.h"
#include "entities/entities.h"
#include "service/job_file.h"
#include "service/job_work.h"

#define PIECE 65536 /* bytes of a file that are read at once */
#define POLL_AFTER "1"

static crm_error_t *answer_job(crm_request_t *request, const crm_uuid_t *id, crm_answer_t *answer)
{
    const crm_value_t *row;
    CRM_ERR(crm_list_one(&request->site->main, request->pool, &crm_job_entity, crm_uuid(id), NULL,
                         &row));
    answer->json = crm_json_own(request->pool, crm_list_json(request->pool, &crm_job_entity, row));
    return NULL;
}

/* ---- asking for one */

static crm_error_t *check_connections(const crm_request_t *request)
{
    int max = request->settings->pool.max;
    return max < CRM_JOB_CONNECTIONS && strcmp(request->site->main.server->driver, "mysql") == 0
               ? crm_error_make(request->pool, CRM_E_CONFLICT,
                                "CrmPool max=%d is too few for jobs: it must be %d at least.", max,
                                CRM_JOB_CONNECTIONS)
               : NULL;
}

crm_error_t *crm_jobs_ask(crm_request_t *request, const char *kind, const crm_tenant_t *tenant,
                          json_t *arguments, crm_answer_t *answer)
{
    const crm_job_order_t order = {
        .kind = kind,
        .tenant = tenant,
        .arguments = crm_json_own(request->pool, arguments),
        .requested_by = request->actor->account.username,
        .request_id = request->request_id,
    };
    crm_uuid_t id;
    CRM_ERR(check_connections(request));
    CRM_ERR(crm_job_put(request->site, request->pool, &order, &id));
    CRM_ERR(answer_job(request, &id, answer));
    apr_table_setn(answer->headers, "Location",
                   apr_pstrcat(request->pool, request->base_url, request->settings->prefix,
                               "auth/jobs/", crm_uuid_text(request->pool, &id), "/", NULL));
    apr_table_setn(answer->headers, "Retry-After", POLL_AFTER);
    return NULL;
}

/* ---- looking at them */

static crm_error_t *list(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_page_t page = {.db = &request->site->main, .entity = &crm_job_entity};
    (void)values;
    return crm_page_answer(request, &page, answer);
}

static crm_error_t *get(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_uuid_t id;
    (void)values;
    CRM_ERR(crm_request_uuid(request, 0, &id));
    return answer_job(request, &id, answer);
}

static crm_error_t *delete (crm_request_t *request, const crm_values_t *values,
                            crm_answer_t *answer)
{
    crm_uuid_t id;
    (void)values;
    CRM_ERR(crm_request_uuid(request, 0, &id));
    CRM_ERR(crm_job_remove(request->site, request->pool, &id));
    answer->json = crm_json_own(request->pool, crm_represent_message("Job removed"));
    return NULL;
}

/* ---- the file */

typedef struct download_t {
    apr_pool_t *pool;
    int fd;
    off_t size;
} download_t;

/* All of it, or an error: what is sent then is cut off. */
static crm_error_t *send_file(void *baton, crm_put_fn *put, void *put_baton)
{
    const download_t *download = baton;
    char *bytes = apr_palloc(download->pool, PIECE);
    off_t sent = 0;
    while (sent < download->size) {
        ssize_t size = pread(download->fd, bytes, PIECE, sent);
        if (size <= 0) {
            return crm_error_system(download->pool, APR_FROM_OS_ERROR(size ? errno : EIO),
                                    "reading the file of a job");
        }
        CRM_ERR(put(put_baton, bytes, (apr_size_t)size));
        sent += size;
    }
    return NULL;
}

/* "acme-corp-backup-2026-11-26.zip": of the tenant's name, what every system takes in a file's. */
static const char *file_name(apr_pool_t *pool, const crm_job_t *job)
{
    char *name = apr_pstrdup(pool, job->tenant_name), *to = name;
    for (const char *from = name; *from; from++) {
        int fits = (*from >= '0' && *from <= '9') || (*from >= 'a' && *from <= 'z') ||
                   (*from >= 'A' && *from <= 'Z');
        if (fits || (to > name && to[-1] != '-')) {
            *to++ = fits ? *from : '-';
        }
    }
    *to = '\0';
    return apr_pstrcat(pool, *name ? name : "tenant", "-", job->kind, "-",
                       crm_time_date(pool, job->finished_at), ".zip", NULL);
}

static crm_error_t *find_file(const crm_request_t *request, const crm_job_t *job)
{
    const crm_job_kind_t *kind = crm_job_kind(job->kind);
    if (!kind || !kind->has_file || strcmp(job->state, "failed") == 0) {
        return crm_error_make(request->pool, CRM_E_NOT_FOUND, "The job has no file.");
    }
    return job->file ? NULL
                     : crm_error_make(request->pool, CRM_E_CONFLICT, "The job is not done yet.");
}

static crm_error_t *get_file(crm_request_t *request, const crm_values_t *values,
                             crm_answer_t *answer)
{
    apr_pool_t *pool = request->pool;
    download_t *download = apr_pcalloc(pool, sizeof(*download));
    crm_stream_t *stream = apr_pcalloc(pool, sizeof(*stream));
    struct stat info;
    crm_uuid_t id;
    crm_job_t *job;
    (void)values;
    CRM_ERR(crm_request_uuid(request, 0, &id));
    CRM_ERR(crm_job_get(request->site, pool, &id, &job));
    CRM_ERR(find_file(request, job));
    CRM_ERR(crm_job_file_open(request->site, pool, job->file, &download->fd));
    if (fstat(download->fd, &info) != 0) {
        return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "the file of a job");
    }
    download->pool = pool;
    download->size = info.st_size;
    *stream = (crm_stream_t){
        .content_type = request->format->type, .write = send_file, .baton = download};
    apr_table_setn(answer->headers, "Content-Disposition",
                   apr_pstrcat(pool, "attachment; filename=\"", file_name(pool, job), "\"", NULL));
    answer->stream = stream;
    /* what History keeps of it */
    answer->json = crm_json_own(pool, json_pack("{s:I}", "size", (json_int_t)download->size));
    return NULL;
}

static const crm_format_t file_formats[] = {
    {.name = "zip", .type = "application/zip"},
    {.name = NULL},
};

static const int busy[] = {409, 0};

const crm_route_t crm_job_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/jobs/",
        .access = CRM_ACCESS_SUPERUSER,
        .result = &crm_job_entity,
        .is_list = 1,
        .handler = list,
        .summary = "List the jobs, newest first.",
        .description = "Those that have ended are kept for `CrmJobKeep`.",
    },
    {
        .method = "GET",
        .pattern = "auth/jobs/{uuid}/",
        .access = CRM_ACCESS_SUPERUSER,
        .result = &crm_job_entity,
        .handler = get,
        .summary = "Show a job and how far it is.",
    },
    {
        .method = "DELETE",
        .pattern = "auth/jobs/{uuid}/",
        .access = CRM_ACCESS_SUPERUSER,
        .flags = CRM_ROUTE_UNVERSIONED,
        .result = &crm_message_entity,
        .statuses = busy,
        .handler = delete,
        .summary = "Remove a job that waits or has ended, with its file.",
        .description = "One that waits is not done then. While it runs it cannot be removed: 409.",
    },
    {
        .method = "GET",
        .pattern = "auth/jobs/{uuid}/file/",
        .access = CRM_ACCESS_SUPERUSER,
        .flags = CRM_ROUTE_FILE | CRM_ROUTE_SECRET,
        .formats = file_formats,
        .statuses = busy,
        .handler = get_file,
        .summary = "Fetch the file that a backup or an export made.",
        .description = "A backup holds hashes of passwords and tokens. While the job is not done: "
                       "409.",
    },
    {.method = NULL},
};
