/* service/adopt_record.c - records are taken over: ids, times and values as they were.
 *
 * What an API call would refuse is taken all the same, and said: a missing or doubled address, a
 * reference that leads nowhere. Only what has no record to belong to, or an id that is taken, is
 * left out. is_active = 0 is the old product's deletion.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/text.h"
#include "db/record.h"
#include "model/types.h"
#include "service/adopt_part.h"

/* Longest statement, in bytes of values: see service/bulk_insert.c. */
#define BYTES_MAX ((apr_size_t)1 << 20)

typedef struct taking_t {
    crm_adopt_chunk_t *chunk;
    int row;
    crm_value_t *values;   /* one a field; of each text its own copy */
    crm_uuid_t *uuids;     /* one a field */
    apr_time_t deleted_at; /* 0: it is there */
    int is_double;
    const char *reason; /* why it is left out; NULL: it is not */
} taking_t;

static const crm_entity_t *entity_of(const crm_adopt_chunk_t *chunk)
{
    return chunk->part->record->entity;
}

static void set(taking_t *taking, const crm_field_t *field, crm_value_t value)
{
    taking->values[field - entity_of(taking->chunk)->fields] = value;
}

static crm_value_t get(const taking_t *taking, const char *name)
{
    const crm_entity_t *entity = entity_of(taking->chunk);
    return taking->values[crm_entity_position(entity, name)];
}

/* ---- one cell */

static void take_uuid(taking_t *taking, const crm_field_t *field, const char *column,
                      const char *kind, const char *text)
{
    crm_uuid_t *uuid = &taking->uuids[field - entity_of(taking->chunk)->fields];
    int derived;
    *uuid = crm_adopt_uuid(kind, text, &derived);
    set(taking, field, crm_uuid(uuid));
    if (derived && !field->reference) {
        crm_adopt_note(taking->chunk, taking->row, "the id is no UUID: one was made of it", column);
    }
}

/* A text that came as JSON is what the JSON holds. */
static const char *plain_text(taking_t *taking, const char *column, const char *text)
{
    const crm_source_table_t *table = taking->chunk->rows.table;
    json_t *json;
    if (!table->columns[crm_source_column(table, column)].is_json ||
        crm_json_parse(taking->chunk->pool, text, strlen(text), &json)) {
        return text;
    }
    if (json_is_null(json)) {
        return "";
    }
    return json_is_string(json) ? json_string_value(json)
                                : crm_json_text(taking->chunk->pool, json, NULL);
}

static void take_text(taking_t *taking, const crm_field_t *field, const char *column,
                      const char *text)
{
    apr_pool_t *pool = taking->chunk->pool;
    int most = field->max_length ? field->max_length : crm_type(field->type)->default_max;
    int cut;
    text = crm_adopt_fit(pool, plain_text(taking, column, text), most, &cut);
    if ((field->flags & CRM_F_FOLDED) && strlen(text) > CRM_KEY_LENGTH / 18 &&
        crm_text_length(crm_text_fold(pool, text)) > CRM_KEY_LENGTH) {
        text = crm_adopt_fit(pool, text, CRM_KEY_LENGTH / 18, &cut);
    }
    if (cut) {
        crm_adopt_note(taking->chunk, taking->row, "too long: cut", column);
    }
    set(taking, field, crm_text(text));
}

static const char *choice_of(const crm_field_t *field, const crm_adopt_column_t *as,
                             const char *key)
{
    for (const crm_choice_t *choice = field->choices; choice->value; choice++) {
        if (strcmp(choice->value, key) == 0) {
            return choice->value;
        }
    }
    for (const crm_adopt_value_t *value = as->values; value && value->from; value++) {
        if (strcmp(value->from, key) == 0) {
            return value->to;
        }
    }
    return NULL;
}

/* "Follow-Up " is follow_up. */
static void take_choice(taking_t *taking, const crm_field_t *field, const crm_adopt_column_t *as,
                        const char *text)
{
    apr_pool_t *pool = taking->chunk->pool;
    char *key = apr_pstrdup(pool, crm_text_fold(pool, crm_text_trim(pool, text)));
    for (char *at = key; *at; at++) {
        *at = *at == ' ' || *at == '-' ? '_' : *at;
    }
    const char *value = choice_of(field, as, key);
    if (*key && (!value || strcmp(value, text) != 0)) {
        crm_adopt_note(taking->chunk, taking->row,
                       value ? "a value that has another name" : "a value that there is no more",
                       as->from);
    }
    value = value ? value : as->otherwise;
    set(taking, field, value ? crm_text(value) : crm_null());
}

static crm_error_t *take_number(taking_t *taking, const crm_field_t *field, const char *column,
                                const char *text)
{
    const crm_adopt_person_t *person;
    if (strcmp(field->name, "created_by") != 0) {
        set(taking, field, crm_int(apr_atoi64(text)));
        return NULL;
    }
    CRM_ERR(crm_adopt_person(taking->chunk->place, text, &person));
    if (person) {
        set(taking, field, crm_int(person->id));
    } else {
        crm_adopt_note(taking->chunk, taking->row, "its author is not there", column);
    }
    return NULL;
}

static crm_error_t *take_cell(taking_t *taking, const crm_adopt_column_t *as)
{
    const crm_field_t *field = crm_field_find(entity_of(taking->chunk)->fields, as->to);
    const char *text = crm_adopt_text(taking->chunk, taking->row, as->from);
    apr_time_t time;
    if (!field || !text) {
        return NULL;
    }
    switch (field->type) {
    case CRM_T_UUID:
    case CRM_T_REFERENCE:
        if (*text) {
            take_uuid(taking, field, as->from,
                      field->reference ? field->reference->entity->name
                                       : entity_of(taking->chunk)->name,
                      text);
        }
        return NULL;
    case CRM_T_TIME:
        if (crm_adopt_time(taking->chunk, taking->row, as->from, &time)) {
            set(taking, field, crm_time(time));
        } else {
            crm_adopt_note(taking->chunk, taking->row, "no time", as->from);
        }
        return NULL;
    case CRM_T_BOOLEAN:
        set(taking, field, crm_bool(crm_adopt_flag(taking->chunk, taking->row, as->from)));
        return NULL;
    case CRM_T_INTEGER:
        return take_number(taking, field, as->from, text);
    case CRM_T_CHOICE:
        take_choice(taking, field, as, text);
        return NULL;
    default:
        take_text(taking, field, as->from, text);
        return NULL;
    }
}

/* ---- one row */

/* Times that are missing: that of the other one, or the tenant's. */
static void settle_times(taking_t *taking)
{
    const crm_entity_t *entity = entity_of(taking->chunk);
    const crm_field_t *created = crm_entity_field(entity, "created_at");
    const crm_field_t *updated = crm_entity_field(entity, "updated_at");
    if (crm_is_null(get(taking, "created_at"))) {
        crm_value_t other = get(taking, "updated_at");
        set(taking, created, crm_is_null(other) ? crm_time(taking->chunk->place->fallback) : other);
        crm_adopt_note(taking->chunk, taking->row,
                       "when it was made is not known: taken from its change or its tenant", NULL);
    }
    if (crm_is_null(get(taking, "updated_at"))) {
        set(taking, updated, get(taking, "created_at"));
    }
}

/* is_active = 0 is a deletion, at the last change. */
static void settle_deletion(taking_t *taking)
{
    const char *active = crm_adopt_text(taking->chunk, taking->row, "is_active");
    const crm_field_t *field = crm_field_find(entity_of(taking->chunk)->fields, "is_active");
    if (active && apr_atoi64(active) == 0) {
        taking->deleted_at = get(taking, "updated_at").as.time;
    }
    if (field) {
        set(taking, field, crm_bool(1));
    }
}

/* A value where the table has to have one. */
static void settle_required(taking_t *taking)
{
    const crm_entity_t *entity = entity_of(taking->chunk);
    for (const crm_adopt_column_t *as = taking->chunk->part->columns; as->from; as++) {
        const crm_field_t *field = as->to ? crm_field_find(entity->fields, as->to) : NULL;
        if (!field || !crm_is_null(taking->values[field - entity->fields])) {
            continue;
        }
        if (field->type == CRM_T_CHOICE && as->otherwise) {
            set(taking, field, crm_text(as->otherwise));
            crm_adopt_note(taking->chunk, taking->row, "no value", as->from);
        } else if (field->flags & CRM_F_REQUIRED) {
            crm_adopt_note(taking->chunk, taking->row, "no value though one is required", as->from);
            if (strcmp(field->name, "name") == 0) {
                set(taking, field, crm_text(""));
            }
        }
    }
}

static crm_error_t *take_row(taking_t *taking)
{
    const crm_entity_t *entity = entity_of(taking->chunk);
    apr_size_t fields = (apr_size_t)crm_entity_count(entity) + 1;
    taking->values = apr_pcalloc(taking->chunk->pool, fields * sizeof(*taking->values));
    taking->uuids = apr_pcalloc(taking->chunk->pool, fields * sizeof(*taking->uuids));
    for (const crm_adopt_column_t *as = taking->chunk->part->columns; as->from; as++) {
        if (as->to) {
            CRM_ERR(take_cell(taking, as));
        }
    }
    if (crm_is_null(get(taking, entity->id))) {
        taking->reason = "it has no id";
        return NULL;
    }
    settle_times(taking);
    settle_deletion(taking);
    settle_required(taking);
    return NULL;
}

/* ---- what rows have to do with each other and with what is there */

/* The values of FIELD of those rows that are not left out (and, LIVING, are not deleted). */
static crm_value_t *values_of(const crm_adopt_chunk_t *chunk, const taking_t *takings,
                              const crm_field_t *field, int living, int *ret_count)
{
    crm_value_t *values = apr_palloc(chunk->pool, ((apr_size_t)chunk->count + 1) * sizeof(*values));
    *ret_count = 0;
    for (int i = 0; i < chunk->count; i++) {
        if (takings[i].reason || (living && takings[i].deleted_at)) {
            continue;
        }
        crm_value_t value = takings[i].values[field - entity_of(chunk)->fields];
        if (!crm_is_null(value) && !(value.kind == CRM_V_TEXT && !*value.as.text)) {
            values[(*ret_count)++] = value;
        }
    }
    return values;
}

/* What FIELD's values are of, as a set of keys: of records of ENTITY that are there. */
static crm_error_t *find_all(const crm_adopt_chunk_t *chunk, const crm_record_find_t *find,
                             apr_hash_t *ret_found)
{
    const crm_rows_t *rows;
    int column = 0;
    if (find->count == 0) {
        return NULL;
    }
    for (const crm_field_t *at = find->entity->fields; at != find->field; at++) {
        column += at->column != NULL;
    }
    CRM_ERR(crm_record_find(chunk->db, chunk->pool, find, &rows));
    for (int i = 0; i < rows->count; i++) {
        crm_value_t value = crm_row(rows, i)[column];
        const void *key = value.kind == CRM_V_UUID ? (const void *)value.as.uuid
                                                   : crm_text_fold(chunk->pool, value.as.text);
        apr_hash_set(
            ret_found, key,
            value.kind == CRM_V_UUID ? (apr_ssize_t)sizeof(crm_uuid_t) : APR_HASH_KEY_STRING, "");
    }
    return NULL;
}

static crm_error_t *refuse_doubles(crm_adopt_chunk_t *chunk, taking_t *takings)
{
    const crm_entity_t *entity = entity_of(chunk);
    crm_record_find_t find = {.entity = entity,
                              .field = crm_entity_field(entity, entity->id),
                              .deleted = 1,
                              .only_active = 1,
                              .lock = ""};
    apr_hash_t *found = apr_hash_make(chunk->pool);
    find.values = values_of(chunk, takings, find.field, 0, &find.count);
    CRM_ERR(find_all(chunk, &find, found));
    for (int i = 0; i < chunk->count; i++) {
        if (takings[i].reason) {
            continue;
        }
        const crm_uuid_t *id = get(&takings[i], entity->id).as.uuid;
        if (apr_hash_get(found, id, sizeof(*id))) {
            takings[i].reason = "the id is another row's";
        } else {
            apr_hash_set(found, id, sizeof(*id), "");
        }
    }
    return NULL;
}

static const char *column_of(const crm_adopt_chunk_t *chunk, const crm_field_t *field)
{
    for (const crm_adopt_column_t *as = chunk->part->columns; as->from; as++) {
        if (as->to && strcmp(as->to, field->name) == 0) {
            return as->from;
        }
    }
    return NULL;
}

/* References that lead nowhere: the record of a parent is left out, any other loses them. */
static void cut_reference(taking_t *taking, const crm_field_t *field, apr_hash_t *found)
{
    const crm_entity_t *entity = entity_of(taking->chunk);
    crm_value_t value = taking->values[field - entity->fields];
    int is_parent = entity->parent && strcmp(entity->parent, field->name) == 0;
    int is_there = !crm_is_null(value) && apr_hash_get(found, value.as.uuid, sizeof(crm_uuid_t));
    if (is_there || taking->reason || (crm_is_null(value) && !is_parent)) {
        return;
    }
    if (is_parent) {
        taking->reason = apr_psprintf(taking->chunk->pool, "its %s is not there", field->name);
        return;
    }
    crm_adopt_note(taking->chunk, taking->row, "what it refers to is not there",
                   column_of(taking->chunk, field));
    set(taking, field, crm_null());
}

static crm_error_t *cut_references(crm_adopt_chunk_t *chunk, taking_t *takings)
{
    const crm_entity_t *entity = entity_of(chunk);
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (!field->column || !field->reference) {
            continue;
        }
        const crm_entity_t *target = field->reference->entity;
        apr_hash_t *found = apr_hash_make(chunk->pool);
        crm_record_find_t find = {.entity = target,
                                  .field = crm_entity_field(target, target->id),
                                  .deleted = 1,
                                  .only_active = 1,
                                  .lock = ""};
        find.values = values_of(chunk, takings, field, 0, &find.count);
        if (target != entity) {
            CRM_ERR(find_all(chunk, &find, found));
        }
        for (int i = 0; i < chunk->count; i++) {
            if (target == entity) {
                set(&takings[i], field,
                    crm_null()); /* when all are there: crm_adopt_record_links */
            } else {
                cut_reference(&takings[i], field, found);
            }
        }
    }
    return NULL;
}

static crm_error_t *mark_doubles(crm_adopt_chunk_t *chunk, taking_t *takings,
                                 const crm_field_t *field)
{
    const crm_entity_t *entity = entity_of(chunk);
    apr_hash_t *found = apr_hash_make(chunk->pool);
    crm_record_find_t find = {.entity = entity, .field = field, .lock = ""};
    find.values = values_of(chunk, takings, field, 1, &find.count);
    CRM_ERR(find_all(chunk, &find, found));
    for (int i = 0; i < chunk->count; i++) {
        crm_value_t value = takings[i].values[field - entity->fields];
        if (takings[i].reason || takings[i].deleted_at || crm_is_null(value) || !*value.as.text) {
            continue;
        }
        const char *key = crm_text_fold(chunk->pool, value.as.text);
        if (apr_hash_get(found, key, APR_HASH_KEY_STRING)) {
            takings[i].is_double = 1;
            crm_adopt_note(chunk, i, "not unique: kept without entering the unique key",
                           column_of(chunk, field));
        } else {
            apr_hash_set(found, key, APR_HASH_KEY_STRING, "");
        }
    }
    return NULL;
}

/* ---- written */

static apr_size_t bytes_of(const taking_t *taking)
{
    apr_size_t bytes = 0;
    for (int i = 0; i < crm_entity_count(entity_of(taking->chunk)); i++) {
        crm_value_t value = taking->values[i];
        bytes += 2 * (value.kind == CRM_V_TEXT ? strlen(value.as.text) : sizeof(value));
    }
    return bytes;
}

/* Writes those of COUNT rows that are not left out. */
static crm_error_t *write_rows(const crm_adopt_chunk_t *chunk, const taking_t *takings, int count)
{
    const crm_entity_t *entity = entity_of(chunk);
    apr_size_t most = (apr_size_t)count + 1;
    crm_record_taken_t *rows = apr_palloc(chunk->pool, most * sizeof(*rows));
    const crm_value_t **living = apr_palloc(chunk->pool, most * sizeof(*living));
    apr_array_header_t *statements = crm_record_statements(chunk->pool);
    int written = 0, alive = 0;
    for (int i = 0; i < count; i++) {
        const taking_t *taking = &takings[i];
        if (taking->reason) {
            continue;
        }
        rows[written++] = (crm_record_taken_t){.values = taking->values,
                                               .deleted_at = taking->deleted_at,
                                               .is_double = taking->is_double};
        if (!taking->deleted_at) {
            living[alive++] = taking->values;
        }
    }
    crm_record_sql_take(statements, entity, rows, written);
    crm_record_sql_search_insert(statements, entity, living, alive);
    if (alive) {
        crm_record_sql_count(statements, entity, alive);
    }
    return crm_db_execute_all(chunk->db, chunk->pool, (const crm_sql_t *)statements->elts,
                              statements->nelts);
}

static crm_error_t *write_all(const crm_adopt_chunk_t *chunk, const taking_t *takings)
{
    int first = 0;
    apr_size_t bytes = 0;
    for (int i = 0; i < chunk->count; i++) {
        apr_size_t more = takings[i].reason ? 0 : bytes_of(&takings[i]);
        if (i > first && bytes + more > BYTES_MAX) {
            CRM_ERR(write_rows(chunk, takings + first, i - first));
            first = i;
            bytes = 0;
        }
        bytes += more;
    }
    return write_rows(chunk, takings + first, chunk->count - first);
}

crm_error_t *crm_adopt_record(crm_adopt_chunk_t *chunk)
{
    taking_t *takings = apr_pcalloc(chunk->pool, (apr_size_t)chunk->count * sizeof(*takings));
    for (int i = 0; i < chunk->count; i++) {
        takings[i].chunk = chunk;
        takings[i].row = i;
        CRM_ERR(take_row(&takings[i]));
    }
    CRM_ERR(refuse_doubles(chunk, takings));
    CRM_ERR(cut_references(chunk, takings));
    for (const crm_field_t *field = entity_of(chunk)->fields; field->name; field++) {
        if (field->column && (field->flags & CRM_F_UNIQUE)) {
            CRM_ERR(mark_doubles(chunk, takings, field));
        }
    }
    CRM_ERR(write_all(chunk, takings));
    for (int i = 0; i < chunk->count; i++) {
        if (takings[i].reason) {
            crm_adopt_left_out(chunk, i, takings[i].reason);
        } else {
            crm_adopt_taken(chunk, i);
        }
    }
    return NULL;
}
