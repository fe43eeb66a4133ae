/* t/fuzz/xlsx_fuzz.c - any XML as the parts of an XLSX file.
 *
 * An input is the texts of the parts below, in their order, with a NUL between them; those that are
 * missing or empty are plain ones.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>

#include <zip.h>

#include "base/sheet.h"
#include "fuzz.h"

#define MAIN "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define DOCUMENT "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define RELATIONS                                                                                  \
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
#define RELATION(id, type, target)                                                                 \
    "<Relationship Id=\"" id "\" Type=\"" DOCUMENT "/" type "\" Target=\"" target "\"/>"

const char *const fuzz_corpus = "xlsx";

typedef struct part_t {
    const char *name;
    const char *text;
} part_t;

static const part_t parts[] = {
    {"xl/worksheets/sheet1.xml",
     "<worksheet " MAIN "><sheetData><row><c t=\"s\"><v>0</v></c></row></sheetData></worksheet>"},
    {"xl/sharedStrings.xml", "<sst " MAIN "><si><t>a</t></si></sst>"},
    {"xl/styles.xml",
     "<styleSheet " MAIN "><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"},
    {"xl/workbook.xml", "<workbook " MAIN " xmlns:r=\"" DOCUMENT "\"><sheets><sheet name=\"S\" "
                        "r:id=\"rId1\"/></sheets></workbook>"},
    {"xl/_rels/workbook.xml.rels",
     RELATIONS RELATION("rId1", "worksheet", "worksheets/sheet1.xml")
         RELATION("rId2", "sharedStrings", "sharedStrings.xml")
             RELATION("rId3", "styles", "styles.xml") "</Relationships>"},
    {"_rels/.rels",
     RELATIONS RELATION("rId1", "officeDocument", "xl/workbook.xml") "</Relationships>"},
};

/* A descriptor of the XLSX file with the parts of DATA. */
static int make_file(const uint8_t *data, size_t size)
{
    zip_stat_t status;
    zip_source_t *archive = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_source_keep(archive);
    zip_t *zip = zip_open_from_source(archive, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    FUZZ_ASSERT(zip);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const uint8_t *end = memchr(data, '\0', size);
        size_t length = end ? (size_t)(end - data) : size;
        zip_source_t *source =
            length > 0 ? zip_source_buffer(zip, data, length, 0)
                       : zip_source_buffer(zip, parts[i].text, strlen(parts[i].text), 0);
        zip_int64_t index = zip_file_add(zip, parts[i].name, source, 0);
        FUZZ_ASSERT(index >= 0);
        zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0);
        data += end ? length + 1 : length;
        size -= end ? length + 1 : length;
    }
    FUZZ_ASSERT(zip_close(zip) == 0);
    FUZZ_ASSERT(zip_source_stat(archive, &status) == 0);
    char *bytes = malloc(status.size);
    FUZZ_ASSERT(bytes && zip_source_open(archive) == 0);
    FUZZ_ASSERT(zip_source_read(archive, bytes, status.size) == (zip_int64_t)status.size);
    zip_source_close(archive);
    zip_source_free(archive);
    int fd = fuzz_file(bytes, status.size);
    free(bytes);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    crm_sheet_t *sheet = NULL;
    const crm_sheet_row_t *row = NULL;
    apr_int64_t last = 0;
    apr_initialize();
    FUZZ_ASSERT(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    int fd = make_file(data, size);
    crm_error_t *error = crm_sheet_open_fd(pool, fd, NULL, &sheet);
    while (!error && !(error = crm_sheet_next(sheet, &row)) && row) {
        FUZZ_ASSERT(row->number > last && row->number <= CRM_SHEET_XLSX_ROWS);
        last = row->number;
        for (int i = 0; i < row->count; i++) {
            FUZZ_ASSERT(strlen(row->cells[i]) <= CRM_SHEET_CELL);
        }
    }
    FUZZ_ASSERT(!error || error->kind == CRM_E_BAD_REQUEST);
    close(fd);
    apr_pool_destroy(pool);
    return 0;
}
