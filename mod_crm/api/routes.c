/* api/routes.c - all routes. */
#include <stddef.h>

#include "api/routes.h"

const crm_route_t *const crm_route_tables[] = {
    crm_auth_routes,
    crm_registration_routes,
    crm_password_routes,
    crm_tenant_routes,
    crm_tenant_action_routes,
    crm_job_routes,
    crm_user_routes,
    crm_permission_routes,
    crm_group_routes,
    crm_history_routes,
    crm_record_routes,
    crm_schema_routes,
    NULL,
};
