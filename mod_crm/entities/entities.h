/* entities/entities.h - the entities of the CRM: what each is, described once. */
#ifndef CRM_ENTITIES_ENTITIES_H
#define CRM_ENTITIES_ENTITIES_H

#include "model/entity.h"

extern const crm_entity_t crm_tenant_entity;
extern const crm_entity_t crm_account_entity;
extern const crm_entity_t crm_history_entity, crm_history_record_entity;
extern const crm_entity_t crm_change_entity;             /* a row of the change log */
extern const crm_entity_t crm_history_statistics_entity; /* made by a handler, in no table */

#endif
