/* crmctl/migrate.h - what migrate shows without changing anything: --status and --plan.
 */
#ifndef CRM_CRMCTL_MIGRATE_H
#define CRM_CRMCTL_MIGRATE_H

#include "crmctl/command.h"
#include "service/migration_state.h"
#include "service/settings.h"

/* Where each of STATES (of crm_migration_state_t) is and how it came there. */
crm_error_t *crm_migrate_show_status(crm_run_t *run, const crm_site_t *site,
                                     const apr_array_header_t *states);

/* What migrating the main database and tenants' would apply (only that of SLUG unless it is NULL);
 * an error where one would be refused. Works with any version of the main database. */
crm_error_t *crm_migrate_show_plan(crm_run_t *run, const crm_settings_t *settings,
                                   const crm_site_t *site, const char *slug);

#endif
