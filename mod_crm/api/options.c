/* api/options.c - what OPTIONS tells of a path. */
#include <string.h>

#include <apr_strings.h>

#include "api/options.h"
#include "api/route.h"
#include "base/json.h"

json_t *crm_options_json(const crm_request_t *request)
{
    apr_pool_t *pool = request->pool;
    const char *path = request->path + strlen(request->settings->prefix);
    const apr_array_header_t *rows = crm_route_rows(pool, path);
    const char *description = "";
    for (int i = 0; i < rows->nelts; i++) {
        const crm_route_t *row = APR_ARRAY_IDX(rows, i, const crm_route_t *);
        description =
            apr_pstrcat(pool, description, i ? "\n" : "", row->method, ": ", row->summary, NULL);
    }
    return crm_json_own(pool,
                        json_pack("{s:s, s:s, s:[ss], s:[sss]}", "name",
                                  APR_ARRAY_IDX(rows, 0, const crm_route_t *)->summary,
                                  "description", description, "renders", "application/json",
                                  "application/problem+json", "parses", "application/json",
                                  "application/x-www-form-urlencoded", "multipart/form-data"));
}
