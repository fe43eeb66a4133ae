/* service/job_work.c - what jobs do. */
#include "service/job_work.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/spill.h"
#include "service/backup.h"
#include "service/job_file.h"
#include "service/tenant_export.h"
#include "service/tenant_move.h"
#include "service/tenant_row.h"

static const char *argument(const crm_job_run_t *run, const char *name)
{
    return json_string_value(json_object_get(run->job->arguments, name));
}

static crm_error_t *tenant_of(const crm_job_run_t *run, crm_tenant_t **ret_tenant)
{
    crm_error_t *error = crm_tenant_by_id(run->site, run->pool, &run->job->tenant_id, ret_tenant);
    return error && error->kind == CRM_E_NOT_FOUND
               ? crm_error_make(run->pool, CRM_E_NOT_FOUND, "The tenant is gone.")
               : error;
}

/* ---- files ---- */

/* crm_tenant_backup and crm_tenant_export. */
typedef crm_error_t *write_fn(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                              int fd, crm_row_progress_t *progress, apr_uint64_t *ret_rows);

static crm_error_t *write_file(crm_job_run_t *run, write_fn *write, json_t **ret_result)
{
    crm_tenant_t *tenant;
    crm_out_file_t *file = apr_palloc(run->pool, sizeof(*file));
    apr_uint64_t rows;
    CRM_ERR(tenant_of(run, &tenant));
    CRM_ERR(crm_job_file_clear(run->site, run->pool, &run->job->id));
    CRM_ERR(crm_job_file_begin(run->site, run->pool, &run->job->id, file, &run->name));
    CRM_ERR(write(run->site, run->pool, tenant, file->fd, &run->progress, &rows));
    off_t size = lseek(file->fd, 0, SEEK_END);
    CRM_ERR(crm_out_file_keep(file));
    *ret_result = crm_json_own(
        run->pool, json_pack("{s:I, s:I}", "rows", (json_int_t)rows, "size", (json_int_t)size));
    return NULL;
}

static crm_error_t *run_backup(crm_job_run_t *run, json_t **ret_result)
{
    return write_file(run, crm_tenant_backup, ret_result);
}

static crm_error_t *run_export(crm_job_run_t *run, json_t **ret_result)
{
    return write_file(run, crm_tenant_export, ret_result);
}

/* ---- tenants that are made ---- */

static json_t *made_json(const crm_job_run_t *run, const crm_tenant_t *tenant)
{
    return crm_json_own(run->pool, json_pack("{s:s, s:s, s:s}", "tenant",
                                             crm_uuid_text(run->pool, &tenant->id), "name",
                                             tenant->name, "slug", tenant->slug));
}

/* From here on the job says which tenant it makes; who has lost the job makes none. */
static crm_error_t *note_made(void *baton, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    crm_job_run_t *run = baton;
    return crm_job_makes(run->site, pool, run->job, &tenant->id);
}

/* Removes what a process that died left of the tenant ID, half made or half removed. */
static crm_error_t *mend(const crm_job_run_t *run, const crm_uuid_t *id)
{
    const crm_rows_t *rows;
    int removed;
    CRM_ERR(crm_db_select(&run->site->main, run->pool,
                          "SELECT id, slug FROM tenant WHERE id = ? AND state = 'creating'", "us",
                          CRM_ARGS(crm_uuid(id)), &rows));
    return rows->count > 0 ? crm_tenant_mend(run->site, run->pool, crm_row(rows, 0), 1, &removed)
                           : NULL;
}

/* What became of the tenant that this job was making when its process died: *RET_TENANT, or NULL
 * where it has to be made, nothing being left of it. */
static crm_error_t *made_before(const crm_job_run_t *run, crm_tenant_t **ret_tenant)
{
    static const crm_uuid_t none = {{0}};
    const crm_uuid_t *id = &run->job->made;
    *ret_tenant = NULL;
    if (memcmp(id, &none, sizeof(none)) == 0) {
        return NULL;
    }
    CRM_ERR(mend(run, id));
    crm_error_t *error = crm_tenant_by_id(run->site, run->pool, id, ret_tenant);
    return error && error->kind == CRM_E_NOT_FOUND ? NULL : error;
}

static crm_error_t *run_clone(crm_job_run_t *run, json_t **ret_result)
{
    crm_clone_t clone = {
        .restore = {.as = argument(run, "name"), .before_end = note_made, .baton = run},
        .progress = &run->progress};
    crm_tenant_t *tenant, *made;
    CRM_ERR(made_before(run, &made));
    if (!made) {
        if (json_is_false(json_object_get(run->job->arguments, "with_people"))) {
            clone.restore.flags |= CRM_RESTORE_NO_PEOPLE;
        }
        if (json_is_false(json_object_get(run->job->arguments, "with_history"))) {
            clone.restore.flags |= CRM_RESTORE_NO_HISTORY;
        }
        CRM_ERR(tenant_of(run, &tenant));
        CRM_ERR(crm_spill_file(run->pool, run->site->jobs.files, &clone.fd));
        CRM_ERR(crm_tenant_clone(run->site, run->pool, tenant, &clone, &made));
    }
    *ret_result = made_json(run, made);
    return NULL;
}

/* The job whose file a tenant is restored from. */
static crm_error_t *source_of(const crm_job_run_t *run, crm_job_t **ret_source)
{
    const char *text = argument(run, "job");
    crm_uuid_t id;
    crm_error_t *error = text && crm_uuid_parse(text, &id)
                             ? crm_job_get(run->site, run->pool, &id, ret_source)
                             : crm_error_standard(run->pool, CRM_E_NOT_FOUND);
    if ((error && error->kind == CRM_E_NOT_FOUND) || (!error && !(*ret_source)->file)) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND, "The backup is gone.");
    }
    return error;
}

static crm_error_t *run_restore(crm_job_run_t *run, json_t **ret_result)
{
    crm_restore_t restore = {.as = argument(run, "name"), .before_end = note_made, .baton = run};
    crm_tenant_t *made;
    crm_job_t *source;
    int fd;
    CRM_ERR(made_before(run, &made));
    if (!made) {
        CRM_ERR(source_of(run, &source));
        CRM_ERR(crm_job_file_open(run->site, run->pool, source->file, &fd));
        CRM_ERR(crm_archive_open(run->pool, fd, "The backup", &run->progress, &restore.archive));
        CRM_ERR(crm_tenant_restore(run->site, run->pool, &restore, &made));
    }
    *ret_result = made_json(run, made);
    return NULL;
}

/* ---- a tenant that goes ---- */

static crm_error_t *settle(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const crm_job_run_t *run = baton;
    (void)db;
    return crm_tenant_settle_move(run->site, pool, &run->job->tenant_id);
}

/* One that is there already was moved by this job before its process died, or by somebody else:
 * then nobody knows for how long writes were refused. */
static crm_error_t *run_move(crm_job_run_t *run, json_t **ret_result)
{
    const char *server = argument(run, "server");
    const crm_tenant_move_t move = {.server = crm_server_meant(server), .progress = &run->progress};
    crm_tenant_t *tenant;
    crm_tenant_moved_t moved = {0};
    CRM_ERR(tenant_of(run, &tenant));
    CRM_ERR(crm_tenant_locked(run->site, run->pool, tenant->slug, 1, settle, run));
    CRM_ERR(tenant_of(run, &tenant));
    int there = strcmp(tenant->server, move.server) == 0;
    if (!there) {
        CRM_ERR(crm_tenant_move(run->site, run->pool, tenant, &move, &moved));
    }
    *ret_result = crm_json_own(
        run->pool,
        json_pack("{s:s, s:o}", "server", server, "held_seconds",
                  there ? json_null() : json_real((double)moved.held / APR_USEC_PER_SEC)));
    return NULL;
}

static crm_error_t *run_purge(crm_job_run_t *run, json_t **ret_result)
{
    crm_tenant_t *tenant;
    crm_error_t *error = crm_tenant_by_id(run->site, run->pool, &run->job->tenant_id, &tenant);
    if (!error) {
        error = crm_tenant_purge(run->site, run->pool, tenant);
    }
    if (error && error->kind != CRM_E_NOT_FOUND) {
        return error;
    }
    CRM_ERR(mend(run, &run->job->tenant_id));
    *ret_result = crm_json_own(run->pool, json_object());
    return NULL;
}

/* ---- how much there is to do ---- */

/* The rows of the job's tenant, in all tables. */
static crm_error_t *count_tenant(const crm_job_run_t *run, apr_uint64_t *ret_rows)
{
    apr_array_header_t *tables;
    crm_tenant_t *tenant;
    CRM_ERR(tenant_of(run, &tenant));
    const crm_db_t *db =
        crm_tenant_unversioned(run->site, run->pool, crm_tenant_place(run->pool, tenant));
    *ret_rows = 0;
    CRM_ERR(crm_tables_read(db, run->pool, &tables));
    for (int i = 0; i < tables->nelts; i++) {
        apr_uint64_t rows;
        CRM_ERR(
            crm_table_count(db, run->pool, APR_ARRAY_IDX(tables, i, const crm_table_t *), &rows));
        *ret_rows += rows;
    }
    return NULL;
}

static crm_error_t *count_backup(const crm_job_run_t *run, apr_uint64_t *ret_rows)
{
    crm_job_t *source;
    CRM_ERR(source_of(run, &source));
    *ret_rows = (apr_uint64_t)json_integer_value(json_object_get(source->result, "rows"));
    return NULL;
}

/* ---- the kinds ---- */

const crm_job_kind_t crm_job_kinds[] = {
    {.name = "backup", .has_file = 1, .count = count_tenant, .passes = 1, .work = run_backup},
    {.name = "export", .has_file = 1, .count = count_tenant, .passes = 2, .work = run_export},
    {.name = "clone", .count = count_tenant, .passes = 2, .work = run_clone},
    {.name = "restore", .count = count_backup, .passes = 1, .work = run_restore},
    {.name = "move", .count = count_tenant, .passes = 1, .work = run_move},
    {.name = "purge", .work = run_purge},
    {.name = NULL},
};

const crm_job_kind_t *crm_job_kind(const char *name)
{
    const crm_job_kind_t *kind = crm_job_kinds;
    while (kind->name && strcmp(kind->name, name) != 0) {
        kind++;
    }
    return kind->name ? kind : NULL;
}
