/* crmctl/ask_httpd.c - the server's configuration, as httpd itself reads it. */
#include "crmctl/ask_httpd.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/json.h"

#define DEBIAN_CONFIG "/etc/apache2/apache2.conf"

/* Runs httpd with the environment that Debian's apache2ctl would give it, and the folder without
 * which it refuses its configuration: nobody has made that yet when httpd was not started since the
 * machine was. */
#define WITH_ENVVARS                                                                               \
    ". \"$1\" && shift && { [ -d \"${APACHE_RUN_DIR:-/}\" ] || mkdir -p \"$APACHE_RUN_DIR\"; } "   \
    "&& exec \"$@\""

static const char *find_in_path(apr_pool_t *pool, const char *name)
{
    const char *path = getenv("PATH");
    char *state, *folder;
    char *folders = apr_pstrcat(pool, path ? path : "", ":/usr/sbin:/usr/local/sbin", NULL);
    for (folder = apr_strtok(folders, ":", &state); folder;
         folder = apr_strtok(NULL, ":", &state)) {
        const char *file = apr_pstrcat(pool, folder, "/", name, NULL);
        if (!access(file, X_OK)) {
            return file;
        }
    }
    return NULL;
}

crm_error_t *crm_find_httpd(const crm_run_t *run, const char **ret_httpd)
{
    const char *httpd = crm_run_option(run, "--httpd");
    if (!httpd) {
        httpd = getenv("CRM_HTTPD");
    }
    if (!httpd || !*httpd) {
        httpd = find_in_path(run->pool, "apache2");
    }
    if (!httpd) {
        httpd = find_in_path(run->pool, "httpd");
    }
    if (!httpd) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND,
                              "Apache httpd was not found: name its program with --httpd PATH.");
    }
    if (access(httpd, X_OK)) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND, "%s is not a program that can be run.",
                              httpd);
    }
    *ret_httpd = httpd;
    return NULL;
}

static crm_error_t *find_config(crm_run_t *run, const char **ret_config)
{
    const char *config = crm_run_option(run, "--config");
    char *full;
    if (!config) {
        *ret_config = access(DEBIAN_CONFIG, F_OK) ? NULL : DEBIAN_CONFIG;
        return NULL;
    }
    if (access(config, R_OK) || apr_filepath_merge(&full, NULL, config, 0, run->pool)) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND, "The configuration %s cannot be read.",
                              config);
    }
    *ret_config = full;
    return NULL;
}

/* The words of the command to run; ends with NULL. */
static crm_error_t *command_words(crm_run_t *run, apr_array_header_t *words)
{
    const char *httpd, *config;
    CRM_ERR(crm_find_httpd(run, &httpd));
    CRM_ERR(find_config(run, &config));
    if (config) {
        const char *folder =
            apr_pstrmemdup(run->pool, config, (apr_size_t)(strrchr(config, '/') - config));
        const char *envvars = apr_pstrcat(run->pool, folder, "/envvars", NULL);
        if (!access(envvars, R_OK)) {
            APR_ARRAY_PUSH(words, const char *) = "/bin/sh";
            APR_ARRAY_PUSH(words, const char *) = "-c";
            APR_ARRAY_PUSH(words, const char *) = WITH_ENVVARS;
            APR_ARRAY_PUSH(words, const char *) = "crmctl";
            APR_ARRAY_PUSH(words, const char *) = envvars;
        }
    }
    APR_ARRAY_PUSH(words, const char *) = httpd;
    APR_ARRAY_PUSH(words, const char *) = "-t";
    APR_ARRAY_PUSH(words, const char *) = "-D";
    APR_ARRAY_PUSH(words, const char *) = "CRM_DUMP_SETTINGS";
    if (config) {
        APR_ARRAY_PUSH(words, const char *) = "-f";
        APR_ARRAY_PUSH(words, const char *) = config;
    }
    APR_ARRAY_PUSH(words, const char *) = NULL;
    return NULL;
}

static const char *read_all(apr_pool_t *pool, apr_file_t *file)
{
    apr_size_t used = 0, room = 65536;
    char *text = apr_palloc(pool, room + 1);
    for (;;) {
        apr_size_t size = room - used;
        if (apr_file_read(file, text + used, &size)) {
            break;
        }
        used += size;
        if (used == room) {
            char *larger = apr_palloc(pool, 2 * room + 1);
            memcpy(larger, text, used);
            text = larger;
            room *= 2;
        }
    }
    text[used] = 0;
    return text;
}

#define MAKE (APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_READ | APR_FOPEN_WRITE)

typedef struct output_t {
    const char *out, *err;
    int status;
} output_t;

/* Standard error goes to a file, so that reading one of the two streams cannot block the other. It
 * has no name any more: who is killed leaves nothing. */
static apr_status_t run_words(apr_pool_t *pool, const char *const *words, output_t *ret_output)
{
    apr_procattr_t *attributes;
    apr_file_t *errors;
    apr_proc_t process;
    apr_exit_why_e why;
    apr_off_t start = 0;
    const char *folder;
    char *name;
    apr_status_t status = apr_temp_dir_get(&folder, pool);

    name = apr_pstrcat(pool, status ? "/tmp" : folder, "/crmctl.XXXXXX", NULL);
    if ((status = apr_file_mktemp(&errors, name, MAKE, pool)) ||
        (status = apr_file_remove(name, pool)) ||
        (status = apr_procattr_create(&attributes, pool)) ||
        (status = apr_procattr_io_set(attributes, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE)) ||
        (status = apr_procattr_child_err_set(attributes, errors, NULL)) ||
        (status = apr_procattr_cmdtype_set(attributes, APR_PROGRAM_ENV)) ||
        (status = apr_proc_create(&process, words[0], words, NULL, attributes, pool))) {
        return status;
    }
    ret_output->out = read_all(pool, process.out);
    apr_proc_wait(&process, &ret_output->status, &why, APR_WAIT);
    if (!APR_PROC_CHECK_EXIT(why)) {
        ret_output->status = -1;
    }
    apr_file_seek(errors, APR_SET, &start);
    ret_output->err = read_all(pool, errors);
    return apr_file_close(errors);
}

crm_error_t *crm_ask_httpd(crm_run_t *run, json_t **ret_json)
{
    apr_array_header_t *words = apr_array_make(run->pool, 12, sizeof(const char *));
    output_t output;
    apr_status_t status;

    CRM_ERR(command_words(run, words));
    status = run_words(run->pool, (const char *const *)words->elts, &output);
    if (status) {
        return crm_error_system(run->pool, status, "httpd cannot be run");
    }
    if (output.status) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "httpd refuses its configuration:\n%s",
                              output.err);
    }
    if (!*output.out) {
        return crm_error_make(run->pool, CRM_E_NOT_FOUND,
                              "httpd's configuration does not load mod_crm (LoadModule crm_module "
                              "...): name the right one with --config FILE.");
    }
    return crm_json_parse(run->pool, output.out, strlen(output.out), ret_json);
}
