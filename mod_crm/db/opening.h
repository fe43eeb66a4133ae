/* db/opening.h - connections are opened by threads of their own, so that who waits can give up.
 *
 * The client library has no time-out for connecting that apr_dbd lets us set: a server that is
 * stopped, or a network that swallows packets, would hold a request for minutes. A thread that was
 * given up ends when its connecting does, and closes what it got; there are about as many of
 * them at most as there may be connections.
 */
#ifndef CRM_DB_OPENING_H
#define CRM_DB_OPENING_H

#include "db/connection.h"

typedef struct crm_openings_t crm_openings_t;

/* MOST: threads that may hang at a time. */
apr_status_t crm_openings_create(int most, crm_openings_t **ret_openings);

/* No more calls: what a hanging thread needs lives on until it ends. */
void crm_openings_end(crm_openings_t *openings);

/* What is wanted: a connection to DB, until DEADLINE; errors are made in ERRORS. */
typedef struct crm_opening_t {
    crm_openings_t *openings;
    const crm_db_t *db;
    apr_time_t deadline;
    apr_pool_t *errors;
} crm_opening_t;

/* A connection, open and checked: OLD (or NULL) put on the database where it can be, else OLD is
 * closed and a new one is opened. UNAVAILABLE when it fails or the deadline has come. */
crm_error_t *crm_opening_run(const crm_opening_t *opening, crm_connection_t *old,
                             crm_connection_t **ret_connection);

#endif
