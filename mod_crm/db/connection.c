/* db/connection.c - opening, checking and closing one connection. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "db/connection.h"
#include "db/statement.h"

/* One answer for all of them: a client learns nothing about where databases are. */
#define CANNOT_REACH "The database cannot be reached. Try again later."
#define BEING_UPGRADED "The database is being upgraded. Try again later."

/* What to do where the server refuses a database's own user. */
#define REPAIR                                                                                     \
    " (this is the tenant's own database user: where it is missing, or has another password, "     \
    "\"crmctl tenant verify --repair\" mends it)"

/* Seconds until a migration may have ended. */
#define UPGRADE_RETRY 30

/* How often, and how long after each other, a database that is just changing is asked for its
 * version. */
#define CHECK_TURNS 500
#define CHECK_PAUSE 10000

/* Memory that a connection keeps for its next statement, in bytes. */
#define MOST_FREE (256 * 1024)

static const char *copy(apr_pool_t *pool, const char *text)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

static crm_db_url_t copy_url(apr_pool_t *pool, const crm_db_url_t *url)
{
    return (crm_db_url_t){
        .driver = copy(pool, url->driver),
        .host = copy(pool, url->host),
        .port = url->port,
        .socket = copy(pool, url->socket),
        .user = copy(pool, url->user),
        .password = copy(pool, url->password),
        .group = copy(pool, url->group),
        .server = copy(pool, url->server),
    };
}

const crm_db_user_t *crm_db_user_copy(apr_pool_t *pool, const crm_db_user_t *user)
{
    if (!user) {
        return NULL;
    }
    crm_db_user_t *result = apr_palloc(pool, sizeof(*result));
    *result = (crm_db_user_t){.name = apr_pstrdup(pool, user->name),
                              .password = apr_pstrdup(pool, user->password),
                              .old_password = copy(pool, user->old_password)};
    return result;
}

static void name(crm_connection_t *connection, const char *database, const crm_db_user_t *user)
{
    apr_pool_t *pool = connection->naming;
    apr_pool_clear(pool);
    connection->database = apr_pstrdup(pool, database);
    connection->user = crm_db_user_copy(pool, user);
    connection->name = apr_pstrcat(pool, connection->server.server, " ", database, NULL);
    connection->version = 0;
}

crm_connection_t *crm_connection_make(const crm_db_url_t *server, const char *database,
                                      const crm_db_user_t *user)
{
    apr_pool_t *pool;
    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        abort(); /* as APR's own pools do when memory is out */
    }
    apr_allocator_max_free_set(apr_pool_allocator_get(pool), MOST_FREE);
    crm_connection_t *connection = apr_pcalloc(pool, sizeof(*connection));
    connection->pool = pool;
    apr_pool_create(&connection->scratch, pool);
    connection->driver = crm_driver(server->driver);
    connection->server = copy_url(pool, server);
    apr_pool_create(&connection->naming, pool);
    name(connection, database, user);
    connection->buckets = apr_bucket_alloc_create(pool);
    connection->brigade = apr_brigade_create(pool, connection->buckets);
    return connection;
}

static crm_error_t *unreachable(crm_connection_t *connection, apr_pool_t *errors,
                                const char *reason)
{
    crm_error_t *error = crm_error_make(errors, CRM_E_UNAVAILABLE, CANNOT_REACH);
    return crm_error_cause(error, "%s: %s", connection->name, reason ? reason : "cannot connect");
}

crm_error_t *crm_connection_too_old(const crm_connection_t *connection, apr_pool_t *errors,
                                    int needs)
{
    crm_error_t *error = crm_error_make(errors, CRM_E_UNAVAILABLE, BEING_UPGRADED);
    error->retry_after = UPGRADE_RETRY;
    return crm_error_cause(error,
                           "%s is at schema version %d and this server needs version %d: run "
                           "\"crmctl migrate\"",
                           connection->name, connection->version, needs);
}

/* Reads the one row of SQL. The cells live in the scratch pool. 0, or the error code of apr_dbd. */
static int read_row(crm_connection_t *connection, const char *sql, const char *cells[2])
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    int code =
        apr_dbd_select(connection->dbd, connection->scratch, connection->handle, &results, sql, 0);
    if (code) {
        return code;
    }
    while (apr_dbd_get_row(connection->dbd, connection->scratch, results, &row, -1) == 0) {
        for (int i = 0; i < 2; i++) {
            cells[i] = copy(connection->scratch, apr_dbd_get_entry(connection->dbd, row, i));
        }
    }
    return 0;
}

/* Reads the database's name, "" where it has none, and (VERSIONED) the schema's version. On SQLite
 * the schema may just be changing, or the file be opened or closed by another process: then again.
 * *RET_REFUSAL says what an error means. */
static int read_check(crm_connection_t *connection, int versioned, const char *cells[2],
                      const char **ret_sql, crm_refusal_t *ret_refusal)
{
    const char *current = connection->driver->current;
    int code;
    *ret_sql = apr_pstrcat(
        connection->scratch, "SELECT ", current ? current : "''",
        versioned ? ", MAX(version) FROM schema_migration WHERE is_done = 1" : ", 0", NULL);
    for (int turn = 0; turn < CHECK_TURNS; turn++) {
        *ret_refusal = (crm_refusal_t){.kind = CRM_E_DATABASE};
        if ((code = read_row(connection, *ret_sql, cells)) == 0) {
            return 0;
        }
        connection->driver->explain(connection, connection->scratch, code, ret_refusal);
        if (!ret_refusal->stale && ret_refusal->kind != CRM_E_LOCKED) {
            return code;
        }
        apr_sleep(CHECK_PAUSE);
    }
    return code;
}

static crm_error_t *check(crm_connection_t *connection, int needs, apr_pool_t *errors)
{
    const char *cells[2] = {NULL, NULL}, *sql;
    crm_refusal_t refusal;
    int code = read_check(connection, 1, cells, &sql, &refusal);
    connection->version = 0;
    connection->checked = apr_time_now();
    if (code && refusal.kind == CRM_E_DATABASE && !refusal.stale) {
        /* most probably there is no such table yet */
        if (needs > 0) {
            return crm_connection_too_old(connection, errors, needs);
        }
        code = read_check(connection, 0, cells, &sql, &refusal);
    }
    if (code) {
        crm_error_t *error = crm_connection_error(connection, errors, code, sql);
        return unreachable(connection, errors, error->cause);
    }
    if (connection->driver->current && (!cells[0] || strcmp(cells[0], connection->database) != 0)) {
        return unreachable(connection, errors, "the server put us on another database");
    }
    connection->version = cells[1] ? atoi(cells[1]) : 0;
    return connection->version < needs ? crm_connection_too_old(connection, errors, needs) : NULL;
}

/* Ends opening and re-keying: whatever went wrong, the database is UNAVAILABLE. */
static crm_error_t *check_in(crm_connection_t *connection, int needs, apr_pool_t *errors,
                             crm_error_t *error)
{
    if (!error && connection->database[0]) {
        error = check(connection, needs, errors);
    }
    apr_pool_clear(connection->scratch);
    if (error && error->kind != CRM_E_UNAVAILABLE) {
        error = unreachable(connection, errors, error->cause ? error->cause : error->detail);
    }
    return error;
}

/* The server knows the user's name, or his password, for another. It says so in its own language.
 */
static int is_refused(const crm_connection_t *connection, const char *reason)
{
    return connection->user && reason && strstr(reason, connection->user->name);
}

/* Opens it with PASSWORD. *RET_REFUSED: whether the database's own user was refused. */
static crm_error_t *log_in(crm_connection_t *connection, const char *password, apr_pool_t *errors,
                           int *ret_refused)
{
    const crm_driver_t *driver = connection->driver;
    const char *parameters, *reason = NULL;
    crm_db_url_t as = connection->server;
    *ret_refused = 0;
    as.user = connection->user ? connection->user->name : as.user;
    as.password = password;
    CRM_ERR(driver->parameters(connection->pool, &as, connection->database, &parameters));
    if (apr_dbd_open_ex(connection->dbd, connection->pool, parameters, &connection->handle,
                        &reason) == APR_SUCCESS) {
        return NULL;
    }
    connection->handle = NULL;
    *ret_refused = is_refused(connection, reason);
    return unreachable(connection, errors,
                       *ret_refused ? apr_pstrcat(connection->scratch, reason, REPAIR, NULL)
                                    : reason);
}

crm_error_t *crm_connection_open(crm_connection_t *connection, int needs, apr_pool_t *errors)
{
    const crm_driver_t *driver = connection->driver;
    const crm_db_user_t *user = connection->user;
    int refused;
    if (apr_dbd_get_driver(connection->pool, driver->name, &connection->dbd) != APR_SUCCESS) {
        return unreachable(connection, errors, "APR-util has no driver for it installed");
    }
    crm_error_t *error =
        log_in(connection, user ? user->password : connection->server.password, errors, &refused);
    if (error && refused && user->old_password) {
        error = log_in(connection, user->old_password, errors, &refused);
    }
    CRM_ERR(error);
    return check_in(connection, needs, errors, driver->set_up(connection, errors));
}

static int is_same(const crm_db_user_t *a, const crm_db_user_t *b)
{
    return a == b || (a && b && strcmp(a->name, b->name) == 0);
}

int crm_connection_can_rekey(const crm_connection_t *connection, const crm_db_user_t *user)
{
    const crm_driver_t *driver = connection->driver;
    /* without a name in the URL only the client library knows who that is */
    return driver->rekeys && !connection->broken && driver->usable(connection) &&
           (is_same(connection->user, user) ||
            (driver->change_user && (user || connection->server.user)));
}

crm_error_t *crm_connection_rekey(crm_connection_t *connection, const char *database,
                                  const crm_db_user_t *user, int needs, apr_pool_t *errors)
{
    const crm_driver_t *driver = connection->driver;
    int code = 0, same = is_same(connection->user, user);
    crm_statements_clear(connection);
    name(connection, database, user);
    if (!same) {
        code = driver->change_user(connection);
    } else if (*database) {
        code = apr_dbd_set_dbname(connection->dbd, connection->pool, connection->handle, database);
    }
    crm_error_t *error = code ? crm_connection_error(connection, errors, code, NULL) : NULL;
    if (!error && !same) {
        error = driver->set_up(connection, errors); /* it is a new session */
    }
    return check_in(connection, needs, errors, error);
}

void crm_connection_end(crm_connection_t *connection)
{
    crm_statements_clear(connection);
    apr_pool_clear(connection->scratch);
    if (connection->handle) {
        apr_dbd_close(connection->dbd, connection->handle);
        connection->handle = NULL;
    }
}

void crm_connection_close(crm_connection_t *connection)
{
    crm_connection_end(connection);
    apr_pool_destroy(connection->pool);
}

crm_error_t *crm_connection_error(crm_connection_t *connection, apr_pool_t *errors, int code,
                                  const char *sql)
{
    crm_refusal_t refusal = {.kind = CRM_E_DATABASE, .code = code};
    connection->driver->explain(connection, errors, code, &refusal);
    connection->not_run = refusal.not_run;
    connection->broken |= refusal.kind == CRM_E_GONE;
    connection->doomed |= refusal.kind == CRM_E_GONE || refusal.kind == CRM_E_LOCKED;
    crm_error_t *error = crm_error_standard(errors, refusal.kind);
    error->code = refusal.code;
    error->key = refusal.key;
    return crm_error_cause(error, "%s: error %d: %s%s%s", connection->name, refusal.code,
                           refusal.text ? refusal.text : "unknown", sql ? "; in: " : "",
                           sql ? sql : "");
}

crm_error_t *crm_connection_run(crm_connection_t *connection, apr_pool_t *errors, const char *sql)
{
    int rows;
    int code = apr_dbd_query(connection->dbd, connection->handle, &rows, sql);
    return code ? crm_connection_error(connection, errors, code, sql) : NULL;
}
