/* server/call.h - one request below the prefix (or with a token of ours), from httpd's side.
 *
 * A call is made when a hook first asks for it and lives in the request's pool. Internal redirects
 * (ErrorDocument, mod_rewrite) are the same call: whoever is in the chain finds it, so that it
 * leaves one History record. What api/ knows of it is the crm_request_t.
 */
#ifndef CRM_SERVER_CALL_H
#define CRM_SERVER_CALL_H

#include <httpd.h>

#include "api/request.h"
#include "db/meter.h"
#include "server/config.h"
#include "server/docs.h"

typedef struct crm_call_t {
    request_rec *r; /* the one that is answered by the API; of a chain the last below the prefix */
    const crm_server_t *server;
    int below;                     /* the path is below the prefix, or an alias of one that is */
    const crm_docs_alias_t *alias; /* or NULL */
    int is_page;                   /* a file of the documentation: httpd's own handler sends it */
    int recorded;                  /* its History record is written, or need not be */
    crm_request_t *request;
    crm_actor_t *caller;   /* who httpd's access control knows R's user to be; NULL: none of ours */
    crm_error_t *stranger; /* why another module's user is none of ours, or NULL */
    crm_meter_t meter;     /* what it has cost in databases so far */
    apr_bucket_brigade *body;
    int body_ended;
    int body_status; /* the HTTP status (or AP_FILTER_ERROR) that reading the body gave, or 0 */
} crm_call_t;

/* The call of R; NULL where the engine is off. */
crm_call_t *crm_call_of(request_rec *r);

/* R itself is to be answered by the API: not a custom error page for it. */
int crm_call_owns(const crm_call_t *call, const request_rec *r);

/* What api/ is given; made at the first call, then the same. */
crm_request_t *crm_call_request(crm_call_t *call);

/* Sends RESPONSE as R's answer. What becomes of the connection is httpd's business: OK always. */
int crm_call_send(request_rec *r, const crm_response_t *response);

/* Sets status, content type and headers of R from RESPONSE. */
void crm_call_headers(request_rec *r, const crm_response_t *response);

/* The same, with the body's length, and gives its body (with the end of the
 * stream) as a brigade. */
apr_bucket_brigade *crm_call_response(request_rec *r, const crm_response_t *response);

/* The id of R, the same for the whole chain: the client's X-Request-Id when it is 1 to 128 of
 * A-Z a-z 0-9 . _ -, else a new UUID. */
const char *crm_call_id(request_rec *r);

#endif
