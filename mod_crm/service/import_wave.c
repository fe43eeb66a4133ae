/* service/import_wave.c - rows of an import that are about different records, written together.
 */
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"
#include "service/import_chunk.h"

/* A record that a row may be about. */
typedef struct match_t {
    const crm_value_t *values;
    apr_int64_t version;
} match_t;

/* Rows that run together. */
typedef struct wave_t {
    crm_import_run_t *run;
    crm_import_row_t *rows;
    int count;
    apr_hash_t *by_id, *by_key; /* of match_t */
    apr_hash_t *used;           /* ids and keys of the rows so far */
    crm_write_t **writes;
    crm_import_row_t **of; /* each write's row */
    int writes_count;
} wave_t;

static const crm_entity_t *entity_of(const crm_import_run_t *run)
{
    return run->records.entity;
}

/* ---- which records are there ---- */

/* Reads the records whose FIELD is one of VALUES into the wave's tables. */
static crm_error_t *find(const wave_t *wave, const crm_field_t *field, const crm_value_t *values,
                         int count)
{
    const crm_import_run_t *run = wave->run;
    const crm_entity_t *entity = entity_of(run);
    const crm_field_t *key = run->importing->key;
    const crm_record_find_t find = {
        .entity = entity, .field = field, .values = values, .count = count, .lock = "{for update}"};
    const crm_rows_t *rows;
    int deleted;

    if (!count) {
        return NULL;
    }
    CRM_ERR(crm_record_find(run->records.db, run->pool, &find, &rows));
    for (int i = 0; i < rows->count; i++) {
        match_t *match = apr_palloc(run->pool, sizeof(*match));
        match->values =
            crm_record_found(run->pool, entity, crm_row(rows, i), &match->version, &deleted);
        const crm_uuid_t *id = match->values[crm_entity_position(entity, entity->id)].as.uuid;
        if (field == key) {
            const char *text = match->values[key - entity->fields].as.text;
            apr_hash_set(wave->by_key, crm_text_fold(run->pool, text), APR_HASH_KEY_STRING, match);
        } else {
            apr_hash_set(wave->by_id, id, sizeof(*id), match);
        }
    }
    return NULL;
}

static crm_error_t *find_matches(wave_t *wave)
{
    const crm_import_run_t *run = wave->run;
    const crm_entity_t *entity = entity_of(run);
    apr_size_t most = (apr_size_t)wave->count + 1;
    crm_value_t *ids = apr_palloc(run->pool, most * sizeof(*ids));
    crm_value_t *keys = apr_palloc(run->pool, most * sizeof(*keys));
    int ids_count = 0, keys_count = 0;

    for (int i = 0; i < wave->count; i++) {
        const crm_import_row_t *row = &wave->rows[i];
        if (!row->is_wrong && row->id) {
            ids[ids_count++] = crm_uuid(row->id);
        }
        if (!row->is_wrong && row->key) {
            keys[keys_count++] = crm_text(row->key);
        }
    }
    wave->by_id = apr_hash_make(run->pool);
    wave->by_key = apr_hash_make(run->pool);
    CRM_ERR(find(wave, crm_entity_field(entity, entity->id), ids, ids_count));
    return find(wave, run->importing->key, keys, keys_count);
}

/* The record that ROW is about, by its id or else by its key; NULL: none. */
static const match_t *match_of(const wave_t *wave, const crm_import_row_t *row)
{
    const crm_records_t *records = &wave->run->records;
    const crm_entity_t *entity = records->entity;
    const match_t *match = row->id ? apr_hash_get(wave->by_id, row->id, sizeof(*row->id)) : NULL;

    if (!match && row->key) {
        match = apr_hash_get(wave->by_key, row->key, APR_HASH_KEY_STRING);
    }
    if (match && records->parent && entity->parent &&
        !crm_write_same(match->values[crm_entity_position(entity, entity->parent)],
                        crm_uuid(records->parent))) {
        return NULL;
    }
    return match;
}

/* 1 when a row before it in the wave is about the same record; else notes it. */
static int is_used(const wave_t *wave, const crm_import_row_t *row, const match_t *match)
{
    const crm_entity_t *entity = entity_of(wave->run);
    const crm_uuid_t *id =
        match ? match->values[crm_entity_position(entity, entity->id)].as.uuid : NULL;

    if ((id && apr_hash_get(wave->used, id, sizeof(*id))) ||
        (row->key && apr_hash_get(wave->used, row->key, APR_HASH_KEY_STRING))) {
        return 1;
    }
    if (id) {
        apr_hash_set(wave->used, id, sizeof(*id), row);
    }
    if (row->key) {
        apr_hash_set(wave->used, row->key, APR_HASH_KEY_STRING, row);
    }
    return 0;
}

/* ---- what becomes of a row ---- */

static void refuse_duplicate(const crm_import_run_t *run, crm_import_row_t *row)
{
    const crm_entity_t *entity = entity_of(run);
    const crm_field_t *field =
        row->key ? run->importing->key : crm_entity_field(entity, entity->id);

    crm_import_refuse(
        run->importing, run->pool, row, field,
        apr_psprintf(run->pool, "There is a %s with this value already.", entity->name));
}

/* A row whose record is there, or would be. 1: it is to be changed. */
static int is_update(const crm_import_run_t *run, crm_import_row_t *row)
{
    switch (run->importing->options->on_duplicate) {
    case CRM_DUPLICATE_SKIP:
        row->outcome = CRM_ROW_SKIPPED;
        return 0;
    case CRM_DUPLICATE_ERROR:
        refuse_duplicate(run, row);
        return 0;
    case CRM_DUPLICATE_UPDATE:
        break;
    }
    if (run->importing->options->may_not_change) {
        crm_import_refuse(run->importing, run->pool, row, NULL,
                          apr_psprintf(run->pool, "You may not change the %s that is there.",
                                       entity_of(run)->name));
        return 0;
    }
    return 1;
}

/* What a record that is made must have and its row does not. */
static void fill(const crm_import_run_t *run, crm_import_row_t *row, crm_write_t *write)
{
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        const crm_type_t *type = crm_type(field->type);
        if (!(field->flags & CRM_F_REQUIRED) ||
            !crm_is_null(write->values[field - write->entity->fields])) {
            continue;
        }
        if (field->choices) {
            crm_write_set(write, field->name, crm_text(field->choices->value));
        } else if (type->kind == CRM_V_TEXT) {
            crm_write_set(write, field->name, crm_text(""));
        } else {
            crm_import_refuse(run->importing, run->pool, row, field, "This field is required.");
        }
    }
}

/* 1 when ROW has what a record needs to be made. */
static int has_needs(const crm_import_run_t *run, crm_import_row_t *row)
{
    const crm_import_t *rules = run->importing->rules;

    if (!rules->needs || crm_values_sent(&row->values, rules->needs)) {
        return 1;
    }
    crm_import_refuse(run->importing, run->pool, row, NULL, rules->needs_message);
    row->column =
        crm_columns_find(run->importing->columns, crm_entity_field(entity_of(run), rules->needs));
    return 0;
}

static crm_error_t *make_write(const crm_import_run_t *run, crm_import_row_t *row,
                               const match_t *match, crm_write_t **ret_write)
{
    crm_write_t *write =
        crm_write_make(&run->records, run->pool, match ? CRM_WRITE_UPDATE : CRM_WRITE_CREATE);

    if (match) {
        crm_write_adopt(write, match->values, match->version);
    } else {
        CRM_ERR(crm_write_begin(write));
    }
    crm_write_take(write, &row->values);
    if (run->importing->rules->complete) {
        run->importing->rules->complete(write);
    }
    if (!match) {
        fill(run, row, write);
    }
    *ret_write = row->outcome == CRM_ROW_ERROR ? NULL : write;
    return NULL;
}

static crm_error_t *add_row(wave_t *wave, crm_import_row_t *row, const match_t *match)
{
    const crm_import_run_t *run = wave->run;
    const crm_seen_t *seen = run->importing->seen;
    crm_write_t *write = NULL;

    if (!match && seen && row->key && crm_seen_has(seen, row->key)) {
        row->outcome = is_update(run, row) ? CRM_ROW_UPDATED : row->outcome;
        return NULL;
    }
    if (match ? is_update(run, row) : has_needs(run, row)) {
        CRM_ERR(make_write(run, row, match, &write));
    }
    if (write) {
        wave->of[wave->writes_count] = row;
        wave->writes[wave->writes_count++] = write;
    }
    return NULL;
}

/* ---- a wave ---- */

/* The outcome of a write that was run. Where hooks may have written something before the refusal,
 * all is to be undone. */
static crm_error_t *conclude(const crm_import_run_t *run, const crm_write_t *write,
                             crm_import_row_t *row)
{
    if (write->refusal && crm_import_has_hooks(run)) {
        return write->refusal;
    }
    if (write->refusal) {
        crm_import_refuse_error(run->importing, run->pool, row, write->refusal);
    } else if (write->kind == CRM_WRITE_CREATE) {
        row->outcome = CRM_ROW_CREATED;
    } else {
        row->outcome = write->is_done ? CRM_ROW_UPDATED : CRM_ROW_SKIPPED;
    }
    return NULL;
}

/* Collects the rows up to one that is about the same record as another, and runs them. */
static crm_error_t *run_wave(wave_t *wave, int *ret_done)
{
    const crm_import_run_t *run = wave->run;
    int i = 0;

    CRM_ERR(find_matches(wave));
    for (; i < wave->count; i++) {
        crm_import_row_t *row = &wave->rows[i];
        const match_t *match = row->is_wrong ? NULL : match_of(wave, row);
        if (row->is_wrong) {
            continue;
        }
        if (is_used(wave, row, match)) {
            break;
        }
        CRM_ERR(add_row(wave, row, match));
    }
    if (wave->writes_count) {
        const crm_writes_t all = {
            .writes = wave->writes,
            .count = wave->writes_count,
            .links = &run->importing->options->links,
        };
        CRM_ERR(crm_writes_run(&all));
    }
    for (int n = 0; n < wave->writes_count; n++) {
        CRM_ERR(conclude(run, wave->writes[n], wave->of[n]));
    }
    *ret_done = i;
    return NULL;
}

crm_error_t *crm_import_wave(crm_import_run_t *run, int first, int limit, int *ret_done)
{
    int left = run->count - first, count = left < limit ? left : limit;
    wave_t wave = {
        .run = run,
        .rows = run->rows + first,
        .count = count,
        .used = apr_hash_make(run->pool),
        .writes = apr_palloc(run->pool, (apr_size_t)count * sizeof(crm_write_t *)),
        .of = apr_palloc(run->pool, (apr_size_t)count * sizeof(crm_import_row_t *)),
    };

    return run_wave(&wave, ret_done);
}
