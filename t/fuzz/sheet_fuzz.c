/* t/fuzz/sheet_fuzz.c - any bytes as a spreadsheet; what is read as CSV is written and read again.
 *
 * The first byte of an input chooses the options, the others are the file.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>

#include "base/sheet.h"
#include "base/sheet_writer.h"
#include "fuzz.h"

const char *const fuzz_corpus = "sheet";

static const char *const charsets[] = {NULL,       NULL,        "utf-8",    "windows-1252",
                                       "UTF-16LE", "Shift_JIS", "UTF-16BE", "ISO-2022-JP"};

/* What was written, to be read again. */
typedef struct copy_t {
    apr_pool_t *pool;
    crm_sheet_writer_t *writer;
    int fd;
} copy_t;

static crm_error_t *take(void *baton, const char *bytes, apr_size_t size)
{
    FUZZ_ASSERT(write(((copy_t *)baton)->fd, bytes, size) == (ssize_t)size);
    return NULL;
}

static uint64_t add(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    } while (*text++);
    return hash;
}

/* Writes ROW to the copy; the first one is its header. */
static void write_row(copy_t *copy, const crm_sheet_row_t *row)
{
    if (!copy->writer) {
        crm_sheet_writer_options_t options = {.format = CRM_SHEET_CSV, .take = take, .baton = copy};
        FUZZ_ASSERT(
            !crm_sheet_writer_open(copy->pool, &options, row->cells, row->count, &copy->writer));
        return;
    }
    crm_sheet_cell_t *cells = calloc((size_t)row->count, sizeof(*cells));
    for (int i = 0; i < row->count; i++) {
        cells[i].kind = CRM_CELL_TEXT;
        cells[i].text = row->cells[i];
    }
    FUZZ_ASSERT(!crm_sheet_writer_row(copy->writer, cells));
    free(cells);
}

/* Reads all of FD's file; a hash of its cells, or 0 when it is damaged. COPY may be NULL. */
static uint64_t read_all(apr_pool_t *pool, int fd, const crm_sheet_options_t *options, copy_t *copy)
{
    crm_sheet_t *sheet = NULL;
    const crm_sheet_row_t *row = NULL;
    uint64_t hash = 1;
    crm_error_t *error = crm_sheet_open_fd(pool, fd, options, &sheet);
    while (!error && !(error = crm_sheet_next(sheet, &row)) && row) {
        int is_empty = 1; /* but for what stood behind the header's width */
        for (int i = 0; i < row->count; i++) {
            is_empty &= row->cells[i][0] == '\0';
            hash = add(hash, row->cells[i]);
        }
        FUZZ_ASSERT(!is_empty || row->problem);
        if (row->problem) {
            return 0;
        }
        if (copy) {
            write_row(copy, row);
        }
    }
    FUZZ_ASSERT(!error || error->kind == CRM_E_BAD_REQUEST);
    return error ? 0 : hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    if (size == 0) {
        return 0;
    }
    apr_initialize();
    FUZZ_ASSERT(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    crm_sheet_options_t options = {.keep_apostrophes = data[0] >> 3 & 1,
                                   .charset = charsets[data[0] & 7]};
    int fd = fuzz_file(data + 1, size - 1);
    copy_t copy = {.pool = pool, .fd = fuzz_file("", 0)};
    uint64_t hash = read_all(pool, fd, &options, &copy);
    if (hash != 0 && copy.writer) {
        crm_sheet_options_t again = {.charset = "utf-8"};
        FUZZ_ASSERT(!crm_sheet_writer_finish(copy.writer));
        FUZZ_ASSERT(read_all(pool, copy.fd, &again, NULL) == hash);
    }
    close(fd);
    close(copy.fd);
    apr_pool_destroy(pool);
    return 0;
}
