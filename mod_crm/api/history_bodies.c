/* api/history_bodies.c - what History keeps of a request and its answer. */
#include <string.h>

#include <apr_strings.h>

#include "api/parameters.h"
#include "api/history_bodies.h"
#include "api/route.h"
#include "base/json.h"
#include "base/text.h"

/* 1 when any key in JSON names a secret. */
static int has_secret(const json_t *json)
{
    size_t i;
    const char *key;
    json_t *value;
    if (json_is_array(json)) {
        json_array_foreach(json, i, value)
        {
            if (has_secret(value)) {
                return 1;
            }
        }
    } else if (json_is_object(json)) {
        json_object_foreach((json_t *)json, key, value)
        {
            if (crm_json_secret_name(key) || has_secret(value)) {
                return 1;
            }
        }
    }
    return 0;
}

/* The parameters as an object, a list of values where one is there twice; new reference. */
static json_t *query_json(const apr_table_t *query)
{
    const apr_array_header_t *entries = apr_table_elts(query);
    json_t *json = json_object();
    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);
        json_t *before = json_object_get(json, entry->key);
        json_t *value = json_string(entry->val);
        if (!before) {
            json_object_set_new(json, entry->key, value);
        } else if (json_is_array(before)) {
            json_array_append_new(before, value);
        } else {
            json_object_set_new(json, entry->key, json_pack("[Oo]", before, value));
        }
    }
    return json;
}

/* What is refused before anybody looks at it has a query too. */
static void read_query(crm_request_t *request)
{
    if (!request->query && request->raw_query &&
        crm_parameters_parse(request->pool, request->raw_query, strlen(request->raw_query),
                             "query string", &request->query)) {
        request->query = NULL;
    }
}

static const char *request_text(crm_request_t *request)
{
    read_query(request);
    int has_query = request->query && apr_table_elts(request->query)->nelts > 0;
    if (!has_query && !request->noted_body && !request->traceparent) {
        return NULL;
    }
    json_t *json = crm_json_own(request->pool, json_object());
    if (request->traceparent) {
        json_object_set_new(json, "traceparent", json_string(request->traceparent));
    }
    if (has_query) {
        json_object_set_new(json, "query", query_json(request->query));
    }
    if (request->noted_body) {
        json_object_set(json, "body", request->noted_body);
    }
    return crm_history_body(request->pool, json, request->settings->history_body);
}

void crm_history_bodies(crm_request_t *request, int status, const json_t *json, const char *text,
                        apr_size_t size)
{
    const crm_settings_t *settings = request->settings;
    if (settings->history == CRM_HISTORY_OFF ||
        (settings->history == CRM_HISTORY_ERRORS && status < 400)) {
        return;
    }
    request->history_request = request_text(request);
    if (!json) {
        request->history_response = NULL;
    } else if (size <= settings->history_body && !has_secret(json)) {
        request->history_response = text;
    } else {
        request->history_response = crm_history_body(request->pool, json, settings->history_body);
    }
}

/* The account's own tenant's database, else that of the tenant the request is about. */
static const char *slug_of(const crm_request_t *request)
{
    if (request->actor && request->actor->tenant) {
        return request->actor->tenant->slug;
    }
    return request->tenant ? request->tenant->slug : NULL;
}

static const char *valid_text(const crm_request_t *request, const char *text)
{
    return text ? crm_text_replace_invalid(request->pool, text, strlen(text)) : NULL;
}

void crm_api_history(const crm_request_t *request, int status, crm_history_t *ret_record)
{
    const crm_actor_t *actor = request->actor;
    apr_time_t now = apr_time_now();
    *ret_record = (crm_history_t){
        .slug = slug_of(request),
        .user_id = actor ? actor->account.id : 0,
        .user_is_platform = actor && !actor->tenant,
        .username = actor ? actor->account.username : NULL,
        .method = request->is_head ? "HEAD" : valid_text(request, request->method),
        .endpoint = valid_text(request, request->path),
        .request_data = request->history_request,
        .response_data = request->history_response,
        .status = status,
        .ip_address = request->address,
        .user_agent = valid_text(request, apr_table_get(request->headers, "User-Agent")),
        .execution_time = now > request->began ? now - request->began : 0,
        .error_message = request->error_message,
        .request_id = request->request_id,
        .created_at = now,
    };
    if (request->route) {
        ret_record->route =
            crm_route_pattern(request->pool, request->settings->prefix, request->route);
    }
    crm_uuid_make(&ret_record->id);
}
