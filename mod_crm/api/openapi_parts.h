/* api/openapi_parts.h - what the files that make the API's description share. Theirs alone.
 *
 * Every json_t * that these functions give is a new reference.
 */
#ifndef CRM_API_OPENAPI_PARTS_H
#define CRM_API_OPENAPI_PARTS_H

#include "api/openapi.h"

/* A document while it is made. */
typedef struct crm_openapi_t {
    apr_pool_t *pool;
    const crm_settings_t *settings;
    const char *base_url;
    crm_openapi_e version;
    /* what others refer to, by name, in the order in which it was first needed */
    json_t *schemas, *parameters, *responses;
} crm_openapi_t;

typedef enum { CRM_REF_SCHEMA, CRM_REF_PARAMETER, CRM_REF_RESPONSE } crm_ref_e;

/* Which way a value goes. */
typedef enum { CRM_WAY_IN, CRM_WAY_OUT } crm_way_e;

/* ---- openapi_dialect.c: where the two forms differ */

/* {"$ref": "#/components/schemas/NAME"}, or as Swagger has it. */
json_t *crm_openapi_ref(const crm_openapi_t *doc, crm_ref_e kind, const char *name);

/* SCHEMA (taken over) so that more can be said in it: in Swagger nothing stands beside a "$ref". */
json_t *crm_openapi_own(const crm_openapi_t *doc, json_t *schema);

/* SCHEMA (taken over), null being a value too. */
json_t *crm_openapi_nullable(const crm_openapi_t *doc, json_t *schema);

/* Says in SCHEMA what a value may look like; takes over EXAMPLE. */
void crm_openapi_add_example(const crm_openapi_t *doc, json_t *schema, json_t *example);

/* A parameter in WHERE ("path", "query", "header"); an array is comma-separated. Takes over
 * SCHEMA. */
typedef struct crm_openapi_parameter_t {
    const char *name, *where, *description;
    int required;
    json_t *schema;
} crm_openapi_parameter_t;
json_t *crm_openapi_parameter(const crm_openapi_t *doc, const crm_openapi_parameter_t *parameter);

/* Puts the body SCHEMA into OPERATION. Takes over SCHEMA and EXAMPLE. */
typedef struct crm_openapi_body_t {
    int required;
    int is_merge; /* it changes what is there (RFC 7396) */
    int is_json;  /* no form can say it */
    json_t *schema, *example;
} crm_openapi_body_t;
void crm_openapi_add_body(const crm_openapi_t *doc, json_t *operation,
                          const crm_openapi_body_t *body);

/* Says that OPERATION takes a form with a file. */
void crm_openapi_add_upload(const crm_openapi_t *doc, json_t *operation);

/* A response without a body yet. */
json_t *crm_openapi_response(const char *description);

/* Says that RESPONSE has a header; ALWAYS: each time. */
void crm_openapi_add_header(const crm_openapi_t *doc, json_t *response, const char *name,
                            const char *description, int always);

/* Says that RESPONSE may have a body of the media TYPE. Takes over SCHEMA and EXAMPLE (may be
 * NULL). In Swagger a response has one schema: the first. */
void crm_openapi_add_content(const crm_openapi_t *doc, json_t *response, const char *type,
                             json_t *schema, json_t *example);

/* What stands around the paths: the version; the server; all that others refer to. */
void crm_openapi_add_head(const crm_openapi_t *doc, json_t *root);
void crm_openapi_add_server(const crm_openapi_t *doc, json_t *root);
void crm_openapi_add_named(const crm_openapi_t *doc, json_t *root);

/* What an operation asks for: nothing (IS_OPEN), or a token. */
json_t *crm_openapi_security(const crm_openapi_t *doc, int is_open);

/* ---- openapi_schema.c */

/* "CallSummary" for "call_summary"; words end at what is neither letter nor digit. */
const char *crm_openapi_camel(apr_pool_t *pool, const char *name);

/* The schema of FIELD, one of FIELDS. */
json_t *crm_openapi_field(crm_openapi_t *doc, const crm_field_t *fields, const crm_field_t *field,
                          crm_way_e way);

/* References to the schemas of a record of ENTITY, and of a page of them; made when first asked
 * for. */
json_t *crm_openapi_record(crm_openapi_t *doc, const crm_entity_t *entity);
json_t *crm_openapi_page(crm_openapi_t *doc, const crm_entity_t *entity);

/* The same of what is sent of ENTITY: whole, or (PARTIAL) as PATCH takes it. */
json_t *crm_openapi_entity_input(crm_openapi_t *doc, const crm_entity_t *entity, int partial);

/* The body of ROUTE, which has one. */
crm_openapi_body_t crm_openapi_input(crm_openapi_t *doc, const crm_route_t *route);

/* The schema NAME is SCHEMA (taken over); a reference to it. Another one by that name is a mistake
 * in the tables: abort(). */
json_t *crm_openapi_named(crm_openapi_t *doc, const char *name, json_t *schema);

/* ANY_OF (taken over, an array) as a schema; Swagger knows no alternatives: the last of them. */
json_t *crm_openapi_any_of(const crm_openapi_t *doc, json_t *any_of);

/* 1 where ROUTE takes a body. */
int crm_openapi_has_body(const crm_route_t *route);

/* 1 where ROUTE answers with the records of a list as one file. */
int crm_openapi_is_export(const crm_route_t *route);

/* An array of ITEMS (taken over). */
json_t *crm_openapi_list_of(json_t *items);

/* What the parameters of a list that ROUTE answers with are about. */
const crm_entity_t *crm_openapi_listed(const crm_route_t *route);

/* ---- openapi_batch.c: many writes in one call */

crm_openapi_body_t crm_openapi_batch_input(crm_openapi_t *doc, const crm_route_t *route);
json_t *crm_openapi_batch_answer(crm_openapi_t *doc, const crm_route_t *route);
json_t *crm_openapi_batch_example(crm_openapi_t *doc, const crm_route_t *route);

/* 1 where a client may send FIELD. */
int crm_openapi_is_input(const crm_field_t *field);

/* ---- openapi_console.c: the keys "x-crm-..." */

void crm_openapi_mark_field(const crm_openapi_t *doc, const crm_field_t *field, json_t *schema);
void crm_openapi_mark_entity(const crm_openapi_t *doc, const crm_entity_t *entity, json_t *schema);
void crm_openapi_mark_route(const crm_openapi_t *doc, const crm_route_t *route, json_t *operation);

/* ---- openapi_example.c */

/* A value of FIELD, one of FIELDS. */
json_t *crm_openapi_value(const crm_openapi_t *doc, const crm_field_t *fields,
                          const crm_field_t *field);

/* An object of FIELDS as it is sent or answered. */
json_t *crm_openapi_example(const crm_openapi_t *doc, const crm_field_t *fields, crm_way_e way);

/* A page with one of FIELDS. */
json_t *crm_openapi_example_page(const crm_openapi_t *doc, const crm_field_t *fields);

/* ---- openapi_parameter.c */

/* The parameters of ROUTE: path, query, headers. */
json_t *crm_openapi_parameters(crm_openapi_t *doc, const crm_route_t *route);

/* ROUTE's pattern with a name for each parameter: "leads/{lead}/call-summaries/{id}/". */
const char *crm_openapi_path(apr_pool_t *pool, const crm_route_t *route);

/* ---- openapi_answer.c */

/* The answers of ROUTE by status. */
json_t *crm_openapi_responses(crm_openapi_t *doc, const crm_route_t *route);

/* 1 where ROUTE answers with STATUS. */
int crm_openapi_answers(const crm_route_t *route, int status);

/* References to the schemas of errors: of one sentence, of fields, as RFC 9457 has them. */
json_t *crm_openapi_error(crm_openapi_t *doc);
json_t *crm_openapi_invalid(crm_openapi_t *doc);
json_t *crm_openapi_problem(crm_openapi_t *doc);

/* ---- openapi_operation.c */

/* All of ROUTE. */
json_t *crm_openapi_operation(crm_openapi_t *doc, const crm_route_t *route);

/* ---- openapi_text.c: sentences, and what belongs together */

extern const char crm_openapi_title[], crm_openapi_description[];

typedef struct crm_openapi_tag_t {
    const char *name, *description;
} crm_openapi_tag_t;

/* Under which heading ROUTE stands. */
crm_openapi_tag_t crm_openapi_tag(apr_pool_t *pool, const crm_route_t *route);

/* Who may call ROUTE: a sentence. */
const char *crm_openapi_access(apr_pool_t *pool, const crm_route_t *route);

#endif
