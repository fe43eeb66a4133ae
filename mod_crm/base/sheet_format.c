/* base/sheet_format.c - what the formats of spreadsheets share: errors with a place, reading. */
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/sheet_format.h"

#define LETTERS 26

const char *crm_sheet_column(apr_pool_t *pool, int column)
{
    char letters[8];
    char *at = letters + sizeof(letters);
    *--at = '\0';
    for (; column > 0 && at > letters; column = (column - 1) / LETTERS) {
        *--at = (char)('A' + (column - 1) % LETTERS);
    }
    return apr_pstrdup(pool, at);
}

crm_error_t *crm_sheet_error(apr_pool_t *pool, apr_int64_t row, int column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    if (column == 0) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST, "Row %" APR_INT64_T_FMT ": %s", row, text);
    }
    return crm_error_make(pool, CRM_E_BAD_REQUEST, "Row %" APR_INT64_T_FMT ", column %s: %s", row,
                          crm_sheet_column(pool, column), text);
}

crm_error_t *crm_sheet_pread(apr_pool_t *pool, int fd, apr_uint64_t offset, void *to,
                             apr_size_t size, apr_size_t *ret_size)
{
    apr_size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (char *)to + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "reading a spreadsheet");
        }
        if (got == 0) {
            break;
        }
        done += (apr_size_t)got;
    }
    *ret_size = done;
    return NULL;
}
