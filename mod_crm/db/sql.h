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

/* SQL as one kind of database has it. */
typedef struct crm_sql_form_t {
    const char *text;  /* NULL: it cannot be had */
    const char *kept;  /* one byte a value: 1 when it is bound, 0 when its '?' was left out */
    const char *wrong; /* why it cannot be had */
    int needs;         /* more than VERSION: the version without which it cannot be had */
} crm_sql_form_t;

/* SQL's text in apr_dbd's format for DRIVER and a schema of VERSION: each '?' outside quotes
 * becomes the format of its value (NULL: text), '%' is doubled, {words} are replaced. There is none
 * when the number of '?' is not that of values, a word is unknown, or the schema is too old for it.
 */
crm_sql_form_t crm_sql_translate(apr_pool_t *pool, const crm_driver_t *driver, int version,
                                 const crm_sql_t *sql);

/* SQL's text as DRIVER's database has it, with a '?' for each value; NULL for what
 * crm_sql_translate refuses. */
const char *crm_sql_text(apr_pool_t *pool, const crm_driver_t *driver, int version,
                         const crm_sql_t *sql);

#endif
