/* db/list_tally.c - counting a list by the table that tallies its entity. */

#include <string.h>

#include "db/list_tally.h"
#include "db/list_where.h"

/* The column that FILTER's field is tallied by, or NULL. */
static const crm_tally_column_t *column_of(const crm_tally_t *tally, const crm_filter_t *filter)
{
    const crm_tally_column_t *column = tally->columns;

    while (column->field && strcmp(column->field, filter->field->name) != 0) {
        column++;
    }
    return column->field && (column->operators & filter->op) ? column : NULL;
}

static int is_counted(const crm_tally_column_t *column, const char *value)
{
    const char *const *known = column->values;

    while (known && *known && strcmp(*known, value) != 0) {
        known++;
    }
    return !known || *known;
}

static int is_told(const crm_tally_t *tally, const crm_filter_t *filter)
{
    const crm_tally_column_t *column = column_of(tally, filter);

    for (int i = 0; column && i < filter->nvalues; i++) {
        if (column->values && !is_counted(column, filter->values[i].as.text)) {
            return 0;
        }
    }
    return column != NULL;
}

int crm_list_is_tallied(const crm_query_t *query)
{
    const crm_tally_t *tally = query->entity->tally;

    for (int i = 0; tally && i < query->filters->nelts; i++) {
        if (!is_told(tally, &APR_ARRAY_IDX(query->filters, i, crm_filter_t))) {
            return 0;
        }
    }
    return tally && !query->words->nelts;
}

void crm_list_add_tally(crm_list_builder_t *builder, const crm_query_t *query,
                        const crm_condition_t *condition)
{
    const crm_tally_t *tally = query->entity->tally;
    int of_one = condition && condition->sql;

    crm_list_add(builder, "SELECT COALESCE(SUM(r.");
    crm_list_add_name(builder, tally->sum, "");
    crm_list_add(builder, "), 0) FROM ");
    crm_list_add_name(builder, tally->table, "");
    crm_list_add(builder, " r");
    crm_list_add_condition(builder, condition);
    for (int i = 0; i < query->filters->nelts; i++) {
        const crm_filter_t *filter = &APR_ARRAY_IDX(query->filters, i, crm_filter_t);
        const crm_tally_column_t *column = column_of(tally, filter);
        crm_list_add_tally_filter(builder, filter, column->column);
        of_one |= column->is_owner;
    }
    crm_list_next_condition(builder);
    crm_list_add(builder, of_one ? tally->of_one : tally->of_all);
}
