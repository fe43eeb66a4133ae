/* server/monitor.h - the handlers crm-metrics, crm-healthz and crm-readyz, for SetHandler.
 *
 * Where they are, and who may see them, is httpd's configuration to say. crm-metrics is what
 * server/metrics_text.h writes; crm-healthz says that the process answers, whatever is away;
 * crm-readyz, in JSON, whether databases, schema and spool are as this server needs them, else 503.
 */
#ifndef CRM_SERVER_MONITOR_H
#define CRM_SERVER_MONITOR_H

#include <apr_pools.h>

void crm_monitor_register(apr_pool_t *pool);

#endif
