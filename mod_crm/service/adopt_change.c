/* service/adopt_change.c - what stands beside records: their references to their own kind, and
 * their change logs.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/text.h"
#include "db/record.h"
#include "service/adopt_part.h"

/* So many records may lie in each other. */
#define MOST_LEVELS 1000

/* ---- references of records to their own kind, when all are there */

typedef struct link_t {
    crm_adopt_chunk_t *chunk;
    int row;
    const crm_field_t *field;
    const crm_adopt_column_t *as;
    crm_uuid_t id, target;
} link_t;

/* The stored values of the record ID; NULL: there is none. */
static crm_error_t *read_record(const crm_adopt_chunk_t *chunk, const crm_uuid_t *id,
                                const crm_value_t **ret_values)
{
    const crm_entity_t *entity = chunk->part->record->entity;
    const crm_value_t value = crm_uuid(id);
    const crm_record_find_t find = {.entity = entity,
                                    .field = crm_entity_field(entity, entity->id),
                                    .values = &value,
                                    .count = 1,
                                    .deleted = 1,
                                    .lock = ""};
    const crm_rows_t *rows;
    apr_int64_t version;
    int deleted;
    CRM_ERR(crm_record_find(chunk->db, chunk->pool, &find, &rows));
    *ret_values = rows->count
                      ? crm_record_found(chunk->pool, entity, crm_row(rows, 0), &version, &deleted)
                      : NULL;
    return NULL;
}

/* Why a record may not refer to another one of its kind; NULL: it may. */
static crm_error_t *check_link(const link_t *link, const char **ret_wrong)
{
    const crm_entity_t *entity = link->chunk->part->record->entity;
    crm_uuid_t at = link->target;
    *ret_wrong = NULL;
    for (int level = 0; level < MOST_LEVELS; level++) {
        const crm_value_t *values;
        if (memcmp(&at, &link->id, sizeof(at)) == 0) {
            *ret_wrong = "it would lie in itself: the reference was taken away";
            return NULL;
        }
        CRM_ERR(read_record(link->chunk, &at, &values));
        if (!values) {
            *ret_wrong = level == 0 ? "what it refers to is not there" : NULL;
            return NULL;
        }
        crm_value_t next = values[link->field - entity->fields];
        if (crm_is_null(next)) {
            return NULL;
        }
        at = *next.as.uuid;
    }
    *ret_wrong = "records lie in each other too deeply: the reference was taken away";
    return NULL;
}

static crm_error_t *write_link(const link_t *link)
{
    const crm_entity_t *entity = link->chunk->part->record->entity;
    apr_pool_t *pool = link->chunk->pool;
    crm_value_t *values = apr_pcalloc(pool, (apr_size_t)crm_entity_count(entity) * sizeof(*values));
    apr_array_header_t *statements = crm_record_statements(pool);
    values[crm_entity_position(entity, entity->id)] = crm_uuid(&link->id);
    values[link->field - entity->fields] = crm_uuid(&link->target);
    crm_record_sql_refer(statements, entity, values, link->field);
    return crm_db_execute_all(link->chunk->db, pool, (const crm_sql_t *)statements->elts,
                              statements->nelts);
}

static crm_error_t *take_link(link_t *link)
{
    const crm_entity_t *entity = link->chunk->part->record->entity;
    const char *id = crm_adopt_text(link->chunk, link->row, "id"), *wrong;
    const char *target = crm_adopt_text(link->chunk, link->row, link->as->from);
    const crm_value_t *values;
    int derived;
    if (!id || !target || !*target) {
        return NULL;
    }
    link->id = crm_adopt_uuid(entity->name, id, &derived);
    link->target = crm_adopt_uuid(entity->name, target, &derived);
    CRM_ERR(read_record(link->chunk, &link->id, &values));
    if (!values) {
        return NULL; /* it was left out */
    }
    CRM_ERR(check_link(link, &wrong));
    if (wrong) {
        crm_adopt_note(link->chunk, link->row, wrong, link->as->from);
        return NULL;
    }
    return write_link(link);
}

crm_error_t *crm_adopt_record_links(crm_adopt_chunk_t *chunk)
{
    const crm_entity_t *entity = chunk->part->record->entity;
    for (const crm_adopt_column_t *as = chunk->part->columns; as->from; as++) {
        const crm_field_t *field = as->to ? crm_field_find(entity->fields, as->to) : NULL;
        if (!field || !field->reference || field->reference->entity != entity) {
            continue;
        }
        for (int i = 0; i < chunk->count; i++) {
            link_t link = {.chunk = chunk, .row = i, .field = field, .as = as};
            CRM_ERR(take_link(&link));
        }
    }
    return NULL;
}

/* ---- change logs */

/* A row of the change log, and the record that it is about. */
typedef struct entry_t {
    crm_change_t change;
    crm_uuid_t record_id;
    const char *reason; /* why it is left out; NULL: it is not */
} entry_t;

/* {"old", "new"} of what the old product had as that, as a pair, or as the new value alone. */
static json_t *change_of(json_t *value)
{
    if (json_is_object(value) && json_object_get(value, "old") && json_object_get(value, "new")) {
        return json_incref(value);
    }
    if (json_is_array(value) && json_array_size(value) == 2) {
        return json_pack("{s:O, s:O}", "old", json_array_get(value, 0), "new",
                         json_array_get(value, 1));
    }
    return json_pack("{s:n, s:O}", "old", "new", value);
}

static const char *single_change(const crm_adopt_chunk_t *chunk, const crm_change_t *change)
{
    if (!change->field_name) {
        return "{}";
    }
    json_t *json =
        crm_json_own(chunk->pool, json_pack("{s:{s:s?, s:s?}}", change->field_name, "old",
                                            change->old_value, "new", change->new_value));
    return crm_json_text(chunk->pool, json, NULL);
}

/* The changes as the API shows them. */
static const char *changes_of(crm_adopt_chunk_t *chunk, int row, const crm_change_t *change)
{
    const char *text = crm_adopt_text(chunk, row, "changes"), *key;
    json_t *json, *value;
    if (!text || !*text) {
        return single_change(chunk, change);
    }
    if (crm_json_parse(chunk->pool, text, strlen(text), &json) || !json_is_object(json)) {
        if (strcmp(text, "null") != 0 && strcmp(text, "[]") != 0) {
            crm_adopt_note(chunk, row, "changes that are no JSON object", "changes");
        }
        return single_change(chunk, change);
    }
    json_t *changes = crm_json_own(chunk->pool, json_object());
    json_object_foreach(json, key, value)
    {
        json_object_set_new(changes, key, change_of(value));
    }
    return json_object_size(changes) ? crm_json_text(chunk->pool, changes, NULL)
                                     : single_change(chunk, change);
}

static const char *fit(crm_adopt_chunk_t *chunk, int row, const char *column, int most)
{
    const char *text = crm_adopt_text(chunk, row, column);
    int cut;
    if (!text || !*text) {
        return NULL;
    }
    text = crm_adopt_fit(chunk->pool, text, most, &cut);
    if (cut) {
        crm_adopt_note(chunk, row, "too long: cut", column);
    }
    return text;
}

static crm_error_t *read_entry(crm_adopt_chunk_t *chunk, int row, entry_t *entry)
{
    crm_change_t *change = &entry->change;
    const crm_adopt_record_t *record = chunk->part->record;
    const char *id = crm_adopt_text(chunk, row, "id");
    const char *record_id = crm_adopt_text(chunk, row, record->changes_key);
    const crm_adopt_person_t *person;
    int derived;
    if (!id || !*id || !record_id || !*record_id) {
        entry->reason = id && *id ? "what it is about is not there" : "it has no id";
        return NULL;
    }
    CRM_ERR(crm_adopt_person(chunk->place, crm_adopt_text(chunk, row, "changed_by_id"), &person));
    entry->record_id = crm_adopt_uuid(record->entity->name, record_id, &derived);
    *change = (crm_change_t){
        .id = crm_adopt_uuid(chunk->part->table, id, &derived),
        .record_id = &entry->record_id,
        .action = fit(chunk, row, "action", 20),
        .field_name = fit(chunk, row, "field_name", 100),
        .old_value = crm_adopt_text(chunk, row, "old_value"),
        .new_value = crm_adopt_text(chunk, row, "new_value"),
        .notes = crm_adopt_text(chunk, row, "notes"),
        .changed_by = person ? person->id : 0,
        .changed_by_username = person ? person->username : NULL,
        .changed_by_email = person ? person->email : NULL,
    };
    change->action = change->action ? change->action : "updated";
    change->changes = changes_of(chunk, row, change);
    if (!person && crm_adopt_text(chunk, row, "changed_by_id")) {
        crm_adopt_note(chunk, row, "its author is not there", "changed_by_id");
    }
    if (!crm_adopt_time(chunk, row, "created_at", &change->created_at)) {
        change->created_at = chunk->place->fallback;
        crm_adopt_note(chunk, row, "no time: the tenant's was taken", "created_at");
    }
    return NULL;
}

/* The rows of the change log among IDS that are there, as a set. */
static crm_error_t *find_ids(const crm_adopt_chunk_t *chunk, const crm_value_t *ids, int count,
                             apr_hash_t *ret_found)
{
    const crm_rows_t *rows;
    const char *sql = "SELECT id FROM change_log WHERE id IN (?";
    for (int i = 1; i < count; i++) {
        sql = apr_pstrcat(chunk->pool, sql, ", ?", NULL);
    }
    CRM_ERR(crm_db_select(chunk->db, chunk->pool, apr_pstrcat(chunk->pool, sql, ")", NULL), "u",
                          ids, count, &rows));
    for (int i = 0; i < rows->count; i++) {
        apr_hash_set(ret_found, crm_row(rows, i)[0].as.uuid, sizeof(crm_uuid_t), "");
    }
    return NULL;
}

static crm_error_t *find_records(const crm_adopt_chunk_t *chunk, const crm_value_t *ids, int count,
                                 apr_hash_t *ret_found)
{
    const crm_entity_t *entity = chunk->part->record->entity;
    const crm_record_find_t find = {.entity = entity,
                                    .field = crm_entity_field(entity, entity->id),
                                    .values = ids,
                                    .count = count,
                                    .deleted = 1,
                                    .only_active = 1,
                                    .lock = ""};
    const crm_rows_t *rows;
    int column = 0;
    for (const crm_field_t *at = entity->fields; at != find.field; at++) {
        column += at->column != NULL;
    }
    CRM_ERR(crm_record_find(chunk->db, chunk->pool, &find, &rows));
    for (int i = 0; i < rows->count; i++) {
        apr_hash_set(ret_found, crm_row(rows, i)[column].as.uuid, sizeof(crm_uuid_t), "");
    }
    return NULL;
}

/* Says of entries why they are left out. */
static crm_error_t *sift(const crm_adopt_chunk_t *chunk, entry_t *entries)
{
    apr_size_t most = (apr_size_t)chunk->count + 1;
    crm_value_t *ids = apr_palloc(chunk->pool, most * sizeof(*ids));
    crm_value_t *records = apr_palloc(chunk->pool, most * sizeof(*records));
    apr_hash_t *taken = apr_hash_make(chunk->pool), *there = apr_hash_make(chunk->pool);
    int count = 0;
    for (int i = 0; i < chunk->count; i++) {
        if (!entries[i].reason) {
            ids[count] = crm_uuid(&entries[i].change.id);
            records[count++] = crm_uuid(&entries[i].record_id);
        }
    }
    if (count == 0) {
        return NULL;
    }
    CRM_ERR(find_ids(chunk, ids, count, taken));
    CRM_ERR(find_records(chunk, records, count, there));
    for (int i = 0; i < chunk->count; i++) {
        entry_t *entry = &entries[i];
        if (entry->reason) {
            continue;
        }
        if (!apr_hash_get(there, &entry->record_id, sizeof(crm_uuid_t))) {
            entry->reason = "what it is about is not there";
        } else if (apr_hash_get(taken, &entry->change.id, sizeof(crm_uuid_t))) {
            entry->reason = "the id is another row's";
        } else {
            apr_hash_set(taken, &entry->change.id, sizeof(crm_uuid_t), "");
        }
    }
    return NULL;
}

/* Few rows a statement: their values may be long. */
static crm_error_t *write_entries(const crm_adopt_chunk_t *chunk, const entry_t *entries)
{
    const crm_entity_t *entity = chunk->part->record->entity;
    apr_array_header_t *statements = crm_record_statements(chunk->pool);
    apr_array_header_t *changes = apr_array_make(chunk->pool, chunk->count, sizeof(crm_change_t));
    for (int i = 0; i < chunk->count; i++) {
        if (!entries[i].reason) {
            APR_ARRAY_PUSH(changes, crm_change_t) = entries[i].change;
        }
    }
    for (int first = 0; first < changes->nelts; first += 16) {
        int left = changes->nelts - first;
        crm_record_sql_log(statements, entity, (const crm_change_t *)changes->elts + first,
                           left < 16 ? left : 16);
    }
    for (int i = 0; i < statements->nelts; i++) {
        const crm_sql_t *sql = &APR_ARRAY_IDX(statements, i, crm_sql_t);
        CRM_ERR(crm_db_execute(chunk->db, chunk->pool, sql->text, sql->args, sql->nargs, NULL));
    }
    return NULL;
}

crm_error_t *crm_adopt_changes(crm_adopt_chunk_t *chunk)
{
    entry_t *entries = apr_pcalloc(chunk->pool, (apr_size_t)chunk->count * sizeof(*entries));
    for (int i = 0; i < chunk->count; i++) {
        CRM_ERR(read_entry(chunk, i, &entries[i]));
    }
    CRM_ERR(sift(chunk, entries));
    CRM_ERR(write_entries(chunk, entries));
    for (int i = 0; i < chunk->count; i++) {
        if (entries[i].reason) {
            crm_adopt_left_out(chunk, i, entries[i].reason);
        } else {
            crm_adopt_taken(chunk, i);
        }
    }
    return NULL;
}
