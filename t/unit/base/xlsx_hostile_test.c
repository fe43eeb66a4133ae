/* t/unit/base/xlsx_hostile_test.c - XLSX files that are damaged or mean harm: told, never suffered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <sys/stat.h>

#include "base/sheet.h"
#include "sheet_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SHEET "xl/worksheets/sheet1.xml"
#define MIB (1 << 20)
#define A1 "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>a</v></c></row>"
#define PART(name) "The part \"" name "\" of the XLSX file "

/* What one part of a workbook holds, and what is said of it. */
typedef struct part_case_t {
    const char *name;
    const char *text;
    const char *said;
} part_case_t;

static const part_case_t parts[] = {
    {SHEET, FIXTURE_ROWS("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>"),
     "Row 1: a cell \"XFE1\" cannot stand there: columns are A to XFD, in order."},
    {SHEET, FIXTURE_ROWS("<row r=\"1\"><c r=\"XFD1\"><v>1</v></c><c><v>1</v></c></row>"),
     "Row 1: a cell \"\" cannot stand there: columns are A to XFD, in order."},
    {SHEET, FIXTURE_ROWS(A1 "<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"A2\"><v>1</v></c></row>"),
     "1:a\nRow 2: a cell \"A2\" cannot stand there: columns are A to XFD, in order."},
    {SHEET, FIXTURE_ROWS(A1 "<row r=\"2\"><c r=\"A7\"><v>1</v></c></row>"),
     "1:a\nRow 2: a cell \"A7\" cannot stand there: columns are A to XFD, in order."},
    {SHEET, FIXTURE_ROWS("<row r=\"1\"><c r=\"AAAAAAAAAAAAAAAAAA1\"><v>1</v></c></row>"),
     "Row 1: a cell \"AAAAAAAAAAAAAAAAAA1\" cannot stand there: columns are A to XFD, in order."},
    {SHEET, FIXTURE_ROWS(A1 "<row r=\"1048577\"/>"),
     "1:a\nA row \"1048577\" comes after row 1: the rows of XLSX are 1 to 1048576, in order."},
    {SHEET, FIXTURE_ROWS("<row r=\"1048576\"/><row/>"),
     "A row \"\" comes after row 1048576: the rows of XLSX are 1 to 1048576, in order."},
    {SHEET, FIXTURE_ROWS("<row r=\"0\"/>"),
     "A row \"0\" comes after row 0: the rows of XLSX are 1 to 1048576, in order."},
    {SHEET, FIXTURE_ROWS(A1 "<row r=\"1\"/>"),
     "1:a\nA row \"1\" comes after row 1: the rows of XLSX are 1 to 1048576, in order."},
    {SHEET, FIXTURE_ROWS(A1 "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c></row>"),
     "1:a\nRow 2, column A: the cell refers to shared string \"0\" of 0."},
    {SHEET, FIXTURE_ROWS("<row r=\"1\"><c r=\"B1\" t=\"s\"><v>-1</v></c></row>"),
     "Row 1, column B: the cell refers to shared string \"-1\" of 0."},
    {SHEET, FIXTURE_ROWS("<row r=\"1\"><c r=\"A1\" t=\"zz\"><v>1</v></c></row>"),
     "Row 1, column A: there is no type of cells \"zz\"."},
    {SHEET, "<worksheet xmlns=\"" FIXTURE_MAIN "\"><sheetData>" A1 "</sheetDat",
     "1:a\n" PART(
         SHEET) "is not well-formed (line 1 of its XML). Row 1 is the last that can be read."},
    {SHEET, "\n<worksheet xmlns=\"" FIXTURE_MAIN "\"><sheetData></worksheet>",
     PART(SHEET) "is not well-formed (line 2 of its XML)."},
    {SHEET, " ", PART(SHEET) "is not well-formed (line 1 of its XML)."},
    {SHEET, "<worksheet/>", PART(SHEET) "is not what it should be (line 1 of its XML)."},
    {SHEET,
     "<!DOCTYPE worksheet [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><worksheet "
     "xmlns=\"" FIXTURE_MAIN "\">&b;</worksheet>",
     PART(SHEET) "declares a document type or entities, which XLSX may not (line 1 of its XML)."},
    {SHEET, "<!DOCTYPE worksheet SYSTEM \"file:///etc/passwd\"><worksheet/>",
     PART(SHEET) "declares a document type or entities, which XLSX may not (line 1 of its XML)."},
    {"xl/sharedStrings.xml",
     "<!DOCTYPE sst [<!ENTITY % p SYSTEM \"http://127.0.0.1/\">%p;]><sst xmlns=\"" FIXTURE_MAIN
     "\"/>",
     PART("xl/sharedStrings.xml") "declares a document type or entities, which XLSX may not (line "
                                  "1 of its XML)."},
    {"xl/styles.xml", "<styleSheet",
     PART("xl/styles.xml") "is not well-formed (line 1 of its XML)."},
    {"xl/workbook.xml", FIXTURE_WORKBOOK("<sheets/>"), "The XLSX file has no sheet."},
    {"xl/workbook.xml", FIXTURE_WORKBOOK("<sheets><sheet name=\"S\" r:id=\"rId9\"/></sheets>"),
     "The XLSX file has no sheet."},
    {"xl/_rels/workbook.xml.rels", FIXTURE_RELATIONS(""), "The XLSX file has no sheet."},
    {"xl/_rels/workbook.xml.rels",
     FIXTURE_RELATIONS(FIXTURE_RELATION("rId1", "worksheet", "nowhere.xml")),
     "The XLSX file lacks its part \"xl/nowhere.xml\": save it again."},
    {"xl/_rels/workbook.xml.rels",
     FIXTURE_RELATIONS("<Relationship Id=\"rId1\" Type=\"" FIXTURE_DOCUMENT "/worksheet\" Target=\""
                       "file:///etc/passwd\" TargetMode=\"External\"/>"),
     "The XLSX file has no sheet."},
    /* a workbook that is its own sheet, and relationships of relationships */
    {"xl/_rels/workbook.xml.rels",
     FIXTURE_RELATIONS(FIXTURE_RELATION("rId1", "worksheet", "workbook.xml")),
     PART("xl/workbook.xml") "is not what it should be (line 1 of its XML)."},
    {"xl/_rels/workbook.xml.rels",
     FIXTURE_RELATIONS(FIXTURE_RELATION("rId1", "worksheet", "_rels/workbook.xml.rels")),
     PART("xl/_rels/workbook.xml.rels") "is not what it should be (line 1 of its XML)."},
    {"_rels/.rels",
     FIXTURE_RELATIONS(FIXTURE_RELATION("rId1", "officeDocument", "../../_rels/.rels")),
     "The file is no XLSX workbook: save the spreadsheet as XLSX or CSV and send that."},
    {"_rels/.rels",
     FIXTURE_RELATIONS(FIXTURE_RELATION("rId1", "officeDocument", "xl/workbook.bin")),
     "The file is no XLSX workbook but a binary one (.xlsb): save the spreadsheet as XLSX or CSV "
     "and "
     "send that."},
    {"mimetype", "application/vnd.oasis.opendocument.spreadsheet",
     "The file is a ZIP archive but no XLSX workbook: save the spreadsheet as XLSX or CSV and send "
     "that."},
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

/* What is read of a workbook with TEXT of SIZE bytes as part NAME; none of it stays in memory. */
static void expect(const char *name, const char *text, size_t size, const char *said)
{
    apr_pool_t *own;
    const fixture_part_t given[] = {{name, text, size}, {NULL, NULL, 0}};
    assert_int_equal(apr_pool_create(&own, pool), APR_SUCCESS);
    const char *read = fixture_read(own, fixture_xlsx(own, given), NULL);
    if (strstr(said, "...")) {
        assert_memory_equal(read, said, strlen(said) - 3);
    } else {
        assert_string_equal(read, said);
    }
    apr_pool_destroy(own);
}

static void test_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++) {
        expect(parts[i].name, parts[i].text, strlen(parts[i].text), parts[i].said);
    }
}

/* HEAD, then COUNT times REPEATED, then TAIL. */
static char *make_long(const char *head, const char *repeated, size_t count, const char *tail,
                       size_t *ret_size)
{
    size_t size = strlen(repeated);
    char *text = malloc(strlen(head) + size * count + strlen(tail) + 1);
    char *to = stpcpy(text, head);
    for (size_t i = 0; i < count; i++) {
        memcpy(to, repeated, size);
        to += size;
    }
    to = stpcpy(to, tail);
    *ret_size = (size_t)(to - text);
    return text;
}

typedef struct long_case_t {
    const char *name;
    const char *head;
    const char *repeated;
    size_t count;
    const char *tail;
    const char *said; /* up to "..." */
} long_case_t;

#define BEGIN "<worksheet xmlns=\"" FIXTURE_MAIN "\"><sheetData>"
#define STRINGS "<sst xmlns=\"" FIXTURE_MAIN "\"><si><t>"

static void test_long_things(void **state)
{
    (void)state;
    static const long_case_t cases[] = {
        {SHEET, BEGIN A1 "<row r=\"2\"><c r=\"C2\" t=\"str\"><v>", "x", MIB + 1, "</v></c></row>",
         "1:a\nRow 2, column C: the cell has more than 1 MiB."},
        {"xl/sharedStrings.xml", STRINGS, "x", MIB + 1, "</t></si></sst>",
         "Shared string 0 of the XLSX file has more than 1 MiB."},
        {SHEET, BEGIN, "<x>", 63, "", PART(SHEET) "has too many elements within each other..."},
        {SHEET, BEGIN "<row r=\"", "1", 3 * MIB, "\"/>",
         PART(SHEET) "has a tag or comment of more than 1 MiB..."},
        {SHEET, BEGIN "<!--", "x", 3 * MIB, "-->",
         PART(SHEET) "has a tag or comment of more than 1 MiB..."},
        /* 17 MiB of blanks that deflate to 17 KiB: more than 16 MiB and 200 times the file */
        {SHEET, BEGIN, "                ", 2 * MIB, "</sheetData></worksheet>",
         "The XLSX file unpacks to more than 2..."},
        /* cells of 1 MiB each */
        {SHEET, BEGIN "<row r=\"1\">", "<c t=\"s\"><v>0</v></c>", 10, "</row>",
         "Row 1: it has more than 8 MiB."},
    };
    size_t text_size = 0;
    char *text = make_long(STRINGS, "x", MIB, "</t></si></sst>", &text_size);
    for (size_t i = 0; i < COUNT(cases); i++) {
        apr_pool_t *own;
        size_t size = 0;
        char *xml =
            make_long(cases[i].head, cases[i].repeated, cases[i].count, cases[i].tail, &size);
        if (strstr(cases[i].repeated, "t=\"s\"")) {
            const fixture_part_t given[] = {
                {SHEET, xml, size}, {"xl/sharedStrings.xml", text, text_size}, {NULL, NULL, 0}};
            assert_int_equal(apr_pool_create(&own, pool), APR_SUCCESS);
            assert_string_equal(fixture_read(own, fixture_xlsx(own, given), NULL), cases[i].said);
            apr_pool_destroy(own);
        } else {
            expect(cases[i].name, xml, size, cases[i].said);
        }
        free(xml);
    }
    free(text);
}

/* A shared string of 1 MiB that every row refers to: what is handed out is bounded too. */
static void test_a_string_bomb(void **state)
{
    (void)state;
    size_t text_size = 0;
    size_t size = 0;
    char *text = make_long(STRINGS, "x", MIB, "</t></si></sst>", &text_size);
    char *xml = make_long(BEGIN, "<row><c t=\"s\"><v>0</v></c></row>", 1000,
                          "</sheetData></worksheet>", &size);
    const fixture_part_t given[] = {
        {SHEET, xml, size}, {"xl/sharedStrings.xml", text, text_size}, {NULL, NULL, 0}};
    crm_sheet_facts_t facts;
    crm_error_t *error = crm_sheet_check(pool, fixture_xlsx(pool, given), NULL, &facts);
    assert_non_null(error);
    assert_string_equal(error->detail,
                        "The XLSX file unpacks to more than 16 MiB, which is not to be expected of "
                        "one of its size. Row 17 is the last that can be read.");
    free(text);
    free(xml);
}

/* The bytes of a workbook that is well. */
static unsigned char *good_bytes(size_t *ret_size)
{
    const fixture_part_t given[] = {
        {SHEET, FIXTURE_ROWS(A1 "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>"), 0},
        {NULL, NULL, 0}};
    int fd = fixture_xlsx(pool, given);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    unsigned char *bytes = malloc((size_t)status.st_size);
    assert_int_equal(pread(fd, bytes, (size_t)status.st_size, 0), status.st_size);
    *ret_size = (size_t)status.st_size;
    return bytes;
}

/* What checking SIZE bytes says, or NULL. */
static const char *check(const unsigned char *bytes, size_t size)
{
    apr_pool_t *own;
    crm_sheet_facts_t facts;
    assert_int_equal(apr_pool_create(&own, pool), APR_SUCCESS);
    crm_error_t *error = crm_sheet_check(own, fixture_file(own, bytes, size), NULL, &facts);
    const char *said = error ? apr_pstrdup(pool, error->detail) : NULL;
    if (error) {
        assert_int_equal(error->kind, CRM_E_BAD_REQUEST);
    }
    apr_pool_destroy(own);
    return said;
}

static void test_a_file_that_is_cut_off_anywhere(void **state)
{
    (void)state;
    size_t size = 0;
    unsigned char *bytes = good_bytes(&size);
    assert_null(check(bytes, size));
    for (size_t kept = 8; kept < size; kept += 7) {
        assert_non_null(check(bytes, kept));
    }
    free(bytes);
}

static void test_each_byte_changed(void **state)
{
    (void)state;
    size_t size = 0;
    int told = 0;
    unsigned char *bytes = good_bytes(&size);
    for (size_t i = 4; i < size; i++) {
        bytes[i] ^= 0xff;
        told += check(bytes, size) != NULL;
        bytes[i] ^= 0xff;
    }
    assert_true(told > (int)size / 2); /* the others are of times, comments and the like */
    free(bytes);
}

/* Where the end record begins. */
static size_t end_record(const unsigned char *bytes, size_t size)
{
    size -= 22;
    assert_memory_equal(bytes + size, "PK\5\6", 4);
    return size;
}

static void test_many_entries(void **state)
{
    (void)state;
    size_t size = 0;
    unsigned char *bytes = good_bytes(&size);
    size_t end = end_record(bytes, size);
    memcpy(bytes + end + 8, "\xff\x7f\xff\x7f", 4);
    assert_string_equal(check(bytes, size),
                        "The XLSX file has too many parts: the limit is 10000.");
    free(bytes);
    bytes = good_bytes(&size);
    memcpy(bytes + end + 12, "\xff\xff\xff\x7f", 4);
    assert_string_equal(check(bytes, size),
                        "The XLSX file has too many parts: the limit is 10000.");
    free(bytes);
}

static void test_zip64(void **state)
{
    (void)state;
    size_t size = 0;
    unsigned char *bytes = good_bytes(&size);
    size_t end = end_record(bytes, size);
    bytes = realloc(bytes, size + 20);
    memmove(bytes + end + 20, bytes + end, 22);
    memset(bytes + end, 0xff, 20);
    memcpy(bytes + end, "PK\6\7", 4);
    assert_string_equal(
        check(bytes, size + 20),
        "The file is a ZIP64 archive, which no XLSX file of a size that can be read "
        "needs: save it again, as XLSX or CSV.");
    free(bytes);
}

static void test_a_password(void **state)
{
    (void)state;
    const fixture_part_t given[] = {{"_rels/.rels", FIXTURE_RELATIONS(""), 0}, {NULL, NULL, 0}};
    assert_string_equal(fixture_read(pool, fixture_zip(pool, given, "secret"), NULL),
                        "The file is protected by a password: save it without one.");
}

static void test_another_zip_archive(void **state)
{
    (void)state;
    const fixture_part_t given[] = {{"photo.jpg", "x", 0}, {NULL, NULL, 0}};
    assert_string_equal(fixture_read(pool, fixture_zip(pool, given, NULL), NULL),
                        "The file is a ZIP archive but no XLSX workbook: save the spreadsheet as "
                        "XLSX or CSV and send that.");
}

static void test_an_error_stays(void **state)
{
    (void)state;
    const fixture_part_t given[] = {{SHEET, FIXTURE_ROWS("<row r=\"0\"/>" A1), 0}, {NULL, NULL, 0}};
    crm_sheet_t *sheet = NULL;
    const crm_sheet_row_t *row = NULL;
    assert_null(crm_sheet_open_fd(pool, fixture_xlsx(pool, given), NULL, &sheet));
    crm_error_t *error = crm_sheet_next(sheet, &row);
    assert_non_null(error);
    assert_ptr_equal(crm_sheet_next(sheet, &row), error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_long_things),
        cmocka_unit_test(test_a_string_bomb),
        cmocka_unit_test(test_a_file_that_is_cut_off_anywhere),
        cmocka_unit_test(test_each_byte_changed),
        cmocka_unit_test(test_many_entries),
        cmocka_unit_test(test_zip64),
        cmocka_unit_test(test_a_password),
        cmocka_unit_test(test_another_zip_archive),
        cmocka_unit_test(test_an_error_stays),
    };
    return cmocka_run_group_tests_name("base/xlsx, hostile", tests, setup, teardown);
}
