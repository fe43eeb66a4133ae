/* base/xlsx_strings.h - an XLSX file's shared strings, in bounded memory (base/spill.h).
 *
 * Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_STRINGS_H
#define CRM_BASE_XLSX_STRINGS_H

#include <apr_pools.h>

#include "base/error.h"
#include "base/xlsx_package.h"

typedef struct crm_xlsx_strings_t crm_xlsx_strings_t;

/* Reads the part NAME; NULL: a file without shared strings. What does not stay in memory goes to a
 * temporary file in FOLDER. */
crm_error_t *crm_xlsx_strings_read(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                                   const char *folder, crm_xlsx_strings_t **ret_strings);

/* How many there are. */
apr_int64_t crm_xlsx_strings_count(const crm_xlsx_strings_t *strings);

/* The string INDEX, which must be there, in POOL. */
crm_error_t *crm_xlsx_strings_get(crm_xlsx_strings_t *strings, apr_pool_t *pool, apr_int64_t index,
                                  const char **ret_text);

#endif
