/* base/xlsx_writer.c - XLSX for base/sheet_writer, by libxlsxwriter in constant memory. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include <xlsxwriter.h>

#include "base/sheet_format.h"
#include "base/sheet_writer_format.h"
#include "base/spill.h"
#include "base/time.h"
#include "base/xlsx_text.h"

#define BLOCK 65536
#define EXACT_DIGITS 15 /* what a double keeps of a decimal */
#define DAY INT64_C(86400000000)
#define DAYS_1970 25569    /* from 1899-12-30 to 1970-01-01 */
#define LEAP_1900 61       /* the first day after the one that never was */
#define DAYS_LIMIT 2958466 /* 10000-01-01 */
#define DATE_FORMAT "yyyy\\-mm\\-dd"
#define TIME_FORMAT "yyyy\\-mm\\-dd\\ hh:mm:ss"

typedef struct xlsx_t {
    int fd; /* of the temporary file that the workbook becomes */
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_format *bold;
    lxw_format *date;
    lxw_format *time;
} xlsx_t;

/* Where a cell is to be written. */
typedef struct place_t {
    lxw_worksheet *sheet;
    lxw_row_t row;
    lxw_col_t column;
} place_t;

static apr_status_t free_workbook(void *data)
{
    xlsx_t *xlsx = data;
    if (xlsx->workbook) {
        lxw_workbook_free(xlsx->workbook);
    }
    return APR_SUCCESS;
}

static crm_error_t *check(apr_pool_t *pool, lxw_error error)
{
    if (error == LXW_NO_ERROR) {
        return NULL;
    }
    return crm_error_system(pool, APR_EGENERAL, "writing XLSX: %s", lxw_strerror(error));
}

static crm_error_t *xlsx_open(crm_sheet_writer_t *writer)
{
    xlsx_t *xlsx = apr_pcalloc(writer->pool, sizeof(*xlsx));
    CRM_ERR(crm_spill_file(writer->pool, writer->options.folder, &xlsx->fd));
    /* the file has no name of its own: whatever happens, nothing is left of it */
    const char *name = apr_psprintf(writer->pool, "/proc/self/fd/%d", xlsx->fd);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE,
                                    .tmpdir = apr_pstrdup(writer->pool, writer->options.folder)};
    xlsx->workbook = workbook_new_opt(name, &options);
    if (!xlsx->workbook) {
        return crm_error_system(writer->pool, APR_ENOMEM, "a workbook");
    }
    apr_pool_cleanup_register(writer->pool, xlsx, free_workbook, apr_pool_cleanup_null);
    xlsx->sheet = workbook_add_worksheet(xlsx->workbook, writer->options.sheet);
    xlsx->bold = workbook_add_format(xlsx->workbook);
    xlsx->date = workbook_add_format(xlsx->workbook);
    xlsx->time = workbook_add_format(xlsx->workbook);
    if (!xlsx->sheet || !xlsx->bold || !xlsx->date || !xlsx->time) {
        return crm_error_system(writer->pool, APR_EGENERAL, "a sheet \"%s\" of XLSX",
                                writer->options.sheet ? writer->options.sheet : "");
    }
    format_set_bold(xlsx->bold);
    format_set_num_format(xlsx->date, DATE_FORMAT);
    format_set_num_format(xlsx->time, TIME_FORMAT);
    worksheet_freeze_panes(xlsx->sheet, 1, 0);
    writer->file = xlsx;
    return NULL;
}

/* How many UTF-16 code units the UTF-8 TEXT has. */
static apr_size_t utf16_length(const char *text)
{
    apr_size_t length = 0;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        length += (byte & 0xc0) != 0x80;
        length += byte >= 0xf0;
    }
    return length;
}

static crm_error_t *put_text(crm_sheet_writer_t *writer, const place_t *place, const char *text,
                             lxw_format *format)
{
    if (strlen(text) > CRM_SHEET_XLSX_TEXT && utf16_length(text) > CRM_SHEET_XLSX_TEXT) {
        return crm_sheet_error(writer->pool, (apr_int64_t)place->row + 1, place->column + 1,
                               "a text of more than %d characters does not fit a cell of XLSX: "
                               "take CSV.",
                               CRM_SHEET_XLSX_TEXT);
    }
    if (!*text) {
        return NULL;
    }
    return check(writer->pool,
                 worksheet_write_string(place->sheet, place->row, place->column,
                                        crm_xlsx_text_escape(writer->row_pool, text), format));
}

/* 1 when a double keeps the decimal TEXT. */
static int is_exact(const char *text)
{
    int digits = 0;
    for (; *text; text++) {
        digits += *text >= '0' && *text <= '9' && (digits > 0 || *text != '0');
    }
    return digits <= EXACT_DIGITS;
}

static crm_error_t *put_number(crm_sheet_writer_t *writer, const place_t *place, const char *text)
{
    if (!is_exact(text)) {
        return put_text(writer, place, text, NULL);
    }
    return check(writer->pool, worksheet_write_number(place->sheet, place->row, place->column,
                                                      strtod(text, NULL), NULL));
}

/* Writes TIME in FORMAT; as TEXT when it is of a day that XLSX has not. */
static crm_error_t *put_time(crm_sheet_writer_t *writer, const place_t *place, apr_time_t time,
                             lxw_format *format, const char *text)
{
    apr_int64_t days = time / DAY - (time % DAY < 0);
    apr_int64_t milliseconds = (time - days * DAY) / 1000;
    days += DAYS_1970;
    days -= days < LEAP_1900;
    if (days < 1 || days >= DAYS_LIMIT) {
        return put_text(writer, place, text, NULL);
    }
    double serial = (double)days + (double)milliseconds / (double)(DAY / 1000);
    return check(writer->pool,
                 worksheet_write_number(place->sheet, place->row, place->column, serial, format));
}

static crm_error_t *put_cell(crm_sheet_writer_t *writer, const place_t *place,
                             const crm_sheet_cell_t *cell)
{
    const xlsx_t *xlsx = writer->file;
    switch (cell->kind) {
    case CRM_CELL_EMPTY:
        break;
    case CRM_CELL_TEXT:
        return put_text(writer, place, cell->text, place->row == 0 ? xlsx->bold : NULL);
    case CRM_CELL_NUMBER:
        return put_number(writer, place, cell->text);
    case CRM_CELL_BOOLEAN:
        return check(writer->pool, worksheet_write_boolean(place->sheet, place->row, place->column,
                                                           cell->boolean, NULL));
    case CRM_CELL_DATE:
        return put_time(writer, place, cell->time, xlsx->date,
                        crm_time_date(writer->row_pool, cell->time));
    case CRM_CELL_TIME:
        return put_time(writer, place, cell->time, xlsx->time,
                        crm_time_iso(writer->row_pool, cell->time));
    }
    return NULL;
}

static crm_error_t *xlsx_row(crm_sheet_writer_t *writer, const crm_sheet_cell_t *cells)
{
    const xlsx_t *xlsx = writer->file;
    if (writer->rows == CRM_SHEET_XLSX_ROWS) {
        return crm_error_make(writer->pool, CRM_E_BAD_REQUEST,
                              "XLSX has room for %d rows with the header: narrow the list, or "
                              "take CSV.",
                              CRM_SHEET_XLSX_ROWS);
    }
    place_t place = {.sheet = xlsx->sheet, .row = (lxw_row_t)writer->rows};
    for (int i = 0; i < writer->columns; i++) {
        place.column = (lxw_col_t)i;
        CRM_ERR(put_cell(writer, &place, &cells[i]));
    }
    return NULL;
}

static crm_error_t *xlsx_finish(crm_sheet_writer_t *writer)
{
    xlsx_t *xlsx = writer->file;
    lxw_workbook *workbook = xlsx->workbook;
    xlsx->workbook = NULL; /* closing frees it, well or not */
    CRM_ERR(check(writer->pool, workbook_close(workbook)));
    char *block = apr_palloc(writer->pool, BLOCK);
    apr_uint64_t offset = 0;
    apr_size_t size = 0;
    do {
        CRM_ERR(crm_sheet_pread(writer->pool, xlsx->fd, offset, block, BLOCK, &size));
        if (size > 0) {
            CRM_ERR(writer->options.take(writer->options.baton, block, size));
        }
        offset += size;
    } while (size == BLOCK);
    return NULL;
}

const crm_sheet_writer_format_t crm_xlsx_writer_format = {
    .open = xlsx_open, .row = xlsx_row, .finish = xlsx_finish};
