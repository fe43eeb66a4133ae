/* api/dispatch.c - a request from its route to its response. */
#include <string.h>

#include <apr_strings.h>

#include "api/access.h"
#include "api/body.h"
#include "api/conditional.h"
#include "api/cors.h"
#include "api/fields.h"
#include "api/format.h"
#include "api/header.h"
#include "api/history_bodies.h"
#include "api/idempotent.h"
#include "api/options.h"
#include "api/parameters.h"
#include "api/problem.h"
#include "base/json.h"

static int is_reading(const crm_request_t *request)
{
    return strcmp(request->method, "GET") == 0;
}

/* What every response has. */
static void add_common_headers(const crm_request_t *request, crm_response_t *response)
{
    int is_secret = request->route && (request->route->flags & CRM_ROUTE_SECRET);
    apr_table_setn(response->headers, "Vary", "Accept, Authorization, Cookie");
    apr_table_setn(response->headers, "Cache-Control",
                   is_secret ? "no-store" : "private, no-cache");
    apr_table_setn(response->headers, "X-Content-Type-Options", "nosniff");
    crm_cors_headers(request, response);
}

/* The path with its slash, where only that is missing: NULL when it is something else. */
static const char *slash_location(const crm_request_t *request)
{
    apr_pool_t *pool = request->pool;
    const char *path = request->path, *prefix = request->settings->prefix;
    apr_size_t length = strlen(prefix);
    if (!path || strncmp(path, prefix, length) != 0 ||
        crm_route_rows(pool, apr_pstrcat(pool, path + length, "/", NULL))->nelts == 0) {
        return NULL;
    }
    return apr_pstrcat(pool, request->base_url, crm_parameters_encode(pool, path, "/:@"), "/",
                       request->raw_query ? "?" : NULL, request->raw_query, NULL);
}

/* GET becomes GET again; whatever else keeps its method and body. */
static void redirect(const crm_request_t *request, crm_response_t *response, const char *location)
{
    response->status = is_reading(request) ? 301 : 308;
    apr_table_setn(response->headers, "Location", location);
}

/* What answers where no route does. NULL: RESPONSE is the answer. */
static crm_error_t *answer_unrouted(crm_request_t *request, crm_response_t *response,
                                    json_t **ret_json)
{
    crm_error_t *error = request->no_route;
    const char *location = error->kind == CRM_E_NOT_FOUND ? slash_location(request) : NULL;
    if (location) {
        CRM_ERR(request->malformed);
        redirect(request, response, location);
        return NULL;
    }
    if (error->kind == CRM_E_METHOD && strcmp(request->method, "OPTIONS") == 0) {
        CRM_ERR(request->malformed);
        apr_table_setn(response->headers, "Allow", request->allow);
        *ret_json = crm_options_json(request);
        return NULL;
    }
    return error;
}

static crm_error_t *check_accept(crm_request_t *request)
{
    if (request->route->formats) {
        return crm_format_choose(request, &request->format);
    }
    return crm_header_accepts(apr_table_get(request->headers, "Accept"))
               ? NULL
               : crm_error_standard(request->pool, CRM_E_NOT_ACCEPTABLE);
}

/* From the route to the handler's answer. */
static crm_error_t *run_route(crm_request_t *request, crm_answer_t *answer)
{
    const crm_route_t *route = request->route;
    crm_values_t *values = NULL;
    const char *const *names;
    CRM_ERR(check_accept(request));
    CRM_ERR(request->refusal);
    CRM_ERR(crm_access_check(request));
    if (route->gate) {
        CRM_ERR(route->gate(request));
    }
    CRM_ERR(crm_fields_read(request, &names));
    if (route->body) {
        CRM_ERR(crm_body_read(request));
        CRM_ERR(crm_validate(request->pool, route->body, request->body,
                             route->flags & CRM_ROUTE_PARTIAL, &values));
    }
    CRM_ERR(crm_idempotent_run(request, values, answer));
    if (names && answer->json) {
        answer->json = crm_fields_pick(request->pool, answer->json, route->is_list, names);
    }
    return NULL;
}

/* Puts the answer's body into the response; the tag of what was read, and 304 where the client has
 * it. */
static void write_body(crm_request_t *request, const crm_answer_t *answer, crm_response_t *response)
{
    const crm_route_t *route = request->route;
    int is_read =
        route && (route->result || route->formats) && is_reading(request) && answer->status == 200;
    response->body = answer->text;
    response->size = answer->size;
    if (!answer->text) {
        response->body = crm_json_text(request->pool, answer->json, &response->size);
    }
    response->content_type = answer->text ? request->format->type : "application/json";
    if (answer->version >= 0 || is_read) {
        const char *tag = crm_etag(request->pool, answer->version, response->body, response->size);
        apr_table_setn(response->headers, "ETag", tag);
        if (is_read && crm_etag_matches(apr_table_get(request->headers, "If-None-Match"), tag)) {
            response->status = 304;
            response->content_type = NULL;
            response->body = NULL;
            response->size = 0;
        }
    }
}

/* Of a body that is a stream, History keeps what the handler says of it in JSON. */
static void note(crm_request_t *request, const crm_answer_t *answer, const crm_response_t *response)
{
    const char *text = response->body;
    apr_size_t size = response->size;
    if (response->stream && answer->json) {
        text = crm_json_text(request->pool, answer->json, &size);
    }
    crm_history_bodies(request, response->status, text ? answer->json : NULL, text, size);
}

/* The status of success, unless the handler has another. */
static int status_of(const crm_request_t *request)
{
    return request->route && request->route->status ? request->route->status : 200;
}

static void respond(crm_request_t *request, crm_response_t *response)
{
    crm_answer_t answer = {
        .status = status_of(request), .headers = response->headers, .version = -1};
    crm_error_t *error = request->no_route ? answer_unrouted(request, response, &answer.json)
                                           : run_route(request, &answer);
    if (error) {
        crm_api_error(request, error, 0, response);
        return;
    }
    if (!request->no_route) {
        response->status = answer.status;
    }
    if (answer.stream) {
        response->stream = answer.stream;
        response->content_type = answer.stream->content_type;
    } else if (answer.json || answer.text) {
        write_body(request, &answer, response);
    }
    response->error = answer.error;
    add_common_headers(request, response);
    note(request, &answer, response);
}

static void begin_response(const crm_request_t *request, crm_response_t *response)
{
    *response = (crm_response_t){
        .status = 200,
        .headers = apr_table_make(request->pool, 8),
    };
}

void crm_api_handle(crm_request_t *request, crm_response_t *ret_response)
{
    begin_response(request, ret_response);
    if (crm_cors_preflight(request, ret_response)) {
        return;
    }
    crm_api_authenticate(request);
    respond(request, ret_response);
}

void crm_api_error(crm_request_t *request, crm_error_t *error, int status,
                   crm_response_t *ret_response)
{
    begin_response(request, ret_response);
    json_t *json = crm_problem_write(request, error, status, ret_response);
    add_common_headers(request, ret_response);
    request->error_message = error->detail;
    crm_history_bodies(request, ret_response->status, json, ret_response->body, ret_response->size);
}
