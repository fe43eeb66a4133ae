/* api/openapi_schema.c - fields and entities as JSON schemas. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/openapi_parts.h"

const char *crm_openapi_camel(apr_pool_t *pool, const char *name)
{
    char *camel = apr_palloc(pool, strlen(name) + 1), *to = camel;
    for (int begins = 1; *name; name++) {
        if (apr_isalnum(*name)) {
            *to++ = (char)(begins ? apr_toupper(*name) : *name);
        }
        begins = !apr_isalnum(*name);
    }
    *to = '\0';
    return camel;
}

int crm_openapi_is_input(const crm_field_t *field)
{
    return !(field->flags & CRM_F_READ_ONLY) && field->type != CRM_T_OBJECT &&
           field->type != CRM_T_LIST;
}

/* ---- one field */

static int is_free_text(crm_type_e type)
{
    return type == CRM_T_TEXT || type == CRM_T_LONGTEXT || type == CRM_T_EMAIL ||
           type == CRM_T_PHONE || type == CRM_T_URL || type == CRM_T_PASSWORD;
}

/* Lengths that are refused; what was stored may have been written under other rules. */
static void add_lengths(const crm_field_t *field, json_t *schema)
{
    int min = field->min_length ? field->min_length : !(field->flags & CRM_F_BLANK);
    int max = field->max_length ? field->max_length : crm_type(field->type)->default_max;
    if (min) {
        json_object_set_new(schema, "minLength", json_integer(min));
    }
    if (max) {
        json_object_set_new(schema, "maxLength", json_integer(max));
    }
}

static void add_choices(const crm_field_t *field, json_t *schema)
{
    json_t *values = json_array();
    for (const crm_choice_t *choice = field->choices; choice->value; choice++) {
        json_array_append_new(values, json_string(choice->value));
    }
    if (field->flags & CRM_F_BLANK) {
        json_array_append_new(values, json_string(""));
    }
    json_object_set_new(schema, "enum", values);
}

static json_t *typed(const crm_field_t *field, crm_way_e way)
{
    const crm_type_t *type = crm_type(field->type);
    json_t *schema = json_object();
    if (type->json_type) {
        json_object_set_new(schema, "type", json_string(type->json_type));
    }
    if (type->json_format) {
        json_object_set_new(schema, "format", json_string(type->json_format));
    }
    if (field->type == CRM_T_INTEGERS) {
        json_object_set_new(schema, "items",
                            json_pack("{s:s, s:s}", "type", "integer", "format", "int64"));
    }
    if (field->choices) {
        add_choices(field, schema);
    }
    if (way == CRM_WAY_IN && is_free_text(field->type)) {
        add_lengths(field, schema);
    }
    return schema;
}

static json_t *list_of(json_t *items)
{
    return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

/* What FIELD shows of other records. */
static json_t *nested(crm_openapi_t *doc, const crm_field_t *fields, const crm_field_t *field)
{
    const crm_field_t *reference = field->details ? crm_field_find(fields, field->details) : NULL;
    if (field->children) {
        json_t *schema = list_of(crm_openapi_record(doc, field->children->entity));
        json_object_set_new(schema, "maxItems", json_integer(field->children->most));
        return schema;
    }
    if (reference && reference->reference) {
        return crm_openapi_record(doc, reference->reference->entity);
    }
    if (field->shape == CRM_SHAPE_COUNTS) {
        return json_pack("{s:s, s:{s:s, s:s}}", "type", "object", "additionalProperties", "type",
                         "integer", "format", "int64");
    }
    if (!field->object) {
        return json_pack("{s:s}", "type", "object");
    }
    json_t *record = crm_openapi_record(doc, field->object);
    return field->shape == CRM_SHAPE_LIST ? list_of(record) : record;
}

static void add_preset(const crm_openapi_t *doc, const crm_field_t *field, json_t *schema)
{
    crm_field_t preset = *field;
    preset.example = field->preset;
    if (field->preset) {
        json_object_set_new(schema, "default", crm_openapi_value(doc, field, &preset));
    }
}

json_t *crm_openapi_field(crm_openapi_t *doc, const crm_field_t *fields, const crm_field_t *field,
                          crm_way_e way)
{
    int is_nested = field->type == CRM_T_OBJECT || field->type == CRM_T_LIST;
    json_t *schema =
        is_nested ? crm_openapi_own(doc, nested(doc, fields, field)) : typed(field, way);
    if (way == CRM_WAY_IN) {
        add_preset(doc, field, schema);
    }
    if (field->flags & CRM_F_NULL) {
        schema = crm_openapi_nullable(doc, schema);
    }
    if (field->help) {
        json_object_set_new(schema, "description", json_string(field->help));
    }
    if (way == CRM_WAY_OUT && (field->flags & CRM_F_READ_ONLY)) {
        json_object_set_new(schema, "readOnly", json_true());
    }
    if (way == CRM_WAY_IN && !crm_field_is_shown(field) && doc->version == CRM_OPENAPI_3_1) {
        json_object_set_new(schema, "writeOnly", json_true());
    }
    if (!is_nested) {
        crm_openapi_add_example(doc, schema, crm_openapi_value(doc, fields, field));
    }
    crm_openapi_mark_field(doc, field, schema);
    return schema;
}

/* ---- objects */

/* All that is sent or answered of FIELDS. Clients may send more, which is ignored; answers have no
 * more. */
static json_t *object_of(crm_openapi_t *doc, const crm_field_t *fields, crm_way_e way, int partial)
{
    json_t *properties = json_object(), *required = json_array();
    for (const crm_field_t *field = fields; field->name; field++) {
        if (way == CRM_WAY_OUT ? !crm_field_is_shown(field) : !crm_openapi_is_input(field)) {
            continue;
        }
        json_object_set_new(properties, field->name, crm_openapi_field(doc, fields, field, way));
        if (way == CRM_WAY_OUT || (!partial && (field->flags & CRM_F_REQUIRED))) {
            json_array_append_new(required, json_string(field->name));
        }
    }
    json_t *schema = json_pack("{s:s}", "type", "object");
    if (json_array_size(required)) {
        json_object_set(schema, "required", required);
    }
    json_decref(required);
    json_object_set_new(schema, "properties", properties);
    if (way == CRM_WAY_OUT) {
        json_object_set_new(schema, "additionalProperties", json_false());
    }
    return schema;
}

json_t *crm_openapi_record(crm_openapi_t *doc, const crm_entity_t *entity)
{
    const char *name = crm_openapi_camel(doc->pool, entity->name);
    if (!json_object_get(doc->schemas, name)) {
        json_object_set_new(doc->schemas, name, json_object()); /* it may refer to itself */
        json_t *schema = object_of(doc, entity->fields, CRM_WAY_OUT, 0);
        if (entity->help) {
            json_object_set_new(schema, "description", json_string(entity->help));
        }
        crm_openapi_mark_entity(doc, entity, schema);
        json_object_set_new(doc->schemas, name, schema);
    }
    return crm_openapi_ref(doc, CRM_REF_SCHEMA, name);
}

static json_t *link_schema(const crm_openapi_t *doc, const char *description)
{
    json_t *schema =
        crm_openapi_nullable(doc, json_pack("{s:s, s:s}", "type", "string", "format", "uri"));
    json_object_set_new(schema, "description", json_string(description));
    return schema;
}

json_t *crm_openapi_page(crm_openapi_t *doc, const crm_entity_t *entity)
{
    const char *name =
        apr_pstrcat(doc->pool, crm_openapi_camel(doc->pool, entity->name), "Page", NULL);
    if (!json_object_get(doc->schemas, name)) {
        json_t *count = crm_openapi_nullable(
            doc, json_pack("{s:s, s:s, s:i}", "type", "integer", "format", "int64", "minimum", 0));
        json_object_set_new(count, "description",
                            json_string("How many there are on all pages: null with `count=none`, "
                                        "and not there with `cursor`."));
        json_t *schema = json_pack(
            "{s:s, s:[sss], s:{s:o, s:o, s:o, s:o}, s:b, s:s}", "type", "object", "required",
            "next", "previous", "results", "properties", "count", count, "next",
            link_schema(doc, "The URL of the next page; null on the last one."), "previous",
            link_schema(doc, "The URL of the page before; null on the first one."), "results",
            list_of(crm_openapi_record(doc, entity)), "additionalProperties", 0, "description",
            "A page of a list.");
        json_object_set_new(doc->schemas, name, schema);
    }
    return crm_openapi_ref(doc, CRM_REF_SCHEMA, name);
}

/* ---- bodies */

/* "ProfileUpdateInput": the pattern's words; of a record its name. */
static const char *input_name(apr_pool_t *pool, const crm_route_t *route)
{
    int partial = (route->flags & CRM_ROUTE_PARTIAL) != 0;
    const char *words = "";
    if (route->entity && route->body == route->entity->fields) {
        words = route->entity->name;
    } else {
        char *state, *pattern = apr_pstrdup(pool, route->pattern);
        for (char *word = apr_strtok(pattern, "/", &state); word;
             word = apr_strtok(NULL, "/", &state)) {
            if (*word != '{' && strcmp(word, "auth") != 0) {
                words = apr_pstrcat(pool, words, " ", word, NULL);
            }
        }
    }
    return apr_pstrcat(pool, crm_openapi_camel(pool, words), partial ? "Patch" : "Input", NULL);
}

json_t *crm_openapi_input(crm_openapi_t *doc, const crm_route_t *route, int *ret_required)
{
    const char *name = input_name(doc->pool, route);
    json_t *schema =
        object_of(doc, route->body, CRM_WAY_IN, (route->flags & CRM_ROUTE_PARTIAL) != 0);
    if (doc->version == CRM_SWAGGER_2_0) {
        crm_openapi_add_example(doc, schema, crm_openapi_example(doc, route->body, CRM_WAY_IN));
    }
    const json_t *known = json_object_get(doc->schemas, name);
    *ret_required = json_object_get(schema, "required") != NULL;
    if (known && !json_equal(known, schema)) {
        abort(); /* two tables of fields under one name: the rows' patterns tell them apart */
    }
    json_object_set_new(doc->schemas, name, schema);
    return crm_openapi_ref(doc, CRM_REF_SCHEMA, name);
}
