/* api/parameters.h - names and values in URLs and forms: application/x-www-form-urlencoded (WHATWG
 * URL Standard 5) and percent-encoding (RFC 3986 2.1). */
#ifndef CRM_API_PARAMETERS_H
#define CRM_API_PARAMETERS_H

#include <apr_tables.h>

#include "base/error.h"

/* Reads SIZE bytes of "name=value&name=value", '+' being a space, into a table that keeps order and
 * repetitions (its own look-up ignores case: use crm_parameters_get). BAD_REQUEST for a malformed
 * escape, a NUL, invalid UTF-8, or over 1000 parameters; WHERE ("query string") is named in it. */
crm_error_t *crm_parameters_parse(apr_pool_t *pool, const char *text, apr_size_t size,
                                  const char *where, apr_table_t **ret_parameters);

/* The last value of NAME (case matters), or NULL. */
const char *crm_parameters_get(const apr_table_t *parameters, const char *name);

/* TEXT percent-encoded, but for unreserved characters and those in KEEP. */
const char *crm_parameters_encode(apr_pool_t *pool, const char *text, const char *keep);

#endif
