/* api/header.h - what stands inside the values of header fields: media types and parameters
 * (RFC 9110 5.6.6 and 8.3.1). */
#ifndef CRM_API_HEADER_H
#define CRM_API_HEADER_H

#include <apr_pools.h>

/* VALUE up to its first ';', trimmed, in lower case: "application/json". */
const char *crm_header_type(apr_pool_t *pool, const char *value);

/* The parameter NAME of VALUE ("text/csv; charset=utf-8"), unquoted, or NULL. */
const char *crm_header_parameter(apr_pool_t *pool, const char *value, const char *name);

enum { CRM_ACCEPTS_JSON = 1, CRM_ACCEPTS_PROBLEM = 2 };

/* What ACCEPT (RFC 9110 12.5.1; NULL: anything) allows: CRM_ACCEPTS_JSON when JSON may be sent,
 * CRM_ACCEPTS_PROBLEM when application/problem+json is named in it. */
unsigned crm_header_accepts(const char *accept);

/* How much ACCEPT (NULL: anything) wants the media TYPE, by the most specific range that holds it:
 * 0 (not at all) to 1000. */
int crm_header_weight(const char *accept, const char *type);

#endif
