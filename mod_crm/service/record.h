/* service/record.h - the record engine: reads and writes the records of any described entity.
 *
 * It takes a description and never names one. A write, its rows in the change log, the number of
 * records and the table of search are one transaction; references are checked inside it, and so is
 * the version that a client has seen. What is special about an entity are its hooks
 * (service/record_write.h).
 */
#ifndef CRM_SERVICE_RECORD_H
#define CRM_SERVICE_RECORD_H

#include "base/gather.h"
#include "db/list.h"
#include "model/validate.h"

/* Who writes, as the change log has it. */
typedef struct crm_author_t {
    apr_int64_t id; /* an account of the tenant; 0: none (a superuser, the server itself) */
    const char *username, *email;
} crm_author_t;

/* Says whether the caller may do something to records of an entity that his call is not about: make
 * the one that it links to. */
typedef struct crm_permit_t {
    crm_error_t *(*check)(void *baton, const crm_entity_t *entity, crm_action_e action);
    void *baton;
} crm_permit_t;

/* Which records: those of an entity in a tenant's database, by a caller. */
typedef struct crm_records_t {
    const crm_db_t *db;
    const crm_entity_t *entity;
    crm_author_t author;
    const crm_uuid_t *parent; /* of an entity with a parent: only that one's; else NULL */
    const char *notes;        /* of this call's rows in the change log, or NULL */
    const char *const *shown; /* the fields that are looked at, NULL-terminated; or NULL: all. Lists
                                 of children that are none of them are left empty */
    const crm_permit_t *permit; /* NULL: the caller may do everything */
    crm_gather_t *gather; /* of all records of the site: what several callers make at the same time
                             becomes one transaction; or NULL */
} crm_records_t;

/* A record as it was read or written. */
typedef struct crm_record_t {
    crm_uuid_t id;
    apr_int64_t version;
    json_t *json; /* as the API shows it; owned by the pool */
} crm_record_t;

/* Says, inside the transaction, whether the record may be changed that is of VERSION now. */
typedef struct crm_precondition_t {
    crm_error_t *(*check)(void *baton, apr_int64_t version);
    void *baton;
} crm_precondition_t;

/* The record with ID that is not deleted. NOT_FOUND. */
crm_error_t *crm_record_get(const crm_records_t *records, apr_pool_t *pool, const crm_uuid_t *id,
                            crm_record_t *ret_record);

/* JSON of rows of lists with all that records show: new references in RESULTS, an array. One more
 * statement for each list of children that the entity has. */
crm_error_t *crm_record_rows_json(const crm_records_t *records, apr_pool_t *pool,
                                  const crm_rows_t *rows, json_t *results);

/* The record in ROW, which crm_list_one has read. */
crm_error_t *crm_record_of_row(const crm_records_t *records, apr_pool_t *pool,
                               const crm_value_t *row, crm_record_t *ret_record);

/* Makes a record of VALUES (of the entity's fields). INVALID, on the field, for a unique value that
 * is taken ("This field must be unique."), a reference that is none ("Invalid pk "..." - object
 * does not exist."), and for what hooks refuse. NOT_FOUND when the parent is gone. */
crm_error_t *crm_record_create(const crm_records_t *records, apr_pool_t *pool,
                               const crm_values_t *values, crm_record_t *ret_record);

/* Changes those fields that were sent. IF_MATCH may be NULL. Where nothing differs, nothing is
 * written. Errors as above, NOT_FOUND, and what IF_MATCH says. */
crm_error_t *crm_record_update(const crm_records_t *records, apr_pool_t *pool, const crm_uuid_t *id,
                               const crm_values_t *values, const crm_precondition_t *if_match,
                               crm_record_t *ret_record);

/* Deletes softly: the record is there no more, its unique values are free. */
crm_error_t *crm_record_delete(const crm_records_t *records, apr_pool_t *pool, const crm_uuid_t *id,
                               const crm_precondition_t *if_match);

/* Takes a deleted record back; one that is there stays as it is. INVALID on a field whose unique
 * value is taken by now. */
crm_error_t *crm_record_restore(const crm_records_t *records, apr_pool_t *pool,
                                const crm_uuid_t *id, const crm_precondition_t *if_match,
                                crm_record_t *ret_record);

/* The record whose unique FIELD is TEXT: changed as by crm_record_update, or made with that value.
 * *RET_CREATED says which. */
typedef struct crm_record_put_t {
    const crm_field_t *field;
    const char *text;
    const crm_values_t *values; /* FIELD's own may be left out */
    const crm_precondition_t *if_match;
    crm_error_t *may_not_create; /* the error of making one, for who may only change; or NULL */
} crm_record_put_t;

crm_error_t *crm_record_put(const crm_records_t *records, apr_pool_t *pool,
                            const crm_record_put_t *put, crm_record_t *ret_record,
                            int *ret_created);

/* Makes a record whose parent the entity finds by ID (crm_entity_t's find_parent). */
crm_error_t *crm_record_create_by(const crm_records_t *records, apr_pool_t *pool,
                                  const crm_uuid_t *id, const crm_values_t *values,
                                  crm_record_t *ret_record);

/* The condition of lists of RECORDS: only those of the parent, where one is named. */
crm_condition_t crm_record_condition(const crm_records_t *records, apr_pool_t *pool);

/* NOT_FOUND when the parent of the records that RECORDS names is not there. */
crm_error_t *crm_record_check_parent(const crm_records_t *records, apr_pool_t *pool);

#endif
