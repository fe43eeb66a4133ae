/* api/tenant_source.c - which tenant a request is about. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "api/parameters.h"
#include "api/tenant_source.h"
#include "base/text.h"

/* A tenant as a source names it. */
typedef struct named_t {
    const char *text; /* NULL: it names none */
    const char *key;  /* folded */
    int is_host;      /* '-' stands for '_', which host names may not have */
} named_t;

static const char *from_subdomain(const crm_request_t *request)
{
    const char *domain = request->settings->tenant_domain;
    const char *host = request->host;
    if (!domain || !host) {
        return NULL;
    }
    apr_size_t domain_size = strlen(domain), size = strlen(host);
    size -= size > 0 && host[size - 1] == '.';
    if (size < domain_size + 2 || host[size - domain_size - 1] != '.' ||
        strncasecmp(host + size - domain_size, domain, domain_size) != 0) {
        return NULL;
    }
    return apr_pstrmemdup(request->pool, host, size - domain_size - 1);
}

static const char *text_from(const crm_request_t *request, crm_tenant_source_e source)
{
    switch (source) {
    case CRM_FROM_VHOST:
        return request->settings->tenant;
    case CRM_FROM_SUBDOMAIN:
        return from_subdomain(request);
    case CRM_FROM_HEADER:
        return apr_table_get(request->headers, "X-Tenant");
    case CRM_FROM_QUERY:
        return crm_parameters_get(request->query, "tenant");
    case CRM_FROM_ACCOUNT:
    case CRM_FROM_COUNT:
        break;
    }
    return NULL;
}

/* *RET_NAMED has text NULL when the source names none. */
static crm_error_t *read_source(const crm_request_t *request, crm_tenant_source_e source,
                                named_t *ret_named)
{
    const char *text = text_from(request, source);
    if (text && !crm_text_valid(text, strlen(text))) {
        return crm_error_make(request->pool, CRM_E_BAD_REQUEST,
                              "The tenant's name is not valid UTF-8.");
    }
    text = text ? crm_text_trim(request->pool, text) : NULL;
    if (!text || !*text) {
        *ret_named = (named_t){.text = NULL};
        return NULL;
    }
    *ret_named = (named_t){
        .text = text,
        .key = crm_text_fold(request->pool, text),
        .is_host = source == CRM_FROM_SUBDOMAIN,
    };
    return NULL;
}

/* A host's label as the slug that it stands for. */
static const char *slug_of_host(apr_pool_t *pool, const char *key)
{
    char *slug = apr_pstrdup(pool, key);
    for (char *c = slug; *c; c++) {
        if (*c == '-') {
            *c = '_';
        }
    }
    return slug;
}

/* 1 when TENANT is surely the one named. A host's name is a slug before it is a tenant's name:
 * nobody takes another's host by what he calls himself, so his name alone does not decide. */
static int is_named(apr_pool_t *pool, const named_t *named, const crm_tenant_t *tenant)
{
    if (named->is_host) {
        return strcmp(slug_of_host(pool, named->key), tenant->slug) == 0;
    }
    return strcmp(named->key, tenant->slug) == 0 ||
           strcmp(named->key, crm_text_fold(pool, tenant->name)) == 0;
}

static crm_error_t *not_found(apr_pool_t *pool, const char *text)
{
    return crm_error_make(pool, CRM_E_NOT_FOUND, "Tenant \"%s\" not found or not active",
                          crm_text_cut(pool, text, 400));
}

/* Asks the main database; for a host, first by the slug that it stands for. */
static crm_error_t *look_up(const crm_request_t *request, const named_t *named,
                            crm_tenant_t **ret_tenant)
{
    apr_pool_t *pool = request->pool;
    const char *text = named->is_host ? slug_of_host(pool, named->key) : named->text;
    crm_tenant_t *tenant;
    crm_error_t *error = crm_tenant_find(request->site, pool, text, &tenant);
    if (error && error->kind == CRM_E_NOT_FOUND && named->is_host && strchr(named->key, '-')) {
        error = crm_tenant_find(request->site, pool, named->text, &tenant);
    }
    if (error) {
        return error->kind == CRM_E_NOT_FOUND ? not_found(pool, named->text) : error;
    }
    if (!tenant->is_active) {
        return not_found(pool, named->text);
    }
    *ret_tenant = tenant;
    return NULL;
}

static crm_error_t *resolve(const crm_request_t *request, const named_t *named,
                            crm_tenant_t **ret_tenant)
{
    crm_tenant_t *own = request->actor ? request->actor->tenant : NULL;
    if (own && is_named(request->pool, named, own)) {
        *ret_tenant = own;
        return NULL;
    }
    return look_up(request, named, ret_tenant);
}

/* 1 when both surely mean the same tenant. */
static int same_name(const named_t *a, const named_t *b)
{
    return a->is_host == b->is_host && strcmp(a->key, b->key) == 0;
}

static int same_tenant(const crm_tenant_t *a, const crm_tenant_t *b)
{
    return memcmp(&a->id, &b->id, sizeof(a->id)) == 0;
}

/* The tenant that all sources which name one agree on; NULL when none does. *RET_COUNTS_ACCOUNT:
 * the account's own tenant may stand in. */
static crm_error_t *find_named(const crm_request_t *request, crm_tenant_t **ret_tenant,
                               int *ret_counts_account)
{
    const crm_settings_t *settings = request->settings;
    crm_tenant_t *tenant = NULL, *other;
    named_t first = {.text = NULL}, named;
    *ret_counts_account = 0;
    for (int i = 0; i < settings->ntenant_from; i++) {
        *ret_counts_account |= settings->tenant_from[i] == CRM_FROM_ACCOUNT;
        CRM_ERR(read_source(request, settings->tenant_from[i], &named));
        if (!named.text || (tenant && same_name(&named, &first))) {
            continue;
        }
        CRM_ERR(resolve(request, &named, &other));
        if (tenant && !same_tenant(tenant, other)) {
            return crm_error_make(request->pool, CRM_E_BAD_REQUEST,
                                  "The request names two different tenants.");
        }
        if (!tenant) {
            tenant = other;
            first = named;
        }
    }
    *ret_tenant = tenant;
    return NULL;
}

crm_error_t *crm_tenant_source_find(crm_request_t *request)
{
    crm_tenant_t *tenant;
    int counts_account;
    crm_tenant_t *own = request->actor ? request->actor->tenant : NULL;
    CRM_ERR(find_named(request, &tenant, &counts_account));
    if (!tenant && counts_account) {
        tenant = own;
    }
    if (tenant && own && !same_tenant(tenant, own)) {
        return crm_error_make(request->pool, CRM_E_FORBIDDEN,
                              "The credentials belong to another tenant.");
    }
    request->tenant = tenant;
    return NULL;
}
