/* server/dump.c - the directives of every server as JSON. */
#include <stdio.h>

#include <apr_strings.h>

#include <httpd.h>
#include <ap_mpm.h>
#include <http_core.h>

#include "server/config.h"
#include "server/dump.h"

static int mpm(int query)
{
    int value = 0;
    return ap_mpm_query(query, &value) == APR_SUCCESS ? value : 0;
}

static int port_of(const server_rec *server)
{
    return server->port || !server->addrs ? server->port : server->addrs->host_port;
}

static json_t *server_json(const server_rec *server)
{
    return json_pack("{s:s*, s:i, s:s?, s:o, s:o, s:{s:i, s:i}}", "name", server->server_hostname,
                     "port", port_of(server), "file", server->defn_name, "line",
                     server->defn_name ? json_integer(server->defn_line_number) : json_null(),
                     "directives", crm_directives_json(crm_server_of(server)->directives), "limits",
                     "children", mpm(AP_MPMQ_MAX_DAEMONS), "threads", mpm(AP_MPMQ_MAX_THREADS));
}

static void dump(apr_pool_t *pconf, server_rec *main)
{
    json_t *servers = json_array();
    (void)pconf;

    if (!ap_exists_config_define("CRM_DUMP_SETTINGS")) {
        json_decref(servers);
        return;
    }
    for (const server_rec *s = main; s; s = s->next) {
        json_array_append_new(servers, server_json(s));
    }
    json_t *json = json_pack("{s:s, s:o}", "version", CRM_VERSION, "servers", servers);
    json_dumpf(json, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(json);
}

void crm_dump_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_test_config(dump, NULL, NULL, APR_HOOK_MIDDLE);
}
