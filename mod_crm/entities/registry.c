/* entities/registry.c - the records of the CRM, in a table. */
#include <stddef.h>

#include "entities/registry.h"

const crm_entity_t *const crm_entities[] = {
#define CRM_ENTITY(name) &crm_##name##_entity,
#include "entities/entity_list.h"
#undef CRM_ENTITY
    NULL,
};
