/* db/own_user.c - a database's own user, by the driver. */
#include "db/driver.h"
#include "db/own_user.h"

int crm_db_has_users(const crm_db_url_t *server)
{
    return crm_driver(server->driver)->make_user != NULL;
}

/* A connection that was lost is a database that is away for now. */
static crm_error_t *outward(crm_error_t *error)
{
    if (error && error->kind == CRM_E_GONE) {
        error->kind = CRM_E_UNAVAILABLE;
    }
    return error;
}

crm_error_t *crm_db_make_user(const crm_db_t *db, apr_pool_t *pool, int anew)
{
    return outward(crm_driver(db->server->driver)->make_user(db, pool, anew));
}

crm_error_t *crm_db_inspect_user(const crm_db_t *db, apr_pool_t *pool, const char *const *others,
                                 apr_array_header_t *faults)
{
    crm_db_t own = *db;
    own.privileged = own.needs = own.newest = 0;
    return crm_driver(db->server->driver)->inspect_user(&own, pool, others, faults);
}
