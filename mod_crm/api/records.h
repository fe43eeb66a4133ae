/* api/records.h - the calls on records: the same handlers for every entity of the registry.
 *
 * The routes are made from the registry when the library is loaded (api/record_routes.c); a handler
 * takes the entity from its route.
 */
#ifndef CRM_API_RECORDS_H
#define CRM_API_RECORDS_H

#include "api/route.h"
#include "service/record.h"

/* Operations of one batch. */
#define CRM_BATCH_MAX 1000

/* Room for the routes of all entities. */
#define CRM_RECORD_ROUTES_MAX 512

/* The records that the request is about, of its route's entity, by its caller; where the path names
 * a parent, NOT_FOUND when that is no id. */
crm_error_t *crm_records_of(crm_request_t *request, crm_records_t *ret_records);

/* The request's If-Match as a condition of writes; NULL without one. */
const crm_precondition_t *crm_records_if_match(const crm_request_t *request);

/* The body of one record, as JSON, against the entity of RECORDS: as crm_validate. */
crm_error_t *crm_records_validate(const crm_records_t *records, apr_pool_t *pool,
                                  const json_t *body, int partial, crm_values_t **ret_values);

/* The message that answers a deletion; new reference. */
json_t *crm_records_deleted(apr_pool_t *pool, const crm_entity_t *entity);

/* The handlers: one for each row of api/record_routes.c. */
crm_handler_fn crm_records_list, crm_records_create, crm_records_get, crm_records_update,
    crm_records_delete, crm_records_restore, crm_records_history, crm_records_put_by,
    crm_records_view, crm_records_view_one, crm_records_create_by, crm_records_batch,
    crm_records_import, crm_records_export;

/* The forms of an export; the parameters of an import, beside those of the entity's own. */
extern const crm_format_t crm_export_formats[];
extern const crm_field_t crm_import_parameters[];

#endif
