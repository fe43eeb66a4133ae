/* service/record_write.c - one write of one record: its values, its hooks, its statements. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "service/record_write.h"

#define UNIQUE_SUFFIX "_unique"

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
    write->before =
        crm_record_found(write->pool, entity, crm_row(rows, 0), &write->version, &is_deleted);
    memcpy(write->values, write->before,
           (apr_size_t)crm_entity_count(entity) * sizeof(*write->values));
    write->id = *id;
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

/* ---- statements ---- */

/* 1 when a stored field differs, of those that a record does not write by itself. */
static int differs(const crm_write_t *write)
{
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        apr_size_t i = (apr_size_t)(field - write->entity->fields);
        if (field->column && strcmp(field->name, "updated_at") != 0 &&
            !crm_write_same(write->before[i], write->values[i])) {
            return 1;
        }
    }
    return 0;
}

static void add_statements(apr_array_header_t *statements, const crm_write_t *write)
{
    const crm_entity_t *entity = write->entity;
    const crm_value_t *row = write->values;

    switch (write->kind) {
    case CRM_WRITE_CREATE:
        crm_record_sql_insert(statements, entity, &row, 1);
        crm_record_sql_search_insert(statements, entity, &row, 1);
        crm_record_sql_count(statements, entity, 1);
        break;
    case CRM_WRITE_UPDATE:
        crm_record_sql_update(statements, entity, row, write->version);
        crm_record_sql_search_update(statements, entity, row);
        break;
    case CRM_WRITE_DELETE:
        crm_record_sql_delete(statements, entity, row, write->version, write->now);
        crm_record_sql_search_delete(statements, entity, row);
        crm_record_sql_count(statements, entity, -1);
        break;
    case CRM_WRITE_RESTORE:
        crm_record_sql_delete(statements, entity, row, write->version, 0);
        crm_record_sql_search_insert(statements, entity, &row, 1);
        crm_record_sql_count(statements, entity, 1);
        break;
    }
    crm_change_log(statements, write);
}

/* A unique value that is taken is said on its field. */
static crm_error_t *taken(const crm_write_t *write, crm_error_t *error)
{
    apr_size_t length = error && error->key ? strlen(error->key) : 0;
    apr_size_t suffix = strlen(UNIQUE_SUFFIX);

    if (!error || error->kind != CRM_E_DUPLICATE || length <= suffix ||
        strcmp(error->key + length - suffix, UNIQUE_SUFFIX) != 0) {
        return error;
    }
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        if (field->column && strlen(field->column) == length - suffix &&
            strncmp(field->column, error->key, length - suffix) == 0) {
            return crm_error_field(write->pool, field->name, "This field must be unique.");
        }
    }
    return error;
}

static crm_error_t *execute(const crm_write_t *write)
{
    apr_array_header_t *statements = crm_record_statements(write->pool);

    add_statements(statements, write);
    return taken(write, crm_db_execute_all(write->db, write->pool,
                                           (const crm_sql_t *)statements->elts, statements->nelts));
}

/* 1 when references have to be looked up. */
static int has_references(const crm_write_t *write)
{
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        const crm_link_t *link = field->reference ? field->reference->link : NULL;
        if (field->reference && (!crm_is_null(write->values[field - write->entity->fields]) ||
                                 (link && !crm_is_null(crm_write_get(write, link->key))))) {
            return 1;
        }
    }
    return 0;
}

int crm_write_is_blind(const crm_write_t *write)
{
    return write->kind == CRM_WRITE_CREATE && !write->entity->before_write &&
           !write->entity->after_write && !has_references(write);
}

crm_error_t *crm_write_run(crm_write_t *write)
{
    const crm_entity_t *entity = write->entity;

    if (write->kind == CRM_WRITE_CREATE || write->kind == CRM_WRITE_UPDATE) {
        CRM_ERR(crm_reference_link(write));
    }
    if (entity->before_write) {
        CRM_ERR(entity->before_write(write));
    }
    if (write->kind == CRM_WRITE_UPDATE && !differs(write)) {
        return NULL;
    }
    CRM_ERR(crm_reference_check(write));
    CRM_ERR(crm_record_check_keys(write->pool, entity, write->values));
    write->values[position(write, "updated_at")] = crm_time(write->now);
    CRM_ERR(execute(write));
    write->version++;
    return entity->after_write ? entity->after_write(write) : NULL;
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

crm_error_t *crm_record_add(const crm_write_t *write, const crm_entity_t *entity,
                            const crm_named_value_t *values, crm_uuid_t *ret_id)
{
    crm_records_t *records = apr_palloc(write->pool, sizeof(*records));
    *records = others(write, entity);
    crm_write_t *other = crm_write_make(records, write->pool, CRM_WRITE_CREATE);

    if (records->permit) {
        CRM_ERR(records->permit->check(records->permit->baton, entity, CRM_ACTION_ADD));
    }
    CRM_ERR(crm_write_begin(other));
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
