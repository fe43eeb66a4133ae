/* server/notes.h - what an access log can have of a request: the notes crm-tenant, crm-user,
 * crm-request-id, crm-db-time and crm-pool-wait (microseconds), crm-trace-id.
 *
 * They are written right before logs are; CRM_TENANT, CRM_USER and CRM_REQUEST_ID are there as soon
 * as they are known, for CGI and for what httpd passes on.
 */
#ifndef CRM_SERVER_NOTES_H
#define CRM_SERVER_NOTES_H

#include <apr_pools.h>

void crm_notes_register(apr_pool_t *pool);

#endif
