/* service/adopt_history.c - History of the old product: redacted on the way, which it was not.
 *
 * What names a secret is "***" as in our own records; so is every run of 40 hexadecimal digits,
 * which is what the old product's tokens look like, wherever it stands. Texts that hold JSON, or
 * name=value pairs as forms have them, are looked into. A body that cannot be read is not kept.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/json.h"
#include "base/text.h"
#include "service/adopt_part.h"
#include "service/history_store.h"

#define TOKEN_LENGTH 40
#define HIDDEN "***"

/* Texts in texts that are looked into. */
#define MOST_DEPTH 8

/* ---- secrets in texts */

/* TEXT with tokens hidden. */
static const char *hide_tokens(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text), *to = copy;
    for (const char *at = text; *at;) {
        apr_size_t run = strspn(at, "0123456789abcdefABCDEF");
        apr_size_t kept = run ? run : 1;
        if (run == TOKEN_LENGTH) {
            memcpy(to, HIDDEN, sizeof(HIDDEN) - 1);
            to += sizeof(HIDDEN) - 1;
        } else {
            memmove(to, at, kept);
            to += kept;
        }
        at += kept;
    }
    *to = '\0';
    return copy;
}

/* The name that ends before AT in TEXT, blanks and quotes aside; "" for none. */
static const char *name_before(apr_pool_t *pool, const char *text, const char *at)
{
    while (at > text && strchr(" \t'\"", at[-1])) {
        at--;
    }
    const char *end = at;
    while (at > text && (apr_isalnum(at[-1]) || at[-1] == '_' || at[-1] == '-')) {
        at--;
    }
    return apr_pstrmemdup(pool, at, (apr_size_t)(end - at));
}

/* Where the value ends that begins at TEXT: one in quotes or brackets with what closes it. */
static apr_size_t value_length(const char *text)
{
    static const char opening[] = "'\"[{(", closing[] = "'\"]})";
    apr_size_t before = strspn(text, " \t");
    const char *open = text[before] ? strchr(opening, text[before]) : NULL;
    if (open) {
        const char *end = strchr(text + before + 1, closing[open - opening]);
        return end ? (apr_size_t)(end + 1 - text) : strlen(text);
    }
    return before + strcspn(text + before, "&,;}])\r\n");
}

/* TEXT in which values of secret names are hidden: name=value, 'name': 'value', name: value. */
static const char *hide_pairs(apr_pool_t *pool, const char *text)
{
    apr_array_header_t *parts = apr_array_make(pool, 4, sizeof(const char *));
    const char *from = text;
    for (const char *at = strpbrk(text, "=:"); at; at = strpbrk(at, "=:")) {
        at++;
        if (!crm_json_secret_name(name_before(pool, text, at - 1))) {
            continue;
        }
        APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(pool, from, (apr_size_t)(at - from));
        APR_ARRAY_PUSH(parts, const char *) = HIDDEN;
        at += value_length(at);
        from = at;
    }
    APR_ARRAY_PUSH(parts, const char *) = from;
    return hide_tokens(pool, apr_array_pstrcat(pool, parts, 0));
}

static json_t *cleaned(apr_pool_t *pool, json_t *json, int depth);

/* A text as it may be kept; JSON in it as that: new reference. */
static json_t *clean_text(apr_pool_t *pool, const char *text, int depth)
{
    json_t *inner;
    const char *at = text + strspn(text, " \t\r\n");
    if (depth < MOST_DEPTH && (*at == '{' || *at == '[' || *at == '"') &&
        !crm_json_parse(pool, text, strlen(text), &inner)) {
        return cleaned(pool, inner, depth + 1);
    }
    return json_string(hide_pairs(pool, text));
}

/* JSON without secrets: new reference. */
static json_t *cleaned(apr_pool_t *pool, json_t *json, int depth)
{
    const char *key;
    size_t i;
    json_t *value, *copy;
    if (json_is_string(json)) {
        return clean_text(pool, json_string_value(json), depth);
    }
    if (json_is_array(json)) {
        copy = json_array();
        json_array_foreach(json, i, value)
        {
            json_array_append_new(copy, cleaned(pool, value, depth));
        }
        return copy;
    }
    if (!json_is_object(json)) {
        return json_incref(json);
    }
    copy = json_object();
    json_object_foreach(json, key, value)
    {
        json_object_set_new(copy, hide_tokens(pool, key),
                            crm_json_secret_name(key) ? json_string(HIDDEN)
                                                      : cleaned(pool, value, depth));
    }
    return copy;
}

/* ---- records */

static const char *text_of(crm_adopt_chunk_t *chunk, int row, const char *column)
{
    const char *text = crm_adopt_text(chunk, row, column);
    return text && *text ? hide_pairs(chunk->pool, text) : NULL;
}

/* A body; QUERY (or NULL) is what the endpoint had behind a '?'. */
static const char *body_of(crm_adopt_chunk_t *chunk, int row, const char *column, const char *query)
{
    const char *text = crm_adopt_text(chunk, row, column);
    json_t *json = NULL, *kept = NULL;
    if (text && *text && crm_json_parse(chunk->pool, text, strlen(text), &json)) {
        crm_adopt_note(chunk, row, "a body that is no JSON: not kept, it may hold secrets", NULL);
        json = crm_json_own(
            chunk->pool, json_pack("{s:b, s:I}", "unparsed", 1, "size", (json_int_t)strlen(text)));
    }
    if (json && !json_is_null(json)) {
        kept = crm_json_own(chunk->pool, cleaned(chunk->pool, json, 0));
    }
    if (query && *query) {
        json_t *both = crm_json_own(chunk->pool, json_object());
        json_object_set_new(both, "query", json_string(hide_pairs(chunk->pool, query)));
        if (kept) {
            json_object_set(both, "body", kept);
        }
        kept = both;
    }
    return crm_history_body(chunk->pool, kept, chunk->place->run->options->settings->history_body);
}

static apr_interval_time_t span_of(const char *text)
{
    double seconds = text ? strtod(text, NULL) : 0;
    return seconds > 0 && seconds < 1e9 ? (apr_interval_time_t)(seconds * APR_USEC_PER_SEC) : 0;
}

static crm_error_t *take_user(crm_adopt_chunk_t *chunk, int row, crm_history_t *record)
{
    const crm_adopt_person_t *person;
    const char *id = crm_adopt_text(chunk, row, "user_id");
    CRM_ERR(chunk->part->is_main ? crm_adopt_main_person(chunk->place, id, &person)
                                 : crm_adopt_person(chunk->place, id, &person));
    if (!person && chunk->place->tenant) {
        CRM_ERR(crm_adopt_main_person(chunk->place->run->main, id, &person));
        record->user_is_platform = person != NULL;
    }
    if (person) {
        record->user_id = person->id;
        record->username = person->username;
    } else if (id) {
        record->username = chunk->part->extras ? crm_adopt_extra(chunk, row, 0) : NULL;
        crm_adopt_note(chunk, row, "its account is not there", "user_id");
    }
    return NULL;
}

static crm_error_t *take_record(crm_adopt_chunk_t *chunk, int row, crm_history_t *record)
{
    const crm_adopt_options_t *options = chunk->place->run->options;
    const char *id = crm_adopt_text(chunk, row, "id");
    const char *endpoint = crm_adopt_text(chunk, row, "endpoint");
    const char *status = crm_adopt_text(chunk, row, "response_status");
    int derived;
    endpoint = endpoint ? endpoint : "";
    const char *query = strchr(endpoint, '?');
    const char *path =
        query ? apr_pstrmemdup(chunk->pool, endpoint, (apr_size_t)(query - endpoint)) : endpoint;
    *record = (crm_history_t){
        .id = crm_adopt_uuid("history", id, &derived),
        .method = crm_adopt_word(chunk, row, "method"),
        .endpoint = hide_tokens(chunk->pool, path),
        .request_data = body_of(chunk, row, "request_data", query ? query + 1 : NULL),
        .response_data = body_of(chunk, row, "response_data", NULL),
        .status = status ? (int)crm_adopt_number(status) % 1000 : 0,
        .ip_address = crm_adopt_word(chunk, row, "ip_address"),
        .user_agent = text_of(chunk, row, "user_agent"),
        .execution_time = span_of(crm_adopt_text(chunk, row, "execution_time")),
        .error_message = text_of(chunk, row, "error_message"),
    };
    record->route = options->route
                        ? options->route(chunk->pool, options->settings, record->method, path)
                        : NULL;
    if (!crm_adopt_time(chunk, row, "created_at", &record->created_at)) {
        record->created_at = chunk->place->fallback;
        crm_adopt_note(chunk, row, "no time: the tenant's was taken", "created_at");
    }
    return take_user(chunk, row, record);
}

/* Marks in SEEN the ids among those of COUNT records that are there already. */
static crm_error_t *find_ids(crm_adopt_chunk_t *chunk, const crm_history_t *records, int count,
                             apr_hash_t *seen)
{
    const crm_rows_t *found;
    crm_value_t *ids = apr_palloc(chunk->pool, (apr_size_t)count * sizeof(*ids));
    const char *sql = "SELECT id FROM history WHERE id IN (";
    for (int i = 0; i < count; i++) {
        ids[i] = crm_uuid(&records[i].id);
        sql = apr_pstrcat(chunk->pool, sql, i ? ", ?" : "?", NULL);
    }
    CRM_ERR(crm_db_select(chunk->db, chunk->pool, apr_pstrcat(chunk->pool, sql, ")", NULL), "u",
                          ids, count, &found));
    for (int i = 0; i < found->count; i++) {
        apr_hash_set(seen, crm_row(found, i)[0].as.uuid, sizeof(crm_uuid_t), "");
    }
    return NULL;
}

/* Stores what is not there yet; ROWS says whose rows the records are. */
static crm_error_t *store(crm_adopt_chunk_t *chunk, const crm_history_t *records, const int *rows,
                          int count)
{
    const crm_history_t **fresh = apr_palloc(chunk->pool, (apr_size_t)count * sizeof(*fresh));
    apr_hash_t *seen = apr_hash_make(chunk->pool);
    apr_size_t stored;
    int kept = 0;
    CRM_ERR(find_ids(chunk, records, count, seen));
    for (int i = 0; i < count; i++) {
        if (apr_hash_get(seen, &records[i].id, sizeof(crm_uuid_t))) {
            crm_adopt_left_out(chunk, rows[i], "a record with that id is there already");
            continue;
        }
        apr_hash_set(seen, &records[i].id, sizeof(crm_uuid_t), "");
        fresh[kept++] = &records[i];
        crm_adopt_taken(chunk, rows[i]);
    }
    return crm_history_store(chunk->db, chunk->pool, fresh, kept, &stored);
}

crm_error_t *crm_adopt_history(crm_adopt_chunk_t *chunk)
{
    crm_history_t *records = apr_palloc(chunk->pool, (apr_size_t)chunk->count * sizeof(*records));
    int *rows = apr_palloc(chunk->pool, (apr_size_t)chunk->count * sizeof(*rows));
    int count = 0;
    for (int i = 0; i < chunk->count; i++) {
        const char *id = crm_adopt_text(chunk, i, "id");
        if (!id || !*id) {
            crm_adopt_left_out(chunk, i, "it has no id");
            continue;
        }
        CRM_ERR(take_record(chunk, i, &records[count]));
        rows[count++] = i;
    }
    return count ? store(chunk, records, rows, count) : NULL;
}
