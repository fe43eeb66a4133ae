/* api/openapi_text.c - what the API's description says beyond the tables: its introduction, and the
 * headings that operations stand under. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/openapi_parts.h"

const char crm_openapi_title[] = "mod_crm";

const char crm_openapi_description[] =
    "The API of a CRM that serves many companies (tenants), each with a database of its own.\n\n"
    "- **Authentication**: `Authorization: Token <key>` (or `Bearer <key>`), the key being what "
    "login or registration answered with.\n"
    "- **Tenants**: an account's calls are about its own tenant. A virtual host, a subdomain, "
    "`X-Tenant` or `tenant` may name one; superusers may name any.\n"
    "- **Bodies** are JSON, a form or multipart, in UTF-8. Strings are trimmed; names that are not "
    "described, and read-only ones, are ignored. Times are ISO 8601 in UTC.\n"
    "- **Errors** come as `{\"detail\": \"...\"}`, or as `{\"field\": [\"...\"]}` where fields are "
    "wrong; with `Accept: application/problem+json` as RFC 9457 has them. Any call may be answered "
    "with 408, 414 or 431 by the server itself when a request does not arrive in time, or its line "
    "or headers are too long.\n"
    "- **Lists** come in pages: by number (`page`) or by `cursor`; `search`, `ordering`, a filter "
    "for each field that says so, `fields` for only some of the fields.\n"
    "- **Changing together**: answers carry an `ETag`; `If-Match` refuses a change (412) of what "
    "has changed since, `If-None-Match` saves reading what has not (304).\n"
    "- **Tracing**: `X-Request-Id` of a call (1 to 128 of `A-Z a-z 0-9 . _ -`), or one that is "
    "made, "
    "is in the answer, in History and in the server's log.\n"
    "- `HEAD` and `OPTIONS` work on every path. A path without its last slash is redirected.\n\n"
    "Keys that begin with `x-crm-` say what a console needs to show records and forms.";

/* Where operations stand that are not about records: by what their patterns begin with, the longest
 * counts. */
typedef struct place_t {
    const char *begin;
    crm_openapi_tag_t tag;
} place_t;

static const place_t places[] = {
    {"auth/", {"Account", "Registering, logging in and out, the caller's own account."}},
    {"auth/tenants/", {"Tenants", "The companies that the platform serves."}},
    {"auth/jobs/", {"Jobs", "Long work on tenants, done in the background."}},
    {"auth/tenant/users/", {"Users", "The accounts of one tenant."}},
    {"auth/users/", {"Permissions", "What users may do, by their groups and themselves."}},
    {"auth/groups/", {"Permissions", "What users may do, by their groups and themselves."}},
    {"auth/permissions/", {"Permissions", "What users may do, by their groups and themselves."}},
    {"auth/history/", {"History", "The calls that were made: a list, single ones, statistics."}},
    {"schema/", {"Description", "The API's description of itself."}},
    {"", {"Other", "Everything else."}},
};

crm_openapi_tag_t crm_openapi_tag(apr_pool_t *pool, const crm_route_t *route)
{
    const place_t *best = NULL;
    if (route->entity) {
        char *name = apr_pstrdup(pool, route->entity->plural);
        for (char *c = name; *c; c++) {
            *c = *c == '_' ? ' ' : *c;
        }
        *name = (char)apr_toupper(*name);
        return (crm_openapi_tag_t){name, route->entity->help};
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t size = strlen(places[i].begin);
        if (strncmp(route->pattern, places[i].begin, size) == 0 &&
            (!best || size > strlen(best->begin))) {
            best = &places[i];
        }
    }
    return best->tag;
}

const char *crm_openapi_access(apr_pool_t *pool, const crm_route_t *route)
{
    static const char *const sentences[CRM_ACCESS_COUNT] = {
        [CRM_ACCESS_ANYONE] = "Anyone may call this.",
        [CRM_ACCESS_USER] = "Any account may call this.",
        [CRM_ACCESS_TENANT_ADMIN] =
            "The tenant's admin may call this, and a superuser who names the tenant.",
        [CRM_ACCESS_SUPERUSER] = "Superusers may call this.",
        [CRM_ACCESS_TENANT_ITSELF] = "Superusers may call this, and the tenant's own admin.",
    };
    if (route->access != CRM_ACCESS_PERMISSION) {
        return sentences[route->access];
    }
    return apr_pstrcat(
        pool, "Needs the permission `", crm_entity_permission(pool, route->entity, route->action),
        "`, which the tenant's admin has, and a superuser who names the tenant.", NULL);
}
