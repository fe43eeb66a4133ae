/* crmctl/output.h - what commands print: tables for people, JSON for programs. */
#ifndef CRM_CRMCTL_OUTPUT_H
#define CRM_CRMCTL_OUTPUT_H

#include <jansson.h>

#include "base/error.h"

/* Prints JSON, indented; drops the reference. JSON NULL (out of memory) is an error. */
crm_error_t *crm_output_json(apr_pool_t *pool, json_t *json);

/* Prints ROWS (of const char *const *, COLUMNS texts each; the first row is the header) with
 * aligned columns. */
void crm_output_table(const apr_array_header_t *rows, int columns);

#endif
