/* server/hooks.h - the hooks that claim what is below the prefix and have the API answer it. */
#ifndef CRM_SERVER_HOOKS_H
#define CRM_SERVER_HOOKS_H

#include <apr_pools.h>

void crm_hooks_register(apr_pool_t *pool);

#endif
