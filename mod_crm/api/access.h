/* api/access.h - who may call a route.
 *
 * A superuser and the tenant's admin may do everything in the tenant that the request is about,
 * whoever else what his permissions grant: they are read from his tenant's database when they are
 * first asked for, unless the cache of tokens has them.
 */
#ifndef CRM_API_ACCESS_H
#define CRM_API_ACCESS_H

#include "api/route.h"

/* "tenant admin": as crmctl and the API's description have it. */
const char *crm_access_name(crm_access_e access);

/* NULL when the request's actor may call its route. UNAUTHENTICATED, FORBIDDEN, or BAD_REQUEST "A
 * tenant must be named.". */
crm_error_t *crm_access_check(const crm_request_t *request);

/* NULL when the request's actor may do ACTION to records of ENTITY, else FORBIDDEN. For calls that
 * do more than their route's row says, as a batch does. */
crm_error_t *crm_access_permit(const crm_request_t *request, const crm_entity_t *entity,
                               crm_action_e action);

#endif
