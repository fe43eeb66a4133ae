/* base/sheet.c - spreadsheets read as streams of rows: which format, which rows, how wide. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/sheet.h"
#include "base/sheet_format.h"

#define MAGIC 16 /* bytes that tell a format */

struct crm_sheet_t {
    const crm_sheet_format_t *format;
    void *reader;
    crm_sheet_facts_t facts;
    apr_int64_t from; /* rows below are passed over */
    crm_error_t *failed;
    char problem[80];
    crm_sheet_row_t row;
    crm_sheet_raw_t raw;
};

typedef struct magic_t {
    const char *bytes;
    apr_size_t size;
    const char *advice; /* NULL: it is XLSX */
} magic_t;

#define SAVE "save it as XLSX or CSV and send that."
#define MAGIC_ROW(text, what)                                                                      \
    {                                                                                              \
        .bytes = (text), .size = sizeof(text) - 1, .advice = (what)                                \
    }

static const magic_t magics[] = {
    MAGIC_ROW("PK\3\4", NULL),
    MAGIC_ROW("PK\5\6", NULL),
    MAGIC_ROW("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
              "The file is of an old Excel (.xls) or protected by a password: " SAVE),
    MAGIC_ROW("\x09\x08", "The file is of a very old Excel (.xls): " SAVE),
    MAGIC_ROW("%PDF", "The file is a PDF document: " SAVE),
    MAGIC_ROW("\x1f\x8b", "The file is compressed by gzip: unpack it and send what is in it."),
    MAGIC_ROW("\x89PNG", "The file is an image: send a spreadsheet, XLSX or CSV."),
    MAGIC_ROW("\xff\xd8\xff", "The file is an image: send a spreadsheet, XLSX or CSV."),
    MAGIC_ROW("Rar!", "The file is an archive: unpack it and send what is in it."),
    MAGIC_ROW("7z\xbc\xaf", "The file is an archive: unpack it and send what is in it."),
    MAGIC_ROW("<?xml", "The file is XML, not a spreadsheet: " SAVE),
    MAGIC_ROW("<html", "The file is a web page, not a spreadsheet: " SAVE),
    MAGIC_ROW("<!DOCTYPE", "The file is a web page, not a spreadsheet: " SAVE),
};

/* Which format the file of FD has. */
static crm_error_t *find_format(apr_pool_t *pool, int fd, const crm_sheet_format_t **ret_format)
{
    char head[MAGIC];
    apr_size_t size = 0;
    CRM_ERR(crm_sheet_pread(pool, fd, 0, head, sizeof(head), &size));
    *ret_format = &crm_csv_format;
    for (apr_size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const magic_t *magic = &magics[i];
        if (size < magic->size || memcmp(head, magic->bytes, magic->size) != 0) {
            continue;
        }
        if (magic->advice) {
            return crm_error_make(pool, CRM_E_BAD_REQUEST, "%s", magic->advice);
        }
        *ret_format = &crm_xlsx_format;
        break;
    }
    return NULL;
}

crm_error_t *crm_sheet_open_fd(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                               crm_sheet_t **ret_sheet)
{
    static const crm_sheet_options_t none;
    crm_sheet_t *sheet = apr_pcalloc(pool, sizeof(*sheet));
    CRM_ERR(find_format(pool, fd, &sheet->format));
    CRM_ERR(
        sheet->format->open(pool, fd, options ? options : &none, &sheet->facts, &sheet->reader));
    *ret_sheet = sheet;
    return NULL;
}

static apr_status_t close_fd(void *data)
{
    close(*(int *)data);
    return APR_SUCCESS;
}

crm_error_t *crm_sheet_open(apr_pool_t *pool, const char *path, const crm_sheet_options_t *options,
                            crm_sheet_t **ret_sheet)
{
    int *fd = apr_palloc(pool, sizeof(*fd));
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "opening %s", path);
    }
    apr_pool_cleanup_register(pool, fd, close_fd, apr_pool_cleanup_null);
    return crm_sheet_open_fd(pool, *fd, options, ret_sheet);
}

void crm_sheet_facts(const crm_sheet_t *sheet, crm_sheet_facts_t *ret_facts)
{
    *ret_facts = sheet->facts;
}

void crm_sheet_skip_to(crm_sheet_t *sheet, apr_int64_t number)
{
    sheet->from = number;
}

/* How many cells ROW has without the empty ones at its end. */
static int used(const crm_sheet_raw_t *row)
{
    int count = row->count;
    while (count > 0 && row->cells[count - 1][0] == '\0') {
        count--;
    }
    return count;
}

/* Makes the sheet's row of its raw one, COUNT of whose cells are used: as wide as the header. */
static void hand_out(crm_sheet_t *sheet, int count)
{
    crm_sheet_raw_t *raw = &sheet->raw;
    int columns = sheet->facts.columns;
    sheet->row.problem = NULL;
    if (columns == 0) {
        columns = sheet->facts.columns = count;
    } else {
        sheet->facts.rows++;
        if (count > columns) {
            apr_snprintf(sheet->problem, sizeof(sheet->problem),
                         "The row has %d cells, the header %d.", count, columns);
            sheet->row.problem = sheet->problem;
        }
    }
    for (; count < columns; count++) {
        raw->cells[count] = "";
    }
    sheet->facts.last = raw->number;
    sheet->row.number = raw->number;
    sheet->row.count = columns;
    sheet->row.cells = raw->cells;
}

crm_error_t *crm_sheet_next(crm_sheet_t *sheet, const crm_sheet_row_t **ret_row)
{
    int end = 0;
    if (sheet->failed) {
        return sheet->failed;
    }
    for (;;) {
        sheet->failed = sheet->format->next(sheet->reader, &sheet->raw, &end);
        if (sheet->failed) {
            return sheet->failed;
        }
        if (end) {
            *ret_row = NULL;
            return NULL;
        }
        int count = used(&sheet->raw);
        if (count > 0 && (sheet->facts.columns == 0 || sheet->raw.number >= sheet->from)) {
            hand_out(sheet, count);
            *ret_row = &sheet->row;
            return NULL;
        }
    }
}

/* Reads all of the file of FD, with what lives in POOL. */
static crm_error_t *read_all(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                             crm_sheet_facts_t *ret_facts)
{
    crm_sheet_t *sheet = NULL;
    const crm_sheet_row_t *row = NULL;
    CRM_ERR(crm_sheet_open_fd(pool, fd, options, &sheet));
    do {
        CRM_ERR(crm_sheet_next(sheet, &row));
    } while (row);
    *ret_facts = sheet->facts;
    return NULL;
}

crm_error_t *crm_sheet_check(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                             crm_sheet_facts_t *ret_facts)
{
    apr_pool_t *own;
    if (apr_pool_create(&own, pool) != APR_SUCCESS) {
        return crm_error_system(pool, APR_ENOMEM, "a pool to check a spreadsheet");
    }
    crm_error_t *error = read_all(own, fd, options, ret_facts);
    if (error) {
        crm_error_t *copy = crm_error_make(pool, error->kind, "%s", error->detail);
        error = error->cause ? crm_error_cause(copy, "%s", error->cause) : copy;
    } else {
        ret_facts->charset = apr_pstrdup(pool, ret_facts->charset);
        ret_facts->sheet = apr_pstrdup(pool, ret_facts->sheet);
    }
    apr_pool_destroy(own);
    return error;
}
