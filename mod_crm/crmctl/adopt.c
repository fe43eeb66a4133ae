/* crmctl/adopt.c - takes over an installation of the old product, and reports on it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "api/route.h"
#include "base/json.h"
#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "entities/adoption.h"

/* The folder for side files where none is named. */
#define SIDE_FOLDER "adopted"

/* ---- the report as text */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static apr_int64_t number(const json_t *json)
{
    return (apr_int64_t)json_integer_value(json);
}

static apr_int64_t number_of(const json_t *object, const char *name)
{
    return number(json_object_get(object, name));
}

static const char *digits(apr_pool_t *pool, apr_int64_t value)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, value);
}

static void print_numbers(apr_pool_t *pool, const json_t *tables)
{
    static const char *const header[] = {"  TABLE", "FOUND", "TAKEN", "MERGED", "LEFT OUT"};
    apr_array_header_t *rows = apr_array_make(pool, 32, sizeof(const char *const *));
    size_t i;
    json_t *table;
    APR_ARRAY_PUSH(rows, const char *const *) = header;
    json_array_foreach(tables, i, table)
    {
        const char **cells = apr_palloc(pool, 5 * sizeof(*cells));
        cells[0] = apr_pstrcat(pool, "  ", text_of(table, "table"), NULL);
        cells[1] = digits(pool, number_of(table, "found"));
        cells[2] = digits(pool, number_of(table, "taken"));
        cells[3] = digits(pool, number_of(table, "merged"));
        cells[4] = digits(pool, number_of(table, "left_out"));
        APR_ARRAY_PUSH(rows, const char *const *) = cells;
    }
    if (rows->nelts > 1) {
        crm_output_table(rows, 5);
    }
}

static void print_ids(const json_t *note)
{
    const json_t *ids = json_object_get(note, "ids");
    size_t i;
    json_t *id;
    json_array_foreach(ids, i, id)
    {
        printf("%s%s", i ? ", " : " (", json_string_value(id));
    }
    if (json_array_size(ids)) {
        puts((apr_int64_t)json_array_size(ids) < number_of(note, "count") ? ", ...)" : ")");
    } else {
        puts("");
    }
}

static void print_reasons(const json_t *table)
{
    const char *name = text_of(table, "table"), *key;
    json_t *value;
    json_object_foreach(json_object_get(table, "reasons"), key, value)
    {
        printf("  %s: %" APR_INT64_T_FMT " left out: %s\n", name, number(value), key);
    }
    json_object_foreach(json_object_get(table, "notes"), key, value)
    {
        printf("  %s: %" APR_INT64_T_FMT ": %s", name, number_of(value, "count"), key);
        print_ids(value);
    }
    json_object_foreach(json_object_get(table, "kept"), key, value)
    {
        printf("  %s: %" APR_INT64_T_FMT " of %s kept in the side file\n", name, number(value),
               key);
    }
}

static void print_place(apr_pool_t *pool, const json_t *place)
{
    size_t i;
    json_t *entry;
    const json_t *tables = json_object_get(place, "tables");
    printf("%s (%s): %s\n", text_of(place, "name"), text_of(place, "database"),
           text_of(place, "state"));
    print_numbers(pool, tables);
    json_array_foreach(tables, i, entry)
    {
        print_reasons(entry);
    }
    json_array_foreach(json_object_get(place, "missing_tables"), i, entry)
    {
        printf("  not there, or not readable: table %s\n", json_string_value(entry));
    }
    json_array_foreach(json_object_get(place, "unknown_tables"), i, entry)
    {
        printf("  unknown table: %s, %" APR_INT64_T_FMT " rows\n", text_of(entry, "table"),
               number_of(entry, "rows"));
    }
    json_array_foreach(json_object_get(place, "unknown_columns"), i, entry)
    {
        printf("  unknown column: %s\n", json_string_value(entry));
    }
    if (number_of(place, "side_bytes")) {
        printf("  side file: %s\n", text_of(place, "side_file"));
    }
    puts("");
}

static void print_report(apr_pool_t *pool, const json_t *report)
{
    const json_t *total = json_object_get(report, "total");
    const json_t *main = json_object_get(report, "main");
    size_t i;
    json_t *entry;
    if (main) {
        print_place(pool, main);
    }
    json_array_foreach(json_object_get(report, "tenants"), i, entry)
    {
        print_place(pool, entry);
    }
    json_array_foreach(json_object_get(report, "unnamed_databases"), i, entry)
    {
        printf("Database that no tenant names: %s\n", json_string_value(entry));
    }
    printf("%sfound %" APR_INT64_T_FMT ", taken %" APR_INT64_T_FMT ", merged %" APR_INT64_T_FMT
           ", left out %" APR_INT64_T_FMT "\n",
           json_is_true(json_object_get(report, "dry_run")) ? "Nothing was written. " : "",
           number_of(total, "found"), number_of(total, "taken"), number_of(total, "merged"),
           number_of(total, "left_out"));
}

/* ---- the command */

static const char *route_of(apr_pool_t *pool, const crm_settings_t *settings, const char *method,
                            const char *endpoint)
{
    const crm_route_t *route;
    const char *parameters[CRM_MAX_PARAMETERS], *allow;
    apr_size_t length = strlen(settings->prefix);
    if (strncmp(endpoint, settings->prefix, length) != 0 ||
        crm_route_find(pool, method, endpoint + length, &route, parameters, &allow)) {
        return NULL;
    }
    return crm_route_pattern(pool, settings->prefix, route);
}

/* One line on a terminal, one line a place elsewhere. */
typedef struct progress_t {
    int is_terminal;
    const char *place;
} progress_t;

static void show_progress(void *baton, const char *place, const char *table, apr_int64_t rows)
{
    progress_t *progress = baton;
    if (progress->is_terminal) {
        fprintf(stderr, "\r\033[K%s: %s: %" APR_INT64_T_FMT, place, table, rows);
    } else if (!progress->place || strcmp(progress->place, place) != 0) {
        fprintf(stderr, "%s\n", place);
    }
    progress->place = place;
}

/* Beside SQLite's files, which belong to the account that this runs as; else in the current folder.
 */
static const char *side_folder(const crm_run_t *run, const crm_settings_t *settings)
{
    const char *given = crm_run_option(run, "--side-files");
    const crm_db_url_t *url = settings->main_database;
    const char *slash = strrchr(url->database, '/');
    if (given) {
        return given;
    }
    if (strcmp(url->driver, "sqlite3") != 0 || !slash) {
        return SIDE_FOLDER;
    }
    return apr_pstrcat(
        run->pool,
        apr_pstrmemdup(run->pool, url->database, (apr_size_t)(slash + 1 - url->database)),
        SIDE_FOLDER, NULL);
}

static crm_error_t *check_source(apr_pool_t *pool, const crm_db_url_t *from,
                                 const crm_settings_t *settings)
{
    const crm_db_url_t *main = settings->main_database;
    if (strcmp(from->driver, "mysql") != 0) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "--from is a MySQL or MariaDB: mysql://user:password@host/database.");
    }
    if (strcmp(main->server, from->server) == 0 && strcmp(main->database, from->database) == 0) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "--from names the database that CrmMainDatabase names: what is taken "
                              "over must go to databases of its own.");
    }
    return NULL;
}

static crm_error_t *run_adopt(crm_run_t *run)
{
    progress_t progress = {.is_terminal = isatty(STDERR_FILENO)};
    const crm_settings_t *settings;
    crm_site_t *site;
    json_t *report;
    crm_adopt_options_t options = {
        .tenant = crm_run_option(run, "--tenant"),
        .dry_run = crm_run_option(run, "--dry-run") != NULL,
        .resume = crm_run_option(run, "--resume") != NULL,
        .records = crm_adopt_records,
        .route = route_of,
        .progress = crm_run_has(run, "--quiet") ? NULL : show_progress,
        .baton = &progress,
    };
    /* a password file may be root's: it is read before crmctl becomes somebody else */
    CRM_ERR(crm_db_url_parse(run->pool, crm_run_option(run, "--from"), 0, &options.from));
    CRM_ERR(crm_run_site(run, &settings, &site));
    CRM_ERR(check_source(run->pool, options.from, settings));
    options.settings = settings;
    options.side_folder = side_folder(run, settings);
    crm_error_t *error = crm_adopt(site, run->pool, &options, &report);
    if (progress.is_terminal && progress.place) {
        fputs("\r\033[K", stderr);
    }
    CRM_ERR(error);
    if (crm_run_option(run, "--json")) {
        return crm_output_json(run->pool, json_incref(report));
    }
    print_report(run->pool, report);
    return NULL;
}

static const crm_option_t adopt_options[] = {
    {.name = "--from",
     .value = "URL",
     .required = 1,
     .help = "The old installation's main database: mysql://user:password@host:port/name. It is "
             "only read; the user needs SELECT on it and on the tenants' databases."},
    {.name = "--dry-run",
     .help = "Read all, write nothing but temporary files, and print the report."},
    {.name = "--tenant",
     .value = "NAME",
     .help = "Take over this tenant alone: its name, id or database."},
    {.name = "--resume", .help = "Go on with an adoption that was interrupted."},
    {.name = "--side-files",
     .value = "FOLDER",
     .help = "Where what has no place goes, one file a tenant. Default: adopted, beside the "
             "databases of SQLite, else in the current folder."},
    {.name = NULL},
};

static const char *const adopt_examples[] = {
    "crmctl adopt --from mysql://reader:secret@old-server/crm_saas_main --dry-run",
    "crmctl adopt --from mysql://reader:secret@old-server/crm_saas_main --resume --json", NULL};

const crm_command_t crm_adopt_commands[] = {
    {.name = "adopt",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_DATA | CRM_COMMAND_MIGRATED,
     .options = adopt_options,
     .summary = "take over a Django installation",
     .help = "Takes over the tenants, accounts, groups, permissions, tokens, records, change logs "
             "and History of a Django installation, which is never written to. A tenant stays "
             "inactive until it is complete. May be interrupted at any time, and run again: what "
             "is done is not done twice. docs/adopt.md says what becomes of what.",
     .examples = adopt_examples,
     .run = run_adopt},
    {.name = NULL},
};
