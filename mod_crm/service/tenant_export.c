/* service/tenant_export.c - all that a tenant has, for people and programs that do not know
 * mod_crm. */
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/json.h"
#include "base/sheet_writer.h"
#include "base/time.h"
#include "db/capture.h"
#include "service/archive.h"
#include "service/table_pages.h"
#include "service/tenant_export.h"
#include "service/tenant_row.h"

/* A column that is shown. */
typedef struct shown_t {
    int index;                /* in the table */
    const char *name, *type;  /* as the manifest says it */
    const crm_field_t *field; /* whose value it is, or NULL */
} shown_t;

typedef struct exporting_t {
    const crm_site_t *site;
    apr_pool_t *pool;
    crm_zip_writer_t *zip;
    json_t *tables;
    crm_row_progress_t *progress; /* or NULL */
    apr_uint64_t all;             /* rows of all tables */
    /* of the table being written */
    const char *table;
    apr_array_header_t *columns; /* of shown_t */
    apr_uint64_t rows;
    crm_sheet_writer_t *sheet; /* while CSV is written */
} exporting_t;

/* ---- what is shown ---- */

static int ends_with(const char *name, const char *end)
{
    apr_size_t length = strlen(name), tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

static int is_shown_table(const char *name)
{
    static const char *const hidden[] = {"schema_migration", "token", "idempotency_key",
                                         "record_count", NULL};
    for (int i = 0; hidden[i]; i++) {
        if (strcmp(hidden[i], name) == 0) {
            return 0;
        }
    }
    return !ends_with(name, "_search") && !crm_capture_owns(name);
}

/* Folded twins, and secrets. */
static int is_shown_column(apr_pool_t *pool, const crm_table_t *table, const char *name)
{
    static const char *const ends[] = {"_key", "_unique"};
    for (int i = 0; i < 2; i++) {
        if (ends_with(name, ends[i]) &&
            crm_table_column(table, apr_pstrndup(pool, name, strlen(name) - strlen(ends[i]))) >=
                0) {
            return 0;
        }
    }
    return !crm_json_secret_name(name) && strcmp(name, "token_key") != 0;
}

/* The field of the records that TABLE holds whose column is NAME, or NULL. */
static const crm_field_t *field_of(const crm_site_t *site, const crm_table_t *table,
                                   const char *name)
{
    for (const crm_entity_t *const *entity = site->entities; entity && *entity; entity++) {
        for (const crm_field_t *field = (*entity)->fields;
             strcmp((*entity)->table, table->name) == 0 && field->name; field++) {
            if (field->column && strcmp(field->column, name) == 0) {
                return field;
            }
        }
    }
    return NULL;
}

static int is_time(const crm_column_t *column)
{
    return column->type == 't' || ends_with(column->name, "_at") ||
           strcmp(column->name, "call_time") == 0 || strcmp(column->name, "last_login") == 0 ||
           strcmp(column->name, "date_joined") == 0;
}

static const char *type_name(const crm_column_t *column, const crm_field_t *field)
{
    if (field && field->type == CRM_T_DECIMAL) {
        return "decimal";
    }
    if (is_time(column)) {
        return "time";
    }
    if (ends_with(column->name, "id") && column->type == 'x') {
        return "uuid";
    }
    return column->type == 'i' && strncmp(column->name, "is_", 3) == 0 ? "boolean"
           : column->type == 'i'                                       ? "integer"
           : column->type == 'f'                                       ? "real"
           : column->type == 'x'                                       ? "uuid"
                                                                       : "text";
}

static void choose_columns(exporting_t *exporting, const crm_table_t *table)
{
    exporting->columns = apr_array_make(exporting->pool, table->ncolumns, sizeof(shown_t));
    for (int i = 0; i < table->ncolumns; i++) {
        const crm_column_t *column = &table->columns[i];
        const crm_field_t *field = field_of(exporting->site, table, column->name);
        if (is_shown_column(exporting->pool, table, column->name)) {
            APR_ARRAY_PUSH(exporting->columns, shown_t) = (shown_t){
                .index = i, .name = column->name, .field = field, .type = type_name(column, field)};
        }
    }
}

/* ---- values ---- */

/* CELL as text that people read; NULL where there is none. */
static const char *text_of(apr_pool_t *pool, const shown_t *shown, const crm_value_t *cell)
{
    apr_time_t time;
    switch (cell->kind) {
    case CRM_V_TEXT:
        return strcmp(shown->type, "time") == 0 && crm_time_parse_sql(cell->as.text, &time)
                   ? crm_time_iso(pool, time)
                   : cell->as.text;
    case CRM_V_TIME:
        return crm_time_iso(pool, cell->as.time);
    case CRM_V_INTEGER:
        return strcmp(shown->type, "decimal") == 0 ? crm_field_text(pool, shown->field, *cell)
               : strcmp(shown->type, "boolean") == 0
                   ? (cell->as.integer ? "true" : "false")
                   : apr_psprintf(pool, "%" APR_INT64_T_FMT, cell->as.integer);
    case CRM_V_REAL:
        return apr_psprintf(pool, "%.17g", cell->as.real);
    case CRM_V_BYTES:
        return cell->size == sizeof(crm_uuid_t)
                   ? crm_uuid_text(pool, cell->as.bytes)
                   : apr_pescape_hex(pool, cell->as.bytes, cell->size, 0);
    default:
        return NULL;
    }
}

static json_t *json_of(apr_pool_t *pool, const shown_t *shown, const crm_value_t *cell)
{
    if (cell->kind == CRM_V_INTEGER && strcmp(shown->type, "decimal") != 0) {
        return strcmp(shown->type, "boolean") == 0 ? json_boolean(cell->as.integer)
                                                   : json_integer(cell->as.integer);
    }
    if (cell->kind == CRM_V_REAL) {
        return json_real(cell->as.real);
    }
    const char *text = text_of(pool, shown, cell);
    return text ? json_string(text) : json_null();
}

static crm_error_t *write_object(exporting_t *exporting, apr_pool_t *pool, const crm_value_t *row)
{
    json_t *object = crm_json_own(pool, json_object());
    apr_size_t size;
    for (int i = 0; i < exporting->columns->nelts; i++) {
        const shown_t *shown = &APR_ARRAY_IDX(exporting->columns, i, shown_t);
        json_object_set_new(object, shown->name, json_of(pool, shown, &row[shown->index]));
    }
    const char *line = crm_json_text(pool, object, &size);
    CRM_ERR(crm_zip_writer_put(exporting->zip, line, size));
    return crm_zip_writer_put(exporting->zip, "\n", 1);
}

static crm_error_t *write_cells(exporting_t *exporting, apr_pool_t *pool, const crm_value_t *row)
{
    crm_sheet_cell_t *cells =
        apr_pcalloc(pool, sizeof(*cells) * (apr_size_t)exporting->columns->nelts);
    for (int i = 0; i < exporting->columns->nelts; i++) {
        const shown_t *shown = &APR_ARRAY_IDX(exporting->columns, i, shown_t);
        cells[i].text = text_of(pool, shown, &row[shown->index]);
        cells[i].kind =
            !cells[i].text ? CRM_CELL_EMPTY
            : row[shown->index].kind == CRM_V_TEXT || row[shown->index].kind == CRM_V_BYTES ||
                    row[shown->index].kind == CRM_V_TIME || strcmp(shown->type, "boolean") == 0
                ? CRM_CELL_TEXT
                : CRM_CELL_NUMBER;
    }
    return crm_sheet_writer_row(exporting->sheet, cells);
}

static crm_error_t *write_page(apr_pool_t *pool, const crm_rows_t *rows, void *baton,
                               apr_uint64_t *ret_bytes)
{
    exporting_t *exporting = baton;
    apr_pool_t *turn;
    apr_pool_create(&turn, pool);
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        apr_pool_clear(turn);
        CRM_ERR(exporting->sheet ? write_cells(exporting, turn, row)
                                 : write_object(exporting, turn, row));
        for (int j = 0; j < rows->columns; j++) {
            *ret_bytes += row[j].size + sizeof(row[j]);
        }
    }
    exporting->rows += (apr_uint64_t)rows->count;
    return crm_row_progress_add(exporting->progress, exporting->table, (apr_uint64_t)rows->count);
}

/* ---- tables ---- */

static crm_error_t *put(void *baton, const char *bytes, apr_size_t size)
{
    return crm_zip_writer_put(((exporting_t *)baton)->zip, bytes, size);
}

static crm_error_t *open_sheet(exporting_t *exporting)
{
    int count = exporting->columns->nelts;
    const char **header = apr_palloc(exporting->pool, sizeof(*header) * (apr_size_t)count);
    crm_sheet_writer_options_t options = {.format = CRM_SHEET_CSV, .take = put, .baton = exporting};
    for (int i = 0; i < count; i++) {
        header[i] = APR_ARRAY_IDX(exporting->columns, i, shown_t).name;
    }
    return crm_sheet_writer_open(exporting->pool, &options, header, count, &exporting->sheet);
}

static void describe(exporting_t *exporting, const crm_table_t *table)
{
    json_t *columns = json_array();
    for (int i = 0; i < exporting->columns->nelts; i++) {
        const shown_t *shown = &APR_ARRAY_IDX(exporting->columns, i, shown_t);
        json_array_append_new(columns, json_pack("{s:s, s:s, s:b, s:s*}", "name", shown->name,
                                                 "type", shown->type, "null",
                                                 table->columns[shown->index].may_be_null, "help",
                                                 shown->field ? shown->field->help : NULL));
    }
    json_array_append_new(exporting->tables,
                          json_pack("{s:s, s:I, s:[s, s], s:o}", "name", table->name, "rows",
                                    (json_int_t)exporting->rows, "files",
                                    apr_pstrcat(exporting->pool, table->name, ".jsonl", NULL),
                                    apr_pstrcat(exporting->pool, table->name, ".csv", NULL),
                                    "columns", columns));
}

static crm_error_t *export_table(exporting_t *exporting, const crm_db_t *db,
                                 const crm_table_t *table)
{
    apr_pool_t *pool = exporting->pool;
    choose_columns(exporting, table);
    exporting->table = table->name;
    exporting->rows = 0;
    CRM_ERR(crm_zip_writer_begin(exporting->zip, apr_pstrcat(pool, table->name, ".jsonl", NULL)));
    CRM_ERR(crm_table_pages(db, pool, table, write_page, exporting));
    CRM_ERR(crm_zip_writer_end(exporting->zip, NULL));
    describe(exporting, table);
    exporting->all += exporting->rows;

    CRM_ERR(crm_zip_writer_begin(exporting->zip, apr_pstrcat(pool, table->name, ".csv", NULL)));
    CRM_ERR(open_sheet(exporting));
    CRM_ERR(crm_table_pages(db, pool, table, write_page, exporting));
    CRM_ERR(crm_sheet_writer_finish(exporting->sheet));
    exporting->sheet = NULL;
    return crm_zip_writer_end(exporting->zip, NULL);
}

static crm_error_t *export_tables(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    apr_array_header_t *tables;
    CRM_ERR(crm_tables_read(db, pool, &tables));
    for (int i = 0; i < tables->nelts; i++) {
        const crm_table_t *table = APR_ARRAY_IDX(tables, i, const crm_table_t *);
        if (is_shown_table(table->name)) {
            CRM_ERR(export_table(baton, db, table));
        }
    }
    return NULL;
}

crm_error_t *crm_tenant_export(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               int fd, crm_row_progress_t *progress, apr_uint64_t *ret_rows)
{
    exporting_t exporting = {.site = site,
                             .pool = pool,
                             .tables = crm_json_own(pool, json_array()),
                             .progress = progress};
    CRM_ERR(crm_zip_writer_open(pool, fd, &exporting.zip));
    CRM_ERR(crm_db_snapshot(crm_tenant_unversioned(site, pool, crm_tenant_place(pool, tenant)),
                            pool, export_tables, &exporting));
    json_t *manifest = crm_json_own(
        pool, json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:O}", "format",
                        "mod_crm tenant export", "software", "mod_crm", "software_version",
                        CRM_VERSION, "created_at", crm_time_iso(pool, apr_time_now()), "tenant",
                        "id", crm_uuid_text(pool, &tenant->id), "name", tenant->name, "tables",
                        exporting.tables));
    *ret_rows = exporting.all;
    return crm_archive_seal(exporting.zip, pool, fd, manifest);
}
