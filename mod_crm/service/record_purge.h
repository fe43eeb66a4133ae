/* service/record_purge.h - deleted records that are removed for good.
 *
 * A record that was deleted stays, to be restored, until its grace is over; then it goes with its
 * change log. One that others still refer to stays until they are gone; what is part of it (the
 * records of an entity with a parent) goes before it.
 */
#ifndef CRM_SERVICE_RECORD_PURGE_H
#define CRM_SERVICE_RECORD_PURGE_H

#include "db/database.h"
#include "model/entity.h"

/* Removes some of the records of ENTITIES (NULL-terminated) in DB, a tenant's database of the
 * newest schema, that were deleted before TIME: *RET_REMOVED, 0 when there are none left. */
crm_error_t *crm_record_purge(const crm_db_t *db, apr_pool_t *pool,
                              const crm_entity_t *const *entities, apr_time_t time,
                              apr_int64_t *ret_removed);

#endif
