/* db/driver_sqlite3.c - SQLite: one file a database, for trying out and for tests.
 *
 * apr_dbd's driver holds one mutex of the process over every call and sleeps 100 ms when it meets
 * SQLITE_BUSY. So a writer takes the write lock first, by BEGIN IMMEDIATE with retries of our own
 * outside that mutex; readers never meet it, for the journal is a write-ahead log.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <sqlite3.h>

#include "db/connection.h"
#include "db/database.h"
#include "db/schema_driver.h"

/* How long a writer waits for the others. */
#define BUSY_WAIT apr_time_from_sec(5)

/* Pauses between tries grow from the first to the second. */
#define PAUSE_FIRST 1000
#define PAUSE_MOST 10000

#define SESSION "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON"

/* Which file a path names. */
typedef struct file_t {
    dev_t device;
    ino_t inode;
} file_t;

/* What an error means, by its extended code or by the primary one, its low byte:
 * https://sqlite.org/rescode.html. */
typedef struct meaning_t {
    int code;
    crm_error_kind_e kind;
} meaning_t;

static const meaning_t meanings[] = {
    {.code = SQLITE_CONSTRAINT_UNIQUE, .kind = CRM_E_DUPLICATE},
    {.code = SQLITE_CONSTRAINT_PRIMARYKEY, .kind = CRM_E_DUPLICATE},
    {.code = SQLITE_CONSTRAINT_ROWID, .kind = CRM_E_DUPLICATE},
    {.code = SQLITE_CONSTRAINT_TRIGGER, .kind = CRM_E_UNAVAILABLE},
    {.code = SQLITE_CONSTRAINT_FOREIGNKEY, .kind = CRM_E_REFERENCE},
    {.code = SQLITE_BUSY, .kind = CRM_E_LOCKED},
    {.code = SQLITE_LOCKED, .kind = CRM_E_LOCKED},
    {.code = SQLITE_FULL, .kind = CRM_E_UNAVAILABLE},
    {.code = SQLITE_CANTOPEN, .kind = CRM_E_UNAVAILABLE},
    {.code = SQLITE_READONLY, .kind = CRM_E_UNAVAILABLE},
    {.code = SQLITE_IOERR, .kind = CRM_E_GONE},
    {.code = SQLITE_CORRUPT, .kind = CRM_E_GONE},
    {.code = SQLITE_NOTADB, .kind = CRM_E_GONE},
    {.code = SQLITE_TOOBIG, .kind = CRM_E_TOO_LONG},
};

static sqlite3 *native(const crm_connection_t *connection)
{
    return apr_dbd_native_handle(connection->dbd, connection->handle);
}

/* DATABASE as a URI with QUERY ("?mode=rw"). */
static const char *uri_of(apr_pool_t *pool, const char *database, const char *query)
{
    static const char digits[] = "0123456789ABCDEF";
    char *uri = apr_palloc(pool, strlen(database) * 3 + strlen(query) + sizeof("file:")), *at = uri;
    at = apr_cpystrn(at, "file:", sizeof("file:"));
    for (; *database; database++) {
        if (strchr("%?#", *database)) {
            *at++ = '%';
            *at++ = digits[(unsigned char)*database >> 4];
            *at++ = digits[(unsigned char)*database & 15];
        } else {
            *at++ = *database;
        }
    }
    memcpy(at, query, strlen(query) + 1);
    return uri;
}

/* The mode keeps SQLite from making the file. */
static crm_error_t *parameters(apr_pool_t *pool, const crm_db_url_t *server, const char *database,
                               const char **ret_parameters)
{
    (void)server;
    *ret_parameters = uri_of(pool, database, "?mode=rw");
    return NULL;
}

static int file_of(const char *path, file_t *ret_file)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return 0;
    }
    *ret_file = (file_t){.device = status.st_dev, .inode = status.st_ino};
    return 1;
}

/* Runs SQL, waiting for whoever has the lock. */
static int run_waiting(sqlite3 *sqlite, const char *sql)
{
    apr_time_t deadline = apr_time_now() + BUSY_WAIT;
    apr_interval_time_t pause = PAUSE_FIRST;
    int code;
    while ((code = sqlite3_exec(sqlite, sql, NULL, NULL, NULL)) == SQLITE_BUSY &&
           apr_time_now() < deadline) {
        apr_sleep(pause);
        pause = pause * 2 > PAUSE_MOST ? PAUSE_MOST : pause * 2;
    }
    return code;
}

static crm_error_t *run(crm_connection_t *connection, apr_pool_t *errors, const char *sql)
{
    int code = run_waiting(native(connection), sql);
    return code == SQLITE_OK ? NULL : crm_connection_error(connection, errors, code, sql);
}

/* 1 unless the file that CONNECTION has open is no more the one of its name: such a file lives on
 * for it and nobody else. */
static int usable(const crm_connection_t *connection)
{
    int moved = 1;
    return sqlite3_file_control(native(connection), NULL, SQLITE_FCNTL_HAS_MOVED, &moved) ==
               SQLITE_OK &&
           !moved;
}

static crm_error_t *set_up(crm_connection_t *connection, apr_pool_t *errors)
{
    sqlite3_busy_timeout(native(connection), 0);
    CRM_ERR(run(connection, errors, SESSION));
    /* a file that is still there now had its own log when the session opened that */
    return usable(connection) ? NULL
                              : crm_error_system(errors, APR_ENOENT, "%s", connection->database);
}

static void set_patience(crm_connection_t *connection, apr_interval_time_t patience)
{
    (void)connection;
    (void)patience;
}

/* "UNIQUE constraint failed: account.tenant, account.username_key", or "...: index 'name'". */
static const char *key_of(apr_pool_t *pool, const char *text)
{
    const char *end = text + strlen(text);
    const char *quote = strstr(text, "index '");
    if (quote) {
        quote += strlen("index '");
        return apr_pstrmemdup(pool, quote, strcspn(quote, "'"));
    }
    const char *dot = memrchr(text, '.', (apr_size_t)(end - text));
    return dot ? apr_pstrdup(pool, dot + 1) : NULL;
}

/* The number that apr_dbd gives is 1 for nearly everything. */
static void explain(const crm_connection_t *connection, apr_pool_t *pool, int code,
                    crm_refusal_t *ret_refusal)
{
    int extended = sqlite3_extended_errcode(native(connection));
    ret_refusal->code = extended ? extended : code;
    ret_refusal->text = apr_pstrdup(pool, sqlite3_errmsg(native(connection)));
    /* of a statement prepared before the schema changed, the reset after it may leave no number */
    ret_refusal->stale = extended == SQLITE_SCHEMA || (code == SQLITE_ERROR && !extended);
    for (apr_size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].code == extended || meanings[i].code == (extended & 0xff)) {
            ret_refusal->kind = meanings[i].kind;
            break;
        }
    }
    if (ret_refusal->kind == CRM_E_DUPLICATE) {
        ret_refusal->key = key_of(pool, ret_refusal->text);
    }
    if (extended == SQLITE_CONSTRAINT_TRIGGER && !strstr(ret_refusal->text, CRM_BEING_MOVED)) {
        ret_refusal->kind = CRM_E_DATABASE;
    }
}

static int done_before(int code)
{
    (void)code;
    return 0; /* a migration is one transaction here */
}

static crm_error_t *begin(crm_connection_t *connection, apr_pool_t *errors)
{
    return run(connection, errors, "BEGIN IMMEDIATE");
}

/* A deferred transaction sees what its first read sees. */
static crm_error_t *begin_snapshot(crm_connection_t *connection, apr_pool_t *errors)
{
    return run(connection, errors, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1");
}

/* Text that SQLite makes of a real has 15 digits. */
static const char *exact_real(apr_pool_t *pool, const char *name)
{
    return apr_psprintf(pool, "CASE WHEN `%s` IS NULL THEN NULL ELSE printf('%%!.17g', `%s`) END",
                        name, name);
}

static crm_error_t *commit(crm_connection_t *connection, apr_pool_t *errors)
{
    return run(connection, errors, "COMMIT");
}

static crm_error_t *roll_back(crm_connection_t *connection, apr_pool_t *errors)
{
    /* some errors (a full disk) roll back by themselves */
    return sqlite3_get_autocommit(native(connection)) ? NULL : run(connection, errors, "ROLLBACK");
}

static apr_int64_t insert_id(const crm_connection_t *connection)
{
    return sqlite3_last_insert_rowid(native(connection));
}

/* 1 when DESCRIPTOR is locked and still is the file of that name; 0: taken; -1: try again. */
static int try_lock(int descriptor, const char *path)
{
    file_t now;
    struct stat ours;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return 0;
    }
    return fstat(descriptor, &ours) == 0 && file_of(path, &now) && now.inode == ours.st_ino &&
                   now.device == ours.st_dev
               ? 1
               : -1;
}

/* A lock is flock(2) of a file beside the database: it ends with the process, and threads of one
 * process have descriptors of their own. Whoever ends removes the file, so a lock counts only while
 * the file is the one of that name. */
static crm_error_t *lock_file(crm_lock_t *lock, apr_pool_t *pool, apr_interval_time_t wait)
{
    apr_time_t deadline = apr_time_now() + wait;
    apr_interval_time_t pause = PAUSE_FIRST;
    lock->file = apr_pstrcat(pool, lock->database, ".", lock->name, ".lock", NULL);
    for (;;) {
        lock->descriptor = open(lock->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock->descriptor < 0) {
            return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "%s", lock->file);
        }
        int taken = try_lock(lock->descriptor, lock->file);
        if (taken == 1) {
            return NULL;
        }
        close(lock->descriptor);
        if (taken == 0 && apr_time_now() >= deadline) {
            crm_error_t *error = crm_error_standard(pool, CRM_E_LOCKED);
            return crm_error_cause(error, "lock %s is taken", lock->file);
        }
        apr_sleep(pause);
        pause = pause * 2 > PAUSE_MOST ? PAUSE_MOST : pause * 2;
    }
}

static crm_error_t *unlock_file(crm_lock_t *lock, apr_pool_t *pool)
{
    (void)pool;
    unlink(lock->file);
    close(lock->descriptor);
    return NULL;
}

static crm_error_t *system_error(apr_pool_t *pool, const char *path)
{
    return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "%s", path);
}

/* The database goes first: without its log it would be what it was some time ago, and be read and
 * written as such by who opens it just then. What a killed process leaves beside it is removed
 * before there is another of that name. */
static crm_error_t *remove_files(const crm_db_t *db, apr_pool_t *pool, int and_database)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (int i = and_database ? 0 : 1; i < (int)(sizeof(suffixes) / sizeof(suffixes[0])); i++) {
        const char *path = apr_pstrcat(pool, db->database, suffixes[i], NULL);
        if (unlink(path) != 0 && errno != ENOENT) {
            return system_error(pool, path);
        }
    }
    return NULL;
}

/* Opening a database with a write-ahead log makes files, and closing it removes them. Where there
 * is no log nobody has it open: the file alone is all, and is read as one that does not change.
 * Should somebody open it meanwhile, at worst the answer is the one before. */
static int peek(const crm_db_t *db, apr_pool_t *pool)
{
    const char *uri = uri_of(pool, db->database, "?mode=ro&immutable=1");
    file_t file;
    sqlite3 *sqlite = NULL;
    sqlite3_stmt *statement = NULL;
    int version = 0;
    if (file_of(apr_pstrcat(pool, db->database, "-wal", NULL), &file)) {
        return 0;
    }
    if (sqlite3_open_v2(uri, &sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(sqlite, "SELECT MAX(version) FROM schema_migration WHERE is_done = 1",
                           -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        version = sqlite3_column_int(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(sqlite);
    return version;
}

static crm_error_t *exists(const crm_db_t *db, apr_pool_t *pool, int *ret_exists)
{
    file_t file;
    int there = file_of(db->database, &file);
    if (!there && errno != ENOENT) {
        return system_error(pool, db->database);
    }
    *ret_exists = there;
    return NULL;
}

static crm_error_t *create(const crm_db_t *db, apr_pool_t *pool)
{
    int there;
    CRM_ERR(exists(db, pool, &there));
    if (!there) {
        CRM_ERR(remove_files(db, pool, 0));
    }
    int descriptor = open(db->database, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno == EEXIST) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_CONFLICT), "%s exists", db->database);
    }
    if (descriptor < 0) {
        return system_error(pool, db->database);
    }
    close(descriptor); /* an empty file is an empty database */
    return NULL;
}

static crm_error_t *drop(const crm_db_t *db, apr_pool_t *pool)
{
    return remove_files(db, pool, 1);
}

const crm_driver_t crm_driver_sqlite3 = {
    .name = "sqlite3",
    .for_update = "",
    .for_share = "",
    .then_join = "CROSS JOIN",
    .slot = "0",
    .insert_ignore = "INSERT OR IGNORE",
    .upsert_before = "ON CONFLICT(",
    .upsert_after = ") DO UPDATE SET",
    .upsert_keys = 1,
    .new_before = "excluded.",
    .new_after = "",
    .write_begins = 1,
    .most_prepared = 1024, /* apr_dbd frees them with their connection, not before */
    .facts = "SELECT sqlite_version(), 0, NULL",
    .schema = crm_schema_sqlite3,
    .tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
    .columns = "SELECT m.name, p.name, p.type, p.\"notnull\" = 0, p.pk FROM sqlite_master m "
               "CROSS JOIN pragma_table_info(m.name) p WHERE m.type = 'table' "
               "AND m.name NOT LIKE 'sqlite|_%' ESCAPE '|' ORDER BY m.name, p.cid",
    .cascading = "SELECT DISTINCT m.name FROM sqlite_master m "
                 "CROSS JOIN pragma_foreign_key_list(m.name) f "
                 "WHERE m.type = 'table' AND f.on_delete = 'CASCADE'",
    .refuse = "SELECT RAISE(ABORT, '" CRM_BEING_MOVED "') FROM crm_move_fence WHERE up = 1",
    .log_table = "(id INTEGER PRIMARY KEY AUTOINCREMENT, table_name TEXT NOT NULL, "
                 "k1 BLOB, k2 BLOB, k3 BLOB, k4 BLOB, k5 BLOB)",
    .unchecked = "PRAGMA foreign_keys = OFF",
    .compares_rows = 1,
    .parameters = parameters,
    .set_up = set_up,
    .usable = usable,
    .set_patience = set_patience,
    .explain = explain,
    .done_before = done_before,
    .exact_real = exact_real,
    .begin = begin,
    .begin_snapshot = begin_snapshot,
    .commit = commit,
    .roll_back = roll_back,
    .insert_id = insert_id,
    .lock = lock_file,
    .unlock = unlock_file,
    .peek = peek,
    .create = create,
    .drop = drop,
    .exists = exists,
};
