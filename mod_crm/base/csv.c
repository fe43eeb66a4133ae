/* base/csv.c - CSV (RFC 4180), and what spreadsheets write by that name, as rows for base/sheet. */
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/csv_delimiter.h"
#include "base/csv_source.h"
#include "base/sheet_format.h"
#include "base/text.h"

#define BUFFER 262144
#define TOO_LARGE "the cell has more than 1 MiB."

/* Where a cell stands: offsets from the record's begin. */
typedef struct span_t {
    apr_uint32_t begin;
    apr_uint32_t end;
    int quoted;
} span_t;

/* What looking for a record's end came to. */
typedef enum { FOUND, MORE, TOO_MANY } scan_e;

typedef struct csv_t {
    apr_pool_t *pool;
    crm_csv_source_t *source;
    int keep_apostrophes;
    int at_end; /* of the file: nothing more comes after limit */
    int is_bad; /* what comes after limit has no meaning */
    char delimiter;
    unsigned char stops[256]; /* 1: ends an unquoted cell, or is NUL */
    apr_int64_t number;       /* of the last record */
    char *buffer;
    apr_size_t size;
    char *begin; /* of the next record */
    char *limit; /* of what was read; there stands a NUL */
    char *after; /* the record that was found */
    int count;
    span_t cells[CRM_SHEET_COLUMNS];
} csv_t;

int crm_csv_is_formula(const char *text)
{
    text += strspn(text, "'");
    return *text != '\0' && strchr("=+-@\t\r", *text) != NULL;
}

static apr_status_t free_buffer(void *data)
{
    free(((csv_t *)data)->buffer);
    return APR_SUCCESS;
}

/* Reads on, behind what is there of the record at begin. */
static crm_error_t *fill(csv_t *csv)
{
    apr_size_t kept = (apr_size_t)(csv->limit - csv->begin);
    memmove(csv->buffer, csv->begin, kept);
    if (kept > csv->size / 2) {
        char *larger = realloc(csv->buffer, csv->size * 2);
        if (!larger) {
            return crm_error_system(csv->pool, APR_ENOMEM, "a record of CSV");
        }
        csv->buffer = larger;
        csv->size *= 2;
    }
    csv->begin = csv->buffer;
    csv->limit = csv->buffer + kept;
    apr_size_t got = 0;
    CRM_ERR(crm_csv_source_read(csv->source, csv->limit, csv->size - kept - 1, &got, &csv->is_bad));
    csv->limit += got;
    *csv->limit = '\0';
    csv->at_end = got == 0 && !csv->is_bad;
    return NULL;
}

/* The end of the quoted text at AT, behind its closing quote; NULL when it is not there yet, or
 * what follows the quote is not. */
static char *skip_quoted(const csv_t *csv, char *at)
{
    at++;
    for (;;) {
        at = memchr(at, '"', (apr_size_t)(csv->limit - at));
        if (!at || (at + 1 == csv->limit && !csv->at_end)) {
            return NULL;
        }
        if (at[1] != '"' || at + 1 == csv->limit) {
            return at + 1;
        }
        at += 2;
    }
}

/* The next delimiter or line end from AT on, or limit. */
static inline char *skip_plain(const csv_t *csv, char *at)
{
    for (;;) {
        while (!csv->stops[(unsigned char)*at]) {
            at++;
        }
        if (*at != '\0' || at == csv->limit) {
            return at;
        }
        at++;
    }
}

/* Finds the cells of the record at begin, changing nothing. */
static scan_e find_record(csv_t *csv)
{
    char *at = csv->begin;
    csv->count = 0;
    for (;;) {
        if (csv->count == CRM_SHEET_COLUMNS) {
            return TOO_MANY;
        }
        span_t *cell = &csv->cells[csv->count];
        cell->begin = (apr_uint32_t)(at - csv->begin);
        cell->quoted = *at == '"';
        if (cell->quoted && !(at = skip_quoted(csv, at))) {
            return MORE;
        }
        at = skip_plain(csv, at);
        if (!csv->at_end && (at == csv->limit || (*at == '\r' && at + 1 == csv->limit))) {
            return MORE;
        }
        cell->end = (apr_uint32_t)(at - csv->begin);
        csv->count++;
        if (*at != csv->delimiter) {
            break;
        }
        at++;
    }
    at += *at == '\r';
    at += *at == '\n';
    csv->after = at;
    return FOUND;
}

/* Why no more can be read for the record at begin, or NULL. */
static crm_error_t *refuse_more(const csv_t *csv)
{
    apr_int64_t number = csv->number + 1;
    apr_size_t size = (apr_size_t)(csv->limit - csv->begin);
    /* in quotes, each byte may stand there twice */
    if (size - csv->cells[csv->count].begin > 2 * CRM_SHEET_CELL + 2) {
        return crm_sheet_error(csv->pool, number, csv->count + 1, TOO_LARGE);
    }
    if (size > CRM_SHEET_RECORD) {
        return crm_sheet_error(csv->pool, number, 0, "it has more than 8 MiB.");
    }
    if (csv->is_bad) {
        return crm_sheet_error(csv->pool, number, csv->count + 1,
                               "bytes that are not %s follow: name the file's charset, or save it "
                               "as UTF-8.",
                               crm_csv_source_charset(csv->source));
    }
    if (csv->at_end) {
        return crm_sheet_error(csv->pool, number, csv->count + 1,
                               "the quote that opens the cell is never closed.");
    }
    return NULL;
}

/* Takes the quotes away from the text of BEGIN to END, in place; the new end. */
static char *unquote(char *begin, char *end)
{
    char *to = begin;
    char *from = begin + 1;
    for (;;) {
        char *quote = memchr(from, '"', (apr_size_t)(end - from));
        apr_size_t size = (apr_size_t)(quote - from);
        memmove(to, from, size);
        to += size;
        from = quote + 1;
        if (from == end || *from != '"') {
            break;
        }
        *to++ = *from++;
    }
    memmove(to, from, (apr_size_t)(end - from));
    return to + (end - from);
}

/* The cell of SPAN, as text. */
static const char *finish_cell(const csv_t *csv, const span_t *span)
{
    char *begin = csv->begin + span->begin;
    char *end = csv->begin + span->end;
    if (span->quoted) {
        if (end[-1] == '"' && !memchr(begin + 1, '"', (apr_size_t)(end - begin) - 2)) {
            begin++;
            end--;
        } else {
            end = unquote(begin, end);
        }
    }
    *end = '\0';
    if (*begin == '\'' && !csv->keep_apostrophes && crm_csv_is_formula(begin)) {
        begin++;
    }
    return begin;
}

/* Why the record's bytes are no text. */
static crm_error_t *refuse_bytes(const csv_t *csv)
{
    for (int i = 0; i < csv->count; i++) {
        const char *begin = csv->begin + csv->cells[i].begin;
        apr_size_t size = csv->cells[i].end - csv->cells[i].begin;
        if (memchr(begin, '\0', size)) {
            return crm_sheet_error(csv->pool, csv->number, i + 1,
                                   "a NUL byte: this is no text, or UTF-16 without its byte order "
                                   "mark. Save the file as XLSX or as CSV in UTF-8.");
        }
        if (!crm_text_valid(begin, size)) {
            return crm_sheet_error(csv->pool, csv->number, i + 1,
                                   "bytes that are not UTF-8: name the file's charset, or save it "
                                   "as UTF-8.");
        }
    }
    return crm_sheet_error(csv->pool, csv->number, 0, "bytes that are not UTF-8.");
}

/* Makes texts of the record's cells, in place. */
static crm_error_t *finish_record(csv_t *csv, crm_sheet_raw_t *row)
{
    if (!crm_text_valid(csv->begin, (apr_size_t)(csv->after - csv->begin))) {
        return refuse_bytes(csv);
    }
    for (int i = 0; i < csv->count; i++) {
        const span_t *span = &csv->cells[i];
        row->cells[i] = finish_cell(csv, span);
        if (span->end - span->begin > CRM_SHEET_CELL && strlen(row->cells[i]) > CRM_SHEET_CELL) {
            return crm_sheet_error(csv->pool, csv->number, i + 1, TOO_LARGE);
        }
    }
    row->count = csv->count;
    row->number = csv->number;
    return NULL;
}

/* Sees to it that the whole record at begin is in the buffer. */
static crm_error_t *find_whole_record(csv_t *csv)
{
    scan_e found;
    while ((found = find_record(csv)) == MORE) {
        CRM_ERR(refuse_more(csv));
        CRM_ERR(fill(csv));
    }
    if (found == TOO_MANY) {
        return crm_sheet_error(csv->pool, csv->number + 1, 0, "it has more than %d cells.",
                               CRM_SHEET_COLUMNS);
    }
    return NULL;
}

static crm_error_t *csv_next(void *reader, crm_sheet_raw_t *row, int *ret_end)
{
    csv_t *csv = reader;
    if (csv->begin == csv->limit && !csv->at_end && !csv->is_bad) {
        CRM_ERR(fill(csv));
    }
    if (csv->begin == csv->limit && csv->at_end) {
        *ret_end = 1;
        return NULL;
    }
    CRM_ERR(find_whole_record(csv));
    csv->number++;
    CRM_ERR(finish_record(csv, row));
    csv->begin = csv->after;
    *ret_end = 0;
    return NULL;
}

static void set_delimiter(csv_t *csv, char delimiter)
{
    memset(csv->stops, 0, sizeof(csv->stops));
    csv->delimiter = delimiter;
    csv->stops[(unsigned char)delimiter] = 1;
    csv->stops['\r'] = csv->stops['\n'] = csv->stops['\0'] = 1;
}

static crm_error_t *csv_open(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                             crm_sheet_facts_t *facts, void **ret_reader)
{
    csv_t *csv = apr_pcalloc(pool, sizeof(*csv));
    csv->pool = pool;
    csv->keep_apostrophes = options->keep_apostrophes;
    CRM_ERR(crm_csv_source_open(pool, fd, options->charset, &csv->source));
    csv->size = BUFFER;
    csv->buffer = csv->begin = csv->limit = malloc(csv->size);
    if (!csv->buffer) {
        return crm_error_system(pool, APR_ENOMEM, "a buffer for CSV");
    }
    apr_pool_cleanup_register(pool, csv, free_buffer, apr_pool_cleanup_null);
    CRM_ERR(fill(csv));
    apr_size_t line = 0;
    set_delimiter(csv, crm_csv_delimiter(csv->begin, csv->limit, &line));
    csv->begin += line;
    facts->format = CRM_SHEET_CSV;
    facts->charset = crm_csv_source_charset(csv->source);
    *ret_reader = csv;
    return NULL;
}

const crm_sheet_format_t crm_csv_format = {.open = csv_open, .next = csv_next};
