/* api/routes.h - the tables of routes, one of each file of handlers. */
#ifndef CRM_API_ROUTES_H
#define CRM_API_ROUTES_H

#include "api/route.h"

extern const crm_route_t crm_auth_routes[];
extern const crm_route_t crm_registration_routes[];
extern const crm_route_t crm_password_routes[];
extern const crm_route_t crm_tenant_routes[];
extern const crm_route_t crm_tenant_action_routes[];
extern const crm_route_t crm_job_routes[];
extern const crm_route_t crm_user_routes[];
extern const crm_route_t crm_permission_routes[];
extern const crm_route_t crm_group_routes[];
extern const crm_route_t crm_history_routes[];
extern const crm_route_t crm_schema_routes[];

/* Made from the registry of entities when the library is loaded (api/record_routes.c). */
extern crm_route_t crm_record_routes[];

#endif
