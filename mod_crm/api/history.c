/* api/history.c - History: list, one record, statistics.
 *
 * A user sees his own records, a tenant's admin the tenant's, a superuser those of the tenant he
 * names, or the main database's.
 */
#include <math.h>
#include <string.h>

#include <apr_strings.h>

#include "api/page.h"
#include "api/represent.h"
#include "api/routes.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/statistics.h"

#define STATUS_MIN 100
#define STATUS_MAX 999

static const crm_db_t *db_of(crm_request_t *request)
{
    return request->tenant ? crm_tenant_db(request->site, request->pool, request->tenant)
                           : &request->site->main;
}

/* Without a tenant the main database is meant, which is for superusers: an account of a tenant
 * needs it named where CrmTenantFrom does not count the account. */
static crm_error_t *is_named(crm_request_t *request)
{
    return request->tenant || request->actor->account.is_superuser
               ? NULL
               : crm_error_make(request->pool, CRM_E_BAD_REQUEST, "A tenant must be named.");
}

/* The account whose records alone the caller may see; 0: all of them. */
static apr_int64_t own_only(const crm_request_t *request)
{
    const crm_account_t *account = &request->actor->account;
    return account->is_superuser || account->is_tenant_admin ? 0 : account->id;
}

static const crm_condition_t *visible(crm_request_t *request)
{
    apr_int64_t user_id = own_only(request);
    crm_condition_t *condition = apr_palloc(request->pool, sizeof(*condition));
    crm_value_t *args = apr_palloc(request->pool, sizeof(*args));
    if (!user_id) {
        return NULL;
    }
    *args = crm_int(user_id);
    *condition = (crm_condition_t){.sql = "user_id = ?", .args = args, .nargs = 1};
    return condition;
}

/* ---- list */

static json_t *row_json(crm_request_t *request, const crm_value_t *row, void *baton)
{
    json_t *stored = crm_list_json(request->pool, &crm_history_entity, row);
    json_t *json = json_object();
    (void)baton;
    for (const crm_field_t *field = crm_history_entity.fields; field->name; field++) {
        json_t *value = json_object_get(stored, field->name);
        if (value) {
            json_object_set(json, field->name, value);
        } else if (!field->column) {
            json_object_set_new(json, field->name,
                                request->tenant ? json_string(request->tenant->name) : json_null());
        }
    }
    json_decref(stored);
    return json;
}

static crm_error_t *list(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_page_t page = {.db = db_of(request),
                             .entity = &crm_history_entity,
                             .condition = visible(request),
                             .row = row_json};
    (void)values;
    return crm_page_answer(request, &page, answer);
}

/* ---- one record */

/* The value of the stored field NAME in ROW. */
static crm_value_t cell(const crm_value_t *row, const char *name)
{
    for (const crm_field_t *field = crm_history_record_entity.fields; field->name; field++) {
        if (strcmp(field->name, name) == 0) {
            break;
        }
        row += field->column != NULL;
    }
    return *row;
}

/* The account that ROW is of, new reference; null when there is none (any more). */
static crm_error_t *user_json(crm_request_t *request, const crm_value_t *row, json_t **ret_json)
{
    crm_value_t id = cell(row, "user_id");
    const crm_tenant_t *tenant = request->tenant;
    crm_account_t *account;
    if (crm_is_null(id)) {
        id = cell(row, "platform_user_id");
        tenant = NULL;
    }
    if (crm_is_null(id)) {
        *ret_json = json_null();
        return NULL;
    }
    crm_accounts_t accounts = crm_accounts_of(request->site, request->pool, tenant);
    crm_error_t *error = crm_account_get(&accounts, request->pool, id.as.integer, &account);
    if (error && error->kind != CRM_E_NOT_FOUND) {
        return error;
    }
    *ret_json = error ? json_null() : crm_represent_account(request->pool, account, tenant);
    return NULL;
}

static crm_error_t *get(crm_request_t *request, const crm_values_t *values, crm_answer_t *answer)
{
    const crm_entity_t *entity = &crm_history_record_entity;
    const crm_value_t *row;
    crm_uuid_t id;
    json_t *user;
    (void)values;
    CRM_ERR(crm_request_uuid(request, 0, &id));
    CRM_ERR(
        crm_list_one(db_of(request), request->pool, entity, crm_uuid(&id), visible(request), &row));
    CRM_ERR(user_json(request, row, &user));
    json_t *stored = crm_list_json(request->pool, entity, row);
    json_t *json = json_object();
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        json_t *value = json_object_get(stored, field->name);
        if (value) {
            json_object_set(json, field->name, value);
        } else if (strcmp(field->name, "user") == 0) {
            json_object_set_new(json, field->name, user);
        } else if (strcmp(field->name, "tenant") == 0) {
            json_object_set_new(json, field->name,
                                crm_represent_tenant(request->pool, request->tenant));
        }
    }
    json_decref(stored);
    answer->json = crm_json_own(request->pool, json);
    return NULL;
}

/* ---- statistics */

static const crm_field_t parameters[] = {
    {.name = "status", .type = CRM_T_INTEGER, .help = "Only answers with this status."},
    {.name = "from", .type = CRM_T_DATE, .help = "The first day, UTC."},
    {.name = "to", .type = CRM_T_DATE, .help = "The last day, UTC."},
    {.name = NULL},
};

/* Those that every call knows. */
static const char *const common[] = {"tenant", "fields", NULL};

typedef struct parsing_t {
    crm_request_t *request;
    crm_statistics_filter_t *filter;
    crm_error_t *error;
} parsing_t;

static int is_common(const char *name)
{
    for (int i = 0; common[i]; i++) {
        if (strcmp(common[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* For apr_table_do: reads one parameter. */
static int parse(void *baton, const char *name, const char *text)
{
    parsing_t *parsing = baton;
    apr_pool_t *pool = parsing->request->pool;
    const crm_field_t *field = crm_field_find(parameters, name);
    crm_value_t value;
    if (!field) {
        if (!is_common(name)) {
            crm_error_add(pool, &parsing->error, name, "Unknown filter.");
        }
        return 1;
    }
    if (!crm_type(field->type)->read_text(pool, field, text, &value, &parsing->error)) {
        return 1;
    }
    if (strcmp(name, "from") == 0) {
        parsing->filter->from = value.as.time;
    } else if (strcmp(name, "to") == 0) {
        parsing->filter->to = value.as.time;
    } else {
        /* what is no status at all is one that no request has */
        parsing->filter->status = value.as.integer >= STATUS_MIN && value.as.integer <= STATUS_MAX
                                      ? (int)value.as.integer
                                      : STATUS_MAX + 1;
    }
    return 1;
}

static json_t *counts_json(const apr_array_header_t *counts)
{
    json_t *json = json_object();
    for (int i = 0; i < counts->nelts; i++) {
        const crm_named_count_t *entry = &APR_ARRAY_IDX(counts, i, crm_named_count_t);
        json_object_set_new(json, entry->name, json_integer(entry->count));
    }
    return json;
}

static json_t *days_json(const apr_array_header_t *days)
{
    json_t *json = json_array();
    for (int i = 0; i < days->nelts; i++) {
        const crm_named_count_t *day = &APR_ARRAY_IDX(days, i, crm_named_count_t);
        json_array_append_new(
            json, json_pack("{s:s, s:I}", "date", day->name, "count", (json_int_t)day->count));
    }
    return json;
}

static json_t *endpoints_json(const apr_array_header_t *endpoints)
{
    json_t *json = json_array();
    for (int i = 0; i < endpoints->nelts; i++) {
        const crm_endpoint_count_t *entry = &APR_ARRAY_IDX(endpoints, i, crm_endpoint_count_t);
        json_array_append_new(json, json_pack("{s:s, s:s, s:i, s:I}", "endpoint", entry->route,
                                              "method", entry->method, "response_status",
                                              entry->status, "count", (json_int_t)entry->count));
    }
    return json;
}

/* FIGURE with six decimals: microseconds of a time, and no digits that only rounding made. */
static double rounded(double figure)
{
    return round(figure * 1e6) / 1e6;
}

static json_t *statistics_json(const crm_statistics_t *statistics)
{
    double requests = (double)statistics->requests;
    return json_pack(
        "{s:I, s:o, s:o, s:f, s:f, s:f, s:f, s:o, s:f, s:I, s:I, s:I, s:o}", "total_requests",
        (json_int_t)statistics->requests, "requests_by_method", counts_json(statistics->methods),
        "requests_by_status", counts_json(statistics->statuses), "average_execution_time",
        rounded(statistics->average), "p50_execution_time", rounded(statistics->p50),
        "p95_execution_time", rounded(statistics->p95), "p99_execution_time",
        rounded(statistics->p99), "most_used_endpoints", endpoints_json(statistics->endpoints),
        "error_rate", statistics->requests ? rounded((double)statistics->errors / requests) : 0.0,
        "active_users", (json_int_t)statistics->active_users, "requests_today",
        (json_int_t)statistics->today, "requests_this_week", (json_int_t)statistics->week,
        "requests_per_day", days_json(statistics->days));
}

static crm_error_t *statistics(crm_request_t *request, const crm_values_t *values,
                               crm_answer_t *answer)
{
    crm_statistics_filter_t filter = {.user_id = own_only(request),
                                      .status = CRM_STATISTICS_OPEN,
                                      .from = CRM_STATISTICS_OPEN,
                                      .to = CRM_STATISTICS_OPEN,
                                      .now = apr_time_now()};
    parsing_t parsing = {.request = request, .filter = &filter};
    crm_statistics_t result;
    (void)values;
    apr_table_do(parse, &parsing, request->query, NULL);
    CRM_ERR(parsing.error);
    CRM_ERR(crm_statistics(db_of(request), request->pool, &filter, &result));
    answer->json = crm_json_own(request->pool, statistics_json(&result));
    return NULL;
}

const crm_route_t crm_history_routes[] = {
    {
        .method = "GET",
        .pattern = "auth/history/",
        .access = CRM_ACCESS_USER,
        .gate = is_named,
        .result = &crm_history_entity,
        .is_list = 1,
        .handler = list,
        .summary = "The requests that were made, newest first.",
    },
    {
        .method = "GET",
        .pattern = "auth/history/statistics/",
        .access = CRM_ACCESS_USER,
        .gate = is_named,
        .result = &crm_history_statistics_entity,
        .handler = statistics,
        .summary = "How many requests there were, of what kind, and how long they took.",
        .query = parameters,
    },
    {
        .method = "GET",
        .pattern = "auth/history/{uuid}/",
        .access = CRM_ACCESS_USER,
        .gate = is_named,
        .result = &crm_history_record_entity,
        .handler = get,
        .summary = "One request, with what was sent and answered.",
    },
    {.method = NULL},
};
