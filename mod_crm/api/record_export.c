/* api/record_export.c - all records of a list as one file: CSV, XLSX or JSON. */
#include <string.h>

#include <apr_strings.h>

#include "api/fields.h"
#include "api/history_bodies.h"
#include "api/page.h"
#include "api/parameters.h"
#include "api/records.h"
#include "base/json.h"
#include "base/time.h"
#include "service/export.h"

const crm_format_t crm_export_formats[] = {
    {.name = "csv", .type = "text/csv"},
    {.name = "xlsx", .type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {.name = "json", .type = "application/json"},
    {.name = NULL},
};

/* An export while it is sent. */
typedef struct export_t {
    crm_request_t *request;
    crm_records_t records;
    crm_query_t *query;
    crm_condition_t condition;
    const char *const *names; /* of the fields that are wanted; NULL: all */
    apr_int64_t rows;         /* given away */
    crm_put_fn *put;
    void *put_baton;
    apr_array_header_t *columns; /* of a spreadsheet */
    crm_sheet_writer_t *writer;
} export_t;

static crm_error_t *put_text(const export_t *export, const char *text)
{
    return export->put(export->put_baton, text, strlen(text));
}

/* ---- JSON: an array of records as a list shows them ---- */

static crm_error_t *put_records(void *baton, apr_pool_t *pool, const crm_rows_t *rows)
{
    export_t *export = baton;
    json_t *results = crm_json_own(pool, json_array()), *record;
    size_t i;

    CRM_ERR(crm_record_rows_json(&export->records, pool, rows, results));
    if (export->names) {
        json_t *page = crm_json_own(pool, json_pack("{sO}", "results", results));
        results = json_object_get(crm_fields_pick(pool, page, 1, export->names), "results");
    }
    json_array_foreach(results, i, record)
    {
        CRM_ERR(put_text(export, export->rows++ ? ",\n" : "\n"));
        CRM_ERR(put_text(export, crm_json_text(pool, record, NULL)));
    }
    return NULL;
}

static crm_error_t *write_json(export_t *export)
{
    const crm_request_t *request = export->request;

    CRM_ERR(put_text(export, "["));
    CRM_ERR(crm_export_rows(&export->records, request->pool, export->query, &export->condition,
                            put_records, export));
    return put_text(export, "\n]\n");
}

/* ---- spreadsheets ---- */

static crm_error_t *put_rows(void *baton, apr_pool_t *pool, const crm_rows_t *rows)
{
    export_t *export = baton;
    crm_sheet_cell_t *cells =
        apr_palloc(pool, ((apr_size_t) export->columns->nelts + 1) * sizeof(*cells));

    for (int i = 0; i < rows->count; i++) {
        crm_export_cells(pool, export->columns, crm_row(rows, i), cells);
        CRM_ERR(crm_sheet_writer_row(export->writer, cells));
        export->rows++;
    }
    return NULL;
}

static crm_error_t *write_sheet(export_t *export, crm_sheet_format_e format)
{
    const crm_request_t *request = export->request;
    apr_pool_t *pool = request->pool;
    const crm_sheet_writer_options_t options = {
        .format = format, .take = export->put, .baton = export->put_baton};
    const char **header;

    export->columns = crm_export_columns(pool, export->records.entity, export->names);
    export->query->cells = crm_export_cells_read(pool, export->query, export->columns);
    header = apr_palloc(pool, ((apr_size_t) export->columns->nelts + 1) * sizeof(*header));
    for (int i = 0; i < export->columns->nelts; i++) {
        header[i] = APR_ARRAY_IDX(export->columns, i, crm_export_column_t).name;
    }
    CRM_ERR(crm_sheet_writer_open(pool, &options, header, export->columns->nelts, &export->writer));
    CRM_ERR(crm_export_rows(&export->records, pool, export->query, &export->condition, put_rows,
                            export));
    return crm_sheet_writer_finish(export->writer);
}

/* ---- the answer ---- */

/* History keeps of an export what it was. */
static void note(const export_t *export)
{
    crm_request_t *request = export->request;
    apr_size_t size;
    json_t *json =
        crm_json_own(request->pool, json_pack("{sI ss}", "rows", (json_int_t) export->rows,
                                              "format", request->format->name));
    const char *text = crm_json_text(request->pool, json, &size);

    crm_history_bodies(request, 200, json, text, size);
}

static crm_error_t *write_export(void *baton, crm_put_fn *put, void *put_baton)
{
    export_t *export = baton;
    const char *format = export->request->format->name;

    export->put = put;
    export->put_baton = put_baton;
    if (strcmp(format, "json") == 0) {
        CRM_ERR(write_json(export));
    } else {
        CRM_ERR(write_sheet(export, strcmp(format, "xlsx") == 0 ? CRM_SHEET_XLSX : CRM_SHEET_CSV));
    }
    note(export);
    return NULL;
}

/* What pages are asked for by means nothing here. */
static crm_error_t *read_query(export_t *export)
{
    static const char *const others[] = {"tenant", "format", NULL};
    static const char *const of_pages[] = {"page", "page_size", "cursor", "count", NULL};
    const crm_request_t *request = export->request;
    crm_error_t *error = NULL;

    for (const char *const *name = of_pages; *name; name++) {
        if (crm_parameters_get(request->query, *name)) {
            crm_error_add(request->pool, &error, *name, "An export has no pages.");
        }
    }
    CRM_ERR(error);
    CRM_ERR(crm_fields_read(request, &export->names));
    return crm_query_parse(request->pool, export->records.entity, request->query, others,
                           &request->settings->page, &request->site->key, &export->query);
}

/* "leads-2026-11-26.csv" */
static const char *file_name(const export_t *export)
{
    const crm_request_t *request = export->request;

    return apr_pstrcat(request->pool, export->records.entity->plural, "-",
                       crm_time_date(request->pool, request->began), ".", request->format->name,
                       NULL);
}

crm_error_t *crm_records_export(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer)
{
    export_t *export = apr_pcalloc(request->pool, sizeof(*export));
    crm_stream_t *stream = apr_pcalloc(request->pool, sizeof(*stream));
    const char *type = request->format->type;
    (void)values;

    export->request = request;
    CRM_ERR(crm_records_of(request, &export->records));
    CRM_ERR(crm_record_check_parent(&export->records, request->pool));
    export->condition = crm_record_condition(&export->records, request->pool);
    CRM_ERR(read_query(export));
    stream->content_type = strcmp(type, "text/csv") == 0 ? "text/csv; charset=utf-8" : type;
    stream->write = write_export;
    stream->baton = export;
    apr_table_setn(
        answer->headers, "Content-Disposition",
        apr_pstrcat(request->pool, "attachment; filename=\"", file_name(export), "\"", NULL));
    answer->stream = stream;
    return NULL;
}
