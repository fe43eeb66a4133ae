/* model/filter.h - one filter of a list, read from a query parameter. Inside model/ only. */
#ifndef CRM_MODEL_FILTER_H
#define CRM_MODEL_FILTER_H

#include "model/query.h"

/* Adds to QUERY the filter that the parameter NAME ("created_at__gte") and its decoded TEXT mean;
 * an empty TEXT is none. Faults are added to *ERROR on NAME. */
void crm_filter_read(apr_pool_t *pool, crm_query_t *query, const char *name, const char *text,
                     crm_error_t **error);

/* The next item of a comma-separated list, trimmed, or NULL at its end; empty ones are left out.
 * Moves *LIST behind it. */
const char *crm_query_item(apr_pool_t *pool, const char **list);

#endif
