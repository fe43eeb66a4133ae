/* db/list_where.c - the conditions of a list: the caller's own, filters, search words, cursor. */

#include "base/text.h"
#include "db/list_where.h"
#include "db/since.h"

#define MAX_PLACES 100 /* of an IN, as many as model/query.c takes values */

void crm_list_add_condition(crm_list_builder_t *builder, const crm_condition_t *condition)
{
    if (!condition || !condition->sql) {
        return;
    }
    crm_list_next_condition(builder);
    crm_list_add(builder, condition->without ? "NOT (" : "(");
    crm_list_add(builder, condition->sql);
    crm_list_add(builder, ")");
    for (int i = 0; i < condition->nargs; i++) {
        APR_ARRAY_PUSH(builder->args, crm_value_t) = condition->args[i];
    }
}

/* Places are rounded up to a power of two (the last value stands in all that are left over), so
 * that a handful of statements serves every length. */
static void add_in(crm_list_builder_t *builder, const crm_filter_t *filter)
{
    int places = 1;

    while (places < filter->nvalues) {
        places = places * 2 < MAX_PLACES ? places * 2 : MAX_PLACES;
    }
    crm_list_add(builder, " IN (");
    for (int i = 0; i < places; i++) {
        crm_list_add(builder, i ? ", " : "");
        crm_list_add_value(builder, filter->values[i < filter->nvalues ? i : filter->nvalues - 1]);
    }
    crm_list_add(builder, ")");
}

/* Folded text by LIKE, which is exact on it; other text as it is, which LIKE is not on SQLite. */
static void add_contains(crm_list_builder_t *builder, const crm_filter_t *filter)
{
    const char *text = filter->values[0].as.text;

    if (filter->field->flags & CRM_F_FOLDED) {
        crm_list_add_key(builder, "r", filter->field);
        crm_list_add(builder, " LIKE ");
        crm_list_add_value(builder, crm_text(crm_text_like(builder->pool, text)));
        crm_list_add(builder, " ESCAPE '|'");
    } else {
        crm_list_add(builder, "INSTR(");
        crm_list_add_key(builder, "r", filter->field);
        crm_list_add(builder, ", ");
        crm_list_add_value(builder, filter->values[0]);
        crm_list_add(builder, ") > 0");
    }
}

static const char *comparison(unsigned op)
{
    switch (op) {
    case CRM_OP_GTE:
        return " >= ";
    case CRM_OP_LTE:
        return " <= ";
    case CRM_OP_GT:
        return " > ";
    case CRM_OP_LT:
        return " < ";
    default:
        return " = ";
    }
}

/* What a column is compared with. */
static void add_comparison(crm_list_builder_t *builder, const crm_filter_t *filter)
{
    if (filter->op == CRM_OP_IN) {
        add_in(builder, filter);
    } else if (filter->op == CRM_OP_ISNULL) {
        crm_list_add(builder, filter->values[0].as.integer ? " IS NULL" : " IS NOT NULL");
    } else {
        crm_list_add(builder, comparison(filter->op));
        crm_list_add_value(builder, filter->values[0]);
    }
}

static void add_filter(crm_list_builder_t *builder, const crm_query_t *query,
                       const crm_filter_t *filter)
{
    crm_list_next_condition(builder);
    if (filter->op == CRM_OP_CONTAINS) {
        add_contains(builder, filter);
        return;
    }
    crm_list_add_key(builder, crm_list_row_of(query, filter->field), filter->field);
    add_comparison(builder, filter);
}

void crm_list_add_tally_filter(crm_list_builder_t *builder, const crm_filter_t *filter,
                               const char *column)
{
    crm_list_next_condition(builder);
    crm_list_add(builder, "r.");
    crm_list_add_name(builder, column, "");
    add_comparison(builder, filter);
}

static int is_searchable(const crm_field_t *field)
{
    return field->column && (field->flags & CRM_F_SEARCHABLE) &&
           crm_type(field->type)->kind == CRM_V_TEXT;
}

/* FIELD of ROW has a word like PATTERN. Words are folded; text that has no folded twin is at least
 * searched without regard to case. */
static void add_match(crm_list_builder_t *builder, const char *row, const crm_field_t *field,
                      crm_value_t pattern)
{
    int folded = (field->flags & CRM_F_FOLDED) != 0;

    crm_list_add(builder, folded ? "" : "LOWER(");
    crm_list_add_key(builder, row, field);
    crm_list_add(builder, folded ? " LIKE " : ") LIKE ");
    crm_list_add_value(builder, pattern);
    crm_list_add(builder, " ESCAPE '|'");
}

/* The text of ROW of a table of search has WORD: bytes in bytes, which INSTR finds faster than
 * LIKE.
 */
static void add_word_in(crm_list_builder_t *builder, const char *row, const char *word)
{
    crm_list_add(builder, "INSTR(");
    crm_list_add(builder, row);
    crm_list_add(builder, ".text, ");
    crm_list_add_value(builder, crm_text(word));
    crm_list_add(builder, ") > 0");
}

static int add_own_matches(crm_list_builder_t *builder, const crm_query_t *query, const char *word,
                           crm_value_t pattern)
{
    int fields = 0;

    if (crm_list_searches(query)) {
        add_word_in(builder, "s", word);
        return 1;
    }
    for (const crm_field_t *field = query->entity->fields; field->name; field++) {
        if (is_searchable(field)) {
            crm_list_add(builder, fields++ ? " OR " : "");
            add_match(builder, "r", field, pattern);
        }
    }
    return fields;
}

/* 1 when the table of search of what REFERENCE refers to has all that is searched of it. */
static int is_in_search(const crm_reference_t *reference)
{
    const char *const *name = reference->searched;

    while (*name && is_searchable(crm_entity_field(reference->entity, *name))) {
        name++;
    }
    return reference->entity->search_table && !*name;
}

/* Records that a reference leads to, which is in the table of search. Those that have the word
 * somewhere are found by their own table of search. */
static void add_referred_matches(crm_list_builder_t *builder, const crm_field_t *field,
                                 const char *word, crm_value_t pattern)
{
    const crm_entity_t *entity = field->reference->entity;
    int by_search = is_in_search(field->reference);
    int since = field->since > entity->since ? field->since : entity->since;

    crm_list_add(builder, crm_since_begin(builder->pool, since));
    crm_list_add(builder, " OR s.");
    crm_list_add_name(builder, field->column, "");
    crm_list_add(builder, " IN (SELECT f.id FROM ");
    if (by_search) {
        crm_list_add_name(builder, entity->search_table, "");
        crm_list_add(builder, " g {then join} ");
    }
    crm_list_add_name(builder, entity->table, "");
    crm_list_add(builder, " f");
    if (by_search) {
        crm_list_add(builder, " ON f.id = g.id WHERE ");
        add_word_in(builder, "g", word);
        crm_list_add(builder, " AND (");
    } else {
        crm_list_add(builder, " WHERE f.deleted_at IS NULL AND (");
    }
    for (const char *const *name = field->reference->searched; *name; name++) {
        crm_list_add(builder, name == field->reference->searched ? "" : " OR ");
        add_match(builder, "f", crm_entity_field(entity, *name), pattern);
    }
    crm_list_add(builder, "))");
    crm_list_add(builder, crm_since_end(since));
}

static void add_word(crm_list_builder_t *builder, const crm_query_t *query, const char *word)
{
    crm_value_t pattern = crm_text(crm_text_like(builder->pool, word));

    crm_list_next_condition(builder);
    crm_list_add(builder, "(");
    if (!add_own_matches(builder, query, word, pattern)) {
        crm_list_add(builder, "0 = 1");
    }
    for (const crm_field_t *field = query->entity->fields; field->name; field++) {
        if (field->reference && field->reference->searched && crm_list_searches(query)) {
            add_referred_matches(builder, field, word, pattern);
        }
    }
    crm_list_add(builder, ")");
}

/* Deleted records are not there; the table of search has none of them. */
static void add_living(crm_list_builder_t *builder, const crm_query_t *query, int joined)
{
    if (query->entity->path && joined) {
        crm_list_next_condition(builder);
        crm_list_add(builder, "r.deleted_at IS NULL");
    }
}

void crm_list_add_conditions(crm_list_builder_t *builder, const crm_query_t *query,
                             const crm_condition_t *condition)
{
    add_living(builder, query, crm_list_joins(query, condition));
    crm_list_add_condition(builder, condition);
    for (int i = 0; i < query->filters->nelts; i++) {
        add_filter(builder, query, &APR_ARRAY_IDX(query->filters, i, crm_filter_t));
    }
    for (int i = 0; i < query->words->nelts; i++) {
        add_word(builder, query, APR_ARRAY_IDX(query->words, i, const char *));
    }
}

int crm_list_joins(const crm_query_t *query, const crm_condition_t *condition)
{
    return !crm_list_searches(query) || query->filters->nelts || (condition && condition->sql);
}

/* A filter that few records pass may be quicker than the search for a word. */
static int may_be_few(const crm_filter_t *filter)
{
    crm_type_e type = filter->field->type;

    return (filter->op == CRM_OP_EQ || filter->op == CRM_OP_IN) && type != CRM_T_CHOICE &&
           type != CRM_T_BOOLEAN;
}

int crm_list_searches_first(const crm_query_t *query, const crm_condition_t *condition)
{
    for (int i = 0; i < query->filters->nelts; i++) {
        if (may_be_few(&APR_ARRAY_IDX(query->filters, i, crm_filter_t))) {
            return 0;
        }
    }
    return !(condition && condition->sql);
}

int crm_list_has_range(const crm_query_t *query)
{
    const unsigned ranges = CRM_OP_GTE | CRM_OP_LTE | CRM_OP_GT | CRM_OP_LT;

    for (int i = 0; i < query->filters->nelts; i++) {
        if (APR_ARRAY_IDX(query->filters, i, crm_filter_t).op & ranges) {
            return 1;
        }
    }
    return 0;
}

/* ---- cursor; NULL comes before every value, on both databases ---- */

int crm_list_is_descending(const crm_query_t *query, const crm_order_t *order)
{
    return !order->descending != !query->backward;
}

static void add_same(crm_list_builder_t *builder, const char *row, const crm_field_t *field,
                     crm_value_t value)
{
    crm_list_add_key(builder, row, field);
    if (crm_is_null(value)) {
        crm_list_add(builder, " IS NULL");
    } else {
        crm_list_add(builder, " = ");
        crm_list_add_value(builder, value);
    }
}

/* The field of order entry LEVEL is behind the cursor's value, or (OR_SAME) level with it. */
static void add_behind(crm_list_builder_t *builder, const crm_query_t *query, int level,
                       int or_same)
{
    const crm_order_t *order = &APR_ARRAY_IDX(query->order, level, crm_order_t);
    const crm_field_t *field = order->field;
    const char *row = crm_list_row_of(query, field);
    crm_value_t value = query->cursor[level];
    int descending = crm_list_is_descending(query, order);
    int with_null = descending && (field->flags & CRM_F_NULL);

    if (crm_is_null(value)) {
        crm_list_add_key(builder, row, field);
        crm_list_add(builder, descending ? " IS NULL" : " IS NOT NULL");
        return;
    }
    crm_list_add(builder, with_null ? "(" : "");
    crm_list_add_key(builder, row, field);
    crm_list_add(builder, comparison(descending ? (or_same ? CRM_OP_LTE : CRM_OP_LT)
                                                : (or_same ? CRM_OP_GTE : CRM_OP_GT)));
    crm_list_add_value(builder, value);
    if (with_null) {
        crm_list_add(builder, " OR ");
        crm_list_add_key(builder, row, field);
        crm_list_add(builder, " IS NULL)");
    }
}

/* Rows that are level with the cursor in the first I order entries and behind it in the next. */
static void add_term(crm_list_builder_t *builder, const crm_query_t *query, int i)
{
    crm_list_add(builder, "(");
    for (int level = 0; level <= i; level++) {
        const crm_order_t *order = &APR_ARRAY_IDX(query->order, level, crm_order_t);
        crm_list_add(builder, level ? " AND " : "");
        if (level < i) {
            add_same(builder, crm_list_row_of(query, order->field), order->field,
                     query->cursor[level]);
        } else {
            add_behind(builder, query, level, 0);
        }
    }
    crm_list_add(builder, ")");
}

/* Behind the cursor: in the first order entry, or level in it and behind in the second, and so on.
 * The first entry's bound is said once more in front, because from an OR alone SQLite does not see
 * where in the index to begin. */
void crm_list_add_cursor(crm_list_builder_t *builder, const crm_query_t *query)
{
    const crm_order_t *first = &APR_ARRAY_IDX(query->order, 0, crm_order_t);
    int terms = 0;

    if (!query->cursor) {
        return;
    }
    if (!crm_is_null(query->cursor[0]) || crm_list_is_descending(query, first)) {
        crm_list_next_condition(builder);
        add_behind(builder, query, 0, 1);
    }
    crm_list_next_condition(builder);
    crm_list_add(builder, "(");
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_order_t *order = &APR_ARRAY_IDX(query->order, i, crm_order_t);
        /* nothing comes behind the NULLs of a descending order */
        if (!crm_is_null(query->cursor[i]) || !crm_list_is_descending(query, order)) {
            crm_list_add(builder, terms++ ? " OR " : "");
            add_term(builder, query, i);
        }
    }
    crm_list_add(builder, ")");
}
