/* api/problem.h - an error as clients are told of it: in DRF's shape, or as problem details
 * (RFC 9457) to who accepts them. */
#ifndef CRM_API_PROBLEM_H
#define CRM_API_PROBLEM_H

#include "api/request.h"

/* Writes ERROR into RESPONSE: status (STATUS, or the error's own when 0), content type, body,
 * WWW-Authenticate, Allow and Retry-After. CrmDebug adds the cause. Returns the body's JSON, owned
 * by the request's pool. */
json_t *crm_problem_write(const crm_request_t *request, crm_error_t *error, int status,
                          crm_response_t *response);

#endif
