/* server/gauges.h - writes what a child has of a site into the memory that all share: by its
 * keeper's thread, each turn. */
#ifndef CRM_SERVER_GAUGES_H
#define CRM_SERVER_GAUGES_H

#include "server/metrics.h"
#include "service/site.h"

typedef struct crm_gauges_t crm_gauges_t;

/* For the site with PLACE (crm_metrics_site) that SETTINGS belong to, in POOL; NULL when the shared
 * memory has no room for it. */
crm_gauges_t *crm_gauges_make(apr_pool_t *pool, crm_site_t *site, const crm_settings_t *settings,
                              int place);

/* Counts records that were moved from the spool. */
void crm_gauges_moved(crm_gauges_t *gauges, apr_size_t count);

/* Writes them down; the site's state too, when it is this child's turn. NULL: nothing. SCRATCH is
 * the thread's. */
void crm_gauges_write(crm_gauges_t *gauges, apr_pool_t *scratch);

/* The last counts, and the seat is free. NULL: nothing. */
void crm_gauges_end(crm_gauges_t *gauges);

#endif
