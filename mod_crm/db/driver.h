/* db/driver.h - what differs between databases, as a small table of words and functions.
 *
 * The functions work on a connection (db/connection.h) that its caller has for himself. Only the
 * drivers' own files know a native handle.
 */
#ifndef CRM_DB_DRIVER_H
#define CRM_DB_DRIVER_H

#include "db/pool.h"

typedef struct crm_driver_t crm_driver_t;

/* The tables and triggers of db/capture.c begin so. */
#define CRM_MOVE_PREFIX "crm_move_"

/* A statement takes as long at most; a server that is silent for longer counts as lost. */
#define CRM_PATIENCE apr_time_from_sec(30)

/* What the fence's trigger says; any other trigger's refusal is somebody else's. */
#define CRM_BEING_MOVED "the database is being moved"

/* What the database's answer to the last call means. */
typedef struct crm_refusal_t {
    crm_error_kind_e kind;
    int code;         /* the database's own number */
    const char *key;  /* of a DUPLICATE, or NULL */
    const char *text; /* the database's own words */
    int not_run;      /* it is certain that the statement was not run */
    int stale;        /* the prepared statement must be prepared anew; it was not run */
} crm_refusal_t;

/* A lock of a server, held. */
typedef struct crm_lock_t {
    crm_connection_t *connection; /* which must stay open; NULL where the driver needs none */
    const char *database;
    const char *name;
    const char *file; /* SQLite: the lock's file */
    int descriptor;
} crm_lock_t;

struct crm_driver_t {
    const char *name; /* as apr_dbd and crm_db_url_t have it */

    /* The words of db/database.h. */
    const char *for_update, *for_share, *insert_ignore, *then_join, *slot;
    const char *upsert_before, *upsert_after; /* around KEYS; */
    int upsert_keys;                          /* KEYS stands between them */
    const char *new_before, *new_after;       /* around COLUMN */

    int networked;     /* opening may take long, or for ever */
    int rekeys;        /* an open connection can be put on another database of its server */
    int write_begins;  /* a write outside a transaction is put into one */
    int lock_connects; /* a lock needs a connection */
    int ddl_commits;   /* DDL ends a transaction */
    int forgets_index; /* a statement that is run again may not see any more that an index is all
                          it needs */
    int keeps_results; /* a statement keeps its rows in memory until it is run again */
    int backslashes;   /* a backslash in a string of SQL takes the next character's meaning */
    int most_prepared; /* a connection that prepared so many statements is replaced; 0: any */
    const char *facts; /* SELECT version, most connections, time: see crm_db_facts */
    /* As in db/schema_driver.h. */
    crm_error_t *(*schema)(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *parts);
    const char *tables;    /* SELECT whether the table named by '?' exists: a count */
    const char *columns;   /* SELECT of all columns of all tables; see crm_tables_read */
    const char *cascading; /* SELECT of the tables that crm_tables_cascading gives */
    const char *refuse; /* in a trigger: ends the statement with UNAVAILABLE when the fence is up */
    const char *log_table; /* the CREATE TABLE of db/capture.c's log, but for its name */
    const char *unchecked; /* no references are checked by this connection any more */
    int compares_rows;     /* (a, b) > (?, ?) finds its place in an index */

    /* apr_dbd's parameters for DATABASE on SERVER ("" none). */
    crm_error_t *(*parameters)(apr_pool_t *pool, const crm_db_url_t *server, const char *database,
                               const char **ret_parameters);
    /* Prepares the session of a connection that was just opened. */
    crm_error_t *(*set_up)(crm_connection_t *connection, apr_pool_t *errors);
    /* Makes an open connection that of its user on its database, a new session. 0, or what
     * `explain` takes. NULL: the server has no users. */
    int (*change_user)(crm_connection_t *connection);
    /* 0 when an idle connection is certainly of no use any more. Asks no server. */
    int (*usable)(const crm_connection_t *connection);
    /* How long a statement may take before the connection counts as lost; 0: for ever. */
    void (*set_patience)(crm_connection_t *connection, apr_interval_time_t patience);
    /* The server's name of the current database, NULL where a connection cannot be on another. */
    const char *current;

    /* What CODE, which a call of apr_dbd gave, means. */
    void (*explain)(const crm_connection_t *connection, apr_pool_t *pool, int code,
                    crm_refusal_t *ret_refusal);
    /* 1 when an error with CODE says that a statement of DDL had been done before. */
    int (*done_before)(int code);

    /* SQL that gives the real of the column NAME with all its digits, in backquotes. */
    const char *(*exact_real)(apr_pool_t *pool, const char *name);

    crm_error_t *(*begin)(crm_connection_t *connection, apr_pool_t *errors);
    /* Begins a transaction that sees all tables as they are now, and changes none. */
    crm_error_t *(*begin_snapshot)(crm_connection_t *connection, apr_pool_t *errors);
    crm_error_t *(*commit)(crm_connection_t *connection, apr_pool_t *errors);
    crm_error_t *(*roll_back)(crm_connection_t *connection, apr_pool_t *errors);
    apr_int64_t (*insert_id)(const crm_connection_t *connection);

    /* Takes the lock that LOCK's first members name; LOCKED when WAIT has passed. */
    crm_error_t *(*lock)(crm_lock_t *lock, apr_pool_t *pool, apr_interval_time_t wait);
    crm_error_t *(*unlock)(crm_lock_t *lock, apr_pool_t *pool);

    /* The schema's version, where it can be had without a connection, which costs more; 0: it
     * cannot, or is 0. Not while this process has a connection to DB. NULL: never. */
    int (*peek)(const crm_db_t *db, apr_pool_t *pool);

    /* As in db/database.h. */
    crm_error_t *(*create)(const crm_db_t *db, apr_pool_t *pool);
    crm_error_t *(*drop)(const crm_db_t *db, apr_pool_t *pool);
    crm_error_t *(*exists)(const crm_db_t *db, apr_pool_t *pool, int *ret_exists);

    /* As in db/own_user.h; NULL where the server has no users. */
    crm_error_t *(*make_user)(const crm_db_t *db, apr_pool_t *pool, int anew);
    crm_error_t *(*drop_user)(const crm_db_t *db, apr_pool_t *pool);
    crm_error_t *(*inspect_user)(const crm_db_t *db, apr_pool_t *pool, const char *const *others,
                                 apr_array_header_t *faults);
};

extern const crm_driver_t crm_driver_mysql, crm_driver_sqlite3;

/* The driver of that name; abort() for any other: crm_db_url_parse makes none. */
const crm_driver_t *crm_driver(const char *name);

#endif
