/* crmctl/runserver.c - an httpd in the foreground, with a configuration made for development. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_network_io.h>
#include <apr_strings.h>

#include "base/secret.h"
#include "crmctl/ask_httpd.h"
#include "crmctl/parse.h"

#define ADDRESS "127.0.0.1"
#define PORT "8000"
#define FOLDER "crm-site"

typedef struct site_t {
    crm_run_t *run;
    apr_pool_t *pool;
    const char *folder; /* absolute */
    const char *address;
    int port;
    const char *httpd, *module;
    const struct passwd *user; /* whom root's httpd has its children run as; NULL: nobody else */
} site_t;

/* ---- what it is told ---- */

static crm_error_t *read_address(site_t *site)
{
    const char *text = site->run->argc ? site->run->argv[0] : ADDRESS ":" PORT;
    char *host, *scope;
    apr_port_t port = 0;
    /* as Django has it: a number alone is a port */
    int is_port = strspn(text, "0123456789") == strlen(text);
    const char *full = is_port ? apr_pstrcat(site->pool, ADDRESS ":", text, NULL) : text;

    if (apr_parse_addr_port(&host, &scope, &port, full, site->pool) != APR_SUCCESS || !host ||
        scope || !port) {
        return crm_error_make(site->pool, CRM_E_BAD_REQUEST,
                              "\"%s\" is no ADDRESS:PORT, as 127.0.0.1:8000 is.", text);
    }
    site->address = strchr(host, ':') ? apr_pstrcat(site->pool, "[", host, "]", NULL) : host;
    site->port = port;
    return NULL;
}

static crm_error_t *read_options(site_t *site)
{
    const char *folder = crm_run_option(site->run, "--dir");
    const char *module = crm_run_option(site->run, "--module");
    char *full;

    CRM_ERR(read_address(site));
    CRM_ERR(crm_find_httpd(site->run, &site->httpd));
    site->module = module ? module : CRM_MODULEDIR "/mod_crm.so";
    if (access(site->module, R_OK)) {
        return crm_error_make(site->pool, CRM_E_NOT_FOUND,
                              "The module %s cannot be read: name it with --module FILE.",
                              site->module);
    }
    if (apr_filepath_merge(&full, NULL, folder ? folder : FOLDER, 0, site->pool)) {
        return crm_error_make(site->pool, CRM_E_BAD_REQUEST, "\"%s\" is no folder.", folder);
    }
    site->folder = full;
    if (!geteuid()) {
        site->user = getpwnam("www-data");
        site->user = site->user ? site->user : getpwnam("nobody");
    }
    return NULL;
}

/* ---- what it makes ---- */

static const char *path(const site_t *site, const char *name)
{
    return apr_pstrcat(site->pool, site->folder, "/", name, NULL);
}

/* Gives FILE to the user of httpd's children. */
static crm_error_t *give_away(const site_t *site, const char *file)
{
    if (site->user && chown(file, site->user->pw_uid, site->user->pw_gid)) {
        return crm_error_system(site->pool, errno, "%s", file);
    }
    return NULL;
}

static crm_error_t *make_folder(const site_t *site, const char *name, apr_fileperms_t mode)
{
    const char *folder = *name ? path(site, name) : site->folder;
    apr_status_t status = apr_dir_make_recursive(folder, mode, site->pool);

    if (status != APR_SUCCESS) {
        return crm_error_system(site->pool, status, "%s", folder);
    }
    return *name ? give_away(site, folder) : NULL;
}

static const char *config_text(const site_t *site)
{
    static const char *const modules[] = {"mpm_event", "authn_core", "authz_core", NULL};
    const char *include = crm_run_option(site->run, "--include");
    const char *text =
        apr_psprintf(site->pool,
                     "# Written by crmctl runserver at each start; --include FILE adds to it.\n"
                     "ServerRoot \"%s\"\nServerName localhost\nListen %s:%d\n"
                     "PidFile \"%s/httpd.pid\"\nDefaultRuntimeDir \"%s\"\n"
                     "ErrorLog \"/dev/stderr\"\nLogLevel warn crm:info\n",
                     site->folder, site->address, site->port, site->folder, site->folder);

    for (const char *const *module = modules; *module; module++) {
        text = apr_pstrcat(site->pool, text, "<IfModule !", *module, "_module>\n    LoadModule ",
                           *module, "_module \"" CRM_HTTPD_MODULES "/mod_", *module,
                           ".so\"\n</IfModule>\n", NULL);
    }
    if (site->user) {
        const struct group *group = getgrgid(site->user->pw_gid);
        text = apr_pstrcat(site->pool, text, "User ", site->user->pw_name, "\nGroup ",
                           group ? group->gr_name : "nogroup", "\n", NULL);
    }
    return apr_pstrcat(site->pool, text, "LoadModule crm_module \"", site->module,
                       "\"\nCrmEngine on\nCrmDebug on\n"
                       "CrmMainDatabase \"sqlite://",
                       site->folder,
                       "/data/main.db\"\n"
                       "CrmTenantDatabase \"sqlite://",
                       site->folder,
                       "/data/tenant_{slug}.db\"\n"
                       "CrmSecretKeyFile \"",
                       site->folder, "/secret.key\"\nCrmHistorySpool \"", site->folder,
                       "/spool\"\n", include ? "Include \"" : "", include ? include : "",
                       include ? "\"\n" : "", NULL);
}

static crm_error_t *write_config(const site_t *site, const char *file)
{
    const char *text = config_text(site);
    FILE *out = fopen(file, "w");
    int failed = !out || fputs(text, out) == EOF;

    if ((out && fclose(out)) || failed) {
        return crm_error_system(site->pool, errno, "%s", file);
    }
    return NULL;
}

static crm_error_t *make_site(const site_t *site, const char *config)
{
    const char *key = path(site, "secret.key");

    CRM_ERR(make_folder(site, "", APR_FPROT_OS_DEFAULT));
    CRM_ERR(make_folder(site, "data", 0x0700));
    CRM_ERR(make_folder(site, "spool", 0x0700));
    if (access(key, F_OK)) {
        CRM_ERR(crm_secret_write_key(site->pool, key));
        CRM_ERR(give_away(site, key));
    }
    return write_config(site, config);
}

/* ---- what it runs ---- */

static crm_error_t *run_migrate(const site_t *site, const char *config)
{
    const char *words[] = {"migrate", "--quiet", "--config", config, "--httpd", site->httpd};
    crm_run_t migrate;

    CRM_ERR(crm_parse(site->pool, sizeof(words) / sizeof(*words), words, &migrate));
    return migrate.command->run(&migrate);
}

/* crmctl migrate in a process of its own: it becomes the owner of the databases, for ever. */
static crm_error_t *migrate(const site_t *site, const char *config)
{
    int status = 0;
    pid_t pid = fork();

    if (!pid) {
        crm_error_t *error = freopen("/dev/null", "w", stdout) ? run_migrate(site, config) : NULL;
        if (error) {
            fprintf(stderr, "crmctl: %s\n", crm_error_line(site->pool, error));
        }
        _exit(error != NULL);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        return crm_error_system(site->pool, errno, "crmctl migrate");
    }
    return status ? crm_error_make(site->pool, CRM_E_DATABASE, "The databases cannot be made.")
                  : NULL;
}

static crm_error_t *run_runserver(crm_run_t *run)
{
    site_t site = {.run = run, .pool = run->pool};

    CRM_ERR(read_options(&site));
    const char *config = path(&site, "httpd.conf");
    CRM_ERR(make_site(&site, config));
    CRM_ERR(migrate(&site, config));
    printf("mod_crm %s at http://%s:%d/api/ - data in %s, Control-C ends it\n"
           "A superuser: crmctl createsuperuser --config %s --username NAME --email ADDRESS\n",
           CRM_VERSION, site.address, site.port, site.folder, config);
    fflush(stdout);
    execl(site.httpd, site.httpd, "-DFOREGROUND", "-f", config, (char *)NULL);
    return crm_error_system(run->pool, errno, "%s", site.httpd);
}

static const crm_option_t options[] = {
    {.name = "--dir",
     .value = "DIR",
     .help = "Where its data are, made if needed. Default: ./" FOLDER "."},
    {.name = "--include", .value = "FILE", .help = "Further directives of httpd."},
    {.name = "--module", .value = "FILE", .help = "mod_crm.so, where it is not the installed one."},
    {.name = "--httpd",
     .value = "PATH",
     .help = "httpd's program. Default: $CRM_HTTPD, else apache2 or httpd as found in $PATH or "
             "/usr/sbin."},
    {.name = NULL},
};

static const char *const examples[] = {"crmctl runserver", "crmctl runserver 8080",
                                       "crmctl runserver 0.0.0.0:8000 --dir /srv/crm-try", NULL};

const crm_command_t crm_runserver_commands[] = {
    {.name = "runserver",
     .arguments = "[ADDRESS:PORT]",
     .max_args = 1,
     .options = options,
     .summary = "an httpd in the foreground, for development",
     .help = "Makes a site with embedded SQLite databases in a folder, or takes the one that is "
             "there, brings it to this version and runs httpd on it until Control-C: CrmDebug on, "
             "the error log on the terminal. Default: 127.0.0.1:8000. Not for production.",
     .examples = examples,
     .run = run_runserver},
    {.name = NULL},
};
