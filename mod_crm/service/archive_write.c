/* service/archive_write.c - a tenant's tables into one file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/json.h"
#include "service/archive.h"
#include "service/table_pages.h"

struct crm_archive_writer_t {
    apr_pool_t *pool;
    int fd;
    crm_zip_writer_t *zip;
    crm_row_progress_t *progress;
    json_t *tables;
    const crm_table_t *table; /* being written */
    apr_uint64_t rows;        /* of it */
    apr_uint64_t bytes;       /* of it */
    apr_uint64_t all;         /* rows of all tables */
};

crm_error_t *crm_archive_create(apr_pool_t *pool, int fd, crm_row_progress_t *progress,
                                crm_archive_writer_t **ret_writer)
{
    crm_archive_writer_t *writer = apr_pcalloc(pool, sizeof(*writer));
    writer->pool = pool;
    writer->fd = fd;
    writer->progress = progress;
    writer->tables = crm_json_own(pool, json_array());
    CRM_ERR(crm_zip_writer_open(pool, fd, &writer->zip));
    *ret_writer = writer;
    return NULL;
}

crm_error_t *crm_archive_begin_table(crm_archive_writer_t *writer, const crm_table_t *table)
{
    writer->table = table;
    writer->rows = writer->bytes = 0;
    return crm_zip_writer_begin(writer->zip,
                                apr_pstrcat(writer->pool, "tables/", table->name, ".jsonl", NULL));
}

crm_error_t *crm_archive_add_row(crm_archive_writer_t *writer, apr_pool_t *pool,
                                 const crm_value_t *row)
{
    const char *line;
    apr_size_t size;
    CRM_ERR(crm_archive_encode(pool, writer->table, row, &line, &size));
    CRM_ERR(crm_zip_writer_put(writer->zip, line, size));
    writer->rows++;
    writer->all++;
    writer->bytes += size;
    return crm_zip_writer_put(writer->zip, "\n", 1);
}

/* What the manifest says of a table. */
static json_t *describe(apr_pool_t *pool, const crm_archive_writer_t *writer,
                        const crm_zip_entry_t *entry)
{
    const crm_table_t *table = writer->table;
    json_t *columns = json_array(), *key = json_array();
    for (int i = 0; i < table->ncolumns; i++) {
        const crm_column_t *column = &table->columns[i];
        const char type[] = {column->type, 0};
        json_array_append_new(columns,
                              json_pack("{s:s, s:s, s:s, s:b}", "name", column->name, "type", type,
                                        "declared", column->declared, "null", column->may_be_null));
    }
    for (int i = 0; i < table->nkey; i++) {
        json_array_append_new(key, json_string(table->columns[table->key[i]].name));
    }
    return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "name", table->name, "file", entry->name,
                     "rows", (json_int_t)writer->rows, "sha256",
                     apr_pescape_hex(pool, entry->hash, CRM_HASH_SIZE, 0), "key", key, "columns",
                     columns);
}

crm_error_t *crm_archive_end_table(crm_archive_writer_t *writer)
{
    const crm_zip_entry_t *entry;
    CRM_ERR(crm_zip_writer_end(writer->zip, &entry));
    json_array_append_new(writer->tables, describe(writer->pool, writer, entry));
    writer->table = NULL;
    return NULL;
}

static crm_error_t *add_page(apr_pool_t *pool, const crm_rows_t *rows, void *baton,
                             apr_uint64_t *ret_bytes)
{
    crm_archive_writer_t *writer = baton;
    apr_uint64_t before = writer->bytes;
    apr_pool_t *turn;
    apr_pool_create(&turn, pool);
    for (int i = 0; i < rows->count; i++) {
        apr_pool_clear(turn);
        CRM_ERR(crm_archive_add_row(writer, turn, crm_row(rows, i)));
    }
    *ret_bytes = writer->bytes - before;
    return crm_row_progress_add(writer->progress, writer->table->name, (apr_uint64_t)rows->count);
}

crm_error_t *crm_archive_add_table(crm_archive_writer_t *writer, const crm_db_t *db,
                                   const crm_table_t *table)
{
    CRM_ERR(crm_archive_begin_table(writer, table));
    CRM_ERR(crm_table_pages(db, writer->pool, table, add_page, writer));
    return crm_archive_end_table(writer);
}

static crm_error_t *add_text(crm_zip_writer_t *zip, const char *name, const char *text)
{
    CRM_ERR(crm_zip_writer_begin(zip, name));
    CRM_ERR(crm_zip_writer_put(zip, text, strlen(text)));
    return crm_zip_writer_end(zip, NULL);
}

crm_error_t *crm_archive_seal(crm_zip_writer_t *zip, apr_pool_t *pool, int fd,
                              const json_t *manifest)
{
    char *text = json_dumps(manifest, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    if (!text) {
        return crm_error_make(pool, CRM_E_INTERNAL, "The manifest cannot be written.");
    }
    crm_error_t *error = add_text(zip, "manifest.json", text);
    free(text);
    CRM_ERR(error);
    const apr_array_header_t *entries = crm_zip_writer_entries(zip);
    apr_array_header_t *lines = apr_array_make(pool, entries->nelts, sizeof(const char *));
    for (int i = 0; i < entries->nelts; i++) {
        const crm_zip_entry_t *entry = APR_ARRAY_IDX(entries, i, const crm_zip_entry_t *);
        APR_ARRAY_PUSH(lines, const char *) =
            apr_pstrcat(pool, apr_pescape_hex(pool, entry->hash, CRM_HASH_SIZE, 0), "  ",
                        entry->name, "\n", NULL);
    }
    CRM_ERR(add_text(zip, "SHA256SUMS", apr_array_pstrcat(pool, lines, 0)));
    CRM_ERR(crm_zip_writer_finish(zip));
    return fsync(fd) == 0 ? NULL
                          : crm_error_system(pool, APR_FROM_OS_ERROR(errno), "syncing an archive");
}

crm_error_t *crm_archive_finish(crm_archive_writer_t *writer, json_t *manifest)
{
    json_object_set(manifest, "tables", writer->tables);
    return crm_archive_seal(writer->zip, writer->pool, writer->fd, manifest);
}

apr_uint64_t crm_archive_written(const crm_archive_writer_t *writer)
{
    return writer->all;
}
