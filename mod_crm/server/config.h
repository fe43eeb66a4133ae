/* server/config.h - the directives within httpd: command_rec, the configuration of servers and
 * directories, their check, and the settings that hold for a request.
 *
 * What was written is kept per server (crm_server_t, with what the main server says merged in) and
 * per directory. The check_config hook, which runs for -t and for a start alike, resolves each
 * server's settings once; a request pays for a merge only where its directory says something.
 */
#ifndef CRM_SERVER_CONFIG_H
#define CRM_SERVER_CONFIG_H

#include <httpd.h>
#include <http_config.h>

#include "service/settings.h"
#include "service/site.h"

extern module AP_MODULE_DECLARE_DATA crm_module;

/* One server's configuration, in the pool of the configuration. Virtual hosts that say nothing may
 * share the main server's. */
typedef struct crm_server_t {
    crm_directives_t *directives;
    apr_array_header_t *directories; /* of crm_directory_t *: the server's own that say something */
    crm_settings_t *settings;        /* by the check_config hook */
    crm_site_t *site; /* in a child with the engine on; NULL where it could not be opened */
    int place;        /* of its site in the shared memory (server/metrics.h); -1: none */
} crm_server_t;

/* What one <Location> or the like says. */
typedef struct crm_directory_t {
    crm_directives_t *directives; /* NULL: nothing */
} crm_directory_t;

/* For the module record. */
extern command_rec crm_commands[];
void *crm_server_create(apr_pool_t *pool, server_rec *server);
void *crm_server_merge(apr_pool_t *pool, void *base, void *added);
void *crm_directory_create(apr_pool_t *pool, char *path);
void *crm_directory_merge(apr_pool_t *pool, void *base, void *added);

/* The configuration of SERVER; never NULL. */
crm_server_t *crm_server_of(const server_rec *server);

/* The settings that hold for R: its server's, or a copy in R's pool with what its directory says on
 * top. */
const crm_settings_t *crm_settings_of(request_rec *r);

void crm_config_register(apr_pool_t *pool);

#endif
