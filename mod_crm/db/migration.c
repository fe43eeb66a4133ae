/* db/migration.c - bringing a database to the newest version. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "db/migration_files.h"
#include "db/statement.h"

#define LOCK_NAME "migrate"

/* How long to wait for another process that migrates the same database. */
#define LOCK_WAIT apr_time_from_sec(60)

/* The same on both databases. A row is made when a file is begun, or (noted elsewhere) when its
 * first statement is done. */
#define CREATE_TABLE                                                                               \
    "CREATE TABLE IF NOT EXISTS schema_migration (version INT NOT NULL PRIMARY KEY, name "         \
    "VARCHAR(100) NOT NULL, checksum CHAR(64) NOT NULL, statements_done INT NOT NULL, is_done "    \
    "SMALLINT NOT NULL, applied_at DATETIME(6) NOT NULL)"

#define INSERT_ROW                                                                                 \
    "INSERT INTO schema_migration (version, name, checksum, statements_done, is_done, "            \
    "applied_at) VALUES (?, ?, ?, ?, ?, ?)"

#define UPDATE_ROW                                                                                 \
    "UPDATE schema_migration SET statements_done = ?, is_done = ?, applied_at = ? WHERE version "  \
    "= ?"

/* What statements_done is after N statements when the next one was refused, and N of that. */
#define REFUSED(n) (-1 - (n))

/* One run, on one connection, which also holds the lock: when it is lost, so is the lock. */
typedef struct run_t {
    const crm_driver_t *driver;
    crm_db_t db; /* bound to the connection */
    apr_pool_t *pool;
    const crm_migrations_t *migrations;
    int version;    /* newest file that is done */
    int statements; /* of the next one that are done; -1: not begun */
    int refused;    /* the statement after those was refused, so it is not done */
    int is_new;     /* the database goes when this fails */
    int goal;       /* the file to end with */
    int noted;      /* that it is begun is known elsewhere */
    int cut_off;    /* by such a note: the first statement may have been done without a record */
} run_t;

static crm_error_t *refuse(const run_t *run, const char *name, const char *why)
{
    return crm_error_cause(crm_error_standard(run->pool, CRM_E_INTERNAL), "%s: migration %s %s",
                           run->db.connection->name, name, why);
}

static crm_error_t *has_table(const crm_db_t *db, apr_pool_t *pool, int *ret_has)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, crm_driver(db->server->driver)->tables, "i",
                          CRM_ARGS(crm_text("schema_migration")), &rows));
    *ret_has = rows->cells[0].as.integer > 0;
    return NULL;
}

/* Compares what was applied with the files, and notes where to go on. */
static crm_error_t *compare(run_t *run, const crm_rows_t *rows)
{
    run->statements = -1;
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        const char *name = row[1].as.text;
        if (row[0].as.integer != i + 1 || run->statements >= 0) {
            return refuse(run, name, "was applied, but not the one before it");
        }
        if (i >= run->migrations->count) {
            return refuse(run, name, "was applied by a newer mod_crm: install that version");
        }
        const crm_migration_file_t *file = &run->migrations->files[i];
        if (strcmp(row[2].as.text, file->checksum) != 0) {
            return refuse(run, file->name,
                          "was changed after it was applied: restore it, and put "
                          "the change into a new file");
        }
        if (row[4].as.integer) {
            run->version = i + 1;
        } else {
            run->refused = row[3].as.integer < 0;
            run->statements = (int)(run->refused ? REFUSED(row[3].as.integer) : row[3].as.integer);
        }
    }
    return NULL;
}

static crm_error_t *select_applied(run_t *run, const crm_rows_t **ret_rows)
{
    return crm_db_select(&run->db, run->pool,
                         "SELECT version, name, checksum, statements_done, is_done FROM "
                         "schema_migration ORDER BY version",
                         "issii", CRM_NO_ARGS, ret_rows);
}

/* Nearly every database has the table: it is not asked for before the rows are. */
static crm_error_t *read_state(run_t *run)
{
    const crm_rows_t *rows;
    crm_error_t *error = select_applied(run, &rows);
    if (error) {
        int has;
        CRM_ERR(error->kind != CRM_E_DATABASE ? error : NULL);
        CRM_ERR(has_table(&run->db, run->pool, &has));
        CRM_ERR(has ? error : NULL);
        CRM_ERR(crm_connection_run(run->db.connection, run->pool, CREATE_TABLE));
        CRM_ERR(select_applied(run, &rows));
    }
    return compare(run, rows);
}

/* DONE: statements, or REFUSED of them. */
static crm_error_t *record(run_t *run, int version, int done)
{
    const crm_migration_file_t *file = &run->migrations->files[version - 1];
    crm_value_t is_done = crm_bool(done == file->statements->nelts);
    crm_value_t now = crm_time(apr_time_now());
    if (run->statements < 0) {
        CRM_ERR(crm_db_execute(&run->db, run->pool, INSERT_ROW,
                               CRM_ARGS(crm_int(version), crm_text(file->name),
                                        crm_text(file->checksum), crm_int(done), is_done, now),
                               NULL));
    } else {
        CRM_ERR(crm_db_execute(&run->db, run->pool, UPDATE_ROW,
                               CRM_ARGS(crm_int(done), is_done, now, crm_int(version)), NULL));
    }
    run->statements = done;
    return NULL;
}

static crm_error_t *failed(run_t *run, int version, int index, crm_error_t *error)
{
    return crm_error_cause(error, "migration %s, statement %d",
                           run->migrations->files[version - 1].name, index + 1);
}

static crm_error_t *run_statement(run_t *run, int version, int index)
{
    const crm_migration_file_t *file = &run->migrations->files[version - 1];
    return crm_connection_run(run->db.connection, run->pool,
                              APR_ARRAY_IDX(file->statements, index, const char *));
}

/* One file as one transaction. */
static crm_error_t *apply_whole(run_t *run, int version)
{
    crm_connection_t *connection = run->db.connection;
    int count = run->migrations->files[version - 1].statements->nelts, i = 0;
    CRM_ERR(run->driver->begin(connection, run->pool));
    crm_error_t *error = NULL;
    while (i < count && !(error = run_statement(run, version, i))) {
        i++;
    }
    if (error) {
        failed(run, version, i, error);
    } else if (!(error = record(run, version, count))) {
        error = run->driver->commit(connection, run->pool);
    }
    if (error && run->driver->roll_back(connection, run->pool)) {
        connection->broken = 1;
    }
    return error;
}

/* What changes rows is not recognised as done before: it is recorded in its own transaction. */
static int changes_rows(const char *statement)
{
    static const char *const verbs[] = {"INSERT", "UPDATE", "DELETE", "REPLACE"};
    for (apr_size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strncasecmp(statement, verbs[i], strlen(verbs[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

/* One statement where DDL commits by itself. MAYBE_DONE: a run before this one may have been killed
 * between the statement and its record. */
static crm_error_t *apply_statement(run_t *run, int version, int index, int maybe_done)
{
    crm_connection_t *connection = run->db.connection;
    const crm_migration_file_t *file = &run->migrations->files[version - 1];
    int rows = changes_rows(APR_ARRAY_IDX(file->statements, index, const char *));
    if (rows) {
        CRM_ERR(run->driver->begin(connection, run->pool));
    }
    crm_error_t *error = run_statement(run, version, index);
    if (error && maybe_done && !rows && run->driver->done_before(error->code)) {
        error = NULL;
    }
    int refused = error && error->kind != CRM_E_GONE;
    if (error) {
        failed(run, version, index, error);
    } else {
        error = record(run, version, index + 1);
    }
    if (rows && !error) {
        error = run->driver->commit(connection, run->pool);
    }
    if (rows && error && run->driver->roll_back(connection, run->pool)) {
        connection->broken = 1;
    }
    if (refused && !connection->broken) {
        /* the next run must not take it for one that was done; a GONE one may have been */
        crm_error_t *second = record(run, version, REFUSED(index));
        if (second) {
            crm_error_cause(error, "%s; and that was not recorded: %s",
                            crm_error_line(run->pool, error), crm_error_line(run->pool, second));
        }
    }
    return error;
}

static crm_error_t *apply_steps(run_t *run, int version)
{
    int count = run->migrations->files[version - 1].statements->nelts;
    int resumed = run->statements >= 0;
    int first = resumed ? run->statements : 0;
    int maybe_done = resumed ? !run->refused : run->cut_off;
    run->cut_off = 0;
    if ((!resumed && (!run->noted || count == 0)) || run->refused) {
        CRM_ERR(record(run, version, first));
    }
    for (int i = first; i < count; i++) {
        CRM_ERR(apply_statement(run, version, i, maybe_done && i == first));
    }
    return NULL;
}

/* The rows of all files that are done. */
static crm_error_t *record_all(run_t *run)
{
    apr_size_t count = (apr_size_t)run->goal;
    crm_sql_t *statements = apr_palloc(run->pool, count * sizeof(*statements));
    crm_value_t now = crm_time(apr_time_now());
    for (int i = 0; i < run->goal; i++) {
        const crm_migration_file_t *file = &run->migrations->files[i];
        const crm_value_t values[] = {crm_int(i + 1),
                                      crm_text(file->name),
                                      crm_text(file->checksum),
                                      crm_int(file->statements->nelts),
                                      crm_bool(1),
                                      now};
        statements[i] = (crm_sql_t){.text = INSERT_ROW,
                                    .args = apr_pmemdup(run->pool, values, sizeof(values)),
                                    .nargs = sizeof(values) / sizeof(values[0])};
    }
    return crm_db_execute_all(&run->db, run->pool, statements, run->goal);
}

/* All files, of an empty database that goes when it fails: recorded once, at the end. */
static crm_error_t *apply_new(run_t *run)
{
    CRM_ERR(crm_connection_run(run->db.connection, run->pool, CREATE_TABLE));
    for (int version = 1; version <= run->goal; version++) {
        int count = run->migrations->files[version - 1].statements->nelts;
        for (int i = 0; i < count; i++) {
            crm_error_t *error = run_statement(run, version, i);
            if (error) {
                return failed(run, version, i, error);
            }
        }
    }
    CRM_ERR(record_all(run));
    run->version = run->goal;
    return NULL;
}

static crm_error_t *apply_new_whole(run_t *run)
{
    crm_connection_t *connection = run->db.connection;
    CRM_ERR(run->driver->begin(connection, run->pool));
    crm_error_t *error = apply_new(run);
    if (!error) {
        error = run->driver->commit(connection, run->pool);
    }
    if (error && run->driver->roll_back(connection, run->pool)) {
        connection->broken = 1;
    }
    return error;
}

static crm_error_t *apply_all(run_t *run, int *ret_applied)
{
    if (run->is_new) {
        return run->driver->ddl_commits ? apply_new(run) : apply_new_whole(run);
    }
    CRM_ERR(read_state(run));
    while (run->version < run->goal) {
        CRM_ERR(run->driver->ddl_commits ? apply_steps(run, run->version + 1)
                                         : apply_whole(run, run->version + 1));
        run->version++;
        run->statements = -1;
        ++*ret_applied;
    }
    return NULL;
}

static crm_error_t *migrate(run_t run, int *ret_applied)
{
    const crm_db_t *db = &run.db;
    apr_pool_t *pool = run.pool;
    int applied = 0;
    run.driver = crm_driver(db->server->driver);
    run.db.needs = 0;
    CRM_ERR(crm_pool_acquire(&run.db, pool, &run.db.connection));
    crm_lock_t lock = {
        .connection = run.db.connection, .database = db->database, .name = LOCK_NAME};
    crm_error_t *error = run.driver->lock(&lock, pool, LOCK_WAIT);
    if (!error) {
        run.driver->set_patience(run.db.connection, 0);
        error = apply_all(&run, &applied);
        run.driver->unlock(&lock, pool);
    }
    if (error && error->kind == CRM_E_GONE) {
        error->kind = CRM_E_UNAVAILABLE;
    }
    run.driver->set_patience(run.db.connection, CRM_PATIENCE);
    run.db.connection->version = run.version;
    crm_pool_release(db->pool, run.db.connection, error != NULL);
    if (!error && ret_applied) {
        *ret_applied = applied;
    }
    return error;
}

crm_error_t *crm_migrate(const crm_db_t *db, apr_pool_t *pool, const crm_migrations_t *migrations,
                         int *ret_applied)
{
    return migrate(
        (run_t){.db = *db, .pool = pool, .migrations = migrations, .goal = migrations->count},
        ret_applied);
}

crm_error_t *crm_migrate_noted(const crm_db_t *db, apr_pool_t *pool,
                               const crm_migrations_t *migrations, int interrupted,
                               int *ret_applied)
{
    return migrate((run_t){.db = *db,
                           .pool = pool,
                           .migrations = migrations,
                           .goal = migrations->count,
                           .noted = 1,
                           .cut_off = interrupted},
                   ret_applied);
}

crm_error_t *crm_migrate_new(const crm_db_t *db, apr_pool_t *pool,
                             const crm_migrations_t *migrations, int version)
{
    return migrate((run_t){.db = *db,
                           .pool = pool,
                           .migrations = migrations,
                           .is_new = 1,
                           .goal = version ? version : migrations->count},
                   NULL);
}

crm_error_t *crm_migration_pending(const crm_db_t *db, apr_pool_t *pool,
                                   const crm_migrations_t *migrations, int *ret_version,
                                   apr_array_header_t **ret_names)
{
    run_t run = {.db = *db, .pool = pool, .migrations = migrations};
    const crm_rows_t *rows;
    int has;
    run.db.needs = 0;
    CRM_ERR(has_table(&run.db, pool, &has));
    if (has) {
        CRM_ERR(select_applied(&run, &rows));
        CRM_ERR(compare(&run, rows));
    }
    *ret_version = run.version;
    *ret_names = apr_array_make(pool, 4, sizeof(const char *));
    for (int i = run.version; i < migrations->count; i++) {
        APR_ARRAY_PUSH(*ret_names, const char *) = migrations->files[i].name;
    }
    return NULL;
}

crm_error_t *crm_migration_verify(const crm_db_t *db, apr_pool_t *pool, int version)
{
    const crm_driver_t *driver = crm_driver(db->server->driver);
    crm_db_t exact = *db;
    crm_connection_t *connection;
    if (driver->peek && driver->peek(db, pool) == version) {
        return NULL;
    }
    exact.needs = version;
    CRM_ERR(crm_pool_acquire(&exact, pool, &connection));
    int found = connection->version;
    crm_pool_release(db->pool, connection, 0);
    if (found != version) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_UNAVAILABLE),
                               "%s is at schema version %d, not %d", db->database, found, version);
    }
    return NULL;
}

crm_error_t *crm_migration_version(const crm_db_t *db, apr_pool_t *pool, int *ret_version)
{
    const crm_rows_t *rows;
    crm_db_t any = *db;
    int has, version = 0;
    any.needs = 0;
    CRM_ERR(has_table(&any, pool, &has));
    if (has) {
        CRM_ERR(crm_db_select(&any, pool,
                              "SELECT MAX(version) FROM schema_migration WHERE is_done = 1", "i",
                              CRM_NO_ARGS, &rows));
        version = crm_is_null(rows->cells[0]) ? 0 : (int)rows->cells[0].as.integer;
    }
    *ret_version = version;
    return NULL;
}
