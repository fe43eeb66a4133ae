/* service/tenant_move.h - a tenant's database to another server, while it is used.
 *
 * The tables are copied from one snapshot while the server goes on reading and writing the old
 * database; what changes meanwhile is logged there (db/capture.h) and carried over, again and
 * again, until little is left. Then writes are refused (UNAVAILABLE, to be tried again), the rest
 * is carried over, and one UPDATE of the main row makes the new database the tenant's. Before that
 * the tenant's row is taken out of the old database: a process that has not heard of the switch
 * finds no tenant there, asks the main database and goes on in the new one (service/token.c).
 *
 * move_state of the main row says how far it is: copying and switching are taken back by whoever
 * finds the tenant's lock free, leaving is ended (the old database goes). So no write that was
 * acknowledged is lost, wherever it stops.
 */
#ifndef CRM_SERVICE_TENANT_MOVE_H
#define CRM_SERVICE_TENANT_MOVE_H

#include "service/row_progress.h"
#include "service/tenant.h"

typedef struct crm_tenant_move_t {
    const char *server;           /* CrmDatabaseServer; "": where CrmTenantDatabase is */
    crm_row_progress_t *progress; /* told while rows are copied; or NULL */
} crm_tenant_move_t;

typedef struct crm_tenant_moved_t {
    apr_uint64_t carried;     /* changes carried over before that */
    apr_interval_time_t held; /* for so long writes were refused */
} crm_tenant_moved_t;

/* Moves TENANT as MOVE says, and TENANT says so. What a killed move left is taken back first.
 * CONFLICT: it is there already, or a database of its name is; NOT_FOUND: no such server. An error
 * leaves the tenant where it was. */
crm_error_t *crm_tenant_move(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                             const crm_tenant_move_t *move, crm_tenant_moved_t *ret_moved);

#endif
