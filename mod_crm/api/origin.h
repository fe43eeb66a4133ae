/* api/origin.h - whether a browser's request comes from a page of its own site.
 *
 * A browser sends by itself what its user is known by (a cookie, a password, a certificate), and
 * tells with it where the request comes from: in Sec-Fetch-Site (W3C Fetch Metadata) or Origin (RFC
 * 6454 7). Whoever tells nothing is no browser, or an old one.
 */
#ifndef CRM_API_ORIGIN_H
#define CRM_API_ORIGIN_H

#include "api/request.h"

/* FORBIDDEN "CSRF Failed: ..." when REQUEST comes from a page of another site that CrmCorsOrigin
 * does not allow with credentials; request->is_forgeable is set then. */
crm_error_t *crm_origin_check(crm_request_t *request);

#endif
