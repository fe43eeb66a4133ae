/* service/import_read.c - rows of a spreadsheet as values of fields. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/import_chunk.h"

/* A chunk has so many rows, or fewer of more bytes. */
#define MOST_ROWS 500
#define MOST_BYTES (1 << 20)

/* Copies the cells of READ; gives their bytes. */
static apr_size_t copy_cells(apr_pool_t *pool, const crm_sheet_row_t *read, crm_import_row_t *row)
{
    apr_size_t bytes = 0;
    const char **cells = apr_palloc(pool, ((apr_size_t)read->count + 1) * sizeof(*cells));

    for (int i = 0; i < read->count; i++) {
        apr_size_t size = strlen(read->cells[i]);
        cells[i] = size ? apr_pmemdup(pool, read->cells[i], size + 1) : "";
        bytes += size + sizeof(*cells);
    }
    row->cells = cells;
    return bytes;
}

static void read_cell(const crm_importing_t *importing, apr_pool_t *pool, crm_import_row_t *row,
                      const crm_field_t *field, const char *text)
{
    apr_size_t i = (apr_size_t)(field - importing->records->entity->fields);
    crm_error_t *error;

    if (!*crm_text_trim(pool, text)) {
        return;
    }
    error = crm_validate_cell(pool, field, text, &row->values.values[i]);
    row->values.present[i] = !error;
    if (error) {
        crm_import_refuse_error(importing, pool, row, error);
        row->is_wrong = 1;
    }
}

static void read_identity(const crm_importing_t *importing, apr_pool_t *pool, crm_import_row_t *row)
{
    const crm_entity_t *entity = importing->records->entity;
    crm_uuid_t *id = apr_palloc(pool, sizeof(*id));
    int column = importing->columns->id;

    if (column >= 0 && crm_uuid_parse(crm_text_trim(pool, row->cells[column]), id)) {
        row->id = id;
    }
    crm_value_t key =
        importing->key ? row->values.values[importing->key - entity->fields] : crm_null();
    if (key.kind == CRM_V_TEXT && *key.as.text) {
        row->key = crm_text_fold(pool, key.as.text);
    }
}

static void read_row(const crm_importing_t *importing, apr_pool_t *pool, const char *problem,
                     crm_import_row_t *row)
{
    const crm_columns_t *columns = importing->columns;
    const crm_entity_t *entity = importing->records->entity;
    apr_size_t count = (apr_size_t)crm_entity_count(entity) + 1;

    row->values = (crm_values_t){
        .fields = entity->fields,
        .values = apr_pcalloc(pool, count * sizeof(crm_value_t)),
        .present = apr_pcalloc(pool, count),
    };
    if (problem) {
        crm_import_refuse(importing, pool, row, NULL, apr_pstrdup(pool, problem));
        row->is_wrong = 1;
        return;
    }
    for (int i = 0; i < columns->count; i++) {
        if (columns->fields[i]) {
            read_cell(importing, pool, row, columns->fields[i], row->cells[i]);
        }
    }
    read_identity(importing, pool, row);
}

crm_error_t *crm_import_read(const crm_importing_t *importing, apr_pool_t *pool,
                             crm_import_chunk_t *ret_chunk, int *ret_end)
{
    crm_import_row_t *rows = apr_pcalloc(pool, MOST_ROWS * sizeof(*rows));
    const crm_sheet_row_t *read = NULL;
    crm_error_t *error = NULL;
    apr_size_t bytes = 0;
    int count = 0;

    while (count < MOST_ROWS && bytes < MOST_BYTES) {
        error = crm_sheet_next(importing->sheet, &read);
        if (error || !read) {
            break;
        }
        rows[count].number = read->number;
        rows[count].column = -1;
        bytes += copy_cells(pool, read, &rows[count]);
        read_row(importing, pool, read->problem, &rows[count]);
        count++;
    }
    *ret_chunk = (crm_import_chunk_t){.pool = pool, .rows = rows, .count = count};
    *ret_end = !error && !read;
    return error;
}
