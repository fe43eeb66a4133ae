/* api/openapi_example.c - examples of values, bodies and answers. */
#include <string.h>

#include <apr_strings.h>

#include "api/openapi_parts.h"
#include "db/list.h"

/* Records in records: a lead's customer, and no further. */
#define MOST_LEVELS 3

typedef int is_in_fn(const crm_field_t *field);

static json_t *object_of(const crm_openapi_t *doc, const crm_field_t *fields, is_in_fn *is_in,
                         int level);

/* TEXT as FIELD's type reads it; text that it does not is a mistake in a table and stays text. */
static json_t *read_value(const crm_openapi_t *doc, const crm_field_t *field, const char *text)
{
    const crm_type_t *type = crm_type(field->type);
    crm_error_t *error = NULL;
    crm_value_t value;
    if (!type->read_text || !type->read_text(doc->pool, field, text, &value, &error)) {
        json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
        return json ? json : json_string(text);
    }
    return crm_field_json(doc->pool, field, value);
}

/* Free text that has none of its own is its label: "Street and number" tells more than "text". */
static const char *text_of(const crm_openapi_t *doc, const crm_field_t *field)
{
    if (field->example) {
        return field->example;
    }
    if (field->choices) {
        return field->choices->value;
    }
    return field->type == CRM_T_TEXT ? crm_field_label(doc->pool, field)
                                     : crm_type(field->type)->example;
}

static json_t *nested(const crm_openapi_t *doc, const crm_field_t *fields, const crm_field_t *field,
                      int level)
{
    const crm_field_t *reference = field->details ? crm_field_find(fields, field->details) : NULL;
    const crm_entity_t *entity = field->children                     ? field->children->entity
                                 : reference && reference->reference ? reference->reference->entity
                                                                     : field->object;
    int is_list = field->children || field->shape == CRM_SHAPE_LIST;
    if (field->example) {
        return read_value(doc, field, field->example);
    }
    if (level >= MOST_LEVELS || !entity) {
        return is_list ? json_array() : field->flags & CRM_F_NULL ? json_null() : json_object();
    }
    json_t *object = object_of(doc, entity->fields,
                               reference ? crm_list_is_detail : crm_field_is_shown, level + 1);
    return is_list ? json_pack("[o]", object) : object;
}

static json_t *value_of(const crm_openapi_t *doc, const crm_field_t *fields,
                        const crm_field_t *field, int level)
{
    if (field->type == CRM_T_OBJECT || field->type == CRM_T_LIST || field->object) {
        return nested(doc, fields, field, level);
    }
    return read_value(doc, field, text_of(doc, field));
}

static json_t *object_of(const crm_openapi_t *doc, const crm_field_t *fields, is_in_fn *is_in,
                         int level)
{
    json_t *object = json_object();
    for (const crm_field_t *field = fields; field->name; field++) {
        if (is_in(field)) {
            json_object_set_new(object, field->name, value_of(doc, fields, field, level));
        }
    }
    return object;
}

json_t *crm_openapi_value(const crm_openapi_t *doc, const crm_field_t *fields,
                          const crm_field_t *field)
{
    return value_of(doc, fields, field, 0);
}

json_t *crm_openapi_example(const crm_openapi_t *doc, const crm_field_t *fields, crm_way_e way)
{
    return object_of(doc, fields, way == CRM_WAY_OUT ? crm_field_is_shown : crm_openapi_is_input,
                     0);
}

json_t *crm_openapi_example_page(const crm_openapi_t *doc, const crm_field_t *fields)
{
    return json_pack("{s:i, s:n, s:n, s:[o]}", "count", 1, "next", "previous", "results",
                     object_of(doc, fields, crm_field_is_shown, 0));
}
