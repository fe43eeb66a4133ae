/* api/openapi.h - the API's description of itself, made from what the API obeys: the routes, the
 * bodies' fields, the entities.
 *
 * One walk makes both forms: OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1) and Swagger 2.0
 * (https://swagger.io/specification/v2). Keys that begin with "x-crm-" say what a console needs;
 * docs/api.md lists them. What the document says beyond the tables is in openapi_text.c.
 */
#ifndef CRM_API_OPENAPI_H
#define CRM_API_OPENAPI_H

#include "api/route.h"

typedef enum { CRM_OPENAPI_3_1, CRM_SWAGGER_2_0 } crm_openapi_e;

/* The document as REQUEST's client has to call: its prefix, its server, its limits. New reference,
 * NULL never. */
json_t *crm_openapi_make(const crm_request_t *request, crm_openapi_e version);

#endif
