/* t/unit/base/sheet_fixture.c - spreadsheets for tests: made in memory, read into one text. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include <zip.h>

#include "sheet_fixture.h"

static const fixture_part_t plain[] = {
    {"_rels/.rels",
     FIXTURE_RELATIONS(FIXTURE_RELATION("rId1", "officeDocument", "xl/workbook.xml")), 0},
    {"xl/workbook.xml",
     FIXTURE_WORKBOOK("<sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"), 0},
    {"xl/_rels/workbook.xml.rels",
     FIXTURE_RELATIONS(FIXTURE_RELATION("rId1", "worksheet", "worksheets/sheet1.xml")
                           FIXTURE_RELATION("rId2", "styles", "styles.xml")
                               FIXTURE_RELATION("rId3", "sharedStrings", "sharedStrings.xml")),
     0},
    {"xl/styles.xml", "<styleSheet xmlns=\"" FIXTURE_MAIN "\"/>", 0},
    {"xl/sharedStrings.xml", "<sst xmlns=\"" FIXTURE_MAIN "\"/>", 0},
    {"xl/worksheets/sheet1.xml", FIXTURE_ROWS(""), 0},
    {NULL, NULL, 0},
};

unsigned fixture_level;

static apr_status_t close_fd(void *data)
{
    close(*(int *)data);
    return APR_SUCCESS;
}

int fixture_file(apr_pool_t *pool, const void *bytes, apr_size_t size)
{
    int *fd = apr_palloc(pool, sizeof(*fd));
    *fd = memfd_create("sheet", MFD_CLOEXEC);
    assert_true(*fd >= 0);
    apr_pool_cleanup_register(pool, fd, close_fd, apr_pool_cleanup_null);
    assert_int_equal(write(*fd, bytes, size), size);
    return *fd;
}

int fixture_zip(apr_pool_t *pool, const fixture_part_t *parts, const char *password)
{
    zip_error_t error;
    zip_stat_t status;
    zip_source_t *archive = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(archive);
    zip_t *zip = zip_open_from_source(archive, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    for (; parts->name; parts++) {
        apr_size_t size = parts->size ? parts->size : strlen(parts->text);
        zip_source_t *source = zip_source_buffer(zip, parts->text, size, 0);
        zip_int64_t index = zip_file_add(zip, parts->name, source, 0);
        assert_true(index >= 0);
        assert_int_equal(
            zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, fixture_level), 0);
        if (password) {
            assert_int_equal(
                zip_file_set_encryption(zip, (zip_uint64_t)index, ZIP_EM_AES_256, password), 0);
        }
    }
    assert_int_equal(zip_close(zip), 0);
    assert_int_equal(zip_source_stat(archive, &status), 0);
    char *bytes = malloc(status.size);
    assert_int_equal(zip_source_open(archive), 0);
    assert_int_equal(zip_source_read(archive, bytes, status.size), status.size);
    zip_source_close(archive);
    zip_source_free(archive);
    int fd = fixture_file(pool, bytes, status.size);
    free(bytes);
    return fd;
}

int fixture_xlsx(apr_pool_t *pool, const fixture_part_t *parts)
{
    apr_array_header_t *all = apr_array_make(pool, 8, sizeof(fixture_part_t));
    for (const fixture_part_t *part = parts; part->name; part++) {
        *(fixture_part_t *)apr_array_push(all) = *part;
    }
    int given = all->nelts;
    for (const fixture_part_t *part = plain; part->name; part++) {
        int is_given = 0;
        for (int i = 0; i < given; i++) {
            is_given |= strcmp(APR_ARRAY_IDX(all, i, fixture_part_t).name, part->name) == 0;
        }
        if (!is_given) {
            *(fixture_part_t *)apr_array_push(all) = *part;
        }
    }
    memset(apr_array_push(all), 0, sizeof(fixture_part_t));
    return fixture_zip(pool, (const fixture_part_t *)all->elts, NULL);
}

static const char *escape(apr_pool_t *pool, const char *text)
{
    char *made = apr_palloc(pool, 2 * strlen(text) + 1);
    char *to = made;
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r') {
            *to++ = '\\';
        }
        *to++ = *text == '\n' ? 'n' : *text == '\r' ? 'r' : *text;
    }
    *to = '\0';
    return made;
}

const char *fixture_row(apr_pool_t *pool, const crm_sheet_row_t *row)
{
    const char *text = apr_psprintf(pool, "%d:", (int)row->number);
    for (int i = 0; i < row->count; i++) {
        text = apr_pstrcat(pool, text, i ? "|" : "", escape(pool, row->cells[i]), NULL);
    }
    return row->problem ? apr_pstrcat(pool, text, " !", row->problem, NULL) : text;
}

const char *fixture_read(apr_pool_t *pool, int fd, const crm_sheet_options_t *options)
{
    crm_sheet_t *sheet = NULL;
    const crm_sheet_row_t *row = NULL;
    const char *text = NULL;
    crm_error_t *error = crm_sheet_open_fd(pool, fd, options, &sheet);
    while (!error) {
        error = crm_sheet_next(sheet, &row);
        if (!error && !row) {
            return text ? text : "";
        }
        if (!error) {
            const char *line = fixture_row(pool, row);
            text = text ? apr_pstrcat(pool, text, "\n", line, NULL) : line;
        }
    }
    assert_int_equal(error->kind, CRM_E_BAD_REQUEST);
    return text ? apr_pstrcat(pool, text, "\n", error->detail, NULL) : error->detail;
}

long fixture_memory(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
            value = strtol(line + strlen(name) + 1, NULL, 10);
        }
    }
    fclose(file);
    assert_true(value > 0);
    return value;
}

void fixture_memory_reset(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "5", 1), 1);
    close(fd);
}
