/* base/sheet.h - spreadsheets read as streams of rows: CSV and XLSX behind one interface.
 *
 * A file is read by pread(2) only: its offset is not used, and one descriptor can be read by many
 * at once. Memory does not grow with the file: a row lives until the next is asked for.
 *
 * Rows are records, not lines, and have the numbers that a person sees who opens the file in a
 * spreadsheet: the first is 1, empty rows are left out but counted, a quoted line end begins no
 * row, and CSV's line `sep=;` is none. The first row that is not empty is the header; its cells,
 * without the empty ones at its end, say how wide the sheet is, and each row after it is handed out
 * with just as many cells. A row is empty when each of its cells is.
 *
 * What a file may be: CSV (base/csv.h) or XLSX (base/xlsx.h), told apart by content. A file that is
 * damaged or means harm is a BAD_REQUEST error that says what is wrong and where ("Row 12, column
 * C: ..."); nothing can be read after it. Errors live in the pool that the sheet was opened with.
 */
#ifndef CRM_BASE_SHEET_H
#define CRM_BASE_SHEET_H

#include <apr_pools.h>

#include "base/error.h"

#define CRM_SHEET_COLUMNS 16384     /* in a row */
#define CRM_SHEET_CELL (1 << 20)    /* bytes of a cell, as UTF-8 */
#define CRM_SHEET_RECORD (8 << 20)  /* bytes of a row, all its cells together */
#define CRM_SHEET_XLSX_ROWS 1048576 /* in a sheet of XLSX; CSV has no such limit */

typedef enum { CRM_SHEET_CSV, CRM_SHEET_XLSX } crm_sheet_format_e;

/* All zero is a good choice. */
typedef struct crm_sheet_options_t {
    const char *sheet;    /* XLSX: a sheet's name or 1-based number; NULL: the first visible one */
    const char *charset;  /* CSV: what was announced; NULL: found out by reading the whole file */
    int keep_apostrophes; /* CSV: do not undo the writer's defusing of formulas */
    const char *folder;   /* for temporary files; NULL: $TMPDIR or /tmp */
} crm_sheet_options_t;

typedef struct crm_sheet_row_t {
    apr_int64_t number;       /* 1-based */
    int count;                /* of cells */
    const char *const *cells; /* UTF-8 without NUL; "" for one that is empty or absent */
    const char *problem;      /* what is wrong with this row alone (it is too long), or NULL */
} crm_sheet_row_t;

/* What one pass over a file finds. */
typedef struct crm_sheet_facts_t {
    crm_sheet_format_e format;
    const char *charset; /* CSV: to be given as options to who reads it again, else NULL */
    const char *sheet;   /* XLSX: the name of the sheet that was read, else NULL */
    int columns;         /* of the header; 0 in an empty file */
    apr_int64_t rows;    /* not empty, after the header */
    apr_int64_t last;    /* the number of the last of them, or of the header; 0 in an empty file */
} crm_sheet_facts_t;

typedef struct crm_sheet_t crm_sheet_t;

/* Opens the file at PATH, or that of descriptor FD (a regular file, which stays the caller's and
 * must outlive the sheet). OPTIONS may be NULL; its texts must outlive the sheet. All ends with
 * POOL. */
crm_error_t *crm_sheet_open(apr_pool_t *pool, const char *path, const crm_sheet_options_t *options,
                            crm_sheet_t **ret_sheet);
crm_error_t *crm_sheet_open_fd(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                               crm_sheet_t **ret_sheet);

/* What was found out at opening: format, charset and sheet; the counts are of what was read. */
void crm_sheet_facts(const crm_sheet_t *sheet, crm_sheet_facts_t *ret_facts);

/* The next row that is not empty, valid until the next call; NULL after the last. The first one is
 * the header. After an error each call gives the same one again. */
crm_error_t *crm_sheet_next(crm_sheet_t *sheet, const crm_sheet_row_t **ret_row);

/* From now on rows with a number below NUMBER are passed over (the header is not, when it has not
 * been read yet). */
void crm_sheet_skip_to(crm_sheet_t *sheet, apr_int64_t number);

/* Reads the file of FD to its end, so that one that is damaged is found before anything is done
 * with its rows. Rows that are merely too long are counted, and no error. */
crm_error_t *crm_sheet_check(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                             crm_sheet_facts_t *ret_facts);

/* The letters of the 1-based COLUMN: A, Z, AA, XFD. */
const char *crm_sheet_column(apr_pool_t *pool, int column);

#endif
