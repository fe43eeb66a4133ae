/* api/tenant_source.h - which tenant a request is about: what the virtual host, the subdomain, the
 * header X-Tenant and the parameter tenant= name, in CrmTenantFrom's order, else the account's own.
 */
#ifndef CRM_API_TENANT_SOURCE_H
#define CRM_API_TENANT_SOURCE_H

#include "api/request.h"

/* Sets request->tenant from its query, headers, settings and actor. No database is asked when none
 * is named, or the actor's own. Errors: NOT_FOUND "Tenant \"x\" not found or not active",
 * BAD_REQUEST when two different ones are named, FORBIDDEN when the actor belongs to another. */
crm_error_t *crm_tenant_source_find(crm_request_t *request);

#endif
