/* db/record.c - the statements that write records. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "db/record.h"
#include "db/since.h"

/* Rows of one INSERT: few different numbers, so that each statement stays prepared. */
static const int row_counts[] = {64, 16, 8, 4, 2, 1, 0};

#define UNIQUE "_unique"

/* SQL text and its values as they are put together. */
typedef struct builder_t {
    apr_pool_t *pool;
    apr_array_header_t *text; /* of const char * */
    apr_array_header_t *args; /* of crm_value_t */
    int needs;                /* version of the schema; 0: any */
    int keyless;              /* what is placed enters no unique key */
} builder_t;

static builder_t start(apr_array_header_t *statements)
{
    return (builder_t){
        .pool = statements->pool,
        .text = apr_array_make(statements->pool, 64, sizeof(const char *)),
        .args = apr_array_make(statements->pool, 32, sizeof(crm_value_t)),
    };
}

static void add(builder_t *builder, const char *text)
{
    APR_ARRAY_PUSH(builder->text, const char *) = text;
}

static void add_value(builder_t *builder, crm_value_t value)
{
    APR_ARRAY_PUSH(builder->args, crm_value_t) = value;
}

static void add_name(builder_t *builder, const char *name, const char *suffix)
{
    add(builder, "`");
    add(builder, name);
    add(builder, suffix);
    add(builder, "`");
}

static void need(builder_t *builder, int since)
{
    builder->needs = since > builder->needs ? since : builder->needs;
}

static void finish(apr_array_header_t *statements, builder_t *builder)
{
    add(builder, crm_since_needs(builder->pool, builder->needs));
    APR_ARRAY_PUSH(statements, crm_sql_t) = (crm_sql_t){
        .text = apr_array_pstrcat(builder->pool, builder->text, 0),
        .args = (const crm_value_t *)builder->args->elts,
        .nargs = builder->args->nelts,
    };
}

apr_array_header_t *crm_record_statements(apr_pool_t *pool)
{
    return apr_array_make(pool, 8, sizeof(crm_sql_t));
}

/* ---- values ---- */

static int is_id(const crm_entity_t *entity, const crm_field_t *field)
{
    return strcmp(field->name, entity->id) == 0;
}

/* A null says what it is not. */
static crm_value_t typed(const crm_field_t *field, crm_value_t value)
{
    return crm_is_null(value) ? crm_null_of(crm_type(field->type)->kind) : value;
}

static crm_value_t folded(apr_pool_t *pool, crm_value_t value)
{
    return value.kind == CRM_V_TEXT ? crm_text(crm_text_fold(pool, value.as.text))
                                    : crm_null_of(CRM_V_TEXT);
}

/* What no other record may have: blank is no value. */
static crm_value_t unique(crm_value_t key)
{
    return key.kind == CRM_V_TEXT && *key.as.text ? key : crm_null_of(CRM_V_TEXT);
}

static crm_value_t value_of(const crm_entity_t *entity, const crm_value_t *values, const char *name)
{
    return values[crm_entity_position(entity, name)];
}

/* ---- rows of records ---- */

/* The columns that hold a field: itself, its unique one, its folded twin. */
typedef void column_fn(builder_t *builder, const char *name, const char *suffix, crm_value_t value);

static void each_column(builder_t *builder, const crm_field_t *field, crm_value_t value,
                        column_fn *column)
{
    add(builder, crm_since_begin(builder->pool, field->since));
    column(builder, field->column, "", typed(field, value));
    if (field->flags & CRM_F_FOLDED) {
        crm_value_t key = folded(builder->pool, value);
        if (field->flags & CRM_F_UNIQUE) {
            column(builder, field->column, UNIQUE,
                   builder->keyless ? crm_null_of(CRM_V_TEXT) : unique(key));
        }
        column(builder, field->column, "_key", key);
    }
    add(builder, crm_since_end(field->since));
    if (field->since && !crm_since_is_absent(builder->pool, field, value)) {
        need(builder, field->since);
    }
}

static void name_column(builder_t *builder, const char *name, const char *suffix, crm_value_t value)
{
    (void)value;
    add_name(builder, name, suffix);
    add(builder, ", ");
}

static void place_column(builder_t *builder, const char *name, const char *suffix,
                         crm_value_t value)
{
    (void)name;
    (void)suffix;
    add(builder, "?, ");
    add_value(builder, value);
}

/* A double, which is not in the unique key, need not enter it while its value stays. MySQL sets
 * columns one after the other: the key is still the old one here. */
static void set_unique(builder_t *builder, const char *name, crm_value_t value)
{
    add_name(builder, name, UNIQUE);
    add(builder, " = CASE WHEN ");
    add_name(builder, name, "_key");
    add(builder, " = ? AND ");
    add_name(builder, name, UNIQUE);
    add(builder, " IS NULL THEN NULL ELSE ? END, ");
    add_value(builder, value);
    add_value(builder, value);
}

static void set_column(builder_t *builder, const char *name, const char *suffix, crm_value_t value)
{
    if (strcmp(suffix, UNIQUE) == 0) {
        set_unique(builder, name, value);
        return;
    }
    add_name(builder, name, suffix);
    add(builder, " = ?, ");
    add_value(builder, value);
}

static void each_field(builder_t *builder, const crm_entity_t *entity, const crm_value_t *values,
                       column_fn *column)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column) {
            each_column(builder, field, values ? values[field - entity->fields] : crm_null(),
                        column);
        }
    }
}

/* Adds INSERTs of COUNT rows, as many in one as fit; HEAD and ROW write one's names and values. */
typedef struct insert_t {
    const crm_entity_t *entity;
    const char *table;
    void (*head)(builder_t *builder, const struct insert_t *insert);
    void (*row)(builder_t *builder, const struct insert_t *insert, int row);
    const void *rows;
} insert_t;

static void insert_rows(apr_array_header_t *statements, const insert_t *insert, int count)
{
    const int *step = row_counts;

    for (int done = 0; done < count; done += *step) {
        while (*step > count - done) {
            step++;
        }
        builder_t builder = start(statements);
        need(&builder, insert->entity->since);
        add(&builder, "INSERT INTO ");
        add_name(&builder, insert->table, "");
        insert->head(&builder, insert);
        for (int i = 0; i < *step; i++) {
            add(&builder, i ? ", (" : " VALUES (");
            insert->row(&builder, insert, done + i);
            add(&builder, ")");
        }
        finish(statements, &builder);
    }
}

static void record_head(builder_t *builder, const insert_t *insert)
{
    add(builder, " (");
    each_field(builder, insert->entity, NULL, name_column);
    add(builder, "version)");
}

static void record_row(builder_t *builder, const insert_t *insert, int row)
{
    const crm_value_t *const *rows = insert->rows;

    each_field(builder, insert->entity, rows[row], place_column);
    add(builder, "1");
}

void crm_record_sql_insert(apr_array_header_t *statements, const crm_entity_t *entity,
                           const crm_value_t *const *rows, int count)
{
    const insert_t insert = {.entity = entity,
                             .table = entity->table,
                             .head = record_head,
                             .row = record_row,
                             .rows = rows};

    insert_rows(statements, &insert, count);
}

static void taken_head(builder_t *builder, const insert_t *insert)
{
    add(builder, " (");
    each_field(builder, insert->entity, NULL, name_column);
    add(builder, "version, deleted_at)");
}

static void taken_row(builder_t *builder, const insert_t *insert, int row)
{
    const crm_record_taken_t *taken = (const crm_record_taken_t *)insert->rows + row;

    builder->keyless = taken->deleted_at != 0 || taken->is_double;
    each_field(builder, insert->entity, taken->values, place_column);
    builder->keyless = 0;
    add(builder, "1, ?");
    add_value(builder, taken->deleted_at ? crm_time(taken->deleted_at) : crm_null_of(CRM_V_TIME));
}

void crm_record_sql_take(apr_array_header_t *statements, const crm_entity_t *entity,
                         const crm_record_taken_t *rows, int count)
{
    const insert_t insert = {.entity = entity,
                             .table = entity->table,
                             .head = taken_head,
                             .row = taken_row,
                             .rows = rows};

    insert_rows(statements, &insert, count);
}

/* What a record keeps from its first day on. */
static int is_fixed(const crm_entity_t *entity, const crm_field_t *field)
{
    return is_id(entity, field) || strcmp(field->name, "created_at") == 0 ||
           strcmp(field->name, "created_by") == 0;
}

static void add_version_condition(builder_t *builder, const crm_entity_t *entity,
                                  const crm_value_t *values, apr_int64_t version)
{
    add(builder, "version = version + 1 WHERE id = ? AND version = ?");
    add_value(builder, value_of(entity, values, entity->id));
    add_value(builder, crm_int(version));
}

void crm_record_sql_update(apr_array_header_t *statements, const crm_entity_t *entity,
                           const crm_value_t *values, apr_int64_t version)
{
    builder_t builder = start(statements);

    need(&builder, entity->since);
    add(&builder, "UPDATE ");
    add_name(&builder, entity->table, "");
    add(&builder, " SET ");
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column && !is_fixed(entity, field)) {
            each_column(&builder, field, values[field - entity->fields], set_column);
        }
    }
    add_version_condition(&builder, entity, values, version);
    add(&builder, " AND deleted_at IS NULL");
    finish(statements, &builder);
}

void crm_record_sql_delete(apr_array_header_t *statements, const crm_entity_t *entity,
                           const crm_value_t *values, apr_int64_t version, apr_time_t time)
{
    builder_t builder = start(statements);

    add(&builder, "UPDATE ");
    add_name(&builder, entity->table, "");
    add(&builder, " SET deleted_at = ?, updated_at = ?, ");
    add_value(&builder, time ? crm_time(time) : crm_null_of(CRM_V_TIME));
    add_value(&builder, value_of(entity, values, "updated_at"));
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if ((field->flags & CRM_F_UNIQUE) && field->column) {
            add(&builder, crm_since_begin(builder.pool, field->since));
            add_name(&builder, field->column, UNIQUE);
            add(&builder, time ? " = NULL, " : " = NULLIF(");
            if (!time) {
                add_name(&builder, field->column, "_key");
                add(&builder, ", ''), ");
            }
            add(&builder, crm_since_end(field->since));
        }
    }
    add_version_condition(&builder, entity, values, version);
    add(&builder, time ? " AND deleted_at IS NULL" : " AND deleted_at IS NOT NULL");
    finish(statements, &builder);
}

/* ---- the table of search ---- */

static int is_searched_reference(const crm_field_t *field)
{
    return field->reference && field->reference->searched && field->column;
}

/* The folded searchable fields, each in a line: no word goes over two of them. */
static crm_value_t search_text(apr_pool_t *pool, const crm_entity_t *entity,
                               const crm_value_t *values)
{
    apr_array_header_t *lines = apr_array_make(pool, 8, sizeof(const char *));

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        crm_value_t value = values[field - entity->fields];
        if ((field->flags & CRM_F_SEARCHABLE) && value.kind == CRM_V_TEXT && *value.as.text) {
            APR_ARRAY_PUSH(lines, const char *) = crm_text_fold(pool, value.as.text);
        }
    }
    return crm_text(apr_array_pstrcat(pool, lines, '\n'));
}

static void search_column(builder_t *builder, const crm_field_t *field, crm_value_t value,
                          column_fn *column)
{
    add(builder, crm_since_begin(builder->pool, field->since));
    column(builder, field->column, "", typed(field, value));
    add(builder, crm_since_end(field->since));
}

static void search_head(builder_t *builder, const insert_t *insert)
{
    add(builder, " (created_at, id, ");
    for (const crm_field_t *field = insert->entity->fields; field->name; field++) {
        if (is_searched_reference(field)) {
            search_column(builder, field, crm_null(), name_column);
        }
    }
    add(builder, "text)");
}

static void search_row(builder_t *builder, const insert_t *insert, int row)
{
    const crm_entity_t *entity = insert->entity;
    const crm_value_t *values = ((const crm_value_t *const *)insert->rows)[row];

    place_column(builder, NULL, NULL, value_of(entity, values, "created_at"));
    place_column(builder, NULL, NULL, value_of(entity, values, entity->id));
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (is_searched_reference(field)) {
            search_column(builder, field, values[field - entity->fields], place_column);
        }
    }
    add(builder, "?");
    add_value(builder, search_text(builder->pool, entity, values));
}

void crm_record_sql_search_insert(apr_array_header_t *statements, const crm_entity_t *entity,
                                  const crm_value_t *const *rows, int count)
{
    const insert_t insert = {.entity = entity,
                             .table = entity->search_table,
                             .head = search_head,
                             .row = search_row,
                             .rows = rows};

    if (entity->search_table) {
        insert_rows(statements, &insert, count);
    }
}

static void add_search_key(builder_t *builder, const crm_entity_t *entity,
                           const crm_value_t *values)
{
    add(builder, " WHERE created_at = ? AND id = ?");
    add_value(builder, value_of(entity, values, "created_at"));
    add_value(builder, value_of(entity, values, entity->id));
}

void crm_record_sql_search_update(apr_array_header_t *statements, const crm_entity_t *entity,
                                  const crm_value_t *values)
{
    builder_t builder = start(statements);

    if (!entity->search_table) {
        return;
    }
    add(&builder, "UPDATE ");
    add_name(&builder, entity->search_table, "");
    add(&builder, " SET ");
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (is_searched_reference(field)) {
            search_column(&builder, field, values[field - entity->fields], set_column);
        }
    }
    add(&builder, "text = ?");
    add_value(&builder, search_text(builder.pool, entity, values));
    add_search_key(&builder, entity, values);
    finish(statements, &builder);
}

void crm_record_sql_search_delete(apr_array_header_t *statements, const crm_entity_t *entity,
                                  const crm_value_t *values)
{
    builder_t builder = start(statements);

    if (!entity->search_table) {
        return;
    }
    add(&builder, "DELETE FROM ");
    add_name(&builder, entity->search_table, "");
    add_search_key(&builder, entity, values);
    finish(statements, &builder);
}

/* ---- what stands beside ---- */

void crm_record_sql_count(apr_array_header_t *statements, const crm_entity_t *entity,
                          apr_int64_t delta)
{
    builder_t builder = start(statements);

    add(&builder, "INSERT INTO record_count (entity, slot, records) VALUES (?, {slot}, ?) "
                  "{upsert entity, slot} records = records + {new records}");
    add_value(&builder, crm_text(entity->name));
    add_value(&builder, crm_int(delta));
    finish(statements, &builder);
}

static void log_head(builder_t *builder, const insert_t *insert)
{
    (void)insert;
    add(builder, " (id, entity, record_id, action, field_name, old_value, new_value, changes, "
                 "notes, changed_by, changed_by_username, changed_by_email, created_at)");
}

static crm_value_t text_or_null(const char *text)
{
    return text ? crm_text(text) : crm_null_of(CRM_V_TEXT);
}

static void log_row(builder_t *builder, const insert_t *insert, int row)
{
    const crm_change_t *change = (const crm_change_t *)insert->rows + row;
    const crm_value_t values[] = {
        crm_uuid(&change->id),
        crm_text(insert->entity->name),
        crm_uuid(change->record_id),
        crm_text(change->action),
        text_or_null(change->field_name),
        text_or_null(change->old_value),
        text_or_null(change->new_value),
        text_or_null(change->changes),
        text_or_null(change->notes),
        change->changed_by ? crm_int(change->changed_by) : crm_null_of(CRM_V_INTEGER),
        text_or_null(change->changed_by_username),
        text_or_null(change->changed_by_email),
    };

    for (apr_size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        place_column(builder, NULL, NULL, values[i]);
    }
    add(builder, "?");
    add_value(builder, crm_time(change->created_at));
}

void crm_record_sql_log(apr_array_header_t *statements, const crm_entity_t *entity,
                        const crm_change_t *changes, int count)
{
    const insert_t insert = {
        .entity = entity, .table = "change_log", .head = log_head, .row = log_row, .rows = changes};

    insert_rows(statements, &insert, count);
}
