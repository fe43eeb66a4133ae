/* service/record_write.h - one write of one record, as hooks see it, and the steps that it takes.
 *
 * A hook runs inside the write's transaction. It may read by `db`, look at values before and after,
 * change those after (before_write), write other records (by the calls below), and refuse.
 */
#ifndef CRM_SERVICE_RECORD_WRITE_H
#define CRM_SERVICE_RECORD_WRITE_H

#include "db/record.h"
#include "service/record.h"

typedef enum {
    CRM_WRITE_CREATE,
    CRM_WRITE_UPDATE,
    CRM_WRITE_DELETE,
    CRM_WRITE_RESTORE
} crm_write_e;

typedef struct crm_write_t {
    const crm_records_t *records;
    const crm_db_t *db; /* in the transaction */
    apr_pool_t *pool;
    const crm_entity_t *entity;
    crm_write_e kind;
    crm_uuid_t id;
    apr_time_t now;
    crm_value_t *values;          /* one a field: as it will be */
    const crm_value_t *before;    /* as it was; NULL: it is made */
    char *sent;                   /* 1 where the client sent a value, or a hook set one */
    apr_int64_t version;          /* as it was; 0: it is made */
    const crm_value_t **referred; /* one a field: the stored fields of the record that a reference
                                     leads to, as far as it was read; NULL */
    crm_error_t *refusal;         /* why it is not done, or NULL */
    int is_done;                  /* there was something to write, and it was written */
} crm_write_t;

/* The value that the record will have, by a field's name; its text, or NULL; sets it. */
crm_value_t crm_write_get(const crm_write_t *write, const char *name);
const char *crm_write_text(const crm_write_t *write, const char *name);
void crm_write_set(crm_write_t *write, const char *name, crm_value_t value);

/* 1 when the field's value is another than before, or the record is made with one. */
int crm_write_changed(const crm_write_t *write, const char *name);

/* 1 when two values of a field are the same. */
int crm_write_same(crm_value_t a, crm_value_t b);

/* A value by its field's name. */
typedef struct crm_named_value_t {
    const char *name;
    crm_value_t value;
} crm_named_value_t;

/* Makes a record of another entity in the same transaction, by the same author, who must be
 * permitted to: FORBIDDEN. VALUES end with name NULL; the client's checks are the caller's. */
crm_error_t *crm_record_add(const crm_write_t *write, const crm_entity_t *entity,
                            const crm_named_value_t *values, crm_uuid_t *ret_id);

/* Sets the status of a record of another entity, if it is there and has another. */
crm_error_t *crm_record_set_status(const crm_write_t *write, const crm_entity_t *entity,
                                   const crm_uuid_t *id, const char *status);

/* ---- the steps, for service/record*.c alone ---- */

/* A write of RECORDS in POOL, with no values yet. */
crm_write_t *crm_write_make(const crm_records_t *records, apr_pool_t *pool, crm_write_e kind);

/* The values of a record that is made: presets, id, times, author, parent. */
crm_error_t *crm_write_begin(crm_write_t *write);

/* Takes over what was sent. */
void crm_write_take(crm_write_t *write, const crm_values_t *values);

/* Reads and locks the record that is to be changed: NOT_FOUND. DELETED: one that is deleted. */
crm_error_t *crm_write_load(crm_write_t *write, const crm_uuid_t *id, int deleted);

/* Gives it the stored VALUES of the record that is to be changed, which are of VERSION. */
void crm_write_adopt(crm_write_t *write, const crm_value_t *values, apr_int64_t version);

/* A write that makes a record of another ENTITY in the same transaction, by the same author, who
 * must be permitted to (FORBIDDEN), with no values but those of a record that is made. */
crm_error_t *crm_write_of_other(const crm_write_t *write, const crm_entity_t *entity,
                                crm_write_t **ret_other);

/* Links (service/record_reference.c), hooks, checks, statements. */
crm_error_t *crm_write_run(crm_write_t *write);

/* What imports have to say of links. */
typedef struct crm_import_links_t {
    const crm_values_t *options; /* of the entity's own; or NULL */
} crm_import_links_t;

/* So many records that are made are one call of the server. */
#define CRM_WRITES_AT_ONCE 16

/* Several writes of one entity, none of the same record, in one transaction. */
typedef struct crm_writes_t {
    crm_write_t *const *writes;
    int count;                       /* 1 or more */
    const crm_import_links_t *links; /* of an import; or NULL */
} crm_writes_t;

/* Runs those that are not refused yet, in few statements: at most 512, and of an entity whose hooks
 * look at other records only one. A write that is refused has written nothing; after an error (a
 * unique value that is taken is one, INVALID on its field) the transaction must be undone. */
crm_error_t *crm_writes_run(const crm_writes_t *all);

/* 1 when the write reads nothing: it needs no transaction but that of its statements. */
int crm_write_is_blind(const crm_write_t *write);

/* As crm_write_run, outside of a transaction, for a write that is blind: with those of others that
 * make records of the same entity at the same time. */
crm_error_t *crm_write_run_gathered(crm_write_t *write);

/* Finds or makes the records that links lead to. */
crm_error_t *crm_references_link(const crm_writes_t *all);

/* Reads and locks what references that are new lead to: a refusal on each that leads nowhere. */
crm_error_t *crm_references_check(const crm_writes_t *all);

/* Adds the rows of the change log. */
void crm_change_log(apr_array_header_t *statements, const crm_writes_t *all);

/* The record as it is after the write; made of its values where that is all there is to it. */
crm_error_t *crm_write_result(const crm_write_t *write, crm_record_t *ret_record);

#endif
