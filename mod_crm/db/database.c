/* db/database.c - statements, transactions and locks on one database. */
#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "db/database.h"
#include "db/meter.h"
#include "db/statement.h"

#define LOST "The database connection was lost. Try again later."

/* What is locked is tried as often, for as long at most, with pauses up to the first times 2, 4...
 */
#define TRIES 5
#define TRY_TIME apr_time_from_sec(10)
#define PAUSE 5000

typedef struct tries_t {
    int count;
    apr_time_t until;
} tries_t;

/* What is done on a connection, outside of a transaction or in it. */
typedef struct call_t {
    const crm_sql_t *sql;
    int count;                   /* statements of `sql` */
    const char *types;           /* of a SELECT, else NULL */
    int insert;                  /* the result is the new id */
    const crm_rows_t **ret_rows; /* of a SELECT */
    apr_int64_t result;
} call_t;

static tries_t first_try(void)
{
    return (tries_t){.until = apr_time_now() + TRY_TIME};
}

/* 1 after a pause when what was LOCKED may be tried again. Two that ran into each other must not do
 * so again: the pause is random. */
static int try_again(tries_t *tries, const crm_error_t *error)
{
    unsigned short random;
    if (error->kind != CRM_E_LOCKED || ++tries->count >= TRIES || apr_time_now() > tries->until) {
        return 0;
    }
    crm_secret_random(&random, sizeof(random));
    apr_sleep(PAUSE + ((apr_interval_time_t)PAUSE << tries->count) * random / 65536);
    return 1;
}

/* What callers are told: a lost connection is a database that is away for now. */
static crm_error_t *outward(crm_error_t *error)
{
    if (error && error->kind == CRM_E_GONE) {
        error->kind = CRM_E_UNAVAILABLE;
        error->detail = LOST;
        error->retry_after = 1;
    }
    return error;
}

static crm_error_t *run_call(crm_connection_t *connection, apr_pool_t *pool, call_t *call)
{
    if (call->types) {
        return crm_statement_select(connection, pool, call->sql, call->types, call->ret_rows);
    }
    for (int i = 0; i < call->count; i++) {
        CRM_ERR(crm_statement_execute(connection, pool, &call->sql[i], &call->result));
    }
    if (call->insert) {
        call->result = connection->driver->insert_id(connection);
    }
    return NULL;
}

/* The statements of CALL as one, which is a transaction of its own unless BOUND to an outer one. */
static crm_sql_t compound(apr_pool_t *pool, const call_t *call, int bound)
{
    apr_array_header_t *texts = apr_array_make(pool, 2 * call->count + 2, sizeof(const char *));
    apr_array_header_t *args = apr_array_make(pool, 64, sizeof(crm_value_t));
    APR_ARRAY_PUSH(texts, const char *) =
        bound ? "BEGIN NOT ATOMIC "
              : "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; "
                "END; START TRANSACTION; ";
    for (int i = 0; i < call->count; i++) {
        APR_ARRAY_PUSH(texts, const char *) = call->sql[i].text;
        APR_ARRAY_PUSH(texts, const char *) = "; ";
        for (int j = 0; j < call->sql[i].nargs; j++) {
            APR_ARRAY_PUSH(args, crm_value_t) = call->sql[i].args[j];
        }
    }
    APR_ARRAY_PUSH(texts, const char *) = bound ? "END" : "COMMIT; END";
    return (crm_sql_t){
        .text = apr_array_pstrcat(pool, texts, 0),
        .args = (const crm_value_t *)args->elts,
        .nargs = args->nelts,
    };
}

/* Several statements, by one call of the server where it can do that. */
static crm_error_t *run_calls(crm_connection_t *connection, apr_pool_t *pool, call_t *call,
                              int bound)
{
    if (call->count < 2 || !connection->compounds) {
        return run_call(connection, pool, call);
    }
    crm_sql_t sql = compound(pool, call, bound);
    return crm_statement_execute(connection, pool, &sql, &call->result);
}

/* Both take the time that statements take. */
static crm_error_t *begin(crm_connection_t *connection, apr_pool_t *pool)
{
    apr_time_t start = crm_meter_start();
    crm_error_t *error = connection->driver->begin(connection, pool);
    crm_meter_statement(start, 0);
    return error;
}

static crm_error_t *end(crm_connection_t *connection, apr_pool_t *pool)
{
    apr_time_t start = crm_meter_start();
    crm_error_t *error = connection->driver->commit(connection, pool);
    crm_meter_statement(start, 0);
    return error;
}

/* A write outside a transaction, in one of its own where the driver wants that. */
static crm_error_t *run_write(crm_connection_t *connection, apr_pool_t *pool, call_t *call)
{
    const crm_driver_t *driver = connection->driver;
    int several = call->count > 1 && !connection->compounds;
    if (call->types || !(driver->write_begins || several)) {
        return run_calls(connection, pool, call, 0);
    }
    CRM_ERR(begin(connection, pool));
    crm_error_t *error = run_call(connection, pool, call);
    if (!error) {
        error = end(connection, pool);
    }
    if (error && driver->roll_back(connection, pool)) {
        connection->broken = 1;
    }
    return error;
}

/* Runs CALL outside a transaction. A connection that was lost is replaced once, where the statement
 * certainly was not run or changes nothing; one that was LOCKED was rolled back. */
static crm_error_t *run_floating(const crm_db_t *db, apr_pool_t *pool, call_t *call)
{
    tries_t tries = first_try();
    int replaced = 0;
    for (;;) {
        crm_connection_t *connection;
        CRM_ERR(crm_pool_acquire(db, pool, &connection));
        crm_error_t *error = run_write(connection, pool, call);
        int repeatable = call->types || connection->not_run;
        crm_pool_release(db->pool, connection, 0);
        if (!error) {
            return NULL;
        }
        if (error->kind == CRM_E_GONE && repeatable && !replaced) {
            replaced = 1;
        } else if (!try_again(&tries, error)) {
            return error;
        }
    }
}

static crm_error_t *run_anywhere(const crm_db_t *db, apr_pool_t *pool, call_t *call)
{
    return outward(db->connection ? run_calls(db->connection, pool, call, 1)
                                  : run_floating(db, pool, call));
}

crm_error_t *crm_db_select(const crm_db_t *db, apr_pool_t *pool, const char *sql, const char *types,
                           const crm_value_t *args, int nargs, const crm_rows_t **ret_rows)
{
    const crm_sql_t statement = {.text = sql, .args = args, .nargs = nargs};
    call_t call = {.sql = &statement, .types = types, .ret_rows = ret_rows};
    return run_anywhere(db, pool, &call);
}

crm_error_t *crm_db_execute(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                            const crm_value_t *args, int nargs, apr_int64_t *ret_affected)
{
    const crm_sql_t statement = {.text = sql, .args = args, .nargs = nargs};
    call_t call = {.sql = &statement, .count = 1};
    CRM_ERR(run_anywhere(db, pool, &call));
    if (ret_affected) {
        *ret_affected = call.result;
    }
    return NULL;
}

crm_error_t *crm_db_execute_all(const crm_db_t *db, apr_pool_t *pool, const crm_sql_t *statements,
                                int count)
{
    call_t call = {.sql = statements, .count = count};
    return count ? run_anywhere(db, pool, &call) : NULL;
}

crm_error_t *crm_db_insert(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                           const crm_value_t *args, int nargs, apr_int64_t *ret_id)
{
    const crm_sql_t statement = {.text = sql, .args = args, .nargs = nargs};
    call_t call = {.sql = &statement, .count = 1, .insert = 1};
    CRM_ERR(run_anywhere(db, pool, &call));
    *ret_id = call.result;
    return NULL;
}

/* What WORK did on a connection whose transaction is already over must not be committed, even where
 * WORK took no notice of the error. */
static crm_error_t *doomed(crm_connection_t *connection, apr_pool_t *pool)
{
    crm_error_t *error = crm_error_standard(pool, connection->broken ? CRM_E_GONE : CRM_E_LOCKED);
    return crm_error_cause(error, "%s: the transaction was rolled back", connection->name);
}

static crm_error_t *commit(crm_connection_t *connection, apr_pool_t *pool)
{
    if (connection->doomed) {
        return doomed(connection, pool);
    }
    crm_error_t *error = end(connection, pool);
    if (error && error->kind == CRM_E_GONE && !connection->not_run) {
        crm_error_cause(error, "whether the transaction was committed is not known");
    }
    return error;
}

static crm_error_t *run_work(crm_connection_t *connection, const crm_db_t *db, apr_pool_t *pool,
                             crm_db_work_fn *work, void *baton)
{
    crm_db_t bound = *db;
    bound.connection = connection;
    crm_error_t *error = work(&bound, pool, baton);
    if (!error) {
        error = commit(connection, pool);
    }
    if (error && !connection->broken && connection->driver->roll_back(connection, pool)) {
        connection->broken = 1;
    }
    return error;
}

crm_error_t *crm_db_transaction(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work,
                                void *baton)
{
    if (db->connection) {
        return work(db, pool, baton); /* part of the outer one */
    }
    tries_t tries = first_try();
    int replaced = 0;
    for (;;) {
        crm_connection_t *connection;
        CRM_ERR(crm_pool_acquire(db, pool, &connection));
        crm_error_t *error = begin(connection, pool);
        int begun = !error;
        if (begun) {
            error = run_work(connection, db, pool, work, baton);
        }
        crm_pool_release(db->pool, connection, 0);
        if (!error) {
            return NULL;
        }
        if (!begun && error->kind == CRM_E_GONE && !replaced) {
            replaced = 1;
        } else if (!try_again(&tries, error)) {
            return outward(error);
        }
    }
}

crm_error_t *crm_db_savepoint(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work,
                              void *baton)
{
    crm_connection_t *connection = db->connection;
    if (!connection) {
        return crm_db_transaction(db, pool, work, baton);
    }
    CRM_ERR(outward(crm_connection_run(connection, pool, "SAVEPOINT crm")));
    crm_error_t *error = work(db, pool, baton);
    if (connection->broken || connection->doomed) {
        return outward(error ? error : doomed(connection, pool));
    }
    crm_error_t *undone =
        error ? crm_connection_run(connection, pool, "ROLLBACK TO SAVEPOINT crm") : NULL;
    if (!undone) {
        undone = crm_connection_run(connection, pool, "RELEASE SAVEPOINT crm");
    }
    if (undone) {
        connection->doomed = 1;
    }
    return undone ? outward(undone) : error;
}

crm_error_t *crm_db_with_lock(const crm_db_t *db, apr_pool_t *pool, const char *name,
                              apr_interval_time_t wait, crm_db_work_fn *work, void *baton)
{
    const crm_driver_t *driver = crm_driver(db->server->driver);
    crm_lock_t lock = {.database = db->database, .name = name};
    crm_db_t server = {.pool = db->pool, .server = db->server, .database = ""};
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(name)) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                               "\"%s\" is no name for a lock", name);
    }
    if (driver->lock_connects) {
        CRM_ERR(crm_pool_acquire(&server, pool, &lock.connection));
    }
    crm_error_t *error = outward(driver->lock(&lock, pool, wait));
    if (!error) {
        error = work(db, pool, baton);
        /* what WORK has done counts, whether or not the lock was still there at its end */
        driver->unlock(&lock, pool);
    }
    if (lock.connection) {
        crm_pool_release(db->pool, lock.connection, 0);
    }
    return error;
}

crm_error_t *crm_db_create_database(const crm_db_t *db, apr_pool_t *pool)
{
    const crm_driver_t *driver = crm_driver(db->server->driver);
    CRM_ERR(outward(driver->create(db, pool)));
    crm_error_t *error = db->user ? driver->make_user(db, pool, 1) : NULL;
    crm_error_t *second = error ? driver->drop(db, pool) : NULL;
    if (second) {
        crm_error_cause(error, "%s; and its database stays: %s", crm_error_line(pool, error),
                        crm_error_line(pool, second));
    }
    return outward(error);
}

crm_error_t *crm_db_drop_database(const crm_db_t *db, apr_pool_t *pool)
{
    crm_pool_forget(db->pool, db->database);
    const crm_driver_t *driver = crm_driver(db->server->driver);
    CRM_ERR(outward(driver->drop(db, pool)));
    return db->user ? outward(driver->drop_user(db, pool)) : NULL;
}

crm_error_t *crm_db_exists(const crm_db_t *db, apr_pool_t *pool, int *ret_exists)
{
    return outward(crm_driver(db->server->driver)->exists(db, pool, ret_exists));
}

crm_error_t *crm_db_facts(const crm_db_t *db, apr_pool_t *pool, crm_db_facts_t *ret_facts)
{
    const crm_rows_t *rows;
    CRM_ERR(
        crm_db_select(db, pool, crm_driver(db->server->driver)->facts, "sit", CRM_NO_ARGS, &rows));
    const crm_value_t *row = crm_row(rows, 0);
    *ret_facts = (crm_db_facts_t){
        .version = row[0].as.text,
        .max_connections = row[1].as.integer,
        .now = crm_is_null(row[2]) ? 0 : row[2].as.time,
    };
    return NULL;
}
