/* db/statement.h - prepared statements of one connection: kept by their text, bound, run, read.
 *
 * The format in which a value is bound is fixed when a statement is prepared, and a NULL fits every
 * format: so a cached statement is found by its text and the kinds of the values that are not NULL.
 * SQLite gives reals with 15 significant digits, MySQL with all.
 */
#ifndef CRM_DB_STATEMENT_H
#define CRM_DB_STATEMENT_H

#include "db/connection.h"
#include "db/database.h"
#include "db/sql.h"

/* Runs a SELECT; TYPES and rows as in crm_db_select. Errors as the database gave them: GONE too. */
crm_error_t *crm_statement_select(crm_connection_t *connection, apr_pool_t *pool,
                                  const crm_sql_t *sql, const char *types,
                                  const crm_rows_t **ret_rows);

/* Runs anything else. *RET_AFFECTED: rows matched. */
crm_error_t *crm_statement_execute(crm_connection_t *connection, apr_pool_t *pool,
                                   const crm_sql_t *sql, apr_int64_t *ret_affected);

/* Forgets all prepared statements. */
void crm_statements_clear(crm_connection_t *connection);

#endif
