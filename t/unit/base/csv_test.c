/* t/unit/base/csv_test.c - CSV, and what spreadsheets write by that name, as rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/csv.h"
#include "base/sheet.h"
#include "sheet_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CASE(text, result)                                                                         \
    {                                                                                              \
        .bytes = (text), .size = sizeof(text) - 1, .rows = (result)                                \
    }
#define CASE_IN(name, text, result)                                                                \
    {                                                                                              \
        .charset = (name), .bytes = (text), .size = sizeof(text) - 1, .rows = (result)             \
    }
#define MIB (1 << 20)

typedef struct csv_case_t {
    const char *bytes;
    size_t size;
    const char *charset; /* announced */
    const char *rows;    /* as fixture_read tells them */
} csv_case_t;

static const csv_case_t cases[] = {
    /* records, their ends and their numbers */
    CASE("", ""),
    CASE("\n\r\n\r", ""),
    CASE("a,b\r\n1,2\r\n", "1:a|b\n2:1|2"),
    CASE("a,b\n1,2", "1:a|b\n2:1|2"),
    CASE("a,b\r1,2\r", "1:a|b\n2:1|2"),
    CASE("a,b\n\r\n,\n1,2\n\n3,4\n", "1:a|b\n4:1|2\n6:3|4"),
    CASE("\n\na\n1", "3:a\n4:1"),
    CASE("a,b\n\"x\ny\",2\n3,4\n", "1:a|b\n2:x\\ny|2\n3:3|4"),
    CASE("a\n\"x\r\ny\rz\"\r\n2", "1:a\n2:x\\r\\ny\\rz\n3:2"),
    /* quotes */
    CASE("a,b\n\"1\",\"\"\n", "1:a|b\n2:1|"),
    CASE("a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", "1:a|b\n2:say \"hi\"|\""),
    CASE("a,b\n5\" nail,x\"y\"\n", "1:a|b\n2:5\" nail|x\"y\""),
    CASE("a,b\n\"x\"y,\"p\"\"q\" r\n", "1:a|b\n2:xy|p\"q r"),
    CASE("a,b\n\"x\"y\"z\",1\n", "1:a|b\n2:xy\"z\"|1"),
    CASE("a\n\"\"\"\"\"\"", "1:a\n2:\"\""),
    CASE("a,b\n1,\"never\nclosed,\n",
         "1:a|b\nRow 2, column B: the quote that opens the cell is never closed."),
    CASE("a\n\"", "1:a\nRow 2, column A: the quote that opens the cell is never closed."),
    /* delimiters */
    CASE("a;b;c\n1,5;2;3\n", "1:a|b|c\n2:1,5|2|3"),
    CASE("a\tb\n1,2\t3\n", "1:a|b\n2:1,2|3"),
    CASE("a|b|c\n1\n", "1:a|b|c\n2:1||"),
    CASE("\"a,b,c,d\";x;y\n1;2;3\n", "1:a,b,c,d|x|y\n2:1|2|3"),
    CASE("\"a\"\",;,,\";x\n1;2\n", "1:a\",;,,|x\n2:1|2"),
    CASE("\"a\n,,,\";x\n1;2\n", "1:a\\n,,,|x\n2:1|2"),
    CASE("\n\na;b\n1,1,1;2\n", "3:a|b\n4:1,1,1|2"),
    CASE("alone\n1\n", "1:alone\n2:1"),
    CASE("sep=;\r\na,b;c\r\n1;2\r\n", "1:a,b|c\n2:1|2"),
    CASE("SEP=^\na^b\n1^2\n", "1:a|b\n2:1|2"),
    CASE("sep=\t\na\tb", "1:a|b"),
    CASE("sep=;x\na,b\n", "1:sep=|x\n2:a,b|"),
    CASE("sep=", "1:sep="),
    /* ragged rows, and empty cells at the ends */
    CASE("a,b,c\n1\n1,2\n1,2,3,,\n", "1:a|b|c\n2:1||\n3:1|2|\n4:1|2|3"),
    CASE("a,b,,\n1,2\n1,2,3\n1,2,,4\n5,6\n",
         "1:a|b\n2:1|2\n3:1|2 !The row has 3 cells, the header 2.\n"
         "4:1|2 !The row has 4 cells, the header 2.\n5:5|6"),
    CASE("a,,c\n1,2,3", "1:a||c\n2:1|2|3"),
    CASE("a,b\n,2\n", "1:a|b\n2:|2"),
    /* formulas: what the writer defused is as it was, and nothing else changes */
    CASE("a,b\n'=1+1,\"'+1\"\n'@x,'-1\n", "1:a|b\n2:=1+1|+1\n3:@x|-1"),
    CASE("a,b\n''=1,'''-\n'\tx,\"'\ry\"\n", "1:a|b\n2:'=1|''-\n3:\tx|\\ry"),
    CASE("a,b\n'x,'\n=1,-1\n''x,'1\n", "1:a|b\n2:'x|'\n3:=1|-1\n4:''x|'1"),
    /* charsets */
    CASE("\xef\xbb\xbf"
         "a,\xc3\xa4\n1,2",
         "1:a|\xc3\xa4\n2:1|2"),
    CASE("\xef\xbb\xbfsep=;\na;b", "1:a|b"),
    CASE("\xff\xfe"
         "a\0;\0\xe4\0\n\0\x3d\xd8\x00\xde;\0\n\0",
         "1:a|\xc3\xa4\n2:\xf0\x9f\x98\x80|"),
    CASE("\xfe\xff"
         "\0a\0,\0\xe4\0\n\0\x31\0,\0\x32",
         "1:a|\xc3\xa4\n2:1|2"),
    CASE("name\nM\xfcller \x80 5\n", "1:name\n2:M\xc3\xbcller \xe2\x82\xac 5"),
    CASE_IN("ISO-8859-1", "M\xfcller \x80\n", "1:M\xc3\xbcller \xe2\x82\xac"),
    CASE_IN("windows-1252", "M\xc3\xbcller\n", "1:M\xc3\x83\xc2\xbcller"),
    CASE_IN("windows-1251", "\xcf\xf0\xe8\n", "1:\xd0\x9f\xd1\x80\xd0\xb8"),
    CASE_IN("Shift_JIS", "\x93\xfa\x96\x7b\n", "1:\xe6\x97\xa5\xe6\x9c\xac"),
    CASE_IN("UTF-16LE", "a\0,\0b\0", "1:a|b"),
    CASE_IN("windows-1252", "\xef\xbb\xbf\xc3\xa4\n", "1:\xc3\xa4"),
    CASE_IN("utf-8", "a,b\n1,M\xfcller\n",
            "1:a|b\nRow 2, column B: bytes that are not UTF-8: name the file's charset, or save it "
            "as UTF-8."),
    CASE_IN("no-such", "a",
            "There is no charset \"no-such\": name the file's own, such as UTF-8, "
            "windows-1252 or UTF-16LE."),
    CASE("\xff\xfe"
         "a\0\n\0b\0\n\0c",
         "1:a\n2:b\nRow 3, column A: bytes that are not UTF-16LE "
         "follow: name the file's charset, or save it as UTF-8."),
    CASE("\xff\xfe"
         "a\0\n\0b\0c\0\x00\xdcx\0\n\0",
         "1:a\nRow 2, column A: bytes that are not "
         "UTF-16LE follow: name the file's charset, or save it as UTF-8."),
    CASE_IN("Shift_JIS", "a,b\n1,2\n3,\x81\xff\n",
            "1:a|b\n2:1|2\nRow 3, column B: bytes that are not Shift_JIS follow: name the file's "
            "charset, or save it as UTF-8."),
    CASE("a,b\n1,x\0y\n", "1:a|b\nRow 2, column B: a NUL byte: this is no text, or UTF-16 without "
                          "its byte order mark. Save the file as XLSX or as CSV in UTF-8."),
    CASE("a,b\n\"x\0\",y\n", "1:a|b\nRow 2, column A: a NUL byte: this is no text, or UTF-16 "
                             "without its byte order mark. Save the file as XLSX or as CSV in "
                             "UTF-8."),
    CASE("a,b\n1,2\n\0", "1:a|b\n2:1|2\nRow 3, column A: a NUL byte: this is no text, or UTF-16 "
                         "without its byte order mark. Save the file as XLSX or as CSV in UTF-8."),
    /* what is no CSV */
    CASE(
        "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on",
        "The file is of an old Excel (.xls) or protected by a password: save it as XLSX or CSV and "
        "send that."),
    CASE("%PDF-1.7", "The file is a PDF document: save it as XLSX or CSV and send that."),
    CASE("\x1f\x8b\x08", "The file is compressed by gzip: unpack it and send what is in it."),
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

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        crm_sheet_options_t options = {.charset = cases[i].charset};
        int fd = fixture_file(pool, cases[i].bytes, cases[i].size);
        assert_string_equal(fixture_read(pool, fd, &options), cases[i].rows);
    }
}

static void test_apostrophes_are_kept_when_asked(void **state)
{
    (void)state;
    crm_sheet_options_t options = {.keep_apostrophes = 1};
    int fd = fixture_file(pool, "a\n'=1", 5);
    assert_string_equal(fixture_read(pool, fd, &options), "1:a\n2:'=1");
}

/* What each way of reading finds where the buffer's end falls at any place of a record. */
static void test_every_place_for_the_end_of_the_buffer(void **state)
{
    (void)state;
    static const char tail[] = "\"q\"\"\r\n,\"x,\xc3\xa4,\"\"\"\"\r\n'=1,b,c\r\n";
    const size_t room = 262143;
    char *bytes = malloc(room + sizeof(tail));
    for (size_t shift = 0; shift <= sizeof(tail); shift++) {
        size_t lead = room - shift;
        memset(bytes, 'x', lead);
        memcpy(bytes, "a,b,c\n", 6);
        bytes[lead - 1] = '\n';
        memcpy(bytes + lead, tail, sizeof(tail) - 1);
        apr_pool_t *own;
        assert_int_equal(apr_pool_create(&own, pool), APR_SUCCESS);
        const char *text =
            fixture_read(own, fixture_file(own, bytes, lead + sizeof(tail) - 1), NULL);
        assert_string_equal(strstr(text, "\n3:"), "\n3:q\"\\r\\n,x|\xc3\xa4|\"\n4:=1|b|c");
        apr_pool_destroy(own);
    }
    free(bytes);
}

static void test_limits(void **state)
{
    (void)state;
    char *bytes = malloc(10 * MIB);
    memset(bytes, 'x', 10 * MIB);
    memcpy(bytes, "a,b\n1,", 6);
    bytes[6 + MIB] = '\n';
    const char *text = fixture_read(pool, fixture_file(pool, bytes, 7 + MIB), NULL);
    assert_int_equal(strlen(text), strlen("1:a|b\n2:1|") + MIB);
    bytes[6 + MIB] = 'x';
    text = fixture_read(pool, fixture_file(pool, bytes, 8 + MIB), NULL);
    assert_string_equal(text, "1:a|b\nRow 2, column B: the cell has more than 1 MiB.");
    text = fixture_read(pool, fixture_file(pool, bytes, 10 * MIB), NULL);
    assert_string_equal(text, "1:a|b\nRow 2, column B: the cell has more than 1 MiB.");
    bytes[6] = '"';
    text = fixture_read(pool, fixture_file(pool, bytes, 10 * MIB), NULL);
    assert_string_equal(text, "1:a|b\nRow 2, column B: the cell has more than 1 MiB.");
    for (size_t i = 6; i < 10 * MIB; i += 100000) {
        bytes[i] = ',';
    }
    text = fixture_read(pool, fixture_file(pool, bytes, 10 * MIB), NULL);
    assert_string_equal(text, "1:a|b\nRow 2: it has more than 8 MiB.");
    free(bytes);
}

static void test_columns_are_limited(void **state)
{
    (void)state;
    char bytes[CRM_SHEET_COLUMNS + 1];
    memset(bytes, ',', sizeof(bytes));
    bytes[CRM_SHEET_COLUMNS - 1] = 'z';
    crm_sheet_facts_t facts;
    int fd = fixture_file(pool, bytes, CRM_SHEET_COLUMNS);
    assert_null(crm_sheet_check(pool, fd, NULL, &facts));
    assert_int_equal(facts.columns, CRM_SHEET_COLUMNS);
    fd = fixture_file(pool, bytes, CRM_SHEET_COLUMNS + 1);
    crm_error_t *error = crm_sheet_check(pool, fd, NULL, &facts);
    assert_non_null(error);
    assert_string_equal(error->detail, "Row 1: it has more than 16384 cells.");
}

static void test_the_charset_of_one_pass_serves_the_next(void **state)
{
    (void)state;
    const size_t lead = 200000;
    char *bytes = malloc(lead + 3);
    memset(bytes, 'x', lead);
    for (size_t i = 10; i < lead; i += 10) {
        bytes[i] = '\n';
    }
    memcpy(bytes + lead, "\xfc\n", 2);
    int fd = fixture_file(pool, bytes, lead + 2);
    crm_sheet_facts_t facts;
    assert_null(crm_sheet_check(pool, fd, NULL, &facts));
    assert_int_equal(facts.format, CRM_SHEET_CSV);
    assert_string_equal(facts.charset, "windows-1252");
    assert_int_equal(facts.columns, 1);
    assert_int_equal(facts.rows, lead / 10 - 1);
    assert_int_equal(facts.last, lead / 10);
    crm_sheet_options_t options = {.charset = facts.charset};
    assert_non_null(strstr(fixture_read(pool, fd, &options), "xxxxxxxxx\xc3\xbc"));
    /* a sequence of UTF-8 across the blocks of the search is none that is broken */
    for (size_t at = 65533; at < 65537; at++) {
        memset(bytes, 'x', lead);
        memcpy(bytes + at, "\xf0\x9f\x98\x80", 4);
        memcpy(bytes + lead, "x\n", 2);
        fd = fixture_file(pool, bytes, lead + 2);
        assert_null(crm_sheet_check(pool, fd, NULL, &facts));
        assert_string_equal(facts.charset, "UTF-8");
    }
    free(bytes);
}

static void test_formulas(void **state)
{
    (void)state;
    static const char *const yes[] = {"=1", "+", "-2", "@a", "\tx", "\rx", "'=1", "'''@"};
    static const char *const no[] = {"", "'", "''", "a=1", " =1", "1", "\n=1", "'x"};
    for (size_t i = 0; i < COUNT(yes); i++) {
        assert_true(crm_csv_is_formula(yes[i]));
        assert_false(crm_csv_is_formula(no[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_apostrophes_are_kept_when_asked),
        cmocka_unit_test(test_every_place_for_the_end_of_the_buffer),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_columns_are_limited),
        cmocka_unit_test(test_the_charset_of_one_pass_serves_the_next),
        cmocka_unit_test(test_formulas),
    };
    return cmocka_run_group_tests_name("base/csv", tests, setup, teardown);
}
