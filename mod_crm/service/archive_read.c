/* service/archive_read.c - an archive: checked as a whole, then read row by row. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_escape.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <sodium.h>
#include <zip.h>

#include "base/json.h"
#include "service/archive.h"

#define CHUNK 65536
#define TELL_EVERY 1024 /* rows */
#define MANIFEST "manifest.json"
#define SUMS "SHA256SUMS"
/* of manifest and checksums, which are held in memory, and of a line, in bytes */
#define TEXT_MAX ((apr_uint64_t)16 << 20)
#define LINE_MAX_BYTES ((apr_size_t)256 << 20)

struct crm_archive_t {
    apr_pool_t *pool;
    const char *name; /* the file's */
    zip_t *zip;
    json_t *manifest;
    apr_array_header_t *tables; /* of const crm_table_t * */
    apr_hash_t *lines;          /* of const apr_uint64_t *, by entry */
    crm_row_progress_t *progress;
};

/* An entry, open. */
typedef struct entry_t {
    zip_file_t *file;
} entry_t;

/* Bytes of a line that is not whole yet. */
typedef struct line_t {
    char *bytes;
    apr_size_t size, room;
} line_t;

static crm_error_t *bad(const crm_archive_t *archive, const char *why)
{
    return crm_error_make(archive->pool, CRM_E_BAD_REQUEST, "%s is no whole backup: %s",
                          archive->name, why);
}

static apr_status_t discard(void *data)
{
    zip_discard(data);
    return APR_SUCCESS;
}

static apr_status_t close_entry(void *data)
{
    zip_fclose(((entry_t *)data)->file);
    return APR_SUCCESS;
}

/* Opens entry NAME until POOL is cleared. */
static crm_error_t *open_entry(const crm_archive_t *archive, apr_pool_t *pool, const char *name,
                               zip_file_t **ret_file)
{
    entry_t *entry = apr_palloc(pool, sizeof(*entry));
    entry->file = zip_fopen(archive->zip, name, 0);
    if (!entry->file) {
        return bad(archive, apr_psprintf(archive->pool, "%s is missing or damaged.", name));
    }
    apr_pool_cleanup_register(pool, entry, close_entry, apr_pool_cleanup_null);
    *ret_file = entry->file;
    return NULL;
}

/* Reads the next bytes; *RET_SIZE 0 at the end. libzip compares CRC-32 at the end, too. */
static crm_error_t *read_some(const crm_archive_t *archive, zip_file_t *file, const char *name,
                              char *to, apr_size_t *ret_size)
{
    zip_int64_t got = zip_fread(file, to, CHUNK);
    if (got < 0) {
        return bad(archive, apr_psprintf(archive->pool, "%s is damaged (%s).", name,
                                         zip_error_strerror(zip_file_get_error(file))));
    }
    *ret_size = (apr_size_t)got;
    return NULL;
}

/* ---- what is small ---- */

static crm_error_t *read_text(const crm_archive_t *archive, const char *name, const char **ret_text,
                              apr_size_t *ret_size)
{
    zip_stat_t status;
    zip_file_t *file;
    apr_size_t size = 0, got;
    if (zip_stat(archive->zip, name, 0, &status) != 0 || status.size > TEXT_MAX) {
        return bad(archive, apr_psprintf(archive->pool, "%s is missing or too large.", name));
    }
    apr_pool_t *pool;
    apr_pool_create(&pool, archive->pool);
    CRM_ERR(open_entry(archive, pool, name, &file));
    char *text = apr_palloc(archive->pool, (apr_size_t)status.size + 1), chunk[CHUNK];
    for (;;) {
        CRM_ERR(read_some(archive, file, name, chunk, &got));
        if (got == 0) {
            break;
        }
        if (got > status.size - size) {
            return bad(archive, apr_psprintf(archive->pool, "%s is longer than it says.", name));
        }
        memcpy(text + size, chunk, got);
        size += got;
    }
    text[size] = '\0';
    apr_pool_destroy(pool);
    *ret_text = text;
    *ret_size = size;
    return NULL;
}

/* ---- checksums ---- */

/* SHA-256 and the number of lines of an entry. */
static crm_error_t *measure(crm_archive_t *archive, const char *name,
                            unsigned char ret_hash[CRM_HASH_SIZE], apr_uint64_t *ret_lines)
{
    crypto_hash_sha256_state hash;
    zip_file_t *file;
    apr_pool_t *pool;
    apr_size_t got;
    char chunk[CHUNK];
    apr_pool_create(&pool, archive->pool);
    CRM_ERR(open_entry(archive, pool, name, &file));
    crypto_hash_sha256_init(&hash);
    *ret_lines = 0;
    do {
        CRM_ERR(read_some(archive, file, name, chunk, &got));
        CRM_ERR(crm_row_progress_add(archive->progress, name, 0));
        crypto_hash_sha256_update(&hash, (const unsigned char *)chunk, got);
        for (const char *at = chunk; (at = memchr(at, '\n', (apr_size_t)(chunk + got - at)));
             at++) {
            ++*ret_lines;
        }
    } while (got > 0);
    crypto_hash_sha256_final(&hash, ret_hash);
    apr_pool_destroy(pool);
    return NULL;
}

/* One line of the checksums: "<64 hex digits>  <name>". */
static crm_error_t *check_line(crm_archive_t *archive, char *line)
{
    unsigned char hash[CRM_HASH_SIZE];
    apr_uint64_t *lines = apr_palloc(archive->pool, sizeof(*lines));
    apr_size_t digits = 2 * (apr_size_t)CRM_HASH_SIZE;
    if (strlen(line) <= digits + 2 || memcmp(line + digits, "  ", 2) != 0) {
        return bad(archive, SUMS " cannot be read.");
    }
    const char *name = line + digits + 2;
    line[digits] = '\0';
    CRM_ERR(measure(archive, name, hash, lines));
    if (strcmp(line, apr_pescape_hex(archive->pool, hash, CRM_HASH_SIZE, 0)) != 0) {
        return bad(archive,
                   apr_psprintf(archive->pool, "the checksum of %s is another one.", name));
    }
    apr_hash_set(archive->lines, name, APR_HASH_KEY_STRING, lines);
    return NULL;
}

/* Every entry has its checksum, and every checksum its entry. */
static crm_error_t *check_sums(crm_archive_t *archive)
{
    const char *text;
    apr_size_t size;
    CRM_ERR(read_text(archive, SUMS, &text, &size));
    char *rest = apr_pstrmemdup(archive->pool, text, size), *last;
    for (char *line = apr_strtok(rest, "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        CRM_ERR(check_line(archive, line));
    }
    zip_int64_t entries = zip_get_num_entries(archive->zip, 0);
    for (zip_int64_t i = 0; i < entries; i++) {
        const char *name = zip_get_name(archive->zip, (zip_uint64_t)i, 0);
        if (!name ||
            (strcmp(name, SUMS) != 0 && !apr_hash_get(archive->lines, name, APR_HASH_KEY_STRING))) {
            return bad(archive, apr_psprintf(archive->pool, "%s has no checksum.", name));
        }
    }
    return NULL;
}

/* ---- the manifest ---- */

static crm_error_t *read_table(crm_archive_t *archive, const json_t *json)
{
    crm_table_t *table = apr_pcalloc(archive->pool, sizeof(*table));
    const json_t *columns = json_object_get(json, "columns");
    const char *file = json_string_value(json_object_get(json, "file"));
    const apr_uint64_t *lines =
        file ? apr_hash_get(archive->lines, file, APR_HASH_KEY_STRING) : NULL;
    table->name = json_string_value(json_object_get(json, "name"));
    table->ncolumns = (int)json_array_size(columns);
    crm_column_t *made =
        apr_pcalloc(archive->pool, sizeof(*made) * (apr_size_t)(table->ncolumns + 1));
    table->columns = made;
    if (!table->name || !lines || !table->ncolumns ||
        strcmp(file, apr_pstrcat(archive->pool, "tables/", table->name, ".jsonl", NULL)) != 0) {
        return bad(archive, MANIFEST " describes a table that is not there.");
    }
    if ((json_int_t)*lines != json_integer_value(json_object_get(json, "rows"))) {
        return bad(archive,
                   apr_psprintf(archive->pool,
                                "%s has another number of rows than " MANIFEST " says.", file));
    }
    for (int i = 0; i < table->ncolumns; i++) {
        const json_t *column = json_array_get(columns, (size_t)i);
        const char *type = json_string_value(json_object_get(column, "type"));
        made[i].name = json_string_value(json_object_get(column, "name"));
        if (!made[i].name || !type || !strchr("iftlx", *type) || strlen(type) != 1) {
            return bad(archive, MANIFEST " has a column that is not described.");
        }
        made[i].type = *type;
        made[i].declared = "";
    }
    APR_ARRAY_PUSH(archive->tables, const crm_table_t *) = table;
    return NULL;
}

static crm_error_t *read_manifest(crm_archive_t *archive)
{
    const char *text;
    apr_size_t size, i;
    json_t *table;
    CRM_ERR(read_text(archive, MANIFEST, &text, &size));
    if (crm_json_parse(archive->pool, text, size, &archive->manifest)) {
        return bad(archive, MANIFEST " is no JSON.");
    }
    const char *format = json_string_value(json_object_get(archive->manifest, "format"));
    json_int_t version = json_integer_value(json_object_get(archive->manifest, "format_version"));
    if (!format || strcmp(format, CRM_ARCHIVE_FORMAT) != 0) {
        return bad(archive, "it is a ZIP archive of something else.");
    }
    if (version != CRM_ARCHIVE_VERSION) {
        return bad(archive,
                   apr_psprintf(archive->pool,
                                "its format is version %" JSON_INTEGER_FORMAT ", and this mod_crm "
                                "reads version %d: use the mod_crm that made it, or a newer one.",
                                version, CRM_ARCHIVE_VERSION));
    }
    json_array_foreach(json_object_get(archive->manifest, "tables"), i, table)
    {
        CRM_ERR(read_table(archive, table));
    }
    return NULL;
}

crm_error_t *crm_archive_open(apr_pool_t *pool, int fd, const char *name,
                              crm_row_progress_t *progress, crm_archive_t **ret_archive)
{
    int code, own = dup(fd);
    crm_archive_t *archive = apr_pcalloc(pool, sizeof(*archive));
    archive->pool = pool;
    archive->name = name;
    archive->progress = progress;
    archive->tables = apr_array_make(pool, 32, sizeof(const crm_table_t *));
    archive->lines = apr_hash_make(pool);
    archive->zip = own < 0 ? NULL : zip_fdopen(own, 0, &code);
    if (!archive->zip) {
        if (own >= 0) {
            close(own);
        }
        return bad(archive, "it is no ZIP archive, or it was cut off.");
    }
    apr_pool_cleanup_register(pool, archive->zip, discard, apr_pool_cleanup_null);
    CRM_ERR(check_sums(archive));
    CRM_ERR(read_manifest(archive));
    *ret_archive = archive;
    return NULL;
}

const json_t *crm_archive_manifest(const crm_archive_t *archive)
{
    return archive->manifest;
}

const apr_array_header_t *crm_archive_tables(const crm_archive_t *archive)
{
    return archive->tables;
}

/* ---- rows ---- */

static apr_status_t free_line(void *data)
{
    free(((line_t *)data)->bytes);
    return APR_SUCCESS;
}

static crm_error_t *line_add(const crm_archive_t *archive, line_t *line, const char *bytes,
                             apr_size_t size)
{
    if (size == 0) {
        return NULL; /* there may be no bytes yet */
    }
    if (line->size + size > line->room) {
        apr_size_t room = 2 * (line->size + size);
        char *larger = room < LINE_MAX_BYTES ? realloc(line->bytes, room) : NULL;
        if (!larger) {
            return bad(archive, "a row is too long.");
        }
        line->bytes = larger;
        line->room = room;
    }
    memcpy(line->bytes + line->size, bytes, size);
    line->size += size;
    return NULL;
}

/* A table being read. */
typedef struct reading_t {
    crm_archive_t *archive;
    const crm_table_t *table;
    crm_archive_row_fn *each;
    void *baton;
    apr_pool_t *turn; /* of one row */
    line_t line;
    apr_uint64_t untold; /* rows that progress has not been told of */
} reading_t;

static crm_error_t *tell(reading_t *reading)
{
    apr_uint64_t rows = reading->untold;
    reading->untold = 0;
    return crm_row_progress_add(reading->archive->progress, reading->table->name, rows);
}

static crm_error_t *take_line(reading_t *reading)
{
    const crm_value_t *row;
    apr_pool_clear(reading->turn);
    CRM_ERR(crm_archive_decode(reading->turn, reading->table, reading->line.bytes,
                               reading->line.size, &row));
    reading->line.size = 0;
    CRM_ERR(reading->each(reading->turn, row, reading->baton));
    return ++reading->untold == TELL_EVERY ? tell(reading) : NULL;
}

/* The lines that end in CHUNK; what begins one more is kept. */
static crm_error_t *take_chunk(reading_t *reading, const char *chunk, apr_size_t size)
{
    const char *at = chunk, *end = chunk + size, *stop;
    while ((stop = memchr(at, '\n', (apr_size_t)(end - at)))) {
        CRM_ERR(line_add(reading->archive, &reading->line, at, (apr_size_t)(stop - at)));
        CRM_ERR(take_line(reading));
        at = stop + 1;
    }
    return line_add(reading->archive, &reading->line, at, (apr_size_t)(end - at));
}

crm_error_t *crm_archive_rows(crm_archive_t *archive, const crm_table_t *table,
                              crm_archive_row_fn *each, void *baton)
{
    char chunk[CHUNK];
    apr_size_t got;
    zip_file_t *file;
    apr_pool_t *pool;
    apr_pool_create(&pool, archive->pool);
    reading_t reading = {.archive = archive, .table = table, .each = each, .baton = baton};
    const char *name = apr_pstrcat(pool, "tables/", table->name, ".jsonl", NULL);
    apr_pool_create(&reading.turn, pool);
    apr_pool_cleanup_register(pool, &reading.line, free_line, apr_pool_cleanup_null);
    crm_error_t *error = open_entry(archive, pool, name, &file);
    do {
        if (!error) {
            error = read_some(archive, file, name, chunk, &got);
        }
        if (!error) {
            error = take_chunk(&reading, chunk, got);
        }
    } while (!error && got > 0);
    if (!error) {
        error = tell(&reading);
    }
    if (error) {
        error = crm_error_copy(archive->pool, error);
    }
    apr_pool_destroy(pool); /* before `reading` goes */
    return error;
}
