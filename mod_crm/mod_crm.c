/* mod_crm.c - the module record: hook registration, nothing else. */
#include <httpd.h>
#include <http_config.h>

#include "server/auth.h"
#include "server/config.h"
#include "server/docs.h"
#include "server/dump.h"
#include "server/errordoc.h"
#include "server/history.h"
#include "server/hooks.h"
#include "server/lifecycle.h"
#include "server/metrics.h"
#include "server/monitor.h"
#include "server/notes.h"
#include "server/require.h"
#include "server/status.h"

static void register_hooks(apr_pool_t *pool)
{
    crm_config_register(pool);
    crm_dump_register(pool);
    crm_lifecycle_register(pool);
    crm_docs_register(pool);
    crm_hooks_register(pool);
    crm_auth_register(pool);
    crm_require_register(pool);
    crm_errordoc_register(pool);
    crm_server_history_register(pool);
    crm_metrics_register(pool);
    crm_monitor_register(pool);
    crm_notes_register(pool);
    crm_status_register(pool);
}

AP_DECLARE_MODULE(crm) = {STANDARD20_MODULE_STUFF, crm_directory_create, crm_directory_merge,
                          crm_server_create,       crm_server_merge,     crm_commands,
                          register_hooks,          AP_MODULE_FLAG_NONE};
