/* api/openapi_console.c - what a console needs to know beyond the schemas: the keys "x-crm-...". */
#include <string.h>

#include <apr_strings.h>

#include "api/access.h"
#include "api/openapi_parts.h"

static json_t *path_of(const crm_openapi_t *doc, const crm_entity_t *entity)
{
    return json_string(apr_pstrcat(doc->pool, doc->settings->prefix, entity->path, "/", NULL));
}

static json_t *names_with(const crm_entity_t *entity, unsigned flag)
{
    json_t *names = json_array();
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column && (field->flags & flag)) {
            json_array_append_new(names, json_string(field->name));
        }
    }
    return names;
}

static json_t *choices_json(const crm_field_t *field)
{
    json_t *choices = json_array();
    for (const crm_choice_t *choice = field->choices; choice->value; choice++) {
        json_array_append_new(
            choices, json_pack("{s:s, s:s}", "value", choice->value, "label", choice->label));
    }
    return choices;
}

void crm_openapi_mark_field(const crm_openapi_t *doc, const crm_field_t *field, json_t *schema)
{
    const char *widget = crm_type(field->type)->widget;
    json_object_set_new(schema, "x-crm-label", json_string(crm_field_label(doc->pool, field)));
    if (widget) {
        json_object_set_new(schema, "x-crm-widget", json_string(widget));
    }
    if (field->choices) {
        json_object_set_new(schema, "x-crm-choices", choices_json(field));
    }
    if (field->reference && field->reference->entity->path) {
        const crm_entity_t *entity = field->reference->entity;
        json_object_set_new(schema, "x-crm-reference",
                            json_pack("{s:s, s:o, s:b}", "entity", entity->name, "path",
                                      path_of(doc, entity), "active_only",
                                      field->reference->must_be_active));
    }
}

static json_t *permissions_json(const crm_openapi_t *doc, const crm_entity_t *entity)
{
    json_t *permissions = json_object();
    for (int i = 0; i < CRM_ACTION_COUNT; i++) {
        const char *permission = crm_entity_permission(doc->pool, entity, (crm_action_e)i);
        json_object_set_new(permissions, crm_action_name((crm_action_e)i), json_string(permission));
    }
    return permissions;
}

static json_t *views_json(const crm_entity_t *entity)
{
    json_t *views = json_array();
    for (const crm_view_t *view = entity->views; view && view->name; view++) {
        json_array_append_new(
            views, json_pack("{s:s, s:s}", "name", view->name, "summary", view->summary));
    }
    return views;
}

void crm_openapi_mark_entity(const crm_openapi_t *doc, const crm_entity_t *entity, json_t *schema)
{
    const crm_field_t *status = entity->path ? crm_entity_status(entity) : NULL;
    json_object_set_new(schema, "x-crm-label", json_string(entity->label));
    if (!entity->path) {
        return;
    }
    json_object_set_new(
        schema, "x-crm-entity",
        json_pack("{s:s, s:s, s:o, s:s?, s:s?, s:o, s:o, s:o}", "name", entity->name, "plural",
                  entity->plural, "path", path_of(doc, entity), "parent", entity->parent, "status",
                  status ? status->name : NULL, "unique", names_with(entity, CRM_F_UNIQUE),
                  "permissions", permissions_json(doc, entity), "views", views_json(entity)));
}

/* {"created_at": ["gte", ...]}: what filters a list takes, "" being equality. */
static json_t *filters_json(const crm_entity_t *entity)
{
    json_t *filters = json_object();
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (!field->column || !(field->flags & CRM_F_FILTERABLE)) {
            continue;
        }
        json_t *operators = json_array();
        for (int i = 0; crm_operators[i].op; i++) {
            if (crm_type(field->type)->operators & crm_operators[i].op) {
                json_array_append_new(operators, json_string(crm_operators[i].suffix));
            }
        }
        json_object_set_new(filters, field->name, operators);
    }
    return filters;
}

static json_t *list_json(const crm_entity_t *entity)
{
    return json_pack("{s:o, s:o, s:o, s:s}", "filters", filters_json(entity), "search",
                     names_with(entity, CRM_F_SEARCHABLE), "sort",
                     names_with(entity, CRM_F_SORTABLE), "order", entity->order);
}

void crm_openapi_mark_route(const crm_openapi_t *doc, const crm_route_t *route, json_t *operation)
{
    json_object_set_new(operation, "x-crm-access", json_string(crm_access_name(route->access)));
    if (route->access == CRM_ACCESS_PERMISSION && route->entity) {
        const char *permission = crm_entity_permission(doc->pool, route->entity, route->action);
        json_object_set_new(operation, "x-crm-permission", json_string(permission));
    }
    if (route->entity) {
        json_object_set_new(operation, "x-crm-entity", json_string(route->entity->name));
    }
    if (route->is_list || crm_openapi_is_export(route)) {
        json_object_set_new(operation, "x-crm-list", list_json(crm_openapi_listed(route)));
    }
}
