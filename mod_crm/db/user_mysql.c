/* db/user_mysql.c - a database's own user on MariaDB and MySQL.
 *
 * Names and passwords are ours (letters, digits, '_' and '-'), so they are written into the
 * statements, none of which takes values: https://mariadb.com/kb/en/create-user/,
 * https://dev.mysql.com/doc/refman/8.0/en/alter-user.html.
 */
#include <string.h>

#include <apr_strings.h>
#include <mysql.h>

#include "db/connection.h"
#include "db/database.h"
#include "db/user_driver.h"

#define RIGHTS "SELECT, INSERT, UPDATE, DELETE"

/* Of a database in GRANT, escapes included: the column mysql.db.Db. */
#define PATTERN_LENGTH 64

/* What the server calls the lack of a right: of a database, a table, a column. */
enum { NO_DATABASE = 1044, NO_TABLE = 1142, NO_COLUMN = 1143 };

/* A user being made, by a connection to no database. */
typedef struct making_t {
    crm_connection_t *connection;
    apr_pool_t *pool;
    const crm_db_user_t *user;
    const char *account; /* as statements have it */
} making_t;

/* WHAT stands for the statement in an error: it holds a password. */
static crm_error_t *run(const making_t *making, const char *what, const char *sql)
{
    int rows;
    crm_connection_t *connection = making->connection;
    int code = apr_dbd_query(connection->dbd, connection->handle, &rows, sql);
    return code ? crm_connection_error(connection, making->pool, code,
                                       apr_pstrcat(making->pool, what, " ", making->account, NULL))
                : NULL;
}

static crm_error_t *alter(const making_t *making, const char *how)
{
    return run(making, "ALTER USER",
               apr_pstrcat(making->pool, "ALTER USER ", making->account, " ", how, NULL));
}

/* DATABASE as GRANT has it, where '_' stands for any character unless it is escaped. Where that
 * gets longer than the server takes, the last ones are: names begin alike, and differ at their end.
 */
static const char *pattern(apr_pool_t *pool, const char *database)
{
    char *escaped = apr_palloc(pool, 2 * strlen(database) + 1), *at = escaped;
    int left = PATTERN_LENGTH - (int)strlen(database), marks = 0;
    for (const char *c = database; *c; c++) {
        marks += *c == '_';
    }
    for (; *database; database++) {
        if (*database == '_' && marks-- <= left) {
            *at++ = '\\';
        }
        *at++ = *database;
    }
    *at = '\0';
    return escaped;
}

/* Two passwords at a time: MariaDB takes either of two methods, MySQL keeps the one before. */
static crm_error_t *set_passwords(const making_t *making)
{
    apr_pool_t *pool = making->pool;
    const char *password = making->user->password, *old = making->user->old_password;
    const char *is = apr_pstrcat(pool, "IDENTIFIED BY '", password, "'", NULL);
    MYSQL *mysql = apr_dbd_native_handle(making->connection->dbd, making->connection->handle);
    if (mariadb_connection(mysql)) {
        return alter(
            making, old ? apr_pstrcat(pool, "IDENTIFIED VIA mysql_native_password USING PASSWORD('",
                                      password, "') OR mysql_native_password USING PASSWORD('", old,
                                      "')", NULL)
                        : is);
    }
    if (!old) {
        CRM_ERR(alter(making, is));
        return alter(making, "DISCARD OLD PASSWORD");
    }
    CRM_ERR(alter(making, apr_pstrcat(pool, "IDENTIFIED BY '", old, "'", NULL)));
    return alter(making, apr_pstrcat(pool, is, " RETAIN CURRENT PASSWORD", NULL));
}

static crm_error_t *drop(const making_t *making)
{
    return run(making, "DROP USER",
               apr_pstrcat(making->pool, "DROP USER IF EXISTS ", making->account, NULL));
}

static crm_error_t *make(const making_t *making, const char *database, int anew)
{
    apr_pool_t *pool = making->pool;
    if (anew) {
        CRM_ERR(drop(making));
    }
    CRM_ERR(run(making, "CREATE USER",
                apr_pstrcat(pool, "CREATE USER IF NOT EXISTS ", making->account, " IDENTIFIED BY '",
                            making->user->password, "'", NULL)));
    if (!anew || making->user->old_password) {
        CRM_ERR(set_passwords(making));
    }
    return run(making, "GRANT TO",
               apr_pstrcat(pool, "GRANT " RIGHTS " ON `", pattern(pool, database), "`.* TO ",
                           making->account, NULL));
}

/* To be ended by crm_pool_release. */
static crm_error_t *begin(const crm_db_t *db, apr_pool_t *pool, making_t *ret_making)
{
    const crm_db_t server = {.pool = db->pool, .server = db->server, .database = ""};
    *ret_making = (making_t){
        .pool = pool,
        .user = db->user,
        .account = apr_pstrcat(pool, "'", db->user->name, "'@'%'", NULL),
    };
    return crm_pool_acquire(&server, pool, &ret_making->connection);
}

crm_error_t *crm_user_mysql_make(const crm_db_t *db, apr_pool_t *pool, int anew)
{
    making_t making;
    CRM_ERR(begin(db, pool, &making));
    crm_error_t *error = make(&making, db->database, anew);
    crm_pool_release(db->pool, making.connection, 0);
    return error;
}

crm_error_t *crm_user_mysql_drop(const crm_db_t *db, apr_pool_t *pool)
{
    making_t making;
    CRM_ERR(begin(db, pool, &making));
    crm_error_t *error = drop(&making);
    crm_pool_release(db->pool, making.connection, 0);
    return error;
}

/* ---- inspecting ---- */

static void blame(apr_array_header_t *faults, const char *text, const char *what)
{
    APR_ARRAY_PUSH(faults, const char *) = apr_pstrcat(faults->pool, text, what, ".", NULL);
}

/* The server takes us for the user that we say we are. */
static crm_error_t *inspect_name(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *faults)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, "SELECT CURRENT_USER()", "s", CRM_NO_ARGS, &rows));
    const char *found = rows->cells[0].as.text;
    if (strcmp(found, apr_pstrcat(pool, db->user->name, "@%", NULL)) != 0) {
        blame(faults, "the server takes it for the user ", found);
    }
    return NULL;
}

/* Each line of SHOW GRANTS is one that it should have, or one too many. */
static crm_error_t *inspect_grants(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *faults)
{
    const char *own = apr_pstrcat(pool, "GRANT " RIGHTS " ON `", pattern(pool, db->database),
                                  "`.* TO `", db->user->name, "`@`%`", NULL);
    const char *none = apr_pstrcat(pool, "GRANT USAGE ON *.* TO `", db->user->name, "`@`%`", NULL);
    const crm_rows_t *rows;
    int has = 0;
    CRM_ERR(crm_db_select(db, pool, "SHOW GRANTS", "l", CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const char *line = rows->cells[i].as.text;
        int is_own = strcmp(line, own) == 0;
        has |= is_own;
        /* the password's hash may follow; nothing else that counts does */
        if (!is_own && (strncmp(line, none, strlen(none)) != 0 || strstr(line, " WITH "))) {
            const char *secret = strstr(line, " IDENTIFIED ");
            blame(faults, "it has a right too many: ",
                  secret ? apr_pstrmemdup(pool, line, (apr_size_t)(secret - line)) : line);
        }
    }
    if (!has) {
        blame(faults, "it lacks the rights " RIGHTS " on ", db->database);
    }
    return NULL;
}

static crm_error_t *inspect_databases(const crm_db_t *db, apr_pool_t *pool,
                                      apr_array_header_t *faults)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT schema_name FROM information_schema.schemata WHERE LOWER("
                          "schema_name) NOT IN ('information_schema', 'performance_schema') AND "
                          "schema_name <> ? ORDER BY schema_name",
                          "s", CRM_ARGS(crm_text(db->database)), &rows));
    for (int i = 0; i < rows->count; i++) {
        blame(faults, "it sees the database ", rows->cells[i].as.text);
    }
    return NULL;
}

/* OTHER is "database.table". */
static crm_error_t *inspect_other(const crm_db_t *db, apr_pool_t *pool, const char *other,
                                  apr_array_header_t *faults)
{
    const crm_rows_t *rows;
    const char *dot = strrchr(other, '.');
    const char *sql =
        apr_psprintf(pool, "SELECT COUNT(*) FROM `%.*s`.`%s`", (int)(dot - other), other, dot + 1);
    crm_error_t *error = crm_db_select(db, pool, sql, "i", CRM_NO_ARGS, &rows);
    if (!error) {
        blame(faults, "it can read ", other);
    } else if (error->kind != CRM_E_DATABASE) {
        return error;
    } else if (error->code != NO_DATABASE && error->code != NO_TABLE && error->code != NO_COLUMN) {
        blame(faults, "it is not kept from reading ",
              apr_pstrcat(pool, other, ": ", crm_error_line(pool, error), NULL));
    }
    return NULL;
}

crm_error_t *crm_user_mysql_inspect(const crm_db_t *db, apr_pool_t *pool, const char *const *others,
                                    apr_array_header_t *faults)
{
    CRM_ERR(inspect_name(db, pool, faults));
    CRM_ERR(inspect_grants(db, pool, faults));
    CRM_ERR(inspect_databases(db, pool, faults));
    for (; *others; others++) {
        CRM_ERR(inspect_other(db, pool, *others, faults));
    }
    return NULL;
}
