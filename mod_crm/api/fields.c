/* api/fields.c - fields=a,b. */
#include <string.h>

#include <apr_strings.h>

#include "api/fields.h"
#include "api/parameters.h"
#include "base/json.h"
#include "base/text.h"

#define MAX_QUOTED 256

static int is_shown(const crm_entity_t *entity, const char *name)
{
    const crm_field_t *field = crm_field_find(entity->fields, name);
    return field && !(field->flags & (CRM_F_WRITE_ONLY | CRM_F_SECRET));
}

crm_error_t *crm_fields_read(const crm_request_t *request, const char *const **ret_names)
{
    apr_pool_t *pool = request->pool;
    const crm_entity_t *entity = request->route->result;
    const char *text = entity ? crm_parameters_get(request->query, "fields") : NULL;
    if (!text) {
        *ret_names = NULL;
        return NULL;
    }
    apr_array_header_t *names = apr_array_make(pool, 8, sizeof(const char *));
    crm_error_t *error = NULL;
    char *state, *list = apr_pstrdup(pool, text);
    for (char *name = apr_strtok(list, ", ", &state); name; name = apr_strtok(NULL, ", ", &state)) {
        if (is_shown(entity, name)) {
            APR_ARRAY_PUSH(names, const char *) = name;
        } else {
            crm_error_add(pool, &error, "fields", "\"%s\" is not a valid choice.",
                          crm_text_cut(pool, name, MAX_QUOTED));
        }
    }
    if (error) {
        return error;
    }
    int any = names->nelts > 0;
    APR_ARRAY_PUSH(names, const char *) = NULL;
    *ret_names = any ? (const char *const *)names->elts : NULL;
    return NULL;
}

/* New reference; in the record's own order. */
static json_t *pick(json_t *record, const char *const *names)
{
    json_t *picked = json_object();
    const char *key;
    json_t *value;
    json_object_foreach(record, key, value)
    {
        for (int i = 0; names[i]; i++) {
            if (strcmp(names[i], key) == 0) {
                json_object_set(picked, key, value);
                break;
            }
        }
    }
    return picked;
}

json_t *crm_fields_pick(apr_pool_t *pool, json_t *json, int is_list, const char *const *names)
{
    size_t i;
    json_t *record;
    if (!is_list) {
        return crm_json_own(pool, pick(json, names));
    }
    json_t *results = json_array();
    json_array_foreach(json_object_get(json, "results"), i, record)
    {
        json_array_append_new(results, pick(record, names));
    }
    json_t *page = json_copy(json);
    json_object_set_new(page, "results", results);
    return crm_json_own(pool, page);
}
