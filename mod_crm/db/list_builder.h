/* db/list_builder.h - SQL text and its values, put together piece by piece, in a pool.
 *
 * Inside db/list*.c only.
 */
#ifndef CRM_DB_LIST_BUILDER_H
#define CRM_DB_LIST_BUILDER_H

#include "db/list_sql.h"

typedef struct crm_list_builder_t {
    apr_pool_t *pool;
    apr_array_header_t *text, *types; /* of char */
    apr_array_header_t *args;         /* of crm_value_t */
    int conditions;                   /* so far */
} crm_list_builder_t;

crm_list_builder_t crm_list_start(apr_pool_t *pool);
crm_list_sql_t crm_list_finish(crm_list_builder_t *builder);

/* Adds constant text. */
void crm_list_add(crm_list_builder_t *builder, const char *text);

/* Adds '?' and its value. */
void crm_list_add_value(crm_list_builder_t *builder, crm_value_t value);

/* Adds a quoted identifier: NAME with SUFFIX; or, of the row called ROW ("r"), FIELD's column, what
 * computes it, or what filters, search and order compare of it (its folded twin where it has one).
 */
void crm_list_add_name(crm_list_builder_t *builder, const char *name, const char *suffix);
void crm_list_add_column(crm_list_builder_t *builder, const char *row, const crm_field_t *field);
void crm_list_add_key(crm_list_builder_t *builder, const char *row, const crm_field_t *field);

/* The name of the row that QUERY's conditions and order take FIELD from: the table of search has
 * what the default order needs. */
const char *crm_list_row_of(const crm_query_t *query, const crm_field_t *field);

/* 1 when QUERY reads the table of search. */
int crm_list_searches(const crm_query_t *query);

/* Adds WHERE before the first condition, AND before the others. */
void crm_list_next_condition(crm_list_builder_t *builder);

#endif
