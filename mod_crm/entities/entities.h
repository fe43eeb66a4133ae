/* entities/entities.h - the entities of the CRM: what each is, described once. */
#ifndef CRM_ENTITIES_ENTITIES_H
#define CRM_ENTITIES_ENTITIES_H

#include "model/entity.h"

extern const crm_entity_t crm_tenant_entity;
extern const crm_entity_t crm_account_entity;
extern const crm_entity_t crm_job_entity;
extern const crm_entity_t crm_history_entity, crm_history_record_entity;
extern const crm_entity_t crm_change_entity; /* a row of the change log */
extern const crm_entity_t crm_permission_entity, crm_group_entity;
/* made by handlers */
extern const crm_entity_t crm_tenant_state_entity;
extern const crm_entity_t crm_history_statistics_entity;
extern const crm_entity_t crm_grant_entity, crm_explanation_entity;

/* A permission, for examples. */
#define CRM_EXAMPLE_PERMISSION "leads.view_lead"

/* What calls answer with that is no record. */
extern const crm_entity_t crm_message_entity, crm_session_entity, crm_import_report_entity;

#endif
