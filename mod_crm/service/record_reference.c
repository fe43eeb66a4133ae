/* service/record_reference.c - references of a record that is written: found, made, checked. */
#include <string.h>

#include <apr_strings.h>

#include "service/record_write.h"

static crm_value_t *value_of(const crm_write_t *write, const crm_field_t *field)
{
    return &write->values[field - write->entity->fields];
}

static int is_active(const crm_entity_t *entity, const crm_value_t *values)
{
    crm_value_t value = values[crm_entity_position(entity, "is_active")];

    return !crm_is_null(value) && value.as.integer;
}

/* Reads the record whose FIELD is VALUE; NULL when there is none that may be referred to. */
static crm_error_t *find(const crm_write_t *write, const crm_reference_t *reference,
                         const crm_field_t *field, crm_value_t value,
                         const crm_value_t **ret_values)
{
    const crm_record_find_t find = {
        .entity = reference->entity,
        .field = field,
        .values = &value,
        .count = 1,
        .lock = "{for share}",
    };
    const crm_rows_t *rows;
    apr_int64_t version;
    int deleted;

    CRM_ERR(crm_record_find(write->db, write->pool, &find, &rows));
    *ret_values = rows->count ? crm_record_found(write->pool, reference->entity, crm_row(rows, 0),
                                                 &version, &deleted)
                              : NULL;
    return NULL;
}

/* ---- links ---- */

/* The record that is made for a link: each field the first that has a value. */
static const crm_named_value_t *copy_values(const crm_write_t *write, const crm_link_t *link)
{
    apr_array_header_t *values = apr_array_make(write->pool, 4, sizeof(crm_named_value_t));

    for (const crm_link_copy_t *copy = link->copies; copy->to; copy++) {
        crm_value_t value = crm_text("");
        for (int i = 0; i < 3 && copy->from[i]; i++) {
            const char *text = crm_write_text(write, copy->from[i]);
            if (text && *text) {
                value = crm_text(text);
                break;
            }
        }
        APR_ARRAY_PUSH(values, crm_named_value_t) = (crm_named_value_t){copy->to, value};
    }
    APR_ARRAY_PUSH(values, crm_named_value_t) = (crm_named_value_t){NULL, crm_null()};
    return (const crm_named_value_t *)values->elts;
}

/* Who finds nobody and makes one may find that somebody else just did. */
static crm_error_t *find_or_add(crm_write_t *write, const crm_reference_t *reference,
                                crm_value_t key, const crm_value_t **ret_values)
{
    const crm_link_t *link = reference->link;
    const crm_entity_t *entity = reference->entity;
    const crm_field_t *target = crm_entity_field(entity, link->target);
    crm_uuid_t id;

    CRM_ERR(find(write, reference, target, key, ret_values));
    if (*ret_values) {
        return NULL;
    }
    crm_error_t *error = crm_record_add(write, entity, copy_values(write, link), &id);
    if (error && error->kind != CRM_E_INVALID) {
        return error;
    }
    crm_error_t *again = find(write, reference, target, key, ret_values);
    return *ret_values || again ? again : error;
}

static crm_error_t *link_field(crm_write_t *write, const crm_field_t *field)
{
    const crm_reference_t *reference = field->reference;
    const crm_entity_t *entity = reference->entity;
    crm_value_t key = crm_write_get(write, reference->link->key);
    const crm_value_t *values;

    CRM_ERR(find_or_add(write, reference, key, &values));
    if (reference->must_be_active && !is_active(entity, values)) {
        return crm_error_field(write->pool, reference->link->key,
                               "The %s with this value is not active.", entity->name);
    }
    crm_write_set(write, field->name, values[crm_entity_position(entity, entity->id)]);
    write->referred[field - write->entity->fields] = values;
    return NULL;
}

crm_error_t *crm_reference_link(crm_write_t *write)
{
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        const crm_link_t *link = field->reference ? field->reference->link : NULL;
        const char *key = link ? crm_write_text(write, link->key) : NULL;
        int is_told =
            write->sent[field - write->entity->fields] && !crm_is_null(*value_of(write, field));
        if (key && *key && !is_told) {
            CRM_ERR(link_field(write, field));
        }
    }
    return NULL;
}

/* ---- checks ---- */

static int is_new(const crm_write_t *write, const crm_field_t *field)
{
    return field->reference && field->column && !crm_is_null(*value_of(write, field)) &&
           (write->kind == CRM_WRITE_CREATE ||
            (write->kind == CRM_WRITE_UPDATE && crm_write_changed(write, field->name)));
}

crm_error_t *crm_reference_check(crm_write_t *write)
{
    crm_error_t *error = NULL;

    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        const crm_value_t **referred = &write->referred[field - write->entity->fields];
        if (!is_new(write, field) || *referred) {
            continue;
        }
        const crm_reference_t *reference = field->reference;
        CRM_ERR(find(write, reference, crm_entity_field(reference->entity, reference->entity->id),
                     *value_of(write, field), referred));
        if (!*referred && write->entity->parent &&
            strcmp(write->entity->parent, field->name) == 0) {
            return crm_error_standard(write->pool, CRM_E_NOT_FOUND);
        }
        if (!*referred || (reference->must_be_active && !is_active(reference->entity, *referred))) {
            crm_error_add(write->pool, &error, field->name,
                          "Invalid pk \"%s\" - object does not exist.",
                          crm_uuid_text(write->pool, value_of(write, field)->as.uuid));
        }
    }
    return error;
}
