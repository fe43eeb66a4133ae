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

/* Adds a quoted identifier: NAME with SUFFIX, FIELD's column, or what filters, search and order
 * compare of FIELD (its folded twin where it has one). */
void crm_list_add_name(crm_list_builder_t *builder, const char *name, const char *suffix);
void crm_list_add_column(crm_list_builder_t *builder, const crm_field_t *field);
void crm_list_add_key(crm_list_builder_t *builder, const crm_field_t *field);

/* Adds WHERE before the first condition, AND before the others. */
void crm_list_next_condition(crm_list_builder_t *builder);

#endif
