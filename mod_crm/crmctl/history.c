/* crmctl/history.c - History of a tenant, or of the platform: exported, followed, pruned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "api/parameters.h"
#include "base/json.h"
#include "base/time.h"
#include "crmctl/account.h"
#include "crmctl/configuration.h"
#include "crmctl/confirm.h"
#include "crmctl/output.h"
#include "entities/entities.h"
#include "service/export.h"
#include "service/retention.h"

#define LINES 20
#define MOST_LINES 1000
/* Records come through the spool, each child's in its own time: so long after the request at most,
 * as long as the database is there. */
#define LATE apr_time_from_sec(60)

static const crm_page_limits_t limits = {.page_size = LINES, .max_page_size = MOST_LINES};

static crm_error_t *parse(crm_run_t *run, const crm_entity_t *entity, const char *ordering,
                          const char *also, crm_query_t **ret_query)
{
    static const char *const none[] = {NULL};
    static const crm_key_t no_key; /* signs cursors, which are not used */
    const char *given = crm_run_option(run, "--query");
    const char *text = apr_pstrcat(run->pool, given ? given : "", given ? "&" : "",
                                   "ordering=", ordering, "&", also, NULL);
    apr_table_t *parameters;

    CRM_ERR(crm_parameters_parse(run->pool, text, strlen(text), "--query", &parameters));
    return crm_query_parse(run->pool, entity, parameters, none, &limits, &no_key, ret_query);
}

/* ---- export ---- */

typedef struct export_t {
    const crm_entity_t *entity;
    apr_int64_t count;
} export_t;

static crm_error_t *print_rows(void *baton, apr_pool_t *pool, const crm_rows_t *rows)
{
    export_t *export = baton;

    for (int i = 0; i < rows->count; i++) {
        json_t *json = crm_json_own(pool, crm_list_json(pool, export->entity, crm_row(rows, i)));
        if (!json || json_dumpf(json, stdout, JSON_COMPACT) || putchar('\n') == EOF) {
            return crm_error_make(pool, CRM_E_INTERNAL, "Standard output cannot be written.");
        }
        export->count++;
    }
    return NULL;
}

static crm_error_t *run_export(crm_run_t *run)
{
    export_t export = {.entity = &crm_history_record_entity};
    crm_accounts_t where;
    crm_query_t *query;

    CRM_ERR(parse(run, export.entity, "created_at", "count=none", &query));
    CRM_ERR(crm_run_accounts(run, &where));
    const crm_records_t records = {.db = where.db, .entity = export.entity};
    CRM_ERR(crm_export_rows(&records, run->pool, query, NULL, print_rows, &export));
    fprintf(stderr, "crmctl: %" APR_INT64_T_FMT " record%s.\n", export.count,
            export.count == 1 ? "" : "s");
    return NULL;
}

/* ---- tail ---- */

/* Prints a row of the list: time, status, milliseconds, method, path, who. */
static void print_line(const json_t *json)
{
    const char *user = json_string_value(json_object_get(json, "user_username"));
    const char *error = json_string_value(json_object_get(json, "error_message"));

    printf("%s %d %8.1f ms  %-6s %s  %s%s%s\n",
           json_string_value(json_object_get(json, "created_at")),
           (int)json_integer_value(json_object_get(json, "response_status")),
           1000 * json_number_value(json_object_get(json, "execution_time")),
           json_string_value(json_object_get(json, "method")),
           json_string_value(json_object_get(json, "endpoint")), user ? user : "-",
           error ? "  " : "", error ? error : "");
}

static void print_json(apr_pool_t *pool, const json_t *json)
{
    puts(crm_json_text(pool, json, NULL));
}

/* What was printed last, of what may come again: by id. */
typedef struct tail_t {
    apr_hash_t *seen;
    apr_pool_t *pool; /* of that */
} tail_t;

/* Prints what of the list is new, oldest first. */
static crm_error_t *print_new(crm_run_t *run, tail_t *tail, const crm_db_t *db,
                              const crm_query_t *query)
{
    const crm_entity_t *entity = &crm_history_entity;
    crm_list_t list;
    apr_pool_t *pool;

    apr_pool_create(&pool, run->pool);
    apr_hash_t *seen = apr_hash_make(pool);
    CRM_ERR(crm_list(db, pool, query, NULL, &list));
    for (int i = list.rows->count - 1; i >= 0; i--) {
        json_t *json = crm_json_own(pool, crm_list_json(pool, entity, crm_row(list.rows, i)));
        const char *id = json_string_value(json_object_get(json, "id"));
        int is_new = !apr_hash_get(tail->seen, id, APR_HASH_KEY_STRING);
        if (is_new && crm_run_option(run, "--json")) {
            print_json(pool, json);
        } else if (is_new) {
            print_line(json);
        }
        apr_hash_set(seen, id, APR_HASH_KEY_STRING, id);
    }
    fflush(stdout);
    apr_pool_t *before = tail->pool;
    *tail = (tail_t){.seen = seen, .pool = pool};
    if (before) {
        apr_pool_destroy(before);
    }
    return NULL;
}

static crm_error_t *read_lines(crm_run_t *run, int *ret_lines)
{
    const char *text = crm_run_option(run, "--lines");
    char *end;
    long lines = text ? strtol(text, &end, 10) : LINES;

    if (text && (end == text || *end || lines < 1 || lines > MOST_LINES)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "--lines \"%s\": 1 to %d.", text,
                              MOST_LINES);
    }
    *ret_lines = (int)lines;
    return NULL;
}

static crm_error_t *run_tail(crm_run_t *run)
{
    tail_t tail = {.seen = apr_hash_make(run->pool)};
    crm_accounts_t where;
    crm_query_t *query;
    int lines;

    CRM_ERR(read_lines(run, &lines));
    CRM_ERR(parse(run, &crm_history_entity, "-created_at",
                  apr_psprintf(run->pool, "count=none&page_size=%d", lines), &query));
    CRM_ERR(crm_run_accounts(run, &where));
    CRM_ERR(print_new(run, &tail, where.db, query));
    while (crm_run_option(run, "--follow") && !ferror(stdout)) {
        apr_sleep(apr_time_from_sec(1));
        apr_time_t since = apr_time_now() - LATE;
        CRM_ERR(parse(run, &crm_history_entity, "-created_at",
                      apr_psprintf(run->pool, "count=none&page_size=%d&created_at__gte=%s",
                                   MOST_LINES, crm_time_iso(run->pool, since)),
                      &query));
        CRM_ERR(print_new(run, &tail, where.db, query));
    }
    return NULL;
}

/* ---- prune ---- */

typedef struct prune_t {
    apr_time_t before;
    apr_int64_t removed;
    json_t *databases; /* for --json; else NULL */
} prune_t;

static void tell_pruned(const prune_t *prune, const crm_tenant_t *tenant, apr_int64_t removed)
{
    if (prune->databases) {
        json_array_append_new(prune->databases,
                              json_pack("{s:s?, s:I}", "tenant", tenant ? tenant->slug : NULL,
                                        "removed", (json_int_t)removed));
    } else if (removed) {
        printf("%s: %" APR_INT64_T_FMT " record%s removed\n", tenant ? tenant->name : "main",
               removed, removed == 1 ? "" : "s");
    }
}

static crm_error_t *prune_one(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                              void *baton)
{
    prune_t *prune = baton;
    const crm_db_t *db = tenant ? crm_tenant_db(site, pool, tenant) : &site->main;
    apr_int64_t removed;

    CRM_ERR(crm_retention_history(db, pool, prune->before, &removed));
    prune->removed += removed;
    tell_pruned(prune, tenant, removed);
    return NULL;
}

/* What --before says, or CrmHistoryKeep. */
static crm_error_t *read_before(const crm_run_t *run, const crm_site_t *site, apr_time_t *ret_time)
{
    const char *text = crm_run_option(run, "--before");

    if (text && !crm_time_parse_date(text, ret_time)) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "--before \"%s\" is no date: write it as 2026-01-31.", text);
    }
    if (!text && !site->history_keep) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "CrmHistoryKeep says forever: name a day with --before DATE.");
    }
    if (!text) {
        *ret_time = apr_time_now() - site->history_keep;
    }
    return NULL;
}

static crm_error_t *run_prune(crm_run_t *run)
{
    const char *name = crm_run_option(run, "--tenant");
    prune_t prune = {.removed = 0};
    crm_tenant_t *tenant = NULL;
    crm_site_t *site;

    if (name && crm_run_option(run, "--all")) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "Give --tenant NAME, or --all.");
    }
    CRM_ERR(crm_run_site(run, NULL, &site));
    CRM_ERR(read_before(run, site, &prune.before));
    if (name) {
        CRM_ERR(crm_tenant_find(site, run->pool, name, &tenant));
    }
    const char *whose = tenant ? tenant->name : crm_run_option(run, "--all") ? "all" : "main";
    CRM_ERR(crm_confirm(run,
                        apr_psprintf(run->pool, "History (%s) from before %s will be removed.",
                                     whose, crm_time_iso(run->pool, prune.before)),
                        whose));
    if (crm_run_option(run, "--json")) {
        prune.databases = crm_json_own(run->pool, json_array());
    }
    if (crm_run_option(run, "--all")) {
        CRM_ERR(crm_tenant_each(site, run->pool, prune_one, &prune));
    }
    CRM_ERR(prune_one(site, run->pool, tenant, &prune));
    if (prune.databases) {
        return crm_output_json(run->pool,
                               json_pack("{s:I, s:O}", "removed", (json_int_t)prune.removed,
                                         "databases", prune.databases));
    }
    printf("%" APR_INT64_T_FMT " removed in all.\n", prune.removed);
    return NULL;
}

/* ---- the table ---- */

#define QUERY_OPTION                                                                               \
    {                                                                                              \
        .name = "--query", .value = "PARAMETERS",                                                  \
        .help = "Filters and search as the API's list of History takes them: "                     \
                "\"method=POST&response_status__gte=400&search=/import/\"."                        \
    }

static const crm_option_t export_options[] = {CRM_TENANT_OPTION, QUERY_OPTION, {.name = NULL}};
static const crm_option_t tail_options[] = {
    CRM_TENANT_OPTION,
    QUERY_OPTION,
    {.name = "--lines",
     .value = "N",
     .help = "So many of the newest first, 1 to 1000. Default: 20."},
    {.name = "--follow", .help = "Go on with those that come."},
    {.name = NULL},
};

static const crm_option_t prune_options[] = {
    CRM_TENANT_OPTION,
    {.name = "--all", .help = "Of all tenants and of the main database."},
    {.name = "--before",
     .value = "DATE",
     .help = "What is from before that day (UTC), 2026-01-31. Default: as CrmHistoryKeep says."},
    CRM_YES_OPTION,
    {.name = NULL},
};

static const char *const prune_examples[] = {
    "crmctl history prune --tenant acme --before 2026-01-01", "crmctl history prune --all --yes",
    NULL};
static const char *const export_examples[] = {
    "crmctl history export --tenant acme > acme-history.jsonl",
    "crmctl history export --tenant acme --query \"created_at__gte=2026-01-01\" | gzip > acme.gz",
    NULL};
static const char *const tail_examples[] = {
    "crmctl history tail --tenant acme --follow",
    "crmctl history tail --tenant acme --lines 100 --query \"response_status__gte=500\"", NULL};

const crm_command_t crm_history_commands[] = {
    {.name = "history export",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_MIGRATED,
     .options = export_options,
     .summary = "recorded requests as JSON, one a line",
     .help = "Writes the History of a tenant to standard output, oldest first, each record whole "
             "as one line of JSON; without --tenant that of the main database.",
     .examples = export_examples,
     .run = run_export},
    {.name = "history tail",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_MIGRATED | CRM_COMMAND_DATA,
     .options = tail_options,
     .summary = "the newest requests, and those that come",
     .help = "Shows the newest records of a tenant's History, one line each (--json: of JSON); "
             "without --tenant those of the main database.",
     .examples = tail_examples,
     .run = run_tail},
    {.name = "history prune",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_MIGRATED | CRM_COMMAND_DATA,
     .options = prune_options,
     .summary = "remove what is too old",
     .help = "Removes records of a tenant's History, some hundred at a time, at once; without "
             "--tenant those of the main database. The server does the same by itself where "
             "CrmHistoryKeep is set. Statistics stay.",
     .examples = prune_examples,
     .run = run_prune},
    {.name = NULL},
};
