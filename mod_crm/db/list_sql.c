/* db/list_sql.c - the statements of lists, made from a description and a query. */

#include <apr_strings.h>

#include "db/list_where.h"

/* From this offset on, a page is found by its ids alone: what is skipped costs what an index
 * costs, not what rows cost. */
#define DEEP_OFFSET 1000

static const crm_field_t *id_field(const crm_entity_t *entity)
{
    return crm_field_find(entity->fields, entity->id);
}

/* ---- what is selected ---- */

static char type_letter(const crm_field_t *field)
{
    static const char letters[] = {
        [CRM_V_NULL] = 's',    [CRM_V_TEXT] = 's', [CRM_V_INTEGER] = 'i', [CRM_V_REAL] = 'f',
        [CRM_V_BOOLEAN] = 'b', [CRM_V_TIME] = 't', [CRM_V_UUID] = 'u',    [CRM_V_BYTES] = 'x',
    };

    if (field->type == CRM_T_LONGTEXT || field->type == CRM_T_JSON ||
        field->type == CRM_T_INTEGERS) {
        return 'l';
    }
    return letters[crm_type(field->type)->kind];
}

static void next_column(crm_list_builder_t *builder, const crm_field_t *field, const char *prefix)
{
    crm_list_add(builder, builder->types->nelts ? ", " : "");
    crm_list_add(builder, prefix);
    APR_ARRAY_PUSH(builder->types, char) = type_letter(field);
}

static void select_fields(crm_list_builder_t *builder, const crm_entity_t *entity,
                          const char *prefix)
{
    crm_list_add(builder, "SELECT ");
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column) {
            next_column(builder, field, prefix);
            crm_list_add_column(builder, field);
        }
    }
}

static void select_order_keys(crm_list_builder_t *builder, const crm_query_t *query)
{
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_field_t *field = APR_ARRAY_IDX(query->order, i, crm_order_t).field;
        if (field->flags & CRM_F_FOLDED) {
            next_column(builder, field, "");
            crm_list_add_key(builder, field);
        }
    }
}

static void from(crm_list_builder_t *builder, const crm_entity_t *entity)
{
    crm_list_add(builder, " FROM ");
    crm_list_add_name(builder, entity->table, "");
}

/* NULL comes before every value, on both databases. */
static void add_order(crm_list_builder_t *builder, const crm_query_t *query, const char *prefix)
{
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_order_t *order = &APR_ARRAY_IDX(query->order, i, crm_order_t);
        crm_list_add(builder, i ? ", " : " ORDER BY ");
        crm_list_add(builder, prefix);
        crm_list_add_key(builder, order->field);
        crm_list_add(builder, crm_list_is_descending(query, order) ? " DESC" : "");
    }
}

static void add_limit(crm_list_builder_t *builder, apr_int64_t limit, apr_int64_t offset)
{
    crm_list_add(builder, " LIMIT ");
    crm_list_add_value(builder, crm_int(limit));
    crm_list_add(builder, " OFFSET ");
    crm_list_add_value(builder, crm_int(offset));
}

/* ---- statements ---- */

static void build_deep_page(crm_list_builder_t *builder, const crm_query_t *query,
                            const crm_condition_t *condition, int limit, apr_int64_t offset)
{
    const crm_field_t *id = id_field(query->entity);

    select_fields(builder, query->entity, "r.");
    from(builder, query->entity);
    crm_list_add(builder, " r JOIN (SELECT ");
    crm_list_add_column(builder, id);
    crm_list_add(builder, " AS page_id");
    from(builder, query->entity);
    crm_list_add_conditions(builder, query, condition);
    add_order(builder, query, "");
    add_limit(builder, limit, offset);
    crm_list_add(builder, ") p ON p.page_id = r.");
    crm_list_add_column(builder, id);
    add_order(builder, query, "r.");
}

crm_list_sql_t crm_list_sql_page(apr_pool_t *pool, const crm_query_t *query,
                                 const crm_condition_t *condition, int limit)
{
    crm_list_builder_t builder = crm_list_start(pool);
    apr_int64_t offset = query->by_cursor ? 0 : (query->page - 1) * query->page_size;

    if (offset >= DEEP_OFFSET) {
        build_deep_page(&builder, query, condition, limit, offset);
        return crm_list_finish(&builder);
    }
    select_fields(&builder, query->entity, "");
    if (query->by_cursor) {
        select_order_keys(&builder, query);
    }
    from(&builder, query->entity);
    crm_list_add_conditions(&builder, query, condition);
    crm_list_add_cursor(&builder, query);
    add_order(&builder, query, "");
    add_limit(&builder, limit, offset);
    return crm_list_finish(&builder);
}

crm_list_sql_t crm_list_sql_count(apr_pool_t *pool, const crm_query_t *query,
                                  const crm_condition_t *condition, apr_int64_t limit)
{
    crm_list_builder_t builder = crm_list_start(pool);

    APR_ARRAY_PUSH(builder.types, char) = 'i';
    crm_list_add(&builder, limit ? "SELECT COUNT(*) FROM (SELECT 1 AS one" : "SELECT COUNT(*)");
    from(&builder, query->entity);
    crm_list_add_conditions(&builder, query, condition);
    if (limit) {
        crm_list_add(&builder, " LIMIT ");
        crm_list_add_value(&builder, crm_int(limit));
        crm_list_add(&builder, ") AS counted");
    }
    return crm_list_finish(&builder);
}

crm_list_sql_t crm_list_sql_one(apr_pool_t *pool, const crm_entity_t *entity, crm_value_t id,
                                const crm_condition_t *condition)
{
    crm_list_builder_t builder = crm_list_start(pool);

    select_fields(&builder, entity, "");
    from(&builder, entity);
    crm_list_next_condition(&builder);
    crm_list_add_column(&builder, id_field(entity));
    crm_list_add(&builder, " = ");
    crm_list_add_value(&builder, id);
    crm_list_add_condition(&builder, condition);
    return crm_list_finish(&builder);
}
