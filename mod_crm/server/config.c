/* server/config.c - the directives within httpd: command_rec, servers, directories. */
#include <apr_strings.h>

#include <httpd.h>
#include <http_core.h>
#include <http_log.h>

#include "server/config.h"

APLOG_USE_MODULE(crm);

#define MAX_COMMANDS 64

command_rec crm_commands[MAX_COMMANDS + 1];

static unsigned context_of(const cmd_parms *cmd)
{
    if (cmd->path) {
        return CRM_IN_DIRECTORY;
    }
    return cmd->server->is_virtual ? CRM_IN_VHOST : CRM_IN_SERVER;
}

/* Where the words of CMD are kept. A directory is listed with its server when it says its first
 * word, for the check. */
static crm_directives_t *written_to(cmd_parms *cmd, crm_directory_t *directory)
{
    crm_server_t *server = crm_server_of(cmd->server);

    if (!cmd->path) {
        return server->directives;
    }
    if (!directory->directives) {
        directory->directives = crm_directives_make(cmd->pool);
        APR_ARRAY_PUSH(server->directories, crm_directory_t *) = directory;
    }
    return directory->directives;
}

static const char *take_words(cmd_parms *cmd, void *config, int argc, char *const argv[])
{
    int index = (int)(cmd->cmd - crm_commands);
    const crm_directive_t *row = &crm_directives[index];
    const char *forbidden = ap_check_cmd_context(cmd, NOT_IN_LIMIT);

    if (forbidden) {
        return forbidden;
    }
    if (!(row->contexts & context_of(cmd))) {
        return apr_psprintf(cmd->pool, "%s: cannot stand in a %s: must be in %s", row->name,
                            crm_directive_contexts(cmd->temp_pool, context_of(cmd)),
                            crm_directive_contexts(cmd->temp_pool, row->contexts));
    }
    const char **words = apr_palloc(cmd->temp_pool, sizeof(*words) * (apr_size_t)(argc + 1));
    for (int i = 0; i < argc; i++) {
        words[i] = argv[i];
    }
    if (row->is_path && argc > 0) {
        const char *path = ap_server_root_relative(cmd->pool, words[0]);
        words[0] = path ? path : words[0];
    }
    crm_error_t *error =
        crm_directives_write(cmd->pool, written_to(cmd, config), index, argc, words,
                             cmd->directive->filename, cmd->directive->line_num);
    return error ? crm_error_line(cmd->pool, error) : NULL;
}

/* httpd reads a module's commands as soon as it has loaded it, before any function of the module is
 * called: so they must be there when the object is. */
__attribute__((constructor)) static void fill_commands(void)
{
    for (int i = 0; i < MAX_COMMANDS && crm_directives[i].name; i++) {
        crm_commands[i] = (command_rec){.name = crm_directives[i].name,
                                        .func = {.take_argv = take_words},
                                        .req_override = RSRC_CONF | ACCESS_CONF,
                                        .args_how = TAKE_ARGV,
                                        .errmsg = crm_directives[i].help};
    }
}

void *crm_server_create(apr_pool_t *pool, server_rec *server)
{
    crm_server_t *config = apr_pcalloc(pool, sizeof(*config));
    (void)server;

    config->directives = crm_directives_make(pool);
    config->directories = apr_array_make(pool, 1, sizeof(crm_directory_t *));
    return config;
}

void *crm_server_merge(apr_pool_t *pool, void *base, void *added)
{
    const crm_server_t *outer = base, *inner = added;
    crm_server_t *config = apr_pcalloc(pool, sizeof(*config));

    config->directives = crm_directives_merge(pool, outer->directives, inner->directives);
    config->directories = inner->directories;
    return config;
}

void *crm_directory_create(apr_pool_t *pool, char *path)
{
    (void)path;
    return apr_pcalloc(pool, sizeof(crm_directory_t));
}

void *crm_directory_merge(apr_pool_t *pool, void *base, void *added)
{
    const crm_directory_t *outer = base, *inner = added;

    if (!inner->directives || !outer->directives) {
        return inner->directives ? added : base;
    }
    crm_directory_t *merged = apr_palloc(pool, sizeof(*merged));
    merged->directives = crm_directives_merge(pool, outer->directives, inner->directives);
    return merged;
}

crm_server_t *crm_server_of(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &crm_module);
}

const crm_settings_t *crm_settings_of(request_rec *r)
{
    const crm_settings_t *outer = crm_server_of(r->server)->settings;
    const crm_directory_t *directory = ap_get_module_config(r->per_dir_config, &crm_module);
    crm_settings_t *settings;

    if (!directory || !directory->directives) {
        return outer;
    }
    crm_error_t *error = crm_settings_override(r->pool, outer, directory->directives, &settings);
    if (error) {
        /* every word was read once when the configuration was */
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "CRM0002: directives of this directory do not count: %s",
                      crm_error_line(r->pool, error));
        return outer;
    }
    return settings;
}
