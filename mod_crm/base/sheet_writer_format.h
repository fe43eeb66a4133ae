/* base/sheet_writer_format.h - what a format of spreadsheets must do for base/sheet_writer.
 *
 * Inside base/sheet_writer.c, base/csv_writer.c and base/xlsx_writer.c only.
 */
#ifndef CRM_BASE_SHEET_WRITER_FORMAT_H
#define CRM_BASE_SHEET_WRITER_FORMAT_H

#include "base/sheet_writer.h"

struct crm_sheet_writer_t {
    apr_pool_t *pool;
    crm_sheet_writer_options_t options;
    int columns;
    apr_int64_t rows; /* with the header */
    const struct crm_sheet_writer_format_t *format;
    void *file;           /* the format's own */
    apr_pool_t *row_pool; /* cleared before each row */
};

typedef struct crm_sheet_writer_format_t {
    /* Sets WRITER's file; the header comes as the first row. */
    crm_error_t *(*open)(crm_sheet_writer_t *writer);
    crm_error_t *(*row)(crm_sheet_writer_t *writer, const crm_sheet_cell_t *cells);
    crm_error_t *(*finish)(crm_sheet_writer_t *writer);
} crm_sheet_writer_format_t;

extern const crm_sheet_writer_format_t crm_csv_writer_format;
extern const crm_sheet_writer_format_t crm_xlsx_writer_format;

#endif
