/* service/table_pages.h - all rows of a table, page by page, in memory that does not grow.
 */
#ifndef CRM_SERVICE_TABLE_PAGES_H
#define CRM_SERVICE_TABLE_PAGES_H

#include "db/table.h"

/* Takes a page of rows, which live in POOL until the next but one; *RET_BYTES: how much they were,
 * about: so many are read at a time that a page stays about as large. */
typedef crm_error_t *crm_table_page_fn(apr_pool_t *pool, const crm_rows_t *rows, void *baton,
                                       apr_uint64_t *ret_bytes);

/* Gives all rows of TABLE to TAKE, in the order of the key. */
crm_error_t *crm_table_pages(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                             crm_table_page_fn *take, void *baton);

#endif
