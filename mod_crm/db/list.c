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

static int count_columns(const crm_entity_t *entity)
{
    int columns = 0;

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        columns += field->column != NULL;
    }
    return columns;
}

/* The cell of FIELD in a row. */
static int cell_of(const crm_entity_t *entity, const crm_field_t *wanted)
{
    int cell = 0;

    for (const crm_field_t *field = entity->fields; field != wanted; field++) {
        cell += field->column != NULL;
    }
    return cell;
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

json_t *crm_list_json(apr_pool_t *pool, const crm_entity_t *entity, const crm_value_t *row)
{
    json_t *json = json_object();

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (!field->column) {
            continue;
        }
        if (!(field->flags & (CRM_F_WRITE_ONLY | CRM_F_SECRET)) && field->type != CRM_T_PASSWORD) {
            json_object_set_new(json, field->name, crm_field_json(pool, field, *row));
        }
        row++;
    }
    return json;
}

const crm_value_t *crm_list_order_values(apr_pool_t *pool, const crm_query_t *query,
                                         const crm_value_t *row)
{
    apr_size_t count = (apr_size_t)query->order->nelts;
    crm_value_t *values = apr_palloc(pool, count * sizeof(*values));
    const crm_value_t *folded = row + count_columns(query->entity);

    for (apr_size_t i = 0; i < count; i++) {
        const crm_field_t *field = APR_ARRAY_IDX(query->order, i, crm_order_t).field;
        values[i] = field->flags & CRM_F_FOLDED ? *folded++ : row[cell_of(query->entity, field)];
    }
    return values;
}
