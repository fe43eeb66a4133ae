/* base/xlsx.c - XLSX as rows for base/sheet: a worksheet's cells. */
#include <string.h>

#include <apr_strings.h>

#include "base/sheet_format.h"
#include "base/xlsx.h"
#include "base/xlsx_number.h"
#include "base/xlsx_strings.h"
#include "base/xlsx_styles.h"
#include "base/xlsx_text.h"
#include "base/xlsx_workbook.h"
#include "base/xlsx_xml.h"

/* What a cell's value is (ST_CellType, 18.18.11). */
typedef enum { NUMBER, SHARED, INLINE, FORMULA_TEXT, BOOLEAN, ERROR_TEXT, ISO_DATE } value_e;

static const char *const value_names[] = {
    [NUMBER] = "n",  [SHARED] = "s",     [INLINE] = "inlineStr", [FORMULA_TEXT] = "str",
    [BOOLEAN] = "b", [ERROR_TEXT] = "e", [ISO_DATE] = "d",
};

typedef struct xlsx_t {
    apr_pool_t *pool;
    apr_pool_t *row_pool; /* of the last row's cells */
    crm_xlsx_workbook_t workbook;
    crm_xlsx_strings_t *strings;
    crm_xlsx_styles_t *styles;
    crm_xlsx_xml_t *xml;
    int is_located; /* the error names its row */
    /* the row and the cell that are being read */
    crm_sheet_raw_t *row;
    apr_int64_t number; /* of the last row begun; 0 before the first */
    int is_row;
    int is_full;     /* the row is to be handed out */
    apr_size_t size; /* bytes of the row's cells */
    int is_cell;
    int column; /* of the last cell begun, 1-based */
    value_e value;
    apr_int64_t style;
    int is_text;
    int phonetic;
    crm_xlsx_text_t text;
} xlsx_t;

/* Fails at the place that is being read. */
#define FAIL(xlsx, ...)                                                                            \
    do {                                                                                           \
        (xlsx)->is_located = 1;                                                                    \
        crm_xlsx_xml_fail((xlsx)->xml,                                                             \
                          crm_sheet_error((xlsx)->pool, (xlsx)->number,                            \
                                          (xlsx)->is_cell ? (xlsx)->column : 0, __VA_ARGS__));     \
    } while (0)

/* LETTERS up to LIMIT as a 1-based column, 0 when it is none; *TEXT is moved behind them. */
static int take_column(const char **text)
{
    int column = 0;
    for (; **text >= 'A' && **text <= 'Z'; (*text)++) {
        column = column * 26 + (**text - 'A' + 1);
        if (column > CRM_SHEET_COLUMNS) {
            return 0;
        }
    }
    return column;
}

int crm_xlsx_reference(const char *text, int *ret_column, int *ret_row)
{
    int column = take_column(&text);
    apr_int64_t row = crm_xlsx_index(text, CRM_SHEET_XLSX_ROWS);
    if (column == 0 || row < 1) {
        return 0;
    }
    *ret_column = column;
    *ret_row = (int)row;
    return 1;
}

static void begin_row(xlsx_t *xlsx, const char **attributes)
{
    const char *text = crm_xlsx_attribute(attributes, "r");
    apr_int64_t number = text ? crm_xlsx_index(text, CRM_SHEET_XLSX_ROWS) : xlsx->number + 1;
    if (number <= xlsx->number || number > CRM_SHEET_XLSX_ROWS) {
        xlsx->is_located = 1;
        crm_xlsx_xml_fail(xlsx->xml,
                          crm_error_make(xlsx->pool, CRM_E_BAD_REQUEST,
                                         "A row \"%.20s\" comes after row %" APR_INT64_T_FMT
                                         ": the rows of XLSX are 1 to %d, in order.",
                                         text ? text : "", xlsx->number, CRM_SHEET_XLSX_ROWS));
        return;
    }
    xlsx->number = number;
    xlsx->is_row = 1;
    xlsx->column = 0;
    xlsx->size = 0;
    xlsx->row->count = 0;
    xlsx->row->number = number;
}

static int find_value(const char *name)
{
    for (int i = 0; i < (int)(sizeof(value_names) / sizeof(value_names[0])); i++) {
        if (strcmp(name, value_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* Where the cell whose reference is TEXT stands, or 0 when it cannot stand there. */
static int find_column(const xlsx_t *xlsx, const char *text)
{
    int column = 0;
    int row = 0;
    if (!text) {
        return xlsx->column < CRM_SHEET_COLUMNS ? xlsx->column + 1 : 0;
    }
    if (!crm_xlsx_reference(text, &column, &row) || row != xlsx->number || column <= xlsx->column) {
        return 0;
    }
    return column;
}

static void begin_cell(xlsx_t *xlsx, const char **attributes)
{
    const char *reference = NULL;
    const char *style = NULL;
    const char *type = "n";
    for (; attributes[0]; attributes += 2) {
        switch (attributes[0][0]) {
        case 'r':
            reference = attributes[0][1] ? reference : attributes[1];
            break;
        case 's':
            style = attributes[0][1] ? style : attributes[1];
            break;
        case 't':
            type = attributes[0][1] ? type : attributes[1];
            break;
        default:
            break;
        }
    }
    int column = find_column(xlsx, reference);
    int value = find_value(type);
    if (column == 0) {
        FAIL(xlsx, "a cell \"%.20s\" cannot stand there: columns are A to XFD, in order.",
             reference ? reference : "");
        return;
    }
    xlsx->column = column;
    xlsx->is_cell = 1;
    xlsx->style = crm_xlsx_index(style, APR_INT32_MAX);
    crm_xlsx_text_clear(&xlsx->text);
    if (value < 0) {
        FAIL(xlsx, "there is no type of cells \"%.20s\".", type);
        return;
    }
    xlsx->value = (value_e)value;
}

static void on_start(crm_xlsx_xml_t *xml, void *baton, const char *name, const char **attributes)
{
    xlsx_t *xlsx = baton;
    (void)xml;
    if (xlsx->is_cell) {
        if (strcmp(name, "v") == 0) {
            xlsx->is_text = xlsx->value != INLINE;
        } else if (strcmp(name, "t") == 0) {
            xlsx->is_text = xlsx->value == INLINE && xlsx->phonetic == 0;
        } else if (strcmp(name, "rPh") == 0) {
            xlsx->phonetic++;
        }
    } else if (xlsx->is_row) {
        if (strcmp(name, "c") == 0) {
            begin_cell(xlsx, attributes);
        }
    } else if (strcmp(name, "row") == 0) {
        begin_row(xlsx, attributes);
    }
}

static void on_text(crm_xlsx_xml_t *xml, void *baton, const char *text, int size)
{
    xlsx_t *xlsx = baton;
    (void)xml;
    if (xlsx->is_text && !crm_xlsx_text_add(&xlsx->text, text, (apr_size_t)size)) {
        FAIL(xlsx, "the cell has more than 1 MiB.");
    }
}

static const char *find_shared(xlsx_t *xlsx, const char *index)
{
    const char *text = "";
    apr_int64_t count = crm_xlsx_strings_count(xlsx->strings);
    apr_int64_t number = crm_xlsx_index(index, count - 1);
    if (number < 0) {
        FAIL(xlsx, "the cell refers to shared string \"%.20s\" of %" APR_INT64_T_FMT ".", index,
             count);
        return "";
    }
    crm_xlsx_xml_fail(xlsx->xml,
                      crm_xlsx_strings_get(xlsx->strings, xlsx->row_pool, number, &text));
    return text;
}

/* The cell's value, in the row's pool. Its text is not empty. */
static const char *make_value(xlsx_t *xlsx)
{
    const char *text = xlsx->text.bytes;
    crm_xlsx_kind_e kind;
    switch (xlsx->value) {
    case NUMBER:
        text = apr_pstrmemdup(xlsx->row_pool, text, xlsx->text.size);
        kind = crm_xlsx_styles_kind(xlsx->styles, xlsx->style);
        return kind == CRM_XLSX_NUMBER
                   ? crm_xlsx_number(xlsx->row_pool, text)
                   : crm_xlsx_date(xlsx->row_pool, text, kind, xlsx->workbook.is_1904);
    case SHARED:
        return find_shared(xlsx, text);
    case BOOLEAN:
        return crm_xlsx_flag(text) ? "true" : "false";
    case INLINE:
    case FORMULA_TEXT:
        crm_xlsx_text_decode(&xlsx->text);
        break;
    case ERROR_TEXT:
    case ISO_DATE:
        break;
    }
    return apr_pstrmemdup(xlsx->row_pool, text, xlsx->text.size);
}

static void end_cell(xlsx_t *xlsx)
{
    crm_sheet_raw_t *row = xlsx->row;
    const char *value = xlsx->text.size > 0 ? make_value(xlsx) : "";
    if (*value) {
        while (row->count < xlsx->column - 1) {
            row->cells[row->count++] = "";
        }
        row->cells[row->count++] = value;
        xlsx->size += strlen(value);
        xlsx->is_full = 1;
    }
    xlsx->is_cell = 0;
    xlsx->is_text = 0;
    xlsx->phonetic = 0;
    if (xlsx->size > CRM_SHEET_RECORD) {
        FAIL(xlsx, "it has more than 8 MiB.");
    }
}

static void on_end(crm_xlsx_xml_t *xml, void *baton, const char *name)
{
    xlsx_t *xlsx = baton;
    if (!xlsx->is_row) {
        return;
    }
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0) {
        xlsx->is_text = 0;
    } else if (strcmp(name, "rPh") == 0 && xlsx->phonetic > 0) {
        xlsx->phonetic--;
    } else if (strcmp(name, "c") == 0 && xlsx->is_cell) {
        end_cell(xlsx);
    } else if (strcmp(name, "row") == 0) {
        xlsx->is_row = 0;
        if (xlsx->is_full) {
            crm_xlsx_xml_pause(xml);
        }
    }
}

static crm_error_t *xlsx_next(void *reader, crm_sheet_raw_t *row, int *ret_end)
{
    xlsx_t *xlsx = reader;
    apr_pool_clear(xlsx->row_pool);
    xlsx->row = row;
    xlsx->is_full = 0;
    int is_end = 0;
    while (!is_end && !(xlsx->is_full && !xlsx->is_row)) {
        crm_error_t *error = crm_xlsx_xml_more(xlsx->xml, &is_end);
        if (error && error->kind == CRM_E_BAD_REQUEST && !xlsx->is_located && xlsx->number > 0) {
            error->detail = apr_psprintf(
                xlsx->pool, "%s Row %" APR_INT64_T_FMT " is the last that can be read.",
                error->detail, xlsx->number);
        }
        CRM_ERR(error);
    }
    *ret_end = !xlsx->is_full;
    return NULL;
}

static crm_error_t *xlsx_open(apr_pool_t *pool, int fd, const crm_sheet_options_t *options,
                              crm_sheet_facts_t *facts, void **ret_reader)
{
    static const crm_xlsx_handler_t handler = {.start = on_start, .end = on_end, .text = on_text};
    crm_xlsx_package_t *package = NULL;
    xlsx_t *xlsx = apr_pcalloc(pool, sizeof(*xlsx));
    xlsx->pool = pool;
    crm_xlsx_text_init(pool, &xlsx->text);
    CRM_ERR(crm_xlsx_package_open(pool, fd, &package));
    CRM_ERR(crm_xlsx_workbook_read(pool, package, options->sheet, &xlsx->workbook));
    CRM_ERR(crm_xlsx_styles_read(pool, package, xlsx->workbook.styles, &xlsx->styles));
    CRM_ERR(crm_xlsx_strings_read(pool, package, xlsx->workbook.strings, options->folder,
                                  &xlsx->strings));
    CRM_ERR(crm_xlsx_xml_open(pool, package, xlsx->workbook.sheet_part, "worksheet", &handler, xlsx,
                              &xlsx->xml));
    if (apr_pool_create(&xlsx->row_pool, pool) != APR_SUCCESS) {
        return crm_error_system(pool, APR_ENOMEM, "a pool for a row");
    }
    facts->format = CRM_SHEET_XLSX;
    facts->sheet = xlsx->workbook.sheet;
    *ret_reader = xlsx;
    return NULL;
}

const crm_sheet_format_t crm_xlsx_format = {.open = xlsx_open, .next = xlsx_next};
