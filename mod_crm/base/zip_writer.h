/* base/zip_writer.h - ZIP archives written as they come, in constant memory.
 *
 * Entries are deflated (RFC 1951, by zlib) straight into the file; each one's header is completed
 * when its length is known. ZIP64 throughout, so that no entry and no archive is too large (PKWARE
 * APPNOTE.TXT 6.3.4, 4.3.7 to 4.3.16 and 4.5.3). Of each entry SHA-256 of its bytes is taken along.
 */
#ifndef CRM_BASE_ZIP_WRITER_H
#define CRM_BASE_ZIP_WRITER_H

#include "base/secret.h"

typedef struct crm_zip_writer_t crm_zip_writer_t;

/* An entry that was written. */
typedef struct crm_zip_entry_t {
    const char *name;
    apr_uint64_t size; /* bytes before they were deflated */
    unsigned char hash[CRM_HASH_SIZE];
} crm_zip_entry_t;

/* A writer into FD, an empty file that can be sought in and stays the caller's; it lives in POOL.
 */
crm_error_t *crm_zip_writer_open(apr_pool_t *pool, int fd, crm_zip_writer_t **ret_writer);

/* Begins the entry NAME (UTF-8, '/' between folders, not there yet). */
crm_error_t *crm_zip_writer_begin(crm_zip_writer_t *writer, const char *name);

/* Adds SIZE bytes to it. */
crm_error_t *crm_zip_writer_put(crm_zip_writer_t *writer, const void *bytes, apr_size_t size);

/* Ends it; *RET_ENTRY (may be NULL) lives as long as the writer. */
crm_error_t *crm_zip_writer_end(crm_zip_writer_t *writer, const crm_zip_entry_t **ret_entry);

/* The entries so far, of const crm_zip_entry_t *. */
const apr_array_header_t *crm_zip_writer_entries(const crm_zip_writer_t *writer);

/* Writes the directory at the archive's end. The caller syncs the file. */
crm_error_t *crm_zip_writer_finish(crm_zip_writer_t *writer);

#endif
