/* api/page.h - a list as its page: {"count", "next", "previous", "results"}.
 *
 * By cursor there is no count; with count=none it is null. next and previous are absolute and keep
 * the other parameters.
 */
#ifndef CRM_API_PAGE_H
#define CRM_API_PAGE_H

#include "api/route.h"
#include "db/list.h"

/* A row of the list as JSON, new reference. */
typedef json_t *crm_page_row_fn(crm_request_t *request, const crm_value_t *row, void *baton);

/* All rows of a page as JSON, appended to RESULTS. */
typedef crm_error_t *crm_page_results_fn(crm_request_t *request, const crm_rows_t *rows,
                                         json_t *results, void *baton);

/* What is listed. */
typedef struct crm_page_t {
    const crm_db_t *db;
    const crm_entity_t *entity;
    const crm_condition_t *condition; /* or NULL */
    crm_page_row_fn *row;             /* NULL: crm_list_json of the entity */
    crm_page_results_fn *results;     /* in place of `row`; or NULL */
    void *baton;
} crm_page_t;

/* Reads the list's parameters from the request, runs the list and puts its page into ANSWER. */
crm_error_t *crm_page_answer(crm_request_t *request, const crm_page_t *page, crm_answer_t *answer);

/* The envelope of LIST, which QUERY gave; new reference. */
json_t *crm_page_json(crm_request_t *request, const crm_page_t *page, const crm_query_t *query,
                      const crm_list_t *list);

#endif
