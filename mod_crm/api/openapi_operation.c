/* api/openapi_operation.c - one route as an operation. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/openapi_parts.h"

/* What a method is called in an operation's id. */
static const char *verb_of(const crm_route_t *route)
{
    static const struct {
        const char *method, *verb;
    } verbs[] = {
        {"GET", "read"},      {"POST", "create"}, {"PUT", "update"}, {"PATCH", "partial_update"},
        {"DELETE", "delete"},
    };
    int i = 0;
    while (strcmp(verbs[i].method, route->method) != 0) {
        i++;
    }
    return route->is_list ? "list" : verbs[i].verb;
}

/* "auth_tenants_partial_update", as the Django product's own description has it. */
static const char *id_of(apr_pool_t *pool, const crm_route_t *route)
{
    const char *id = "";
    char *state, *pattern = apr_pstrdup(pool, route->pattern);
    for (char *word = apr_strtok(pattern, "/", &state); word;
         word = apr_strtok(NULL, "/", &state)) {
        if (*word != '{') {
            id = apr_pstrcat(pool, id, word, "_", NULL);
        }
    }
    char *whole = apr_pstrcat(pool, id, verb_of(route), NULL);
    for (char *c = whole; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    return whole;
}

static json_t *description_of(apr_pool_t *pool, const crm_route_t *route)
{
    return json_string(apr_pstrcat(pool, route->description ? route->description : "",
                                   route->description ? "\n\n" : "",
                                   crm_openapi_access(pool, route), NULL));
}

/* In Swagger all that a call answers with; OpenAPI says it with each answer. */
static void add_produced(const crm_openapi_t *doc, const crm_route_t *route, json_t *operation)
{
    if (doc->version != CRM_SWAGGER_2_0 || !route->formats) {
        return;
    }
    json_t *types = json_array();
    for (const crm_format_t *format = route->formats; format->name; format++) {
        json_array_append_new(types, json_string(format->type));
    }
    json_array_append_new(types, json_string("application/problem+json"));
    json_object_set_new(operation, "produces", types);
}

json_t *crm_openapi_operation(crm_openapi_t *doc, const crm_route_t *route)
{
    json_t *operation =
        json_pack("{s:s, s:s, s:o, s:[s], s:o, s:o}", "operationId", id_of(doc->pool, route),
                  "summary", route->summary, "description", description_of(doc->pool, route),
                  "tags", crm_openapi_tag(doc->pool, route).name, "security",
                  crm_openapi_security(doc, route->access == CRM_ACCESS_ANYONE), "parameters",
                  crm_openapi_parameters(doc, route));
    if (route->flags & CRM_ROUTE_UPLOAD) {
        crm_openapi_add_upload(doc, operation);
    } else if (crm_openapi_has_body(route)) {
        const crm_openapi_body_t body = crm_openapi_input(doc, route);
        crm_openapi_add_body(doc, operation, &body);
    }
    add_produced(doc, route, operation);
    json_object_set_new(operation, "responses", crm_openapi_responses(doc, route));
    crm_openapi_mark_route(doc, route, operation);
    return operation;
}
