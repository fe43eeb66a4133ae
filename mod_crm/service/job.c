/* service/job.c - long work on a tenant that somebody asked for: its queue. */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/text.h"
#include "service/job.h"
#include "service/job_file.h"

#define LOOK "8"          /* rows looked at together */
#define MOST_WAITING 1000 /* jobs in the queue: far more than anybody waits for */
#define ERROR_MAX 2000    /* characters */
#define FIRST_PAUSE apr_time_from_sec(2)

#define COLUMNS                                                                                    \
    "j.id, j.kind, j.tenant_id, j.tenant_name, j.arguments, j.state, j.progress, j.result, "       \
    "j.finished_at, j.file, j.made_id, j.takes, j.attempts"
#define TYPES "ususlsiltsuii"

static json_t *object_of(apr_pool_t *pool, crm_value_t cell)
{
    json_t *json = NULL;
    if (!crm_is_null(cell) && !crm_json_parse(pool, cell.as.text, strlen(cell.as.text), &json)) {
        return json;
    }
    return NULL;
}

static crm_job_t *read_job(apr_pool_t *pool, const crm_value_t *row)
{
    crm_job_t *job = apr_pcalloc(pool, sizeof(*job));
    *job = (crm_job_t){
        .id = *row[0].as.uuid,
        .kind = row[1].as.text,
        .tenant_id = *row[2].as.uuid,
        .tenant_name = row[3].as.text,
        .arguments = object_of(pool, row[4]),
        .state = row[5].as.text,
        .progress = (int)row[6].as.integer,
        .result = object_of(pool, row[7]),
        .finished_at = crm_is_null(row[8]) ? 0 : row[8].as.time,
        .file = crm_is_null(row[9]) ? NULL : row[9].as.text,
        .takes = (int)row[11].as.integer,
        .attempts = (int)row[12].as.integer,
    };
    if (!crm_is_null(row[10])) {
        job->made = *row[10].as.uuid;
    }
    return job;
}

/* ---- asking ---- */

static crm_error_t *check_room(const crm_site_t *site, apr_pool_t *pool)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool, "SELECT COUNT(*) FROM job WHERE state = 'queued'", "i",
                          CRM_NO_ARGS, &rows));
    return rows->cells[0].as.integer < MOST_WAITING
               ? NULL
               : crm_error_make(pool, CRM_E_CONFLICT, "%d jobs wait already: try again later.",
                                MOST_WAITING);
}

crm_error_t *crm_job_put(const crm_site_t *site, apr_pool_t *pool, const crm_job_order_t *order,
                         crm_uuid_t *ret_id)
{
    crm_uuid_t id;
    apr_time_t now = apr_time_now();
    CRM_ERR(check_room(site, pool));
    crm_uuid_make(&id);
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "INSERT INTO job (id, kind, tenant_id, tenant_name, arguments, state, progress, "
        "requested_by, request_id, created_at, takes, attempts, due_at) "
        "VALUES (?, ?, ?, ?, ?, 'queued', 0, ?, ?, ?, 0, 0, ?)",
        CRM_ARGS(crm_uuid(&id), crm_text(order->kind), crm_uuid(&order->tenant->id),
                 crm_text(order->tenant->name),
                 crm_text(crm_json_text(pool, order->arguments, NULL)),
                 crm_text(order->requested_by), crm_text(order->request_id), crm_time(now),
                 crm_time(now)),
        NULL));
    *ret_id = id;
    crm_job_wake(site);
    return NULL;
}

crm_error_t *crm_job_get(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                         crm_job_t **ret_job)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool, "SELECT " COLUMNS " FROM job j WHERE j.id = ?", TYPES,
                          CRM_ARGS(crm_uuid(id)), &rows));
    if (rows->count == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    *ret_job = read_job(pool, crm_row(rows, 0));
    return NULL;
}

void crm_job_wake(const crm_site_t *site)
{
    crm_semaphore_release(site->job_bell);
}

void crm_job_wait(const crm_site_t *site, apr_interval_time_t timeout)
{
    crm_semaphore_listen(site->job_bell, timeout);
}

/* ---- removing ---- */

crm_error_t *crm_job_remove(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id)
{
    crm_job_t *job;
    apr_int64_t removed;
    CRM_ERR(crm_job_get(site, pool, id, &job));
    CRM_ERR(crm_db_execute(&site->main, pool, "DELETE FROM job WHERE id = ? AND state <> 'running'",
                           CRM_ARGS(crm_uuid(id)), &removed));
    if (!removed) {
        CRM_ERR(crm_job_get(site, pool, id, &job));
        return crm_error_make(pool, CRM_E_CONFLICT,
                              "The job is running: it can be removed when it has ended.");
    }
    return crm_job_file_clear(site, pool, id);
}

/* 1 when a job that is still to be done restores the tenant from what JOB has saved. */
static crm_error_t *is_needed(const crm_site_t *site, apr_pool_t *pool, const crm_job_t *job,
                              int *ret_needed)
{
    const crm_rows_t *rows;
    *ret_needed = 0;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT " COLUMNS " FROM job j WHERE j.tenant_id = ? AND "
                          "j.kind = 'restore' AND (j.state = 'queued' OR j.state = 'running')",
                          TYPES, CRM_ARGS(crm_uuid(&job->tenant_id)), &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_job_t *other = read_job(pool, crm_row(rows, i));
        const char *source = json_string_value(json_object_get(other->arguments, "job"));
        *ret_needed |= source && strcmp(source, crm_uuid_text(pool, &job->id)) == 0;
    }
    return NULL;
}

crm_error_t *crm_job_purge(const crm_site_t *site, apr_pool_t *pool)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT " COLUMNS " FROM job j WHERE j.finished_at <= ? "
                          "AND (j.state = 'done' OR j.state = 'failed') "
                          "ORDER BY j.finished_at LIMIT 100",
                          TYPES, CRM_ARGS(crm_time(apr_time_now() - site->jobs.keep)), &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_job_t *job = read_job(pool, crm_row(rows, i));
        int needed;
        CRM_ERR(is_needed(site, pool, job, &needed));
        if (!needed) {
            crm_error_t *error = crm_job_remove(site, pool, &job->id);
            if (error && error->kind != CRM_E_NOT_FOUND) {
                return error;
            }
        }
    }
    return NULL;
}

/* ---- running ---- */

crm_error_t *crm_job_is_any(const crm_site_t *site, apr_pool_t *pool, int *ret_any)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT id FROM job WHERE state = 'running' OR (state = 'queued' AND "
                          "due_at <= ?) LIMIT 1",
                          "u", CRM_ARGS(crm_time(apr_time_now())), &rows));
    *ret_any = rows->count > 0;
    return NULL;
}

/* The row is the caller's, if it is still as it was looked at. */
static crm_error_t *claim(const crm_site_t *site, apr_pool_t *pool, crm_job_t *job, int slot,
                          int *ret_ours)
{
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "UPDATE job SET state = 'running', slot = ?, takes = takes + 1, attempts = attempts + 1, "
        "started_at = COALESCE(started_at, ?) WHERE id = ? AND takes = ? AND state = ?",
        CRM_ARGS(crm_int(slot), crm_time(apr_time_now()), crm_uuid(&job->id), crm_int(job->takes),
                 crm_text(job->state)),
        &affected));
    *ret_ours = affected > 0;
    job->takes++;
    job->attempts++;
    job->state = "running";
    return NULL;
}

typedef struct taking_t {
    const crm_site_t *site;
    int slot;
    crm_job_t *job; /* or NULL */
} taking_t;

/* The first of what died in the slot, and of what waits for nothing else. */
static crm_error_t *take(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    taking_t *taking = baton;
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT " COLUMNS " FROM job j WHERE j.state = 'running' AND j.slot = ?",
                          TYPES, CRM_ARGS(crm_int(taking->slot)), &rows));
    if (rows->count == 0) {
        CRM_ERR(crm_db_select(
            db, pool,
            "SELECT " COLUMNS " FROM job j WHERE j.state = 'queued' AND j.due_at <= ? AND NOT "
            "EXISTS (SELECT 1 FROM job o WHERE o.tenant_id = j.tenant_id AND (o.state = 'running' "
            "OR (o.state = 'queued' AND o.id < j.id))) ORDER BY j.id LIMIT " LOOK,
            TYPES, CRM_ARGS(crm_time(apr_time_now())), &rows));
    }
    int ours = 0;
    for (int i = 0; i < rows->count && !ours; i++) {
        taking->job = read_job(pool, crm_row(rows, i));
        CRM_ERR(claim(taking->site, pool, taking->job, taking->slot, &ours));
    }
    if (!ours) {
        taking->job = NULL;
    }
    return NULL;
}

crm_error_t *crm_job_take(const crm_site_t *site, apr_pool_t *pool, int slot, crm_job_t **ret_job)
{
    taking_t taking = {.site = site, .slot = slot};
    /* one at a time: two jobs of one tenant must not be taken together */
    crm_error_t *error = crm_db_with_lock(&site->main, pool, "jobs-take", 0, take, &taking);
    if (error && error->kind != CRM_E_LOCKED) {
        return error;
    }
    *ret_job = taking.job;
    return NULL;
}

/* Who changed no row has lost it. */
static crm_error_t *still_ours(apr_pool_t *pool, apr_int64_t affected)
{
    return affected > 0
               ? NULL
               : crm_error_make(pool, CRM_E_CONFLICT, "The job is somebody else's by now.");
}

crm_error_t *crm_job_advance(const crm_site_t *site, apr_pool_t *pool, crm_job_t *job, int progress)
{
    apr_int64_t affected;
    job->progress = progress > job->progress ? progress : job->progress;
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "UPDATE job SET progress = ? WHERE id = ? AND takes = ? AND state = 'running'",
        CRM_ARGS(crm_int(job->progress), crm_uuid(&job->id), crm_int(job->takes)), &affected));
    return still_ours(pool, affected);
}

crm_error_t *crm_job_makes(const crm_site_t *site, apr_pool_t *pool, crm_job_t *job,
                           const crm_uuid_t *made)
{
    apr_int64_t affected;
    job->made = *made;
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "UPDATE job SET made_id = ? WHERE id = ? AND takes = ? AND state = 'running'",
        CRM_ARGS(crm_uuid(made), crm_uuid(&job->id), crm_int(job->takes)), &affected));
    return still_ours(pool, affected);
}

crm_error_t *crm_job_finish(const crm_site_t *site, apr_pool_t *pool, const crm_job_t *job,
                            const json_t *result, const char *file)
{
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "UPDATE job SET state = 'done', progress = 100, result = ?, file = ?, error = NULL, "
        "error_status = NULL, slot = NULL, finished_at = ? "
        "WHERE id = ? AND takes = ? AND state = 'running'",
        CRM_ARGS(crm_text(crm_json_text(pool, result, NULL)), crm_text(file),
                 crm_time(apr_time_now()), crm_uuid(&job->id), crm_int(job->takes)),
        &affected));
    return still_ours(pool, affected);
}

/* What a client may know of ERROR. */
static crm_value_t error_text(apr_pool_t *pool, const crm_error_t *error)
{
    const char *text = error->detail;
    for (int i = 0; error->fields && i < error->fields->nelts; i++) {
        const crm_field_error_t *one = &APR_ARRAY_IDX(error->fields, i, crm_field_error_t);
        text = apr_pstrcat(pool, i ? text : "", i ? " " : "", one->field, ": ", one->message, NULL);
    }
    if (error->kind == CRM_E_INTERNAL && error->cause) {
        text = apr_pstrcat(pool, text, " The server's error log says why.", NULL);
    }
    text = crm_text_replace_invalid(pool, text, strlen(text));
    return crm_text(crm_text_cut(pool, text, ERROR_MAX));
}

crm_error_t *crm_job_fail(const crm_site_t *site, apr_pool_t *pool, const crm_job_t *job,
                          const crm_error_t *error)
{
    return crm_db_execute(
        &site->main, pool,
        "UPDATE job SET state = 'failed', error = ?, error_status = ?, slot = NULL, "
        "finished_at = ? WHERE id = ? AND takes = ? AND state = 'running'",
        CRM_ARGS(error_text(pool, error), crm_int(crm_error_status(error->kind)),
                 crm_time(apr_time_now()), crm_uuid(&job->id), crm_int(job->takes)),
        NULL);
}

crm_error_t *crm_job_give_back(const crm_site_t *site, apr_pool_t *pool, const crm_job_t *job,
                               const crm_error_t *error)
{
    apr_time_t due = apr_time_now();
    if (error) {
        due += FIRST_PAUSE << (job->attempts - 1);
    }
    return crm_db_execute(
        &site->main, pool,
        "UPDATE job SET state = 'queued', slot = NULL, attempts = ?, due_at = ?, error = ?, "
        "error_status = ? WHERE id = ? AND takes = ? AND state = 'running'",
        CRM_ARGS(crm_int(error ? job->attempts : job->attempts - 1), crm_time(due),
                 error ? error_text(pool, error) : crm_null(),
                 error ? crm_int(crm_error_status(error->kind)) : crm_null_of(CRM_V_INTEGER),
                 crm_uuid(&job->id), crm_int(job->takes)),
        NULL);
}
