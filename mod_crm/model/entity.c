/* model/entity.c - finding what an entity's description says. */
#include <stdlib.h>

#include <apr_strings.h>

#include "model/entity.h"

static const char *const action_names[CRM_ACTION_COUNT] = {
    [CRM_ACTION_VIEW] = "view",
    [CRM_ACTION_ADD] = "add",
    [CRM_ACTION_CHANGE] = "change",
    [CRM_ACTION_DELETE] = "delete",
};

const char *crm_action_name(crm_action_e action)
{
    return action_names[action];
}

const char *crm_entity_permission(apr_pool_t *pool, const crm_entity_t *entity, crm_action_e action)
{
    return apr_pstrcat(pool, entity->app_label, ".", action_names[action], "_", entity->model,
                       NULL);
}

const crm_field_t *crm_entity_field(const crm_entity_t *entity, const char *name)
{
    const crm_field_t *field = crm_field_find(entity->fields, name);

    if (!field) {
        abort();
    }
    return field;
}

int crm_entity_position(const crm_entity_t *entity, const char *name)
{
    return (int)(crm_entity_field(entity, name) - entity->fields);
}

int crm_entity_count(const crm_entity_t *entity)
{
    int count = 0;

    while (entity->fields[count].name) {
        count++;
    }
    return count;
}

const crm_field_t *crm_entity_status(const crm_entity_t *entity)
{
    const crm_field_t *field = entity->fields;

    while (field->name && !(field->flags & CRM_F_STATUS)) {
        field++;
    }
    return field->name ? field : NULL;
}
