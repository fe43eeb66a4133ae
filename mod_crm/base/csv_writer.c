/* base/csv_writer.c - CSV (RFC 4180) for base/sheet_writer. */
#include <string.h>

#include "base/csv.h"
#include "base/sheet_writer_format.h"
#include "base/time.h"

#define BUFFER 65536
#define MARK "\xef\xbb\xbf"
#define HARMLESS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ "

typedef struct csv_t {
    apr_size_t size;
    char buffer[BUFFER];
} csv_t;

/* Gives away what is in the buffer. */
static crm_error_t *give(crm_sheet_writer_t *writer)
{
    csv_t *csv = writer->file;
    apr_size_t size = csv->size;
    csv->size = 0;
    return size > 0 ? writer->options.take(writer->options.baton, csv->buffer, size) : NULL;
}

static crm_error_t *put(crm_sheet_writer_t *writer, const char *bytes, apr_size_t size)
{
    csv_t *csv = writer->file;
    while (size > BUFFER - csv->size) {
        apr_size_t part = BUFFER - csv->size;
        memcpy(csv->buffer + csv->size, bytes, part);
        csv->size = BUFFER;
        CRM_ERR(give(writer));
        bytes += part;
        size -= part;
    }
    memcpy(csv->buffer + csv->size, bytes, size);
    csv->size += size;
    return NULL;
}

/* Writes TEXT in quotes, those in it doubled, behind PREFIX. */
static crm_error_t *put_quoted(crm_sheet_writer_t *writer, const char *prefix, const char *text)
{
    const char *quote;
    CRM_ERR(put(writer, "\"", 1));
    CRM_ERR(put(writer, prefix, strlen(prefix)));
    while ((quote = strchr(text, '"'))) {
        CRM_ERR(put(writer, text, (apr_size_t)(quote + 1 - text)));
        CRM_ERR(put(writer, "\"", 1));
        text = quote + 1;
    }
    CRM_ERR(put(writer, text, strlen(text)));
    return put(writer, "\"", 1);
}

/* 1 when TEXT, as the file's first bytes, might be taken for something else: a byte order mark, the
 * line `sep=;`, another kind of file. */
static int is_misleading(const char *text)
{
    return text[strspn(text, HARMLESS)] != '\0';
}

static crm_error_t *put_text(crm_sheet_writer_t *writer, const char *text, int is_first)
{
    const char *prefix = crm_csv_is_formula(text) ? "'" : "";
    apr_size_t size = strcspn(text, ",;\t|\"\r\n");
    /* other delimiters are quoted too, so that readers that guess are not misled, and a lone empty
     * cell, so that it is no empty line */
    if (text[size] || (size == 0 && writer->columns == 1) || (is_first && is_misleading(text))) {
        return put_quoted(writer, prefix, text);
    }
    CRM_ERR(put(writer, prefix, strlen(prefix)));
    return put(writer, text, size);
}

/* Writes CELL; IS_FIRST is 1 for the first one of the file. */
static crm_error_t *put_cell(crm_sheet_writer_t *writer, const crm_sheet_cell_t *cell, int is_first)
{
    const char *text = "";
    switch (cell->kind) {
    case CRM_CELL_EMPTY:
        return put_text(writer, "", is_first);
    case CRM_CELL_TEXT:
        return put_text(writer, cell->text, is_first);
    case CRM_CELL_NUMBER:
        text = cell->text;
        break;
    case CRM_CELL_BOOLEAN:
        text = cell->boolean ? "true" : "false";
        break;
    case CRM_CELL_DATE:
        text = crm_time_date(writer->row_pool, cell->time);
        break;
    case CRM_CELL_TIME:
        text = crm_time_iso(writer->row_pool, cell->time);
        break;
    }
    return put(writer, text, strlen(text));
}

static crm_error_t *csv_open(crm_sheet_writer_t *writer)
{
    csv_t *csv = apr_palloc(writer->pool, sizeof(*csv));
    csv->size = 0;
    writer->file = csv;
    return writer->options.with_bom ? put(writer, MARK, strlen(MARK)) : NULL;
}

static crm_error_t *csv_row(crm_sheet_writer_t *writer, const crm_sheet_cell_t *cells)
{
    for (int i = 0; i < writer->columns; i++) {
        if (i > 0) {
            CRM_ERR(put(writer, ",", 1));
        }
        CRM_ERR(put_cell(writer, &cells[i], i == 0 && writer->rows == 0));
    }
    return put(writer, "\r\n", 2);
}

static crm_error_t *csv_finish(crm_sheet_writer_t *writer)
{
    return give(writer);
}

const crm_sheet_writer_format_t crm_csv_writer_format = {
    .open = csv_open, .row = csv_row, .finish = csv_finish};
