/* base/xlsx_xml.h - the XML of one part of an XLSX file, by expat, piece by piece, within bounds.
 *
 * Names come without their prefix when that is the outermost element's, which must be bound there
 * to SpreadsheetML (ECMA-376 part 1, transitional or strict) or relationships; an element with any
 * other prefix has the name "". (Expat's own namespaces cost half as much time again.) Refused are
 * document type declarations (so there are no entities), more than 64 elements within each other,
 * and a tag, comment or the like of more than 1 MiB. Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_XML_H
#define CRM_BASE_XLSX_XML_H

#include <apr_pools.h>

#include "base/error.h"
#include "base/xlsx_package.h"

typedef struct crm_xlsx_xml_t crm_xlsx_xml_t;

/* What is told of the elements; any may be NULL. ATTRIBUTES are for crm_xlsx_attribute. */
typedef struct crm_xlsx_handler_t {
    void (*start)(crm_xlsx_xml_t *xml, void *baton, const char *name, const char **attributes);
    void (*end)(crm_xlsx_xml_t *xml, void *baton, const char *name);
    void (*text)(crm_xlsx_xml_t *xml, void *baton, const char *text, int size);
} crm_xlsx_handler_t;

/* Opens the part NAME, whose outermost element must be ROOT. All ends with POOL, which must end
 * before the package; errors live as long as the package. */
crm_error_t *crm_xlsx_xml_open(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                               const char *root, const crm_xlsx_handler_t *handler, void *baton,
                               crm_xlsx_xml_t **ret_xml);

/* Reads on until a handler pauses or a piece of the part is done; *RET_END is 1 when all is. */
crm_error_t *crm_xlsx_xml_more(crm_xlsx_xml_t *xml, int *ret_end);

/* Opens the part and reads it to its end. */
crm_error_t *crm_xlsx_xml_read(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                               const char *root, const crm_xlsx_handler_t *handler, void *baton);

/* For handlers of an element's end: crm_xlsx_xml_more returns, and goes on here at its next call.
 */
void crm_xlsx_xml_pause(crm_xlsx_xml_t *xml);

/* For handlers: reading ends with ERROR. NULL is no error. */
void crm_xlsx_xml_fail(crm_xlsx_xml_t *xml, crm_error_t *error);

/* The value of the attribute NAME, of no namespace, or NULL. */
const char *crm_xlsx_attribute(const char **attributes, const char *name);

/* The value of the attribute r:id, which names a relationship, or NULL. */
const char *crm_xlsx_relationship(const crm_xlsx_xml_t *xml, const char **attributes);

/* TEXT as a number from 0 to LIMIT, or -1. */
apr_int64_t crm_xlsx_index(const char *text, apr_int64_t limit);

/* 1 for "1" and "true", else 0; TEXT may be NULL. */
int crm_xlsx_flag(const char *text);

#endif
