/* entities/registry.c - the records of the CRM, in a table. */
#include <stddef.h>

#include "entities/registry.h"
#include "service/actor.h"

const crm_entity_t *const crm_entities[] = {
#define CRM_ENTITY(name) &crm_##name##_entity,
#include "entities/entity_list.h"
#undef CRM_ENTITY
    NULL,
};

_Static_assert(sizeof(crm_entities) / sizeof(crm_entities[0]) <= CRM_ENTITIES_MAX + 1,
               "an actor has no room for what it may do with so many records");
