/* t/unit/base/sheet_writer_test.c - CSV and XLSX written, and read back as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <zip.h>

#include "base/sheet.h"
#include "base/sheet_writer.h"
#include "base/time.h"
#include "sheet_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define TEXT(value)                                                                                \
    {                                                                                              \
        .kind = CRM_CELL_TEXT, .text = (value)                                                     \
    }
#define NUMBER(value)                                                                              \
    {                                                                                              \
        .kind = CRM_CELL_NUMBER, .text = (value)                                                   \
    }

/* Texts that must come back byte by byte. */
static const char *const texts[] = {
    "plain",      "a,b;c\td|e",
    "say \"hi\"", "\"",
    "two\nlines", "cr\r\nlf",
    "\r",         "\n",
    " spaces ",   "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
    "=1+1",       "+1",
    "-1",         "@x",
    "\tx",        "\rx",
    "'=1",        "''-1",
    "'x",         "'",
    "''",         "'''@",
    "0123",       "1e5",
    "true",       "_x0041_",
    "_x000D_",    "<b>&amp;</b>",
    "]]>",        "\x01\x1f\x7f",
    "\n=1",       "sep=;",
    "#N/A",       "12345678901234567890",
};

/* One cell, and how it is in CSV and comes back from XLSX. */
typedef struct cell_case_t {
    crm_sheet_cell_t cell;
    const char *time; /* ISO 8601, of a date or time */
    const char *csv;
    const char *xlsx;
} cell_case_t;

static const cell_case_t cells[] = {
    {{.kind = CRM_CELL_EMPTY}, NULL, "", ""},
    {TEXT(""), NULL, "", ""},
    {TEXT("a,b"), NULL, "\"a,b\"", "a,b"},
    {TEXT("a;b"), NULL, "\"a;b\"", "a;b"},
    {TEXT("=1"), NULL, "'=1", "=1"},
    {TEXT("-1,5"), NULL, "\"'-1,5\"", "-1,5"},
    {TEXT("'+"), NULL, "''+", "'+"},
    {NUMBER("-12.50"), NULL, "-12.50", "-12.5"},
    {NUMBER("0.1"), NULL, "0.1", "0.1"},
    {NUMBER("12345678901"), NULL, "12345678901", "12345678901"},
    {NUMBER("99999999999999.9"), NULL, "99999999999999.9", "99999999999999.9"},
    {NUMBER("0.000000012345"), NULL, "0.000000012345", "0.000000012345"},
    {NUMBER("1234567890123456.78"), NULL, "1234567890123456.78", "1234567890123456.78"},
    {NUMBER("-0.12345678901234567"), NULL, "-0.12345678901234567", "-0.12345678901234567"},
    {{.kind = CRM_CELL_BOOLEAN, .boolean = 1}, NULL, "true", "true"},
    {{.kind = CRM_CELL_BOOLEAN, .boolean = 0}, NULL, "false", "false"},
    {{.kind = CRM_CELL_DATE}, "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-23"},
    {{.kind = CRM_CELL_DATE}, "1900-01-01T00:00:00Z", "1900-01-01", "1900-01-01"},
    {{.kind = CRM_CELL_DATE}, "1900-02-28T00:00:00Z", "1900-02-28", "1900-02-28"},
    {{.kind = CRM_CELL_DATE}, "1900-03-01T00:00:00Z", "1900-03-01", "1900-03-01"},
    {{.kind = CRM_CELL_DATE}, "1899-12-31T00:00:00Z", "1899-12-31", "1899-12-31"},
    {{.kind = CRM_CELL_DATE}, "9999-12-31T00:00:00Z", "9999-12-31", "9999-12-31"},
    {{.kind = CRM_CELL_TIME},
     "2026-11-23T10:00:00Z",
     "2026-11-23T10:00:00Z",
     "2026-11-23T10:00:00"},
    {{.kind = CRM_CELL_TIME},
     "2026-11-23T23:59:59.123456Z",
     "2026-11-23T23:59:59.123456Z",
     "2026-11-23T23:59:59.123"},
    {{.kind = CRM_CELL_TIME},
     "1960-01-01T00:00:01Z",
     "1960-01-01T00:00:01Z",
     "1960-01-01T00:00:01"},
    {{.kind = CRM_CELL_TIME},
     "1800-01-01T00:00:01Z",
     "1800-01-01T00:00:01Z",
     "1800-01-01T00:00:01Z"},
};

typedef struct taken_t {
    char *bytes;
    size_t size;
    int calls;
} taken_t;

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static crm_error_t *take(void *baton, const char *bytes, apr_size_t size)
{
    taken_t *taken = baton;
    assert_true(size > 0);
    taken->bytes = realloc(taken->bytes, taken->size + size + 1);
    memcpy(taken->bytes + taken->size, bytes, size);
    taken->size += size;
    taken->bytes[taken->size] = '\0';
    taken->calls++;
    return NULL;
}

static crm_sheet_writer_t *open_writer(crm_sheet_format_e format, int with_bom, taken_t *taken,
                                       const char *const *header, int count)
{
    crm_sheet_writer_t *writer = NULL;
    crm_sheet_writer_options_t options = {
        .format = format, .with_bom = with_bom, .take = take, .baton = taken};
    assert_null(crm_sheet_writer_open(pool, &options, header, count, &writer));
    return writer;
}

/* What the writer gave away, as a file; it is freed. */
static int taken_file(crm_sheet_writer_t *writer, taken_t *taken)
{
    assert_null(crm_sheet_writer_finish(writer));
    int fd = fixture_file(pool, taken->bytes, taken->size);
    free(taken->bytes);
    memset(taken, 0, sizeof(*taken));
    return fd;
}

static void test_csv_bytes(void **state)
{
    (void)state;
    static const char *const header[] = {"name", "=sum", "a \"b\""};
    const crm_sheet_cell_t row[] = {TEXT("x\r\ny"), NUMBER("-1"), {.kind = CRM_CELL_EMPTY}};
    for (int with_bom = 0; with_bom < 2; with_bom++) {
        taken_t taken = {0};
        crm_sheet_writer_t *writer = open_writer(CRM_SHEET_CSV, with_bom, &taken, header, 3);
        assert_null(crm_sheet_writer_row(writer, row));
        assert_null(crm_sheet_writer_finish(writer));
        assert_string_equal(
            taken.bytes, with_bom ? "\xef\xbb\xbfname,'=sum,\"a \"\"b\"\"\"\r\n\"x\r\ny\",-1,\r\n"
                                  : "name,'=sum,\"a \"\"b\"\"\"\r\n\"x\r\ny\",-1,\r\n");
        free(taken.bytes);
    }
}

static void test_texts_come_back(void **state)
{
    (void)state;
    static const char *const header[] = {"=a", "b"};
    for (int format = CRM_SHEET_CSV; format <= CRM_SHEET_XLSX; format++) {
        taken_t taken = {0};
        crm_sheet_t *sheet = NULL;
        const crm_sheet_row_t *row = NULL;
        crm_sheet_writer_t *writer = open_writer((crm_sheet_format_e)format, 0, &taken, header, 2);
        for (size_t i = 0; i < COUNT(texts); i++) {
            const crm_sheet_cell_t written[] = {TEXT(texts[i]), TEXT("x")};
            assert_null(crm_sheet_writer_row(writer, written));
        }
        assert_null(crm_sheet_open_fd(pool, taken_file(writer, &taken), NULL, &sheet));
        assert_null(crm_sheet_next(sheet, &row));
        assert_string_equal(row->cells[0], "=a");
        for (size_t i = 0; i < COUNT(texts); i++) {
            assert_null(crm_sheet_next(sheet, &row));
            assert_non_null(row);
            assert_int_equal(row->number, i + 2);
            assert_string_equal(row->cells[0], texts[i]);
            assert_string_equal(row->cells[1], "x");
        }
        assert_null(crm_sheet_next(sheet, &row));
        assert_null(row);
    }
}

static void test_cells(void **state)
{
    (void)state;
    static const char *const header[] = {"a", "b"};
    for (size_t i = 0; i < COUNT(cells); i++) {
        taken_t taken = {0};
        crm_sheet_cell_t written[] = {cells[i].cell, TEXT("x")};
        assert_true(!cells[i].time || crm_time_parse_iso(cells[i].time, &written[0].time));
        crm_sheet_writer_t *writer = open_writer(CRM_SHEET_CSV, 0, &taken, header, 2);
        assert_null(crm_sheet_writer_row(writer, written));
        assert_null(crm_sheet_writer_finish(writer));
        assert_string_equal(taken.bytes,
                            apr_pstrcat(pool, "a,b\r\n", cells[i].csv, ",x\r\n", NULL));
        free(taken.bytes);
        memset(&taken, 0, sizeof(taken));
        writer = open_writer(CRM_SHEET_XLSX, 0, &taken, header, 2);
        assert_null(crm_sheet_writer_row(writer, written));
        assert_string_equal(fixture_read(pool, taken_file(writer, &taken), NULL),
                            apr_pstrcat(pool, "1:a|b\n2:", cells[i].xlsx, "|x", NULL));
    }
}

static void test_a_lone_empty_cell_is_no_empty_line(void **state)
{
    (void)state;
    static const char *const header[] = {"a"};
    const crm_sheet_cell_t row[] = {TEXT("")};
    taken_t taken = {0};
    crm_sheet_writer_t *writer = open_writer(CRM_SHEET_CSV, 0, &taken, header, 1);
    assert_null(crm_sheet_writer_row(writer, row));
    assert_null(crm_sheet_writer_finish(writer));
    assert_string_equal(taken.bytes, "a\r\n\"\"\r\n");
    free(taken.bytes);
}

/* A header that, as the first bytes of a file, would mean something else. */
static void test_misleading_headers(void **state)
{
    (void)state;
    static const char *const names[] = {"sep=;",  "SEP=x", "\xef\xbb\xbfname",
                                        "PK\3\4", "%PDF",  "<?xml"};
    for (size_t i = 0; i < COUNT(names); i++) {
        for (int with_bom = 0; with_bom < 2; with_bom++) {
            taken_t taken = {0};
            crm_sheet_writer_t *writer = open_writer(CRM_SHEET_CSV, with_bom, &taken, &names[i], 1);
            assert_string_equal(fixture_read(pool, taken_file(writer, &taken), NULL),
                                apr_pstrcat(pool, "1:", names[i], NULL));
        }
    }
}

/* The part NAME of the XLSX file in TAKEN. */
static const char *part(const taken_t *taken, const char *name)
{
    zip_error_t error;
    zip_stat_t status;
    zip_source_t *source = zip_source_buffer_create(taken->bytes, taken->size, 0, &error);
    zip_t *zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    assert_non_null(zip);
    assert_int_equal(zip_stat(zip, name, 0, &status), 0);
    zip_file_t *file = zip_fopen(zip, name, 0);
    char *text = apr_pcalloc(pool, status.size + 1);
    assert_int_equal(zip_fread(file, text, status.size), status.size);
    zip_fclose(file);
    zip_discard(zip);
    return text;
}

static void test_xlsx_looks(void **state)
{
    (void)state;
    static const char *const header[] = {"=name"};
    const crm_sheet_cell_t row[] = {TEXT("=1+1")};
    taken_t taken = {0};
    crm_sheet_writer_t *writer = open_writer(CRM_SHEET_XLSX, 0, &taken, header, 1);
    assert_null(crm_sheet_writer_row(writer, row));
    assert_null(crm_sheet_writer_finish(writer));
    const char *xml = part(&taken, "xl/worksheets/sheet1.xml");
    assert_non_null(strstr(xml, "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" "
                                "state=\"frozen\"/>"));
    assert_non_null(strstr(xml, "<c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t>=name</t>"));
    assert_non_null(strstr(xml, "<c r=\"A2\" t=\"inlineStr\"><is><t>=1+1</t>"));
    assert_null(strstr(xml, "<f>"));
    assert_non_null(strstr(part(&taken, "xl/styles.xml"), "<font><b/>"));
    free(taken.bytes);
}

static void test_a_text_too_long_for_xlsx(void **state)
{
    (void)state;
    static const char *const header[] = {"a", "b"};
    char *text = apr_pcalloc(pool, CRM_SHEET_XLSX_TEXT + 2);
    memset(text, 'x', CRM_SHEET_XLSX_TEXT);
    crm_sheet_cell_t row[] = {{.kind = CRM_CELL_EMPTY}, TEXT(text)};
    taken_t taken = {0};
    crm_sheet_writer_t *writer = open_writer(CRM_SHEET_XLSX, 0, &taken, header, 2);
    assert_null(crm_sheet_writer_row(writer, row));
    text[CRM_SHEET_XLSX_TEXT] = 'x';
    crm_error_t *error = crm_sheet_writer_row(writer, row);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_BAD_REQUEST);
    assert_string_equal(error->detail, "Row 3, column B: a text of more than 32767 characters does "
                                       "not fit a cell of XLSX: take CSV.");
    assert_null(taken.bytes);
}

static crm_error_t *refuse(void *baton, const char *bytes, apr_size_t size)
{
    (void)baton;
    (void)bytes;
    (void)size;
    return crm_error_make(pool, CRM_E_GONE, "nobody listens");
}

static void test_an_error_of_the_taker_ends_the_writing(void **state)
{
    (void)state;
    static const char *const header[] = {"a"};
    for (int format = CRM_SHEET_CSV; format <= CRM_SHEET_XLSX; format++) {
        crm_sheet_writer_t *writer = NULL;
        crm_sheet_writer_options_t options = {.format = (crm_sheet_format_e)format, .take = refuse};
        assert_null(crm_sheet_writer_open(pool, &options, header, 1, &writer));
        crm_error_t *error = crm_sheet_writer_finish(writer);
        assert_non_null(error);
        assert_int_equal(error->kind, CRM_E_GONE);
    }
}

static void test_folders_that_are_not_there(void **state)
{
    (void)state;
    static const char *const header[] = {"a"};
    crm_sheet_writer_t *writer = NULL;
    crm_sheet_writer_options_t options = {
        .format = CRM_SHEET_XLSX, .take = refuse, .folder = "/nonexistent"};
    crm_error_t *error = crm_sheet_writer_open(pool, &options, header, 1, &writer);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_bytes),
        cmocka_unit_test(test_texts_come_back),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_a_lone_empty_cell_is_no_empty_line),
        cmocka_unit_test(test_misleading_headers),
        cmocka_unit_test(test_xlsx_looks),
        cmocka_unit_test(test_a_text_too_long_for_xlsx),
        cmocka_unit_test(test_an_error_of_the_taker_ends_the_writing),
        cmocka_unit_test(test_folders_that_are_not_there),
    };
    return cmocka_run_group_tests_name("base/sheet_writer", tests, setup, teardown);
}
