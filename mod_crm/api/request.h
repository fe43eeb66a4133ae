/* api/request.h - a request and its response, as plain structures: what api/ knows of HTTP.
 *
 * server/ makes a crm_request_t from a request_rec, calls crm_api_authenticate (in an
 * access_checker hook) and crm_api_handle (in the handler), and sends the response. Both live in
 * the request's pool.
 */
#ifndef CRM_API_REQUEST_H
#define CRM_API_REQUEST_H

#include <apr_tables.h>

#include "service/actor.h"
#include "service/history.h"
#include "service/settings.h"
#include "service/site.h"

typedef struct crm_route_t crm_route_t;
typedef struct crm_request_t crm_request_t;

#define CRM_MAX_PARAMETERS 4

/* Gives the next bytes of the body: *SIZE is room and then what was read, 0 at the end. */
typedef apr_status_t crm_body_read_fn(void *baton, char *buffer, apr_size_t *size);

/* Takes bytes of an answer. */
typedef crm_error_t *crm_put_fn(void *baton, const char *bytes, apr_size_t size);

struct crm_request_t {
    apr_pool_t *pool;
    crm_site_t *site;
    const crm_settings_t *settings;
    /* from httpd */
    const char *method; /* "GET"; HEAD is "GET" with is_head */
    int is_head;
    const char *path;      /* decoded, begins with settings->prefix */
    const char *raw_query; /* undecoded, or NULL */
    const char *base_url;  /* "https://acme.crm.example.com", for absolute links */
    const char *host;      /* without port */
    const char *address;   /* of the client, as httpd established it */
    apr_table_t *headers;
    crm_body_read_fn *read_body;
    void *body_baton;
    apr_time_t began;
    const char *request_id;
    const char *traceparent; /* of W3C Trace Context, ours; NULL: it belongs to no trace */
    /* by crm_api_authenticate */
    int authenticated;                          /* it has run */
    const crm_route_t *route;                   /* NULL: none matches */
    const char *parameters[CRM_MAX_PARAMETERS]; /* of the path, in order */
    crm_error_t *no_route;                      /* why there is no route, or NULL */
    const char *allow;                          /* the path's methods where another was asked for */
    apr_table_t *query;                         /* decoded parameters, in order; NULL until then */
    crm_error_t *malformed;                     /* what is wrong with the query, or NULL */
    crm_error_t *refusal; /* why it refused, or NULL; crm_api_handle answers with it */
    crm_actor_t *actor;   /* NULL: nobody */
    int is_by_cookie;     /* the login cookie says who it is */
    int is_forgeable;     /* refused because the cookie's CSRF token is missing or wrong */
    crm_tenant_t *tenant; /* the one this request is about, or NULL */
    const crm_db_t *db;   /* its database, bound to a transaction around the handler; or NULL */
    /* by crm_api_handle */
    const struct crm_format_t *format; /* the wanted one of the route's; NULL: it has none */
    int body_read;
    json_t *body;                 /* any JSON; form fields as strings; NULL: none */
    apr_array_header_t *files;    /* of crm_file_t (api/body.h), or NULL */
    json_t *noted_body;           /* what History keeps of the body, not redacted; or NULL */
    const char *history_request;  /* JSON for History: body and query, redacted, or NULL */
    const char *history_response; /* JSON for History, redacted, or NULL */
    const char *error_message;    /* for History: the error's detail */
};

/* The UUID that parameter N of the path is. NOT_FOUND: it is none, or not there. */
static inline crm_error_t *crm_request_uuid(const crm_request_t *request, int n,
                                            crm_uuid_t *ret_uuid)
{
    const char *text = request->parameters[n];
    return text && crm_uuid_parse(text, ret_uuid)
               ? NULL
               : crm_error_standard(request->pool, CRM_E_NOT_FOUND);
}

/* A body that is made while it is sent, piece by piece. */
typedef struct crm_stream_t {
    const char *content_type;
    /* Gives the body away by PUT, which takes SIZE bytes (1 or more) of it. An error of PUT (the
     * client is gone) ends it, and is passed up; any other error while nothing has been sent yet
     * becomes the answer, and later aborts the connection, so that nobody takes a part for the
     * whole. */
    crm_error_t *(*write)(void *baton, crm_put_fn *put, void *put_baton);
    void *baton;
} crm_stream_t;

typedef struct crm_response_t {
    int status;
    apr_table_t *headers;     /* without Content-Length, which server/ knows */
    const char *content_type; /* NULL: no body */
    const char *body;
    apr_size_t size;
    const crm_stream_t *stream; /* in place of body; or NULL */
    crm_error_t *error;         /* what the response tells, for the log; NULL for none */
} crm_response_t;

/* Finds the route, reads the query, checks the token (but where anyone may call: old clients send
 * stale ones to login), finds the tenant (api/tenant_source.h). What goes wrong is in
 * request->refusal; never fails otherwise. Reads no body. Idempotent. */
void crm_api_authenticate(crm_request_t *request);

/* Who calls where anyone may, and crm_api_authenticate asked nobody: for whoever else wants to know
 * (httpd's own Require). *RET_CALLER is NULL without a token and on other routes; an error for a
 * token that is not valid, or of another tenant than the request's: none of the request. */
crm_error_t *crm_api_caller(crm_request_t *request, crm_actor_t **ret_caller);

/* Makes the request that of the user NAME, whom another module of httpd has authenticated, in the
 * tenant of its virtual host (CrmTrustRemoteUser, which says whether his account is made when there
 * is none); a token of ours comes first. Who he is goes to *RET_ACTOR, also where anyone may call:
 * there the request stays nobody's. FORBIDDEN when he has no account, and for what changes
 * something and comes from a page of another site. What goes wrong is in request->refusal, too. */
crm_error_t *crm_api_trust(crm_request_t *request, const char *name, crm_actor_t **ret_actor);

/* Answers: finds the route, checks access, reads the body, runs the handler, and the same for
 * errors, HEAD, OPTIONS, CORS, conditional requests, missing slashes. Always gives a response. */
void crm_api_handle(crm_request_t *request, crm_response_t *ret_response);

/* The response for ERROR in the shape the client accepts, with what every response has: also for
 * errors that httpd makes itself below the prefix (path may be NULL then). STATUS 0: the error's
 * own. */
void crm_api_error(crm_request_t *request, crm_error_t *error, int status,
                   crm_response_t *ret_response);

/* The History record of this request, answered with STATUS. */
void crm_api_history(const crm_request_t *request, int status, crm_history_t *ret_record);

#endif
