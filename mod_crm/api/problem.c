/* api/problem.c - an error as clients are told of it. */
#include <string.h>

#include <apr_strings.h>

#include "api/header.h"
#include "api/problem.h"
#include "base/json.h"

/* {"field": ["message", ...], ...} in the order found. */
static json_t *fields_json(const crm_error_t *error)
{
    json_t *json = json_object();
    for (int i = 0; i < error->fields->nelts; i++) {
        const crm_field_error_t *entry = &APR_ARRAY_IDX(error->fields, i, crm_field_error_t);
        json_t *messages = json_object_get(json, entry->field);
        if (!messages) {
            messages = json_array();
            json_object_set_new(json, entry->field, messages);
        }
        json_array_append_new(messages, json_string(entry->message));
    }
    return json;
}

static void add_cause(const crm_request_t *request, const crm_error_t *error, json_t *json)
{
    if (request->settings->debug && error->cause) {
        json_object_set_new(json, "cause", json_string(error->cause));
    }
}

static json_t *problem_json(const crm_request_t *request, const crm_error_t *error, int status)
{
    json_t *json = json_object();
    json_object_set_new(json, "type", json_string("about:blank"));
    json_object_set_new(json, "title", json_string(crm_error_title(status)));
    json_object_set_new(json, "status", json_integer(status));
    json_object_set_new(json, "detail", json_string(error->detail));
    if (error->fields) {
        json_object_set_new(json, "errors", fields_json(error));
    }
    add_cause(request, error, json);
    return json;
}

static json_t *detail_json(const crm_request_t *request, const crm_error_t *error)
{
    if (error->fields) {
        return fields_json(error);
    }
    json_t *json = json_object();
    json_object_set_new(json, "detail", json_string(error->detail));
    add_cause(request, error, json);
    return json;
}

static void add_headers(const crm_request_t *request, const crm_error_t *error,
                        crm_response_t *response)
{
    if (response->status == 401) {
        apr_table_setn(response->headers, "WWW-Authenticate", "Token");
    }
    if (response->status == 405 && request->allow) {
        apr_table_setn(response->headers, "Allow", request->allow);
    }
    if (error->retry_after > 0) {
        apr_table_setn(response->headers, "Retry-After",
                       apr_itoa(request->pool, error->retry_after));
    }
}

json_t *crm_problem_write(const crm_request_t *request, crm_error_t *error, int status,
                          crm_response_t *response)
{
    apr_pool_t *pool = request->pool;
    unsigned accepts = crm_header_accepts(apr_table_get(request->headers, "Accept"));
    int as_problem = (accepts & CRM_ACCEPTS_PROBLEM) != 0;
    response->status = status ? status : crm_error_status(error->kind);
    json_t *json =
        as_problem ? problem_json(request, error, response->status) : detail_json(request, error);
    crm_json_own(pool, json);
    response->content_type = as_problem ? "application/problem+json" : "application/json";
    response->body = crm_json_text(pool, json, &response->size);
    response->error = error;
    add_headers(request, error, response);
    return json;
}
