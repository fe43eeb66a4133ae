/* service/migration_run.h - brings the databases of many tenants to the newest schema version, some
 * at a time.
 *
 * Each database's own table schema_migration says what was done to it, statement by statement where
 * DDL commits by itself (db/migration.h): a run that was killed anywhere is gone on with by the
 * next one, nothing is done twice or left out. Table migration_state of the main database says
 * beside it how it went; one that fails does not keep the others from it. Two runs at a time share
 * the work by each database's lock.
 */
#ifndef CRM_SERVICE_MIGRATION_RUN_H
#define CRM_SERVICE_MIGRATION_RUN_H

#include "service/migration_state.h"

/* What was done to one tenant's database. */
typedef struct crm_migrated_t {
    const crm_migration_state_t *tenant; /* as it is now */
    int applied;                         /* migrations */
    const crm_error_t *error;            /* NULL: it is at the newest version */
} crm_migrated_t;

typedef struct crm_migration_run_t {
    int parallel; /* threads; as many connections at most are used */
    int trust;    /* a database whose row says that nothing is to be done is not looked at */
    /* Told of each, in no order, by one thread at a time. */
    void (*report)(const crm_migrated_t *migrated, void *baton);
    void *baton;
} crm_migration_run_t;

/* 1 when STATE says that its database has been brought to TARGET (crm_migration_target). */
int crm_migration_is_done(const crm_site_t *site, const crm_migration_state_t *state,
                          const char *target);

/* Migrates the COUNT tenants STATES, which become what they are afterwards. An error is one of the
 * main database, or of starting; a tenant's is told to `report` alone. */
crm_error_t *crm_migration_run(const crm_site_t *site, apr_pool_t *pool,
                               const crm_migration_run_t *run, crm_migration_state_t *states,
                               int count);

#endif
