/* db/statement.c - the statement cache, binding of values, running. */
#include <string.h>

#include <apr_strings.h>

#include "base/time.h"
#include "db/meter.h"
#include "db/rows.h"
#include "db/statement.h"

/* Statements a connection keeps. A server bounds them too (max_prepared_stmt_count, 16382). */
#define MOST_CACHED 128

/* A statement whose result was larger is not kept where keeping it keeps the result. */
#define LARGE_RESULT 65536

/* A statement is prepared so often at most because the schema has changed under it: who makes a
 * dozen triggers changes it a dozen times. */
#define STALE_TRIES 10

/* apr_dbd takes up to four slots a value. */
#define SLOTS 4

typedef struct crm_statement_t {
    struct crm_statement_t *next;
    apr_pool_t *pool;
    apr_uint32_t hash;
    const char *text;
    char *formats;    /* one a value; a NULL was prepared as text */
    const char *kept; /* one a value: whether it is bound */
    int nargs;
    apr_dbd_prepared_t *prepared;
} statement_t;

static crm_db_trace_fn *told;

void crm_db_trace(crm_db_trace_fn *trace)
{
    told = trace;
}

/* ---- the cache */

/* FNV-1a. */
static apr_uint32_t hash_text(const char *text)
{
    apr_uint32_t hash = 2166136261u;
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    }
    return hash;
}

static statement_t **bucket_of(crm_connection_t *connection, apr_uint32_t hash)
{
    return &connection->statements[hash % CRM_STATEMENT_BUCKETS];
}

static int fits(const statement_t *statement, const crm_sql_t *sql)
{
    for (int i = 0; i < sql->nargs; i++) {
        char format = crm_sql_format(&sql->args[i]);
        if (format && format != statement->formats[i]) {
            return 0;
        }
    }
    return 1;
}

static statement_t *find(crm_connection_t *connection, const crm_sql_t *sql, apr_uint32_t hash)
{
    for (statement_t *statement = *bucket_of(connection, hash); statement;
         statement = statement->next) {
        if (statement->hash == hash && statement->nargs == sql->nargs &&
            strcmp(statement->text, sql->text) == 0 && fits(statement, sql)) {
            return statement;
        }
    }
    return NULL;
}

static void drop(crm_connection_t *connection, statement_t *statement)
{
    statement_t **link = bucket_of(connection, statement->hash);
    while (*link != statement) {
        link = &(*link)->next;
    }
    *link = statement->next;
    connection->cached--;
    apr_pool_destroy(statement->pool);
}

void crm_statements_clear(crm_connection_t *connection)
{
    for (int i = 0; i < CRM_STATEMENT_BUCKETS; i++) {
        while (connection->statements[i]) {
            drop(connection, connection->statements[i]);
        }
    }
}

static crm_error_t *mistake(crm_connection_t *connection, apr_pool_t *pool, const crm_sql_t *sql,
                            const char *wrong)
{
    crm_error_t *error = crm_error_standard(pool, CRM_E_INTERNAL);
    connection->not_run = 1;
    return crm_error_cause(error, "%s; in: %s", wrong, sql->text);
}

static crm_error_t *prepare(crm_connection_t *connection, apr_pool_t *pool, const crm_sql_t *sql,
                            apr_uint32_t hash, statement_t **ret_statement)
{
    crm_sql_form_t form = crm_sql_translate(pool, connection->driver, connection->version, sql);
    if (form.needs) {
        connection->not_run = 1;
        return crm_connection_too_old(connection, pool, form.needs);
    }
    if (!form.text) {
        return mistake(connection, pool, sql, form.wrong);
    }
    if (connection->cached >= MOST_CACHED) {
        crm_statements_clear(connection);
    }
    apr_pool_t *own;
    apr_pool_create(&own, connection->pool);
    statement_t *statement = apr_pcalloc(own, sizeof(*statement));
    int code = apr_dbd_prepare(connection->dbd, own, connection->handle, form.text, NULL,
                               &statement->prepared);
    connection->prepared++;
    if (code) {
        crm_error_t *error = crm_connection_error(connection, pool, code, sql->text);
        connection->not_run = 1;
        apr_pool_destroy(own);
        return error;
    }
    statement->pool = own;
    statement->hash = hash;
    statement->text = apr_pstrdup(own, sql->text);
    statement->nargs = sql->nargs;
    statement->kept = apr_pmemdup(own, form.kept, (apr_size_t)sql->nargs + 1);
    statement->formats = apr_palloc(own, (apr_size_t)sql->nargs + 1);
    for (int i = 0; i < sql->nargs; i++) {
        statement->formats[i] = crm_sql_prepared_format(&sql->args[i]);
    }
    statement->next = *bucket_of(connection, hash);
    *bucket_of(connection, hash) = statement;
    connection->cached++;
    *ret_statement = statement;
    return NULL;
}

static crm_error_t *find_or_prepare(crm_connection_t *connection, apr_pool_t *pool,
                                    const crm_sql_t *sql, statement_t **ret_statement)
{
    apr_uint32_t hash = hash_text(sql->text);
    statement_t *statement = find(connection, sql, hash);
    if (!statement) {
        CRM_ERR(prepare(connection, pool, sql, hash, &statement));
    }
    *ret_statement = statement;
    return NULL;
}

/* ---- binding */

/* The slots of SQL's values as apr_dbd_pbquery takes them; those that are KEPT. */
static const void **bind_values(apr_pool_t *pool, const crm_sql_t *sql, const char *kept)
{
    static const apr_size_t uuid_size = sizeof(crm_uuid_t);
    apr_size_t slots = (apr_size_t)sql->nargs * SLOTS + 1;
    const void **values = apr_pcalloc(pool, slots * sizeof(*values));
    const void **at = values;
    for (const crm_value_t *value = sql->args; value < sql->args + sql->nargs; value++) {
        if (!kept[value - sql->args]) {
            continue;
        }
        switch (value->kind) {
        case CRM_V_NULL:
            *at++ = NULL;
            break;
        case CRM_V_TEXT:
            *at++ = value->as.text;
            break;
        case CRM_V_INTEGER:
        case CRM_V_BOOLEAN:
            *at++ = &value->as.integer;
            break;
        case CRM_V_REAL:
            *at++ = &value->as.real;
            break;
        case CRM_V_TIME:
            *at++ = crm_time_sql(pool, value->as.time);
            break;
        case CRM_V_UUID:
        case CRM_V_BYTES:
            *at++ = value->as.bytes ? value->as.bytes : "";
            *at++ = value->kind == CRM_V_UUID ? &uuid_size : &value->size;
            at += 2; /* table and column: for other databases */
            break;
        }
    }
    return values;
}

/* ---- running */

/* Tells of SQL, which was begun at START. */
static void tell(crm_connection_t *connection, const crm_sql_t *sql, apr_time_t start)
{
    const char *text =
        crm_sql_text(connection->scratch, connection->driver, connection->version, sql);

    told(connection->database, text ? text : sql->text, apr_time_now() - start);
    apr_pool_clear(connection->scratch);
}

/* The error of CODE. *AGAIN: the statement has to be prepared anew, nothing was run. */
static crm_error_t *failed(crm_connection_t *connection, apr_pool_t *pool, const crm_sql_t *sql,
                           int code, int *again)
{
    crm_refusal_t refusal = {.kind = CRM_E_DATABASE};
    connection->driver->explain(connection, pool, code, &refusal);
    *again = *again && refusal.stale;
    return *again ? NULL : crm_connection_error(connection, pool, code, sql->text);
}

/* 1 when the statement must not be run again as it was prepared. */
static int is_once(const crm_reader_t *reader)
{
    static const char word[] = "{" CRM_INDEX_ONLY "}";

    return reader->connection->driver->forgets_index &&
           strncmp(reader->sql->text, word, sizeof(word) - 1) == 0;
}

static crm_error_t *select_once(crm_reader_t *reader, const crm_rows_t **ret_rows, int *again)
{
    crm_connection_t *connection = reader->connection;
    statement_t *statement;
    apr_dbd_results_t *results = NULL;
    CRM_ERR(find_or_prepare(connection, reader->pool, reader->sql, &statement));
    const void **values = bind_values(connection->scratch, reader->sql, statement->kept);
    int code = apr_dbd_pbselect(connection->dbd, connection->scratch, connection->handle, &results,
                                statement->prepared, 0, values);
    crm_error_t *error;
    if (code) {
        error = failed(connection, reader->pool, reader->sql, code, again);
    } else {
        *again = 0;
        error = crm_rows_read(reader, results, ret_rows);
    }
    int large = connection->driver->keeps_results && reader->bytes > LARGE_RESULT;
    if (*again || large || is_once(reader)) {
        drop(connection, statement);
    }
    apr_pool_clear(connection->scratch);
    return error;
}

crm_error_t *crm_statement_select(crm_connection_t *connection, apr_pool_t *pool,
                                  const crm_sql_t *sql, const char *types,
                                  const crm_rows_t **ret_rows)
{
    crm_reader_t reader = {.connection = connection, .pool = pool, .sql = sql, .types = types};
    apr_time_t start = told ? apr_time_now() : crm_meter_start();
    crm_error_t *error;
    int again, left = STALE_TRIES;
    do {
        again = --left > 0;
        error = select_once(&reader, ret_rows, &again);
    } while (again && !error);
    crm_meter_statement(start, 1);
    if (told) {
        tell(connection, sql, start);
    }
    return error;
}

static crm_error_t *execute_once(crm_connection_t *connection, apr_pool_t *pool,
                                 const crm_sql_t *sql, apr_int64_t *ret_affected, int *again)
{
    statement_t *statement;
    int affected = 0;
    CRM_ERR(find_or_prepare(connection, pool, sql, &statement));
    const void **values = bind_values(connection->scratch, sql, statement->kept);
    int code = apr_dbd_pbquery(connection->dbd, connection->scratch, connection->handle, &affected,
                               statement->prepared, values);
    crm_error_t *error = NULL;
    if (code) {
        error = failed(connection, pool, sql, code, again);
    } else {
        *again = 0;
        *ret_affected = affected;
    }
    /* what could not be run as it was prepared may be run when it is prepared anew */
    if (*again || (error && error->kind == CRM_E_LOCKED)) {
        drop(connection, statement);
    }
    apr_pool_clear(connection->scratch);
    return error;
}

crm_error_t *crm_statement_execute(crm_connection_t *connection, apr_pool_t *pool,
                                   const crm_sql_t *sql, apr_int64_t *ret_affected)
{
    apr_time_t start = told ? apr_time_now() : crm_meter_start();
    crm_error_t *error;
    int again, left = STALE_TRIES;
    do {
        again = --left > 0;
        error = execute_once(connection, pool, sql, ret_affected, &again);
    } while (again && !error);
    crm_meter_statement(start, 1);
    if (told) {
        tell(connection, sql, start);
    }
    return error;
}
