/* db/list_sql.c - the statements of lists, made from a description and a query. */

#include <apr_strings.h>

#include "db/list_tally.h"
#include "db/list_where.h"
#include "db/since.h"

/* From this offset on, a page is found by its ids alone. */
#define DEEP_OFFSET 1000

static const crm_field_t *id_field(const crm_entity_t *entity)
{
    return crm_field_find(entity->fields, entity->id);
}

/* ---- what is selected ---- */

static void next_column(crm_list_builder_t *builder, char letter)
{
    crm_list_add(builder, builder->types->nelts ? ", " : "");
    APR_ARRAY_PUSH(builder->types, char) = letter;
}

/* CELLS: as a query has them. SINCE: the version that ROW itself needs. */
static void select_column(crm_list_builder_t *builder, const char *row, const crm_field_t *field,
                          const char *cells, int since)
{
    int cell = builder->types->nelts;

    next_column(builder, crm_type(field->type)->letter);
    if (cells && !cells[cell]) {
        crm_list_add(builder, "NULL");
    } else {
        crm_list_add(builder, crm_since_begin(builder->pool, since));
        crm_list_add_column(builder, row, field);
        crm_list_add(builder, since ? "{else}NULL{end}" : "");
    }
}

/* The row of the record that FIELD shows: "d0" for the first field. */
static const char *details_row(const crm_list_builder_t *builder, const crm_entity_t *entity,
                               const crm_field_t *field)
{
    return apr_psprintf(builder->pool, "d%d", (int)(field - entity->fields));
}

/* The version that what FIELD shows of another record needs. */
static int details_since(const crm_entity_t *entity, const crm_field_t *field)
{
    int since = crm_entity_field(entity, field->details)->since;
    int table = crm_list_details(entity, field)->since;

    return since > table ? since : table;
}

static void select_details(crm_list_builder_t *builder, const crm_entity_t *entity,
                           const crm_field_t *field, const char *cells)
{
    const char *row = details_row(builder, entity, field);
    int since = details_since(entity, field);

    for (const crm_field_t *shown = crm_list_details(entity, field)->fields; shown->name; shown++) {
        if (crm_list_is_detail(shown)) {
            select_column(builder, row, shown, cells, since);
        }
    }
}

static void select_fields(crm_list_builder_t *builder, const crm_entity_t *entity,
                          const char *cells)
{
    crm_list_add(builder, crm_since_needs(builder->pool, entity->since));
    crm_list_add(builder, "SELECT ");
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (crm_field_has_cell(field)) {
            select_column(builder, "r", field, cells, 0);
        } else if (crm_list_details(entity, field)) {
            select_details(builder, entity, field, cells);
        }
    }
    if (entity->path) {
        next_column(builder, 'i');
        crm_list_add(builder, "r.version");
    }
}

static void select_order_keys(crm_list_builder_t *builder, const crm_query_t *query)
{
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_field_t *field = APR_ARRAY_IDX(query->order, i, crm_order_t).field;
        if (field->flags & CRM_F_FOLDED) {
            next_column(builder, crm_type(field->type)->letter);
            crm_list_add_key(builder, "r", field);
        }
    }
}

/* ---- where it comes from ---- */

static void add_table(crm_list_builder_t *builder, const char *table, const char *row)
{
    crm_list_add_name(builder, table, "");
    crm_list_add(builder, " ");
    crm_list_add(builder, row);
}

static void from(crm_list_builder_t *builder, const crm_entity_t *entity)
{
    crm_list_add(builder, " FROM ");
    add_table(builder, entity->table, "r");
}

/* The records, and the table of search where there are words. */
static void add_found(crm_list_builder_t *builder, const crm_query_t *query,
                      const crm_condition_t *condition)
{
    const crm_entity_t *entity = query->entity;

    if (crm_list_searches(query)) {
        add_table(builder, entity->search_table, "s");
        crm_list_add(builder,
                     crm_list_searches_first(query, condition) ? " {then join} " : " JOIN ");
    }
    add_table(builder, entity->table, "r");
    if (crm_list_searches(query)) {
        crm_list_add(builder, " ON r.id = s.id AND r.created_at = s.created_at");
    }
}

/* The records that fields show, where they are still there. */
static void join_details(crm_list_builder_t *builder, const crm_entity_t *entity)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        const crm_entity_t *details = crm_list_details(entity, field);
        if (details) {
            const char *row = details_row(builder, entity, field);
            crm_list_add(builder, crm_since_begin(builder->pool, details_since(entity, field)));
            crm_list_add(builder, " LEFT JOIN ");
            add_table(builder, details->table, row);
            crm_list_add(builder, " ON ");
            crm_list_add_column(builder, row, id_field(details));
            crm_list_add(builder, " = ");
            crm_list_add_column(builder, "r", crm_entity_field(entity, field->details));
            crm_list_add(builder,
                         apr_pstrcat(builder->pool, " AND ", row, ".deleted_at IS NULL", NULL));
            crm_list_add(builder, crm_since_end(details_since(entity, field)));
        }
    }
}

/* NULL comes before every value, on both databases. ROW NULL: as the conditions have them. */
static void add_order(crm_list_builder_t *builder, const crm_query_t *query, const char *row)
{
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_order_t *order = &APR_ARRAY_IDX(query->order, i, crm_order_t);
        crm_list_add(builder, i ? ", " : " ORDER BY ");
        crm_list_add_key(builder, row ? row : crm_list_row_of(query, order->field), order->field);
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

/* 1 when all that QUERY's conditions and order look at is in the table of search. */
static int is_found_by_search(const crm_query_t *query, const crm_condition_t *condition)
{
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_field_t *field = APR_ARRAY_IDX(query->order, i, crm_order_t).field;
        if (*crm_list_row_of(query, field) != 's') {
            return 0;
        }
    }
    return !crm_list_joins(query, condition);
}

/* What is passed over, and what is sorted, is ids alone, where possible from an index. */
static void build_by_id(crm_list_builder_t *builder, const crm_query_t *query,
                        const crm_condition_t *condition, int limit, apr_int64_t offset)
{
    const crm_field_t *id = id_field(query->entity);
    int search_only = is_found_by_search(query, condition);

    crm_list_add(builder, "{index only}");
    select_fields(builder, query->entity, query->cells);
    if (query->by_cursor) {
        select_order_keys(builder, query);
    }
    crm_list_add(builder, " FROM (SELECT ");
    crm_list_add_column(builder, search_only ? "s" : "r", id);
    crm_list_add(builder, " AS page_id FROM ");
    if (search_only) {
        add_table(builder, query->entity->search_table, "s");
    } else {
        add_found(builder, query, condition);
    }
    crm_list_add_conditions(builder, query, condition);
    crm_list_add_cursor(builder, query);
    add_order(builder, query, NULL);
    add_limit(builder, limit, offset);
    crm_list_add(builder, ") p JOIN ");
    add_table(builder, query->entity->table, "r");
    crm_list_add(builder, " ON r.");
    crm_list_add_name(builder, id->column, "");
    crm_list_add(builder, " = p.page_id");
    join_details(builder, query->entity);
    add_order(builder, query, "r");
}

/* Behind a cursor, and with a filter that says more or less, the database shall begin in the middle
 * of an index; MariaDB does so only where it needs no more than the index. And the fewer bytes are
 * sorted, the better. */
static int is_by_id(const crm_query_t *query, apr_int64_t offset)
{
    const crm_order_t *first = &APR_ARRAY_IDX(query->order, 0, crm_order_t);

    return query->cursor || offset >= DEEP_OFFSET || crm_list_has_range(query) ||
           (crm_list_searches(query) && *crm_list_row_of(query, first->field) != 's');
}

crm_list_sql_t crm_list_sql_page(apr_pool_t *pool, const crm_query_t *query,
                                 const crm_condition_t *condition, int limit)
{
    crm_list_builder_t builder = crm_list_start(pool);
    apr_int64_t offset = query->by_cursor ? 0 : (query->page - 1) * query->page_size;

    if (is_by_id(query, offset)) {
        build_by_id(&builder, query, condition, limit, offset);
        return crm_list_finish(&builder);
    }
    select_fields(&builder, query->entity, query->cells);
    if (query->by_cursor) {
        select_order_keys(&builder, query);
    }
    crm_list_add(&builder, " FROM ");
    add_found(&builder, query, condition);
    join_details(&builder, query->entity);
    crm_list_add_conditions(&builder, query, condition);
    add_order(&builder, query, NULL);
    add_limit(&builder, limit, offset);
    return crm_list_finish(&builder);
}

static void from_counted(crm_list_builder_t *builder, const crm_query_t *query,
                         const crm_condition_t *condition)
{
    crm_list_add(builder, " FROM ");
    if (crm_list_joins(query, condition)) {
        add_found(builder, query, condition);
    } else {
        add_table(builder, query->entity->search_table, "s");
    }
}

/* All records that are there, whose number is kept (db/record.h), but for those that CONDITION
 * leaves out. */
static void build_kept_count(crm_list_builder_t *builder, const crm_query_t *query,
                             const crm_condition_t *condition)
{
    crm_list_add(builder, "SELECT COALESCE(SUM(records), 0)");
    if (condition && condition->sql) {
        crm_condition_t left_out = *condition;
        left_out.without = 0;
        crm_list_add(builder, " - (SELECT COUNT(*)");
        from(builder, query->entity);
        crm_list_add_conditions(builder, query, &left_out);
        crm_list_add(builder, ")");
    }
    crm_list_add(builder, " FROM record_count WHERE entity = ");
    crm_list_add_value(builder, crm_text(query->entity->name));
}

crm_list_sql_t crm_list_sql_count(apr_pool_t *pool, const crm_query_t *query,
                                  const crm_condition_t *condition, apr_int64_t limit)
{
    crm_list_builder_t builder = crm_list_start(pool);
    int is_all = !query->filters->nelts && !query->words->nelts &&
                 (!condition || !condition->sql || condition->without);

    APR_ARRAY_PUSH(builder.types, char) = 'i';
    if (is_all && query->entity->path) {
        build_kept_count(&builder, query, condition);
        return crm_list_finish(&builder);
    }
    if (crm_list_is_tallied(query)) {
        crm_list_add_tally(&builder, query, condition);
        return crm_list_finish(&builder);
    }
    crm_list_add(&builder, "{index only}");
    crm_list_add(&builder, limit ? "SELECT COUNT(*) FROM (SELECT 1 AS one" : "SELECT COUNT(*)");
    from_counted(&builder, query, condition);
    crm_list_add_conditions(&builder, query, condition);
    if (limit) {
        crm_list_add(&builder, " LIMIT ");
        crm_list_add_value(&builder, crm_int(limit));
        crm_list_add(&builder, ") AS counted");
    }
    return crm_list_finish(&builder);
}

crm_list_sql_t crm_list_sql_all(apr_pool_t *pool, const crm_entity_t *entity,
                                const crm_condition_t *condition)
{
    crm_list_builder_t builder = crm_list_start(pool);

    select_fields(&builder, entity, NULL);
    from(&builder, entity);
    join_details(&builder, entity);
    crm_list_add_condition(&builder, condition);
    crm_list_add(&builder, " ORDER BY r.created_at DESC, r.id DESC");
    return crm_list_finish(&builder);
}

crm_list_sql_t crm_list_sql_one(apr_pool_t *pool, const crm_entity_t *entity, crm_value_t id,
                                const crm_condition_t *condition)
{
    crm_list_builder_t builder = crm_list_start(pool);

    select_fields(&builder, entity, NULL);
    from(&builder, entity);
    join_details(&builder, entity);
    crm_list_next_condition(&builder);
    crm_list_add_column(&builder, "r", id_field(entity));
    crm_list_add(&builder, " = ");
    crm_list_add_value(&builder, id);
    if (entity->path) {
        crm_list_add(&builder, " AND r.deleted_at IS NULL");
    }
    crm_list_add_condition(&builder, condition);
    return crm_list_finish(&builder);
}
