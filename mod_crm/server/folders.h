/* server/folders.h - folders and files that the children need, prepared by the parent. */
#ifndef CRM_SERVER_FOLDERS_H
#define CRM_SERVER_FOLDERS_H

#include "base/error.h"
#include "service/settings.h"

/* Makes the folders of SETTINGS' site (and those above them) for the spool and for files of jobs,
 * owned by the children's user where the caller is root; those that are configured. */
crm_error_t *crm_folders_make(apr_pool_t *pool, const crm_settings_t *settings);

/* What of SETTINGS' SQLite databases the children's user could not write: one sentence, or NULL.
 * Judged by owner, group and mode, so that it is worth a warning, not a refusal. */
const char *crm_folders_unwritable(apr_pool_t *pool, const crm_settings_t *settings);

#endif
