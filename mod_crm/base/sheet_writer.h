/* base/sheet_writer.h - spreadsheets written as streams of rows: CSV and XLSX behind one interface.
 *
 * Memory does not grow with the file. CSV (RFC 4180: commas, CRLF) is given away as rows come; XLSX
 * (by libxlsxwriter) is made in temporary files and given away when it is finished.
 *
 * Formulas are defused in CSV, which cannot say that a cell is text: a text that matches
 * ^'*[=+\-@\t\r] gets one apostrophe in front, which base/sheet takes away again, so that every
 * text comes back as it was. In XLSX, text is text.
 *
 *   kind       CSV                             XLSX
 *   number     as given                        a number; as text when it has more than 15
 *                                              significant digits, which XLSX would not keep
 *   boolean    true, false                     a boolean
 *   date       2026-11-23                      a date; as text before 1900
 *   time       2026-11-23T10:00:00.120000Z     a date and time, UTC, in milliseconds; as text
 * before 1900
 */
#ifndef CRM_BASE_SHEET_WRITER_H
#define CRM_BASE_SHEET_WRITER_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/error.h"
#include "base/sheet.h"

#define CRM_SHEET_XLSX_TEXT 32767 /* UTF-16 code units in a cell of XLSX */

typedef enum {
    CRM_CELL_EMPTY,
    CRM_CELL_TEXT,
    CRM_CELL_NUMBER,
    CRM_CELL_BOOLEAN,
    CRM_CELL_DATE,
    CRM_CELL_TIME
} crm_cell_kind_e;

typedef struct crm_sheet_cell_t {
    crm_cell_kind_e kind;
    const char *text; /* TEXT: UTF-8; NUMBER: a decimal, "-12.50" */
    int boolean;
    apr_time_t time; /* TIME; DATE: at 00:00 UTC */
} crm_sheet_cell_t;

/* Takes SIZE bytes of the file, 1 or more; an error ends the writing. */
typedef crm_error_t *crm_sheet_take_fn(void *baton, const char *bytes, apr_size_t size);

typedef struct crm_sheet_writer_options_t {
    crm_sheet_format_e format;
    int with_bom;       /* CSV: begins with a byte order mark, for Excel's sake */
    const char *sheet;  /* XLSX: the sheet's name, as Excel allows it; NULL: "Sheet1" */
    const char *folder; /* for temporary files; NULL: $TMPDIR or /tmp */
    crm_sheet_take_fn *take;
    void *baton;
} crm_sheet_writer_options_t;

typedef struct crm_sheet_writer_t crm_sheet_writer_t;

/* A writer whose first row has the COUNT names of HEADER (bold, and staying in sight, in XLSX). All
 * ends with POOL, also when it was not finished; errors live in it. */
crm_error_t *crm_sheet_writer_open(apr_pool_t *pool, const crm_sheet_writer_options_t *options,
                                   const char *const *header, int count,
                                   crm_sheet_writer_t **ret_writer);

/* Adds a row of as many cells as the header has. A BAD_REQUEST error, of XLSX alone, when a text
 * has more than CRM_SHEET_XLSX_TEXT code units or it would be row 1,048,577. */
crm_error_t *crm_sheet_writer_row(crm_sheet_writer_t *writer, const crm_sheet_cell_t *cells);

/* Ends the file and gives away what has not been yet. */
crm_error_t *crm_sheet_writer_finish(crm_sheet_writer_t *writer);

#endif
