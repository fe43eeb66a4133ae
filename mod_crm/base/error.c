/* base/error.c - errors: kinds, their standard sentences and HTTP statuses. */
#include <stdarg.h>
#include <stdio.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "base/error.h"

typedef struct kind_t {
    int status;
    const char *detail;
    int retry_after; /* what a client is told to wait unless the maker knows better */
} kind_t;

typedef struct title_t {
    int status;
    const char *title;
} title_t;

#define SERVER_ERROR "A server error occurred."
#define UNAVAILABLE "Service temporarily unavailable, try again later."

static const kind_t kinds[CRM_E_KINDS] = {
    [CRM_E_INVALID] = {.status = 400, .detail = "Invalid input."},
    [CRM_E_BAD_REQUEST] = {.status = 400, .detail = "Malformed request."},
    [CRM_E_UNAUTHENTICATED] = {.status = 401,
                               .detail = "Authentication credentials were not provided."},
    [CRM_E_FORBIDDEN] = {.status = 403,
                         .detail = "You do not have permission to perform this action."},
    [CRM_E_NOT_FOUND] = {.status = 404, .detail = "Not found."},
    [CRM_E_METHOD] = {.status = 405, .detail = "Method not allowed."},
    [CRM_E_NOT_ACCEPTABLE] = {.status = 406,
                              .detail = "Could not satisfy the request Accept header."},
    [CRM_E_CONFLICT] = {.status = 409, .detail = "The request conflicts with the current state."},
    [CRM_E_PRECONDITION] = {.status = 412, .detail = "The record has changed since it was read."},
    [CRM_E_TOO_LARGE] = {.status = 413, .detail = "The request body is too large."},
    [CRM_E_MEDIA_TYPE] = {.status = 415, .detail = "Unsupported media type in request."},
    [CRM_E_UNPROCESSABLE] = {.status = 422, .detail = "The request cannot be processed."},
    [CRM_E_THROTTLED] = {.status = 429, .detail = "Request was throttled.", .retry_after = 1},
    [CRM_E_INTERNAL] = {.status = 500, .detail = SERVER_ERROR},
    [CRM_E_UNAVAILABLE] = {.status = 503, .detail = UNAVAILABLE, .retry_after = 1},
    [CRM_E_DUPLICATE] = {.status = 409, .detail = "This value already exists."},
    [CRM_E_REFERENCE] = {.status = 409, .detail = "The record is linked to other records."},
    [CRM_E_LOCKED] = {.status = 503, .detail = UNAVAILABLE, .retry_after = 1},
    [CRM_E_GONE] = {.status = 503, .detail = UNAVAILABLE, .retry_after = 1},
    [CRM_E_TOO_LONG] = {.status = 400, .detail = "A value is too long."},
    [CRM_E_DATABASE] = {.status = 500, .detail = SERVER_ERROR},
};

/* RFC 9110 15, with 207 of RFC 4918 and 428, 429, 431, 511 of RFC 6585. */
static const title_t titles[] = {
    {.status = 200, .title = "OK"},
    {.status = 201, .title = "Created"},
    {.status = 202, .title = "Accepted"},
    {.status = 204, .title = "No Content"},
    {.status = 206, .title = "Partial Content"},
    {.status = 207, .title = "Multi-Status"},
    {.status = 301, .title = "Moved Permanently"},
    {.status = 302, .title = "Found"},
    {.status = 303, .title = "See Other"},
    {.status = 304, .title = "Not Modified"},
    {.status = 307, .title = "Temporary Redirect"},
    {.status = 308, .title = "Permanent Redirect"},
    {.status = 400, .title = "Bad Request"},
    {.status = 401, .title = "Unauthorized"},
    {.status = 402, .title = "Payment Required"},
    {.status = 403, .title = "Forbidden"},
    {.status = 404, .title = "Not Found"},
    {.status = 405, .title = "Method Not Allowed"},
    {.status = 406, .title = "Not Acceptable"},
    {.status = 407, .title = "Proxy Authentication Required"},
    {.status = 408, .title = "Request Timeout"},
    {.status = 409, .title = "Conflict"},
    {.status = 410, .title = "Gone"},
    {.status = 411, .title = "Length Required"},
    {.status = 412, .title = "Precondition Failed"},
    {.status = 413, .title = "Content Too Large"},
    {.status = 414, .title = "URI Too Long"},
    {.status = 415, .title = "Unsupported Media Type"},
    {.status = 416, .title = "Range Not Satisfiable"},
    {.status = 417, .title = "Expectation Failed"},
    {.status = 421, .title = "Misdirected Request"},
    {.status = 422, .title = "Unprocessable Content"},
    {.status = 426, .title = "Upgrade Required"},
    {.status = 428, .title = "Precondition Required"},
    {.status = 429, .title = "Too Many Requests"},
    {.status = 431, .title = "Request Header Fields Too Large"},
    {.status = 500, .title = "Internal Server Error"},
    {.status = 501, .title = "Not Implemented"},
    {.status = 502, .title = "Bad Gateway"},
    {.status = 503, .title = "Service Unavailable"},
    {.status = 504, .title = "Gateway Timeout"},
    {.status = 505, .title = "HTTP Version Not Supported"},
    {.status = 511, .title = "Network Authentication Required"},
};

/* printf into POOL. apr_pvsprintf has other conversions than the printf that the compiler checks
 * our formats against (it knows no %zu). */
static const char *print(apr_pool_t *pool, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static const char *print(apr_pool_t *pool, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        return format; /* a wide character that cannot be encoded: the bare format still tells */
    }
    char *text = apr_palloc(pool, (apr_size_t)length + 1);
    vsnprintf(text, (apr_size_t)length + 1, format, arguments);
    return text;
}

static crm_error_t *make(apr_pool_t *pool, crm_error_kind_e kind, const char *detail)
{
    crm_error_t *error = apr_pcalloc(pool, sizeof(*error));
    error->kind = kind;
    error->detail = detail;
    error->retry_after = kinds[kind].retry_after;
    error->pool = pool;
    return error;
}

static void add_field(crm_error_t *error, const char *field, const char *message)
{
    if (!error->fields) {
        error->fields = apr_array_make(error->pool, 4, sizeof(crm_field_error_t));
    }
    crm_field_error_t *entry = apr_array_push(error->fields);
    entry->field = apr_pstrdup(error->pool, field);
    entry->message = message;
}

crm_error_t *crm_error_make(apr_pool_t *pool, crm_error_kind_e kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *detail = print(pool, format, arguments);
    va_end(arguments);
    return make(pool, kind, detail);
}

crm_error_t *crm_error_standard(apr_pool_t *pool, crm_error_kind_e kind)
{
    return make(pool, kind, kinds[kind].detail);
}

crm_error_t *crm_error_copy(apr_pool_t *pool, const crm_error_t *error)
{
    crm_error_t *copy = make(pool, error->kind, apr_pstrdup(pool, error->detail));
    copy->cause = error->cause ? apr_pstrdup(pool, error->cause) : NULL;
    copy->key = error->key ? apr_pstrdup(pool, error->key) : NULL;
    copy->retry_after = error->retry_after;
    copy->code = error->code;
    return copy;
}

crm_error_t *crm_error_cause(crm_error_t *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *cause = print(error->pool, format, arguments);
    va_end(arguments);
    error->cause = error->cause ? apr_pstrcat(error->pool, cause, ": ", error->cause, NULL) : cause;
    return error;
}

crm_error_t *crm_error_system(apr_pool_t *pool, apr_status_t status, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    const char *what = print(pool, format, arguments);
    va_end(arguments);
    crm_error_t *error = crm_error_standard(pool, CRM_E_INTERNAL);
    error->cause =
        apr_pstrcat(pool, what, ": ", apr_strerror(status, reason, sizeof(reason)), NULL);
    return error;
}

crm_error_t *crm_error_field(apr_pool_t *pool, const char *field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = print(pool, format, arguments);
    va_end(arguments);
    crm_error_t *error = crm_error_standard(pool, CRM_E_INVALID);
    add_field(error, field, message);
    return error;
}

void crm_error_add(apr_pool_t *pool, crm_error_t **error, const char *field, const char *format,
                   ...)
{
    if (!*error) {
        *error = crm_error_standard(pool, CRM_E_INVALID);
    }
    va_list arguments;
    va_start(arguments, format);
    add_field(*error, field, print((*error)->pool, format, arguments));
    va_end(arguments);
}

int crm_error_is_clients(const crm_error_t *error)
{
    return kinds[error->kind].status < 500;
}

int crm_error_status(crm_error_kind_e kind)
{
    return kinds[kind].status;
}

const char *crm_error_title(int status)
{
    for (apr_size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return status < 500 ? "Client Error" : "Server Error";
}

const char *crm_error_line(apr_pool_t *pool, const crm_error_t *error)
{
    char *line = apr_pstrdup(pool, error->detail);
    if (error->cause) {
        line = apr_pstrcat(pool, line, " (", error->cause, ")", NULL);
    }
    for (int i = 0; error->fields && i < error->fields->nelts; i++) {
        const crm_field_error_t *entry = &APR_ARRAY_IDX(error->fields, i, crm_field_error_t);
        line = apr_pstrcat(pool, line, i ? "; " : " ", entry->field, ": ", entry->message, NULL);
    }
    /* what a client sent may stand in a message: it must not begin a line of its own in a log */
    for (char *at = line; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = ' ';
        }
    }
    return line;
}
