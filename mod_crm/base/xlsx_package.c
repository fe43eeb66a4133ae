/* base/xlsx_package.c - the ZIP file that XLSX is, by libzip, within bounds. */
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include <zip.h>

#include "base/sheet_format.h"
#include "base/xlsx_package.h"

#define RATIO 200
#define SMALL (16 << 20) /* bytes that the smallest file may come to */
#define LARGE (1 << 30)  /* and the largest */
#define ENTRIES 10000
#define DIRECTORY (2 << 20) /* bytes of the central directory */

/* ZIP's end record (APPNOTE.TXT 4.3.16) and ZIP64's locator before it (4.3.15). */
#define END_SIZE 22
#define END_ENTRIES 10
#define END_DIRECTORY 12
#define COMMENT 65535
#define LOCATOR_SIZE 20

typedef struct input_t {
    apr_pool_t *pool;
    int fd;
    apr_uint64_t size;
    apr_uint64_t offset;
    zip_error_t error;
} input_t;

struct crm_xlsx_package_t {
    apr_pool_t *pool;
    zip_t *zip;
    input_t input;
    apr_uint64_t allowed;
    apr_uint64_t unpacked;
    apr_uint64_t spent;
};

struct crm_xlsx_part_t {
    crm_xlsx_package_t *package;
    const char *name;
    zip_file_t *file;
};

/* What libzip asks of a source of bytes, by pread: the descriptor's own offset is left alone. */
static zip_int64_t give_bytes(void *data, void *to, zip_uint64_t size, zip_source_cmd_t command)
{
    input_t *input = data;
    apr_size_t got = 0;
    zip_int64_t offset;
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
    case ZIP_SOURCE_OPEN:
        input->offset = 0;
        return 0;
    case ZIP_SOURCE_READ:
        if (crm_sheet_pread(input->pool, input->fd, input->offset, to, size, &got)) {
            zip_error_set(&input->error, ZIP_ER_READ, 0);
            return -1;
        }
        input->offset += got;
        return (zip_int64_t)got;
    case ZIP_SOURCE_STAT:
        zip_stat_init(to);
        ((zip_stat_t *)to)->valid = ZIP_STAT_SIZE;
        ((zip_stat_t *)to)->size = input->size;
        return sizeof(zip_stat_t);
    case ZIP_SOURCE_SEEK:
        offset =
            zip_source_seek_compute_offset(input->offset, input->size, to, size, &input->error);
        if (offset < 0) {
            return -1;
        }
        input->offset = (apr_uint64_t)offset;
        return 0;
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)input->offset;
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&input->error, to, size);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    default:
        zip_error_set(&input->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

static apr_status_t discard(void *data)
{
    zip_discard(((crm_xlsx_package_t *)data)->zip);
    return APR_SUCCESS;
}

static crm_error_t *damaged(apr_pool_t *pool, zip_error_t *error)
{
    crm_error_t *made = crm_error_make(
        pool, CRM_E_BAD_REQUEST, "The file is damaged or cut off: as XLSX it cannot be unpacked.");
    return crm_error_cause(made, "libzip: %s", zip_error_strerror(error));
}

static apr_uint32_t number(const unsigned char *at, int size)
{
    apr_uint32_t value = 0;
    while (size-- > 0) {
        value = value << 8 | at[size];
    }
    return value;
}

/* Refuses what would make libzip's list of entries large, before libzip sees it. Every place where
 * libzip might find the end record is looked at. */
static crm_error_t *check_directory(apr_pool_t *pool, const input_t *input)
{
    const apr_size_t tail = END_SIZE + COMMENT + LOCATOR_SIZE;
    apr_size_t size = input->size < tail ? (apr_size_t)input->size : tail;
    unsigned char *bytes = apr_palloc(pool, size + 1);
    CRM_ERR(crm_sheet_pread(pool, input->fd, input->size - size, bytes, size, &size));
    for (apr_size_t i = 0; i + END_SIZE <= size; i++) {
        if (memcmp(bytes + i, "PK\5\6", 4) != 0) {
            continue;
        }
        if (i >= LOCATOR_SIZE && memcmp(bytes + i - LOCATOR_SIZE, "PK\6\7", 4) == 0) {
            return crm_error_make(pool, CRM_E_BAD_REQUEST,
                                  "The file is a ZIP64 archive, which no XLSX file of a size that "
                                  "can be read needs: save it again, as XLSX or CSV.");
        }
        if (number(bytes + i + END_ENTRIES, 2) > ENTRIES ||
            number(bytes + i + END_DIRECTORY, 4) > DIRECTORY) {
            return crm_error_make(pool, CRM_E_BAD_REQUEST,
                                  "The XLSX file has too many parts: the limit is %d.", ENTRIES);
        }
    }
    return NULL;
}

crm_error_t *crm_xlsx_package_open(apr_pool_t *pool, int fd, crm_xlsx_package_t **ret_package)
{
    struct stat status;
    zip_error_t error;
    crm_xlsx_package_t *package = apr_pcalloc(pool, sizeof(*package));
    input_t *input = &package->input;
    if (fstat(fd, &status) != 0) {
        return crm_error_system(pool, apr_get_os_error(), "asking for a spreadsheet's size");
    }
    package->pool = pool;
    input->pool = pool;
    input->fd = fd;
    input->size = (apr_uint64_t)status.st_size;
    zip_error_init(&input->error);
    package->allowed = SMALL + RATIO * input->size;
    package->allowed = package->allowed < LARGE ? package->allowed : LARGE;
    CRM_ERR(check_directory(pool, input));

    zip_error_init(&error);
    zip_source_t *source = zip_source_function_create(give_bytes, input, &error);
    package->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!package->zip) {
        zip_source_free(source);
        return damaged(pool, &error);
    }
    apr_pool_cleanup_register(pool, package, discard, apr_pool_cleanup_null);
    *ret_package = package;
    return NULL;
}

apr_pool_t *crm_xlsx_package_pool(const crm_xlsx_package_t *package)
{
    return package->pool;
}

/* The index of the part NAME, or -1. */
static zip_int64_t find(const crm_xlsx_package_t *package, const char *name)
{
    zip_int64_t found = zip_name_locate(package->zip, name, 0);
    return found >= 0 ? found : zip_name_locate(package->zip, name, ZIP_FL_NOCASE);
}

int crm_xlsx_package_has(const crm_xlsx_package_t *package, const char *name)
{
    return find(package, name) >= 0;
}

static apr_status_t close_part(void *data)
{
    zip_fclose(((crm_xlsx_part_t *)data)->file);
    return APR_SUCCESS;
}

crm_error_t *crm_xlsx_part_open(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                                crm_xlsx_part_t **ret_part)
{
    zip_stat_t status;
    zip_int64_t index = find(package, name);
    if (index < 0 || zip_stat_index(package->zip, (zip_uint64_t)index, 0, &status) != 0) {
        return crm_error_make(package->pool, CRM_E_BAD_REQUEST,
                              "The XLSX file lacks its part \"%s\": save it again.", name);
    }
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) && status.encryption_method != ZIP_EM_NONE) {
        return crm_error_make(package->pool, CRM_E_BAD_REQUEST,
                              "The file is protected by a password: save it without one.");
    }
    crm_xlsx_part_t *part = apr_pcalloc(pool, sizeof(*part));
    part->package = package;
    part->name = apr_pstrdup(pool, name);
    part->file = zip_fopen_index(package->zip, (zip_uint64_t)index, 0);
    if (!part->file) {
        return damaged(package->pool, zip_get_error(package->zip));
    }
    apr_pool_cleanup_register(pool, part, close_part, apr_pool_cleanup_null);
    *ret_part = part;
    return NULL;
}

/* Adds SIZE to *SUM, which has its bound. */
static crm_error_t *count(const crm_xlsx_package_t *package, apr_size_t size, apr_uint64_t *sum)
{
    *sum += size;
    if (*sum > package->allowed) {
        return crm_error_make(package->pool, CRM_E_BAD_REQUEST,
                              "The XLSX file unpacks to more than %" APR_UINT64_T_FMT
                              " MiB, which is not to be expected of one of its size.",
                              package->allowed >> 20);
    }
    return NULL;
}

crm_error_t *crm_xlsx_part_read(crm_xlsx_part_t *part, void *to, apr_size_t size,
                                apr_size_t *ret_size)
{
    crm_xlsx_package_t *package = part->package;
    zip_int64_t got = zip_fread(part->file, to, size);
    if (got < 0) {
        crm_error_t *error =
            crm_error_make(package->pool, CRM_E_BAD_REQUEST,
                           "The part \"%s\" of the XLSX file is damaged or cut off.", part->name);
        return crm_error_cause(error, "libzip: %s",
                               zip_error_strerror(zip_file_get_error(part->file)));
    }
    *ret_size = (apr_size_t)got;
    return count(package, *ret_size, &package->unpacked);
}

crm_error_t *crm_xlsx_package_spend(crm_xlsx_package_t *package, apr_size_t size)
{
    return count(package, size, &package->spent);
}
