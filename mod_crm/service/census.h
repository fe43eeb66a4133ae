/* service/census.h - what there is in a site's main database, counted for monitoring. */
#ifndef CRM_SERVICE_CENSUS_H
#define CRM_SERVICE_CENSUS_H

#include "service/site.h"

typedef struct crm_census_t {
    int version, needs; /* of the main database's schema: what it is, what it should be */
    int tenants_active, tenants_inactive;
    int tenants_behind, tenants_failed; /* whose databases are not known to be at the newest schema
                                           version; of them, those where a migration failed */
    int mails_queued, mails_taken;      /* mails that wait, and those that somebody is sending */
    apr_interval_time_t oldest_mail; /* how long the oldest of them has waited; 0: there is none */
    int jobs_queued, jobs_running, jobs_done, jobs_failed; /* of those that are kept */
} crm_census_t;

/* A few small statements. UNAVAILABLE and the like when the database cannot be asked. */
crm_error_t *crm_census_take(const crm_site_t *site, apr_pool_t *pool, crm_census_t *ret_census);

/* One thing that a server needs to do its work. */
typedef struct crm_readiness_t {
    const char *name;    /* "main-database" */
    const char *problem; /* what is wrong and what to do, in a sentence; NULL: nothing */
    const char *cause;   /* for the log; or NULL */
} crm_readiness_t;

#define CRM_READINESS_CHECKS 4

/* Looks at the databases' servers, the schema and the spool, now: it takes as long as these take to
 * answer, CrmPool's wait at most for each. Gives how many of them are wrong. */
int crm_readiness_check(const crm_site_t *site, apr_pool_t *pool,
                        crm_readiness_t ret_checks[CRM_READINESS_CHECKS]);

#endif
