/* service/id_set.h - sets of ids: what a group grants, which groups an account is in.
 *
 * As they are sent and shown: a list of integers, ascending, each once. As they are stored: one row
 * each in a table that links them to their owner.
 */
#ifndef CRM_SERVICE_ID_SET_H
#define CRM_SERVICE_ID_SET_H

#include <jansson.h>

#include "db/database.h"
#include "service/bulk_insert.h"

typedef struct crm_id_set_t {
    const apr_int64_t *ids; /* ascending, each once */
    int count;
} crm_id_set_t;

/* The set that TEXT is, a value of CRM_T_INTEGERS (model/field.h); in POOL. */
crm_id_set_t crm_id_set_parse(apr_pool_t *pool, const char *text);

/* As JSON, new reference. */
json_t *crm_id_set_json(const crm_id_set_t *set);

int crm_id_set_has(const crm_id_set_t *set, apr_int64_t id);

/* The set of the ids that SQL selects, in ascending order, OWNER being its only value. */
crm_error_t *crm_id_set_read(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                             apr_int64_t owner, crm_id_set_t *ret_set);

/* Adds to *INVALID, on FIELD, that an id of SET is none of those that SQL selects, in ascending
 * order: 'Invalid pk "7" - object does not exist.', for the first one. */
crm_error_t *crm_id_set_check(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                              const char *field, const crm_id_set_t *set, crm_error_t **invalid);

/* A table of links. */
typedef struct crm_links_t {
    const char *remove;       /* takes all away; OWNER is its only value */
    crm_bulk_insert_t insert; /* of (owner, id) */
} crm_links_t;

/* Makes SET what OWNER has, whatever that was. */
crm_error_t *crm_id_set_store(const crm_db_t *db, apr_pool_t *pool, const crm_links_t *links,
                              apr_int64_t owner, const crm_id_set_t *set);

#endif
