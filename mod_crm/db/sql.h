/* db/sql.h - SQL text as services write it (db/database.h) made into what apr_dbd prepares.
 */
#ifndef CRM_DB_SQL_H
#define CRM_DB_SQL_H

#include "db/driver.h"
#include "db/database.h"

/* The word that begins a SELECT that an index alone can answer. */
#define CRM_INDEX_ONLY "index only"

/* How values are bound: a letter each (s text, l integer, f real, b bytes; 0 for NULL, which fits
 * every format), NUL-terminated by count, not by content. */
char crm_sql_format(const crm_value_t *value);

/* The same for preparing: a NULL is what its column is, or text where that is not known. */
char crm_sql_prepared_format(const crm_value_t *value);

/* SQL's text in apr_dbd's format for DRIVER: each '?' outside quotes becomes the format of its
 * value (NULL: text), '%' is doubled, {words} are replaced. NULL, with the reason in *RET_WRONG,
 * when the number of '?' is not that of values, or a word is unknown. */
const char *crm_sql_translate(apr_pool_t *pool, const crm_driver_t *driver, const crm_sql_t *sql,
                              const char **ret_wrong);

/* SQL's text as DRIVER's database has it, with a '?' for each value; NULL for what
 * crm_sql_translate refuses. */
const char *crm_sql_text(apr_pool_t *pool, const crm_driver_t *driver, const crm_sql_t *sql);

#endif
