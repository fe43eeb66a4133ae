/* api/tenant_actions.c - /auth/tenants/{uuid}/<action>/: what an operator does to a tenant. Short
 * actions are done at once, long ones become jobs (api/jobs.h). */
#include <string.h>

#include "api/conditional.h"
#include "api/jobs.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/job_file.h"

static crm_error_t *find(crm_request_t *request, crm_tenant_t **ret_tenant)
{
    crm_uuid_t id;
    CRM_ERR(crm_request_uuid(request, 0, &id));
    return crm_tenant_by_id(request->site, request->pool, &id, ret_tenant);
}

/* ---- short ones */

static crm_error_t *answer_state(crm_request_t *request, const crm_tenant_t *tenant,
                                 crm_answer_t *answer)
{
    answer->version = tenant->version;
    answer->json =
        crm_json_own(request->pool, crm_represent_tenant_state(request->pool, tenant,
                                                               request->site->tenant_grace));
    return NULL;
}

static crm_error_t *show(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    (void)values;
    CRM_ERR(find(request, &tenant));
    return answer_state(request, tenant, answer);
}

/* Finds the tenant, makes CHANGE, and answers with what it is then. */
static crm_error_t *change(crm_request_t *request, crm_tenant_change_t change, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    CRM_ERR(find(request, &tenant));
    CRM_ERR(crm_if_match(request, tenant->version, &change.if_version));
    CRM_ERR(crm_tenant_update(request->site, request->pool, tenant, &change));
    return answer_state(request, tenant, answer);
}

static crm_error_t *suspend(crm_request_t *request, const crm_values_t *values,
                            crm_answer_t *answer)
{
    (void)values;
    return change(request, (crm_tenant_change_t){.is_active = 0}, answer);
}

static crm_error_t *rename_tenant(crm_request_t *request, const crm_values_t *values,
                                  crm_answer_t *answer)
{
    return change(request,
                  (crm_tenant_change_t){.name = crm_values_text(values, "name"), .is_active = -1},
                  answer);
}

static crm_error_t *delete (crm_request_t *request, const crm_values_t *values,
                            crm_answer_t *answer)
{
    (void)values;
    return change(request, (crm_tenant_change_t){.is_active = -1, .end = CRM_TENANT_DELETED},
                  answer);
}

/* crm_tenant_resume and crm_tenant_undelete. */
typedef crm_error_t *back_fn(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                             apr_int64_t if_version);

static crm_error_t *take_back(crm_request_t *request, back_fn *back, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    apr_int64_t if_version;
    CRM_ERR(find(request, &tenant));
    CRM_ERR(crm_if_match(request, tenant->version, &if_version));
    CRM_ERR(back(request->site, request->pool, tenant, if_version));
    return answer_state(request, tenant, answer);
}

static crm_error_t *resume(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    (void)values;
    return take_back(request, crm_tenant_resume, answer);
}

static crm_error_t *undelete(crm_request_t *request, const crm_values_t *values,
                             crm_answer_t *answer)
{
    (void)values;
    return take_back(request, crm_tenant_undelete, answer);
}

/* ---- long ones: what can be told at once is told at once */

static crm_error_t *make_file(crm_request_t *request, const char *kind, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    CRM_ERR(find(request, &tenant));
    CRM_ERR(crm_job_files_are_set(request->site, request->pool));
    return crm_jobs_ask(request, kind, tenant, json_object(), answer);
}

static crm_error_t *backup(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    (void)values;
    return make_file(request, "backup", answer);
}

static crm_error_t *export(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    (void)values;
    return make_file(request, "export", answer);
}

/* 1 unless it was sent as false. */
static int is_wanted(const crm_values_t *values, const char *name)
{
    crm_value_t value = crm_values_get(values, name);
    return crm_is_null(value) || value.as.integer != 0;
}

static crm_error_t *clone_tenant(crm_request_t *request, const crm_values_t *values,
                                 crm_answer_t *answer)
{
    const char *name = crm_values_text(values, "name");
    crm_tenant_t *tenant;
    CRM_ERR(find(request, &tenant));
    CRM_ERR(crm_tenant_name_is_free(request->site, request->pool, name, "name", NULL));
    return crm_jobs_ask(request, "clone", tenant,
                        json_pack("{s:s, s:b, s:b}", "name", name, "with_people",
                                  is_wanted(values, "with_people"), "with_history",
                                  is_wanted(values, "with_history")),
                        answer);
}

/* The backup that VALUES name, of the tenant ID, which is there (LIVING) or gone: then only its
 * backup tells that it was. */
static crm_error_t *find_backup(crm_request_t *request, const crm_values_t *values,
                                const crm_uuid_t *id, int living, crm_job_t **ret_job)
{
    const crm_uuid_t *job_id = crm_values_get(values, "job").as.uuid;
    crm_error_t *error = crm_job_get(request->site, request->pool, job_id, ret_job);
    if (error && error->kind != CRM_E_NOT_FOUND) {
        return error;
    }
    if (error || strcmp((*ret_job)->kind, "backup") != 0 ||
        memcmp(&(*ret_job)->tenant_id, id, sizeof(*id)) != 0) {
        return living ? crm_error_field(request->pool, "job",
                                        "There is no such backup of this tenant.")
                      : crm_error_standard(request->pool, CRM_E_NOT_FOUND);
    }
    return (*ret_job)->file
               ? NULL
               : crm_error_make(request->pool, CRM_E_CONFLICT, "The backup is not done.");
}

/* The tenant itself may be gone: it comes back then. */
static crm_error_t *restore(crm_request_t *request, const crm_values_t *values,
                            crm_answer_t *answer)
{
    const char *name = crm_values_text(values, "name");
    crm_tenant_t tenant, *living;
    crm_job_t *source;
    CRM_ERR(crm_request_uuid(request, 0, &tenant.id));
    crm_error_t *error = crm_tenant_by_id(request->site, request->pool, &tenant.id, &living);
    if (error && error->kind != CRM_E_NOT_FOUND) {
        return error;
    }
    CRM_ERR(find_backup(request, values, &tenant.id, !error, &source));
    if (!error && !name) {
        return crm_error_make(request->pool, CRM_E_CONFLICT,
                              "Tenant \"%s\" is there: give another name, or purge it first.",
                              living->name);
    }
    tenant.name = source->tenant_name;
    CRM_ERR(crm_tenant_name_is_free(request->site, request->pool, name ? name : tenant.name, "name",
                                    name ? NULL : &tenant.id));
    return crm_jobs_ask(
        request, "restore", &tenant,
        json_pack("{s:s, s:s*}", "job", crm_uuid_text(request->pool, &source->id), "name", name),
        answer);
}

static crm_error_t *move(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const char *server = crm_values_text(values, "server");
    const char *name = crm_server_meant(server);
    crm_tenant_t *tenant;
    CRM_ERR(find(request, &tenant));
    if (!crm_site_server(request->site, name)) {
        return crm_error_field(request->pool, "server",
                               "There is no CrmDatabaseServer \"%s\" in the configuration.",
                               server);
    }
    if (strcmp(tenant->server, name) == 0) {
        return crm_error_make(request->pool, CRM_E_CONFLICT, "Tenant \"%s\" is there already.",
                              tenant->name);
    }
    return crm_jobs_ask(request, "move", tenant, json_pack("{s:s}", "server", server), answer);
}

static crm_error_t *purge(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    crm_tenant_t *tenant;
    CRM_ERR(find(request, &tenant));
    if (strcmp(crm_values_text(values, "name"), tenant->name) != 0) {
        return crm_error_field(request->pool, "name", "This is not the tenant's name.");
    }
    if (!tenant->deleted_at) {
        return crm_error_make(request->pool, CRM_E_CONFLICT,
                              "Tenant \"%s\" is not deleted: only what is can be purged.",
                              tenant->name);
    }
    return crm_jobs_ask(request, "purge", tenant, json_object(), answer);
}

/* ---- bodies */

#define NAME_FIELD(more, text)                                                                     \
    {                                                                                              \
        .name = "name", .type = CRM_T_TEXT, .flags = more, .max_length = 100, .help = text,        \
        .example = "Acme Corp"                                                                     \
    }

static const crm_field_t rename_fields[] = {
    NAME_FIELD(CRM_F_REQUIRED, "The new name, unique without regard to case and accents."),
    {.name = NULL},
};

static const crm_field_t clone_fields[] = {
    NAME_FIELD(CRM_F_REQUIRED, "The copy's name, unique without regard to case and accents."),
    {.name = "with_people",
     .type = CRM_T_BOOLEAN,
     .preset = "true",
     .help = "Whether accounts come along, without passwords and tokens; without them History and "
             "who made or changed what are left out, too."},
    {.name = "with_history",
     .type = CRM_T_BOOLEAN,
     .preset = "true",
     .help = "Whether History and its statistics come along."},
    {.name = NULL},
};

static const crm_field_t restore_fields[] = {
    {.name = "job",
     .type = CRM_T_UUID,
     .flags = CRM_F_REQUIRED,
     .help = "The job that made the backup."},
    NAME_FIELD(CRM_F_NULL, "Makes a new tenant of that name; without it the tenant comes back "
                           "itself, which must be gone."),
    {.name = NULL},
};

static const crm_field_t move_fields[] = {
    {.name = "server",
     .type = CRM_T_TEXT,
     .flags = CRM_F_REQUIRED,
     .max_length = 64,
     .help = "The name that CrmDatabaseServer gives the server; \"default\" is CrmTenantDatabase.",
     .example = "berlin"},
    {.name = NULL},
};

static const crm_field_t purge_fields[] = {
    NAME_FIELD(CRM_F_REQUIRED, "The tenant's name, exactly: so that none is purged by mistake."),
    {.name = NULL},
};

/* ---- routes */

static const int changed[] = {412, 0};
static const int refused[] = {409, 0};
static const int changed_or_refused[] = {409, 412, 0};

#define PATTERN(action) .method = "POST", .pattern = "auth/tenants/{uuid}/" action "/"
#define SHORT(action)                                                                              \
    PATTERN(action), .access = CRM_ACCESS_SUPERUSER, .result = &crm_tenant_state_entity
#define LONG(action)                                                                               \
    PATTERN(action), .access = CRM_ACCESS_SUPERUSER, .result = &crm_job_entity, .status = 202,     \
                     .statuses = refused

const crm_route_t crm_tenant_action_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/tenants/{uuid}/state/",
        .access = CRM_ACCESS_SUPERUSER,
        .result = &crm_tenant_state_entity,
        .handler = show,
        .summary = "Show a tenant as its operator sees it.",
    },
    {
        SHORT("suspend"),
        .statuses = changed,
        .handler = suspend,
        .summary = "Refuse a tenant's logins and tokens; its data stay.",
    },
    {
        SHORT("resume"),
        .statuses = changed_or_refused,
        .handler = resume,
        .summary = "Take a suspended tenant back, with the tokens it had.",
    },
    {
        SHORT("rename"),
        .statuses = changed,
        .body = rename_fields,
        .handler = rename_tenant,
        .summary = "Give a tenant another name.",
        .description = "The old one goes on leading to it for `CrmTenantGrace`, and is nobody "
                       "else's for as long; the slug stays.",
    },
    {
        SHORT("delete"),
        .statuses = changed,
        .handler = delete,
        .summary = "Delete a tenant, with a grace period.",
        .description = "Its logins and tokens are refused. The server removes all of it at "
                       "`purged_at`; until then it can be undeleted.",
    },
    {
        SHORT("undelete"),
        .statuses = changed_or_refused,
        .handler = undelete,
        .summary = "Take a deleted tenant back: it is active.",
    },
    {
        LONG("backup"),
        .handler = backup,
        .summary = "Save all of a tenant, as it is at one moment, in a file that can be restored.",
        .description = "A job; its file is fetched by `GET /api/auth/jobs/{uuid}/file/`.",
    },
    {
        LONG("export"),
        .handler = export,
        .summary = "Write all that a tenant has into a file that needs no mod_crm to be read.",
        .description = "A job; its file, a ZIP of JSON lines and CSV, is fetched by `GET "
                       "/api/auth/jobs/{uuid}/file/`.",
    },
    {
        LONG("clone"),
        .body = clone_fields,
        .handler = clone_tenant,
        .summary = "Make a new tenant as a copy of this one, without passwords.",
        .description = "A job.",
    },
    {
        LONG("restore"),
        .body = restore_fields,
        .handler = restore,
        .summary = "Make a tenant from a backup: beside the living one, or the same again.",
        .description = "A job. The tenant itself may be purged.",
    },
    {
        LONG("move"),
        .body = move_fields,
        .handler = move,
        .summary = "Move a tenant's database to another server, while it is used.",
        .description = "A job. Writes are refused (503, to be tried again) for the last moment "
                       "only.",
    },
    {
        LONG("purge"),
        .body = purge_fields,
        .handler = purge,
        .summary = "Remove a deleted tenant for good, at once.",
        .description = "A job.",
    },
    {.method = NULL},
};
