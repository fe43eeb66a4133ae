/* base/xlsx_relations.h - which parts of an XLSX file a part refers to (ECMA-376 part 2, clause 9).
 *
 * Only relationships within the file are kept, and only those of the kinds that are asked for here:
 * officeDocument, worksheet, sharedStrings, styles. Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_RELATIONS_H
#define CRM_BASE_XLSX_RELATIONS_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/error.h"
#include "base/xlsx_package.h"

typedef struct crm_xlsx_relation_t {
    const char *id;   /* "rId1" */
    const char *type; /* the last segment of the type's URI: "worksheet" */
    const char *part; /* "xl/worksheets/sheet1.xml" */
} crm_xlsx_relation_t;

/* Those of PART ("" is the file itself), of crm_xlsx_relation_t. A BAD_REQUEST error when PART has
 * none, or too many. */
crm_error_t *crm_xlsx_relations_read(apr_pool_t *pool, crm_xlsx_package_t *package,
                                     const char *part, apr_array_header_t **ret_relations);

/* The part that the relation ID, or the first one when ID is NULL, of TYPE leads to; or NULL. */
const char *crm_xlsx_relations_find(const apr_array_header_t *relations, const char *type,
                                    const char *id);

#endif
