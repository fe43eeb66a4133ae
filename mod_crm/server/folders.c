/* server/folders.c - folders and files that the children need, prepared by the parent. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include <httpd.h>
#include <unixd.h>

#include "server/folders.h"
#include "service/site.h"

#define PRIVATE (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE)
#define PUBLIC                                                                                     \
    (PRIVATE | APR_FPROT_GREAD | APR_FPROT_GEXECUTE | APR_FPROT_WREAD | APR_FPROT_WEXECUTE)

static const char *parent_of(apr_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? "/" : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

/* The folders above are open to others, so that the children's user gets through; what is in it is
 * for him alone. */
static crm_error_t *make_folder(apr_pool_t *pool, const char *directive, const char *path)
{
    if (!path) {
        return NULL;
    }
    apr_status_t status = apr_dir_make_recursive(parent_of(pool, path), PUBLIC, pool);
    if (status == APR_SUCCESS) {
        status = apr_dir_make(path, PRIVATE, pool);
    }
    if (status != APR_SUCCESS && !APR_STATUS_IS_EEXIST(status)) {
        return crm_error_system(pool, status, "cannot make the folder %s of %s", path, directive);
    }
    if (geteuid() == 0 && chown(path, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) {
        return crm_error_system(pool, errno, "cannot give the folder %s to the children's user",
                                path);
    }
    return NULL;
}

crm_error_t *crm_folders_make(apr_pool_t *pool, const crm_settings_t *settings)
{
    CRM_ERR(make_folder(pool, "CrmHistorySpool", crm_site_spool(pool, settings)));
    return make_folder(pool, "CrmJobFiles", crm_site_job_files(pool, settings));
}

/* 1 when the children's user may write PATH (and, of a folder, search it), or PATH is not there. */
static int may_write(const char *path)
{
    struct stat info;
    mode_t needed;

    if (stat(path, &info) != 0) {
        return errno == ENOENT;
    }
    if (geteuid() != 0) {
        return access(path, S_ISDIR(info.st_mode) ? W_OK | X_OK : W_OK) == 0;
    }
    needed = S_ISDIR(info.st_mode) ? 3 : 2;
    if (info.st_uid == ap_unixd_config.user_id) {
        needed <<= 6;
    } else if (info.st_gid == ap_unixd_config.group_id) {
        needed <<= 3;
    }
    return (info.st_mode & needed) == needed || ap_unixd_config.user_id == 0;
}

static const char *unwritable(apr_pool_t *pool, const char *directive, const char *path)
{
    if (may_write(path)) {
        return NULL;
    }
    return apr_psprintf(pool, "%s: %s cannot be written by the user that answers requests (\"%s\")",
                        directive, path,
                        ap_unixd_config.user_name ? ap_unixd_config.user_name : "#-1");
}

const char *crm_folders_unwritable(apr_pool_t *pool, const crm_settings_t *settings)
{
    const struct {
        const char *directive;
        const crm_db_url_t *url;
    } rows[] = {{"CrmMainDatabase", settings->main_database},
                {"CrmTenantDatabase", settings->tenant_database}};

    for (int i = 0; i < 2; i++) {
        if (strcmp(rows[i].url->driver, "sqlite3") == 0) {
            const char *file = rows[i].url->database;
            const char *text = unwritable(pool, rows[i].directive, parent_of(pool, file));
            if (!text) {
                text = unwritable(pool, rows[i].directive, file);
            }
            if (text) {
                return text;
            }
        }
    }
    return NULL;
}
