/* crmctl/makemigrations.c - writes the migration that descriptions need. */
#include "crmctl/makemigrations.h"

#include <stdio.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "db/making.h"
#include "entities/registry.h"

static const char *const drivers[] = {"mysql", "sqlite3"};

#define DRIVERS ((int)(sizeof(drivers) / sizeof(drivers[0])))

typedef struct next_t {
    crm_run_t *run;
    const char *directory;
    int version; /* of the files to be written */
    crm_making_t made[DRIVERS];
    const char *paths[DRIVERS];
} next_t;

static crm_error_t *compare(next_t *next)
{
    apr_pool_t *pool = next->run->pool;
    for (int i = 0; i < DRIVERS; i++) {
        crm_migrations_t *migrations;
        CRM_ERR(
            crm_migrations_read(pool, next->directory, drivers[i], CRM_SCHEMA_TENANT, &migrations));
        int version = crm_migrations_newest(migrations) + 1;
        if (i && version != next->version) {
            return crm_error_make(pool, CRM_E_CONFLICT,
                                  "The newest migration for %s is %04d and that for %s %04d: write "
                                  "the one that is missing, or take away the one too many.",
                                  drivers[0], next->version - 1, drivers[i], version - 1);
        }
        next->version = version;
        next->made[i] =
            crm_making(pool, drivers[i], crm_declared_read(pool, migrations), crm_entities);
        if (next->made[i].refused->nelts) {
            return crm_error_make(pool, CRM_E_CONFLICT,
                                  "%s: records that are there would have to get these columns, "
                                  "which takes a migration of your own: %s.",
                                  drivers[i], apr_array_pstrcat(pool, next->made[i].refused, ' '));
        }
    }
    return NULL;
}

static crm_error_t *write_file(apr_pool_t *pool, const char *path, const char *text)
{
    apr_file_t *file;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE,
                      APR_FPROT_OS_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        status = apr_file_write_full(file, text, strlen(text), NULL);
        apr_status_t closed = apr_file_close(file);
        status = status == APR_SUCCESS ? closed : status;
    }
    return status == APR_SUCCESS ? NULL : crm_error_system(pool, status, "%s", path);
}

/* All or none: a driver without the file that the other has would be refused. */
static crm_error_t *write_files(const next_t *next)
{
    for (int i = 0; i < DRIVERS; i++) {
        crm_error_t *error =
            next->made[i].text
                ? write_file(next->run->pool, next->paths[i], next->made[i].text)
                : crm_error_make(next->run->pool, CRM_E_CONFLICT,
                                 "The migrations for %s have all that is described, those for "
                                 "another database have not: they must declare the same columns.",
                                 drivers[i]);
        while (error && i-- > 0) {
            apr_file_remove(next->paths[i], next->run->pool);
        }
        CRM_ERR(error);
    }
    return NULL;
}

/* ---- telling */

static json_t *names_json(const apr_array_header_t *names)
{
    json_t *list = json_array();
    for (int i = 0; i < names->nelts; i++) {
        json_array_append_new(list, json_string(APR_ARRAY_IDX(names, i, const char *)));
    }
    return list;
}

static crm_error_t *tell_json(const next_t *next, int any)
{
    json_t *files = json_array();
    for (int i = 0; i < DRIVERS && any; i++) {
        json_array_append_new(
            files, json_pack("{s:s, s:s?}", "path", next->paths[i], "text", next->made[i].text));
    }
    return crm_output_json(next->run->pool,
                           json_pack("{s:i, s:o, s:o, s:o}", "version", next->version, "files",
                                     files, "since", names_json(next->made[0].since),
                                     "not_described", names_json(next->made[0].left)));
}

static void tell_text(const next_t *next, int any, int dry_run)
{
    apr_pool_t *pool = next->run->pool;
    const crm_making_t *made = &next->made[0];
    if (!any) {
        printf("Nothing is to be done: the migrations have all that is described.\n");
    }
    for (int i = 0; i < DRIVERS && any; i++) {
        printf(dry_run ? "-- %s\n%s\n" : "%s\n", next->paths[i],
               next->made[i].text ? next->made[i].text : "");
    }
    if (any) {
        printf("%sSay .since = %d in the description of: %s.\n", dry_run ? "-- " : "",
               next->version, apr_array_pstrcat(pool, made->since, ' '));
    }
    if (made->left->nelts) {
        printf("%sNot described any more, to be taken away one version later: %s.\n",
               dry_run ? "-- " : "", apr_array_pstrcat(pool, made->left, ' '));
    }
}

crm_error_t *crm_makemigrations(crm_run_t *run, const char *directory, const char *name,
                                int dry_run)
{
    next_t next = {.run = run, .directory = directory};
    CRM_ERR(compare(&next));
    int any = next.made[0].text || next.made[1].text;
    const char *made = next.made[0].name ? next.made[0].name : next.made[1].name;
    for (int i = 0; i < DRIVERS && any; i++) {
        next.paths[i] = apr_psprintf(run->pool, "%s/%s/tenant/%04d_%s.sql", directory, drivers[i],
                                     next.version, name ? name : made);
    }
    if (any && !dry_run) {
        CRM_ERR(write_files(&next));
    }
    if (crm_run_has(run, "--json")) {
        return tell_json(&next, any);
    }
    tell_text(&next, any, dry_run);
    return NULL;
}

static crm_error_t *check_name(const crm_run_t *run, const char *name)
{
    if (name && (!*name || strlen(name) > 60 ||
                 strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "--name takes small letters, digits and \"_\", not \"%s\".", name);
    }
    return NULL;
}

/* The folder that httpd's configuration names; no database is opened, nobody's account taken on. */
static crm_error_t *configured(crm_run_t *run, const char **ret_directory)
{
    apr_array_header_t *servers;
    const crm_server_t *server;
    CRM_ERR(crm_configuration_read(run, &servers));
    CRM_ERR(crm_server_choose(run, servers, &server));
    *ret_directory = server->settings->migrations;
    return NULL;
}

static crm_error_t *run_makemigrations(crm_run_t *run)
{
    const char *directory = crm_run_option(run, "--directory");
    const char *name = crm_run_option(run, "--name");
    CRM_ERR(check_name(run, name));
    if (!directory) {
        CRM_ERR(configured(run, &directory));
    }
    return crm_makemigrations(run, directory, name, crm_run_option(run, "--dry-run") != NULL);
}

static const crm_option_t options[] = {
    {.name = "--dry-run", .help = "Print the files instead of writing them."},
    {.name = "--name",
     .value = "NAME",
     .help = "What the file is called behind its number. Default: after what is new."},
    {.name = "--directory",
     .value = "DIR",
     .help = "The folder that holds mysql/ and sqlite3/. Default: that of CrmMigrations; with it, "
             "no configuration is read."},
    {.name = NULL},
};

static const char *const examples[] = {"crmctl makemigrations --dry-run",
                                       "crmctl makemigrations --directory sql --name one_more",
                                       NULL};

const crm_command_t crm_makemigrations_commands[] = {
    {.name = "makemigrations",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA,
     .options = options,
     .summary = "write the migration that descriptions need",
     .help =
         "For those who change the source: compares the descriptions of records with the "
         "migrations, and writes the next file for both databases where a field or an entity is "
         "new: its columns and the indexes that lists need. No database is touched.",
     .examples = examples,
     .run = run_makemigrations},
    {.name = NULL},
};
