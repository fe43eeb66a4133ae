/* api/idempotent.h - Idempotency-Key: a POST sent twice is done once, and answered alike.
 *
 * Where the handler writes by request->db alone (CRM_ROUTE_ATOMIC), its writes and the kept answer
 * are one transaction. Elsewhere the key is entered before and the answer kept after: when the
 * server dies in between, the key is taken and has no answer until its day is over.
 */
#ifndef CRM_API_IDEMPOTENT_H
#define CRM_API_IDEMPOTENT_H

#include "api/route.h"

/* Runs the handler of the request's route, or answers as the first time. BAD_REQUEST for a key of
 * over 255 characters or others than visible ASCII; UNPROCESSABLE, CONFLICT as
 * service/idempotency.h has them. */
crm_error_t *crm_idempotent_run(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer);

#endif
