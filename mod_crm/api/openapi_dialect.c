/* api/openapi_dialect.c - where OpenAPI 3.1 and Swagger 2.0 say the same differently. */
#include <string.h>

#include <apr_strings.h>

#include "api/openapi_parts.h"

#define JSON_TYPE "application/json"
#define TOKEN_HELP                                                                                 \
    "`Token <key>`, the key being what login or registration answered with. `Bearer <key>` does "  \
    "as well."
#define COOKIE_HELP                                                                                \
    "What a login with `cookie: true` sets, for browsers. A call that changes something also "     \
    "needs "                                                                                       \
    "`X-CSRFToken`, with what that login answered as `csrf_token`."

/* What forms can say, they may. */
static const struct {
    const char *type;
    int is_form, is_merge;
} body_types[] = {
    {.type = JSON_TYPE},
    {.type = "application/merge-patch+json", .is_merge = 1},
    {.type = "application/x-www-form-urlencoded", .is_form = 1},
    {.type = "multipart/form-data", .is_form = 1},
    {.type = NULL},
};

static int is_swagger(const crm_openapi_t *doc)
{
    return doc->version == CRM_SWAGGER_2_0;
}

json_t *crm_openapi_ref(const crm_openapi_t *doc, crm_ref_e kind, const char *name)
{
    static const char *const places[2][3] = {
        {"#/components/schemas/", "#/components/parameters/", "#/components/responses/"},
        {"#/definitions/", "#/parameters/", "#/responses/"},
    };
    return json_pack("{s:s+}", "$ref", places[is_swagger(doc)][kind], name);
}

json_t *crm_openapi_own(const crm_openapi_t *doc, json_t *schema)
{
    if (is_swagger(doc) && json_object_get(schema, "$ref")) {
        return json_pack("{s:s, s:[o]}", "type", "object", "allOf", schema);
    }
    return schema;
}

json_t *crm_openapi_nullable(const crm_openapi_t *doc, json_t *schema)
{
    json_t *type = json_object_get(schema, "type"), *choices = json_object_get(schema, "enum");
    if (is_swagger(doc)) {
        json_t *own = crm_openapi_own(doc, schema);
        if (json_object_get(own, "type")) {
            json_object_set_new(own, "x-nullable", json_true());
        }
        return own;
    }
    if (json_object_get(schema, "$ref")) {
        return json_pack("{s:[o{s:s}]}", "anyOf", schema, "type", "null");
    }
    if (type) {
        json_object_set_new(schema, "type", json_pack("[Os]", type, "null"));
    }
    if (choices) {
        json_array_append_new(choices, json_null());
    }
    return schema;
}

void crm_openapi_add_example(const crm_openapi_t *doc, json_t *schema, json_t *example)
{
    if (is_swagger(doc)) {
        json_object_set_new(schema, "example", example);
    } else {
        json_object_set_new(schema, "examples", json_pack("[o]", example));
    }
}

json_t *crm_openapi_parameter(const crm_openapi_t *doc, const crm_openapi_parameter_t *parameter)
{
    json_t *json = json_pack("{s:s, s:s}", "name", parameter->name, "in", parameter->where);
    int is_array = json_object_get(parameter->schema, "items") != NULL;
    if (parameter->required) {
        json_object_set_new(json, "required", json_true());
    }
    json_object_set_new(json, "description", json_string(parameter->description));
    json_object_del(parameter->schema, "description");
    if (is_swagger(doc)) {
        json_object_del(parameter->schema, "example");
        json_object_update(json, parameter->schema);
        json_decref(parameter->schema);
        if (is_array) {
            json_object_set_new(json, "collectionFormat", json_string("csv"));
        }
        return json;
    }
    json_object_set_new(json, "schema", parameter->schema);
    if (is_array) {
        json_object_set_new(json, "style", json_string("form"));
        json_object_set_new(json, "explode", json_false());
    }
    return json;
}

void crm_openapi_add_body(const crm_openapi_t *doc, json_t *operation,
                          const crm_openapi_body_t *body)
{
    if (is_swagger(doc)) {
        json_decref(body->example); /* it stands with the named schema */
        json_t *parameter = json_pack("{s:s, s:s, s:b, s:o}", "name", "body", "in", "body",
                                      "required", body->required, "schema", body->schema);
        json_array_append_new(json_object_get(operation, "parameters"), parameter);
        json_object_set_new(operation, "consumes", json_pack("[s]", JSON_TYPE));
        return;
    }
    json_t *content = json_object();
    for (int i = 0; body_types[i].type; i++) {
        if ((!body_types[i].is_form || !body->is_json) &&
            (!body_types[i].is_merge || body->is_merge)) {
            json_object_set_new(content, body_types[i].type,
                                json_pack("{s:O}", "schema", body->schema));
        }
    }
    json_object_set_new(json_object_get(content, JSON_TYPE), "example", body->example);
    json_decref(body->schema);
    json_object_set_new(operation, "requestBody",
                        json_pack("{s:b, s:o}", "required", body->required, "content", content));
}

void crm_openapi_add_upload(const crm_openapi_t *doc, json_t *operation)
{
    static const char help[] = "The file.", form[] = "multipart/form-data";
    if (is_swagger(doc)) {
        json_array_append_new(json_object_get(operation, "parameters"),
                              json_pack("{s:s, s:s, s:b, s:s, s:s}", "name", "file", "in",
                                        "formData", "required", 1, "description", help, "type",
                                        "file"));
        json_object_set_new(operation, "consumes", json_pack("[s]", form));
        return;
    }
    json_t *schema =
        json_pack("{s:s, s:[s], s:{s:{s:s, s:s, s:s}}}", "type", "object", "required", "file",
                  "properties", "file", "type", "string", "format", "binary", "description", help);
    json_object_set_new(
        operation, "requestBody",
        json_pack("{s:b, s:{s:{s:o}}}", "required", 1, "content", form, "schema", schema));
}

json_t *crm_openapi_any_of(const crm_openapi_t *doc, json_t *any_of)
{
    if (!is_swagger(doc)) {
        return json_pack("{s:o}", "anyOf", any_of);
    }
    json_t *last = json_incref(json_array_get(any_of, json_array_size(any_of) - 1));
    json_decref(any_of);
    return last;
}

json_t *crm_openapi_response(const char *description)
{
    return json_pack("{s:s}", "description", description);
}

static json_t *map_in(json_t *response, const char *name)
{
    json_t *map = json_object_get(response, name);
    if (!map) {
        map = json_object();
        json_object_set_new(response, name, map);
    }
    return map;
}

void crm_openapi_add_header(const crm_openapi_t *doc, json_t *response, const char *name,
                            const char *description, int always)
{
    json_t *header =
        is_swagger(doc)
            ? json_pack("{s:s, s:s}", "type", "string", "description", description)
            : json_pack("{s:s, s:{s:s}}", "description", description, "schema", "type", "string");
    if (always && !is_swagger(doc)) {
        json_object_set_new(header, "required", json_true());
    }
    json_object_set_new(map_in(response, "headers"), name, header);
}

void crm_openapi_add_content(const crm_openapi_t *doc, json_t *response, const char *type,
                             json_t *schema, json_t *example)
{
    if (is_swagger(doc) && json_object_get(response, "schema")) {
        json_decref(schema);
        json_decref(example);
        return;
    }
    if (is_swagger(doc)) {
        json_object_set_new(response, "schema", schema);
        if (example) {
            json_object_set_new(map_in(response, "examples"), type, example);
        }
        return;
    }
    json_t *media = json_pack("{s:o}", "schema", schema);
    if (example) {
        json_object_set_new(media, "example", example);
    }
    json_object_set_new(map_in(response, "content"), type, media);
}

/* "http://host:port" as Swagger has it: schemes, host, basePath. */
static void add_host(const crm_openapi_t *doc, json_t *root)
{
    const char *host = strstr(doc->base_url, "://");
    const char *scheme =
        host ? apr_pstrmemdup(doc->pool, doc->base_url, (apr_size_t)(host - doc->base_url))
             : "http";
    json_object_set_new(root, "host", json_string(host ? host + 3 : doc->base_url));
    json_object_set_new(root, "basePath", json_string("/"));
    json_object_set_new(root, "schemes", json_pack("[s]", scheme));
    json_object_set_new(root, "consumes", json_pack("[s]", JSON_TYPE));
    json_object_set_new(root, "produces", json_pack("[ss]", JSON_TYPE, "application/problem+json"));
}

void crm_openapi_add_head(const crm_openapi_t *doc, json_t *root)
{
    if (is_swagger(doc)) {
        json_object_set_new(root, "swagger", json_string("2.0"));
        return;
    }
    json_object_set_new(root, "openapi", json_string("3.1.0"));
}

void crm_openapi_add_server(const crm_openapi_t *doc, json_t *root)
{
    if (is_swagger(doc)) {
        add_host(doc, root);
        return;
    }
    json_object_set_new(root, "servers",
                        json_pack("[{s:s, s:s}]", "url", doc->base_url, "description",
                                  "The server that this description comes from."));
}

void crm_openapi_add_named(const crm_openapi_t *doc, json_t *root)
{
    json_t *header = json_pack("{s:s, s:s, s:s, s:s}", "type", "apiKey", "in", "header", "name",
                               "Authorization", "description", TOKEN_HELP);
    if (is_swagger(doc)) {
        json_object_set(root, "definitions", doc->schemas);
        json_object_set(root, "parameters", doc->parameters);
        json_object_set(root, "responses", doc->responses);
        json_object_set_new(root, "securityDefinitions", json_pack("{s:o}", "Token", header));
        return;
    }
    json_t *bearer = json_pack("{s:s, s:s, s:s}", "type", "http", "scheme", "bearer", "description",
                               "The key that login or registration answered with.");
    json_t *schemes = json_pack("{s:o, s:o}", "Bearer", bearer, "Token", header);
    if (doc->settings->login_cookie.name) {
        json_object_set_new(schemes, "Cookie",
                            json_pack("{s:s, s:s, s:s, s:s}", "type", "apiKey", "in", "cookie",
                                      "name", doc->settings->login_cookie.name, "description",
                                      COOKIE_HELP));
    }
    json_object_set_new(root, "components",
                        json_pack("{s:O, s:O, s:O, s:o}", "schemas", doc->schemas, "parameters",
                                  doc->parameters, "responses", doc->responses, "securitySchemes",
                                  schemes));
}

json_t *crm_openapi_security(const crm_openapi_t *doc, int is_open)
{
    if (is_open) {
        return json_array();
    }
    if (is_swagger(doc)) {
        return json_pack("[{s:[]}]", "Token");
    }
    return doc->settings->login_cookie.name
               ? json_pack("[{s:[]}, {s:[]}, {s:[]}]", "Bearer", "Token", "Cookie")
               : json_pack("[{s:[]}, {s:[]}]", "Bearer", "Token");
}
