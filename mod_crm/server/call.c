/* server/call.c - from request_rec to crm_request_t, and from crm_response_t to the client. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "base/uuid.h"
#include "server/call.h"
#include "server/trace.h"

#define MAX_REQUEST_ID 128
#define ID_NOTE "crm-request-id"

static int is_below(const request_rec *r, const crm_settings_t *settings)
{
    return r->uri && strncmp(r->uri, settings->prefix, strlen(settings->prefix)) == 0;
}

/* A request line over the limit leaves no path, but its beginning: enough to know who is to answer,
 * not to leave a record. */
static int is_cut_below(const request_rec *r, const crm_settings_t *settings)
{
    const char *path = r->uri || !r->the_request ? NULL : strchr(r->the_request, ' ');

    return path && strncmp(path + 1, settings->prefix, strlen(settings->prefix)) == 0;
}

/* The call of the request that R was redirected from, when it is R's too: R is below the prefix as
 * well, or an error page for it. */
static crm_call_t *inherited(request_rec *r)
{
    crm_call_t *call = r->prev ? crm_call_of(r->prev) : NULL;

    if (!call || !call->below) {
        return NULL;
    }
    if (is_below(r, call->server->settings) && !ap_is_HTTP_ERROR(r->prev->status)) {
        call->r = r;
        call->request = NULL;
        call->caller = NULL;
        call->stranger = NULL;
    }
    return call;
}

crm_call_t *crm_call_of(request_rec *r)
{
    crm_call_t *call = ap_get_module_config(r->request_config, &crm_module);
    const crm_server_t *server = crm_server_of(r->server);

    if (call || !server->settings->engine) {
        return call;
    }
    call = inherited(r);
    if (!call) {
        call = apr_pcalloc(r->pool, sizeof(*call));
        call->r = r;
        call->server = server;
        call->alias = crm_docs_alias(r, server->settings);
        call->recorded = call->alias || is_cut_below(r, server->settings);
        call->below = call->recorded || is_below(r, server->settings);
    }
    ap_set_module_config(r->request_config, &crm_module, call);
    return call;
}

int crm_call_owns(const crm_call_t *call, const request_rec *r)
{
    return call && call->below && call->r == r && !call->is_page;
}

/* Moves up to ROOM bytes from the call's brigade into BUFFER. */
static apr_status_t take_bytes(crm_call_t *call, char *buffer, apr_size_t room,
                               apr_size_t *ret_size)
{
    apr_size_t size = 0;

    while (size < room && !APR_BRIGADE_EMPTY(call->body)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(call->body);
        const char *data;
        apr_size_t length = 0;

        if (APR_BUCKET_IS_EOS(bucket)) {
            call->body_ended = 1;
        } else if (!APR_BUCKET_IS_METADATA(bucket)) {
            apr_status_t status = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
            if (status != APR_SUCCESS) {
                return status;
            }
            if (length > room - size) {
                length = room - size;
                apr_bucket_split(bucket, length);
            }
            memcpy(buffer + size, data, length);
            size += length;
        }
        apr_bucket_delete(bucket);
    }
    *ret_size = size;
    return APR_SUCCESS;
}

/* The body through httpd's input filters: chunks, Expect: 100-continue, LimitRequestBody and
 * mod_reqtimeout are theirs. Never holds more than what was asked for. */
static apr_status_t read_body(void *baton, char *buffer, apr_size_t *size)
{
    crm_call_t *call = baton;
    request_rec *r = call->r;
    apr_size_t room = *size;
    apr_status_t status = APR_SUCCESS;

    if (!call->body) {
        call->body = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    }
    *size = 0;
    while (status == APR_SUCCESS && *size == 0 && !call->body_ended) {
        if (APR_BRIGADE_EMPTY(call->body)) {
            status = ap_get_brigade(r->input_filters, call->body, AP_MODE_READBYTES, APR_BLOCK_READ,
                                    (apr_off_t)room);
        }
        if (status == APR_SUCCESS) {
            status = take_bytes(call, buffer, room, size);
        }
    }
    if (status != APR_SUCCESS) {
        call->body_status = ap_map_http_request_error(status, HTTP_BAD_REQUEST);
        call->body_ended = 1;
    }
    return status;
}

static const char *host_of(const request_rec *r)
{
    return r->hostname ? r->hostname : r->server->server_hostname;
}

crm_request_t *crm_call_request(crm_call_t *call)
{
    request_rec *r = call->r;

    if (call->request) {
        return call->request;
    }
    crm_request_t *request = apr_pcalloc(r->pool, sizeof(*request));
    request->pool = r->pool;
    request->site = call->server->site;
    request->settings = crm_settings_of(r);
    request->is_head = r->header_only && r->method_number == M_GET;
    request->method = request->is_head ? "GET" : r->method;
    request->path = r->uri ? r->uri : request->settings->prefix;
    request->raw_query = r->args;
    if (call->alias) {
        request->path = apr_pstrcat(r->pool, request->settings->prefix, call->alias->path, NULL);
        request->raw_query = call->alias->query;
    }
    request->base_url = ap_construct_url(r->pool, "", r);
    request->host = host_of(r);
    request->address = r->useragent_ip;
    request->headers = r->headers_in;
    request->read_body = read_body;
    request->body_baton = call;
    request->began = r->request_time;
    request->request_id = crm_call_id(r);
    request->traceparent = crm_trace_parent(r);
    call->request = request;
    return request;
}

static int set_header(void *baton, const char *name, const char *value)
{
    apr_table_addn(baton, name, value);
    return 1;
}

void crm_call_headers(request_rec *r, const crm_response_t *response)
{
    r->status = response->status;
    r->status_line = NULL;
    if (response->headers) {
        const apr_table_t *headers = response->headers;
        const apr_array_header_t *entries = apr_table_elts(headers);
        for (int i = 0; i < entries->nelts; i++) {
            const char *name = APR_ARRAY_IDX(entries, i, apr_table_entry_t).key;
            apr_table_unset(r->headers_out, name);
            apr_table_unset(r->err_headers_out, name);
        }
        apr_table_do(set_header, r->headers_out, headers, NULL);
    }
    if (response->content_type) {
        ap_set_content_type(r, response->content_type);
    }
}

apr_bucket_brigade *crm_call_response(request_rec *r, const crm_response_t *response)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);

    crm_call_headers(r, response);
    if (response->content_type) {
        ap_set_content_length(r, (apr_off_t)response->size);
    }
    if (response->content_type && response->size > 0) {
        APR_BRIGADE_INSERT_TAIL(
            brigade, apr_bucket_pool_create(response->body, response->size, r->pool, alloc));
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    return brigade;
}

int crm_call_send(request_rec *r, const crm_response_t *response)
{
    /* A client that is gone is no error of ours, and its request is recorded all the same. */
    ap_pass_brigade(r->output_filters, crm_call_response(r, response));
    return OK;
}

static int is_request_id(const char *id)
{
    apr_size_t length = strlen(id);

    for (const char *c = id; *c; c++) {
        if (!apr_isalnum(*c) && *c != '.' && *c != '_' && *c != '-') {
            return 0;
        }
    }
    return length >= 1 && length <= MAX_REQUEST_ID;
}

const char *crm_call_id(request_rec *r)
{
    const char *id = apr_table_get(r->notes, ID_NOTE);

    if (id) {
        return id;
    }
    if (r->prev || r->main) {
        id = crm_call_id(r->prev ? r->prev : r->main);
    } else {
        id = apr_table_get(r->headers_in, "X-Request-Id");
        if (!id || !is_request_id(id)) {
            crm_uuid_t uuid;
            crm_uuid_make(&uuid);
            id = crm_uuid_text(r->pool, &uuid);
        }
    }
    apr_table_setn(r->notes, ID_NOTE, id);
    return id;
}
