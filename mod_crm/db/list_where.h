/* db/list_where.h - the conditions of a list: the caller's own, filters, search words, cursor.
 *
 * Inside db/list*.c only.
 */
#ifndef CRM_DB_LIST_WHERE_H
#define CRM_DB_LIST_WHERE_H

#include "db/list_builder.h"

/* The caller's own condition; NULL is none. */
void crm_list_add_condition(crm_list_builder_t *builder, const crm_condition_t *condition);

/* That, QUERY's filters and its words. */
void crm_list_add_conditions(crm_list_builder_t *builder, const crm_query_t *query,
                             const crm_condition_t *condition);

/* FILTER on COLUMN in place of its field's, without words for text. */
void crm_list_add_tally_filter(crm_list_builder_t *builder, const crm_filter_t *filter,
                               const char *column);

/* 1 when the conditions look at the records themselves, 0 when the table of search is enough. */
int crm_list_joins(const crm_query_t *query, const crm_condition_t *condition);

/* 1 when the table of search is to be read before the records; else the database chooses. */
int crm_list_searches_first(const crm_query_t *query, const crm_condition_t *condition);

/* 1 when a filter says more or less. */
int crm_list_has_range(const crm_query_t *query);

/* Rows behind QUERY's cursor, seen in the direction it points to; nothing where it has none. */
void crm_list_add_cursor(crm_list_builder_t *builder, const crm_query_t *query);

/* Is ORDER descending, seen in the direction QUERY's cursor points to? */
int crm_list_is_descending(const crm_query_t *query, const crm_order_t *order);

#endif
