/* api/body.c - a request's body: read within the limit, parsed by its media type. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_strings.h>

#include "api/body.h"
#include "api/buffer.h"
#include "api/header.h"
#include "api/multipart.h"
#include "api/parameters.h"
#include "api/route.h"
#include "base/json.h"
#include "base/spill.h"
#include "base/text.h"

#define CHUNK 8192

/* A body being read. */
typedef struct reading_t {
    crm_request_t *request;
    const char *type; /* the Content-Type as sent, "" without */
    apr_uint64_t size;
    apr_uint64_t limit;
} reading_t;

/* A form with files, being read. */
typedef struct form_t {
    crm_request_t *request;
    crm_part_t part;
    crm_buffer_t content; /* of the part so far, unless it goes to a file */
    apr_size_t size;      /* of the part so far */
    apr_uint64_t held;    /* bytes of all parts in memory */
    int fd;               /* of the part's file; -1: none */
} form_t;

/* Reads a body of one media type. */
typedef crm_error_t *read_fn(reading_t *reading);

typedef struct format_t {
    const char *type;
    int is_text; /* it has a charset, which must be UTF-8 */
    read_fn *read;
} format_t;

static read_fn read_json, read_form, read_multipart;

static const format_t formats[] = {
    {.type = "application/json", .is_text = 1, .read = read_json},
    {.type = "application/merge-patch+json", .is_text = 1, .read = read_json}, /* RFC 7396 */
    {.type = "application/x-www-form-urlencoded", .is_text = 1, .read = read_form},
    {.type = "multipart/form-data", .read = read_multipart},
    {.type = NULL},
};

static crm_error_t *too_large(const crm_request_t *request, apr_uint64_t limit)
{
    return crm_error_make(request->pool, CRM_E_TOO_LARGE,
                          "The request body is over the limit of %" APR_UINT64_T_FMT " bytes.",
                          limit);
}

/* The next bytes, at most *SIZE; 0 at the end. */
static crm_error_t *read_some(reading_t *reading, char *bytes, apr_size_t *size)
{
    const crm_request_t *request = reading->request;
    apr_status_t status = request->read_body(request->body_baton, bytes, size);
    if (status != APR_SUCCESS) {
        char reason[128];
        crm_error_t *error =
            crm_error_make(request->pool, CRM_E_BAD_REQUEST, "The request body could not be read.");
        return crm_error_cause(error, "%s", apr_strerror(status, reason, sizeof(reason)));
    }
    reading->size += *size;
    return reading->size > reading->limit ? too_large(request, reading->limit) : NULL;
}

static crm_error_t *read_all(reading_t *reading, crm_buffer_t *buffer)
{
    apr_size_t size;
    do {
        char *room = crm_buffer_room(buffer, CHUNK);
        size = CHUNK;
        CRM_ERR(read_some(reading, room, &size));
        buffer->size += size;
    } while (size);
    return NULL;
}

static crm_error_t *read_json(reading_t *reading)
{
    crm_request_t *request = reading->request;
    crm_buffer_t buffer = crm_buffer_make(request->pool);
    CRM_ERR(read_all(reading, &buffer));
    return buffer.size ? crm_json_parse(request->pool, buffer.bytes, buffer.size, &request->body)
                       : NULL;
}

static crm_error_t *read_form(reading_t *reading)
{
    crm_request_t *request = reading->request;
    crm_buffer_t buffer = crm_buffer_make(request->pool);
    apr_table_t *fields;
    CRM_ERR(read_all(reading, &buffer));
    if (!buffer.size) {
        return NULL;
    }
    CRM_ERR(crm_parameters_parse(request->pool, buffer.bytes, buffer.size, "form", &fields));
    const apr_array_header_t *entries = apr_table_elts(fields);
    request->body = crm_json_own(request->pool, json_object());
    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);
        json_object_set_new(request->body, entry->key, json_string(entry->val));
    }
    return NULL;
}

static crm_error_t *begin_part(void *baton, const crm_part_t *part)
{
    form_t *form = baton;
    const crm_request_t *request = form->request;
    int goes_to_file =
        part->filename && request->route && (request->route->flags & CRM_ROUTE_UPLOAD);
    form->part = *part;
    form->size = 0;
    form->fd = -1;
    if (goes_to_file) {
        return crm_spill_file(request->pool, NULL, &form->fd);
    }
    form->content = crm_buffer_make(request->pool);
    return NULL;
}

static crm_error_t *write_file(const form_t *form, const char *bytes, apr_size_t size)
{
    while (size) {
        ssize_t written = write(form->fd, bytes, size);
        if (written < 0 && errno != EINTR) {
            return crm_error_system(form->request->pool, APR_FROM_OS_ERROR(errno),
                                    "writing an upload to a temporary file");
        }
        if (written > 0) {
            bytes += written;
            size -= (apr_size_t)written;
        }
    }
    return NULL;
}

static crm_error_t *add_data(void *baton, const char *bytes, apr_size_t size)
{
    form_t *form = baton;
    apr_uint64_t limit = form->request->settings->body_limit;
    form->size += size;
    if (form->fd >= 0) {
        return write_file(form, bytes, size);
    }
    form->held += size;
    if (form->held > limit) {
        return too_large(form->request, limit);
    }
    memcpy(crm_buffer_room(&form->content, size), bytes, size);
    form->content.size += size;
    return NULL;
}

static void add_file(form_t *form)
{
    crm_request_t *request = form->request;
    if (!request->files) {
        request->files = apr_array_make(request->pool, 2, sizeof(crm_file_t));
    }
    APR_ARRAY_PUSH(request->files, crm_file_t) = (crm_file_t){
        .name = form->part.name,
        .filename = form->part.filename,
        .content_type = form->part.content_type,
        .data = form->fd < 0 ? form->content.bytes : NULL,
        .fd = form->fd,
        .size = form->size,
    };
}

static crm_error_t *end_part(void *baton)
{
    form_t *form = baton;
    const crm_buffer_t *content = &form->content;
    if (form->part.filename) {
        add_file(form);
        return NULL;
    }
    if (!crm_text_valid(content->bytes, content->size)) {
        return crm_error_make(form->request->pool, CRM_E_BAD_REQUEST,
                              "Multipart form parse error - Invalid UTF-8 or NUL in a field");
    }
    json_object_set_new(form->request->body, form->part.name,
                        json_stringn(content->bytes, content->size));
    return NULL;
}

static crm_error_t *read_multipart(reading_t *reading)
{
    crm_request_t *request = reading->request;
    form_t form = {.request = request};
    const crm_multipart_sink_t sink = {
        .begin = begin_part, .data = add_data, .end = end_part, .baton = &form};
    crm_multipart_t *multipart;
    char bytes[CHUNK];
    apr_size_t size = sizeof(bytes);
    CRM_ERR(crm_multipart_create(request->pool,
                                 crm_header_parameter(request->pool, reading->type, "boundary"),
                                 &sink, &multipart));
    request->body = crm_json_own(request->pool, json_object());
    CRM_ERR(read_some(reading, bytes, &size));
    if (!size) {
        return NULL;
    }
    while (size) {
        CRM_ERR(crm_multipart_feed(multipart, bytes, size));
        size = sizeof(bytes);
        CRM_ERR(read_some(reading, bytes, &size));
    }
    return crm_multipart_finish(multipart);
}

/* {"filename", "size"} of each file among the fields. */
static json_t *note_files(const crm_request_t *request)
{
    json_t *json = crm_json_own(request->pool, json_copy(request->body));
    for (int i = 0; i < request->files->nelts; i++) {
        const crm_file_t *file = &APR_ARRAY_IDX(request->files, i, crm_file_t);
        json_t *note = json_object();
        json_object_set_new(note, "filename", json_string(file->filename));
        json_object_set_new(note, "size", json_integer((json_int_t)file->size));
        json_object_set_new(json, file->name, note);
    }
    return json;
}

/* A body that could not be read is known by its size alone, as far as it came. */
static json_t *note_unparsed(const reading_t *reading)
{
    json_t *json = crm_json_own(reading->request->pool, json_object());
    json_object_set_new(json, "unparsed", json_true());
    json_object_set_new(json, "size", json_integer((json_int_t)reading->size));
    return json;
}

static crm_error_t *unsupported(const reading_t *reading)
{
    apr_pool_t *pool = reading->request->pool;
    const char *type = crm_text_replace_invalid(pool, reading->type, strlen(reading->type));
    return crm_error_make(pool, CRM_E_MEDIA_TYPE, "Unsupported media type \"%s\" in request.",
                          crm_text_cut(pool, type, 200));
}

/* The format of the body's type, or NULL. */
static const format_t *find_format(const reading_t *reading)
{
    apr_pool_t *pool = reading->request->pool;
    const char *type = crm_header_type(pool, reading->type);
    const format_t *format = formats;
    while (format->type && strcmp(format->type, type) != 0) {
        format++;
    }
    const char *charset = crm_header_parameter(pool, reading->type, "charset");
    if (format->is_text && charset && strcasecmp(charset, "utf-8") != 0 &&
        strcasecmp(charset, "utf8") != 0 && strcasecmp(charset, "us-ascii") != 0) {
        return NULL;
    }
    return format->type ? format : NULL;
}

/* A body of unknown type is an error only if there is one. */
static crm_error_t *read_unknown(reading_t *reading)
{
    char bytes[CHUNK];
    apr_size_t size = sizeof(bytes);
    CRM_ERR(read_some(reading, bytes, &size));
    return size ? unsupported(reading) : NULL;
}

static int is_encoded(const crm_request_t *request)
{
    const char *encoding = apr_table_get(request->headers, "Content-Encoding");
    return encoding && strcasecmp(encoding, "identity") != 0;
}

static crm_error_t *read_body(reading_t *reading)
{
    const crm_request_t *request = reading->request;
    const char *length = apr_table_get(request->headers, "Content-Length");
    apr_uint64_t announced = length ? strtoull(length, NULL, 10) : 0;
    const format_t *format = find_format(reading);
    int is_upload = request->route && (request->route->flags & CRM_ROUTE_UPLOAD) && format &&
                    format->read == read_multipart;
    reading->limit = is_upload ? request->settings->import_limit : request->settings->body_limit;
    if (announced > reading->limit) {
        reading->size = announced;
        return too_large(request, reading->limit);
    }
    if (!format) {
        return read_unknown(reading);
    }
    if (is_encoded(request)) {
        return crm_error_make(request->pool, CRM_E_MEDIA_TYPE,
                              "Unsupported content encoding in request.");
    }
    return format->read(reading);
}

crm_error_t *crm_body_read(crm_request_t *request)
{
    const char *type = apr_table_get(request->headers, "Content-Type");
    reading_t reading = {.request = request, .type = type ? type : ""};
    if (request->body_read) {
        return NULL;
    }
    request->body_read = 1;
    crm_error_t *error = read_body(&reading);
    if (error) {
        request->body = NULL;
        request->noted_body = note_unparsed(&reading);
    } else {
        request->noted_body = request->files ? note_files(request) : request->body;
    }
    return error;
}
