/* model/filter.c - one filter of a list, read from a query parameter. */

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "model/filter.h"
#include "model/types.h"

#define MAX_IN 100 /* values of one __in */

const crm_operator_t crm_operators[] = {
    {"", CRM_OP_EQ, "is this"},
    {"gte", CRM_OP_GTE, "is this or more"},
    {"lte", CRM_OP_LTE, "is this or less"},
    {"gt", CRM_OP_GT, "is more than this"},
    {"lt", CRM_OP_LT, "is less than this"},
    {"in", CRM_OP_IN, "is one of these"},
    {"contains", CRM_OP_CONTAINS, "holds this text"},
    {"isnull", CRM_OP_ISNULL, "is null, or (with `false`) is not"},
    {NULL, 0, NULL},
};

/* The operator that a parameter's SUFFIX names, or 0. */
static unsigned find_operator(const char *suffix)
{
    const crm_operator_t *row = crm_operators;

    while (row->op && (!*row->suffix || strcmp(row->suffix, suffix) != 0)) {
        row++;
    }
    return row->op;
}

/* The field and operator that NAME means ("created_at__gte"): 1, or 0 where it means none. */
static int find_filter(apr_pool_t *pool, const crm_entity_t *entity, const char *name,
                       crm_filter_t *filter)
{
    const char *suffix = NULL;

    filter->field = crm_field_find(entity->fields, name);
    filter->op = CRM_OP_EQ;
    for (const char *at = name; !filter->field && (at = strstr(at, "__")); at++) {
        suffix = at + 2;
    }
    if (suffix) {
        const char *base = apr_pstrmemdup(pool, name, (apr_size_t)(suffix - 2 - name));
        filter->field = crm_field_find(entity->fields, base);
        filter->op = find_operator(suffix);
    }
    return filter->field && filter->field->column && (filter->field->flags & CRM_F_FILTERABLE) &&
           (crm_type(filter->field->type)->operators & filter->op);
}

/* One value to compare with. Free text is compared, not checked: what is no e-mail address is
 * nobody's. Faults are told on the parameter's name, which is that of PARAMETER. */
static int read_value(apr_pool_t *pool, const crm_field_t *parameter, const char *text,
                      crm_value_t *ret_value, crm_error_t **error)
{
    if (!crm_type_is_text(parameter->type)) {
        return crm_type(parameter->type)->read_text(pool, parameter, text, ret_value, error);
    }
    *ret_value = crm_text(parameter->flags & CRM_F_FOLDED ? crm_text_fold(pool, text) : text);
    return 1;
}

/* The parameter NAME as a field whose values are those that FILTER takes. */
static crm_field_t as_parameter(const crm_filter_t *filter, const char *name)
{
    crm_field_t parameter = *filter->field;

    if (filter->op == CRM_OP_ISNULL) {
        parameter.type = CRM_T_BOOLEAN;
    }
    parameter.name = name;
    parameter.flags &= CRM_F_FOLDED;
    return parameter;
}

/* The items of __in, or the one of any other operator: const char *. */
static apr_array_header_t *split(apr_pool_t *pool, const crm_filter_t *filter, const char *text)
{
    apr_array_header_t *items = apr_array_make(pool, 1, sizeof(const char *));
    const char *item;

    if (filter->op == CRM_OP_IN) {
        while ((item = crm_query_item(pool, &text))) {
            APR_ARRAY_PUSH(items, const char *) = item;
        }
    } else if (*(item = crm_text_trim(pool, text))) {
        APR_ARRAY_PUSH(items, const char *) = item;
    }
    return items;
}

/* 1 when all ITEMS are values that FILTER can have now. */
static int read_items(apr_pool_t *pool, const crm_field_t *parameter,
                      const apr_array_header_t *items, crm_filter_t *filter, crm_error_t **error)
{
    crm_value_t *values = apr_palloc(pool, (apr_size_t)items->nelts * sizeof(*values));
    int right = 1;

    if (items->nelts > MAX_IN) {
        crm_error_add(pool, error, parameter->name,
                      "Ensure this field has no more than %d elements.", MAX_IN);
        return 0;
    }
    for (int i = 0; i < items->nelts; i++) {
        const char *item = APR_ARRAY_IDX(items, i, const char *);
        right &= read_value(pool, parameter, item, &values[i], error);
    }
    filter->nvalues = items->nelts;
    filter->values = values;
    return right;
}

void crm_filter_read(apr_pool_t *pool, crm_query_t *query, const char *name, const char *text,
                     crm_error_t **error)
{
    crm_filter_t filter;

    if (!find_filter(pool, query->entity, name, &filter)) {
        crm_error_add(pool, error, name, "Unknown filter.");
        return;
    }
    crm_field_t parameter = as_parameter(&filter, name);
    apr_array_header_t *items = split(pool, &filter, text);
    if (items->nelts && read_items(pool, &parameter, items, &filter, error)) {
        APR_ARRAY_PUSH(query->filters, crm_filter_t) = filter;
    }
}

const char *crm_query_item(apr_pool_t *pool, const char **list)
{
    while (**list) {
        apr_size_t size = strcspn(*list, ",");
        const char *item = crm_text_trim(pool, apr_pstrmemdup(pool, *list, size));
        *list += size + ((*list)[size] == ',');
        if (*item) {
            return item;
        }
    }
    return NULL;
}
