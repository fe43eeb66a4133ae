/* server/dump.h - "httpd -t -D CRM_DUMP_SETTINGS" prints the directives of every server as JSON:
 *
 * {"version": "0.1.0", "servers": [{"name", "port", "file", "line", "directives": {...},
 * "limits": {"children", "threads"}}]}
 *
 * So crmctl need not parse httpd.conf. The main server comes first; its file and line are null.
 * Passwords are in it: who may read the configuration may read them anyway.
 */
#ifndef CRM_SERVER_DUMP_H
#define CRM_SERVER_DUMP_H

#include <apr_pools.h>

void crm_dump_register(apr_pool_t *pool);

#endif
