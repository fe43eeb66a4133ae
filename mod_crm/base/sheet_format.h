/* base/sheet_format.h - what a format of spreadsheets must do for base/sheet: hand out raw rows.
 *
 * Inside base/sheet*.c, base/csv*.c and base/xlsx*.c only.
 */
#ifndef CRM_BASE_SHEET_FORMAT_H
#define CRM_BASE_SHEET_FORMAT_H

#include <apr_pools.h>

#include "base/error.h"
#include "base/sheet.h"

/* A row as the file has it. */
typedef struct crm_sheet_raw_t {
    apr_int64_t number;
    int count;
    const char *cells[CRM_SHEET_COLUMNS]; /* never NULL below count */
} crm_sheet_raw_t;

typedef struct crm_sheet_format_t {
    /* Opens FD for reading. Fills in FACTS' format, charset and sheet. */
    crm_error_t *(*open)(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                         crm_sheet_facts_t *facts, void **ret_reader);
    /* The next row, which may be empty, valid until the next call; *RET_END is 1 after the last. */
    crm_error_t *(*next)(void *reader, crm_sheet_raw_t *row, int *ret_end);
} crm_sheet_format_t;

extern const crm_sheet_format_t crm_csv_format;
extern const crm_sheet_format_t crm_xlsx_format;

/* A BAD_REQUEST error: "Row 12, column C: FORMAT's text". COLUMN is 1-based, or 0 for none. */
crm_error_t *crm_sheet_error(apr_pool_t *pool, apr_int64_t row, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5), returns_nonnull));

/* Reads up to SIZE bytes at OFFSET, less only at the end of the file. */
crm_error_t *crm_sheet_pread(apr_pool_t *pool, int fd, apr_uint64_t offset, void *to,
                             apr_size_t size, apr_size_t *ret_size);

#endif
