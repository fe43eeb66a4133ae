/* entities/registry.h - the records of the CRM: one line each, in entities/Makefile.inc.
 *
 * Everything that goes over all of them (routes, permissions, OpenAPI, the console) goes over this
 * table.
 */
#ifndef CRM_ENTITIES_REGISTRY_H
#define CRM_ENTITIES_REGISTRY_H

#include "model/entity.h"

/* All of them, NULL-terminated. */
extern const crm_entity_t *const crm_entities[];

#define CRM_ENTITY(name) extern const crm_entity_t crm_##name##_entity;
#include "entities/entity_list.h"
#undef CRM_ENTITY

#endif
