/* api/openapi_batch.c - the description of calls that do many writes (api/record_batch.c). */
#include <apr_strings.h>

#include "api/openapi_parts.h"
#include "api/records.h"
#include "entities/entities.h"

static json_t *list_of(json_t *items)
{
    return json_pack("{s:s, s:o, s:i}", "type", "array", "items", items, "maxItems", CRM_BATCH_MAX);
}

static json_t *name_of(crm_openapi_t *doc, const crm_route_t *route, const char *end,
                       json_t *schema)
{
    const char *name = crm_openapi_camel(doc->pool, route->entity->name);
    return crm_openapi_named(doc, apr_pstrcat(doc->pool, name, end, NULL), schema);
}

/* A field's body, by the method: whole or in part. */
static json_t *body_schema(crm_openapi_t *doc, const crm_route_t *route)
{
    return crm_openapi_any_of(doc,
                              json_pack("[oo]", crm_openapi_entity_input(doc, route->entity, 0),
                                        crm_openapi_entity_input(doc, route->entity, 1)));
}

static json_t *operation_schema(crm_openapi_t *doc, const crm_route_t *route)
{
    return json_pack("{s:s, s:[s], s:{s:{s:s, s:[ssss], s:s}, s:{s:s, s:s, s:s}, s:o}}", "type",
                     "object", "required", "method", "properties", "method", "type", "string",
                     "enum", "POST", "PUT", "PATCH", "DELETE", "description", "What is done.", "id",
                     "type", "string", "format", "uuid", "description",
                     "Of the record, but for POST.", "body", body_schema(doc, route));
}

crm_openapi_body_t crm_openapi_batch_input(crm_openapi_t *doc, const crm_route_t *route)
{
    json_t *atomic = json_pack("{s:s, s:b, s:s}", "type", "boolean", "default", 1, "description",
                               "Whether one that fails undoes all.");
    json_t *operations = json_pack("{s:s, s:[s], s:{s:o, s:o}}", "type", "object", "required",
                                   "operations", "properties", "operations",
                                   list_of(operation_schema(doc, route)), "atomic", atomic);
    json_t *bodies = list_of(crm_openapi_entity_input(doc, route->entity, 0));
    json_t *schema = crm_openapi_any_of(doc, json_pack("[oo]", bodies, operations));
    return (crm_openapi_body_t){
        .required = 1,
        .is_json = 1,
        .schema = name_of(doc, route, "Batch", schema),
        .example = json_pack("[o]", crm_openapi_example(doc, route->entity->fields, CRM_WAY_IN)),
    };
}

json_t *crm_openapi_batch_answer(crm_openapi_t *doc, const crm_route_t *route)
{
    json_t *any = doc->version == CRM_SWAGGER_2_0
                      ? json_pack("[{s:s}]", "type", "object")
                      : json_pack("[oooo]", crm_openapi_record(doc, route->entity),
                                  crm_openapi_record(doc, &crm_message_entity),
                                  crm_openapi_invalid(doc), crm_openapi_problem(doc));
    json_t *result = json_pack(
        "{s:s, s:[ss], s:{s:{s:s, s:s}, s:o}, s:b}", "type", "object", "required", "status", "body",
        "properties", "status", "type", "integer", "description",
        "As a call of its own would be answered; 424: not done, because another one failed.",
        "body", crm_openapi_any_of(doc, any), "additionalProperties", 0);
    json_t *schema =
        json_pack("{s:s, s:[s], s:{s:o}, s:b}", "type", "object", "required", "results",
                  "properties", "results", list_of(result), "additionalProperties", 0);
    return name_of(doc, route, "BatchAnswer", schema);
}

json_t *crm_openapi_batch_example(crm_openapi_t *doc, const crm_route_t *route)
{
    return json_pack("{s:[{s:i, s:o}]}", "results", "status", 201, "body",
                     crm_openapi_example(doc, route->entity->fields, CRM_WAY_OUT));
}
