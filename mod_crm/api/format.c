/* api/format.c - in which form an answer is wanted. */
#include <string.h>

#include "api/format.h"
#include "api/header.h"
#include "api/parameters.h"
#include "base/text.h"

#define MAX_QUOTED 256

/* The format that goes by NAME: of several media types the one that ACCEPT names, else the first.
 */
static const crm_format_t *by_name(const crm_format_t *formats, const char *name,
                                   const char *accept)
{
    const crm_format_t *found = NULL;
    for (const crm_format_t *format = formats; format->name; format++) {
        if (strcmp(format->name, name) == 0 &&
            (!found ||
             crm_header_weight(accept, format->type) > crm_header_weight(accept, found->type))) {
            found = format;
        }
    }
    return found;
}

static const crm_format_t *by_accept(const crm_format_t *formats, const char *accept)
{
    const crm_format_t *found = NULL;
    int best = 0;
    for (const crm_format_t *format = formats; format->name; format++) {
        int weight = crm_header_weight(accept, format->type);
        if (weight > best) {
            found = format;
            best = weight;
        }
    }
    /* who names the form of errors alone takes answers in the usual one, as of other calls */
    return found || !(crm_header_accepts(accept) & CRM_ACCEPTS_PROBLEM) ? found : formats;
}

crm_error_t *crm_format_choose(const crm_request_t *request, const crm_format_t **ret_format)
{
    apr_pool_t *pool = request->pool;
    const crm_format_t *formats = request->route->formats;
    const char *accept = apr_table_get(request->headers, "Accept");
    const char *name = formats ? crm_parameters_get(request->query, "format") : NULL;
    const crm_format_t *format = NULL;
    if (formats) {
        format = name && *name ? by_name(formats, name, accept) : by_accept(formats, accept);
    }
    if (formats && !format) {
        return name && *name ? crm_error_field(pool, "format", "\"%s\" is not a valid choice.",
                                               crm_text_cut(pool, name, MAX_QUOTED))
                             : crm_error_standard(pool, CRM_E_NOT_ACCEPTABLE);
    }
    *ret_format = format;
    return NULL;
}
