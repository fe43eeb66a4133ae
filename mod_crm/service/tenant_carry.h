/* service/tenant_carry.h - the rows of a database into an empty one with the same tables, and what
 * has changed since: for service/tenant_move.c.
 */
#ifndef CRM_SERVICE_TENANT_CARRY_H
#define CRM_SERVICE_TENANT_CARRY_H

#include "db/capture.h"
#include "service/row_progress.h"

typedef struct crm_carry_t {
    const crm_db_t *from, *to;
    const apr_array_header_t *tables; /* of FROM: what is carried, of const crm_table_t * */
    crm_row_progress_t *progress;     /* told of rows, and of turns of changes; or NULL */
    apr_uint64_t changes;             /* carried over by crm_carry_changes */
} crm_carry_t;

/* All rows, as they are at one moment. */
crm_error_t *crm_carry_all(crm_carry_t *carry, apr_pool_t *pool);

/* The changes that the log has, until it holds only a few, or what others do meanwhile stands in
 * the way: for what is left, crm_carry_rest. */
crm_error_t *crm_carry_changes(crm_carry_t *carry, apr_pool_t *pool);

/* All that is left, when nobody writes any more; and the tables anew whose rows may have gone
 * without the log. */
crm_error_t *crm_carry_rest(crm_carry_t *carry, apr_pool_t *pool);

#endif
