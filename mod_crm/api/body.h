/* api/body.h - a request's body: read within the limit, parsed by its media type. */
#ifndef CRM_API_BODY_H
#define CRM_API_BODY_H

#include "api/request.h"

/* An uploaded file; its bytes may hold anything. They are in memory, or (CRM_ROUTE_UPLOAD) in a
 * temporary file without a name, which ends with the request. */
typedef struct crm_file_t {
    const char *name; /* of the form's field */
    const char *filename;
    const char *content_type; /* as the client says, or NULL */
    const char *data;         /* NULL: in the file */
    int fd;                   /* of the file; -1: in memory */
    apr_size_t size;
} crm_file_t;

/* Reads the body into request->body and ->files: application/json,
 * application/x-www-form-urlencoded, multipart/form-data; of fields sent twice the last one counts.
 * An empty body is none, whatever its type. request->noted_body becomes what History may keep.
 * Errors: MEDIA_TYPE, TOO_LARGE (over settings->body_limit, of forms of a CRM_ROUTE_UPLOAD
 * ->import_limit: without reading, where Content-Length says so), BAD_REQUEST. What was read before
 * is not read again. */
crm_error_t *crm_body_read(crm_request_t *request);

#endif
