/* server/lifecycle.h - what happens when httpd starts, and in each child.
 *
 * The parent makes folders and warns of what the children could not write, no more: it holds no
 * connection and runs no thread, so that restarts leave nothing behind. Each child opens its sites
 * and runs one keeper a site, until its pool is destroyed.
 */
#ifndef CRM_SERVER_LIFECYCLE_H
#define CRM_SERVER_LIFECYCLE_H

#include <apr_pools.h>

void crm_lifecycle_register(apr_pool_t *pool);

#endif
