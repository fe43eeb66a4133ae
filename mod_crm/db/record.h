/* db/record.h - the statements that write records, made from a description; values are always
 * bound.
 *
 * What the tables of records have is said in model/entity.h. Beside them stand, in each tenant's
 * database: record_count, which keeps how many records of each entity are there, in slots so that
 * writers do not wait for each other; and change_log. Each statement goes into a list that
 * crm_db_execute_all runs; rows of one table can be many in one statement.
 */
#ifndef CRM_DB_RECORD_H
#define CRM_DB_RECORD_H

#include "db/database.h"
#include "model/entity.h"

/* A list of statements: of crm_sql_t. */
apr_array_header_t *crm_record_statements(apr_pool_t *pool);

/* 1 when VALUES say something of a field that a database of the schema before may not have: then it
 * may refuse their statements as UNAVAILABLE. */
int crm_record_has_new(apr_pool_t *pool, const crm_entity_t *entity, const crm_value_t *values);

/* INVALID on every field of VALUES (one a field of ENTITY) whose folded text is too long to be
 * stored. */
crm_error_t *crm_record_check_keys(apr_pool_t *pool, const crm_entity_t *entity,
                                   const crm_value_t *values);

/* Adds the INSERT of COUNT new records: ROWS has for each its values. Version 1. */
void crm_record_sql_insert(apr_array_header_t *statements, const crm_entity_t *entity,
                           const crm_value_t *const *rows, int count);

/* A record that is taken over from elsewhere as it is. */
typedef struct crm_record_taken_t {
    const crm_value_t *values;
    apr_time_t deleted_at; /* 0: it is there */
    int is_double; /* its unique values are taken: it keeps them without entering the keys */
} crm_record_taken_t;

/* Adds the INSERT of COUNT of them. Version 1. */
void crm_record_sql_take(apr_array_header_t *statements, const crm_entity_t *entity,
                         const crm_record_taken_t *rows, int count);

/* Adds the UPDATE that makes FIELD, a reference, of a record that was taken over what VALUES have,
 * of which that and the id are needed; its version stays. */
void crm_record_sql_refer(apr_array_header_t *statements, const crm_entity_t *entity,
                          const crm_value_t *values, const crm_field_t *field);

/* Adds the UPDATE of a record from VERSION to the next; it matches nothing when the record has
 * another version by now, or is deleted. */
void crm_record_sql_update(apr_array_header_t *statements, const crm_entity_t *entity,
                           const crm_value_t *values, apr_int64_t version);

/* Adds the UPDATE that deletes a record softly at TIME, or (TIME 0) takes it back. VALUES need its
 * id, and for restoring updated_at. */
void crm_record_sql_delete(apr_array_header_t *statements, const crm_entity_t *entity,
                           const crm_value_t *values, apr_int64_t version, apr_time_t time);

/* Adds what keeps the table of search, where the entity has one: of COUNT new records, of one that
 * was changed, of one that was deleted. */
void crm_record_sql_search_insert(apr_array_header_t *statements, const crm_entity_t *entity,
                                  const crm_value_t *const *rows, int count);
void crm_record_sql_search_update(apr_array_header_t *statements, const crm_entity_t *entity,
                                  const crm_value_t *values);
void crm_record_sql_search_delete(apr_array_header_t *statements, const crm_entity_t *entity,
                                  const crm_value_t *values);

/* Adds the change of the number of records by DELTA. */
void crm_record_sql_count(apr_array_header_t *statements, const crm_entity_t *entity,
                          apr_int64_t delta);

/* A row of the change log. */
typedef struct crm_change_t {
    crm_uuid_t id;
    const crm_uuid_t *record_id;
    const char *action;                             /* created, updated, status_changed, deleted */
    const char *field_name, *old_value, *new_value; /* or NULL */
    const char *changes;                            /* JSON {field: {"old", "new"}} */
    const char *notes;                              /* or NULL */
    apr_int64_t changed_by;                         /* 0: no account of the tenant */
    const char *changed_by_username, *changed_by_email;
    apr_time_t created_at;
} crm_change_t;

/* Adds the INSERT of COUNT rows of the change log, about records of ENTITY. */
void crm_record_sql_log(apr_array_header_t *statements, const crm_entity_t *entity,
                        const crm_change_t *changes, int count);

/* Reads the records of ENTITY, deleted ones too when DELETED, whose FIELD (with a column; unique
 * ones are compared folded, and then only living records match) is one of COUNT VALUES, and locks
 * them. *RET_ROWS: one cell a field with a column, in the fields' order, then the version and
 * deleted_at. */
typedef struct crm_record_find_t {
    const crm_entity_t *entity;
    const crm_field_t *field;
    const crm_value_t *values;
    int count;
    int deleted;
    int only_active;  /* of stored fields only the id, FIELD and is_active are read; others are null
                       */
    const char *lock; /* "{for update}", "{for share}", or "" */
} crm_record_find_t;

crm_error_t *crm_record_find(const crm_db_t *db, apr_pool_t *pool, const crm_record_find_t *find,
                             const crm_rows_t **ret_rows);

/* A row of crm_record_find as values, one a field (null where a field has no column), its version,
 * and whether it is deleted. */
const crm_value_t *crm_record_found(apr_pool_t *pool, const crm_entity_t *entity,
                                    const crm_value_t *row, apr_int64_t *ret_version,
                                    int *ret_deleted);

#endif
