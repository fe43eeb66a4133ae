/* service/record.c - the calls of the record engine: each one transaction. */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "service/record_write.h"

/* One call, from outside its transaction. */
typedef struct call_t {
    const crm_records_t *records;
    crm_write_e kind;
    const crm_uuid_t *id;       /* of the record, or of what its parent is found by; or NULL */
    const crm_values_t *values; /* or NULL */
    const crm_record_put_t *put;
    const crm_precondition_t *if_match;
    crm_record_t *ret_record; /* or NULL */
    int created;
} call_t;

static crm_records_t *bound(const call_t *call, apr_pool_t *pool, const crm_db_t *db)
{
    crm_records_t *records = apr_pmemdup(pool, call->records, sizeof(*records));

    records->db = db;
    return records;
}

static crm_error_t *check_version(const call_t *call, const crm_write_t *write)
{
    return call->if_match ? call->if_match->check(call->if_match->baton, write->version) : NULL;
}

static crm_error_t *result_of(const call_t *call, const crm_write_t *write)
{
    return call->ret_record ? crm_write_result(write, call->ret_record) : NULL;
}

static crm_error_t *finish(const call_t *call, crm_write_t *write)
{
    CRM_ERR(crm_write_run(write));
    return result_of(call, write);
}

static crm_error_t *create_in(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    call_t *call = baton;
    crm_write_t *write = crm_write_make(bound(call, pool, db), pool, CRM_WRITE_CREATE);

    CRM_ERR(crm_write_begin(write));
    crm_write_take(write, call->values);
    return finish(call, write);
}

crm_error_t *crm_record_create(const crm_records_t *records, apr_pool_t *pool,
                               const crm_values_t *values, crm_record_t *ret_record)
{
    call_t call = {.records = records, .values = values, .ret_record = ret_record};
    crm_write_t *write = crm_write_make(records, pool, CRM_WRITE_CREATE);

    CRM_ERR(crm_write_begin(write));
    crm_write_take(write, values);
    if (!crm_write_is_blind(write)) {
        return crm_db_transaction(records->db, pool, create_in, &call);
    }
    CRM_ERR(crm_write_run_gathered(write));
    return result_of(&call, write);
}

static crm_error_t *create_by_in(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    call_t *call = baton;
    crm_records_t *records = bound(call, pool, db);
    crm_write_t *write = crm_write_make(records, pool, CRM_WRITE_CREATE);
    crm_uuid_t *parent = apr_palloc(pool, sizeof(*parent));

    CRM_ERR(records->entity->find_parent(write, call->id, parent));
    records->parent = parent;
    CRM_ERR(crm_write_begin(write));
    crm_write_take(write, call->values);
    return finish(call, write);
}

crm_error_t *crm_record_create_by(const crm_records_t *records, apr_pool_t *pool,
                                  const crm_uuid_t *id, const crm_values_t *values,
                                  crm_record_t *ret_record)
{
    call_t call = {.records = records, .id = id, .values = values, .ret_record = ret_record};

    return crm_db_transaction(records->db, pool, create_by_in, &call);
}

static crm_error_t *change_in(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    call_t *call = baton;
    crm_write_t *write = crm_write_make(bound(call, pool, db), pool, call->kind);

    CRM_ERR(crm_write_load(write, call->id, call->kind == CRM_WRITE_RESTORE));
    CRM_ERR(check_version(call, write));
    if (call->values) {
        crm_write_take(write, call->values);
    }
    return finish(call, write);
}

static crm_error_t *change(call_t *call, apr_pool_t *pool)
{
    return crm_db_transaction(call->records->db, pool, change_in, call);
}

crm_error_t *crm_record_update(const crm_records_t *records, apr_pool_t *pool, const crm_uuid_t *id,
                               const crm_values_t *values, const crm_precondition_t *if_match,
                               crm_record_t *ret_record)
{
    call_t call = {
        .records = records,
        .kind = CRM_WRITE_UPDATE,
        .id = id,
        .values = values,
        .if_match = if_match,
        .ret_record = ret_record,
    };

    return change(&call, pool);
}

crm_error_t *crm_record_delete(const crm_records_t *records, apr_pool_t *pool, const crm_uuid_t *id,
                               const crm_precondition_t *if_match)
{
    call_t call = {.records = records, .kind = CRM_WRITE_DELETE, .id = id, .if_match = if_match};

    return change(&call, pool);
}

crm_error_t *crm_record_restore(const crm_records_t *records, apr_pool_t *pool,
                                const crm_uuid_t *id, const crm_precondition_t *if_match,
                                crm_record_t *ret_record)
{
    call_t call = {
        .records = records,
        .kind = CRM_WRITE_RESTORE,
        .id = id,
        .if_match = if_match,
        .ret_record = ret_record,
    };

    return change(&call, pool);
}

/* ---- by a unique value ---- */

static crm_error_t *find_by(const call_t *call, const crm_db_t *db, apr_pool_t *pool,
                            const crm_uuid_t **ret_id)
{
    const crm_entity_t *entity = call->records->entity;
    const crm_value_t value = crm_text(call->put->text);
    const crm_record_find_t find = {
        .entity = entity,
        .field = call->put->field,
        .values = &value,
        .count = 1,
        .lock = "{for update}",
    };
    const crm_rows_t *rows;

    CRM_ERR(crm_record_find(db, pool, &find, &rows));
    *ret_id = NULL;
    if (rows->count) {
        apr_int64_t version;
        int deleted;
        const crm_value_t *values =
            crm_record_found(pool, entity, crm_row(rows, 0), &version, &deleted);
        *ret_id = values[crm_entity_position(entity, entity->id)].as.uuid;
    }
    return NULL;
}

static crm_error_t *put_in(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    call_t *call = baton;
    const crm_record_put_t *put = call->put;
    const crm_uuid_t *id;

    CRM_ERR(find_by(call, db, pool, &id));
    call->created = !id;
    if (!id && put->may_not_create) {
        return put->may_not_create;
    }
    crm_write_t *write =
        crm_write_make(bound(call, pool, db), pool, id ? CRM_WRITE_UPDATE : CRM_WRITE_CREATE);
    if (id) {
        CRM_ERR(crm_write_load(write, id, 0));
        CRM_ERR(check_version(call, write));
    } else if (put->if_match) {
        CRM_ERR(put->if_match->check(put->if_match->baton, -1));
    }
    if (!id) {
        CRM_ERR(crm_write_begin(write));
    }
    crm_write_take(write, put->values);
    if (!put->values->present[put->field - put->values->fields]) {
        crm_write_set(write, put->field->name,
                      id ? crm_write_get(write, put->field->name) : crm_text(put->text));
    }
    return finish(call, write);
}

static int is_taken(const crm_error_t *error, const crm_field_t *field)
{
    for (int i = 0; error && error->fields && i < error->fields->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(error->fields, i, crm_field_error_t).field, field->name) == 0) {
            return 1;
        }
    }
    return 0;
}

crm_error_t *crm_record_put(const crm_records_t *records, apr_pool_t *pool,
                            const crm_record_put_t *put, crm_record_t *ret_record, int *ret_created)
{
    call_t call = {
        .records = records, .put = put, .if_match = put->if_match, .ret_record = ret_record};
    crm_error_t *error = crm_db_transaction(records->db, pool, put_in, &call);

    /* somebody else has just made it: then it is there to be changed */
    if (call.created && is_taken(error, put->field)) {
        error = crm_db_transaction(records->db, pool, put_in, &call);
    }
    *ret_created = call.created;
    return error;
}
