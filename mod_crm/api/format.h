/* api/format.h - in which form an answer is wanted: by ?format=, else by Accept. */
#ifndef CRM_API_FORMAT_H
#define CRM_API_FORMAT_H

#include "api/route.h"

/* Which of the request's route's formats is wanted; *RET_FORMAT is NULL where the route has none.
 * INVALID on `format` for a name that none has, NOT_ACCEPTABLE when Accept allows none. */
crm_error_t *crm_format_choose(const crm_request_t *request, const crm_format_t **ret_format);

#endif
