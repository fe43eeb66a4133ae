/* server/stream.c - sends a body while it is made. */
#include <sys/socket.h>

#include <apr_portable.h>

#include <httpd.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "server/stream.h"

/* Bytes that are passed on at a time. */
#define PIECE 65536

typedef struct sending_t {
    request_rec *r;
    const crm_response_t *response;
    apr_bucket_brigade *brigade;
    apr_size_t held; /* bytes in the brigade */
    int begun;       /* something was sent */
    int gone;        /* the client is */
} sending_t;

/* Passes on what is held, with END behind it. */
static void pass(sending_t *sending, apr_bucket *end)
{
    request_rec *r = sending->r;

    if (!sending->begun) {
        sending->begun = 1;
        crm_call_headers(r, sending->response);
    }
    APR_BRIGADE_INSERT_TAIL(sending->brigade, end);
    sending->gone |= ap_pass_brigade(r->output_filters, sending->brigade) != APR_SUCCESS ||
                     r->connection->aborted;
    apr_brigade_cleanup(sending->brigade);
    sending->held = 0;
}

static crm_error_t *put(void *baton, const char *bytes, apr_size_t size)
{
    sending_t *sending = baton;
    apr_bucket_alloc_t *alloc = sending->r->connection->bucket_alloc;

    if (!sending->gone) {
        apr_brigade_write(sending->brigade, NULL, NULL, bytes, size);
        sending->held += size;
    }
    if (!sending->gone && sending->held >= PIECE) {
        pass(sending, apr_bucket_flush_create(alloc));
    }
    return sending->gone ? crm_error_make(sending->r->pool, CRM_E_GONE, "The client is gone.")
                         : NULL;
}

/* An answer that ends with its connection says nothing by ending: only a reset does. */
static void reset(conn_rec *connection)
{
    const struct linger now = {.l_onoff = 1};
    apr_os_sock_t socket;

    if (apr_os_sock_get(&socket, ap_get_conn_socket(connection)) == APR_SUCCESS) {
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    connection->aborted = 1;
}

/* Sees to it that what was sent is not taken for the whole. httpd's filters leave out the end of an
 * answer after this very error. */
static void cut_off(sending_t *sending)
{
    request_rec *r = sending->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    APR_BRIGADE_INSERT_TAIL(sending->brigade,
                            ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, alloc));
    r->connection->keepalive = AP_CONN_CLOSE;
    pass(sending, apr_bucket_eos_create(alloc));
    if (r->proto_num < HTTP_VERSION(1, 1)) {
        reset(r->connection);
    }
}

void crm_stream_send(crm_call_t *call, crm_response_t *response)
{
    request_rec *r = call->r;
    const crm_stream_t *stream = response->stream;
    sending_t sending = {.r = r, .response = response};
    crm_error_t *error = NULL;

    sending.brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    if (!r->header_only) {
        error = stream->write(stream->baton, put, &sending);
    }
    response->error = sending.gone ? NULL : error;
    if (error && !sending.begun) {
        apr_brigade_cleanup(sending.brigade);
        crm_api_error(crm_call_request(call), error, 0, response);
        crm_call_send(r, response);
        return;
    }
    if (sending.gone) {
        return;
    }
    if (error) {
        call->request->error_message = error->detail;
        cut_off(&sending);
    } else {
        pass(&sending, apr_bucket_eos_create(r->connection->bucket_alloc));
    }
}
