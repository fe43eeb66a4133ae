/* crmctl/makemigrations.h - writes the migration that descriptions need.
 */
#ifndef CRM_CRMCTL_MAKEMIGRATIONS_H
#define CRM_CRMCTL_MAKEMIGRATIONS_H

#include "crmctl/command.h"

/* Compares the descriptions with the migrations in DIRECTORY, and writes the next file for each
 * driver, called NAME (NULL: made of what is new); with DRY_RUN prints it instead. */
crm_error_t *crm_makemigrations(crm_run_t *run, const char *directory, const char *name,
                                int dry_run);

#endif
