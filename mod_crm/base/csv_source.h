/* base/csv_source.h - the bytes of a CSV file as UTF-8, whatever charset it is in.
 *
 * The charset is that of the byte order mark (UTF-8, UTF-16), else the announced one (any that ICU
 * knows; ISO-8859-1 and US-ASCII mean windows-1252, as the WHATWG's encoding standard has it), else
 * UTF-8 when all of the file is, else windows-1252. Inside base/csv*.c only.
 */
#ifndef CRM_BASE_CSV_SOURCE_H
#define CRM_BASE_CSV_SOURCE_H

#include <apr_pools.h>

#include "base/error.h"

typedef struct crm_csv_source_t crm_csv_source_t;

/* Opens the file of FD. ANNOUNCED may be NULL: then, without a byte order mark, the whole file is
 * read once. A BAD_REQUEST error when nothing is known of the announced charset. */
crm_error_t *crm_csv_source_open(apr_pool_t *pool, int fd, const char *announced,
                                 crm_csv_source_t **ret_source);

/* The charset found: "UTF-8", "windows-1252", ... */
const char *crm_csv_source_charset(const crm_csv_source_t *source);

/* The next bytes, 1 to ROOM (at least 64) of them, 0 at the end. UTF-8 is passed on unchecked; what
 * is converted is valid. *RET_BAD is 1 when what comes after these bytes (which may be none) means
 * nothing in the file's charset: then nothing more can be read. */
crm_error_t *crm_csv_source_read(crm_csv_source_t *source, char *to, apr_size_t room,
                                 apr_size_t *ret_size, int *ret_bad);

#endif
