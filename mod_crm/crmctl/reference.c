/* crmctl/reference.c - what the tables say: configuration read, directives, routes. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "api/access.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"

/* ---- config */

/* The words of a directive as they may be shown: a database's password is not. */
static const char *written_text(apr_pool_t *pool, const crm_written_t *written)
{
    const char *text = "";
    for (int i = 0; i < written->argc; i++) {
        const char *word = written->argv[i];
        const char *shown = strstr(word, "://") ? crm_db_url_safe(pool, word) : word;
        const char *quote = *shown && !strpbrk(shown, " \t") ? "" : "\"";
        text = apr_pstrcat(pool, text, i ? " " : "", quote, shown, quote, NULL);
    }
    return text;
}

static json_t *server_json(apr_pool_t *pool, const crm_server_t *server, int all)
{
    json_t *directives = json_object();
    for (int i = 0; i < crm_directive_count(); i++) {
        const crm_written_t *written = server->directives->written[i];
        if (written) {
            json_object_set_new(directives, crm_directives[i].name,
                                json_pack("{s:s, s:s?, s:i}", "value", written_text(pool, written),
                                          "file", written->file, "line", written->line));
        } else if (all && crm_directives[i].preset) {
            json_object_set_new(
                directives, crm_directives[i].name,
                json_pack("{s:s, s:n, s:n}", "value", crm_directives[i].preset, "file", "line"));
        }
    }
    return json_pack("{s:s, s:i, s:s?, s:i, s:b, s:o}", "name", server->name, "port", server->port,
                     "file", server->file, "line", server->line, "engine", server->settings->engine,
                     "directives", directives);
}

static void print_server(apr_pool_t *pool, const crm_server_t *server, int all)
{
    if (server->file) {
        printf("Virtual host %s:%d (%s:%d)\n", server->name, server->port, server->file,
               server->line);
    } else {
        printf("Main server %s:%d\n", server->name, server->port);
    }
    for (int i = 0; i < crm_directive_count(); i++) {
        const crm_written_t *written = server->directives->written[i];
        if (written) {
            printf("  %s %s  # %s:%d\n", crm_directives[i].name, written_text(pool, written),
                   written->file ? written->file : "?", written->line);
        } else if (all && crm_directives[i].preset) {
            printf("  %s %s  # default\n", crm_directives[i].name, crm_directives[i].preset);
        }
    }
}

static crm_error_t *run_config(crm_run_t *run)
{
    apr_array_header_t *servers;
    int all = crm_run_option(run, "--all") != NULL;
    json_t *list;

    CRM_ERR(crm_configuration_read(run, &servers));
    list = json_array();
    for (int i = 0; i < servers->nelts; i++) {
        const crm_server_t *server = &APR_ARRAY_IDX(servers, i, crm_server_t);
        const char *wanted = crm_run_option(run, "--server");
        if (wanted && !crm_server_is(run->pool, server, wanted)) {
            continue;
        }
        if (crm_run_option(run, "--json")) {
            json_array_append_new(list, server_json(run->pool, server, all));
        } else {
            print_server(run->pool, server, all);
        }
    }
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_pack("{s:o}", "servers", list));
    }
    json_decref(list);
    return NULL;
}

/* ---- directives */

static const struct {
    unsigned context;
    const char *name;
} contexts[] = {
    {.context = CRM_IN_SERVER, .name = "server config"},
    {.context = CRM_IN_VHOST, .name = "virtual host"},
    {.context = CRM_IN_DIRECTORY, .name = "directory"},
};

static const char *contexts_text(apr_pool_t *pool, unsigned mask)
{
    const char *text = "";
    for (size_t i = 0; i < sizeof(contexts) / sizeof(*contexts); i++) {
        if (mask & contexts[i].context) {
            text = apr_pstrcat(pool, text, *text ? ", " : "", contexts[i].name, NULL);
        }
    }
    return text;
}

static void print_directive(apr_pool_t *pool, const crm_directive_t *directive)
{
    printf("## %s\n\n%s\n\n    Syntax:   %s %s\n", directive->name, directive->help,
           directive->name, directive->syntax);
    if (directive->preset) {
        printf("    Default:  %s %s\n", directive->name, directive->preset);
    } else {
        printf("    Default:  none\n");
    }
    printf("    Context:  %s\n\n    %s\n\n", contexts_text(pool, directive->contexts),
           directive->example);
}

static crm_error_t *run_directives(crm_run_t *run)
{
    json_t *list = json_array();
    for (const crm_directive_t *directive = crm_directives; directive->name; directive++) {
        if (crm_run_option(run, "--json")) {
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s}", "name", directive->name,
                                "syntax", directive->syntax, "default", directive->preset,
                                "context", contexts_text(run->pool, directive->contexts), "help",
                                directive->help, "example", directive->example));
        } else if (crm_run_option(run, "--markdown")) {
            print_directive(run->pool, directive);
        } else {
            printf("%s %s\n    %s\n", directive->name, directive->syntax, directive->help);
        }
    }
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, list);
    }
    json_decref(list);
    return NULL;
}

/* ---- routes */

/* The permission that a caller needs, "leads.view_lead"; NULL: the route's access says it all. */
static const char *permission_of(apr_pool_t *pool, const crm_route_t *route)
{
    return route->access == CRM_ACCESS_PERMISSION
               ? crm_entity_permission(pool, route->entity, route->action)
               : NULL;
}

static json_t *route_json(apr_pool_t *pool, const crm_route_t *route)
{
    const char *permission = permission_of(pool, route);
    return json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:b, s:b, s:s}", "method", route->method,
                     "pattern", route->pattern, "access", crm_access_name(route->access), "entity",
                     permission ? route->entity->name : NULL, "action",
                     permission ? crm_action_name(route->action) : NULL, "permission", permission,
                     "needs_tenant", (route->flags & CRM_ROUTE_NEEDS_TENANT) != 0, "list",
                     route->is_list, "summary", route->summary);
}

static crm_error_t *run_routes(crm_run_t *run)
{
    apr_array_header_t *rows = apr_array_make(run->pool, 32, sizeof(const char *const *));
    json_t *list;

    CRM_ERR(crm_route_check(run->pool));
    list = json_array();
    APR_ARRAY_PUSH(rows, const char *const *) =
        (const char *const[]){"METHOD", "PATTERN", "ACCESS", "SUMMARY"};
    for (const crm_route_t *const *table = crm_route_tables; *table; table++) {
        for (const crm_route_t *route = *table; route->method; route++) {
            const char **cells = apr_palloc(run->pool, 4 * sizeof(*cells));
            cells[0] = route->method;
            cells[1] = route->pattern;
            const char *permission = permission_of(run->pool, route);
            cells[2] = permission ? permission : crm_access_name(route->access);
            cells[3] = route->summary;
            APR_ARRAY_PUSH(rows, const char *const *) = cells;
            json_array_append_new(list, route_json(run->pool, route));
        }
    }
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, list);
    }
    json_decref(list);
    crm_output_table(rows, 4);
    return NULL;
}

static const crm_option_t config_options[] = {
    {.name = "--all", .help = "Show defaults too."},
    {.name = NULL},
};

static const crm_option_t directives_options[] = {
    {.name = "--markdown", .help = "Print Markdown, as in docs/directives.md."},
    {.name = NULL},
};

static const char *const config_examples[] = {
    "crmctl config", "crmctl config --server acme.example.com --all --json", NULL};
static const char *const directives_examples[] = {"crmctl directives --json", NULL};
static const char *const routes_examples[] = {"crmctl routes", NULL};

const crm_command_t crm_reference_commands[] = {
    {.name = "config",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA,
     .options = config_options,
     .summary = "what httpd's configuration says of mod_crm",
     .help =
         "Shows each Crm directive that httpd read, with file and line, for the main server and "
         "each virtual host. Passwords are masked.",
     .examples = config_examples,
     .run = run_config},
    {.name = "directives",
     .flags = CRM_COMMAND_DATA,
     .options = directives_options,
     .summary = "the directives there are",
     .help = "Lists every directive of mod_crm with syntax, default, contexts and meaning.",
     .examples = directives_examples,
     .run = run_directives},
    {.name = "routes",
     .flags = CRM_COMMAND_DATA,
     .summary = "the calls of the HTTP interface",
     .help = "Lists every route below the prefix: method, path pattern, who may call it, what it "
             "does.",
     .examples = routes_examples,
     .run = run_routes},
    {.name = NULL},
};
