/* crmctl/tenant.h - how commands show a tenant. */
#ifndef CRM_CRMCTL_TENANT_H
#define CRM_CRMCTL_TENANT_H

#include <jansson.h>

#include "service/tenant.h"

/* As JSON: a new reference. */
json_t *crm_tenant_output(apr_pool_t *pool, const crm_tenant_t *tenant);

#endif
