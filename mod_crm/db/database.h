/* db/database.h - statements and transactions on one database. What services use.
 *
 * A crm_db_t names a database; outside a transaction each statement takes a connection from the
 * pool and gives it back at once, so that no work holds one connection while it waits for another.
 * Inside crm_db_transaction the function gets a crm_db_t that is bound to the transaction's
 * connection, with the same calls.
 *
 * SQL text is constant text with '?' for each value; each is bound (nothing is ever pasted), and
 * the prepared statement is kept per connection, found by its text. Both databases get the same
 * text; the few words in which they differ are written as
 *
 * - {for update}: a locking read (nothing on SQLite, whose transactions lock at BEGIN)
 * - {insert ignore}: INSERT IGNORE, INSERT OR IGNORE
 * - {upsert KEYS}: ON DUPLICATE KEY UPDATE, ON CONFLICT(KEYS) DO UPDATE SET
 * - {new COLUMN}, after {upsert}: the value that was to be inserted
 * - {for share}: a read that keeps rows from being changed until the transaction ends
 * - {then join}: a join that reads the table before it first
 * - {slot}: a small number that two connections seldom share
 * - {index only}, at the beginning: a SELECT for which an index holds all that is read of its
 * largest table; it is prepared anew each time where a prepared statement forgets that
 *
 * - {since N}, {else}, {end}: what stands between the first two is there where the schema's version
 * is N or more, what stands between the last two ({else} may be left out) where it is less; a '?'
 * that is not there takes its value with it
 * - {needs N}: where the version is less, the statement is not run: UNAVAILABLE
 *
 * LIKE always with: LIKE ? ESCAPE '|'.
 */
#ifndef CRM_DB_DATABASE_H
#define CRM_DB_DATABASE_H

#include "base/error.h"
#include "db/pool.h"
#include "model/value.h"

/* Values for '?', in order: CRM_ARGS(crm_int(1), crm_text("x")), or CRM_NO_ARGS. */
#define CRM_ARGS(...)                                                                              \
    (const crm_value_t[]){__VA_ARGS__},                                                            \
        (int)(sizeof((const crm_value_t[]){__VA_ARGS__}) / sizeof(crm_value_t))
#define CRM_NO_ARGS NULL, 0

/* A statement and its values. */
typedef struct crm_sql_t {
    const char *text;
    const crm_value_t *args;
    int nargs;
} crm_sql_t;

/* A whole result, in the pool given to crm_db_select. */
typedef struct crm_rows_t {
    int count, columns;
    const crm_value_t *cells;
} crm_rows_t;

/* Row N's cells (0-based). */
static inline const crm_value_t *crm_row(const crm_rows_t *rows, int n)
{
    return rows->cells + (apr_size_t)n * (apr_size_t)rows->columns;
}

/* Reads rows. TYPES says what each column is, one letter each: s text (VARCHAR), l long text or
 * JSON (TEXT), i integer, f real, b boolean, t time, u UUID, x bytes. A read
 * outside a transaction that found its connection gone is tried once more on a fresh one. Errors:
 * UNAVAILABLE (no connection, server away), LOCKED, DATABASE. */
crm_error_t *crm_db_select(const crm_db_t *db, apr_pool_t *pool, const char *sql, const char *types,
                           const crm_value_t *args, int nargs, const crm_rows_t **ret_rows);

/* Runs a statement that changes rows. *RET_AFFECTED (may be NULL): rows matched. Errors also:
 * DUPLICATE (error->key: the column that the unique key is named after), REFERENCE, TOO_LONG. */
crm_error_t *crm_db_execute(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                            const crm_value_t *args, int nargs, apr_int64_t *ret_affected);

/* Runs COUNT statements that change rows, one after the other: all of them or none, in one
 * transaction (outside of one, in their own). They are one call of the server where it can do that.
 */
crm_error_t *crm_db_execute_all(const crm_db_t *db, apr_pool_t *pool, const crm_sql_t *statements,
                                int count);

/* The same for one INSERT into a table with an integer key that counts up: the new id. */
crm_error_t *crm_db_insert(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                           const crm_value_t *args, int nargs, apr_int64_t *ret_id);

/* Told of each statement that was run by any thread: the database, the text as the database has it,
 * with a '?' for each value, and how long it took. */
typedef void crm_db_trace_fn(const char *database, const char *sql, apr_interval_time_t time);

/* From now on TRACE is told; NULL: nobody. To be called before other threads use databases. */
void crm_db_trace(crm_db_trace_fn *trace);

typedef crm_error_t *crm_db_work_fn(const crm_db_t *db, apr_pool_t *pool, void *baton);

/* Runs WORK in a transaction: committed when it gives NULL, else rolled back. After LOCKED it is
 * run again from the start, a few times with a growing pause: WORK must not leave traces outside
 * the database before it succeeds. POOL is WORK's, and holds the error. */
crm_error_t *crm_db_transaction(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work,
                                void *baton);

/* Runs WORK inside the transaction that DB is bound to, so that its error undoes WORK alone, not
 * what was done before; where DB is not bound, crm_db_transaction. LOCKED and UNAVAILABLE end the
 * whole transaction all the same. */
crm_error_t *crm_db_savepoint(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work,
                              void *baton);

/* Runs WORK while holding the lock NAME (at most 48 characters) of the server of DB: no other
 * process or thread of any machine has it meanwhile; it ends with the process. WAIT 0: LOCKED at
 * once when it is taken. WORK's db is DB as it was given; not inside a transaction. */
crm_error_t *crm_db_with_lock(const crm_db_t *db, apr_pool_t *pool, const char *name,
                              apr_interval_time_t wait, crm_db_work_fn *work, void *baton);

/* Makes and removes whole databases, with their own users where they have one. Creating one that is
 * there is CONFLICT; dropping one that is not is success. Idle connections to it are closed first.
 */
crm_error_t *crm_db_create_database(const crm_db_t *db, apr_pool_t *pool);
crm_error_t *crm_db_drop_database(const crm_db_t *db, apr_pool_t *pool);
crm_error_t *crm_db_exists(const crm_db_t *db, apr_pool_t *pool, int *ret_exists);

/* What the server of a database says of itself. */
typedef struct crm_db_facts_t {
    const char *version;
    apr_int64_t max_connections; /* 0: any */
    apr_time_t now;              /* 0: it has the caller's clock */
} crm_db_facts_t;

crm_error_t *crm_db_facts(const crm_db_t *db, apr_pool_t *pool, crm_db_facts_t *ret_facts);

#endif
