/* api/access.h - who may call a route. */
#ifndef CRM_API_ACCESS_H
#define CRM_API_ACCESS_H

#include "api/route.h"

/* NULL when the request's actor may call its route. UNAUTHENTICATED, FORBIDDEN, or BAD_REQUEST "A
 * tenant must be named.". */
crm_error_t *crm_access_check(const crm_request_t *request);

#endif
