/* api/origin.c - whether a browser's request comes from a page of its own site. */
#include <string.h>
#include <strings.h>

#include "api/cors.h"
#include "api/origin.h"

/* The port that goes without saying. */
static apr_size_t without_port(const char *authority)
{
    apr_size_t size = strlen(authority);
    if (size > 3 && strcmp(authority + size - 3, ":80") == 0) {
        return size - 3;
    }
    return size > 4 && strcmp(authority + size - 4, ":443") == 0 ? size - 4 : size;
}

static int is_own_origin(const crm_request_t *request, const char *origin)
{
    const char *host = apr_table_get(request->headers, "Host"), *at = strstr(origin, "://");
    if (!host || !at) {
        return 0;
    }
    apr_size_t size = without_port(at + 3);
    return size == without_port(host) && strncasecmp(at + 3, host, size) == 0;
}

crm_error_t *crm_origin_check(crm_request_t *request)
{
    const char *fetch_site = apr_table_get(request->headers, "Sec-Fetch-Site");
    const char *origin = apr_table_get(request->headers, "Origin");
    int is_near =
        fetch_site && (strcmp(fetch_site, "same-origin") == 0 || strcmp(fetch_site, "none") == 0);
    if (is_near || (!fetch_site && !origin) ||
        (origin && (is_own_origin(request, origin) || crm_cors_trusts(request, origin)))) {
        return NULL;
    }
    request->is_forgeable = 1;
    return crm_error_make(request->pool, CRM_E_FORBIDDEN,
                          "CSRF Failed: Origin checking failed - the request comes from another "
                          "site.");
}
