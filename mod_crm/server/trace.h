/* server/trace.h - W3C Trace Context (https://www.w3.org/TR/trace-context/): a request with a valid
 * "traceparent" goes on as a part of that trace.
 *
 * Its own part has an id of its own: what httpd passes on (to a proxied application, to CGI) names
 * that as parent. A request without one, or with one that is not valid, belongs to no trace.
 */
#ifndef CRM_SERVER_TRACE_H
#define CRM_SERVER_TRACE_H

#include <httpd.h>

/* Takes R's traceparent, when it has one, and replaces it by our own; once, before anybody looks at
 * R's headers. */
void crm_trace_begin(request_rec *r);

/* Our traceparent of R's chain ("00-TRACE-PARENT-FLAGS"), and the id of its trace; NULL: none. */
const char *crm_trace_parent(request_rec *r);
const char *crm_trace_id(request_rec *r);

#endif
