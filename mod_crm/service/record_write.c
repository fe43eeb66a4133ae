/* service/record_write.c - one write of one record: its values, and writes that hooks make. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "service/record_write.h"

/* ---- values ---- */

static int position(const crm_write_t *write, const char *name)
{
    return crm_entity_position(write->entity, name);
}

crm_value_t crm_write_get(const crm_write_t *write, const char *name)
{
    return write->values[position(write, name)];
}

const char *crm_write_text(const crm_write_t *write, const char *name)
{
    crm_value_t value = crm_write_get(write, name);

    return value.kind == CRM_V_TEXT ? value.as.text : NULL;
}

void crm_write_set(crm_write_t *write, const char *name, crm_value_t value)
{
    write->values[position(write, name)] = value;
    write->sent[position(write, name)] = 1;
}

int crm_write_same(crm_value_t a, crm_value_t b)
{
    if (a.kind != b.kind) {
        return 0;
    }
    switch (a.kind) {
    case CRM_V_NULL:
        return 1;
    case CRM_V_TEXT:
        return strcmp(a.as.text, b.as.text) == 0;
    case CRM_V_UUID:
        return memcmp(a.as.uuid, b.as.uuid, sizeof(*a.as.uuid)) == 0;
    case CRM_V_BYTES:
        return a.size == b.size && memcmp(a.as.bytes, b.as.bytes, a.size) == 0;
    case CRM_V_REAL:
        return a.as.real == b.as.real;
    case CRM_V_TIME:
        return a.as.time == b.as.time;
    case CRM_V_INTEGER:
    case CRM_V_BOOLEAN:
        break;
    }
    return a.as.integer == b.as.integer;
}

int crm_write_changed(const crm_write_t *write, const char *name)
{
    int i = position(write, name);

    return !crm_write_same(write->before ? write->before[i] : crm_null(), write->values[i]);
}

crm_write_t *crm_write_make(const crm_records_t *records, apr_pool_t *pool, crm_write_e kind)
{
    crm_write_t *write = apr_pcalloc(pool, sizeof(*write));
    apr_size_t count = (apr_size_t)crm_entity_count(records->entity) + 1;

    write->records = records;
    write->db = records->db;
    write->pool = pool;
    write->entity = records->entity;
    write->kind = kind;
    write->now = apr_time_now();
    write->values = apr_pcalloc(pool, count * sizeof(*write->values));
    write->sent = apr_pcalloc(pool, count);
    write->referred = apr_pcalloc(pool, count * sizeof(*write->referred));
    return write;
}

/* What a field has where nobody says it. */
static crm_error_t *preset(crm_write_t *write, const crm_field_t *field)
{
    crm_error_t *error = NULL;

    if (field->preset && !crm_type(field->type)
                              ->read_text(write->pool, field, field->preset,
                                          &write->values[field - write->entity->fields], &error)) {
        return error;
    }
    return NULL;
}

crm_error_t *crm_write_begin(crm_write_t *write)
{
    const crm_records_t *records = write->records;
    crm_value_t author = records->author.id ? crm_int(records->author.id) : crm_null();

    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        CRM_ERR(preset(write, field));
    }
    crm_uuid_make(&write->id);
    write->values[position(write, write->entity->id)] = crm_uuid(&write->id);
    write->values[position(write, "created_at")] = crm_time(write->now);
    write->values[position(write, "updated_at")] = crm_time(write->now);
    write->values[position(write, "created_by")] = author;
    if (write->entity->parent && records->parent) {
        write->values[position(write, write->entity->parent)] = crm_uuid(records->parent);
    }
    return NULL;
}

void crm_write_take(crm_write_t *write, const crm_values_t *values)
{
    for (const crm_field_t *field = values->fields; field->name; field++) {
        apr_size_t i = (apr_size_t)(field - values->fields);
        if (values->present[i]) {
            crm_write_set(write, field->name, values->values[i]);
        }
    }
}

void crm_write_adopt(crm_write_t *write, const crm_value_t *values, apr_int64_t version)
{
    write->before = values;
    memcpy(write->values, values,
           (apr_size_t)crm_entity_count(write->entity) * sizeof(*write->values));
    write->id = *values[position(write, write->entity->id)].as.uuid;
    write->version = version;
}

crm_error_t *crm_write_load(crm_write_t *write, const crm_uuid_t *id, int deleted)
{
    const crm_entity_t *entity = write->entity;
    const crm_value_t key = crm_uuid(id);
    const crm_record_find_t find = {
        .entity = entity,
        .field = crm_entity_field(entity, entity->id),
        .values = &key,
        .count = 1,
        .deleted = deleted,
        .lock = "{for update}",
    };
    const crm_rows_t *rows;
    int is_deleted;

    CRM_ERR(crm_record_find(write->db, write->pool, &find, &rows));
    if (!rows->count) {
        return crm_error_standard(write->pool, CRM_E_NOT_FOUND);
    }
    apr_int64_t version;
    const crm_value_t *values =
        crm_record_found(write->pool, entity, crm_row(rows, 0), &version, &is_deleted);
    crm_write_adopt(write, values, version);
    if (write->records->parent && entity->parent &&
        !crm_write_same(write->before[position(write, entity->parent)],
                        crm_uuid(write->records->parent))) {
        return crm_error_standard(write->pool, CRM_E_NOT_FOUND);
    }
    if (deleted && !is_deleted) {
        write->kind = CRM_WRITE_UPDATE; /* it is there: nothing differs */
    }
    return NULL;
}

/* ---- other records, in the same transaction ---- */

static crm_records_t others(const crm_write_t *write, const crm_entity_t *entity)
{
    crm_records_t records = *write->records;

    records.db = write->db;
    records.entity = entity;
    records.parent = NULL;
    return records;
}

crm_error_t *crm_write_of_other(const crm_write_t *write, const crm_entity_t *entity,
                                crm_write_t **ret_other)
{
    crm_records_t *records = apr_palloc(write->pool, sizeof(*records));

    *records = others(write, entity);
    if (records->permit) {
        CRM_ERR(records->permit->check(records->permit->baton, entity, CRM_ACTION_ADD));
    }
    *ret_other = crm_write_make(records, write->pool, CRM_WRITE_CREATE);
    return crm_write_begin(*ret_other);
}

crm_error_t *crm_record_add(const crm_write_t *write, const crm_entity_t *entity,
                            const crm_named_value_t *values, crm_uuid_t *ret_id)
{
    crm_write_t *other;

    CRM_ERR(crm_write_of_other(write, entity, &other));
    for (const crm_named_value_t *value = values; value->name; value++) {
        crm_write_set(other, value->name, value->value);
    }
    CRM_ERR(crm_write_run(other));
    *ret_id = other->id;
    return NULL;
}

crm_error_t *crm_record_set_status(const crm_write_t *write, const crm_entity_t *entity,
                                   const crm_uuid_t *id, const char *status)
{
    crm_records_t *records = apr_palloc(write->pool, sizeof(*records));

    *records = others(write, entity);
    crm_write_t *other = crm_write_make(records, write->pool, CRM_WRITE_UPDATE);
    crm_error_t *error = crm_write_load(other, id, 0);

    if (error) {
        return error->kind == CRM_E_NOT_FOUND ? NULL : error;
    }
    crm_write_set(other, crm_entity_status(entity)->name, crm_text(status));
    return crm_write_run(other);
}
