/* api/options.h - what OPTIONS tells of a path, as DRF does. */
#ifndef CRM_API_OPTIONS_H
#define CRM_API_OPTIONS_H

#include <jansson.h>

#include "api/request.h"

/* {"name", "description", "renders", "parses"} of the request's path; owned by its pool. */
json_t *crm_options_json(const crm_request_t *request);

#endif
