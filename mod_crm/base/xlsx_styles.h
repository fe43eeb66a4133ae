/* base/xlsx_styles.h - which of an XLSX file's cell styles mean dates or times.
 *
 * A number means a date when its number format (ECMA-376 part 1, 18.8.30 and 18.8.31) shows one.
 * Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_STYLES_H
#define CRM_BASE_XLSX_STYLES_H

#include <apr_pools.h>

#include "base/error.h"
#include "base/xlsx_package.h"

typedef enum {
    CRM_XLSX_NUMBER,
    CRM_XLSX_DATE,
    CRM_XLSX_TIME, /* of a day */
    CRM_XLSX_DATE_TIME,
    CRM_XLSX_ELAPSED /* hours that go on after 24 */
} crm_xlsx_kind_e;

typedef struct crm_xlsx_styles_t crm_xlsx_styles_t;

/* Reads the part NAME; NULL: a file without styles. */
crm_error_t *crm_xlsx_styles_read(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                                  crm_xlsx_styles_t **ret_styles);

/* What the style INDEX makes of a number; one that is not there makes nothing of it. */
crm_xlsx_kind_e crm_xlsx_styles_kind(const crm_xlsx_styles_t *styles, apr_int64_t index);

/* What the number format CODE shows: "yyyy\-mm\-dd hh:mm" a date and time. */
crm_xlsx_kind_e crm_xlsx_format_kind(const char *code);

#endif
