/* api/cors.h - pages of other origins (Fetch Standard 3.2): off until CrmCorsOrigin says more. */
#ifndef CRM_API_CORS_H
#define CRM_API_CORS_H

#include "api/request.h"

/* 1 when the request is a preflight and CORS is on: RESPONSE is its whole answer then. */
int crm_cors_preflight(const crm_request_t *request, crm_response_t *response);

/* Adds to any other response what lets a page of an allowed origin read it, and Vary. */
void crm_cors_headers(const crm_request_t *request, crm_response_t *response);

/* 1 when pages of ORIGIN may call with what the browser knows of its user. */
int crm_cors_trusts(const crm_request_t *request, const char *origin);

#endif
