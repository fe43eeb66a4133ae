/* base/zip_writer.c - ZIP archives written as they come, in constant memory. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>
#include <sodium.h>
#include <zlib.h>

#include "base/zip_writer.h"

#define BUFFER 65536
#define VERSION 45        /* the first that knows ZIP64 */
#define UTF8_NAMES 0x0800 /* general purpose bit 11 */
#define DEFLATED 8
#define UNIX_FILE (3 << 8)                 /* made by */
#define MODE ((apr_uint64_t)0100600 << 16) /* external attributes: a file of its owner */
#define IN_EXTRA 0xffffffffU               /* the number stands in the ZIP64 field */
#define IN_EXTRA_SHORT 0xffff

enum { LOCAL_SIZE = 30, LOCAL_EXTRA = 20, CENTRAL_SIZE = 46, CENTRAL_EXTRA = 28, END_SIZE = 98 };

typedef struct entry_t {
    crm_zip_entry_t shown; /* first */
    apr_uint64_t offset, packed;
    uLong crc;
} entry_t;

struct crm_zip_writer_t {
    apr_pool_t *pool;
    int fd;
    apr_uint64_t offset;         /* where the file ends */
    unsigned dos_time, dos_date; /* of all entries */
    apr_array_header_t *entries; /* of entry_t * */
    entry_t *entry;              /* being written */
    crypto_hash_sha256_state hash;
    z_stream deflate;
    unsigned char buffer[BUFFER];
};

/* Little-endian numbers, one after the other. */
typedef struct record_t {
    unsigned char bytes[END_SIZE];
    int size;
} record_t;

static void put_number(record_t *record, apr_uint64_t number, int bytes)
{
    while (bytes-- > 0) {
        record->bytes[record->size++] = (unsigned char)number;
        number >>= 8;
    }
}

/* Writes at OFFSET, all of it. */
static crm_error_t *write_at(const crm_zip_writer_t *writer, apr_uint64_t offset, const void *bytes,
                             apr_size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = pwrite(writer->fd, at, size, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return crm_error_system(writer->pool, APR_FROM_OS_ERROR(written ? errno : ENOSPC),
                                    "writing an archive");
        }
        at += written;
        offset += (apr_uint64_t)written;
        size -= (apr_size_t)written;
    }
    return NULL;
}

static crm_error_t *append(crm_zip_writer_t *writer, const void *bytes, apr_size_t size)
{
    CRM_ERR(write_at(writer, writer->offset, bytes, size));
    writer->offset += size;
    return NULL;
}

static apr_status_t end_deflate(void *data)
{
    deflateEnd(&((crm_zip_writer_t *)data)->deflate);
    return APR_SUCCESS;
}

/* The time of MS-DOS, in UTC: two-second steps, years from 1980. */
static void set_time(crm_zip_writer_t *writer)
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    writer->dos_time = (unsigned)(parts.tm_hour << 11 | parts.tm_min << 5 | parts.tm_sec / 2);
    writer->dos_date =
        (unsigned)((parts.tm_year - 80) << 9 | (parts.tm_mon + 1) << 5 | parts.tm_mday);
}

crm_error_t *crm_zip_writer_open(apr_pool_t *pool, int fd, crm_zip_writer_t **ret_writer)
{
    crm_zip_writer_t *writer = apr_pcalloc(pool, sizeof(*writer));
    writer->pool = pool;
    writer->fd = fd;
    writer->entries = apr_array_make(pool, 32, sizeof(entry_t *));
    set_time(writer);
    /* negative window bits: no header and trailer of zlib's own */
    if (deflateInit2(&writer->deflate, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return crm_error_system(pool, APR_ENOMEM, "zlib does not start");
    }
    apr_pool_cleanup_register(pool, writer, end_deflate, apr_pool_cleanup_null);
    *ret_writer = writer;
    return NULL;
}

/* What local and central headers have in common, up to the extra field's length. */
static void put_common(const crm_zip_writer_t *writer, record_t *record, const entry_t *entry,
                       int extra)
{
    put_number(record, VERSION, 2);
    put_number(record, UTF8_NAMES, 2);
    put_number(record, DEFLATED, 2);
    put_number(record, writer->dos_time, 2);
    put_number(record, writer->dos_date, 2);
    put_number(record, entry->crc, 4);
    put_number(record, IN_EXTRA, 4);
    put_number(record, IN_EXTRA, 4);
    put_number(record, strlen(entry->shown.name), 2);
    put_number(record, (apr_uint64_t)extra, 2);
}

static void put_lengths(record_t *record, const entry_t *entry, int extra)
{
    put_number(record, 1, 2);
    put_number(record, (apr_uint64_t)extra - 4, 2);
    put_number(record, entry->shown.size, 8);
    put_number(record, entry->packed, 8);
}

/* The local header at the entry's offset: first to keep its place, then with what is known. */
static crm_error_t *write_local(const crm_zip_writer_t *writer, const entry_t *entry)
{
    apr_size_t name = strlen(entry->shown.name);
    record_t header = {.size = 0}, extra = {.size = 0};
    put_number(&header, 0x04034b50, 4);
    put_common(writer, &header, entry, LOCAL_EXTRA);
    put_lengths(&extra, entry, LOCAL_EXTRA);
    CRM_ERR(write_at(writer, entry->offset, header.bytes, LOCAL_SIZE));
    CRM_ERR(write_at(writer, entry->offset + LOCAL_SIZE, entry->shown.name, name));
    return write_at(writer, entry->offset + LOCAL_SIZE + name, extra.bytes, LOCAL_EXTRA);
}

crm_error_t *crm_zip_writer_begin(crm_zip_writer_t *writer, const char *name)
{
    entry_t *entry = apr_pcalloc(writer->pool, sizeof(*entry));
    entry->shown.name = apr_pstrdup(writer->pool, name);
    entry->offset = writer->offset;
    entry->crc = crc32(0, NULL, 0);
    CRM_ERR(write_local(writer, entry));
    writer->offset += LOCAL_SIZE + strlen(name) + LOCAL_EXTRA;
    crypto_hash_sha256_init(&writer->hash);
    deflateReset(&writer->deflate);
    writer->entry = entry;
    APR_ARRAY_PUSH(writer->entries, entry_t *) = entry;
    return NULL;
}

/* Deflates what the stream was given, to its end when FLUSH is Z_FINISH. */
static crm_error_t *run_deflate(crm_zip_writer_t *writer, int flush)
{
    int code;
    do {
        writer->deflate.next_out = writer->buffer;
        writer->deflate.avail_out = BUFFER;
        code = deflate(&writer->deflate, flush);
        apr_size_t made = BUFFER - writer->deflate.avail_out;
        CRM_ERR(append(writer, writer->buffer, made));
        writer->entry->packed += made;
    } while (writer->deflate.avail_out == 0);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return crm_error_system(writer->pool, APR_EGENERAL, "zlib gave %d", code);
    }
    return NULL;
}

crm_error_t *crm_zip_writer_put(crm_zip_writer_t *writer, const void *bytes, apr_size_t size)
{
    const unsigned char *at = bytes;
    entry_t *entry = writer->entry;
    crypto_hash_sha256_update(&writer->hash, at, size);
    entry->shown.size += size;
    while (size > 0) {
        uInt part = size < ((apr_size_t)1 << 30) ? (uInt)size : 1U << 30;
        entry->crc = crc32(entry->crc, at, part);
        /* zlib only reads what it is given */
        writer->deflate.next_in = (Bytef *)(apr_uintptr_t)at;
        writer->deflate.avail_in = part;
        CRM_ERR(run_deflate(writer, Z_NO_FLUSH));
        at += part;
        size -= part;
    }
    return NULL;
}

crm_error_t *crm_zip_writer_end(crm_zip_writer_t *writer, const crm_zip_entry_t **ret_entry)
{
    entry_t *entry = writer->entry;
    CRM_ERR(run_deflate(writer, Z_FINISH));
    crypto_hash_sha256_final(&writer->hash, entry->shown.hash);
    CRM_ERR(write_local(writer, entry));
    writer->entry = NULL;
    if (ret_entry) {
        *ret_entry = &entry->shown;
    }
    return NULL;
}

const apr_array_header_t *crm_zip_writer_entries(const crm_zip_writer_t *writer)
{
    return writer->entries; /* each begins with what is shown of it */
}

static crm_error_t *write_central(crm_zip_writer_t *writer, const entry_t *entry)
{
    record_t header = {.size = 0}, extra = {.size = 0};
    put_number(&header, 0x02014b50, 4);
    put_number(&header, UNIX_FILE | VERSION, 2);
    put_common(writer, &header, entry, CENTRAL_EXTRA);
    put_number(&header, 0, 2); /* comment */
    put_number(&header, 0, 2); /* disk */
    put_number(&header, 0, 2); /* internal attributes */
    put_number(&header, MODE, 4);
    put_number(&header, IN_EXTRA, 4);
    put_lengths(&extra, entry, CENTRAL_EXTRA);
    put_number(&extra, entry->offset, 8);
    CRM_ERR(append(writer, header.bytes, CENTRAL_SIZE));
    CRM_ERR(append(writer, entry->shown.name, strlen(entry->shown.name)));
    return append(writer, extra.bytes, CENTRAL_EXTRA);
}

crm_error_t *crm_zip_writer_finish(crm_zip_writer_t *writer)
{
    apr_uint64_t start = writer->offset, count = (apr_uint64_t)writer->entries->nelts;
    for (int i = 0; i < writer->entries->nelts; i++) {
        CRM_ERR(write_central(writer, APR_ARRAY_IDX(writer->entries, i, const entry_t *)));
    }
    apr_uint64_t end = writer->offset;
    record_t record = {.size = 0};
    put_number(&record, 0x06064b50, 4); /* the end of ZIP64's directory */
    put_number(&record, 44, 8);
    put_number(&record, UNIX_FILE | VERSION, 2);
    put_number(&record, VERSION, 2);
    put_number(&record, 0, 8); /* this disk, the directory's disk */
    put_number(&record, count, 8);
    put_number(&record, count, 8);
    put_number(&record, end - start, 8);
    put_number(&record, start, 8);
    put_number(&record, 0x07064b50, 4); /* where that stands */
    put_number(&record, 0, 4);
    put_number(&record, end, 8);
    put_number(&record, 1, 4);
    put_number(&record, 0x06054b50, 4); /* the end */
    put_number(&record, 0, 4);
    put_number(&record, IN_EXTRA_SHORT, 2);
    put_number(&record, IN_EXTRA_SHORT, 2);
    put_number(&record, IN_EXTRA, 4);
    put_number(&record, IN_EXTRA, 4);
    put_number(&record, 0, 2);
    return append(writer, record.bytes, (apr_size_t)record.size);
}
