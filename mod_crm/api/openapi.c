/* api/openapi.c - the API's description of itself, as a whole. */
#include <string.h>

#include <apr_strings.h>

#include "api/openapi_parts.h"

static json_t *info_json(const crm_openapi_t *doc)
{
    json_t *license =
        doc->version == CRM_SWAGGER_2_0
            ? json_pack("{s:s, s:s}", "name", "BSD-3-Clause", "url",
                        "https://opensource.org/license/bsd-3-clause")
            : json_pack("{s:s, s:s}", "name", "BSD 3-Clause", "identifier", "BSD-3-Clause");
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:o}", "title", crm_openapi_title, "version",
                     CRM_VERSION, "description", crm_openapi_description, "contact", "name",
                     "The administrator of this server", "url", doc->base_url, "license", license);
}

/* TAG in the list of those that are used. */
static void note_tag(json_t *tags, const crm_openapi_tag_t *tag)
{
    size_t i;
    json_t *known;
    json_array_foreach(tags, i, known)
    {
        if (strcmp(json_string_value(json_object_get(known, "name")), tag->name) == 0) {
            return;
        }
    }
    json_array_append_new(
        tags, json_pack("{s:s, s:s}", "name", tag->name, "description", tag->description));
}

static void add_route(crm_openapi_t *doc, const crm_route_t *route, json_t *paths)
{
    const char *path =
        apr_pstrcat(doc->pool, doc->settings->prefix, crm_openapi_path(doc->pool, route), NULL);
    char *method = apr_pstrdup(doc->pool, route->method);
    json_t *item = json_object_get(paths, path);
    if (!item) {
        item = json_object();
        json_object_set_new(paths, path, item);
    }
    for (char *c = method; *c; c++) {
        *c = (char)(*c | 0x20);
    }
    json_object_set_new(item, method, crm_openapi_operation(doc, route));
}

json_t *crm_openapi_make(apr_pool_t *pool, const crm_settings_t *settings, const char *base_url,
                         crm_openapi_e version)
{
    crm_openapi_t doc = {
        .pool = pool,
        .settings = settings,
        .base_url = base_url,
        .version = version,
        .schemas = json_object(),
        .parameters = json_object(),
        .responses = json_object(),
    };
    json_t *root = json_object(), *tags = json_array(), *paths = json_object();
    crm_openapi_add_head(&doc, root);
    json_object_set_new(root, "info", info_json(&doc));
    crm_openapi_add_server(&doc, root);
    for (const crm_route_t *const *table = crm_route_tables; *table; table++) {
        for (const crm_route_t *route = *table; route->method; route++) {
            const crm_openapi_tag_t tag = crm_openapi_tag(doc.pool, route);
            note_tag(tags, &tag);
            add_route(&doc, route, paths);
        }
    }
    json_object_set_new(root, "tags", tags);
    json_object_set_new(root, "paths", paths);
    crm_openapi_add_named(&doc, root);
    json_decref(doc.schemas);
    json_decref(doc.parameters);
    json_decref(doc.responses);
    return root;
}
