/* crmctl/ask_httpd.h - the server's configuration, as httpd itself reads it.
 *
 * httpd -t -D CRM_DUMP_SETTINGS prints, from mod_crm's test_config hook:
 * {"version", "servers": [{"name", "port", "file", "line", "directives": {...}}]}
 * with crm_directives_json's form of the directives; the main server comes first.
 */
#ifndef CRM_CRMCTL_ASK_HTTPD_H
#define CRM_CRMCTL_ASK_HTTPD_H

#include <jansson.h>

#include "crmctl/command.h"

/* httpd's program: --httpd, $CRM_HTTPD, apache2 or httpd. NOT_FOUND. */
crm_error_t *crm_find_httpd(const crm_run_t *run, const char **ret_httpd);

/* Runs httpd (--httpd, $CRM_HTTPD, apache2 or httpd) on --config, with Debian's envvars beside that
 * file when there are any. *RET_JSON is owned by RUN's pool. Errors say what httpd said. */
crm_error_t *crm_ask_httpd(crm_run_t *run, json_t **ret_json);

#endif
