/* api/cors.c - pages of other origins. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "api/cors.h"

#define EXPOSED "Allow, ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id"

static int is_any(const apr_array_header_t *origins)
{
    return origins->nelts == 1 && strcmp(APR_ARRAY_IDX(origins, 0, const char *), "*") == 0;
}

/* The origin as the response allows it, or NULL. */
static const char *allowed_origin(const crm_request_t *request)
{
    const apr_array_header_t *origins = request->settings->cors.origins;
    const char *origin = apr_table_get(request->headers, "Origin");
    if (!origin) {
        return NULL;
    }
    if (is_any(origins)) {
        return "*";
    }
    for (int i = 0; i < origins->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(origins, i, const char *), origin) == 0) {
            return origin;
        }
    }
    return NULL;
}

/* What any answer to ORIGIN has. Never credentials for any origin at all. */
static void allow_origin(const crm_request_t *request, crm_response_t *response, const char *origin)
{
    apr_table_setn(response->headers, "Access-Control-Allow-Origin", origin);
    if (request->settings->cors.credentials && strcmp(origin, "*") != 0) {
        apr_table_setn(response->headers, "Access-Control-Allow-Credentials", "true");
    }
}

int crm_cors_trusts(const crm_request_t *request, const char *origin)
{
    const crm_settings_t *settings = request->settings;
    const apr_array_header_t *origins = settings->cors.origins;
    for (int i = 0; settings->cors.credentials && origins && i < origins->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(origins, i, const char *), origin) == 0) {
            return 1;
        }
    }
    return 0;
}

int crm_cors_preflight(const crm_request_t *request, crm_response_t *response)
{
    const crm_settings_t *settings = request->settings;
    if (!settings->cors.origins || strcmp(request->method, "OPTIONS") != 0 ||
        !apr_table_get(request->headers, "Origin") ||
        !apr_table_get(request->headers, "Access-Control-Request-Method")) {
        return 0;
    }
    const char *origin = allowed_origin(request);
    response->status = 200;
    apr_table_setn(response->headers, "Vary",
                   "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    if (origin) {
        allow_origin(request, response, origin);
        apr_table_setn(response->headers, "Access-Control-Allow-Methods", settings->cors.methods);
        apr_table_setn(response->headers, "Access-Control-Allow-Headers", settings->cors.headers);
        apr_table_setn(response->headers, "Access-Control-Max-Age",
                       apr_ltoa(request->pool, (long)apr_time_sec(settings->cors.max_age)));
    }
    return 1;
}

void crm_cors_headers(const crm_request_t *request, crm_response_t *response)
{
    if (!request->settings->cors.origins) {
        return;
    }
    const char *origin = allowed_origin(request);
    apr_table_mergen(response->headers, "Vary", "Origin");
    if (origin) {
        allow_origin(request, response, origin);
        apr_table_setn(response->headers, "Access-Control-Expose-Headers", EXPOSED);
    }
}
