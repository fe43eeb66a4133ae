/* service/import_report.c - what became of the rows of an import. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/spill.h"
#include "base/text.h"
#include "service/import_chunk.h"

#define MOST_QUOTED 256 /* bytes of a cell that the list of errors repeats */

/* ---- what is wrong with a row ---- */

/* The name of FIELD's column in the file, or the field's own. */
static const char *name_of(const crm_importing_t *importing, const crm_field_t *field, int column)
{
    return column >= 0 ? importing->columns->names[column] : field->name;
}

void crm_import_refuse(const crm_importing_t *importing, apr_pool_t *pool, crm_import_row_t *row,
                       const crm_field_t *field, const char *text)
{
    int column = field ? crm_columns_find(importing->columns, field) : -1;
    int is_first = row->outcome != CRM_ROW_ERROR;

    row->outcome = CRM_ROW_ERROR;
    row->column = is_first ? column : row->column;
    text = field ? apr_pstrcat(pool, name_of(importing, field, column), ": ", text, NULL) : text;
    row->error = is_first ? text : apr_pstrcat(pool, row->error, " ", text, NULL);
}

void crm_import_refuse_error(const crm_importing_t *importing, apr_pool_t *pool,
                             crm_import_row_t *row, const crm_error_t *error)
{
    int count = error->fields ? error->fields->nelts : 0;

    for (int i = 0; i < count; i++) {
        const crm_field_error_t *entry = &APR_ARRAY_IDX(error->fields, i, crm_field_error_t);
        crm_import_refuse(importing, pool, row,
                          crm_field_find(importing->records->entity->fields, entry->field),
                          entry->message);
    }
    if (!count) {
        crm_import_refuse(importing, pool, row, NULL, error->detail);
    }
}

/* ---- the list ---- */

static void list_error(const crm_importing_t *importing, apr_pool_t *pool,
                       const crm_import_row_t *row)
{
    json_t *entry = json_object();

    json_object_set_new(entry, "row", json_integer(row->number));
    json_object_set_new(entry, "error", json_string(row->error));
    json_object_set_new(entry, "column",
                        row->column < 0 ? json_null()
                                        : json_string(importing->columns->names[row->column]));
    json_object_set_new(
        entry, "value",
        row->column < 0 ? json_null()
                        : json_string(crm_text_cut(pool, row->cells[row->column], MOST_QUOTED)));
    json_array_append_new(importing->result->listed, entry);
}

/* ---- the file of wrong rows ---- */

static crm_error_t *take(void *baton, const char *bytes, apr_size_t size)
{
    const crm_importing_t *importing = baton;

    while (size) {
        ssize_t written = write(importing->result->wrong, bytes, size);
        if (written < 0 && errno != EINTR) {
            return crm_error_system(importing->pool, APR_FROM_OS_ERROR(errno),
                                    "writing wrong rows to a temporary file");
        }
        if (written > 0) {
            bytes += written;
            size -= (apr_size_t)written;
        }
    }
    return NULL;
}

/* The columns as they are in the file, but for one of errors that is there already. */
static int copy_columns(const crm_importing_t *importing, const char *const *from, const char **to)
{
    int count = 0;

    for (int i = 0; i < importing->columns->count; i++) {
        if (i != importing->columns->error) {
            to[count++] = from[i];
        }
    }
    return count;
}

crm_error_t *crm_import_report_open(crm_importing_t *importing)
{
    apr_pool_t *pool = importing->pool;
    const crm_columns_t *columns = importing->columns;
    const char **header = apr_palloc(pool, ((apr_size_t)columns->count + 1) * sizeof(*header));
    crm_sheet_writer_options_t *options = apr_pcalloc(pool, sizeof(*options));
    int count = copy_columns(importing, columns->names, header);

    header[count++] = "error";
    options->format = CRM_SHEET_CSV;
    options->take = take;
    options->baton = importing;
    CRM_ERR(crm_spill_file(pool, NULL, &importing->result->wrong));
    return crm_sheet_writer_open(pool, options, header, count, &importing->wrong);
}

static crm_error_t *write_wrong(const crm_importing_t *importing, apr_pool_t *pool,
                                const crm_import_row_t *row)
{
    apr_size_t most = (apr_size_t)importing->columns->count + 1;
    const char **texts = apr_palloc(pool, most * sizeof(*texts));
    crm_sheet_cell_t *cells = apr_pcalloc(pool, most * sizeof(*cells));
    int count = copy_columns(importing, row->cells, texts);

    texts[count++] = row->error;
    for (int i = 0; i < count; i++) {
        cells[i].kind = CRM_CELL_TEXT;
        cells[i].text = texts[i];
    }
    return crm_sheet_writer_row(importing->wrong, cells);
}

crm_error_t *crm_import_report(const crm_importing_t *importing, const crm_import_chunk_t *chunk,
                               int count)
{
    crm_import_result_t *result = importing->result;

    for (int i = 0; i < count; i++) {
        const crm_import_row_t *row = &chunk->rows[i];
        result->processed++;
        result->created += row->outcome == CRM_ROW_CREATED;
        result->updated += row->outcome == CRM_ROW_UPDATED;
        result->skipped += row->outcome == CRM_ROW_SKIPPED;
        if (row->outcome != CRM_ROW_ERROR) {
            continue;
        }
        if (result->errors++ < CRM_IMPORT_ERRORS) {
            list_error(importing, chunk->pool, row);
        }
        if (importing->wrong) {
            CRM_ERR(write_wrong(importing, chunk->pool, row));
        }
    }
    if (count && !importing->options->dry_run) {
        result->position = chunk->rows[count - 1].number;
    }
    return NULL;
}
