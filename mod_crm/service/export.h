/* service/export.h - all records of a list, chunk by chunk, and as cells of a spreadsheet.
 *
 * Chunks are read by keyset, each with a connection of its own: none is held while somebody waits
 * for a slow client, and rows are neither skipped nor doubled by what others write meanwhile.
 */
#ifndef CRM_SERVICE_EXPORT_H
#define CRM_SERVICE_EXPORT_H

#include "base/sheet_writer.h"
#include "service/record.h"

/* Takes ROWS, as crm_list gives them; POOL ends when the next ones come. */
typedef crm_error_t *crm_export_rows_fn(void *baton, apr_pool_t *pool, const crm_rows_t *rows);

/* Which records: those of QUERY (whatever page it names) where CONDITION (or NULL) holds. */
crm_error_t *crm_export_rows(const crm_records_t *records, apr_pool_t *pool,
                             const crm_query_t *query, const crm_condition_t *condition,
                             crm_export_rows_fn *take, void *baton);

/* A column of a spreadsheet. */
typedef struct crm_export_column_t {
    const char *name;
    const crm_field_t *field;  /* whose value it is */
    const crm_field_t *choice; /* where it shows the label of that field's choice; else NULL */
    int cell;                  /* of the row */
} crm_export_column_t;

/* The columns of ENTITY's records: fields that have a value of their own, and of another record
 * that is shown what an import finds it by; no lists. NAMES: only those fields, NULL-terminated; or
 * NULL. Of crm_export_column_t. */
apr_array_header_t *crm_export_columns(apr_pool_t *pool, const crm_entity_t *entity,
                                       const char *const *names);

/* Which cells of a row COLUMNS show, and the order of QUERY goes by: what query->cells may be. */
const char *crm_export_cells_read(apr_pool_t *pool, const crm_query_t *query,
                                  const apr_array_header_t *columns);

/* ROW as cells of COLUMNS; texts are in POOL, or ROW's. */
void crm_export_cells(apr_pool_t *pool, const apr_array_header_t *columns, const crm_value_t *row,
                      crm_sheet_cell_t *ret_cells);

#endif
