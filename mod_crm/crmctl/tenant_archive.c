/* crmctl/tenant_archive.c - tenants into files and out of them: backup, restore, export, clone. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/out_file.h"
#include "base/spill.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "crmctl/progress.h"
#include "service/backup.h"
#include "service/tenant_export.h"

/* Files are the caller's own, also where the site is somebody else's. */
static apr_status_t be_caller(void *data)
{
    (void)crm_run_as_caller(data); /* then the file cannot be removed, and is left */
    return APR_SUCCESS;
}

static crm_error_t *open_output(crm_run_t *run, crm_out_file_t *ret_file)
{
    CRM_ERR(crm_out_file_open(run->pool, run->argv[1], ret_file));
    apr_pool_cleanup_register(run->pool, run->pool, be_caller, apr_pool_cleanup_null);
    return NULL;
}

static crm_error_t *keep_output(crm_run_t *run, crm_out_file_t *file)
{
    CRM_ERR(crm_run_as_caller(run->pool));
    return crm_out_file_keep(file);
}

static crm_error_t *report_file(crm_run_t *run, const crm_tenant_t *tenant,
                                const crm_out_file_t *file, apr_uint64_t rows, const char *what)
{
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_pack("{s:s, s:s, s:I}", "tenant", tenant->name,
                                                    "file", file->path, "rows", (json_int_t)rows));
    }
    printf("Tenant %s: %" PRIu64 " rows %s %s.\n", tenant->name, (uint64_t)rows, what, file->path);
    return NULL;
}

/* ---- tenant backup, tenant export */

/* crm_tenant_backup and crm_tenant_export. */
typedef crm_error_t *write_fn(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                              int fd, crm_row_progress_t *progress, apr_uint64_t *ret_rows);

static crm_error_t *write_file(crm_run_t *run, write_fn *write, const char *what)
{
    apr_pool_t *pool = run->pool;
    crm_row_progress_t told = crm_progress_rows(run);
    crm_out_file_t file;
    crm_tenant_t *tenant;
    crm_site_t *site;
    apr_uint64_t rows;

    CRM_ERR(open_output(run, &file));
    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_tenant_find(site, pool, run->argv[0], &tenant));
    CRM_ERR(write(site, pool, tenant, file.fd, &told, &rows));
    CRM_ERR(keep_output(run, &file));
    return report_file(run, tenant, &file, rows, what);
}

static crm_error_t *run_backup(crm_run_t *run)
{
    return write_file(run, crm_tenant_backup, "saved in");
}

static crm_error_t *run_export(crm_run_t *run)
{
    return write_file(run, crm_tenant_export, "exported to");
}

/* ---- tenant restore, tenant clone */

static apr_status_t close_file(void *data)
{
    close(*(int *)data);
    return APR_SUCCESS;
}

static crm_error_t *open_file(apr_pool_t *pool, const char *path, int *ret_fd)
{
    int *fd = apr_palloc(pool, sizeof(*fd));
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return crm_error_make(pool, CRM_E_NOT_FOUND, "%s cannot be read: %s.", path,
                              strerror(errno));
    }
    apr_pool_cleanup_register(pool, fd, close_file, apr_pool_cleanup_null);
    *ret_fd = *fd;
    return NULL;
}

static crm_error_t *report(crm_run_t *run, const crm_tenant_t *tenant, const char *what)
{
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_pack("{s:s, s:s, s:s, s:s}", "id",
                                                    crm_uuid_text(run->pool, &tenant->id), "name",
                                                    tenant->name, "slug", tenant->slug,
                                                    "database_name", tenant->database_name));
    }
    printf("Tenant %s %s: slug %s, database %s.\n", tenant->name, what, tenant->slug,
           tenant->database_name);
    return NULL;
}

static crm_error_t *run_restore(crm_run_t *run)
{
    crm_row_progress_t told = crm_progress_rows(run);
    crm_restore_t restore = {.as = crm_run_option(run, "--as")};
    crm_tenant_t *tenant;
    crm_site_t *site;
    int fd;

    CRM_ERR(open_file(run->pool, run->argv[0], &fd));
    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_archive_open(run->pool, fd, run->argv[0], &told, &restore.archive));
    CRM_ERR(crm_tenant_restore(site, run->pool, &restore, &tenant));
    return report(run, tenant, "restored");
}

static crm_error_t *run_clone(crm_run_t *run)
{
    apr_pool_t *pool = run->pool;
    crm_row_progress_t told = crm_progress_rows(run);
    crm_clone_t clone = {.restore = {.as = run->argv[1]}, .progress = &told};
    crm_tenant_t *tenant, *made;
    crm_site_t *site;

    if (crm_run_option(run, "--without-people")) {
        clone.restore.flags |= CRM_RESTORE_NO_PEOPLE;
    }
    if (crm_run_option(run, "--without-history")) {
        clone.restore.flags |= CRM_RESTORE_NO_HISTORY;
    }
    CRM_ERR(crm_spill_file(pool, NULL, &clone.fd)); /* the caller's $TMPDIR, not the server's */
    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(crm_tenant_find(site, pool, run->argv[0], &tenant));
    CRM_ERR(crm_tenant_clone(site, pool, tenant, &clone, &made));
    return report(run, made, "cloned");
}

static const crm_option_t restore_options[] = {
    {.name = "--as",
     .value = "NAME",
     .help = "Makes a new tenant of that name, beside the one that was saved."},
    {.name = NULL},
};
static const crm_option_t clone_options[] = {
    {.name = "--without-people",
     .help = "Leaves out accounts and History, and who made or changed what."},
    {.name = "--without-history", .help = "Leaves out History and its statistics."},
    {.name = NULL},
};

static const char *const backup_examples[] = {"crmctl tenant backup acme /var/backups/acme.crm.zip",
                                              NULL};
static const char *const restore_examples[] = {
    "crmctl tenant restore /var/backups/acme.crm.zip",
    "crmctl tenant restore /var/backups/acme.crm.zip --as \"Acme before\"", NULL};
static const char *const export_examples[] = {"crmctl tenant export acme acme.zip", NULL};
static const char *const clone_examples[] = {
    "crmctl tenant clone acme \"Acme training\" --without-history", NULL};

const crm_command_t crm_tenant_archive_commands[] = {
    {.name = "tenant backup",
     .arguments = "NAME FILE",
     .min_args = 2,
     .max_args = 2,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .summary = "all of a tenant into a file",
     .help = "Saves the tenant NAME (its name or slug) in FILE: all tables of its database as they "
             "are at one moment, while the server goes on. FILE is written beside its name and "
             "renamed when it is whole. It holds hashes of passwords and tokens: it is for its "
             "owner alone.",
     .examples = backup_examples,
     .run = run_backup},
    {.name = "tenant restore",
     .arguments = "FILE",
     .min_args = 1,
     .max_args = 1,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = restore_options,
     .summary = "a tenant out of a file",
     .help = "Makes the tenant that \"crmctl tenant backup\" saved in FILE, on whatever database "
             "the server has now. All checksums are compared first. The tenant is there when all "
             "of it is; what a killed run left is removed. With --as, a tenant of its own, without "
             "tokens; while the one it is a copy of is there, its people log in by naming the "
             "tenant.",
     .examples = restore_examples,
     .run = run_restore},
    {.name = "tenant export",
     .arguments = "NAME FILE",
     .min_args = 2,
     .max_args = 2,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .summary = "all of a tenant, for others to read",
     .help =
         "Writes all that the tenant has into FILE, a ZIP of JSON lines and CSV with its schema "
         "and checksums, which needs no mod_crm to be read. Passwords and tokens are left out; "
         "it cannot be restored: that is what backups are for.",
     .examples = export_examples,
     .run = run_export},
    {.name = "tenant clone",
     .arguments = "NAME NEW",
     .min_args = 2,
     .max_args = 2,
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = clone_options,
     .summary = "a copy of a tenant, without passwords",
     .help = "Makes the tenant NEW as a copy of NAME at one moment. Accounts come along without "
             "passwords and tokens: each gets a password by \"forgotten password\".",
     .examples = clone_examples,
     .run = run_clone},
    {.name = NULL},
};
