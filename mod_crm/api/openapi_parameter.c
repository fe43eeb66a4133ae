/* api/openapi_parameter.c - the parameters of an operation: path, query, headers. */
#include <string.h>

#include <apr_strings.h>

#include "api/openapi_parts.h"

#define UUID_PARAMETER "{uuid}"
#define ID_PARAMETER "{id}"
#define TEXT_PARAMETER "{text}"

/* A parameter that many operations have. */
typedef struct common_t {
    const char *key; /* in the document's parameters */
    const char *name, *where, *description;
    const char *type, *format;
    int minimum; /* of a whole number; 0: none */
    int (*applies)(const crm_route_t *route);
} common_t;

static int names_tenant(const crm_route_t *route)
{
    return !(route->flags & CRM_ROUTE_NO_TENANT);
}

static int is_list(const crm_route_t *route)
{
    return route->is_list;
}

static int is_searched(const crm_route_t *route)
{
    return route->is_list || crm_openapi_is_export(route);
}

static int has_tag(const crm_route_t *route)
{
    return crm_openapi_answers(route, 304);
}

static int is_conditional(const crm_route_t *route)
{
    return crm_openapi_answers(route, 412);
}

static int takes_key(const crm_route_t *route)
{
    return crm_openapi_answers(route, 422);
}

static const common_t commons[] = {
    {.key = "page",
     .name = "page",
     .where = "query",
     .description = "The number of the page, from 1; one that is not there is 404.",
     .type = "integer",
     .minimum = 1,
     .applies = is_list},
    {.key = "search",
     .name = "search",
     .where = "query",
     .description = "Words that must all occur in one of the fields that are searched, without "
                    "regard to case and accents.",
     .type = "string",
     .applies = is_searched},
    {.key = "cursor",
     .name = "cursor",
     .where = "query",
     .description = "Instead of `page`: pages by their place in the order, none of them skipping "
                    "or repeating a record while others write. Empty for the first page; then "
                    "follow `next`.",
     .type = "string",
     .applies = is_list},
    {.key = "tenant",
     .name = "tenant",
     .where = "query",
     .description = "The tenant that the call is about, by name or slug. The account's own needs "
                    "not be named; superusers may name any.",
     .type = "string",
     .applies = names_tenant},
    {.key = "xTenant",
     .name = "X-Tenant",
     .where = "header",
     .description = "The same as `tenant`; both must agree.",
     .type = "string",
     .applies = names_tenant},
    {.key = "ifNoneMatch",
     .name = "If-None-Match",
     .where = "header",
     .description = "An `ETag` of an earlier answer: 304 while it is still the same.",
     .type = "string",
     .applies = has_tag},
    {.key = "ifMatch",
     .name = "If-Match",
     .where = "header",
     .description = "An `ETag` of the record: 412 when it has changed since.",
     .type = "string",
     .applies = is_conditional},
    {.key = "idempotencyKey",
     .name = "Idempotency-Key",
     .where = "header",
     .description =
         "1 to 255 visible characters: sent again with the same key within 24 hours, the "
         "call is not done again, but answered as the first time; with another body it "
         "is 422.",
     .type = "string",
     .applies = takes_key},
    {.key = NULL},
};

static json_t *common_json(const crm_openapi_t *doc, const common_t *common)
{
    json_t *schema = json_pack("{s:s}", "type", common->type);
    if (common->format) {
        json_object_set_new(schema, "format", json_string(common->format));
    }
    if (common->minimum) {
        json_object_set_new(schema, "minimum", json_integer(common->minimum));
    }
    return crm_openapi_parameter(doc, &(crm_openapi_parameter_t){.name = common->name,
                                                                 .where = common->where,
                                                                 .description = common->description,
                                                                 .schema = schema});
}

static void add_commons(crm_openapi_t *doc, const crm_route_t *route, json_t *parameters)
{
    for (const common_t *common = commons; common->key; common++) {
        if (!common->applies(route)) {
            continue;
        }
        if (!json_object_get(doc->parameters, common->key)) {
            json_object_set_new(doc->parameters, common->key, common_json(doc, common));
        }
        json_array_append_new(parameters, crm_openapi_ref(doc, CRM_REF_PARAMETER, common->key));
    }
}

static void add(const crm_openapi_t *doc, json_t *parameters, const char *name,
                const char *description, json_t *schema)
{
    const crm_openapi_parameter_t parameter = {
        .name = name, .where = "query", .description = description, .schema = schema};
    json_array_append_new(parameters, crm_openapi_parameter(doc, &parameter));
}

/* Those of FIELDS. */
static void add_own(crm_openapi_t *doc, const crm_field_t *fields, json_t *parameters)
{
    for (const crm_field_t *field = fields; field && field->name; field++) {
        const crm_openapi_parameter_t parameter = {
            .name = field->name,
            .where = "query",
            .description = field->help,
            .required = (field->flags & CRM_F_REQUIRED) != 0,
            .schema = crm_openapi_field(doc, fields, field, CRM_WAY_IN),
        };
        json_array_append_new(parameters, crm_openapi_parameter(doc, &parameter));
    }
}

/* ---- path */

/* 1 where the parameter at AT is the record that the entity's records belong to. */
static int names_parent(const crm_route_t *route, const char *at)
{
    const char *path = route->entity && route->entity->parent ? route->entity->path : NULL;
    return path && strncmp(route->pattern, path, strlen(path)) == 0 &&
           (apr_size_t)(at - route->pattern) < strlen(path);
}

/* What the parameter at AT is called: the segment before it names a text; the last of several ids
 * is the record's own, those before are of the records above it. */
static const char *name_at(apr_pool_t *pool, const crm_route_t *route, const char *at)
{
    const char *start = at - 1;
    while (start > route->pattern && start[-1] != '/') {
        start--;
    }
    char *before = apr_pstrmemdup(pool, start, (apr_size_t)(at - 1 - start));
    for (char *c = before; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    if (strncmp(at, TEXT_PARAMETER, strlen(TEXT_PARAMETER)) == 0) {
        return before;
    }
    if (names_parent(route, at)) {
        return route->entity->parent;
    }
    return strchr(at + 1, '{') ? apr_pstrcat(pool, before, "_id", NULL) : "id";
}

const char *crm_openapi_path(apr_pool_t *pool, const crm_route_t *route)
{
    const char *path = "", *rest = route->pattern;
    for (const char *at = strchr(rest, '{'); at; at = strchr(rest, '{')) {
        path = apr_pstrcat(pool, path, apr_pstrmemdup(pool, rest, (apr_size_t)(at - rest)), "{",
                           name_at(pool, route, at), "}", NULL);
        rest = strchr(at, '}') + 1;
    }
    return apr_pstrcat(pool, path, rest, NULL);
}

static void add_path(const crm_openapi_t *doc, const crm_route_t *route, json_t *parameters)
{
    for (const char *at = strchr(route->pattern, '{'); at; at = strchr(at + 1, '{')) {
        int is_uuid = strncmp(at, UUID_PARAMETER, strlen(UUID_PARAMETER)) == 0;
        int is_id = strncmp(at, ID_PARAMETER, strlen(ID_PARAMETER)) == 0;
        json_t *schema =
            is_id ? json_pack("{s:s, s:s, s:i}", "type", "integer", "format", "int64", "minimum", 1)
                  : json_pack("{s:s}", "type", "string");
        if (is_uuid) {
            json_object_set_new(schema, "format", json_string("uuid"));
        }
        const crm_openapi_parameter_t parameter = {
            .name = name_at(doc->pool, route, at),
            .where = "path",
            .description = is_uuid || is_id ? "Which one." : "The value that it has.",
            .required = 1,
            .schema = schema,
        };
        json_array_append_new(parameters, crm_openapi_parameter(doc, &parameter));
    }
}

/* ---- lists */

static json_t *strings(const char *const *words)
{
    json_t *list = json_array();
    for (int i = 0; words[i]; i++) {
        json_array_append_new(list, json_string(words[i]));
    }
    return list;
}

static json_t *array_of_choices(json_t *choices)
{
    return json_pack("{s:s, s:{s:s, s:o}}", "type", "array", "items", "type", "string", "enum",
                     choices);
}

static void add_fields(const crm_openapi_t *doc, const crm_entity_t *entity, json_t *parameters)
{
    json_t *names = json_array();
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (crm_field_is_shown(field)) {
            json_array_append_new(names, json_string(field->name));
        }
    }
    add(doc, parameters, "fields",
        "Only these fields: what else the schema requires of a record is then not there.",
        array_of_choices(names));
}

static void add_ordering(const crm_openapi_t *doc, const crm_entity_t *entity, json_t *parameters)
{
    json_t *choices = json_array();
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column && (field->flags & CRM_F_SORTABLE)) {
            json_array_append_new(choices, json_string(field->name));
            json_array_append_new(choices, json_sprintf("-%s", field->name));
        }
    }
    if (json_array_size(choices)) {
        add(doc, parameters, "ordering",
            apr_psprintf(doc->pool,
                         "By these fields, `-` descending; the id decides among equals. `%s` "
                         "without it.",
                         entity->order),
            array_of_choices(choices));
    } else {
        json_decref(choices);
    }
}

/* A value of FIELD as a filter takes it: free text is compared, not checked. */
static json_t *filter_schema(crm_openapi_t *doc, const crm_field_t *field, unsigned op)
{
    static const crm_field_t boolean = {.name = "", .type = CRM_T_BOOLEAN};
    static const crm_field_t text = {.name = "", .type = CRM_T_TEXT};
    const crm_type_t *type = crm_type(field->type);
    int is_text = type->kind == CRM_V_TEXT && !field->choices;
    crm_field_t bare = op == CRM_OP_ISNULL ? boolean : is_text ? text : *field;
    bare.flags = 0;
    bare.help = NULL;
    json_t *schema = json_object(), *full = crm_openapi_field(doc, &bare, &bare, CRM_WAY_OUT);
    static const char *const kept[] = {"type", "format", "enum", NULL};
    for (int i = 0; kept[i]; i++) {
        if (json_object_get(full, kept[i])) {
            json_object_set(schema, kept[i], json_object_get(full, kept[i]));
        }
    }
    json_decref(full);
    return op == CRM_OP_IN ? json_pack("{s:s, s:o}", "type", "array", "items", schema) : schema;
}

static void add_filters(crm_openapi_t *doc, const crm_entity_t *entity, json_t *parameters)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (!field->column || !(field->flags & CRM_F_FILTERABLE)) {
            continue;
        }
        for (const crm_operator_t *row = crm_operators; row->op; row++) {
            if (crm_type(field->type)->operators & row->op) {
                const char *name =
                    *row->suffix ? apr_pstrcat(doc->pool, field->name, "__", row->suffix, NULL)
                                 : field->name;
                add(doc, parameters, name,
                    apr_psprintf(doc->pool, "Only records whose `%s` %s.", field->name, row->help),
                    filter_schema(doc, field, row->op));
            }
        }
    }
}

static void add_list(const crm_openapi_t *doc, json_t *parameters)
{
    static const char *const counts[] = {"exact", "estimate", "none", NULL};
    const crm_page_limits_t *limits = &doc->settings->page;
    add(doc, parameters, "page_size", "How many records a page has.",
        json_pack("{s:s, s:i, s:i, s:i}", "type", "integer", "minimum", 1, "maximum",
                  limits->max_page_size, "default", limits->page_size));
    add(doc, parameters, "count", "How the records are counted; `estimate` stops at 10,000.",
        json_pack("{s:s, s:o, s:s}", "type", "string", "enum", strings(counts), "default",
                  "exact"));
}

static void add_format(const crm_openapi_t *doc, const crm_route_t *route, json_t *parameters)
{
    json_t *names = json_array();
    for (const crm_format_t *format = route->formats; format->name; format++) {
        if (format == route->formats || strcmp(format[-1].name, format->name) != 0) {
            json_array_append_new(names, json_string(format->name));
        }
    }
    add(doc, parameters, "format", "The form of the answer; without it, `Accept` decides.",
        json_pack("{s:s, s:o, s:s}", "type", "string", "enum", names, "default",
                  route->formats->name));
}

json_t *crm_openapi_parameters(crm_openapi_t *doc, const crm_route_t *route)
{
    json_t *parameters = json_array();
    add_path(doc, route, parameters);
    add_own(doc, route->query, parameters);
    if ((route->flags & CRM_ROUTE_UPLOAD) && route->entity->import) {
        add_own(doc, route->entity->import->options, parameters);
    }
    if (route->formats) {
        add_format(doc, route, parameters);
    }
    if (route->is_list) {
        add_list(doc, parameters);
    }
    if (is_searched(route)) {
        add_ordering(doc, crm_openapi_listed(route), parameters);
        add_filters(doc, crm_openapi_listed(route), parameters);
    }
    if (route->result) {
        add_fields(doc, route->result, parameters);
    }
    add_commons(doc, route, parameters);
    return parameters;
}
