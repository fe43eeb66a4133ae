/* db/driver_mysql.c - MariaDB and MySQL, by MariaDB Connector/C below apr_dbd. */
#include <poll.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>
#include <mysql.h>
#include <ma_pvio.h>

#include "base/secret.h"
#include "db/schema_driver.h"
#include "db/statement.h"
#include "db/user_driver.h"

/* GET_LOCK waits in turns shorter than CRM_PATIENCE, in seconds. */
#define LOCK_TURN 10

#define LOCK_NAME_MAX 64

/* Strict, UTC, bytes compare as bytes; READ COMMITTED locks rows, not the gaps between them, and so
 * leaves fewer deadlocks; waiting for a lock ends before CRM_PATIENCE does. %s is the name that
 * MariaDB and MySQL have for the isolation level. */
#define SESSION                                                                                    \
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin, @@SESSION.sql_mode = "                                 \
    "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"                  \
    "NO_ENGINE_SUBSTITUTION', @@SESSION.time_zone = '+00:00', @@SESSION.autocommit = 1, "          \
    "@@SESSION.innodb_lock_wait_timeout = 5, @@SESSION.lock_wait_timeout = 20, "                   \
    "@@SESSION.%s = 'READ-COMMITTED'"

/* What an error number means: https://mariadb.com/kb/en/mariadb-error-code-reference/; from 2000
 * on, the client's own. */
typedef struct meaning_t {
    int code;
    crm_error_kind_e kind;
    int not_run;
} meaning_t;

/* A trigger has ended the statement. */
enum { SIGNALLED = 1644 };

static const meaning_t meanings[] = {
    {.code = 1020, .kind = CRM_E_LOCKED},      /* record has changed since last read */
    {.code = 1021, .kind = CRM_E_UNAVAILABLE}, /* disk full */
    {.code = 1040, .kind = CRM_E_UNAVAILABLE}, /* too many connections */
    {.code = 1047, .kind = CRM_E_UNAVAILABLE}, /* Galera: node is not ready */
    {.code = 1053, .kind = CRM_E_GONE},        /* server shutdown in progress */
    {.code = 1062, .kind = CRM_E_DUPLICATE},   /* duplicate entry */
    {.code = 1114, .kind = CRM_E_UNAVAILABLE}, /* table is full */
    {.code = 1153, .kind = CRM_E_TOO_LONG},    /* packet larger than max_allowed_packet */
    {.code = 1203, .kind = CRM_E_UNAVAILABLE}, /* user has too many connections */
    {.code = 1205, .kind = CRM_E_LOCKED},      /* lock wait timeout */
    {.code = 1213, .kind = CRM_E_LOCKED},      /* deadlock */
    {.code = 1216, .kind = CRM_E_REFERENCE},   /* foreign key: no parent */
    {.code = 1217, .kind = CRM_E_REFERENCE},   /* foreign key: has children */
    {.code = 1226, .kind = CRM_E_UNAVAILABLE}, /* user is over a resource limit */
    {.code = 1264, .kind = CRM_E_TOO_LONG},    /* out of range */
    {.code = 1317, .kind = CRM_E_UNAVAILABLE}, /* query was interrupted */
    {.code = 1406, .kind = CRM_E_TOO_LONG},    /* data too long */
    {.code = 1412, .kind = CRM_E_LOCKED},      /* table has changed since the transaction began */
    {.code = 1451, .kind = CRM_E_REFERENCE},   /* foreign key: has children */
    {.code = 1452, .kind = CRM_E_REFERENCE},   /* foreign key: no parent */
    {.code = 1461, .kind = CRM_E_UNAVAILABLE}, /* too many prepared statements */
    {.code = 1586, .kind = CRM_E_DUPLICATE},   /* duplicate entry, with the key's name */
    {.code = SIGNALLED, .kind = CRM_E_UNAVAILABLE},   /* a trigger of ours refuses writes */
    {.code = 1927, .kind = CRM_E_GONE},               /* connection was killed */
    {.code = 1969, .kind = CRM_E_UNAVAILABLE},        /* statement took too long */
    {.code = 2002, .kind = CRM_E_GONE},               /* cannot connect */
    {.code = 2003, .kind = CRM_E_GONE},               /* cannot connect */
    {.code = 2006, .kind = CRM_E_GONE, .not_run = 1}, /* gone before all was sent */
    {.code = 2013, .kind = CRM_E_GONE},               /* lost after it was sent */
    {.code = 2014, .kind = CRM_E_GONE},               /* commands out of sync */
    {.code = 2020, .kind = CRM_E_TOO_LONG},           /* packet too large for the client */
    {.code = 2026, .kind = CRM_E_GONE},               /* TLS */
    {.code = 2027, .kind = CRM_E_GONE},               /* malformed packet */
    {.code = 2055, .kind = CRM_E_GONE},               /* lost while reading */
    {.code = 3058, .kind = CRM_E_LOCKED},             /* deadlock of GET_LOCKs */
    {.code = 4031, .kind = CRM_E_GONE, .not_run = 1}, /* idle for too long */
};

/* The prepared statement was forgotten by the server, or its tables have changed. */
enum { NO_SUCH_TABLE = 1146, UNKNOWN_STATEMENT = 1243, NEED_REPREPARE = 1615 };

enum { DATABASE_EXISTS = 1007, DATABASE_UNKNOWN = 1008 };

static MYSQL *native(const crm_connection_t *connection)
{
    return apr_dbd_native_handle(connection->dbd, connection->handle);
}

static const char *parameter(apr_pool_t *pool, const char *name, const char *value)
{
    /* the driver takes an empty value for a blank one and reads on */
    return value && *value ? apr_pstrcat(pool, ",", name, "=", value, NULL) : "";
}

static crm_error_t *parameters(apr_pool_t *pool, const crm_db_url_t *server, const char *database,
                               const char **ret_parameters)
{
    const char *port = server->port ? apr_itoa(pool, server->port) : NULL;
    /* affected rows are those matched; reconnect would silently lose the session */
    *ret_parameters = apr_pstrcat(
        pool, "reconnect=0,flags=CLIENT_FOUND_ROWS,fldsz=8192",
        parameter(pool, "host", server->host), parameter(pool, "port", port),
        parameter(pool, "sock", server->socket), parameter(pool, "user", server->user),
        parameter(pool, "pass", server->password), parameter(pool, "group", server->group),
        parameter(pool, "dbname", database), NULL);
    return NULL;
}

/* The driver passes no time-outs on, and after connecting only the transport heeds them: with TLS
 * the option, else its own. */
static void set_patience(crm_connection_t *connection, apr_interval_time_t patience)
{
    MYSQL *mysql = native(connection);
    MARIADB_PVIO *transport = mysql->net.pvio;
    unsigned seconds = (unsigned)apr_time_sec(patience);
    int milliseconds = patience ? (int)apr_time_as_msec(patience) : -1;
    mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
    mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    if (transport && transport->methods->set_timeout) {
        transport->methods->set_timeout(transport, PVIO_READ_TIMEOUT, milliseconds);
        transport->methods->set_timeout(transport, PVIO_WRITE_TIMEOUT, milliseconds);
    }
}

static crm_error_t *set_up(crm_connection_t *connection, apr_pool_t *errors)
{
    const char *isolation =
        mariadb_connection(native(connection)) ? "tx_isolation" : "transaction_isolation";
    connection->compounds = mariadb_connection(native(connection)) != 0;
    set_patience(connection, CRM_PATIENCE);
    return crm_connection_run(connection, errors,
                              apr_psprintf(connection->scratch, SESSION, isolation));
}

/* What set_patience set stays. */
static int change_user(crm_connection_t *connection)
{
    MYSQL *mysql = native(connection);
    const crm_db_user_t *user = connection->user;
    const char *database = *connection->database ? connection->database : NULL;
    return mysql_change_user(mysql, user ? user->name : connection->server.user,
                             user ? user->password : connection->server.password, database)
               ? (int)mysql_errno(mysql)
               : 0;
}

/* A server that closed an idle connection has said so by now: nothing else makes it readable. */
static int usable(const crm_connection_t *connection)
{
    struct pollfd socket = {.fd = mysql_get_socket(native(connection)), .events = POLLIN};
    return poll(&socket, 1, 0) == 0;
}

/* "Duplicate entry '...' for key 'account.username_key'": the entry may hold anything. */
static const char *key_of(apr_pool_t *pool, const char *text)
{
    static const char before[] = "for key '";
    const char *start = NULL;
    for (const char *at = strstr(text, before); at; at = strstr(at + 1, before)) {
        start = at + sizeof(before) - 1;
    }
    const char *end = start ? strrchr(start, '\'') : NULL;
    if (!end) {
        return NULL;
    }
    const char *dot = memrchr(start, '.', (apr_size_t)(end - start));
    start = dot ? dot + 1 : start;
    return apr_pstrmemdup(pool, start, (apr_size_t)(end - start));
}

static void explain(const crm_connection_t *connection, apr_pool_t *pool, int code,
                    crm_refusal_t *ret_refusal)
{
    /* some calls only say that they failed */
    ret_refusal->code = code > 1 ? code : (int)mysql_errno(native(connection));
    ret_refusal->text = apr_pstrdup(pool, mysql_error(native(connection)));
    ret_refusal->stale = code == UNKNOWN_STATEMENT || code == NEED_REPREPARE;
    for (apr_size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].code == ret_refusal->code) {
            ret_refusal->kind = meanings[i].kind;
            ret_refusal->not_run = meanings[i].not_run;
        }
    }
    /* Before 11.2, MariaDB's prepared compound statements go on opening what triggers read that
     * they once met (MDEV-5816): prepared anew, they do not. */
    if (ret_refusal->code == NO_SUCH_TABLE && strstr(ret_refusal->text, CRM_MOVE_PREFIX)) {
        ret_refusal->kind = CRM_E_LOCKED;
    }
    if (ret_refusal->kind == CRM_E_DUPLICATE) {
        ret_refusal->key = key_of(pool, ret_refusal->text);
    }
    if (ret_refusal->code == SIGNALLED && !strstr(ret_refusal->text, CRM_BEING_MOVED)) {
        ret_refusal->kind = CRM_E_DATABASE;
    }
}

static int done_before(int code)
{
    static const int codes[] = {
        1050, /* table exists */
        1051, /* table to be dropped is unknown */
        1060, /* column exists */
        1061, /* key exists */
        1068, /* primary key exists */
        1091, /* column or key to be dropped is unknown */
        1826, /* foreign key exists */
    };
    for (apr_size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] == code) {
            return 1;
        }
    }
    return 0;
}

static crm_error_t *begin(crm_connection_t *connection, apr_pool_t *errors)
{
    return crm_connection_run(connection, errors, "START TRANSACTION");
}

/* Our sessions read what is committed meanwhile: this one transaction does not. */
static crm_error_t *begin_snapshot(crm_connection_t *connection, apr_pool_t *errors)
{
    CRM_ERR(
        crm_connection_run(connection, errors, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
    return crm_connection_run(connection, errors,
                              "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

static const char *exact_real(apr_pool_t *pool, const char *name)
{
    return apr_pstrcat(pool, "`", name, "`", NULL);
}

static crm_error_t *commit(crm_connection_t *connection, apr_pool_t *errors)
{
    return crm_connection_run(connection, errors, "COMMIT");
}

static crm_error_t *roll_back(crm_connection_t *connection, apr_pool_t *errors)
{
    return crm_connection_run(connection, errors, "ROLLBACK");
}

static apr_int64_t insert_id(const crm_connection_t *connection)
{
    return (apr_int64_t)mysql_insert_id(native(connection));
}

/* Locks are the server's: ours carry the database's name, cut to a hash where it is too long. */
static const char *lock_name(apr_pool_t *pool, const crm_lock_t *lock)
{
    const char *name = apr_pstrcat(pool, "crm:", lock->database, ":", lock->name, NULL);
    if (strlen(name) <= LOCK_NAME_MAX) {
        return name;
    }
    unsigned char hash[CRM_HASH_SIZE];
    crm_secret_sha256(name, strlen(name), hash);
    return apr_pstrcat(pool, "crm:", apr_pescape_hex(pool, hash, 24, 0), NULL);
}

static crm_error_t *ask_lock(crm_lock_t *lock, apr_pool_t *pool, const char *text,
                             const crm_value_t *args, int nargs, apr_int64_t *ret_answer)
{
    const crm_rows_t *rows;
    const crm_sql_t sql = {.text = text, .args = args, .nargs = nargs};
    CRM_ERR(crm_statement_select(lock->connection, pool, &sql, "i", &rows));
    *ret_answer = rows->count == 1 && !crm_is_null(rows->cells[0]) ? rows->cells[0].as.integer : -1;
    return NULL;
}

static crm_error_t *lock_server(crm_lock_t *lock, apr_pool_t *pool, apr_interval_time_t wait)
{
    const char *name = lock_name(pool, lock);
    apr_time_t deadline = apr_time_now() + wait;
    apr_int64_t answer, left;
    do {
        left = apr_time_sec(deadline - apr_time_now() + APR_USEC_PER_SEC - 1);
        left = left < 0 ? 0 : left > LOCK_TURN ? LOCK_TURN : left;
        CRM_ERR(ask_lock(lock, pool, "SELECT GET_LOCK(?, ?)",
                         CRM_ARGS(crm_text(name), crm_int(left)), &answer));
    } while (answer == 0 && apr_time_now() < deadline);
    if (answer == 1) {
        return NULL;
    }
    crm_error_t *error = crm_error_standard(pool, CRM_E_LOCKED);
    return crm_error_cause(error, "lock \"%s\" of %s is taken", name, lock->connection->name);
}

static crm_error_t *unlock_server(crm_lock_t *lock, apr_pool_t *pool)
{
    apr_int64_t answer;
    const char *name = lock_name(pool, lock);
    crm_error_t *error =
        ask_lock(lock, pool, "SELECT RELEASE_LOCK(?)", CRM_ARGS(crm_text(name)), &answer);
    /* a lock that could not be given back ends with its connection */
    lock->connection->broken |= error || answer != 1;
    return error;
}

/* Runs ACTION on DB's database, named as an identifier, by a connection to none; for as long as it
 * takes. */
static crm_error_t *run_on_server(const crm_db_t *db, apr_pool_t *pool, const char *action,
                                  const char *options)
{
    crm_connection_t *connection;
    crm_db_t server = {.pool = db->pool, .server = db->server, .database = ""};
    if (!*db->database ||
        strspn(db->database, "abcdefghijklmnopqrstuvwxyz0123456789_-"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(db->database)) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                               "\"%s\" is no name for a database", db->database);
    }
    CRM_ERR(crm_pool_acquire(&server, pool, &connection));
    set_patience(connection, 0);
    crm_error_t *error = crm_connection_run(
        connection, pool, apr_pstrcat(pool, action, " `", db->database, "`", options, NULL));
    set_patience(connection, CRM_PATIENCE);
    crm_pool_release(db->pool, connection, 0);
    return error;
}

static crm_error_t *create(const crm_db_t *db, apr_pool_t *pool)
{
    crm_error_t *error =
        run_on_server(db, pool, "CREATE DATABASE", " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    if (error && error->code == DATABASE_EXISTS) {
        error->kind = CRM_E_CONFLICT;
    }
    return error;
}

static crm_error_t *drop(const crm_db_t *db, apr_pool_t *pool)
{
    crm_error_t *error = run_on_server(db, pool, "DROP DATABASE IF EXISTS", "");
    return error && error->code == DATABASE_UNKNOWN ? NULL : error;
}

static crm_error_t *exists(const crm_db_t *db, apr_pool_t *pool, int *ret_exists)
{
    const crm_rows_t *rows;
    crm_db_t server = {.pool = db->pool, .server = db->server, .database = ""};
    CRM_ERR(crm_db_select(&server, pool,
                          "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?",
                          "i", CRM_ARGS(crm_text(db->database)), &rows));
    *ret_exists = rows->cells[0].as.integer > 0;
    return NULL;
}

const crm_driver_t crm_driver_mysql = {
    .name = "mysql",
    .for_update = "FOR UPDATE",
    .for_share = "LOCK IN SHARE MODE",
    .then_join = "STRAIGHT_JOIN",
    .slot = "CONNECTION_ID() % 256",
    .insert_ignore = "INSERT IGNORE",
    .upsert_before = "ON DUPLICATE KEY UPDATE",
    .upsert_after = "",
    .new_before = "VALUES(",
    .new_after = ")",
    .networked = 1,
    .rekeys = 1,
    .lock_connects = 1,
    .ddl_commits = 1,
    .forgets_index = 1, /* MariaDB 10.11: a table that another statement read whole rows of */
    .keeps_results = 1,
    .backslashes = 1,
    .facts = "SELECT VERSION(), @@max_connections, UTC_TIMESTAMP(6)",
    .schema = crm_schema_mysql,
    .tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
              "AND table_name = ?",
    .columns = "SELECT c.table_name, c.column_name, c.column_type, c.is_nullable = 'YES', "
               "COALESCE(k.ordinal_position, 0) FROM information_schema.columns c "
               "JOIN information_schema.tables t ON t.table_schema = c.table_schema "
               "AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' "
               "LEFT JOIN information_schema.key_column_usage k ON k.table_schema = c.table_schema "
               "AND k.table_name = c.table_name AND k.column_name = c.column_name "
               "AND k.constraint_name = 'PRIMARY' WHERE c.table_schema = DATABASE() "
               "ORDER BY c.table_name, c.ordinal_position",
    .cascading = "SELECT DISTINCT table_name FROM information_schema.referential_constraints "
                 "WHERE constraint_schema = DATABASE() AND delete_rule = 'CASCADE'",
    .refuse = "IF (SELECT up FROM crm_move_fence WHERE id = 1 LOCK IN SHARE MODE) = 1 THEN "
              "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '" CRM_BEING_MOVED "'; END IF",
    .log_table = "(id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, table_name VARCHAR(64) NOT NULL, "
                 "k1 VARBINARY(800), k2 VARBINARY(800), k3 VARBINARY(800), k4 VARBINARY(800), "
                 "k5 VARBINARY(800)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    .unchecked = "SET foreign_key_checks = 0",
    .current = "DATABASE()",
    .parameters = parameters,
    .set_up = set_up,
    .change_user = change_user,
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
    .lock = lock_server,
    .unlock = unlock_server,
    .create = create,
    .drop = drop,
    .exists = exists,
    .make_user = crm_user_mysql_make,
    .drop_user = crm_user_mysql_drop,
    .inspect_user = crm_user_mysql_inspect,
};
