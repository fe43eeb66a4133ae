/* db/list_sql.h - the statements of lists: their text, the types of their columns, their values.
 *
 * The same shape of query gives the same text, so that prepared statements are found again: no
 * value is ever in it, LIMIT and OFFSET are bound, and the places of an IN are rounded up. Inside
 * db/: everybody else uses db/list.h.
 */
#ifndef CRM_DB_LIST_SQL_H
#define CRM_DB_LIST_SQL_H

#include "db/list.h"

typedef struct crm_list_sql_t {
    const char *text;
    const char *types; /* of crm_db_select */
    const crm_value_t *args;
    int nargs;
} crm_list_sql_t;

/* At most LIMIT rows of QUERY's page: the entity's columned fields, and by cursor the folded text
 * of each order entry that has such. A backward cursor's rows come in reverse order. */
crm_list_sql_t crm_list_sql_page(apr_pool_t *pool, const crm_query_t *query,
                                 const crm_condition_t *condition, int limit);

/* How many rows QUERY has on all pages; LIMIT above 0: it stops counting there. */
crm_list_sql_t crm_list_sql_count(apr_pool_t *pool, const crm_query_t *query,
                                  const crm_condition_t *condition, apr_int64_t limit);

/* All rows where CONDITION holds, in ENTITY's own order, newest first. */
crm_list_sql_t crm_list_sql_all(apr_pool_t *pool, const crm_entity_t *entity,
                                const crm_condition_t *condition);

/* The one row whose id is ID. */
crm_list_sql_t crm_list_sql_one(apr_pool_t *pool, const crm_entity_t *entity, crm_value_t id,
                                const crm_condition_t *condition);

#endif
