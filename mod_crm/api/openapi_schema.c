/* api/openapi_schema.c - fields and entities as JSON schemas. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/openapi_parts.h"
#include "db/list.h"

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

int crm_openapi_has_body(const crm_route_t *route)
{
    return route->body || route->input || (route->flags & CRM_ROUTE_UPLOAD);
}

int crm_openapi_is_export(const crm_route_t *route)
{
    return route->formats && route->result;
}

/* A view of records is listed as the records are. */
const crm_entity_t *crm_openapi_listed(const crm_route_t *route)
{
    return route->result->table || !route->entity ? route->result : route->entity;
}

json_t *crm_openapi_named(crm_openapi_t *doc, const char *name, json_t *schema)
{
    const json_t *known = json_object_get(doc->schemas, name);
    if (known && !json_equal(known, schema)) {
        abort();
    }
    json_object_set_new(doc->schemas, name, schema);
    return crm_openapi_ref(doc, CRM_REF_SCHEMA, name);
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
    if (field->type == CRM_T_DECIMAL) {
        json_object_set_new(schema, "pattern",
                            json_sprintf("^-?[0-9]{1,%d}([.][0-9]{1,%d})?$",
                                         field->max_length - field->scale, field->scale));
    }
    if (field->pattern) {
        json_object_set_new(schema, "pattern", json_string(field->pattern));
    }
    if (field->choices) {
        add_choices(field, schema);
    }
    if (way == CRM_WAY_IN && is_free_text(field->type)) {
        add_lengths(field, schema);
    }
    return schema;
}

static json_t *object_of(crm_openapi_t *doc, const crm_field_t *fields, crm_way_e way,
                         const crm_field_t *const *optional);

json_t *crm_openapi_list_of(json_t *items)
{
    return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

/* A record as another one shows it: what is stored of it. */
static json_t *details_of(crm_openapi_t *doc, const crm_entity_t *entity)
{
    const char *name =
        apr_pstrcat(doc->pool, crm_openapi_camel(doc->pool, entity->name), "Details", NULL);
    apr_array_header_t *fields = apr_array_make(doc->pool, 16, sizeof(crm_field_t));
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (crm_list_is_detail(field)) {
            APR_ARRAY_PUSH(fields, crm_field_t) = *field;
        }
    }
    APR_ARRAY_PUSH(fields, crm_field_t) = (crm_field_t){.name = NULL};
    return crm_openapi_named(doc, name,
                             object_of(doc, (const crm_field_t *)fields->elts, CRM_WAY_OUT, NULL));
}

/* Objects that a handler makes. */
static json_t *made(crm_openapi_t *doc, const crm_field_t *field)
{
    json_t *object = field->object ? crm_openapi_record(doc, field->object)
                                   : json_pack("{s:s}", "type", "object");
    switch (field->shape) {
    case CRM_SHAPE_LIST:
        return crm_openapi_list_of(object);
    case CRM_SHAPE_MAP:
        return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", object);
    case CRM_SHAPE_COUNTS:
        json_decref(object);
        return json_pack("{s:s, s:{s:s, s:s}}", "type", "object", "additionalProperties", "type",
                         "integer", "format", "int64");
    case CRM_SHAPE_TEXTS:
        json_decref(object);
        return crm_openapi_list_of(json_pack("{s:s}", "type", "string"));
    case CRM_SHAPE_ONE:
        break;
    }
    return object;
}

/* What FIELD shows of other records. */
static json_t *nested(crm_openapi_t *doc, const crm_field_t *fields, const crm_field_t *field)
{
    const crm_field_t *reference = field->details ? crm_field_find(fields, field->details) : NULL;
    if (field->children) {
        json_t *schema = crm_openapi_list_of(crm_openapi_record(doc, field->children->entity));
        json_object_set_new(schema, "maxItems", json_integer(field->children->most));
        return schema;
    }
    return reference && reference->reference ? details_of(doc, reference->reference->entity)
                                             : made(doc, field);
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
    int is_nested = field->type == CRM_T_OBJECT || field->type == CRM_T_LIST || field->object;
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

/* Whether what is sent must have FIELD: never where it is the one of OPTIONAL that is named, or
 * where OPTIONAL names none. An answer has all but what it may leave out. */
static int is_required(const crm_field_t *field, crm_way_e way, const crm_field_t *const *optional)
{
    if (way == CRM_WAY_OUT) {
        return !(field->flags & CRM_F_ABSENT);
    }
    return (field->flags & CRM_F_REQUIRED) && (!optional || (*optional && *optional != field));
}

/* All that is sent or answered of FIELDS. Clients may send more, which is ignored; answers have no
 * more. */
static json_t *object_of(crm_openapi_t *doc, const crm_field_t *fields, crm_way_e way,
                         const crm_field_t *const *optional)
{
    json_t *properties = json_object(), *required = json_array();
    for (const crm_field_t *field = fields; field->name; field++) {
        if (way == CRM_WAY_OUT ? !crm_field_is_shown(field) : !crm_openapi_is_input(field)) {
            continue;
        }
        json_object_set_new(properties, field->name, crm_openapi_field(doc, fields, field, way));
        if (is_required(field, way, optional)) {
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
        json_t *schema = object_of(doc, entity->fields, CRM_WAY_OUT, NULL);
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
            crm_openapi_list_of(crm_openapi_record(doc, entity)), "additionalProperties", 0,
            "description", "A page of a list.");
        json_object_set_new(doc->schemas, name, schema);
    }
    return crm_openapi_ref(doc, CRM_REF_SCHEMA, name);
}

/* ---- bodies */

/* "ProfileUpdate": the pattern's words, but for those that most have. */
static const char *words_of(apr_pool_t *pool, const crm_route_t *route)
{
    const char *words = "";
    char *state, *pattern = apr_pstrdup(pool, route->pattern);
    for (char *word = apr_strtok(pattern, "/", &state); word;
         word = apr_strtok(NULL, "/", &state)) {
        if (*word != '{' && strcmp(word, "auth") != 0) {
            words = apr_pstrcat(pool, words, " ", word, NULL);
        }
    }
    return crm_openapi_camel(pool, words);
}

/* The schema NAME (its end is told by PARTIAL) of what is sent of FIELDS. */
static json_t *input_of(crm_openapi_t *doc, const char *name, const crm_field_t *fields,
                        const crm_field_t *const *optional)
{
    int is_partial = optional && !*optional;
    json_t *schema = object_of(doc, fields, CRM_WAY_IN, optional);
    if (doc->version == CRM_SWAGGER_2_0) {
        crm_openapi_add_example(doc, schema, crm_openapi_example(doc, fields, CRM_WAY_IN));
    }
    return crm_openapi_named(
        doc, apr_pstrcat(doc->pool, name, is_partial ? "Patch" : "Input", NULL), schema);
}

json_t *crm_openapi_entity_input(crm_openapi_t *doc, const crm_entity_t *entity, int partial)
{
    static const crm_field_t *const all[] = {NULL};
    return input_of(doc, crm_openapi_camel(doc->pool, entity->name), entity->fields,
                    partial ? all : NULL);
}

/* The field whose value the path of ROUTE has: ".../by/<field>/{text}/". */
static const crm_field_t *by_field(apr_pool_t *pool, const crm_route_t *route)
{
    const char *end = strrchr(route->pattern, '{') - 1, *start = end;
    while (start[-1] != '/') {
        start--;
    }
    return crm_field_find(route->input, apr_pstrmemdup(pool, start, (apr_size_t)(end - start)));
}

crm_openapi_body_t crm_openapi_input(crm_openapi_t *doc, const crm_route_t *route)
{
    static const crm_field_t *const all[] = {NULL};
    const crm_field_t *fields = route->body ? route->body : route->input;
    int partial = (route->flags & CRM_ROUTE_PARTIAL) != 0;
    const crm_field_t *by = NULL;
    crm_openapi_body_t body = {.is_merge = strcmp(route->method, "PATCH") == 0};
    if (route->flags & CRM_ROUTE_BATCH) {
        return crm_openapi_batch_input(doc, route);
    }
    if (route->flags & CRM_ROUTE_BY) {
        by = by_field(doc->pool, route);
        body.schema = input_of(doc, words_of(doc->pool, route), fields, &by);
    } else if (route->entity && route->body == route->entity->fields) {
        body.schema = crm_openapi_entity_input(doc, route->entity, partial);
    } else {
        body.schema = input_of(doc, words_of(doc->pool, route), fields, partial ? all : NULL);
    }
    for (const crm_field_t *field = fields; field->name; field++) {
        body.required |= !partial && field != by && crm_openapi_is_input(field) &&
                         (field->flags & CRM_F_REQUIRED);
        body.is_json |= crm_openapi_is_input(field) && field->type == CRM_T_INTEGERS;
    }
    body.example = crm_openapi_example(doc, fields, CRM_WAY_IN);
    return body;
}
