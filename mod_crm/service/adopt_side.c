/* service/adopt_side.c - the side file: lines that are written along with transactions. */
#include <string.h>

#include <apr_file_io.h>

#include "service/adopt_part.h"

/* The file must hold what was written by transactions that were committed. */
static crm_error_t *open_file(crm_adopt_side_t *side, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t status =
        apr_file_open(&side->file, side->path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE, side->pool);
    if (status == APR_SUCCESS) {
        status = apr_file_info_get(&info, APR_FINFO_SIZE, side->file);
    }
    if (status != APR_SUCCESS) {
        side->file = NULL;
        return crm_error_system(pool, status, "The side file %s cannot be written", side->path);
    }
    if (info.size < side->size) {
        side->file = NULL;
        return crm_error_make(pool, CRM_E_CONFLICT,
                              "The side file %s is missing or shorter than what was written to it. "
                              "Put it back, or name the folder that has it with --side-files.",
                              side->path);
    }
    return NULL;
}

static apr_status_t write_lines(crm_adopt_side_t *side, const apr_array_header_t *lines,
                                apr_off_t *ret_size)
{
    apr_off_t at = side->size;
    apr_status_t status = apr_file_trunc(side->file, side->size);
    if (status == APR_SUCCESS) {
        status = apr_file_seek(side->file, APR_SET, &at);
    }
    at = side->size;
    for (int i = 0; i < lines->nelts && status == APR_SUCCESS; i++) {
        const char *line = APR_ARRAY_IDX(lines, i, const char *);
        apr_size_t written, size = strlen(line);
        status = apr_file_write_full(side->file, line, size, &written);
        at += (apr_off_t)size;
    }
    if (status == APR_SUCCESS) {
        status = apr_file_sync(side->file);
    }
    *ret_size = at;
    return status;
}

crm_error_t *crm_adopt_side_write(crm_adopt_side_t *side, apr_pool_t *pool,
                                  const apr_array_header_t *lines, apr_off_t *ret_size)
{
    *ret_size = side->size;
    if (lines->nelts == 0 || !side->path) {
        return NULL;
    }
    if (!side->file) {
        CRM_ERR(open_file(side, pool));
    }
    apr_status_t status = write_lines(side, lines, ret_size);
    return status == APR_SUCCESS
               ? NULL
               : crm_error_system(pool, status, "The side file %s cannot be written", side->path);
}
