/* server/trace.c - W3C Trace Context. */
#include <string.h>

#include <apr_strings.h>

#include <httpd.h>

#include "base/secret.h"
#include "server/trace.h"

#define HEADER "traceparent"
#define NOTE "crm-traceparent"
/* version-trace-parent-flags, each of hexadecimal digits in lower case */
#define TRACE_AT 3
#define TRACE_SIZE 32
#define PARENT_AT 36
#define PARENT_SIZE 16
#define FLAGS_AT 53
#define SIZE 55

static int is_hex(const char *text, apr_size_t size)
{
    return strspn(text, "0123456789abcdef") >= size;
}

static int is_zero(const char *text, apr_size_t size)
{
    return strspn(text, "0") >= size;
}

/* 1 when TEXT is one that may be gone on with: of a later version, what is known of it. */
static int is_traceparent(const char *text)
{
    apr_size_t length = strlen(text);

    if (length < SIZE || !is_hex(text, 2) || text[2] != '-' || strncmp(text, "ff", 2) == 0 ||
        (strncmp(text, "00", 2) == 0 ? length != SIZE : text[SIZE] != '-' && text[SIZE])) {
        return 0;
    }
    return is_hex(text + TRACE_AT, TRACE_SIZE) && !is_zero(text + TRACE_AT, TRACE_SIZE) &&
           text[PARENT_AT - 1] == '-' && is_hex(text + PARENT_AT, PARENT_SIZE) &&
           !is_zero(text + PARENT_AT, PARENT_SIZE) && text[FLAGS_AT - 1] == '-' &&
           is_hex(text + FLAGS_AT, 2);
}

void crm_trace_begin(request_rec *r)
{
    const char *theirs = apr_table_get(r->headers_in, HEADER);
    unsigned char id[PARENT_SIZE / 2];
    char hex[PARENT_SIZE + 1];

    if (!theirs || !is_traceparent(theirs)) {
        return;
    }
    do {
        crm_secret_random(id, sizeof(id));
        for (unsigned i = 0; i < sizeof(id); i++) {
            apr_snprintf(hex + 2 * i, 3, "%02x", id[i]);
        }
    } while (is_zero(hex, PARENT_SIZE));
    const char *ours = apr_psprintf(r->pool, "00-%.*s-%s-%.2s", TRACE_SIZE, theirs + TRACE_AT, hex,
                                    theirs + FLAGS_AT);
    apr_table_setn(r->headers_in, HEADER, ours);
    apr_table_setn(r->notes, NOTE, ours);
    apr_table_setn(r->notes, "crm-trace-id", crm_trace_id(r));
}

const char *crm_trace_parent(request_rec *r)
{
    const char *parent = apr_table_get(r->notes, NOTE);

    if (!parent && (r->prev || r->main)) {
        return crm_trace_parent(r->prev ? r->prev : r->main);
    }
    return parent;
}

const char *crm_trace_id(request_rec *r)
{
    const char *parent = crm_trace_parent(r);

    return parent ? apr_pstrmemdup(r->pool, parent + TRACE_AT, TRACE_SIZE) : NULL;
}
