/* crmctl/parse.h - the command line's words become a command with its options and arguments. */
#ifndef CRM_CRMCTL_PARSE_H
#define CRM_CRMCTL_PARSE_H

#include "crmctl/command.h"

/* Reads the words after the program's name. Options may stand anywhere after the command, as
 * "--name value" or "--name=value"; "--" ends them. Errors (one sentence, with the nearest name
 * where one is near): an unknown command or option, a missing value, a missing required option, too
 * few or too many arguments. With --help nothing is missing. */
crm_error_t *crm_parse(apr_pool_t *pool, int argc, const char *const *argv, crm_run_t *ret_run);

#endif
