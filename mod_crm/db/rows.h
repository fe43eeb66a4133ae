/* db/rows.h - the rows of a result, read by type letters (crm_db_select) into a caller's pool.
 */
#ifndef CRM_DB_ROWS_H
#define CRM_DB_ROWS_H

#include "db/connection.h"
#include "db/database.h"
#include "db/sql.h"

/* A result to be read: rows go into POOL, everything else into the connection's scratch pool. */
typedef struct crm_reader_t {
    crm_connection_t *connection;
    apr_pool_t *pool;
    const crm_sql_t *sql;
    const char *types;
    apr_size_t bytes;   /* of texts and bytes read so far */
    crm_error_t *error; /* the first cell that could not be read */
} crm_reader_t;

/* Reads RESULTS to their end, also where a cell cannot be read. Errors: DATABASE, and what the
 * connection says. */
crm_error_t *crm_rows_read(crm_reader_t *reader, apr_dbd_results_t *results,
                           const crm_rows_t **ret_rows);

#endif
