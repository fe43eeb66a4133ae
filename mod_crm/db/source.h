/* db/source.h - databases that are not ours, read and never written: whatever tables they have.
 *
 * A source is one connection to a MySQL or MariaDB server, in one transaction that reads only
 * (START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY): what is read by it, of whichever
 * database of that server, is as it was when the source was opened. Tables and columns are told by
 * information_schema; their names come from there, and are quoted, not bound, as SQL wants it.
 *
 * Every value is read as text, or null. A text of a latin1 column whose bytes are UTF-8 is taken as
 * that: somebody wrote UTF-8 by a connection that said latin1. Bytes (BLOB and the like) are given
 * as hexadecimal digits.
 */
#ifndef CRM_DB_SOURCE_H
#define CRM_DB_SOURCE_H

#include "db/database.h"

typedef struct crm_source_t crm_source_t;

typedef struct crm_source_column_t {
    const char *name;
    const char *type;            /* information_schema's data_type: "varchar" */
    const char *set, *collation; /* of characters; NULL: it has none */
    int is_latin1;               /* see above */
    int is_json;                 /* by its type, or by a check of the table */
} crm_source_column_t;

typedef struct crm_source_table_t {
    const char *database, *name;
    const crm_source_column_t *columns;
    int count;
    const char *key; /* a column that is never null and alone tells rows apart; NULL: none is */
    int key_is_number;
} crm_source_table_t;

/* Connects to the server of URL, and begins the transaction. Ends with POOL. Errors: UNAVAILABLE
 * with the reason as cause. */
crm_error_t *crm_source_open(apr_pool_t *pool, const crm_db_url_t *url, crm_source_t **ret_source);

/* As crm_db_select. */
crm_error_t *crm_source_select(crm_source_t *source, apr_pool_t *pool, const char *sql,
                               const char *types, const crm_value_t *args, int nargs,
                               const crm_rows_t **ret_rows);

/* The tables (no views) of DATABASE that the account may read, by name: of crm_source_table_t. */
crm_error_t *crm_source_tables(crm_source_t *source, apr_pool_t *pool, const char *database,
                               apr_array_header_t **ret_tables);

/* NAME as an identifier in SQL, "`name`". */
const char *crm_source_name(apr_pool_t *pool, const char *name);

/* SQL that looks up the column NAME of the row of TABLE whose column BY, an id, is VALUE, SQL too:
 * by the collation of the column, so that its index serves and collations do not clash; UUIDs with
 * or without dashes. */
const char *crm_source_look_up(apr_pool_t *pool, const crm_source_table_t *table, const char *name,
                               const char *by, const char *value);

/* The place of the column NAME in TABLE, -1 where it has none. */
int crm_source_column(const crm_source_table_t *table, const char *name);

/* Which rows of a table, called r in SQL. */
typedef struct crm_source_read_t {
    const crm_source_table_t *table;
    const char *condition;   /* SQL, or NULL: all */
    const crm_value_t *args; /* of condition */
    int nargs;
    const char *const *extras; /* SQL: further columns; ends with NULL; or NULL */
    const char *after;         /* the position behind which rows are read; NULL: from the first */
    int most;                  /* so many rows at most */
} crm_source_read_t;

/* Rows as they were read. */
typedef struct crm_source_rows_t {
    const crm_source_table_t *table;
    int count, columns;       /* columns: the table's, then the extras */
    const crm_value_t *cells; /* texts (valid UTF-8, `size` set) and nulls */
    const char *position;     /* of the last row */
} crm_source_rows_t;

/* Reads the next rows, in the order of the key, or of all columns where there is none. */
crm_error_t *crm_source_read(crm_source_t *source, apr_pool_t *pool, const crm_source_read_t *read,
                             crm_source_rows_t *ret_rows);

static inline const crm_value_t *crm_source_row(const crm_source_rows_t *rows, int n)
{
    return rows->cells + (apr_size_t)n * (apr_size_t)rows->columns;
}

#endif
