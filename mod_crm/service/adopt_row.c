/* service/adopt_row.c - rows of the source: their cells, and what became of each. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/time.h"
#include "service/adopt_part.h"

/* So many rows of a note are named in the report; the side file has all. */
#define MOST_NAMED 20

#define ELLIPSIS "\xe2\x80\xa6"

/* ---- cells */

crm_value_t crm_adopt_cell(const crm_adopt_chunk_t *chunk, int row, const char *name)
{
    int column = crm_source_column(chunk->rows.table, name);
    return column < 0 ? crm_null() : chunk->row[row][column];
}

const char *crm_adopt_text(const crm_adopt_chunk_t *chunk, int row, const char *name)
{
    crm_value_t cell = crm_adopt_cell(chunk, row, name);
    return crm_is_null(cell) ? NULL : cell.as.text;
}

const char *crm_adopt_word(const crm_adopt_chunk_t *chunk, int row, const char *name)
{
    const char *text = crm_adopt_text(chunk, row, name);
    return text ? crm_text_trim(chunk->pool, text) : "";
}

const char *crm_adopt_extra(const crm_adopt_chunk_t *chunk, int row, int place)
{
    crm_value_t cell = chunk->row[row][chunk->rows.table->count + place];
    return crm_is_null(cell) ? NULL : cell.as.text;
}

int crm_adopt_flag(const crm_adopt_chunk_t *chunk, int row, const char *name)
{
    const char *text = crm_adopt_text(chunk, row, name);
    return text && apr_atoi64(text) != 0;
}

apr_int64_t crm_adopt_number(const char *text)
{
    apr_size_t length = text ? strlen(text) : 0;
    if (length == 0 || length > 18 || strspn(text, "0123456789") != length) {
        return 0;
    }
    return apr_atoi64(text);
}

int crm_adopt_time(const crm_adopt_chunk_t *chunk, int row, const char *name, apr_time_t *ret_time)
{
    const char *text = crm_adopt_text(chunk, row, name);
    return text && (crm_time_parse_iso(text, ret_time) || crm_time_parse_date(text, ret_time));
}

crm_uuid_t crm_adopt_uuid(const char *kind, const char *text, int *ret_derived)
{
    crm_uuid_t uuid;
    unsigned char hash[CRM_HASH_SIZE];
    char name[256];
    *ret_derived = !crm_uuid_parse(text, &uuid);
    if (*ret_derived) {
        int length = apr_snprintf(name, sizeof(name), "%s:%s", kind, text);
        crm_secret_sha256(name, (apr_size_t)length, hash);
        memcpy(uuid.bytes, hash, sizeof(uuid.bytes));
        uuid.bytes[6] = (unsigned char)((uuid.bytes[6] & 0x0f) | 0x80);
        uuid.bytes[8] = (unsigned char)((uuid.bytes[8] & 0x3f) | 0x80);
    }
    return uuid;
}

const char *crm_adopt_fit(apr_pool_t *pool, const char *text, int most, int *ret_cut)
{
    apr_size_t left = (apr_size_t)most;
    const char *at = text, *last = text;
    *ret_cut = most > 0 && strlen(text) > left && crm_text_length(text) > left;
    if (!*ret_cut) {
        return text;
    }
    for (; left > 0; at++) {
        if (((unsigned char)*at & 0xc0) != 0x80) { /* the first byte of a code point */
            left--;
            last = at;
        }
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(last - text)), ELLIPSIS, NULL);
}

/* ---- counting */

static void count(json_t *tally, const char *name)
{
    json_object_set_new(tally, name,
                        json_integer(json_integer_value(json_object_get(tally, name)) + 1));
}

/* The object NAME of PARENT, made where it is not there. */
static json_t *object_in(json_t *parent, const char *name)
{
    json_t *object = json_object_get(parent, name);
    if (!object) {
        object = json_object();
        json_object_set_new(parent, name, object);
    }
    return object;
}

/* What tells the row apart: its key, or its place. */
static const char *id_of(const crm_adopt_chunk_t *chunk, int row)
{
    const char *id = crm_adopt_text(chunk, row, "id");
    if (!id && chunk->rows.table->key && !chunk->part->is_secret) {
        id = crm_json_secret_name(chunk->rows.table->key)
                 ? crm_adopt_text(chunk, row, "user_id")
                 : crm_adopt_text(chunk, row, chunk->rows.table->key);
    }
    return id ? id : "";
}

/* ---- lines of the side file */

/* Takes over COLUMNS. */
static void add_line(crm_adopt_chunk_t *chunk, int row, const char *why, json_t *columns)
{
    json_t *redacted = crm_json_redact(columns);
    json_t *line = json_pack("{s:s, s:s, s:s, s:o}", "table", chunk->part->name, "id",
                             id_of(chunk, row), "why", why, "columns", redacted);
    json_decref(columns);
    APR_ARRAY_PUSH(chunk->lines, const char *) =
        apr_pstrcat(chunk->pool, crm_json_text(chunk->pool, line, NULL), "\n", NULL);
    json_decref(line);
}

static json_t *cell_json(const crm_adopt_chunk_t *chunk, int row, int column)
{
    crm_value_t cell = chunk->row[row][column];
    return crm_is_null(cell) ? json_null() : json_string(cell.as.text);
}

static const crm_adopt_column_t *known(const crm_adopt_chunk_t *chunk, const char *name)
{
    for (const crm_adopt_column_t *at = chunk->part->columns; at && at->from; at++) {
        if (strcmp(at->from, name) == 0) {
            return at;
        }
    }
    return NULL;
}

/* 1 when the cell says something that nothing takes. */
static int is_kept(const crm_adopt_chunk_t *chunk, int row, int column)
{
    crm_value_t cell = chunk->row[row][column];
    const crm_adopt_column_t *as = known(chunk, chunk->rows.table->columns[column].name);
    if (crm_is_null(cell) || !*cell.as.text || (as && as->to)) {
        return 0;
    }
    return !(as && as->unless && strcmp(as->unless, cell.as.text) == 0);
}

static void keep_columns(crm_adopt_chunk_t *chunk, int row)
{
    const crm_source_table_t *table = chunk->rows.table;
    json_t *columns = NULL;
    for (int i = 0; i < table->count; i++) {
        if (is_kept(chunk, row, i)) {
            columns = columns ? columns : json_object();
            json_object_set_new(columns, table->columns[i].name, cell_json(chunk, row, i));
            count(object_in(chunk->tally, "kept"), table->columns[i].name);
        }
    }
    if (columns) {
        add_line(chunk, row, "no counterpart", columns);
    }
}

static int is_shown(const crm_adopt_chunk_t *chunk, const char *column)
{
    const char *const *shown = chunk->part->shown;
    for (; shown && *shown; shown++) {
        if (strcmp(*shown, column) == 0) {
            return 1;
        }
    }
    return !chunk->part->is_secret;
}

void crm_adopt_taken(crm_adopt_chunk_t *chunk, int row)
{
    count(chunk->tally, "taken");
    keep_columns(chunk, row);
}

void crm_adopt_merged(crm_adopt_chunk_t *chunk, int row)
{
    count(chunk->tally, "merged");
    keep_columns(chunk, row);
}

void crm_adopt_left_out(crm_adopt_chunk_t *chunk, int row, const char *reason)
{
    const crm_source_table_t *table = chunk->rows.table;
    json_t *columns = json_object();
    for (int i = 0; i < table->count; i++) {
        if (is_shown(chunk, table->columns[i].name)) {
            json_object_set_new(columns, table->columns[i].name, cell_json(chunk, row, i));
        }
    }
    add_line(chunk, row, reason, columns);
    count(object_in(chunk->tally, "left_out"), reason);
}

void crm_adopt_note(crm_adopt_chunk_t *chunk, int row, const char *note, const char *column)
{
    json_t *entry = object_in(object_in(chunk->tally, "notes"), note);
    json_t *ids = json_object_get(entry, "ids");
    json_t *columns = json_object();
    int place = column ? crm_source_column(chunk->rows.table, column) : -1;
    if (!ids) {
        ids = json_array();
        json_object_set_new(entry, "ids", ids);
    }
    count(entry, "count");
    if (json_array_size(ids) < MOST_NAMED) {
        json_array_append_new(ids, json_string(id_of(chunk, row)));
    }
    if (place >= 0 && is_shown(chunk, column)) {
        json_object_set_new(columns, column, cell_json(chunk, row, place));
    }
    add_line(chunk, row, note, columns);
}

void crm_adopt_remember(crm_adopt_chunk_t *chunk, const char *text, apr_int64_t id)
{
    json_object_set_new(object_in(chunk->tally, "ids"), text, json_integer(id));
}

apr_int64_t crm_adopt_remembered(const crm_adopt_place_t *place, const char *name, const char *text)
{
    const json_t *tally = json_object_get(place->tallies, name);
    return text ? json_integer_value(json_object_get(json_object_get(tally, "ids"), text)) : 0;
}
