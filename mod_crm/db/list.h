/* db/list.h - SQL of lists, made from a description and a query; values are always bound.
 *
 * NULL comes before every value in an ascending order and after every value in a descending one, on
 * both databases. A column that may be NULL is a field with CRM_F_NULL: cursors rely on it. A real
 * in an order of cursors is one of at most 15 significant digits, which is what SQLite gives back.
 * Folded text is compared by its twin; of other text, filters compare what is there, and search
 * looks without regard to case (on SQLite that of ASCII alone). An index on an order's column (with
 * the id at its end, which InnoDB adds by itself) makes a page by cursor cost the same everywhere,
 * and a deep page by number cost what skipping in the index costs.
 */
#ifndef CRM_DB_LIST_H
#define CRM_DB_LIST_H

#include "db/database.h"
#include "model/query.h"

/* A page. `rows` has one cell a field of the entity that has a column or is computed, and for one
 * that shows another record a cell for each shown field of that, in the fields' order; of records
 * of the CRM also the version; by cursor there is more behind them, for crm_list_order_values.
 * `count` is -1 with CRM_COUNT_NONE or by cursor; an estimate is exact up to 10,000, and beyond
 * that 10,000 or as many as the page shows that there are. By cursor, an empty page has no row to
 * go on from: nothing is next or previous.
 */
typedef struct crm_list_t {
    const crm_rows_t *rows;
    apr_int64_t count;
    int has_next, has_previous;
} crm_list_t;

/* A condition of the caller's own, always ANDed: constant SQL with '?', e.g. "user_id = ?". */
typedef struct crm_condition_t {
    const char *sql; /* or NULL */
    const crm_value_t *args;
    int nargs;
    int without; /* it says which records are left out: few, so that the others are counted by them
                  */
} crm_condition_t;

/* Runs QUERY on DB. A page past the end (but the first) is NOT_FOUND "Invalid page.". */
crm_error_t *crm_list(const crm_db_t *db, apr_pool_t *pool, const crm_query_t *query,
                      const crm_condition_t *condition, crm_list_t *ret_list);

/* The row whose id is ID (and where CONDITION holds), as in crm_list_t; NOT_FOUND when there is
 * none. */
crm_error_t *crm_list_one(const crm_db_t *db, apr_pool_t *pool, const crm_entity_t *entity,
                          crm_value_t id, const crm_condition_t *condition,
                          const crm_value_t **ret_row);

/* All rows where CONDITION holds, in the default order. */
crm_error_t *crm_list_all(const crm_db_t *db, apr_pool_t *pool, const crm_entity_t *entity,
                          const crm_condition_t *condition, const crm_rows_t **ret_rows);

/* The entity whose record FIELD of ENTITY shows; NULL when it is no such field. */
const crm_entity_t *crm_list_details(const crm_entity_t *entity, const crm_field_t *field);

/* 1 when FIELD is shown of such a record: it is stored, and no secret. */
int crm_list_is_detail(const crm_field_t *field);

/* A row of such a list as a JSON object of the entity's shown fields, as far as rows have them: a
 * list of children is empty, what a handler makes is left out. New reference. */
json_t *crm_list_json(apr_pool_t *pool, const crm_entity_t *entity, const crm_value_t *row);

/* The cell of FIELD in such a row, and the number of cells, without what is there for cursors. */
int crm_list_cell(const crm_entity_t *entity, const crm_field_t *field);
int crm_list_cells(const crm_entity_t *entity);

/* The version in a row of records of the CRM. */
apr_int64_t crm_list_version(const crm_entity_t *entity, const crm_value_t *row);

/* The order values of ROW, one of crm_list's rows for QUERY by cursor, for crm_query_cursor. */
const crm_value_t *crm_list_order_values(apr_pool_t *pool, const crm_query_t *query,
                                         const crm_value_t *row);

#endif
