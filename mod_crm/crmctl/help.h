/* crmctl/help.h - help texts, made from the table of commands. */
#ifndef CRM_CRMCTL_HELP_H
#define CRM_CRMCTL_HELP_H

#include "crmctl/command.h"

/* Prints what RUN's command does and takes. */
void crm_help_print(const crm_run_t *run);

/* Prints how COMMAND is called, as one line. */
void crm_help_usage(const crm_command_t *command);

#endif
