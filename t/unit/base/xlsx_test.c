/* t/unit/base/xlsx_test.c - XLSX as rows: cells, numbers, dates, sheets, as spreadsheets write
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/sheet.h"
#include "base/xlsx_number.h"
#include "base/xlsx_styles.h"
#include "base/xlsx_text.h"
#include "sheet_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define HEADER                                                                                     \
    "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>a</v></c><c r=\"B1\" t=\"str\"><v>b</v></c></row>"
#define READ_HEADER "1:a|b\n"
#define STRICT "http://purl.oclc.org/ooxml/spreadsheetml/main"
#define STRICT_DOCUMENT "http://purl.oclc.org/ooxml/officeDocument/relationships"

/* A worksheet's rows, and what is read of them. */
typedef struct rows_case_t {
    const char *xml;
    const char *rows;
} rows_case_t;

static const rows_case_t cells[] = {
    {HEADER "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" t=\"s\"><v>2</v></c></row>",
     READ_HEADER "2:first|\xc3\xa4 & <b>"},
    {HEADER "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>3</v></c></row>",
     READ_HEADER "2:rich text |kanji"},
    /* inline strings, rich ones, and a formula's text */
    {HEADER
     "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> x </t></is></c>"
     "<c r=\"B2\" t=\"inlineStr\"><is><r><t>p</t></r><r><rPr><b/></rPr><t>q</t></r>"
     "<rPh sb=\"0\" eb=\"1\"><t>no</t></rPh></is></c></row>",
     READ_HEADER "2: x |pq"},
    {HEADER "<row r=\"2\"><c r=\"A2\" t=\"str\"><f>B2&amp;\"x\"</f><v>yx</v></c>"
            "<c r=\"B2\"><f>1+1</f><v>2</v></c></row>",
     READ_HEADER "2:yx|2"},
    {HEADER "<row r=\"2\"><c r=\"A2\" t=\"b\"><v>1</v></c><c r=\"B2\" t=\"b\"><v>0</v></c></row>"
            "<row r=\"3\"><c r=\"A3\" t=\"e\"><v>#DIV/0!</v></c><c r=\"B3\" t=\"d\">"
            "<v>2026-11-23T10:00:00</v></c></row>",
     READ_HEADER "2:true|false\n3:#DIV/0!|2026-11-23T10:00:00"},
    /* what is missing, merged, formatted only; rows without numbers, cells without references */
    {HEADER "<row r=\"4\"><c r=\"B4\"><v>1</v></c></row><row r=\"5\"/><row r=\"6\"><c r=\"A6\" "
            "s=\"1\"/><c r=\"C6\" t=\"inlineStr\"><is><t/></is></c></row><row r=\"7\"><c r=\"A7\">"
            "<v>2</v></c></row>",
     READ_HEADER "4:|1\n7:2|"},
    {HEADER "<row><c><v>1</v></c><c><v>2</v></c></row><row/><row><c r=\"B4\"><v>3</v></c></row>",
     READ_HEADER "2:1|2\n4:|3"},
    {HEADER "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"D2\"><v>2</v></c></row>",
     READ_HEADER "2:1| !The row has 4 cells, the header 2."},
    {"<row r=\"3\"><c r=\"B3\" t=\"str\"><v>x</v></c></row><row r=\"9\"><c "
     "r=\"B9\"><v>1</v></c></row>",
     "3:|x\n9:|1"},
    /* formulas-to-be stay as they are, escapes are undone */
    {HEADER "<row r=\"2\"><c r=\"A2\" t=\"str\"><v>'=1</v></c><c r=\"B2\" t=\"str\"><v>"
            "x_x000D__x005F_x0041_ _xD800_</v></c></row>",
     READ_HEADER "2:'=1|x\\r_x0041_ _xD800_"},
    /* elements of other namespaces are nobody's */
    {HEADER "<row r=\"2\"><c r=\"A2\"><v>1</v><x:v xmlns:x=\"urn:x\">9</x:v></c>"
            "<x:c xmlns:x=\"urn:x\" r=\"B2\"><v>8</v></x:c></row>",
     READ_HEADER "2:1|"},
    /* dates by style: date, own format, date and time, elapsed, one that is none */
    {HEADER "<row r=\"2\"><c r=\"A2\" s=\"1\"><v>46349</v></c><c r=\"B2\" s=\"2\">"
            "<v>46349.416666666664</v></c></row><row r=\"3\"><c r=\"A3\" s=\"3\"><v>1.5</v></c>"
            "<c r=\"B3\" s=\"4\"><v>46349</v></c></row><row r=\"4\"><c r=\"A4\" s=\"5\"><v>0.75</v>"
            "</c><c r=\"B4\" s=\"99\"><v>1</v></c></row>",
     READ_HEADER "2:2026-11-23|2026-11-23T10:00:00\n3:36:00:00|46349\n4:18:00:00|1"},
};

static const char strings[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<sst xmlns=\"" FIXTURE_MAIN
    "\" count=\"4\" uniqueCount=\"4\"><si><t>first</t></si><si><r><t>rich "
    "</t></r><r><rPr><b/></rPr>"
    "<t xml:space=\"preserve\">text </t></r></si><si><t>\xc3\xa4 &amp; "
    "&lt;b&gt;</t></si><si><t>kanji"
    "</t><rPh sb=\"0\" eb=\"2\"><t>KANJI</t></rPh><phoneticPr fontId=\"1\"/></si></sst>";

static const char styles[] =
    "<styleSheet xmlns=\"" FIXTURE_MAIN "\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" "
    "formatCode=\"yyyy\\-mm\\-dd\\ hh:mm\"/><numFmt numFmtId=\"165\" formatCode=\"0.00 &quot;days"
    "&quot;\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs count=\"6\">"
    "<xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"46\"/>"
    "<xf numFmtId=\"165\"/><xf numFmtId=\"20\"/></cellXfs><dxfs><dxf><numFmt numFmtId=\"165\" "
    "formatCode=\"yyyy\"/></dxf></dxfs></styleSheet>";

typedef struct text_case_t {
    const char *text;
    const char *result;
} text_case_t;

static const text_case_t numbers[] = {
    {"0", "0"},
    {"-0", "0"},
    {"007", "7"},
    {"12345678901", "12345678901"},
    {"1234567890123456789", "1234567890123456789"},
    {"0.1", "0.1"},
    {"0.10000000000000001", "0.1"},
    {"0.30000000000000004", "0.3"},
    {"19.989999999999998", "19.99"},
    {"1.2345678901000001E10", "12345678901"},
    {"1E+15", "1000000000000000"},
    {"1.0E-3", "0.001"},
    {"-2.5e-3", "-0.0025"},
    {"100", "100"},
    {"100.50", "100.5"},
    {"9.9999999999999999", "10"},
    {"999999999999999.9", "1000000000000000"},
    {".5", "0.5"},
    {"5.", "5"},
    {"+3", "3"},
    {"1.7976931348623157E+308", NULL},
    {"1E401", "1E401"},
    {"1E99999999999", "1E99999999999"},
    {"1E", "1E"},
    {"NaN", "NaN"},
    {"1,5", "1,5"},
    {"1 ", "1 "},
    {"", ""},
    {".", "."},
};

typedef struct date_case_t {
    const char *text;
    crm_xlsx_kind_e kind;
    int is_1904;
    const char *result;
} date_case_t;

static const date_case_t dates[] = {
    {"1", CRM_XLSX_DATE, 0, "1900-01-01"},
    {"59", CRM_XLSX_DATE, 0, "1900-02-28"},
    {"60", CRM_XLSX_DATE, 0, "1900-02-28"},
    {"61", CRM_XLSX_DATE, 0, "1900-03-01"},
    {"25569", CRM_XLSX_DATE, 0, "1970-01-01"},
    {"45351", CRM_XLSX_DATE, 0, "2024-02-29"},
    {"2958465", CRM_XLSX_DATE, 0, "9999-12-31"},
    {"2958466", CRM_XLSX_DATE, 0, "2958466"},
    {"-1", CRM_XLSX_DATE, 0, "-1"},
    {"1E300", CRM_XLSX_DATE, 0, NULL},
    {"soon", CRM_XLSX_DATE, 0, "soon"},
    {"0", CRM_XLSX_DATE, 1, "1904-01-01"},
    {"44887", CRM_XLSX_DATE, 1, "2026-11-23"},
    {"2957003", CRM_XLSX_DATE, 1, "9999-12-31"},
    {"2957004", CRM_XLSX_DATE, 1, "2957004"},
    {"46349.5", CRM_XLSX_DATE, 0, "2026-11-23T12:00:00"},
    {"46349", CRM_XLSX_DATE_TIME, 0, "2026-11-23T00:00:00"},
    {"46349.416666666664", CRM_XLSX_DATE_TIME, 0, "2026-11-23T10:00:00"},
    {"46349.99999999999", CRM_XLSX_DATE_TIME, 0, "2026-11-24T00:00:00"},
    {"46349.000002893518", CRM_XLSX_DATE_TIME, 0, "2026-11-23T00:00:00.250"},
    {"0.5", CRM_XLSX_TIME, 0, "12:00:00"},
    {"0.99998842592592592", CRM_XLSX_TIME, 0, "23:59:59"},
    {"46349.25", CRM_XLSX_TIME, 0, "2026-11-23T06:00:00"},
    {"1.1041666666666667", CRM_XLSX_ELAPSED, 0, "26:30:00"},
    {"4.1666666666666664E-2", CRM_XLSX_TIME, 0, "01:00:00"},
};

typedef struct kind_case_t {
    const char *code;
    crm_xlsx_kind_e kind;
} kind_case_t;

static const kind_case_t codes[] = {
    {"General", CRM_XLSX_NUMBER},
    {"0.00", CRM_XLSX_NUMBER},
    {"0.00E+00", CRM_XLSX_NUMBER},
    {"#,##0.00\\ \"days\"", CRM_XLSX_NUMBER},
    {"[Red]0;[Blue]yyyy", CRM_XLSX_NUMBER},
    {"[$-409]0", CRM_XLSX_NUMBER},
    {"\\d0_d*d", CRM_XLSX_NUMBER},
    {"\"unclosed d", CRM_XLSX_NUMBER},
    {"@", CRM_XLSX_NUMBER},
    {"", CRM_XLSX_NUMBER},
    {"\\", CRM_XLSX_NUMBER},
    {"d/m/yyyy", CRM_XLSX_DATE},
    {"[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", CRM_XLSX_DATE},
    {"mmm", CRM_XLSX_DATE},
    {"DD.MM.YY", CRM_XLSX_DATE},
    {"h:mm AM/PM", CRM_XLSX_TIME},
    {"mm:ss.0", CRM_XLSX_TIME},
    {"[h]:mm:ss", CRM_XLSX_ELAPSED},
    {"[mm]:ss", CRM_XLSX_ELAPSED},
    {"yyyy-mm-dd\"T\"hh:mm:ss", CRM_XLSX_DATE_TIME},
    {"m/d/yy h:mm", CRM_XLSX_DATE_TIME},
};

/* Texts that are written with escapes. */
static const text_case_t escapes[] = {
    {"plain", "plain"},           {"_x", "_x"},
    {"_x0041_", "_x005F_x0041_"}, {"a_x0041_x0042_", "a_x005F_x0041_x005F_x0042_"},
    {"_xD800_", "_x005F_xD800_"}, {"_x00g1_", "_x00g1_"},
};

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

static void test_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cells); i++) {
        const char *xml = apr_pstrcat(
            pool, "<worksheet xmlns=\"" FIXTURE_MAIN "\"><sheetData>", cells[i].xml,
            "</sheetData><mergeCells><mergeCell ref=\"A4:B4\"/></mergeCells></worksheet>", NULL);
        const fixture_part_t parts[] = {{"xl/worksheets/sheet1.xml", xml, 0},
                                        {"xl/sharedStrings.xml", strings, 0},
                                        {"xl/styles.xml", styles, 0},
                                        {NULL, NULL, 0}};
        assert_string_equal(fixture_read(pool, fixture_xlsx(pool, parts), NULL), cells[i].rows);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const char *made = crm_xlsx_number(pool, numbers[i].text);
        if (numbers[i].result) {
            assert_string_equal(made, numbers[i].result);
        } else {
            assert_int_equal(strlen(made), 309);
            assert_memory_equal(made, "1797693134862320", 16);
            assert_int_equal(strspn(made + 15, "0"), 309 - 15);
        }
    }
}

static void test_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dates); i++) {
        const char *made = crm_xlsx_date(pool, dates[i].text, dates[i].kind, dates[i].is_1904);
        if (dates[i].result) {
            assert_string_equal(made, dates[i].result);
        } else {
            assert_int_equal(strlen(made), 301);
        }
    }
}

static void test_format_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_int_equal(crm_xlsx_format_kind(codes[i].code), codes[i].kind);
    }
}

static void test_escapes_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(escapes); i++) {
        crm_xlsx_text_t text = {0};
        const char *made = crm_xlsx_text_escape(pool, escapes[i].text);
        assert_string_equal(made, escapes[i].result);
        assert_true(crm_xlsx_text_add(&text, made, strlen(made)));
        crm_xlsx_text_decode(&text);
        assert_string_equal(text.bytes, escapes[i].text);
        free(text.bytes);
    }
}

static void test_days_since_1904(void **state)
{
    (void)state;
    const fixture_part_t parts[] = {
        {"xl/workbook.xml",
         FIXTURE_WORKBOOK("<workbookPr date1904=\"1\"/><sheets><sheet name=\"S\" r:id=\"rId1\"/>"
                          "</sheets>"),
         0},
        {"xl/styles.xml", styles, 0},
        {"xl/worksheets/sheet1.xml",
         FIXTURE_ROWS("<row r=\"1\"><c r=\"A1\" s=\"1\"><v>44887</v></c></row>"), 0},
        {NULL, NULL, 0}};
    assert_string_equal(fixture_read(pool, fixture_xlsx(pool, parts), NULL), "1:2026-11-23");
}

/* A workbook as others than Excel write it: strict, with a prefix, absolute and upward targets. */
static void test_other_writers(void **state)
{
    (void)state;
    const fixture_part_t parts[] = {
        {"_rels/.rels",
         "<Relationships xmlns=\"" FIXTURE_PACKAGE "\"><Relationship Id=\"x\" Type=\"urn:other\" "
         "Target=\"http://127.0.0.1/\" TargetMode=\"External\"/><Relationship Id=\"R1\" "
         "Type=\"" STRICT_DOCUMENT
         "/officeDocument\" Target=\"/book/./Main.xml\"/></Relationships>",
         0},
        {"book/main.xml",
         "<x:workbook xmlns:x=\"" STRICT "\"><x:workbookPr "
         "date1904=\"false\"/><x:sheets><x:sheet name=\"One\" xmlns:q=\"" STRICT_DOCUMENT
         "\" q:id=\"a\"/></x:sheets></x:workbook>",
         0},
        {"book/_rels/Main.xml.rels",
         "<Relationships xmlns=\"" FIXTURE_PACKAGE
         "\"><Relationship Id=\"a\" Type=\"" STRICT_DOCUMENT
         "/worksheet\" Target=\"sub/../../other/one.xml\"/></Relationships>",
         0},
        {"other/one.xml",
         "\xef\xbb\xbf<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"" STRICT
         "\"><x:sheetData><x:row "
         "r=\"1\"><x:c r=\"A1\" t=\"inlineStr\"><x:is><x:t>yes</x:t></x:is></x:c></x:row>"
         "</x:sheetData></x:worksheet>",
         0},
        {NULL, NULL, 0}};
    assert_string_equal(fixture_read(pool, fixture_zip(pool, parts, NULL), NULL), "1:yes");
}

typedef struct sheet_case_t {
    const char *sheet; /* wanted */
    const char *rows;
} sheet_case_t;

static void test_sheets(void **state)
{
    (void)state;
    static const sheet_case_t rows[] = {
        {NULL, "1:visible"},
        {"Hidden", "1:hidden"},
        {"visible one", "1:visible"},
        {"2", "1:visible"},
        {"3", "1:named two"},
        {"1", "1:hidden"},
        {"4", "There is no sheet \"4\" in the file; it has \"Hidden\", \"Visible One\", \"3\"."},
        {"Chart", "There is no sheet \"Chart\" in the file; it has \"Hidden\", \"Visible One\", "
                  "\"3\"."},
        {"", "There is no sheet \"\" in the file; it has \"Hidden\", \"Visible One\", \"3\"."},
    };
#define ONE(text) FIXTURE_ROWS("<row r=\"1\"><c r=\"A1\" t=\"str\"><v>" text "</v></c></row>")
    const fixture_part_t parts[] = {
        {"xl/workbook.xml",
         FIXTURE_WORKBOOK("<sheets><sheet name=\"Hidden\" state=\"hidden\" r:id=\"r1\"/><sheet "
                          "name=\"Chart\" r:id=\"r4\"/><sheet name=\"Visible One\" r:id=\"r2\"/>"
                          "<sheet name=\"3\" r:id=\"r3\"/></sheets>"),
         0},
        {"xl/_rels/workbook.xml.rels",
         FIXTURE_RELATIONS(FIXTURE_RELATION("r3", "worksheet", "c.xml") FIXTURE_RELATION(
             "r2", "worksheet", "b.xml") FIXTURE_RELATION("r1", "worksheet", "a.xml")
                               FIXTURE_RELATION("r4", "chartsheet", "d.xml")),
         0},
        {"xl/a.xml", ONE("hidden"), 0},
        {"xl/b.xml", ONE("visible"), 0},
        {"xl/c.xml", ONE("named two"), 0},
        {NULL, NULL, 0}};
    int fd = fixture_xlsx(pool, parts);
    for (size_t i = 0; i < COUNT(rows); i++) {
        crm_sheet_options_t options = {.sheet = rows[i].sheet};
        assert_string_equal(fixture_read(pool, fd, &options), rows[i].rows);
    }
    crm_sheet_facts_t facts;
    assert_null(crm_sheet_check(pool, fd, NULL, &facts));
    assert_int_equal(facts.format, CRM_SHEET_XLSX);
    assert_string_equal(facts.sheet, "Visible One");
    assert_null(facts.charset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_format_codes),
        cmocka_unit_test(test_escapes_come_back),
        cmocka_unit_test(test_days_since_1904),
        cmocka_unit_test(test_other_writers),
        cmocka_unit_test(test_sheets),
    };
    return cmocka_run_group_tests_name("base/xlsx", tests, setup, teardown);
}
