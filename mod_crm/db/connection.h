/* db/connection.h - one connection to one database: opened, checked, with its cached statements.
 *
 * A connection has a pool of its own, without a parent, so that threads never share one; whoever
 * holds it (by crm_pool_acquire) has it alone. For db/ alone.
 */
#ifndef CRM_DB_CONNECTION_H
#define CRM_DB_CONNECTION_H

#include <apr_buckets.h>
#include <apr_dbd.h>

#include "db/driver.h"

#define CRM_STATEMENT_BUCKETS 64

struct crm_statement_t;

struct crm_connection_t {
    apr_pool_t *pool;
    apr_pool_t *scratch; /* results while they are read; cleared after each statement */
    const crm_driver_t *driver;
    const apr_dbd_driver_t *dbd;
    apr_dbd_t *handle;         /* NULL until it is open */
    void *state;               /* the driver's own */
    crm_db_url_t server;       /* a copy */
    apr_pool_t *naming;        /* of the next three; cleared when it is put on another database */
    const char *database;      /* "" none */
    const crm_db_user_t *user; /* whose it is; NULL: of `server` */
    const char *name;          /* server and database, for error causes */
    int version;               /* of the schema; 0: none */
    apr_time_t checked;        /* when it was asked */
    int prepared;              /* statements prepared so far */
    int cached;                /* of them in the cache */
    struct crm_statement_t *statements[CRM_STATEMENT_BUCKETS];
    apr_bucket_alloc_t *buckets;
    apr_bucket_brigade *brigade; /* empty between calls */
    int broken;                  /* lost, or not to be trusted: it must be closed */
    int doomed;                  /* its transaction cannot be committed */
    int compounds;               /* the server runs several statements as one (MariaDB's BEGIN NOT
                                    ATOMIC) */
    int not_run;                 /* the statement that failed last was certainly not run */
    struct crm_slot_t *slot;     /* its place in db/pool */
};

/* Makes a connection to DATABASE ("" none) of SERVER that is not open yet, as USER (NULL:
 * SERVER's). It holds copies of all, so that it may be opened by a thread that outlives the caller.
 */
crm_connection_t *crm_connection_make(const crm_db_url_t *server, const char *database,
                                      const crm_db_user_t *user);

/* Opens it, sets its session up and checks that it is on the right database, and its schema's
 * version when NEEDS is not 0. Errors are made in ERRORS: UNAVAILABLE. */
crm_error_t *crm_connection_open(crm_connection_t *connection, int needs, apr_pool_t *errors);

/* 1 when CONNECTION, an open one, can be put on another database of its server as USER. */
int crm_connection_can_rekey(const crm_connection_t *connection, const crm_db_user_t *user);

/* Puts an open connection on another DATABASE of its server, as USER, and checks it in the same
 * way. */
crm_error_t *crm_connection_rekey(crm_connection_t *connection, const char *database,
                                  const crm_db_user_t *user, int needs, apr_pool_t *errors);

/* A copy of USER (or NULL). */
const crm_db_user_t *crm_db_user_copy(apr_pool_t *pool, const crm_db_user_t *user);

/* Ends it for the server, also one that never was open; it can only be freed then. */
void crm_connection_end(crm_connection_t *connection);

/* Ends it, unless that was done, and frees its pool, with its names. */
void crm_connection_close(crm_connection_t *connection);

/* The error that CODE, which apr_dbd gave for SQL (for the cause; NULL: none), stands for; notes in
 * the connection what was lost by it. */
crm_error_t *crm_connection_error(crm_connection_t *connection, apr_pool_t *errors, int code,
                                  const char *sql);

/* The UNAVAILABLE error that a schema older than NEEDS stands for; its cause says what to do. */
crm_error_t *crm_connection_too_old(const crm_connection_t *connection, apr_pool_t *errors,
                                    int needs);

/* Runs constant SQL without values. */
crm_error_t *crm_connection_run(crm_connection_t *connection, apr_pool_t *errors, const char *sql);

#endif
