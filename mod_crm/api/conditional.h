/* api/conditional.h - entity tags and the conditions on them (RFC 9110 8.8.3, 13.1).
 *
 * A record's tag is "<version>-<hash of the body>", a list's the hash alone. A condition for
 * writing compares the version, one for reading the whole.
 */
#ifndef CRM_API_CONDITIONAL_H
#define CRM_API_CONDITIONAL_H

#include "api/request.h"

/* The tag, quoted; VERSION -1: none. */
const char *crm_etag(apr_pool_t *pool, apr_int64_t version, const char *body, apr_size_t size);

/* 1 when IF_NONE_MATCH (may be NULL) holds TAG, by weak comparison, or is "*". A "-gzip" or "-br"
 * that a compressing filter appended does not matter. */
int crm_etag_matches(const char *if_none_match, const char *tag);

/* Whether the record, now of VERSION, may be changed: PRECONDITION when there is an If-Match that
 * has no strong tag of VERSION. *RET_IF_VERSION is what the change must still find: VERSION, or -1
 * without a condition. */
crm_error_t *crm_if_match(const crm_request_t *request, apr_int64_t version,
                          apr_int64_t *ret_if_version);

#endif
