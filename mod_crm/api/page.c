/* api/page.c - a list as its page. */
#include <string.h>

#include <apr_strings.h>

#include "api/page.h"
#include "api/parameters.h"
#include "base/json.h"

/* Parameters that no list takes for filters: they are read by others. */
static const char *const others[] = {"tenant", NULL};

/* The request's URL with the parameter NAME set to VALUE; NULL takes it away. */
static const char *url_with(const crm_request_t *request, const char *name, const char *value)
{
    apr_pool_t *pool = request->pool;
    const apr_array_header_t *entries = apr_table_elts(request->query);
    const char *query = "";
    int done = !value;
    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);
        int is_it = strcmp(entry->key, name) == 0;
        if (is_it && done) {
            continue;
        }
        query = apr_pstrcat(pool, query, *query ? "&" : "?",
                            crm_parameters_encode(pool, entry->key, ""), "=",
                            crm_parameters_encode(pool, is_it ? value : entry->val, ""), NULL);
        done |= is_it;
    }
    if (!done) {
        query = apr_pstrcat(pool, query, *query ? "&" : "?", name, "=",
                            crm_parameters_encode(pool, value, ""), NULL);
    }
    return apr_pstrcat(pool, request->base_url, crm_parameters_encode(pool, request->path, "/:@"),
                       query, NULL);
}

/* The link to the page before or behind; null where there is none. */
static json_t *link_json(crm_request_t *request, const crm_query_t *query, const crm_list_t *list,
                         int backward)
{
    apr_pool_t *pool = request->pool;
    if (!(backward ? list->has_previous : list->has_next)) {
        return json_null();
    }
    if (query->by_cursor) {
        const crm_value_t *row = crm_row(list->rows, backward ? 0 : list->rows->count - 1);
        const crm_value_t *values = crm_list_order_values(pool, query, row);
        const char *cursor = crm_query_cursor(pool, query, values, backward, &request->site->key);
        return json_string(url_with(request, "cursor", cursor));
    }
    apr_int64_t number = query->page + (backward ? -1 : 1);
    return json_string(url_with(
        request, "page", number > 1 ? apr_psprintf(pool, "%" APR_INT64_T_FMT, number) : NULL));
}

static json_t *results_json(crm_request_t *request, const crm_page_t *page, const crm_list_t *list)
{
    json_t *results = json_array();
    for (int i = 0; i < list->rows->count; i++) {
        const crm_value_t *row = crm_row(list->rows, i);
        json_array_append_new(results, page->row ? page->row(request, row, page->baton)
                                                 : crm_list_json(request->pool, page->entity, row));
    }
    return results;
}

/* Takes over the reference of RESULTS. */
static json_t *envelope(crm_request_t *request, const crm_query_t *query, const crm_list_t *list,
                        json_t *results)
{
    json_t *json = json_object();
    if (!query->by_cursor) {
        json_object_set_new(json, "count",
                            list->count < 0 ? json_null() : json_integer(list->count));
    }
    json_object_set_new(json, "next", link_json(request, query, list, 0));
    json_object_set_new(json, "previous", link_json(request, query, list, 1));
    json_object_set_new(json, "results", results);
    return json;
}

json_t *crm_page_json(crm_request_t *request, const crm_page_t *page, const crm_query_t *query,
                      const crm_list_t *list)
{
    return envelope(request, query, list, results_json(request, page, list));
}

crm_error_t *crm_page_answer(crm_request_t *request, const crm_page_t *page, crm_answer_t *answer)
{
    crm_query_t *query;
    crm_list_t list;
    CRM_ERR(crm_query_parse(request->pool, page->entity, request->query, others,
                            &request->settings->page, &request->site->key, &query));
    CRM_ERR(crm_list(page->db, request->pool, query, page->condition, &list));
    if (page->results) {
        json_t *results = crm_json_own(request->pool, json_array());
        CRM_ERR(page->results(request, list.rows, results, page->baton));
        answer->json =
            crm_json_own(request->pool, envelope(request, query, &list, json_incref(results)));
    } else {
        answer->json = crm_json_own(request->pool, crm_page_json(request, page, query, &list));
    }
    return NULL;
}
