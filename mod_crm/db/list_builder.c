/* db/list_builder.c - SQL text and its values, put together piece by piece. */

#include <string.h>

#include "db/list_builder.h"
#include "db/since.h"

crm_list_builder_t crm_list_start(apr_pool_t *pool)
{
    return (crm_list_builder_t){
        .pool = pool,
        .text = apr_array_make(pool, 512, 1),
        .types = apr_array_make(pool, 32, 1),
        .args = apr_array_make(pool, 16, sizeof(crm_value_t)),
    };
}

crm_list_sql_t crm_list_finish(crm_list_builder_t *builder)
{
    APR_ARRAY_PUSH(builder->text, char) = '\0';
    APR_ARRAY_PUSH(builder->types, char) = '\0';
    return (crm_list_sql_t){
        .text = builder->text->elts,
        .types = builder->types->elts,
        .args = (const crm_value_t *)builder->args->elts,
        .nargs = builder->args->nelts,
    };
}

void crm_list_add(crm_list_builder_t *builder, const char *text)
{
    for (; *text; text++) {
        APR_ARRAY_PUSH(builder->text, char) = *text;
    }
}

void crm_list_add_value(crm_list_builder_t *builder, crm_value_t value)
{
    crm_list_add(builder, "?");
    APR_ARRAY_PUSH(builder->args, crm_value_t) = value;
}

void crm_list_add_name(crm_list_builder_t *builder, const char *name, const char *suffix)
{
    crm_list_add(builder, "`");
    crm_list_add(builder, name);
    crm_list_add(builder, suffix);
    crm_list_add(builder, "`");
}

static void add_row(crm_list_builder_t *builder, const char *row)
{
    crm_list_add(builder, row);
    crm_list_add(builder, ".");
}

void crm_list_add_column(crm_list_builder_t *builder, const char *row, const crm_field_t *field)
{
    crm_list_add(builder, crm_since_begin(builder->pool, field->since));
    if (field->expression) {
        crm_list_add(builder, field->expression);
    } else {
        add_row(builder, row);
        crm_list_add_name(builder, field->column, "");
    }
    crm_list_add(builder, crm_since_else(builder->pool, field, 0));
}

void crm_list_add_key(crm_list_builder_t *builder, const char *row, const crm_field_t *field)
{
    int folded = (field->flags & CRM_F_FOLDED) != 0;

    crm_list_add(builder, crm_since_begin(builder->pool, field->since));
    add_row(builder, row);
    crm_list_add_name(builder, field->column, folded ? "_key" : "");
    crm_list_add(builder, crm_since_else(builder->pool, field, folded));
}

int crm_list_searches(const crm_query_t *query)
{
    return query->words->nelts > 0 && query->entity->search_table;
}

const char *crm_list_row_of(const crm_query_t *query, const crm_field_t *field)
{
    int is_there = strcmp(field->name, "created_at") == 0 || strcmp(field->name, "id") == 0;

    return is_there && crm_list_searches(query) ? "s" : "r";
}

void crm_list_next_condition(crm_list_builder_t *builder)
{
    crm_list_add(builder, builder->conditions++ ? " AND " : " WHERE ");
}
