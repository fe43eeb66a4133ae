/* service/permission.h - permissions: what accounts of a tenant may do with records.
 *
 * There are four for each of site->entities, named "leads.view_lead" (model/entity.h), in table
 * permission of every tenant's database, whose ids never change. An account holds them itself
 * (table account_permission) or through its groups (service/group.h); a tenant's admin needs none.
 * Where somebody who calls may what is asked in api/access.h alone.
 */
#ifndef CRM_SERVICE_PERMISSION_H
#define CRM_SERVICE_PERMISSION_H

#include "service/actor.h"

/* Adds to DB, a tenant's database, the permissions of site->entities that it has not. The group
 * that began as "Users" gets each that is added while it is the default one, the group that began
 * as "Read only" those to view; so a change that somebody made to a group stays. Never changes what
 * is there, so it may be run at any time, by several at once. */
crm_error_t *crm_permission_sync(const crm_site_t *site, apr_pool_t *pool, const crm_db_t *db);

/* Makes a transaction wait for others in the same tenant's database that change permissions,
 * groups, or who holds them. To be called first in it. */
crm_error_t *crm_permission_lock(const crm_db_t *db, apr_pool_t *pool);

/* Rows (app_label, codename) of what the account holds, itself or through groups; in no order, and
 * more than once where it holds it more than once. */
crm_error_t *crm_permission_select(const crm_db_t *db, apr_pool_t *pool, apr_int64_t account_id,
                                   const crm_rows_t **ret_rows);

/* Reads actor->grants, by one statement, unless they are known. For superusers and tenants' admins
 * nothing is read: they stay empty. */
crm_error_t *crm_permission_load(const crm_site_t *site, apr_pool_t *pool, crm_actor_t *actor);

/* The entity of ENTITIES (NULL-terminated) and the action that NAME ("leads.view_lead") stands for;
 * NULL: it is no permission. */
const crm_entity_t *crm_permission_parse(const crm_entity_t *const *entities, const char *name,
                                         crm_action_e *ret_action);

/* 1 when ACTOR's grants, which are known, hold ACTION on records of ENTITY. */
int crm_permission_held(const crm_site_t *site, const crm_actor_t *actor,
                        const crm_entity_t *entity, crm_action_e action);

#endif
