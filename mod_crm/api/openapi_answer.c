/* api/openapi_answer.c - what an operation answers, by status. */
#include <string.h>

#include <apr_strings.h>

#include "api/openapi_parts.h"

#define PROBLEM_TYPE "application/problem+json"
#define NOT_ACCEPTABLE 406 /* never a problem: who accepts these accepts the answer */
#define REQUEST_ID "The id of the call: in History and in the server's log, too."

static int always(const crm_route_t *route)
{
    (void)route;
    return 1;
}

static int never(const crm_route_t *route)
{
    (void)route;
    return 0;
}

static int needs_token(const crm_route_t *route)
{
    return route->access != CRM_ACCESS_ANYONE;
}

/* A record, a page or a tenant that is not there. */
static int finds(const crm_route_t *route)
{
    int names_tenant = !(route->flags & (CRM_ROUTE_NO_TENANT | CRM_ROUTE_TENANT_FIELD));
    return names_tenant || route->is_list || strchr(route->pattern, '{');
}

static int changes(const crm_route_t *route)
{
    return strcmp(route->method, "GET") != 0 && strcmp(route->method, "POST") != 0 &&
           !(route->flags & CRM_ROUTE_UNVERSIONED);
}

/* A POST of an account may carry a key (api/idempotent.h). */
static int takes_key(const crm_route_t *route)
{
    return strcmp(route->method, "POST") == 0 && needs_token(route) &&
           !(route->flags & CRM_ROUTE_SECRET);
}

/* An error that operations answer with. */
typedef struct refusal_t {
    int status;
    const char *name, *description;
    int (*applies)(const crm_route_t *route); /* by the row; more rows name it in `statuses` */
    const char *example;                      /* detail; NULL: the kind's own */
    const char *header, *header_help;         /* or NULL */
} refusal_t;

static const refusal_t refusals[] = {
    {400, "Invalid",
     "What was sent is wrong: every wrong field at once, `non_field_errors` for what concerns "
     "several; or, where nothing could be read, one sentence.",
     always, NULL, NULL, NULL},
    {401, "Unauthenticated", "There is no token, or it is not valid (any more).", needs_token, NULL,
     "WWW-Authenticate", "`Token`."},
    {403, "Forbidden", "The account may not do this, or belongs to another tenant.", needs_token,
     NULL, NULL, NULL},
    {404, "NotFound", "There is no such record, page or tenant.", finds, NULL, NULL, NULL},
    {406, "NotAcceptable", "None of the answer's forms is one that `Accept` names.", always, NULL,
     NULL, NULL},
    {409, "Conflict",
     "It does not go with what is there now; or the first call with this `Idempotency-Key` is "
     "still running.",
     takes_key, NULL, NULL, NULL},
    {412, "PreconditionFailed", "The record has changed since `If-Match`'s version.", changes, NULL,
     NULL, NULL},
    {413, "TooLarge", "The body is larger than the server takes.", crm_openapi_has_body, NULL, NULL,
     NULL},
    {415, "UnsupportedMediaType", "The body is of a type that the call does not read.",
     crm_openapi_has_body, "Unsupported media type \"text/xml\" in request.", NULL, NULL},
    {422, "Unprocessable", "The same `Idempotency-Key` came with another body.", takes_key, NULL,
     NULL, NULL},
    {429, "Throttled", "Too many attempts.", never, NULL, "Retry-After", "Seconds to wait."},
    {500, "ServerError", "A fault of the server, which its log tells more of.", always, NULL, NULL,
     NULL},
    {503, "Unavailable", "A database cannot be reached, or all connections are in use.", always,
     NULL, "Retry-After", "Seconds to wait."},
    {.status = 0},
};

/* ---- the schemas of errors */

static json_t *sentence(const char *description)
{
    return json_pack("{s:s, s:s}", "type", "string", "description", description);
}

static json_t *messages(void)
{
    return json_pack("{s:s, s:{s:s}, s:i}", "type", "array", "items", "type", "string", "minItems",
                     1);
}

static json_t *detail_properties(void)
{
    return json_pack("{s:o, s:o}", "detail", sentence("What is wrong, for people to read."),
                     "cause", sentence("What the log says of it; only where `CrmDebug` is on."));
}

static json_t *detail_schema(void)
{
    return json_pack("{s:s, s:s, s:[s], s:o, s:b}", "type", "object", "description",
                     "An error that concerns no single field.", "required", "detail", "properties",
                     detail_properties(), "additionalProperties", 0);
}

static json_t *invalid_schema(void)
{
    return json_pack("{s:s, s:s, s:i, s:o, s:o}", "type", "object", "description",
                     "What is wrong with each field; or one sentence in `detail`.", "minProperties",
                     1, "properties", detail_properties(), "additionalProperties", messages());
}

static json_t *problem_schema(void)
{
    json_t *fields = json_pack("{s:s, s:s, s:o}", "type", "object", "description",
                               "What is wrong with each field, where that is known.",
                               "additionalProperties", messages());
    json_t *properties = detail_properties();
    json_object_set_new(properties, "type", sentence("`about:blank`: the status says it all."));
    json_object_set_new(properties, "title", sentence("The status in words."));
    json_object_set_new(properties, "status",
                        json_pack("{s:s, s:s}", "type", "integer", "description", "The status."));
    json_object_set_new(properties, "errors", fields);
    return json_pack("{s:s, s:s, s:[ssss], s:o, s:b}", "type", "object", "description",
                     "An error as RFC 9457 has it.", "required", "type", "title", "status",
                     "detail", "properties", properties, "additionalProperties", 0);
}

static json_t *named(crm_openapi_t *doc, const char *name, json_t *(*make)(void))
{
    if (!json_object_get(doc->schemas, name)) {
        json_object_set_new(doc->schemas, name, make());
    }
    return crm_openapi_ref(doc, CRM_REF_SCHEMA, name);
}

json_t *crm_openapi_error(crm_openapi_t *doc)
{
    return named(doc, "Error", detail_schema);
}

json_t *crm_openapi_invalid(crm_openapi_t *doc)
{
    return named(doc, "Invalid", invalid_schema);
}

json_t *crm_openapi_problem(crm_openapi_t *doc)
{
    return named(doc, "Problem", problem_schema);
}

/* ---- errors */

static const char *detail_of(const crm_openapi_t *doc, const refusal_t *refusal)
{
    for (int kind = 0; !refusal->example && kind < CRM_E_DUPLICATE; kind++) {
        if (crm_error_status((crm_error_kind_e)kind) == refusal->status) {
            return crm_error_standard(doc->pool, (crm_error_kind_e)kind)->detail;
        }
    }
    return refusal->example;
}

static json_t *problem_example(const refusal_t *refusal, const char *detail, json_t *fields)
{
    json_t *problem =
        json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title",
                  crm_error_title(refusal->status), "status", refusal->status, "detail", detail);
    if (fields) {
        json_object_set(problem, "errors", fields);
    }
    return problem;
}

/* OTHER (taken over; or NULL): what the answer may be as well. */
static json_t *error_json(crm_openapi_t *doc, const refusal_t *refusal, json_t *other)
{
    const char *detail = detail_of(doc, refusal), *field = "username";
    json_t *fields =
        refusal->status == 400 ? json_pack("{s:[s]}", field, "This field is required.") : NULL;
    json_t *schema = fields ? crm_openapi_invalid(doc) : crm_openapi_error(doc);
    json_t *response = crm_openapi_response(refusal->description);
    crm_openapi_add_header(doc, response, "X-Request-Id", REQUEST_ID, 1);
    if (refusal->header) {
        crm_openapi_add_header(doc, response, refusal->header, refusal->header_help, 1);
    }
    if (other) {
        schema = crm_openapi_any_of(doc, json_pack("[oo]", other, schema));
    }
    crm_openapi_add_content(doc, response, "application/json", schema,
                            fields ? json_incref(fields) : json_pack("{s:s}", "detail", detail));
    if (doc->version == CRM_OPENAPI_3_1 && refusal->status != NOT_ACCEPTABLE) {
        crm_openapi_add_content(doc, response, PROBLEM_TYPE, crm_openapi_problem(doc),
                                problem_example(refusal, detail, fields));
    }
    json_decref(fields);
    return response;
}

static int is_file(const crm_route_t *route)
{
    return crm_openapi_is_export(route) || (route->flags & CRM_ROUTE_FILE);
}

/* What is sent as it is found has no tag. */
static int has_tag(const crm_route_t *route)
{
    return strcmp(route->method, "GET") == 0 && !is_file(route);
}

int crm_openapi_answers(const crm_route_t *route, int status)
{
    for (const int *at = route->statuses; at && *at; at++) {
        if (*at == status) {
            return 1;
        }
    }
    for (const refusal_t *refusal = refusals; refusal->status; refusal++) {
        if (refusal->status == status) {
            return refusal->applies(route);
        }
    }
    return status == 304 ? has_tag(route) : status == (route->status ? route->status : 200);
}

/* How far work came that failed with STATUS: a batch, an import. NULL: of other work nothing is
 * told. */
static json_t *failed_work(crm_openapi_t *doc, const crm_route_t *route, int status)
{
    if ((route->flags & CRM_ROUTE_BATCH) && status == 400) {
        return crm_openapi_batch_answer(doc, route);
    }
    return (route->flags & CRM_ROUTE_UPLOAD) && status >= 500
               ? crm_openapi_record(doc, route->result)
               : NULL;
}

static void add_errors(crm_openapi_t *doc, const crm_route_t *route, json_t *responses)
{
    for (const refusal_t *refusal = refusals; refusal->status; refusal++) {
        const char *status = apr_itoa(doc->pool, refusal->status);
        if (!crm_openapi_answers(route, refusal->status)) {
            continue;
        }
        json_t *other = failed_work(doc, route, refusal->status);
        if (other) {
            json_object_set_new(responses, status, error_json(doc, refusal, other));
            continue;
        }
        if (!json_object_get(doc->responses, refusal->name)) {
            json_object_set_new(doc->responses, refusal->name, error_json(doc, refusal, NULL));
        }
        json_object_set_new(responses, status,
                            crm_openapi_ref(doc, CRM_REF_RESPONSE, refusal->name));
    }
}

/* ---- success */

/* An export is records, or a file of them; elsewhere a form is one of the same object. */
static json_t *form_schema(crm_openapi_t *doc, const crm_route_t *route, const crm_format_t *format)
{
    if (!is_file(route)) {
        return json_pack("{s:s}", "type", "object");
    }
    if (strcmp(format->type, "application/json") == 0) {
        return crm_openapi_list_of(crm_openapi_record(doc, route->result));
    }
    return strncmp(format->type, "text/", 5) == 0
               ? json_pack("{s:s}", "type", "string")
               : json_pack("{s:s, s:s}", "type", "string", "format", "binary");
}

static void add_bodies(crm_openapi_t *doc, const crm_route_t *route, json_t *response)
{
    const crm_field_t *fields = route->result ? route->result->fields : NULL;
    for (const crm_format_t *format = route->formats; format && format->name; format++) {
        crm_openapi_add_content(doc, response, format->type, form_schema(doc, route, format), NULL);
    }
    if (crm_openapi_is_export(route)) {
        return;
    }
    if (route->flags & CRM_ROUTE_BATCH) {
        crm_openapi_add_content(doc, response, "application/json",
                                crm_openapi_batch_answer(doc, route),
                                crm_openapi_batch_example(doc, route));
    } else if (fields && route->is_list) {
        crm_openapi_add_content(doc, response, "application/json",
                                crm_openapi_page(doc, route->result),
                                crm_openapi_example_page(doc, fields));
    } else if (fields) {
        crm_openapi_add_content(doc, response, "application/json",
                                crm_openapi_record(doc, route->result),
                                crm_openapi_example(doc, fields, CRM_WAY_OUT));
    }
    if (route->flags & CRM_ROUTE_UPLOAD) {
        crm_openapi_add_content(doc, response, "text/csv", json_pack("{s:s}", "type", "string"),
                                NULL);
    }
}

static void add_success(crm_openapi_t *doc, const crm_route_t *route, int status, json_t *responses)
{
    json_t *response = crm_openapi_response(crm_error_title(status));
    crm_openapi_add_header(doc, response, "X-Request-Id", REQUEST_ID, 1);
    if (is_file(route)) {
        crm_openapi_add_header(doc, response, "Content-Disposition", "The file's name.", 1);
    } else if (has_tag(route) || (route->result && route->result->table)) {
        crm_openapi_add_header(doc, response, "ETag", "For `If-None-Match` and `If-Match`.",
                               has_tag(route));
    }
    if (status == 201 && route->entity) {
        crm_openapi_add_header(doc, response, "Location", "Where the record is.", 0);
    }
    if (status == 202) {
        crm_openapi_add_header(doc, response, "Location", "Where the job is.", 0);
        crm_openapi_add_header(doc, response, "Retry-After", "Seconds until a look is worth while.",
                               0);
    }
    if (takes_key(route)) {
        crm_openapi_add_header(doc, response, "Idempotent-Replayed",
                               "`true`: the answer of an earlier call with the same key.", 0);
    }
    add_bodies(doc, route, response);
    json_object_set_new(responses, apr_itoa(doc->pool, status), response);
}

json_t *crm_openapi_responses(crm_openapi_t *doc, const crm_route_t *route)
{
    json_t *responses = json_object();
    add_success(doc, route, route->status ? route->status : 200, responses);
    for (const int *status = route->statuses; status && *status; status++) {
        if (*status < 400) {
            add_success(doc, route, *status, responses);
        }
    }
    if (has_tag(route)) {
        json_object_set_new(responses, "304",
                            crm_openapi_response("It is what `If-None-Match` names."));
    }
    add_errors(doc, route, responses);
    return responses;
}
