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

/* The document of a server at BASE_URL ("https://crm.example.com") with the prefix and the limits
 * of SETTINGS. New reference, never NULL. */
json_t *crm_openapi_make(apr_pool_t *pool, const crm_settings_t *settings, const char *base_url,
                         crm_openapi_e version);

/* The document as text: JSON, or (IS_YAML) YAML. It is made once a process for all servers; what
 * differs between them is filled in. In POOL; *RET_SIZE is its length. */
const char *crm_openapi_text(apr_pool_t *pool, const crm_settings_t *settings, const char *base_url,
                             crm_openapi_e version, int is_yaml, apr_size_t *ret_size);

#endif
