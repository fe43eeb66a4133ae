/* crmctl/configuration.c - the server's settings, and the site that a command works on. */
#include "crmctl/configuration.h"

#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/json.h"
#include "crmctl/ask_httpd.h"
#include "entities/registry.h"

/* Text of JSON's KEY, or what stands for its absence. */
static const char *text_of(const json_t *json, const char *key, const char *absent)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : absent;
}

static crm_error_t *read_server(apr_pool_t *pool, const json_t *json, crm_server_t *ret_server)
{
    ret_server->name = text_of(json, "name", "main");
    ret_server->port = (int)json_integer_value(json_object_get(json, "port"));
    ret_server->file = text_of(json, "file", NULL);
    ret_server->line = (int)json_integer_value(json_object_get(json, "line"));
    const json_t *limits = json_object_get(json, "limits");
    ret_server->children = (int)json_integer_value(json_object_get(limits, "children"));
    ret_server->threads = (int)json_integer_value(json_object_get(limits, "threads"));
    CRM_ERR(crm_directives_from_json(pool, json_object_get(json, "directives"),
                                     &ret_server->directives));
    return crm_settings_resolve(pool, ret_server->directives, &ret_server->settings);
}

crm_error_t *crm_configuration_read(crm_run_t *run, apr_array_header_t **ret_servers)
{
    apr_array_header_t *servers = apr_array_make(run->pool, 4, sizeof(crm_server_t));
    json_t *json, *item;
    size_t i;

    CRM_ERR(crm_ask_httpd(run, &json));
    if (strcmp(text_of(json, "version", "?"), CRM_VERSION)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "httpd loads mod_crm %s, and this is crmctl %s: install both anew.",
                              text_of(json, "version", "?"), CRM_VERSION);
    }
    json_array_foreach(json_object_get(json, "servers"), i, item)
    {
        CRM_ERR(read_server(run->pool, item, apr_array_push(servers)));
    }
    *ret_servers = servers;
    return NULL;
}

int crm_server_is(apr_pool_t *pool, const crm_server_t *server, const char *name)
{
    return !strcasecmp(server->name, name) ||
           !strcasecmp(apr_psprintf(pool, "%s:%d", server->name, server->port), name);
}

static const char *names_of(apr_pool_t *pool, const apr_array_header_t *servers)
{
    const char *names = NULL;
    for (int i = 0; i < servers->nelts; i++) {
        const crm_server_t *server = &APR_ARRAY_IDX(servers, i, crm_server_t);
        if (server->settings->engine) {
            names = apr_psprintf(pool, "%s%s%s:%d", names ? names : "", names ? ", " : "",
                                 server->name, server->port);
        }
    }
    return names;
}

crm_error_t *crm_server_choose(crm_run_t *run, const apr_array_header_t *servers,
                               const crm_server_t **ret_server)
{
    const char *wanted = crm_run_option(run, "--server");
    const char *names = names_of(run->pool, servers);
    const crm_server_t *chosen = NULL;

    if (!names) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND,
                              "No server of httpd's configuration has CrmEngine on.");
    }
    for (int i = 0; i < servers->nelts; i++) {
        const crm_server_t *server = &APR_ARRAY_IDX(servers, i, crm_server_t);
        if (!server->settings->engine || (wanted && !crm_server_is(run->pool, server, wanted))) {
            continue;
        }
        if (chosen && strcmp(crm_site_name(run->pool, chosen->settings),
                             crm_site_name(run->pool, server->settings))) {
            return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                                  "Servers have different databases: choose with --server one of "
                                  "%s.",
                                  names);
        }
        chosen = chosen ? chosen : server;
    }
    if (!chosen) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND,
                              "No server \"%s\" has CrmEngine on. There is: %s.", wanted, names);
    }
    *ret_server = chosen;
    return NULL;
}

/* The key's file may be root's: it is read before root becomes somebody else. */
static crm_error_t *read_key(apr_pool_t *pool, crm_settings_t *settings)
{
    crm_key_t *key = apr_palloc(pool, sizeof(*key));
    CRM_ERR(crm_secret_read_key(pool, settings->secret_key_file, key));
    settings->secret_key = key;
    return NULL;
}

/* Root's files would be closed to the server: as root, become the owner of the databases' folder.
 */
static crm_error_t *become_owner(apr_pool_t *pool, const crm_db_url_t *url)
{
    const char *slash = strrchr(url->database, '/');
    const char *folder;
    struct stat found;

    if (geteuid() || strcmp(url->driver, "sqlite3") || !slash) {
        return NULL;
    }
    folder = apr_pstrmemdup(pool, url->database, (apr_size_t)(slash - url->database));
    if (stat(folder, &found)) {
        return crm_error_make(pool, CRM_E_NOT_FOUND, "The databases' folder %s does not exist.",
                              folder);
    }
    if (!found.st_uid) {
        return NULL;
    }
    if (setgroups(0, NULL) || setresgid(found.st_gid, found.st_gid, 0) ||
        setresuid(found.st_uid, found.st_uid, 0)) {
        return crm_error_system(pool, errno, "Becoming the owner of %s", folder);
    }
    return NULL;
}

crm_error_t *crm_run_as_caller(apr_pool_t *pool)
{
    uid_t real, effective, saved;
    if (getresuid(&real, &effective, &saved) || seteuid(saved)) {
        return crm_error_system(pool, errno, "Becoming the caller again");
    }
    return NULL;
}

static crm_error_t *check_migrated(crm_run_t *run, const crm_site_t *site)
{
    int exists;
    CRM_ERR(crm_db_exists(&site->main, run->pool, &exists));
    return exists ? NULL
                  : crm_error_make(run->pool, CRM_E_NOT_FOUND,
                                   "The main database does not exist: crmctl migrate makes it.");
}

crm_error_t *crm_server_open(crm_run_t *run, const crm_server_t *server, crm_site_t **ret_site)
{
    CRM_ERR(crm_settings_check(run->pool, server->directives, server->settings));
    CRM_ERR(read_key(run->pool, server->settings));
    CRM_ERR(become_owner(run->pool, server->settings->main_database));
    CRM_ERR(crm_site_open(run->pool, server->settings, 0, ret_site));
    (*ret_site)->entities = crm_entities;
    return NULL;
}

crm_error_t *crm_run_site(crm_run_t *run, const crm_settings_t **ret_settings,
                          crm_site_t **ret_site)
{
    apr_array_header_t *servers;
    const crm_server_t *server;

    CRM_ERR(crm_configuration_read(run, &servers));
    CRM_ERR(crm_server_choose(run, servers, &server));
    CRM_ERR(crm_server_open(run, server, ret_site));
    if (run->command->flags & CRM_COMMAND_MIGRATED) {
        CRM_ERR(check_migrated(run, *ret_site));
    }
    if (ret_settings) {
        *ret_settings = server->settings;
    }
    return NULL;
}
