/* api/multipart.h - multipart/form-data (RFC 7578), read as it comes, in bounded memory.
 *
 * The parser is fed with bytes and calls a sink for each part: begin, data any number of times,
 * end. It holds no more of the body than a window for boundaries and headers.
 */
#ifndef CRM_API_MULTIPART_H
#define CRM_API_MULTIPART_H

#include "base/error.h"

typedef struct crm_multipart_t crm_multipart_t;

/* A part's headers. Name and file name are valid UTF-8. */
typedef struct crm_part_t {
    const char *name;
    const char *filename;     /* without folders; NULL: a field, no file */
    const char *content_type; /* or NULL */
} crm_part_t;

/* Where parts go; an error ends the reading and is passed up. */
typedef struct crm_multipart_sink_t {
    crm_error_t *(*begin)(void *baton, const crm_part_t *part);
    crm_error_t *(*data)(void *baton, const char *bytes, apr_size_t size);
    crm_error_t *(*end)(void *baton);
    void *baton;
} crm_multipart_sink_t;

/* SINK must live as long as the parser. BAD_REQUEST when BOUNDARY is NULL or none (RFC 2046 5.1.1).
 */
crm_error_t *crm_multipart_create(apr_pool_t *pool, const char *boundary,
                                  const crm_multipart_sink_t *sink,
                                  crm_multipart_t **ret_multipart);

/* The next SIZE bytes. BAD_REQUEST "Multipart form parse error - ...". */
crm_error_t *crm_multipart_feed(crm_multipart_t *multipart, const char *bytes, apr_size_t size);

/* There are no more: BAD_REQUEST when the last boundary did not come. */
crm_error_t *crm_multipart_finish(crm_multipart_t *multipart);

#endif
