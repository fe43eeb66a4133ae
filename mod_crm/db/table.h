/* db/table.h - whole tables, whatever they hold: their columns, all rows page by page, rows put in.
 *
 * For what copies databases: backups, restoring, moving. Names of tables and columns come from the
 * database's own catalogue. Values are what every database of ours has: integers, reals, text,
 * times and bytes; where a database keeps times as text (SQLite), they are text.
 */
#ifndef CRM_DB_TABLE_H
#define CRM_DB_TABLE_H

#include "db/database.h"

typedef struct crm_column_t {
    const char *name;
    const char *declared; /* its type in the database's own words */
    char type;            /* as in crm_db_select: i, f, t, l (text), x (bytes) */
    int may_be_null;
} crm_column_t;

typedef struct crm_table_t {
    const char *name;
    const crm_column_t *columns;
    int ncolumns;
    const int *key; /* indexes of the primary key's columns, in its order */
    int nkey;
} crm_table_t;

/* All tables of DB, of const crm_table_t *, by name. A table without a primary key is INTERNAL. */
crm_error_t *crm_tables_read(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t **ret_tables);

/* The names of tables from which rows go when rows of others do (ON DELETE CASCADE), of const char
 * *. */
crm_error_t *crm_tables_cascading(const crm_db_t *db, apr_pool_t *pool,
                                  apr_array_header_t **ret_names);

/* The table NAME of TABLES, or NULL; the index of the column NAME of TABLE, or -1. */
const crm_table_t *crm_table_find(const apr_array_header_t *tables, const char *name);
int crm_table_column(const crm_table_t *table, const char *name);

/* How many rows there are; who counts a large table waits. */
crm_error_t *crm_table_count(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                             apr_uint64_t *ret_rows);

/* Reads at most LIMIT rows in the order of the primary key, behind the row whose cells are AFTER
 * (or NULL: from the first): one cell a column, reals exact. */
crm_error_t *crm_table_page(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                            const crm_value_t *after, int limit, const crm_rows_t **ret_rows);

/* The rows, in any order, whose primary keys are among COUNT KEYS (1 or more), each with one value
 * a part; those that are not there are left out. */
crm_error_t *crm_table_get(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                           const crm_value_t *const *keys, int count, const crm_rows_t **ret_rows);

/* Removes those rows. */
crm_error_t *crm_table_remove(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                              const crm_value_t *const *keys, int count);

/* Removes all rows. */
crm_error_t *crm_table_clear(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table);

/* The INSERT of all columns, as crm_bulk_insert_t wants it: "INSERT INTO t (a, b) VALUES ", "(?,
 * ?)".
 */
void crm_table_insert_text(apr_pool_t *pool, const crm_table_t *table, const char **ret_before,
                           const char **ret_row);

/* Runs WORK in a transaction that sees all of DB as it is now, and changes nothing. It waits for no
 * writer, and no writer for it. */
crm_error_t *crm_db_snapshot(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work,
                             void *baton);

/* Runs WORK in a transaction in which references are not checked, so that tables can be filled in
 * any order, and commits. WORK may end what it has so far by crm_db_load_commit. */
crm_error_t *crm_db_load(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work, void *baton);
crm_error_t *crm_db_load_commit(const crm_db_t *db, apr_pool_t *pool);

#endif
