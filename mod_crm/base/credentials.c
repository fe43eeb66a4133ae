/* base/credentials.c - a user and a password from a file of their own. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/credentials.h"

#define LINE_MAX_SIZE 1024
#define OTHERS                                                                                     \
    (APR_FPROT_GREAD | APR_FPROT_GWRITE | APR_FPROT_GEXECUTE | APR_FPROT_WREAD |                   \
     APR_FPROT_WWRITE | APR_FPROT_WEXECUTE)

static crm_error_t *fault(apr_pool_t *pool, const char *path, const char *sentence)
{
    return crm_error_make(pool, CRM_E_INTERNAL, "The file \"%s\" %s", path, sentence);
}

static crm_error_t *read_line(apr_pool_t *pool, const char *path, apr_file_t *file,
                              const char **ret_line)
{
    apr_finfo_t info;
    char line[LINE_MAX_SIZE];
    apr_status_t status = apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_TYPE, file);
    if (status != APR_SUCCESS || info.filetype != APR_REG) {
        return fault(pool, path, "is not a regular file: name a file with \"user:password\".");
    }
    if (info.protection & OTHERS) {
        return fault(pool, path, "can be reached by its group or by others: run chmod 600 on it.");
    }
    if (apr_file_gets(line, sizeof(line), file) != APR_SUCCESS) {
        return fault(pool, path, "is empty or cannot be read: it must be \"user:password\".");
    }
    line[strcspn(line, "\r\n")] = '\0';
    *ret_line = apr_pstrdup(pool, line);
    return NULL;
}

crm_error_t *crm_credentials_read(apr_pool_t *pool, const char *path, const char **ret_user,
                                  const char **ret_password)
{
    apr_file_t *file;
    const char *line;
    apr_finfo_t info;
    /* looked at before it is opened: a FIFO must not stop the server's start */
    if (apr_stat(&info, path, APR_FINFO_TYPE, pool) != APR_SUCCESS || info.filetype != APR_REG ||
        apr_file_open(&file, path, APR_FOPEN_READ, 0, pool) != APR_SUCCESS) {
        return fault(pool, path, "is not there or cannot be opened: correct its path.");
    }
    crm_error_t *error = read_line(pool, path, file, &line);
    apr_file_close(file);
    CRM_ERR(error);
    const char *colon = strchr(line, ':');
    if (!colon || colon == line || !colon[1]) {
        return fault(pool, path, "does not hold credentials: it must be \"user:password\".");
    }
    *ret_user = apr_pstrmemdup(pool, line, (apr_size_t)(colon - line));
    *ret_password = colon + 1;
    return NULL;
}
