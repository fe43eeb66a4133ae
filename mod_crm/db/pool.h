/* db/pool.h - the connections of one process, keyed by server, database and user.
 *
 * A cap on the whole and one per database; idle connections close after a time; who finds no
 * connection waits up to a deadline, then gets UNAVAILABLE with retry_after; when the cap is
 * reached the least recently used idle connection of another database is given up first. Each
 * connection handed out is on the right database, checked when it was opened (and its schema's
 * version with it: older than this server needs is UNAVAILABLE with the command that mends it as
 * cause). Thread-safe. Connections are for db/ alone: everybody else uses db/database.h.
 */
#ifndef CRM_DB_POOL_H
#define CRM_DB_POOL_H

#include <apr_time.h>

#include "db/url.h"

typedef struct crm_pool_t crm_pool_t;
typedef struct crm_connection_t crm_connection_t;

/* A database's own user (db/own_user.h): one that has rights on it alone. */
typedef struct crm_db_user_t {
    const char *name, *password;
    const char *old_password; /* is tried where the other is refused; NULL: there is none */
} crm_db_user_t;

/* A database: what services hold and hand on. */
typedef struct crm_db_t {
    crm_pool_t *pool;
    const crm_db_url_t *server;
    const char *database;         /* the real one: a name, or SQLite's path */
    int needs;                    /* schema version this server needs at least; 0: any, or none */
    int newest;                   /* the one it knows; 0: any. A connection to an older one is
                                     looked at again now and then, for it may be migrated */
    const crm_db_user_t *user;    /* its own, made and dropped with it; NULL: it has none */
    int privileged;               /* connect as the user of the server's URL all the same: for what
                                     makes and changes databases */
    crm_connection_t *connection; /* bound to it inside a transaction, else NULL */
} crm_db_t;

/* As whom connections to DB are: NULL is the user of its server's URL. */
static inline const crm_db_user_t *crm_db_connects_as(const crm_db_t *db)
{
    return db->privileged ? NULL : db->user;
}

typedef struct crm_pool_limits_t {
    int max, per_database;
    apr_interval_time_t idle, wait;
} crm_pool_limits_t;

typedef struct crm_pool_counts_t {
    int open, busy, waiting;
    apr_uint64_t opened, acquired, timed_out, failed;
} crm_pool_counts_t;

/* What the pool has of one database. */
typedef struct crm_pool_use_t {
    const char *server, *database; /* as crm_db_url_t and crm_db_t have them; "" is no database */
    int open, busy, waiting;       /* busy ones are open, too */
} crm_pool_use_t;

/* Lives as long as POOL (a pool of the process); its connections have sub-pools of their own. */
apr_status_t crm_pool_create(apr_pool_t *pool, const crm_pool_limits_t *limits,
                             crm_pool_t **ret_pool);

/* Has APR-util load its driver for SERVER, while no other thread runs that uses POOL's memory:
 * later it would be loaded by whoever connects first, into the same memory. Where there is none,
 * connecting says so. */
void crm_pool_load_driver(crm_pool_t *pool, const crm_db_url_t *server);

/* A connection to DB's database for the calling thread alone, until crm_pool_release. ERRORS is the
 * pool an error is made in. */
crm_error_t *crm_pool_acquire(const crm_db_t *db, apr_pool_t *errors,
                              crm_connection_t **ret_connection);

/* Gives it back; BROKEN: it is closed instead. */
void crm_pool_release(crm_pool_t *pool, crm_connection_t *connection, int broken);

/* Closes idle connections to DATABASE (before it is dropped), or all idle ones (DATABASE NULL). */
void crm_pool_forget(crm_pool_t *pool, const char *database);

/* Closes connections idle for too long. To be called now and then by a background thread. */
void crm_pool_reap(crm_pool_t *pool);

crm_pool_counts_t crm_pool_counts(crm_pool_t *pool);

/* Of crm_pool_use_t, in RESULT: each database that has connections, or threads that wait for one.
 */
apr_array_header_t *crm_pool_uses(crm_pool_t *pool, apr_pool_t *result);

#endif
