/* server/status.h - a section in mod_status: connections by server and database, the spool, hashes,
 * mails, the schema; for people and, with ?auto, for scripts. */
#ifndef CRM_SERVER_STATUS_H
#define CRM_SERVER_STATUS_H

#include <apr_pools.h>

void crm_status_register(apr_pool_t *pool);

#endif
