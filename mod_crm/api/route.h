/* api/route.h - routes: one row each, in the table of the file that handles them.
 *
 * From the rows come dispatch, 405 and Allow, authorisation, the body's validation, History's
 * route, the test of who may call what (crmctl prints the table) and OpenAPI.
 */
#ifndef CRM_API_ROUTE_H
#define CRM_API_ROUTE_H

#include "api/request.h"
#include "model/validate.h"

/* Who may call. There is no default: a row without one does not start. */
typedef enum {
    CRM_ACCESS_UNSET,
    CRM_ACCESS_ANYONE,
    CRM_ACCESS_USER,         /* any account */
    CRM_ACCESS_TENANT_ADMIN, /* the tenant's admin; a superuser with a tenant named */
    CRM_ACCESS_SUPERUSER,
    CRM_ACCESS_TENANT_ITSELF, /* superuser; else the admin of the tenant whose id is parameter 0 */
    CRM_ACCESS_PERMISSION,    /* who holds the permission of `entity` and `action` in the tenant: by
                                 his groups or himself, or as the tenant's admin; a superuser with a
                                 tenant named */
    CRM_ACCESS_COUNT
} crm_access_e;

enum {
    CRM_ROUTE_NEEDS_TENANT = 1, /* a superuser who names none gets 400 "A tenant must be named." */
    CRM_ROUTE_SECRET = 2, /* its answers hold secrets: no Idempotency-Key, never stored by caches */
    CRM_ROUTE_PARTIAL = 4,   /* the body is validated as PATCH's */
    CRM_ROUTE_NO_TENANT = 8, /* whatever tenant is named does not matter */
    CRM_ROUTE_ATOMIC = 32,   /* the handler writes by request->db, where it is set, alone */
    CRM_ROUTE_UPLOAD = 64,   /* files of a form go to temporary files; CrmImportLimit bounds
                                them */
    CRM_ROUTE_BY = 128,      /* the last parameter is the value of the field that is named before
                                it; the body may leave that out */
    CRM_ROUTE_BATCH = 256,   /* many writes of `entity`, as api/record_batch.c has them */
    CRM_ROUTE_FILE = 512,    /* answers with a file, as it is */
    CRM_ROUTE_UNVERSIONED = 1024, /* what it removes has no version that If-Match could name */
    CRM_ROUTE_TENANT_FIELD = 16   /* an unknown tenant is 400 in non_field_errors, not 404 */
};

/* What a handler gives. */
typedef struct crm_answer_t {
    int status;                 /* the row's before */
    json_t *json;               /* owned by request->pool (crm_json_own); NULL: no JSON */
    const char *text;           /* in its place: a body of request->format's type; or NULL */
    apr_size_t size;            /* of text */
    const crm_stream_t *stream; /* in place of both; or NULL */
    crm_error_t *error;         /* that json tells of, for the log; NULL: none */
    apr_table_t *headers;       /* to add to */
    apr_int64_t version; /* of the single record, for its ETag; -1 before: the body's hash alone */
} crm_answer_t;

/* VALUES: the validated body, NULL where the route has no `body`. */
typedef crm_error_t *crm_handler_fn(crm_request_t *request, const crm_values_t *values,
                                    crm_answer_t *answer);

/* A form that an answer can have: ?format= names it, or Accept its media type. */
typedef struct crm_format_t {
    const char *name; /* "yaml"; several media types may go by one name, the first is the usual */
    const char *type; /* "application/yaml" */
} crm_format_t;

struct crm_route_t {
    const char *method;
    const char *pattern; /* below the prefix: "auth/tenants/{uuid}/"; {uuid}, {id} or {text} */
    crm_access_e access;
    unsigned flags;
    crm_error_t *(*gate)(crm_request_t *request); /* asked after `access`, before the body is read;
                                                     or NULL */
    const crm_field_t *body;                      /* fields of the request's body, or NULL */
    const crm_entity_t *result;                   /* what it answers with, or NULL */
    int is_list;                                  /* a page of `result` */
    crm_handler_fn *handler;
    const char *summary;
    const crm_entity_t *entity; /* of records: what it is about; else NULL */
    crm_action_e action;        /* what it does with them */

    int status;               /* of success; 0: 200 */
    const int *statuses;      /* others than follow from the rest of the row (api/openapi_answer.c);
                                 ends with 0; or NULL */
    const crm_field_t *input; /* of a body that the handler itself reads; or NULL */
    const crm_field_t *query; /* query parameters of its own; ends with name NULL; or NULL */
    const crm_format_t *formats; /* of an answer that is not JSON alone; ends with name NULL; or
                                    NULL */
    const char *description;     /* what the summary does not say, Markdown; or NULL */
};

/* All tables, NULL-terminated; each ends with method NULL. */
extern const crm_route_t *const crm_route_tables[];

/* The route of METHOD and PATH (below the prefix), its path parameters into PARAMETERS (room for
 * CRM_MAX_PARAMETERS, in POOL). Another method of a known path: METHOD error, *RET_ALLOW has its
 * methods ("GET, POST, HEAD, OPTIONS"). NOT_FOUND otherwise. {uuid} is 36 characters, {id} a
 * positive 64-bit number, {text} any one segment; a row without parameters wins over one with. */
crm_error_t *crm_route_find(apr_pool_t *pool, const char *method, const char *path,
                            const crm_route_t **ret_route, const char **parameters,
                            const char **ret_allow);

/* The rows of PATH, whatever their method: of const crm_route_t *. */
apr_array_header_t *crm_route_rows(apr_pool_t *pool, const char *path);

/* The pattern as History has it, from the root: "/api/leads/{id}/" for whatever kind of id. */
const char *crm_route_pattern(apr_pool_t *pool, const char *prefix, const crm_route_t *route);

/* All rows are complete (access set, patterns well formed, no two the same): NULL or what is wrong.
 * Run by -t. */
crm_error_t *crm_route_check(apr_pool_t *pool);

#endif
