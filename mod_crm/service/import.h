/* service/import.h - records made and changed by the rows of a spreadsheet.
 *
 * The file is read through once before the first row is written; then in chunks of some hundred
 * rows, each one transaction, so that memory does not grow with the file and whoever was
 * interrupted can go on where the last chunk ended. A row that is wrong is told and does not stop
 * the others.
 *
 * A row is that of a record when its id is (column "id"), or else the value of the entity's
 * import->key; other rows make records. What a row leaves empty stays as it is in a record that is
 * there; in one that is made it is filled in by import->complete, else as the field's preset, the
 * first choice of a choice that is required, "" in a text that is.
 */
#ifndef CRM_SERVICE_IMPORT_H
#define CRM_SERVICE_IMPORT_H

#include "base/sheet.h"
#include "service/record_write.h"

/* What becomes of a row whose record is there. */
typedef enum { CRM_DUPLICATE_UPDATE, CRM_DUPLICATE_SKIP, CRM_DUPLICATE_ERROR } crm_duplicate_e;

typedef struct crm_import_options_t {
    crm_sheet_options_t sheet;
    crm_duplicate_e on_duplicate;
    int may_not_change;      /* the caller may only add: rows whose record is there are errors */
    int dry_run;             /* all is done, and undone */
    int partial;             /* of a file that is damaged, what stands before the damage */
    int keep_wrong;          /* the rows that are wrong are wanted as a file */
    apr_int64_t resume_from; /* rows up to this number were done before */
    crm_import_links_t links;
} crm_import_options_t;

/* How many errors are listed; all are counted. */
#define CRM_IMPORT_ERRORS 1000

/* What was done; numbers of rows are those of base/sheet.h. */
typedef struct crm_import_result_t {
    apr_int64_t processed, created, updated; /* rows */
    apr_int64_t skipped;                     /* left alone, or found to change nothing */
    apr_int64_t errors;                      /* rows that are wrong */
    apr_int64_t position;                    /* the last row that is done with and committed */
    json_t *listed;     /* of errors: an array of {"row", "error", "column", "value"}; the pool's */
    json_t *ignored;    /* names of columns that stand for nothing; the pool's */
    int wrong;          /* keep_wrong: a descriptor of a CSV file of the wrong rows, with a column
                           "error"; ends with the pool */
    const char *damage; /* partial: what is wrong with the file, or NULL */
    crm_error_t *stopped; /* why it ended before its end, or NULL */
} crm_import_result_t;

/* Imports the file of descriptor FD into RECORDS. INVALID on "file" when it is damaged. */
crm_error_t *crm_record_import(const crm_records_t *records, apr_pool_t *pool, int fd,
                               const crm_import_options_t *options,
                               crm_import_result_t *ret_result);

#endif
