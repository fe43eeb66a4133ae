/* t/unit/base/sheet_test.c - spreadsheets as streams: opened twice, skipped, large ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/sheet.h"
#include "base/sheet_writer.h"
#include "base/spill.h"
#include "sheet_fixture.h"

#define ROWS 100000
#define COLUMNS 10
#define GROWTH_KIB (32 << 10)

/* AddressSanitizer keeps what is freed: with it the process grows whatever is done. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_MEASURED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_MEASURED 0
#endif
#endif
#ifndef IS_MEASURED
#define IS_MEASURED 1
#endif

static const char *const header[COLUMNS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
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

static void test_two_readers_of_one_descriptor(void **state)
{
    (void)state;
    crm_sheet_t *sheets[2] = {NULL, NULL};
    const crm_sheet_row_t *row = NULL;
    int fd = fixture_file(pool, "a,b\n1,2\n\n3,4\n5,6\n", 17);
    assert_null(crm_sheet_open_fd(pool, fd, NULL, &sheets[0]));
    assert_null(crm_sheet_next(sheets[0], &row));
    assert_null(crm_sheet_open_fd(pool, fd, NULL, &sheets[1]));
    crm_sheet_skip_to(sheets[1], 4);
    assert_null(crm_sheet_next(sheets[1], &row));
    assert_string_equal(fixture_row(pool, row), "1:a|b");
    assert_null(crm_sheet_next(sheets[1], &row));
    assert_string_equal(fixture_row(pool, row), "4:3|4");
    assert_null(crm_sheet_next(sheets[0], &row));
    assert_string_equal(fixture_row(pool, row), "2:1|2");
    crm_sheet_skip_to(sheets[0], 6);
    assert_null(crm_sheet_next(sheets[0], &row));
    assert_null(row);
}

static void test_a_path(void **state)
{
    (void)state;
    crm_sheet_t *sheet = NULL;
    const crm_sheet_row_t *row = NULL;
    int fd = fixture_file(pool, "a\n", 2);
    assert_null(crm_sheet_open(pool, apr_psprintf(pool, "/proc/self/fd/%d", fd), NULL, &sheet));
    assert_null(crm_sheet_next(sheet, &row));
    assert_string_equal(fixture_row(pool, row), "1:a");
    crm_error_t *error = crm_sheet_open(pool, "/nonexistent", NULL, &sheet);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_INTERNAL);
}

static void test_columns(void **state)
{
    (void)state;
    assert_string_equal(crm_sheet_column(pool, 1), "A");
    assert_string_equal(crm_sheet_column(pool, 26), "Z");
    assert_string_equal(crm_sheet_column(pool, 27), "AA");
    assert_string_equal(crm_sheet_column(pool, 702), "ZZ");
    assert_string_equal(crm_sheet_column(pool, 703), "AAA");
    assert_string_equal(crm_sheet_column(pool, 16384), "XFD");
}

/* What is spilled comes back from anywhere, also what left memory long ago. */
static void test_spill(void **state)
{
    (void)state;
    crm_spill_t *spill = crm_spill_make(pool, NULL);
    const apr_uint64_t count = 3 << 20; /* of 8 bytes: six times what stays in memory */
    for (apr_uint64_t i = 0; i < count; i += 2) {
        const apr_uint64_t two[] = {i * 7, (i + 1) * 7};
        assert_null(crm_spill_append(spill, two, sizeof(two)));
        if (i % 4096 == 0) {
            apr_uint64_t value = 1;
            assert_null(crm_spill_read(spill, i / 2 * 8, &value, 8));
            assert_int_equal(value, i / 2 * 7);
        }
    }
    assert_int_equal(crm_spill_size(spill), count * 8);
    for (apr_uint64_t i = 0, at = 0; i < 100000; i++, at = (at + 1234577) % (count - 1)) {
        apr_uint64_t two[2] = {1, 1};
        assert_null(crm_spill_read(spill, at * 8, two, sizeof(two)));
        assert_int_equal(two[0], at * 7);
        assert_int_equal(two[1], (at + 1) * 7);
    }
}

static crm_error_t *write_out(void *baton, const char *bytes, apr_size_t size)
{
    assert_int_equal(write(*(int *)baton, bytes, size), size);
    return NULL;
}

/* A file of ROWS rows, each cell another text. */
static int write_rows(apr_pool_t *own, crm_sheet_format_e format)
{
    int fd = -1;
    char texts[COLUMNS][40];
    crm_sheet_cell_t cells[COLUMNS];
    crm_sheet_writer_t *writer = NULL;
    assert_null(crm_spill_file(pool, NULL, &fd));
    crm_sheet_writer_options_t options = {.format = format, .take = write_out, .baton = &fd};
    assert_null(crm_sheet_writer_open(own, &options, header, COLUMNS, &writer));
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            apr_snprintf(texts[j], sizeof(texts[j]), "a customer's text %d in %d", i, j);
            cells[j] = (crm_sheet_cell_t){.kind = CRM_CELL_TEXT, .text = texts[j]};
        }
        assert_null(crm_sheet_writer_row(writer, cells));
    }
    assert_null(crm_sheet_writer_finish(writer));
    return fd;
}

static void read_rows(apr_pool_t *own, int fd)
{
    crm_sheet_t *sheet = NULL;
    const crm_sheet_row_t *row = NULL;
    crm_sheet_facts_t facts;
    assert_null(crm_sheet_open_fd(own, fd, NULL, &sheet));
    for (int i = 0; i <= ROWS; i++) {
        assert_null(crm_sheet_next(sheet, &row));
        assert_non_null(row);
        assert_int_equal(row->count, COLUMNS);
    }
    assert_string_equal(row->cells[COLUMNS - 1], "a customer's text 99999 in 9");
    assert_null(crm_sheet_next(sheet, &row));
    assert_null(row);
    crm_sheet_facts(sheet, &facts);
    assert_int_equal(facts.rows, ROWS);
}

/* Runs WORK and gives by how many KiB the process was larger meanwhile than before. */
#define GROWTH(growth, ...)                                                                        \
    do {                                                                                           \
        fixture_memory_reset();                                                                    \
        long before_ = fixture_memory("VmRSS");                                                    \
        __VA_ARGS__;                                                                               \
        (growth) = fixture_memory("VmHWM") - before_;                                              \
    } while (0)

static void test_memory_does_not_grow(void **state)
{
    (void)state;
    for (int format = CRM_SHEET_CSV; format <= CRM_SHEET_XLSX; format++) {
        apr_pool_t *own;
        int fd = -1;
        long growth = 0;
        assert_int_equal(apr_pool_create(&own, NULL), APR_SUCCESS);
        GROWTH(growth, fd = write_rows(own, (crm_sheet_format_e)format));
        assert_true(growth < GROWTH_KIB || !IS_MEASURED);
        GROWTH(growth, read_rows(own, fd));
        assert_true(growth < GROWTH_KIB || !IS_MEASURED);
        apr_pool_destroy(own);
    }
}

/* A workbook whose million cells are as many shared strings. */
static int shared_workbook(void)
{
    size_t room = 80 << 20;
    char *strings = malloc(room);
    char *sheet = malloc(room);
    char *to = strings + sprintf(strings, "<sst xmlns=\"" FIXTURE_MAIN "\">");
    char *at = sheet + sprintf(sheet, "<worksheet xmlns=\"" FIXTURE_MAIN "\"><sheetData>");
    for (int j = 0; j < COLUMNS; j++) {
        to += sprintf(to, "<si><t>%s</t></si>", header[j]);
    }
    for (int i = 0; i <= ROWS; i++) {
        at += sprintf(at, "<row r=\"%d\">", i + 1);
        for (int j = 0; j < COLUMNS; j++) {
            at +=
                sprintf(at, "<c r=\"%c%d\" t=\"s\"><v>%d</v></c>", 'A' + j, i + 1, i * COLUMNS + j);
            to += i < ROWS ? sprintf(to, "<si><t>a customer's text %d in %d</t></si>", i, j) : 0;
        }
        at += sprintf(at, "</row>");
    }
    to += sprintf(to, "</sst>");
    at += sprintf(at, "</sheetData></worksheet>");
    const fixture_part_t parts[] = {{"xl/worksheets/sheet1.xml", sheet, (apr_size_t)(at - sheet)},
                                    {"xl/sharedStrings.xml", strings, (apr_size_t)(to - strings)},
                                    {NULL, NULL, 0}};
    fixture_level = 1;
    int fd = fixture_xlsx(pool, parts);
    fixture_level = 0;
    free(strings);
    free(sheet);
    return fd;
}

static void test_a_million_shared_strings(void **state)
{
    (void)state;
    apr_pool_t *own;
    long growth = 0;
    int fd = shared_workbook();
    assert_int_equal(apr_pool_create(&own, NULL), APR_SUCCESS);
    GROWTH(growth, read_rows(own, fd));
    assert_true(growth < GROWTH_KIB || !IS_MEASURED);
    apr_pool_destroy(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_readers_of_one_descriptor),
        cmocka_unit_test(test_a_path),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_spill),
        cmocka_unit_test(test_memory_does_not_grow),
        cmocka_unit_test(test_a_million_shared_strings),
    };
    return cmocka_run_group_tests_name("base/sheet", tests, setup, teardown);
}
