/* base/xlsx_package.h - the ZIP file that XLSX is (ECMA-376 part 2), by libzip, within bounds.
 *
 * However little a file weighs, no more is unpacked of it, in all its parts together, than 200
 * times its size and 16 MiB, nor than 1 GiB; it may have 10,000 entries. ZIP64's end record is
 * refused: only files that are beyond these bounds need one. Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_PACKAGE_H
#define CRM_BASE_XLSX_PACKAGE_H

#include <apr_pools.h>

#include "base/error.h"

typedef struct crm_xlsx_package_t crm_xlsx_package_t;
typedef struct crm_xlsx_part_t crm_xlsx_part_t;

/* Opens the file of FD. A BAD_REQUEST error when it is no ZIP file, cut off or beyond the bounds.
 */
crm_error_t *crm_xlsx_package_open(apr_pool_t *pool, int fd, crm_xlsx_package_t **ret_package);

/* The pool that it was opened with, in which errors live. */
apr_pool_t *crm_xlsx_package_pool(const crm_xlsx_package_t *package);

/* 1 when there is a part NAME ("xl/workbook.xml"; case does not count), else 0. */
int crm_xlsx_package_has(const crm_xlsx_package_t *package, const char *name);

/* Opens the part NAME, to end with POOL, which must end before the package. A BAD_REQUEST error
 * when there is none, or it is encrypted. */
crm_error_t *crm_xlsx_part_open(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                                crm_xlsx_part_t **ret_part);

/* The next bytes, up to SIZE; 0 at the end, and only when the part is whole (CRC-32). */
crm_error_t *crm_xlsx_part_read(crm_xlsx_part_t *part, void *to, apr_size_t size,
                                apr_size_t *ret_size);

/* Counts SIZE bytes of text that is handed out of one part once more each time that another refers
 * to it: their sum has the same bounds as what is unpacked. */
crm_error_t *crm_xlsx_package_spend(crm_xlsx_package_t *package, apr_size_t size);

#endif
