/* server/postman.h - the thread of a child that sends mails: one of its own, because a mail server
 * may let it wait. */
#ifndef CRM_SERVER_POSTMAN_H
#define CRM_SERVER_POSTMAN_H

#include <httpd.h>

#include "service/site.h"

typedef struct crm_postman_t crm_postman_t;

/* Starts the thread for SITE; it lives until crm_postman_stop. SERVER is for its log lines. */
apr_status_t crm_postman_start(apr_pool_t *pool, crm_site_t *site, server_rec *server,
                               crm_postman_t **ret_postman);

/* Has the thread end: it breaks off what it does, but for a mail whose final dot is sent. Waits for
 * that, but not longer than TIMEOUT (0: only tells it). 1 when it has ended; 0 when it has not:
 * then neither the site nor its pool may be destroyed. */
int crm_postman_stop(crm_postman_t *postman, apr_interval_time_t timeout);

#endif
