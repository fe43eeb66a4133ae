/* db/capture.c - what is written into a database while it is copied. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/time.h"
#include "db/capture.h"
#include "db/connection.h"

#define MOST_KEYS 5

#define LOCK_NAME "capture"
#define LOCK_WAIT apr_time_from_sec(60)

/* Events, and which of the two rows that a trigger knows are logged. */
static const struct {
    const char *event;
    const char *rows[2];
} events[] = {{"INSERT", {"NEW", NULL}}, {"UPDATE", {"OLD", "NEW"}}, {"DELETE", {"OLD", NULL}}};

#define EVENTS (sizeof(events) / sizeof(events[0]))

/* ---- statements that make and remove ---- */

/* Statements without values, constant or made of names of the catalogue, run on one connection:
 * where DDL can be part of a transaction, in one, so that others see the schema change once. */
typedef crm_error_t *make_fn(crm_connection_t *connection, apr_pool_t *pool,
                             const apr_array_header_t *tables);

/* The lock is the connection's own: when whoever waits for a statement dies, the server may still
 * run it, and until it has ended, nobody else begins. */
static crm_error_t *make_in_transaction(const crm_db_t *db, apr_pool_t *pool,
                                        const apr_array_header_t *tables, make_fn *make)
{
    crm_connection_t *connection;
    CRM_ERR(crm_pool_acquire(db, pool, &connection));
    const crm_driver_t *driver = connection->driver;
    crm_lock_t lock = {.connection = connection, .database = db->database, .name = LOCK_NAME};
    crm_error_t *error = driver->lock(&lock, pool, LOCK_WAIT);
    if (error) {
        crm_pool_release(db->pool, connection, 0);
        return error;
    }
    error = driver->ddl_commits ? NULL : driver->begin(connection, pool);
    if (!error) {
        error = make(connection, pool, tables);
    }
    if (!driver->ddl_commits && !error) {
        error = driver->commit(connection, pool);
    }
    if (!driver->ddl_commits && error && driver->roll_back(connection, pool)) {
        connection->broken = 1;
    }
    driver->unlock(&lock, pool);
    crm_pool_release(db->pool, connection, 0);
    return error;
}

static const char *trigger_name(apr_pool_t *pool, const char *event, const crm_table_t *table)
{
    return apr_pstrcat(pool, "`crm_move_", event, "_", table->name, "`", NULL);
}

/* "('lead', NEW.`a`, NEW.`b`)" */
static const char *logged_row(apr_pool_t *pool, const crm_table_t *table, const char *row)
{
    const char *text = apr_pstrcat(pool, "('", table->name, "'", NULL);
    for (int i = 0; i < table->nkey; i++) {
        text =
            apr_pstrcat(pool, text, ", ", row, ".`", table->columns[table->key[i]].name, "`", NULL);
    }
    return apr_pstrcat(pool, text, ")", NULL);
}

static crm_error_t *make_trigger(crm_connection_t *connection, apr_pool_t *pool, const char *sql)
{
    crm_error_t *error = crm_connection_run(connection, pool, sql);
    if (!error || error->kind != CRM_E_DATABASE) {
        return error;
    }
    return crm_error_cause(
        crm_error_make(pool, CRM_E_CONFLICT,
                       "The database refuses a trigger, which a move needs: its account must have "
                       "the right TRIGGER, and where MySQL writes a binary log, "
                       "log_bin_trust_function_creators must be 1."),
        "%s", error->cause);
}

/* One trigger an event: refuses when the fence is up, else logs the keys. */
static crm_error_t *log_table(crm_connection_t *connection, apr_pool_t *pool,
                              const crm_table_t *table)
{
    const char *columns = "table_name";
    for (int i = 0; i < table->nkey; i++) {
        columns = apr_psprintf(pool, "%s, k%d", columns, i + 1);
    }
    for (int i = 0; i < (int)EVENTS; i++) {
        const char *second = events[i].rows[1];
        const char *sql =
            apr_pstrcat(pool, "CREATE TRIGGER ", trigger_name(pool, events[i].event, table),
                        " AFTER ", events[i].event, " ON `", table->name, "` FOR EACH ROW BEGIN ",
                        connection->driver->refuse, "; INSERT INTO " CRM_CAPTURE_LOG " (", columns,
                        ") VALUES ", logged_row(pool, table, events[i].rows[0]), second ? ", " : "",
                        second ? logged_row(pool, table, second) : "", "; END", NULL);
        CRM_ERR(make_trigger(connection, pool, sql));
    }
    return NULL;
}

/* Log and fence, empty and down. */
static crm_error_t *make_tables(crm_connection_t *connection, apr_pool_t *pool)
{
    CRM_ERR(crm_connection_run(connection, pool,
                               apr_pstrcat(pool, "CREATE TABLE " CRM_CAPTURE_LOG " ",
                                           connection->driver->log_table, NULL)));
    CRM_ERR(crm_connection_run(connection, pool,
                               "CREATE TABLE " CRM_CAPTURE_FENCE
                               " (id INT NOT NULL PRIMARY KEY, up INT NOT NULL)"));
    return crm_connection_run(connection, pool,
                              "INSERT INTO " CRM_CAPTURE_FENCE " (id, up) VALUES (1, 0)");
}

static crm_error_t *make_all(crm_connection_t *connection, apr_pool_t *pool,
                             const apr_array_header_t *tables)
{
    CRM_ERR(make_tables(connection, pool));
    for (int i = 0; i < tables->nelts; i++) {
        CRM_ERR(log_table(connection, pool, APR_ARRAY_IDX(tables, i, const crm_table_t *)));
    }
    return NULL;
}

crm_error_t *crm_capture_begin(const crm_db_t *db, apr_pool_t *pool,
                               const apr_array_header_t *tables)
{
    for (int i = 0; i < tables->nelts; i++) {
        const crm_table_t *table = APR_ARRAY_IDX(tables, i, const crm_table_t *);
        if (table->nkey > MOST_KEYS) {
            return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                                   "the key of table %s has more than %d columns", table->name,
                                   MOST_KEYS);
        }
    }
    return make_in_transaction(db, pool, tables, make_all);
}

crm_error_t *crm_capture_fence(const crm_db_t *db, apr_pool_t *pool)
{
    return crm_db_execute(db, pool, "UPDATE " CRM_CAPTURE_FENCE " SET up = 1 WHERE id = 1",
                          CRM_NO_ARGS, NULL);
}

static crm_error_t *remove_tenant(crm_connection_t *connection, apr_pool_t *pool,
                                  const apr_array_header_t *tables)
{
    (void)tables;
    return crm_connection_run(connection, pool, "DELETE FROM tenant");
}

crm_error_t *crm_capture_hide(const crm_db_t *db, apr_pool_t *pool)
{
    return make_in_transaction(db, pool, NULL, remove_tenant);
}

int crm_capture_owns(const char *name)
{
    return strcmp(name, CRM_CAPTURE_LOG) == 0 || strcmp(name, CRM_CAPTURE_FENCE) == 0;
}

static crm_error_t *remove_all(crm_connection_t *connection, apr_pool_t *pool,
                               const apr_array_header_t *tables)
{
    for (int i = 0; i < tables->nelts; i++) {
        for (int event = 0; event < (int)EVENTS; event++) {
            const crm_table_t *table = APR_ARRAY_IDX(tables, i, const crm_table_t *);
            CRM_ERR(crm_connection_run(connection, pool,
                                       apr_pstrcat(pool, "DROP TRIGGER IF EXISTS ",
                                                   trigger_name(pool, events[event].event, table),
                                                   NULL)));
        }
    }
    CRM_ERR(crm_connection_run(connection, pool, "DROP TABLE IF EXISTS " CRM_CAPTURE_FENCE));
    return crm_connection_run(connection, pool, "DROP TABLE IF EXISTS " CRM_CAPTURE_LOG);
}

crm_error_t *crm_capture_end(const crm_db_t *db, apr_pool_t *pool, const apr_array_header_t *tables)
{
    return make_in_transaction(db, pool, tables, remove_all);
}

/* ---- the log ---- */

/* A part of a key, as the log has it, as a value of the column. */
static crm_value_t key_value(apr_pool_t *pool, char type, crm_value_t logged)
{
    const char *text = apr_pstrmemdup(pool, logged.as.bytes, logged.size);
    apr_time_t time;
    switch (type) {
    case 'i':
        return crm_int(strtoll(text, NULL, 10));
    case 't':
        return crm_time_parse_sql(text, &time) ? crm_time(time) : crm_text(text);
    case 'x':
        return logged;
    default:
        return crm_text(text);
    }
}

crm_error_t *crm_capture_read(const crm_db_t *db, apr_pool_t *pool,
                              const apr_array_header_t *tables, apr_int64_t after, int limit,
                              apr_array_header_t **ret_keys)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT id, table_name, k1, k2, k3, k4, k5 FROM " CRM_CAPTURE_LOG
                          " WHERE id > ? ORDER BY id LIMIT ?",
                          "isxxxxx", CRM_ARGS(crm_int(after), crm_int(limit)), &rows));
    *ret_keys = apr_array_make(pool, rows->count + 1, sizeof(crm_captured_t));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        const crm_table_t *table = crm_table_find(tables, row[1].as.text);
        crm_value_t *key = apr_pcalloc(pool, sizeof(*key) * MOST_KEYS);
        for (int part = 0; table && part < table->nkey; part++) {
            key[part] = key_value(pool, table->columns[table->key[part]].type, row[2 + part]);
        }
        APR_ARRAY_PUSH(*ret_keys, crm_captured_t) =
            (crm_captured_t){.id = row[0].as.integer, .table = table, .key = key};
    }
    return NULL;
}

/* Keys removed by one statement. */
#define TOGETHER 500

static crm_error_t *forget(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const apr_array_header_t *keys = baton;
    for (int first = 0; first < keys->nelts; first += TOGETHER) {
        int count = keys->nelts - first < TOGETHER ? keys->nelts - first : TOGETHER;
        crm_value_t ids[TOGETHER];
        char *marks = apr_palloc(pool, 2 * (apr_size_t)count);
        for (int i = 0; i < count; i++) {
            ids[i] = crm_int(APR_ARRAY_IDX(keys, first + i, crm_captured_t).id);
            marks[2 * i] = '?';
            marks[2 * i + 1] = i + 1 < count ? ',' : '\0';
        }
        CRM_ERR(crm_db_execute(
            db, pool,
            apr_pstrcat(pool, "DELETE FROM " CRM_CAPTURE_LOG " WHERE id IN (", marks, ")", NULL),
            ids, count, NULL));
    }
    return NULL;
}

crm_error_t *crm_capture_forget(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *keys)
{
    return crm_db_transaction(db, pool, forget, keys);
}
