/* service/table_load.h - rows put into a table, many at a time, in transactions that stay small.
 */
#ifndef CRM_SERVICE_TABLE_LOAD_H
#define CRM_SERVICE_TABLE_LOAD_H

#include "db/table.h"

typedef struct crm_table_load_t crm_table_load_t;

/* Begins to load TABLE of DB, which is bound by crm_db_load; lives in POOL. */
crm_error_t *crm_table_load_begin(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                                  crm_table_load_t **ret_load);

/* Takes a copy of a row: one cell a column. Text and bytes may stand for each other. */
crm_error_t *crm_table_load_row(crm_table_load_t *load, const crm_value_t *row);

/* What was taken is there; whoever is bound commits it. */
crm_error_t *crm_table_load_end(crm_table_load_t *load);

#endif
