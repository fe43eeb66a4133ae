/* base/csv_source.c - the bytes of a CSV file as UTF-8, whatever charset it is in. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include <unicode/ucnv.h>

#include "base/csv_source.h"
#include "base/sheet_format.h"
#include "base/text.h"

#define BLOCK 65536
#define PIVOT 4096
#define UTF8 "UTF-8"
#define LATIN "windows-1252"
#define SEQUENCE 4 /* the longest of UTF-8 */

struct crm_csv_source_t {
    apr_pool_t *pool;
    int fd;
    apr_uint64_t offset; /* of what was not read yet */
    const char *charset;
    /* what follows is for charsets other than UTF-8 */
    UConverter *from;
    UConverter *to;
    int at_end;
    char *block;
    const char *next; /* in the block, up to limit: not converted yet */
    const char *limit;
    UChar pivot[PIVOT];
    const UChar *pivot_from;
    UChar *pivot_to;
    int is_bad; /* what comes after the pivot means nothing */
};

typedef struct mark_t {
    const char *bytes;
    apr_size_t size;
    const char *charset;
} mark_t;

static const mark_t marks[] = {
    {"\xef\xbb\xbf", 3, UTF8}, {"\xff\xfe", 2, "UTF-16LE"}, {"\xfe\xff", 2, "UTF-16BE"}};

/* What some call windows-1252, or UTF-8. */
static const char *const aliases[][2] = {
    {"iso-8859-1", LATIN}, {"iso8859-1", LATIN}, {"iso_8859-1", LATIN}, {"latin1", LATIN},
    {"latin-1", LATIN},    {"us-ascii", LATIN},  {"ascii", LATIN},      {"cp1252", LATIN},
    {LATIN, LATIN},        {"utf-8", UTF8},      {"utf8", UTF8},
};

/* How many of the SIZE bytes at TEXT come before a sequence of UTF-8 that is cut off at the end. */
static apr_size_t whole(const char *text, apr_size_t size)
{
    for (apr_size_t back = 1; back < SEQUENCE && back <= size; back++) {
        unsigned char byte = (unsigned char)text[size - back];
        if (byte < 0x80) {
            return size;
        }
        if (byte >= 0xc0) {
            apr_size_t length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
            return length > back ? size - back : size;
        }
    }
    return size;
}

/* Sets *RET_UTF8 to 1 when the whole file is valid UTF-8 without NUL, else 0. */
static crm_error_t *is_utf8(crm_csv_source_t *source, int *ret_utf8)
{
    char *block = apr_palloc(source->pool, BLOCK);
    apr_uint64_t offset = 0;
    *ret_utf8 = 1;
    for (;;) {
        apr_size_t size = 0;
        CRM_ERR(crm_sheet_pread(source->pool, source->fd, offset, block, BLOCK, &size));
        apr_size_t checked = size < BLOCK ? size : whole(block, size);
        if (!crm_text_valid(block, checked)) {
            *ret_utf8 = 0;
            return NULL;
        }
        if (size < BLOCK) {
            return NULL;
        }
        offset += checked;
    }
}

/* Finds the charset, and how many bytes of a mark come before the text. */
static crm_error_t *find_charset(crm_csv_source_t *source, const char *announced)
{
    char head[4];
    apr_size_t size = 0;
    int utf8 = 0;
    CRM_ERR(crm_sheet_pread(source->pool, source->fd, 0, head, sizeof(head), &size));
    for (apr_size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (size >= marks[i].size && memcmp(head, marks[i].bytes, marks[i].size) == 0) {
            source->charset = marks[i].charset;
            source->offset = marks[i].size;
            return NULL;
        }
    }
    if (!announced) {
        CRM_ERR(is_utf8(source, &utf8));
        source->charset = utf8 ? UTF8 : LATIN;
        return NULL;
    }
    source->charset = announced;
    for (apr_size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcasecmp(announced, aliases[i][0]) == 0) {
            source->charset = aliases[i][1];
        }
    }
    return NULL;
}

static apr_status_t close_converters(void *data)
{
    crm_csv_source_t *source = data;
    ucnv_close(source->from);
    ucnv_close(source->to);
    return APR_SUCCESS;
}

static crm_error_t *open_converters(crm_csv_source_t *source)
{
    UErrorCode status = U_ZERO_ERROR;
    source->to = ucnv_open(UTF8, &status);
    if (U_SUCCESS(status)) {
        source->from = ucnv_open(source->charset, &status);
        apr_pool_cleanup_register(source->pool, source, close_converters, apr_pool_cleanup_null);
    }
    if (U_FAILURE(status)) {
        return crm_error_make(source->pool, CRM_E_BAD_REQUEST,
                              "There is no charset \"%s\": name the file's own, such as UTF-8, "
                              "windows-1252 or UTF-16LE.",
                              source->charset);
    }
    ucnv_setToUCallBack(source->from, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
    source->pivot_from = source->pivot_to = source->pivot;
    source->block = apr_palloc(source->pool, BLOCK);
    source->next = source->limit = source->block;
    return U_SUCCESS(status)
               ? NULL
               : crm_error_system(source->pool, APR_EGENERAL, "ICU: %s", u_errorName(status));
}

crm_error_t *crm_csv_source_open(apr_pool_t *pool, int fd, const char *announced,
                                 crm_csv_source_t **ret_source)
{
    crm_csv_source_t *source = apr_pcalloc(pool, sizeof(*source));
    source->pool = pool;
    source->fd = fd;
    CRM_ERR(find_charset(source, announced));
    if (strcmp(source->charset, UTF8) != 0) {
        CRM_ERR(open_converters(source));
    }
    *ret_source = source;
    return NULL;
}

const char *crm_csv_source_charset(const crm_csv_source_t *source)
{
    return source->charset;
}

/* The next bytes as the file has them, 0 at its end. */
static crm_error_t *read_bytes(crm_csv_source_t *source, char *to, apr_size_t room,
                               apr_size_t *ret_size)
{
    CRM_ERR(crm_sheet_pread(source->pool, source->fd, source->offset, to, room, ret_size));
    source->offset += *ret_size;
    return NULL;
}

/* Makes UTF-16 of the next bytes, in the pivot, which is empty. */
static crm_error_t *decode(crm_csv_source_t *source)
{
    UErrorCode status = U_ZERO_ERROR;
    if (source->next == source->limit) {
        apr_size_t size = 0;
        CRM_ERR(read_bytes(source, source->block, BLOCK, &size));
        source->next = source->block;
        source->limit = source->block + size;
        source->at_end = size == 0;
    }
    source->pivot_from = source->pivot_to = source->pivot;
    ucnv_toUnicode(source->from, &source->pivot_to, source->pivot + PIVOT, &source->next,
                   source->limit, NULL, (UBool)source->at_end, &status);
    source->is_bad = U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR;
    return NULL;
}

/* Converts until there is something to hand out, or nothing more. */
static crm_error_t *convert(crm_csv_source_t *source, char *to, apr_size_t room,
                            apr_size_t *ret_size, int *ret_bad)
{
    char *at = to;
    while (at == to) {
        UErrorCode status = U_ZERO_ERROR;
        if (source->pivot_from == source->pivot_to) {
            if (source->at_end || source->is_bad) {
                break;
            }
            CRM_ERR(decode(source));
        }
        ucnv_fromUnicode(source->to, &at, to + room, &source->pivot_from, source->pivot_to, NULL,
                         (UBool)source->at_end, &status);
        source->is_bad |= U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR;
    }
    *ret_size = (apr_size_t)(at - to);
    *ret_bad = source->is_bad && source->pivot_from == source->pivot_to;
    return NULL;
}

crm_error_t *crm_csv_source_read(crm_csv_source_t *source, char *to, apr_size_t room,
                                 apr_size_t *ret_size, int *ret_bad)
{
    *ret_bad = 0;
    return source->from ? convert(source, to, room, ret_size, ret_bad)
                        : read_bytes(source, to, room, ret_size);
}
