/* service/archive.h - a tenant's tables in one file: what backups are made of.
 *
 * An archive is a ZIP with
 *
 * - tables/NAME.jsonl: the rows of a table, in the order of its primary key, each a line of JSON:
 * an array of its columns' values. Bytes are hexadecimal, times "2026-11-23 10:00:00.000000" (UTC),
 *   truth 0 or 1, reals with all their digits: nothing depends on the database it came from.
 * - manifest.json: format, product and its version, when it was made, the schema's version, the
 *   tenant's row, and of each table its columns with their types, its rows and SHA-256
 * - SHA256SUMS: SHA-256 of every other entry, as sha256sum writes and checks it
 */
#ifndef CRM_SERVICE_ARCHIVE_H
#define CRM_SERVICE_ARCHIVE_H

#include <jansson.h>

#include "base/zip_writer.h"
#include "db/table.h"
#include "service/row_progress.h"

#define CRM_ARCHIVE_FORMAT "mod_crm tenant backup"
#define CRM_ARCHIVE_VERSION 1

/* ---- writing ---- */

typedef struct crm_archive_writer_t crm_archive_writer_t;

/* A writer into FD, an empty file. PROGRESS may be NULL. */
crm_error_t *crm_archive_create(apr_pool_t *pool, int fd, crm_row_progress_t *progress,
                                crm_archive_writer_t **ret_writer);

/* Adds all rows of TABLE, read from DB by pages: memory does not grow with them. */
crm_error_t *crm_archive_add_table(crm_archive_writer_t *writer, const crm_db_t *db,
                                   const crm_table_t *table);

/* Adds rows that are made by the caller: begun by the table's description, each row as it comes. */
crm_error_t *crm_archive_begin_table(crm_archive_writer_t *writer, const crm_table_t *table);
crm_error_t *crm_archive_add_row(crm_archive_writer_t *writer, apr_pool_t *pool,
                                 const crm_value_t *row);
crm_error_t *crm_archive_end_table(crm_archive_writer_t *writer);

/* Adds manifest.json, which is MANIFEST with what is known of the tables, and the checksums, and
 * ends the archive. The file is synced. */
crm_error_t *crm_archive_finish(crm_archive_writer_t *writer, json_t *manifest);

/* The end of any archive of ours: MANIFEST as manifest.json, SHA256SUMS of all entries, the
 * directory; FD, the file, is synced. */
crm_error_t *crm_archive_seal(crm_zip_writer_t *zip, apr_pool_t *pool, int fd,
                              const json_t *manifest);

/* Rows that were written. */
apr_uint64_t crm_archive_written(const crm_archive_writer_t *writer);

/* ---- reading ---- */

typedef struct crm_archive_t crm_archive_t;

/* Opens the archive in FD (a descriptor that stays the caller's) and reads all of it: every
 * checksum and every number of rows must be right, and nothing may be there that has none.
 * BAD_REQUEST that says what is wrong: NAME is what the file is called in it. */
crm_error_t *crm_archive_open(apr_pool_t *pool, int fd, const char *name,
                              crm_row_progress_t *progress, crm_archive_t **ret_archive);

/* Its manifest, which lives as long as the archive. */
const json_t *crm_archive_manifest(const crm_archive_t *archive);

/* The tables it holds, of const crm_table_t *; their keys are not known. */
const apr_array_header_t *crm_archive_tables(const crm_archive_t *archive);

/* Calls EACH for every row of TABLE; POOL given to it is cleared between calls. */
typedef crm_error_t *crm_archive_row_fn(apr_pool_t *pool, const crm_value_t *row, void *baton);
crm_error_t *crm_archive_rows(crm_archive_t *archive, const crm_table_t *table,
                              crm_archive_row_fn *each, void *baton);

/* ---- one row as a line ---- */

/* ROW as JSON without a line's end, in POOL; INTERNAL when a text is not UTF-8. */
crm_error_t *crm_archive_encode(apr_pool_t *pool, const crm_table_t *table, const crm_value_t *row,
                                const char **ret_line, apr_size_t *ret_size);

/* The row of a line; BAD_REQUEST when it is none of TABLE. */
crm_error_t *crm_archive_decode(apr_pool_t *pool, const crm_table_t *table, const char *line,
                                apr_size_t size, const crm_value_t **ret_row);

#endif
