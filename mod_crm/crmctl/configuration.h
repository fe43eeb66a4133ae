/* crmctl/configuration.h - the server's settings, and the site that a command works on. */
#ifndef CRM_CRMCTL_CONFIGURATION_H
#define CRM_CRMCTL_CONFIGURATION_H

#include "crmctl/command.h"
#include "service/site.h"

/* The main server or a virtual host, as httpd's configuration has it. */
typedef struct crm_server_t {
    const char *name;
    int port;         /* 0: any */
    const char *file; /* where it is defined; NULL for the main server */
    int line;
    int children, threads; /* of a child: at most */
    crm_directives_t *directives;
    crm_settings_t *settings;
} crm_server_t;

/* Asks httpd; *RET_SERVERS: of crm_server_t, the main server first. */
crm_error_t *crm_configuration_read(crm_run_t *run, apr_array_header_t **ret_servers);

/* 1 when NAME, as --server gives it, is SERVER's: "NAME" or "NAME:PORT". */
int crm_server_is(apr_pool_t *pool, const crm_server_t *server, const char *name);

/* Makes crmctl its caller again where crm_run_site made it the owner of the databases: for files of
 * the caller's. The site must not be used any more. */
crm_error_t *crm_run_as_caller(apr_pool_t *pool);

/* The server that --server names; without it, the first of those with CrmEngine on, which must
 * share one site. */
crm_error_t *crm_server_choose(crm_run_t *run, const apr_array_header_t *servers,
                               const crm_server_t **ret_server);

/* Opens SERVER's site. When the databases are SQLite files and crmctl runs as root, it becomes the
 * owner of their folder first: what it makes there must be the server's. */
crm_error_t *crm_server_open(crm_run_t *run, const crm_server_t *server, crm_site_t **ret_site);

/* Both. *RET_SETTINGS: those of that server. The main database must be there where the command says
 * so. */
crm_error_t *crm_run_site(crm_run_t *run, const crm_settings_t **ret_settings,
                          crm_site_t **ret_site);

#endif
