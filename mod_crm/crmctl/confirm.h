/* crmctl/confirm.h - what destroys data is done only by who means it. */
#ifndef CRM_CRMCTL_CONFIRM_H
#define CRM_CRMCTL_CONFIRM_H

#include "crmctl/command.h"

#define CRM_YES_OPTION                                                                             \
    {                                                                                              \
        .name = "--yes", .help = "Do not ask: for scripts that know what they do."                 \
    }

/* NULL when --yes was given, or NAME is typed on the terminal after WHAT ("All data of tenant Acme
 * will be deleted.") was shown. BAD_REQUEST otherwise: nothing is done. */
crm_error_t *crm_confirm(const crm_run_t *run, const char *what, const char *name);

#endif
