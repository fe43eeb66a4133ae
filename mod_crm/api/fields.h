/* api/fields.h - fields=a,b: only those fields of a record, or of each record of a list. */
#ifndef CRM_API_FIELDS_H
#define CRM_API_FIELDS_H

#include "api/route.h"

/* The names asked for, NULL-terminated; NULL: all. INVALID on `fields` for a name that the result
 * of the request's route does not have. */
crm_error_t *crm_fields_read(const crm_request_t *request, const char *const **ret_names);

/* JSON (a record, or a page when IS_LIST) with only NAMES; owned by POOL. */
json_t *crm_fields_pick(apr_pool_t *pool, json_t *json, int is_list, const char *const *names);

#endif
