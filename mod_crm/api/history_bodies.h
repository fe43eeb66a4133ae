/* api/history_bodies.h - what History keeps of a request and its answer. */
#ifndef CRM_API_HISTORY_BODIES_H
#define CRM_API_HISTORY_BODIES_H

#include "api/request.h"

/* Sets request->history_request and ->history_response as far as CrmHistory wants them. JSON is the
 * answer's, TEXT its text of SIZE bytes; both NULL without a body. */
void crm_history_bodies(crm_request_t *request, int status, const json_t *json, const char *text,
                        apr_size_t size);

#endif
