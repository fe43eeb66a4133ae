/* server/keeper.h - the background thread of a child: moves History from the spool to the
 * databases, closes idle connections, writes the gauges, and at its start finishes what crashes
 * left half made. */
#ifndef CRM_SERVER_KEEPER_H
#define CRM_SERVER_KEEPER_H

#include <httpd.h>

#include "server/gauges.h"
#include "service/site.h"

typedef struct crm_keeper_t crm_keeper_t;

/* Starts the thread for SITE; it lives until crm_keeper_stop. GAUGES (may be NULL) are written by
 * it. SERVER is for its log lines. */
apr_status_t crm_keeper_start(apr_pool_t *pool, crm_site_t *site, crm_gauges_t *gauges,
                              server_rec *server, crm_keeper_t **ret_keeper);

/* Has the thread move what the spool holds one last time, and waits for its end, but not longer
 * than TIMEOUT. 1 when it has ended; 0 when it has not (a database hangs): then neither the site
 * nor its pool may be destroyed. What stays in the spool is taken by whoever lives. */
int crm_keeper_stop(crm_keeper_t *keeper, apr_interval_time_t timeout);

#endif
