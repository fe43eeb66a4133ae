/* service/export.c - all records of a list, chunk by chunk, and as cells of a spreadsheet. */
#include <string.h>

#include <apr_strings.h>

#include "service/export.h"

#define CHUNK 500 /* rows */

/* ---- rows ---- */

/* A value that outlives its row. */
static crm_value_t copy(apr_pool_t *pool, crm_value_t value)
{
    if (value.kind == CRM_V_TEXT) {
        value.as.text = apr_pstrdup(pool, value.as.text);
    } else if (value.kind == CRM_V_UUID) {
        value.as.uuid = apr_pmemdup(pool, value.as.uuid, sizeof(*value.as.uuid));
    }
    return value;
}

/* Where the next chunk begins. */
static const crm_value_t *last_of(apr_pool_t *pool, const crm_query_t *query,
                                  const crm_rows_t *rows)
{
    apr_size_t count = (apr_size_t)query->order->nelts;
    crm_value_t *cursor = apr_palloc(pool, count * sizeof(*cursor));
    const crm_value_t *values = crm_list_order_values(pool, query, crm_row(rows, rows->count - 1));

    for (apr_size_t i = 0; i < count; i++) {
        cursor[i] = copy(pool, values[i]);
    }
    return cursor;
}

crm_error_t *crm_export_rows(const crm_records_t *records, apr_pool_t *pool,
                             const crm_query_t *query, const crm_condition_t *condition,
                             crm_export_rows_fn *take, void *baton)
{
    crm_query_t chunk = *query;
    crm_list_t list = {.has_next = 1};
    apr_pool_t *rows, *cursors[2]; /* of the last chunk's end and the one before */

    apr_pool_create(&rows, pool);
    apr_pool_create(&cursors[0], pool);
    apr_pool_create(&cursors[1], pool);
    chunk.by_cursor = 1;
    chunk.backward = 0;
    chunk.cursor = NULL;
    chunk.page = 1;
    chunk.page_size = CHUNK;
    chunk.count = CRM_COUNT_NONE;
    for (int turn = 0; list.has_next; turn = !turn) {
        apr_pool_clear(rows);
        CRM_ERR(crm_list(records->db, rows, &chunk, condition, &list));
        CRM_ERR(take(baton, rows, list.rows));
        if (list.has_next) {
            apr_pool_clear(cursors[turn]);
            chunk.cursor = last_of(cursors[turn], &chunk, list.rows);
        }
    }
    return NULL;
}

/* ---- columns ---- */

static int is_wanted(const char *const *names, const crm_field_t *field)
{
    while (names && *names && strcmp(*names, field->name) != 0) {
        names++;
    }
    return !names || *names;
}

static void add_column(apr_array_header_t *columns, const char *name, const crm_field_t *field,
                       int cell)
{
    APR_ARRAY_PUSH(columns, crm_export_column_t) =
        (crm_export_column_t){.name = name, .field = field, .cell = cell};
}

/* The cell of the field NAME of DETAILS in a row where DETAILS begin at CELL. */
static int detail_cell(const crm_entity_t *details, const char *name, int cell)
{
    for (const crm_field_t *field = details->fields; strcmp(field->name, name) != 0; field++) {
        cell += crm_list_is_detail(field);
    }
    return cell;
}

/* The input fields by which FIELD's record is found or made, with what they were. */
static void add_link(apr_array_header_t *columns, const crm_entity_t *entity,
                     const crm_field_t *field)
{
    const crm_entity_t *details = crm_list_details(entity, field);
    const crm_link_t *link = crm_entity_field(entity, field->details)->reference->link;
    int cell = crm_list_cell(entity, field);

    for (const crm_link_copy_t *from = link ? link->copies : NULL; from && from->to; from++) {
        const crm_field_t *input = crm_entity_field(entity, from->from[0]);
        if (!input->column) {
            add_column(columns, input->name, crm_entity_field(details, from->to),
                       detail_cell(details, from->to, cell));
        }
    }
}

apr_array_header_t *crm_export_columns(apr_pool_t *pool, const crm_entity_t *entity,
                                       const char *const *names)
{
    apr_array_header_t *columns = apr_array_make(pool, 32, sizeof(crm_export_column_t));

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (!crm_field_is_shown(field) || !is_wanted(names, field)) {
            continue;
        }
        if (crm_field_has_cell(field)) {
            add_column(columns, field->name, field, crm_list_cell(entity, field));
        } else if (crm_list_details(entity, field)) {
            add_link(columns, entity, field);
        } else if (field->details) {
            const crm_field_t *choice = crm_entity_field(entity, field->details);
            add_column(columns, field->name, field, crm_list_cell(entity, choice));
            APR_ARRAY_IDX(columns, columns->nelts - 1, crm_export_column_t).choice = choice;
        }
    }
    return columns;
}

const char *crm_export_cells_read(apr_pool_t *pool, const crm_query_t *query,
                                  const apr_array_header_t *columns)
{
    char *cells = apr_pcalloc(pool, (apr_size_t)crm_list_cells(query->entity));

    for (int i = 0; i < columns->nelts; i++) {
        cells[APR_ARRAY_IDX(columns, i, crm_export_column_t).cell] = 1;
    }
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_field_t *field = APR_ARRAY_IDX(query->order, i, crm_order_t).field;
        cells[crm_list_cell(query->entity, field)] = 1;
    }
    return cells;
}

/* ---- cells ---- */

static const char *label_of(const crm_field_t *field, const char *value)
{
    const crm_choice_t *choice = field->choices;

    while (choice && choice->value && strcmp(choice->value, value) != 0) {
        choice++;
    }
    return choice && choice->value ? choice->label : value;
}

static crm_cell_kind_e kind_of(const crm_field_t *field, crm_value_t value)
{
    switch (value.kind) {
    case CRM_V_NULL:
        return CRM_CELL_EMPTY;
    case CRM_V_INTEGER:
    case CRM_V_REAL:
        return CRM_CELL_NUMBER;
    case CRM_V_BOOLEAN:
        return CRM_CELL_BOOLEAN;
    case CRM_V_TIME:
        return field->type == CRM_T_DATE ? CRM_CELL_DATE : CRM_CELL_TIME;
    default:
        return CRM_CELL_TEXT;
    }
}

void crm_export_cells(apr_pool_t *pool, const apr_array_header_t *columns, const crm_value_t *row,
                      crm_sheet_cell_t *ret_cells)
{
    for (int i = 0; i < columns->nelts; i++) {
        const crm_export_column_t *column = &APR_ARRAY_IDX(columns, i, crm_export_column_t);
        crm_value_t value = row[column->cell];
        crm_sheet_cell_t *cell = &ret_cells[i];

        *cell = (crm_sheet_cell_t){.kind = kind_of(column->field, value)};
        if (cell->kind == CRM_CELL_BOOLEAN) {
            cell->boolean = value.as.integer != 0;
        } else if (cell->kind == CRM_CELL_TIME || cell->kind == CRM_CELL_DATE) {
            cell->time = value.as.time;
        } else if (column->choice && value.kind == CRM_V_TEXT) {
            cell->text = label_of(column->choice, value.as.text);
        } else if (cell->kind != CRM_CELL_EMPTY) {
            cell->text = crm_field_text(pool, column->field, value);
        }
    }
}
