/* api/multipart.c - multipart/form-data, read as it comes. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "api/header.h"
#include "api/multipart.h"
#include "base/text.h"

#define WINDOW 16384
#define HEADERS_MAX 8192
#define BOUNDARY_MAX 70
#define PARTS_MAX 1000

typedef enum { PREAMBLE, DELIMITER, HEADERS, DATA, EPILOGUE } state_e;

struct crm_multipart_t {
    apr_pool_t *pool;
    const crm_multipart_sink_t *sink;
    const char *delimiter; /* CRLF "--" boundary */
    apr_size_t delimiter_size;
    state_e state;
    int parts;
    apr_size_t used; /* bytes in the window that are not read yet */
    char window[WINDOW];
};

/* Reads from SIZE bytes at BYTES what it can: *RET_TAKEN of them. */
typedef crm_error_t *step_fn(crm_multipart_t *multipart, const char *bytes, apr_size_t size,
                             apr_size_t *ret_taken);

static crm_error_t *malformed(const crm_multipart_t *multipart, const char *reason)
{
    return crm_error_make(multipart->pool, CRM_E_BAD_REQUEST, "Multipart form parse error - %s",
                          reason);
}

/* Where the delimiter begins in SIZE bytes, or *RET_TAKEN that cannot be part of it. */
static int find_delimiter(const crm_multipart_t *multipart, const char *bytes, apr_size_t size,
                          apr_size_t *ret_before)
{
    const char *found = memmem(bytes, size, multipart->delimiter, multipart->delimiter_size);
    apr_size_t tail = multipart->delimiter_size - 1;
    if (found) {
        *ret_before = (apr_size_t)(found - bytes);
    } else {
        *ret_before = size > tail ? size - tail : 0;
    }
    return found != NULL;
}

static crm_error_t *step_preamble(crm_multipart_t *multipart, const char *bytes, apr_size_t size,
                                  apr_size_t *ret_taken)
{
    if (find_delimiter(multipart, bytes, size, ret_taken)) {
        *ret_taken += multipart->delimiter_size;
        multipart->state = DELIMITER;
    }
    return NULL;
}

/* Behind a delimiter: "--" ends all, a line's end begins headers; spaces before it are padding. The
 * line's end is left for the headers, whose end is looked for with it. */
static crm_error_t *step_delimiter(crm_multipart_t *multipart, const char *bytes, apr_size_t size,
                                   apr_size_t *ret_taken)
{
    if (size < 2) {
        return NULL;
    }
    if (*bytes == ' ' || *bytes == '\t') {
        *ret_taken = 1;
    } else if (memcmp(bytes, "--", 2) == 0) {
        *ret_taken = 2;
        multipart->state = EPILOGUE;
    } else if (memcmp(bytes, "\r\n", 2) == 0) {
        multipart->state = HEADERS;
    } else {
        return malformed(multipart, "Invalid boundary line");
    }
    return NULL;
}

/* Without the folders that some clients send. */
static const char *base_name(apr_pool_t *pool, const char *filename)
{
    const char *name = filename;
    for (const char *c = filename; *c; c++) {
        if ((*c == '/' || *c == '\\') && c[1]) {
            name = c + 1;
        }
    }
    return crm_text_replace_invalid(pool, name, strlen(name));
}

/* Reads one header line into PART. */
static void read_header(crm_multipart_t *multipart, const char *line, crm_part_t *part)
{
    static const char disposition[] = "Content-Disposition:", type[] = "Content-Type:";
    apr_pool_t *pool = multipart->pool;
    if (strncasecmp(line, type, sizeof(type) - 1) == 0) {
        const char *value = line + sizeof(type) - 1;
        value += strspn(value, " \t");
        part->content_type = crm_text_replace_invalid(pool, value, strlen(value));
    } else if (strncasecmp(line, disposition, sizeof(disposition) - 1) == 0) {
        const char *value = line + sizeof(disposition) - 1;
        const char *filename = crm_header_parameter(pool, value, "filename");
        part->name = crm_header_parameter(pool, value, "name");
        part->filename = filename ? base_name(pool, filename) : NULL;
    }
}

static crm_error_t *begin_part(crm_multipart_t *multipart, const char *headers, apr_size_t size)
{
    crm_part_t part = {.name = NULL};
    if (memchr(headers, '\0', size)) {
        return malformed(multipart, "NUL in a part's headers");
    }
    char *state, *text = apr_pstrmemdup(multipart->pool, headers, size);
    for (char *line = apr_strtok(text, "\r\n", &state); line;
         line = apr_strtok(NULL, "\r\n", &state)) {
        read_header(multipart, line, &part);
    }
    if (!part.name) {
        return malformed(multipart, "A part has no name");
    }
    if (!crm_text_valid(part.name, strlen(part.name))) {
        return malformed(multipart, "Invalid UTF-8 in a part's name");
    }
    if (++multipart->parts > PARTS_MAX) {
        return malformed(multipart, "Over " APR_STRINGIFY(PARTS_MAX) " parts");
    }
    return multipart->sink->begin(multipart->sink->baton, &part);
}

/* From the line's end before the headers to the empty line behind them. */
static crm_error_t *step_headers(crm_multipart_t *multipart, const char *bytes, apr_size_t size,
                                 apr_size_t *ret_taken)
{
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if ((end ? (apr_size_t)(end - bytes) : size) > HEADERS_MAX) {
        return malformed(multipart, "A part's headers are too long");
    }
    if (!end) {
        return NULL;
    }
    *ret_taken = (apr_size_t)(end - bytes) + 4;
    multipart->state = DATA;
    return begin_part(multipart, bytes, (apr_size_t)(end - bytes));
}

static crm_error_t *step_data(crm_multipart_t *multipart, const char *bytes, apr_size_t size,
                              apr_size_t *ret_taken)
{
    const crm_multipart_sink_t *sink = multipart->sink;
    int found = find_delimiter(multipart, bytes, size, ret_taken);
    if (*ret_taken) {
        CRM_ERR(sink->data(sink->baton, bytes, *ret_taken));
    }
    if (!found) {
        return NULL;
    }
    *ret_taken += multipart->delimiter_size;
    multipart->state = DELIMITER;
    return sink->end(sink->baton);
}

static crm_error_t *step_epilogue(crm_multipart_t *multipart, const char *bytes, apr_size_t size,
                                  apr_size_t *ret_taken)
{
    (void)multipart;
    (void)bytes;
    *ret_taken = size;
    return NULL;
}

static step_fn *const steps[] = {
    [PREAMBLE] = step_preamble, [DELIMITER] = step_delimiter, [HEADERS] = step_headers,
    [DATA] = step_data,         [EPILOGUE] = step_epilogue,
};

/* Reads what the window allows and keeps the rest. */
static crm_error_t *consume(crm_multipart_t *multipart)
{
    apr_size_t start = 0, taken;
    state_e before;
    do {
        before = multipart->state;
        taken = 0;
        CRM_ERR(
            steps[before](multipart, multipart->window + start, multipart->used - start, &taken));
        start += taken;
    } while (taken || before != multipart->state);
    multipart->used -= start;
    memmove(multipart->window, multipart->window + start, multipart->used);
    return NULL;
}

crm_error_t *crm_multipart_create(apr_pool_t *pool, const char *boundary,
                                  const crm_multipart_sink_t *sink, crm_multipart_t **ret_multipart)
{
    crm_multipart_t *multipart = apr_palloc(pool, sizeof(*multipart));
    multipart->pool = pool;
    multipart->sink = sink;
    if (!boundary || !*boundary || strlen(boundary) > BOUNDARY_MAX) {
        return malformed(multipart, "Invalid boundary");
    }
    multipart->delimiter = apr_pstrcat(pool, "\r\n--", boundary, NULL);
    multipart->delimiter_size = strlen(multipart->delimiter);
    multipart->state = PREAMBLE;
    multipart->parts = 0;
    /* the first boundary may begin the body: then its line's end is this one */
    memcpy(multipart->window, "\r\n", 2);
    multipart->used = 2;
    *ret_multipart = multipart;
    return NULL;
}

crm_error_t *crm_multipart_feed(crm_multipart_t *multipart, const char *bytes, apr_size_t size)
{
    while (size) {
        apr_size_t room = WINDOW - multipart->used;
        apr_size_t part = size < room ? size : room;
        memcpy(multipart->window + multipart->used, bytes, part);
        multipart->used += part;
        bytes += part;
        size -= part;
        CRM_ERR(consume(multipart));
    }
    return NULL;
}

crm_error_t *crm_multipart_finish(crm_multipart_t *multipart)
{
    return multipart->state == EPILOGUE ? NULL : malformed(multipart, "Unexpected end");
}
