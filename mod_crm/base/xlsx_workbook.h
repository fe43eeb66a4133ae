/* base/xlsx_workbook.h - what an XLSX file's workbook says: which sheet, since when days count.
 *
 * Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_WORKBOOK_H
#define CRM_BASE_XLSX_WORKBOOK_H

#include <apr_pools.h>

#include "base/error.h"
#include "base/xlsx_package.h"

typedef struct crm_xlsx_workbook_t {
    const char *sheet;      /* the chosen sheet's name */
    const char *sheet_part; /* and part */
    const char *strings;    /* part of the shared strings, or NULL */
    const char *styles;     /* part of the styles, or NULL */
    int is_1904;            /* days count since 1904-01-01 */
} crm_xlsx_workbook_t;

/* Reads the workbook of PACKAGE and chooses its sheet WANTED: by name (case of ASCII letters does
 * not count), else by 1-based number; NULL is the first that is visible, or the first. Sheets of
 * charts and macros are none. A BAD_REQUEST error that lists the sheets when there is none such. */
crm_error_t *crm_xlsx_workbook_read(apr_pool_t *pool, crm_xlsx_package_t *package,
                                    const char *wanted, crm_xlsx_workbook_t *ret_workbook);

#endif
