/* api/schema.c - /schema/: the API's description of itself. */
#include <string.h>

#include "api/openapi.h"
#include "api/parameters.h"
#include "api/routes.h"

static const char swagger[] = "2.0";

static const crm_choice_t versions[] = {
    {"3.1", "OpenAPI 3.1"},
    {swagger, "Swagger 2.0"},
    {NULL, NULL},
};

static const crm_field_t query[] = {
    {.name = "version",
     .type = CRM_T_CHOICE,
     .choices = versions,
     .preset = "3.1",
     .help = "Which form: OpenAPI 3.1, or Swagger 2.0 for older tools."},
    {.name = NULL},
};

/* The types of OpenAPI's own (https://spec.openapis.org/oas/v3.1.1, 4.1) and the general ones. */
static const crm_format_t formats[] = {
    {"json", "application/json"},
    {"json", "application/vnd.oai.openapi+json"},
    {"yaml", "application/yaml"},
    {"yaml", "application/vnd.oai.openapi"},
    {NULL, NULL},
};

static crm_error_t *describe(crm_request_t *request, const crm_values_t *values,
                             crm_answer_t *answer)
{
    apr_pool_t *pool = request->pool;
    const char *text = crm_parameters_get(request->query, query->name);
    crm_value_t version = crm_text(query->preset);
    crm_error_t *error = NULL;
    (void)values;
    if (text && !crm_type(query->type)->read_text(pool, query, text, &version, &error)) {
        return error;
    }
    answer->text =
        crm_openapi_text(pool, request->settings, request->base_url,
                         strcmp(version.as.text, swagger) == 0 ? CRM_SWAGGER_2_0 : CRM_OPENAPI_3_1,
                         strcmp(request->format->name, "yaml") == 0, &answer->size);
    return NULL;
}

const crm_route_t crm_schema_routes[] = {
    {
        .method = "GET",
        .pattern = "schema/",
        .access = CRM_ACCESS_ANYONE,
        .flags = CRM_ROUTE_NO_TENANT,
        .handler = describe,
        .summary = "Describe the API.",
        .description =
            "This very document, made from the tables that the server obeys. `/swagger.json` and "
            "`/swagger.yaml` are the Swagger 2.0 form of it.",
        .query = query,
        .formats = formats,
    },
    {.method = NULL},
};
