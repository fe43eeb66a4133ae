/* server/errordoc.h - error pages that httpd makes itself below the prefix become the API's errors:
 * the same status and headers (Allow, Retry-After, WWW-Authenticate), a JSON body. */
#ifndef CRM_SERVER_ERRORDOC_H
#define CRM_SERVER_ERRORDOC_H

#include <apr_pools.h>

void crm_errordoc_register(apr_pool_t *pool);

#endif
