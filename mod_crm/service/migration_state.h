/* service/migration_state.h - how bringing each tenant's database to the newest schema version
 * went: table migration_state of the main database, one row a tenant.
 *
 * The row says what was found when the database was looked at last. A database that was restored or
 * changed by hand since is found by looking at it (service/migration_run.h), never by the row.
 */
#ifndef CRM_SERVICE_MIGRATION_STATE_H
#define CRM_SERVICE_MIGRATION_STATE_H

#include "service/site.h"

typedef enum {
    CRM_MIGRATION_UNKNOWN, /* never looked at by this table's makers */
    CRM_MIGRATION_QUEUED,  /* the runner will take it soon */
    CRM_MIGRATION_RUNNING,
    CRM_MIGRATION_DONE,
    CRM_MIGRATION_FAILED
} crm_migration_state_e;

/* A tenant (also an inactive one, never a half-made one) and its row. */
typedef struct crm_migration_state_t {
    crm_uuid_t tenant;
    const char *name, *slug, *database;
    const char *server; /* as in crm_tenant_t */
    int is_active;
    crm_migration_state_e state;
    int version;             /* of its schema; 0: not known */
    const char *fingerprint; /* of what it was brought to; or NULL */
    const char *runner;      /* crm_migration_runner of the process that did it last; or NULL */
    const char *error;       /* of a failed one */
    apr_time_t started_at, finished_at; /* 0: never, not yet */
} crm_migration_state_t;

/* What tenants' databases are to be brought to: the files of migrations and the permissions of
 * site->entities as one hash, hexadecimal. */
const char *crm_migration_target(const crm_site_t *site, apr_pool_t *pool);

/* Names this process: "host:pid". */
const char *crm_migration_runner(apr_pool_t *pool);

/* 1 when RUNNER was a process of this host that has ended. */
int crm_migration_runner_ended(apr_pool_t *pool, const char *runner);

/* All tenants, oldest first, by one statement; only that with SLUG unless it is NULL. *RET_STATES:
 * of crm_migration_state_t. */
crm_error_t *crm_migration_states(const crm_site_t *site, apr_pool_t *pool, const char *slug,
                                  apr_array_header_t **ret_states);

/* Writes the rows of COUNT tenants, which must not be unknown; one that is deleted meanwhile gets
 * none. */
crm_error_t *crm_migration_states_write(const crm_site_t *site, apr_pool_t *pool,
                                        const crm_migration_state_t *states, int count);

#endif
