/* server/require.c - what "Require" can ask of our accounts, on any content. */
#include <string.h>

#include <apr_strings.h>

#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <mod_auth.h>

#include "api/access.h"
#include "base/text.h"
#include "entities/registry.h"
#include "server/call.h"
#include "server/require.h"
#include "service/group.h"
#include "service/permission.h"

APLOG_USE_MODULE(crm);

#define NAME_LENGTH 150

/* Whom a requirement is asked of: REQUEST with the caller as its actor. */
typedef struct asked_t {
    crm_request_t request;
    const apr_array_header_t *words; /* of const char *, folded where the kind says so */
} asked_t;

typedef struct kind_t {
    const char *name;
    int is_bare;   /* takes no arguments */
    int is_folded; /* its arguments are names that compare without regard to case and accents */
    const char *wants;
    const char *(*check)(apr_pool_t *pool, const char *word); /* what is wrong with one, or NULL */
    crm_error_t *(*holds)(const asked_t *asked, int *ret_holds);
} kind_t;

/* One line, as it was read. */
typedef struct requirement_t {
    const kind_t *kind;
    apr_array_header_t *words;
} requirement_t;

static const char *check_name(apr_pool_t *pool, const char *word)
{
    return *word && crm_text_valid(word, strlen(word)) && crm_text_length(word) <= NAME_LENGTH
               ? NULL
               : apr_psprintf(pool, "must be a name of 1 to %d characters in UTF-8", NAME_LENGTH);
}

static const char *check_permission(apr_pool_t *pool, const char *word)
{
    crm_action_e action;
    const char *known = "";

    if (crm_permission_parse(crm_entities, word, &action)) {
        return NULL;
    }
    for (int i = 0; crm_entities[i]; i++) {
        known = apr_pstrcat(pool, known, i ? ", " : "", crm_entities[i]->app_label, ".view_",
                            crm_entities[i]->model, NULL);
    }
    return apr_psprintf(
        pool, "is no permission: there are %s, and the same with add, change, delete", known);
}

static crm_error_t *is_user(const asked_t *asked, int *ret_holds)
{
    (void)asked;
    *ret_holds = 1;
    return NULL;
}

static crm_error_t *is_superuser(const asked_t *asked, int *ret_holds)
{
    *ret_holds = asked->request.actor->account.is_superuser;
    return NULL;
}

static crm_error_t *is_tenant_admin(const asked_t *asked, int *ret_holds)
{
    const crm_account_t *account = &asked->request.actor->account;

    *ret_holds = account->is_superuser || account->is_tenant_admin;
    return NULL;
}

static crm_error_t *is_in_tenant(const asked_t *asked, int *ret_holds)
{
    const crm_actor_t *actor = asked->request.actor;
    const crm_tenant_t *tenant = actor->tenant ? actor->tenant : asked->request.tenant;
    const char *name = tenant ? crm_text_fold(asked->request.pool, tenant->name) : NULL;

    *ret_holds = 0;
    for (int i = 0; tenant && i < asked->words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(asked->words, i, const char *);
        *ret_holds |= strcmp(word, tenant->slug) == 0 || strcmp(word, name) == 0;
    }
    return NULL;
}

static crm_error_t *is_in_group(const asked_t *asked, int *ret_holds)
{
    const crm_request_t *request = &asked->request;
    crm_accounts_t accounts = crm_accounts_of(request->site, request->pool, request->actor->tenant);

    *ret_holds = 0;
    return accounts.tenant
               ? crm_group_has_member(&accounts, request->pool, request->actor->account.id,
                                      asked->words, ret_holds)
               : NULL;
}

static crm_error_t *is_permitted(const asked_t *asked, int *ret_holds)
{
    *ret_holds = 0;
    for (int i = 0; !*ret_holds && i < asked->words->nelts; i++) {
        crm_action_e action;
        const crm_entity_t *entity = crm_permission_parse(
            crm_entities, APR_ARRAY_IDX(asked->words, i, const char *), &action);
        crm_error_t *error = crm_access_permit(&asked->request, entity, action);
        if (error && error->kind != CRM_E_FORBIDDEN) {
            return error;
        }
        *ret_holds = !error;
    }
    return NULL;
}

static const kind_t user = {.name = "crm-user",
                            .is_bare = 1,
                            .wants = "accounts are named by \"Require user NAME\" beside it",
                            .holds = is_user};
static const kind_t superuser = {.name = "crm-superuser",
                                 .is_bare = 1,
                                 .wants = "it is asked of any superuser",
                                 .holds = is_superuser};
static const kind_t tenant_admin = {.name = "crm-tenant-admin",
                                    .is_bare = 1,
                                    .wants = "tenants are named by \"Require crm-tenant NAME\" "
                                             "beside it",
                                    .holds = is_tenant_admin};
static const kind_t tenant = {.name = "crm-tenant",
                              .is_folded = 1,
                              .wants = "NAME [NAME ...]: names or slugs of tenants",
                              .check = check_name,
                              .holds = is_in_tenant};
static const kind_t group = {.name = "crm-group",
                             .is_folded = 1,
                             .wants = "NAME [NAME ...]: names of groups",
                             .check = check_name,
                             .holds = is_in_group};
static const kind_t permission = {.name = "crm-permission",
                                  .wants =
                                      "NAME [NAME ...]: permissions, as crmctl routes has them",
                                  .check = check_permission,
                                  .holds = is_permitted};

static const char *parse(cmd_parms *cmd, const char *line, const kind_t *kind,
                         const void **ret_parsed)
{
    requirement_t *requirement = apr_palloc(cmd->pool, sizeof(*requirement));
    const char *wrong = NULL;

    requirement->kind = kind;
    requirement->words = apr_array_make(cmd->pool, 2, sizeof(const char *));
    while (*line && !wrong) {
        const char *word = ap_getword_conf(cmd->pool, &line);
        wrong = kind->check ? kind->check(cmd->temp_pool, word) : NULL;
        if (wrong) {
            return apr_psprintf(cmd->pool, "Require %s: \"%s\" %s", kind->name, word, wrong);
        }
        APR_ARRAY_PUSH(requirement->words, const char *) =
            kind->is_folded ? crm_text_fold(cmd->pool, word) : word;
    }
    if (kind->is_bare != (requirement->words->nelts == 0)) {
        return apr_psprintf(cmd->pool, "Require %s %s: %s", kind->name,
                            kind->is_bare ? "takes no arguments" : "needs arguments", kind->wants);
    }
    *ret_parsed = requirement;
    return NULL;
}

/* Whom R is from. A subrequest is its main request's. */
static crm_call_t *call_of(request_rec *r)
{
    while (r->main) {
        r = r->main;
    }
    return crm_call_of(r);
}

static authz_status fail(request_rec *r, const char *name, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "CRM0041: Require %s cannot be answered: %s", name,
                  why);
    return AUTHZ_GENERAL_ERROR;
}

static authz_status ask(request_rec *r, const char *line, const void *parsed)
{
    const requirement_t *requirement = parsed;
    crm_call_t *call = call_of(r);
    int holds;
    (void)line;

    if (!call) {
        return fail(r, requirement->kind->name, "CrmEngine is off for this server");
    }
    if (!call->caller && call->stranger && crm_error_status(call->stranger->kind) >= 500) {
        return fail(r, requirement->kind->name, crm_error_line(r->pool, call->stranger));
    }
    if (!call->caller) {
        return call->stranger ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER;
    }
    asked_t asked = {.request = *call->request, .words = requirement->words};
    asked.request.actor = call->caller;
    crm_meter_t *before = crm_meter_use(&call->meter);
    crm_error_t *error = requirement->kind->holds(&asked, &holds);
    crm_meter_use(before);
    if (error) {
        return fail(r, requirement->kind->name, crm_error_line(r->pool, error));
    }
    return holds ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

/* httpd does not tell a provider's functions by what name they were called. */
#define PROVIDER(kind)                                                                             \
    static const char *parse_##kind(cmd_parms *cmd, const char *line, const void **parsed)         \
    {                                                                                              \
        return parse(cmd, line, &kind, parsed);                                                    \
    }                                                                                              \
    static const authz_provider kind##_provider = {ask, parse_##kind};

PROVIDER(user)
PROVIDER(superuser)
PROVIDER(tenant_admin)
PROVIDER(tenant)
PROVIDER(group)
PROVIDER(permission)

void crm_require_register(apr_pool_t *pool)
{
    const struct {
        const kind_t *kind;
        const authz_provider *provider;
    } rows[] = {{&user, &user_provider},     {&superuser, &superuser_provider},
                {&tenant, &tenant_provider}, {&tenant_admin, &tenant_admin_provider},
                {&group, &group_provider},   {&permission, &permission_provider}};

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, rows[i].kind->name,
                                  AUTHZ_PROVIDER_VERSION, rows[i].provider,
                                  AP_AUTH_INTERNAL_PER_URI);
    }
}
