/* service/import_chunk.h - some rows of an import: read, checked, written, reported.
 *
 * Inside service/import*.c only.
 */
#ifndef CRM_SERVICE_IMPORT_CHUNK_H
#define CRM_SERVICE_IMPORT_CHUNK_H

#include "base/seen.h"
#include "base/sheet_writer.h"
#include "model/columns.h"
#include "service/import.h"

typedef enum {
    CRM_ROW_OPEN, /* not run yet */
    CRM_ROW_CREATED,
    CRM_ROW_UPDATED,
    CRM_ROW_SKIPPED,
    CRM_ROW_ERROR
} crm_row_outcome_e;

typedef struct crm_import_row_t {
    apr_int64_t number;
    const char *const *cells;
    crm_values_t values;
    const crm_uuid_t *id; /* or NULL */
    const char *key;      /* folded; or NULL */
    int is_wrong;         /* found when it was read: it is not run */
    crm_row_outcome_e outcome;
    const char *error; /* of CRM_ROW_ERROR: what is wrong */
    int column;        /* where, or -1 */
} crm_import_row_t;

/* Rows of one transaction. */
typedef struct crm_import_chunk_t {
    apr_pool_t *pool;
    crm_import_row_t *rows;
    int count;
} crm_import_chunk_t;

/* An import as it goes on. */
typedef struct crm_importing_t {
    apr_pool_t *pool;
    const crm_records_t *records;
    const crm_import_options_t *options;
    const crm_import_t *rules; /* the entity's; all zero where it has none */
    crm_sheet_t *sheet;
    const crm_columns_t *columns;
    const crm_field_t *key;    /* that finds records; or NULL */
    crm_seen_t *seen;          /* keys of records that a dry run would have made; or NULL */
    crm_sheet_writer_t *wrong; /* or NULL */
    crm_import_result_t *result;
} crm_importing_t;

/* Reads the next rows, in POOL, and their values. *RET_END: there are none behind them. An error of
 * the file comes with those rows that stand before it. */
crm_error_t *crm_import_read(const crm_importing_t *importing, apr_pool_t *pool,
                             crm_import_chunk_t *ret_chunk, int *ret_end);

/* Writes the rows of CHUNK. An error that none of them has caused: the first *RET_DONE are done. */
crm_error_t *crm_import_run(const crm_importing_t *importing, const crm_import_chunk_t *chunk,
                            int *ret_done);

/* Rows of a chunk as a transaction runs them. */
typedef struct crm_import_run_t {
    const crm_importing_t *importing;
    apr_pool_t *pool;
    crm_import_row_t *rows;
    int count;
    crm_records_t records; /* in the transaction */
    crm_error_t *undo;     /* of a dry run: how the transaction ends */
} crm_import_run_t;

/* 1 when the entity has hooks, which may look at other records: then rows run one by one. */
int crm_import_has_hooks(const crm_import_run_t *run);

/* Runs at most LIMIT rows from FIRST on, up to one that is about the same record as another:
 * *RET_DONE of them. */
crm_error_t *crm_import_wave(crm_import_run_t *run, int first, int limit, int *ret_done);

/* Notes that ROW is wrong: TEXT at FIELD, or (NULL) as a whole. What was noted before stays. */
void crm_import_refuse(const crm_importing_t *importing, apr_pool_t *pool, crm_import_row_t *row,
                       const crm_field_t *field, const char *text);

/* The same for what ERROR says. */
void crm_import_refuse_error(const crm_importing_t *importing, apr_pool_t *pool,
                             crm_import_row_t *row, const crm_error_t *error);

/* Opens the file of wrong rows. */
crm_error_t *crm_import_report_open(crm_importing_t *importing);

/* Counts and lists the first COUNT rows of CHUNK, which are done. */
crm_error_t *crm_import_report(const crm_importing_t *importing, const crm_import_chunk_t *chunk,
                               int count);

#endif
