/* db/list.c - runs the statements of lists and tells what stands around a page. */

#include <string.h>

#include <apr_strings.h>

#include "db/list_sql.h"

/* How far an estimate counts. */
#define ESTIMATE_BOUND 10000

/* The rows of SOURCE (as many as ROWS says) in reverse order. */
static void reverse(apr_pool_t *pool, crm_rows_t *rows, const crm_rows_t *source)
{
    apr_size_t columns = (apr_size_t)rows->columns;
    crm_value_t *cells = apr_palloc(pool, ((apr_size_t)rows->count * columns + 1) * sizeof(*cells));

    for (int i = 0; i < rows->count; i++) {
        memcpy(cells + (apr_size_t)i * columns, crm_row(source, rows->count - 1 - i),
               columns * sizeof(*cells));
    }
    rows->cells = cells;
}

/* The page of what was READ: one row more than the page has says that the list goes on. Around a
 * page by cursor that is empty there is no row to go on from, so nothing is before or behind it. */
static void cut_page(apr_pool_t *pool, const crm_query_t *query, const crm_rows_t *read,
                     crm_list_t *list)
{
    crm_rows_t *rows = apr_pmemdup(pool, read, sizeof(*read));
    int more = rows->count > query->page_size;
    int before = query->by_cursor ? query->cursor && rows->count : query->page > 1;

    rows->count = more ? query->page_size : rows->count;
    if (query->backward) {
        reverse(pool, rows, read);
    }
    list->rows = rows;
    list->has_next = query->backward ? before : more;
    list->has_previous = query->backward ? more : before;
}

/* A page that is the last one knows the count by itself. */
static crm_error_t *count_rows(const crm_db_t *db, apr_pool_t *pool, const crm_query_t *query,
                               const crm_condition_t *condition, crm_list_t *list)
{
    apr_int64_t shown = (query->page - 1) * query->page_size + list->rows->count;
    apr_int64_t limit = query->count == CRM_COUNT_ESTIMATE ? ESTIMATE_BOUND : 0;
    crm_list_sql_t sql;
    const crm_rows_t *rows;

    if (!list->has_next) {
        list->count = shown;
        return NULL;
    }
    sql = crm_list_sql_count(pool, query, condition, limit);
    CRM_ERR(crm_db_select(db, pool, sql.text, sql.types, sql.args, sql.nargs, &rows));
    list->count = crm_row(rows, 0)[0].as.integer;
    if (list->count < shown + list->has_next) {
        list->count = shown + list->has_next;
    }
    return NULL;
}

const crm_entity_t *crm_list_details(const crm_entity_t *entity, const crm_field_t *field)
{
    return field->type == CRM_T_OBJECT && field->details
               ? crm_entity_field(entity, field->details)->reference->entity
               : NULL;
}

int crm_list_is_detail(const crm_field_t *field)
{
    return field->column && crm_field_is_shown(field);
}

/* How many cells FIELD takes. */
static int width(const crm_entity_t *entity, const crm_field_t *field)
{
    const crm_entity_t *details = crm_list_details(entity, field);
    int cells = 0;

    for (const crm_field_t *shown = details ? details->fields : NULL; shown && shown->name;
         shown++) {
        cells += crm_list_is_detail(shown);
    }
    return details ? cells : crm_field_has_cell(field);
}

int crm_list_cell(const crm_entity_t *entity, const crm_field_t *wanted)
{
    int cell = 0;

    for (const crm_field_t *field = entity->fields; field->name && field != wanted; field++) {
        cell += width(entity, field);
    }
    return cell;
}

int crm_list_cells(const crm_entity_t *entity)
{
    return crm_list_cell(entity, NULL) + (entity->path != NULL);
}

apr_int64_t crm_list_version(const crm_entity_t *entity, const crm_value_t *row)
{
    return row[crm_list_cells(entity) - 1].as.integer;
}

crm_error_t *crm_list(const crm_db_t *db, apr_pool_t *pool, const crm_query_t *query,
                      const crm_condition_t *condition, crm_list_t *ret_list)
{
    crm_list_sql_t sql = crm_list_sql_page(pool, query, condition, query->page_size + 1);
    crm_list_t list = {.count = -1};
    const crm_rows_t *rows;

    CRM_ERR(crm_db_select(db, pool, sql.text, sql.types, sql.args, sql.nargs, &rows));
    cut_page(pool, query, rows, &list);
    if (!query->by_cursor) {
        if (!rows->count && query->page > 1) {
            return crm_error_make(pool, CRM_E_NOT_FOUND, "Invalid page.");
        }
        if (query->count != CRM_COUNT_NONE) {
            CRM_ERR(count_rows(db, pool, query, condition, &list));
        }
    }
    *ret_list = list;
    return NULL;
}

crm_error_t *crm_list_one(const crm_db_t *db, apr_pool_t *pool, const crm_entity_t *entity,
                          crm_value_t id, const crm_condition_t *condition,
                          const crm_value_t **ret_row)
{
    crm_list_sql_t sql = crm_list_sql_one(pool, entity, id, condition);
    const crm_rows_t *rows;

    CRM_ERR(crm_db_select(db, pool, sql.text, sql.types, sql.args, sql.nargs, &rows));
    if (!rows->count) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    *ret_row = crm_row(rows, 0);
    return NULL;
}

crm_error_t *crm_list_all(const crm_db_t *db, apr_pool_t *pool, const crm_entity_t *entity,
                          const crm_condition_t *condition, const crm_rows_t **ret_rows)
{
    crm_list_sql_t sql = crm_list_sql_all(pool, entity, condition);

    return crm_db_select(db, pool, sql.text, sql.types, sql.args, sql.nargs, ret_rows);
}

/* The label of the choice that FIELD shows; null where there is none. */
static json_t *label_json(const crm_entity_t *entity, const crm_field_t *field,
                          const crm_value_t *row)
{
    const crm_field_t *shown = crm_entity_field(entity, field->details);
    crm_value_t value = row[crm_list_cell(entity, shown)];

    for (const crm_choice_t *choice = shown->choices; choice && choice->value; choice++) {
        if (value.kind == CRM_V_TEXT && strcmp(choice->value, value.as.text) == 0) {
            return json_string(choice->label);
        }
    }
    return value.kind == CRM_V_TEXT && *value.as.text ? json_string(value.as.text) : json_null();
}

/* The record in CELLS; null where there is none. */
static json_t *details_json(apr_pool_t *pool, const crm_entity_t *details, const crm_value_t *cells)
{
    json_t *json;

    if (crm_is_null(*cells)) {
        return json_null();
    }
    json = json_object();
    for (const crm_field_t *field = details->fields; field->name; field++) {
        if (crm_list_is_detail(field)) {
            json_object_set_new_nocheck(json, field->name, crm_field_json(pool, field, *cells++));
        }
    }
    return json;
}

/* FIELD as JSON, whose cells begin at CELL of ROW; NULL where rows do not have it. */
static json_t *field_json(apr_pool_t *pool, const crm_entity_t *entity, const crm_field_t *field,
                          const crm_value_t *row, int cell)
{
    const crm_entity_t *details = crm_list_details(entity, field);

    if (crm_field_has_cell(field)) {
        return crm_field_json(pool, field, row[cell]);
    }
    if (details) {
        return details_json(pool, details, row + cell);
    }
    if (field->children) {
        return json_array();
    }
    return field->details ? label_json(entity, field, row) : NULL;
}

json_t *crm_list_json(apr_pool_t *pool, const crm_entity_t *entity, const crm_value_t *row)
{
    json_t *json = json_object();
    int cell = 0;

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        json_t *value =
            crm_field_is_shown(field) ? field_json(pool, entity, field, row, cell) : NULL;
        if (value) {
            json_object_set_new_nocheck(json, field->name, value);
        }
        cell += width(entity, field);
    }
    return json;
}

const crm_value_t *crm_list_order_values(apr_pool_t *pool, const crm_query_t *query,
                                         const crm_value_t *row)
{
    apr_size_t count = (apr_size_t)query->order->nelts;
    crm_value_t *values = apr_palloc(pool, count * sizeof(*values));
    const crm_value_t *folded = row + crm_list_cells(query->entity);

    for (apr_size_t i = 0; i < count; i++) {
        const crm_field_t *field = APR_ARRAY_IDX(query->order, i, crm_order_t).field;
        values[i] =
            field->flags & CRM_F_FOLDED ? *folded++ : row[crm_list_cell(query->entity, field)];
    }
    return values;
}
