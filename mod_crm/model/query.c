/* model/query.c - query parameters of a list, read against an entity's description. */

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "model/cursor.h"
#include "model/filter.h"

#define MAX_WORDS 16 /* words of search= */
#define MAX_QUOTED 256
#define MAX_NUMBER APR_INT64_C(1000000000000000)

typedef struct reader_t {
    apr_pool_t *pool;
    crm_query_t *query;
    const crm_page_limits_t *limits;
    crm_error_t *error; /* every fault of the parameters */
    int no_page;        /* page= names none: told when there is no other fault */
    const char *cursor;
} reader_t;

/* A parameter of the list itself. */
typedef struct parameter_t {
    const char *name;
    void (*read)(reader_t *reader, const char *text);
} parameter_t;

static void refuse_choice(reader_t *reader, const char *name, const char *text)
{
    crm_error_add(reader->pool, &reader->error, name, "\"%s\" is not a valid choice.",
                  crm_text_cut(reader->pool, text, MAX_QUOTED));
}

/* ---- the list's own parameters ---- */

/* Digits as a number (at most MAX_NUMBER), or -1 where TEXT is something else. */
static apr_int64_t read_number(const char *text)
{
    apr_int64_t number = 0;

    for (const char *digit = text; *digit; digit++) {
        if (!apr_isdigit(*digit)) {
            return -1;
        }
        number = number * 10 + (*digit - '0');
        number = number < MAX_NUMBER ? number : MAX_NUMBER;
    }
    return *text ? number : -1;
}

static void read_page(reader_t *reader, const char *text)
{
    apr_int64_t page = *text ? read_number(text) : 1;

    reader->no_page = page < 1;
    reader->query->page = page;
}

static void read_page_size(reader_t *reader, const char *text)
{
    apr_int64_t size = read_number(text);

    if (size > reader->limits->max_page_size) {
        size = reader->limits->max_page_size;
    }
    if (size > 0) {
        reader->query->page_size = (int)size;
    }
}

static void read_count_kind(reader_t *reader, const char *text)
{
    static const char *const kinds[] = {
        [CRM_COUNT_EXACT] = "exact",
        [CRM_COUNT_ESTIMATE] = "estimate",
        [CRM_COUNT_NONE] = "none",
    };

    for (int i = 0; i <= CRM_COUNT_NONE; i++) {
        if (strcmp(kinds[i], text) == 0) {
            reader->query->count = (crm_count_e)i;
            return;
        }
    }
    if (*text) {
        refuse_choice(reader, "count", text);
    }
}

static void read_cursor(reader_t *reader, const char *text)
{
    reader->cursor = text;
}

static void read_by_others(reader_t *reader, const char *text)
{
    (void)reader;
    (void)text;
}

static int has_searchable(const crm_entity_t *entity)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if ((field->flags & CRM_F_SEARCHABLE) && field->column) {
            return 1;
        }
    }
    return 0;
}

static int is_separator(UChar32 c)
{
    return c == ',' || u_isUWhiteSpace(c);
}

static void add_word(reader_t *reader, const char *word, apr_size_t size)
{
    if (size) {
        APR_ARRAY_PUSH(reader->query->words, const char *) =
            apr_pstrmemdup(reader->pool, word, size);
    }
}

/* Words lie between white space and commas; an entity without searchable fields has none. */
static void read_search(reader_t *reader, const char *text)
{
    const char *folded = crm_text_fold(reader->pool, text);
    int32_t length = (int32_t)strlen(folded), next = 0, start = 0;

    while (has_searchable(reader->query->entity) && next < length) {
        int32_t here = next;
        UChar32 c;
        U8_NEXT(folded, next, length, c);
        if (is_separator(c)) {
            add_word(reader, folded + start, (apr_size_t)(here - start));
            start = next;
        }
    }
    if (next) {
        add_word(reader, folded + start, (apr_size_t)(length - start));
    }
    if (reader->query->words->nelts > MAX_WORDS) {
        crm_error_add(reader->pool, &reader->error, "search",
                      "Ensure this field has no more than %d words.", MAX_WORDS);
    }
}

/* Adds a field to the order, unless the order is already told by what it has. */
static void add_order(crm_query_t *query, const crm_field_t *field, int descending)
{
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_field_t *earlier = APR_ARRAY_IDX(query->order, i, crm_order_t).field;
        if (earlier == field || strcmp(earlier->name, query->entity->id) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(query->order, crm_order_t) = (crm_order_t){field, descending};
}

static void read_ordering(reader_t *reader, const char *text)
{
    const char *item;

    while ((item = crm_query_item(reader->pool, &text))) {
        const char *name = item + (*item == '-');
        const crm_field_t *field = crm_field_find(reader->query->entity->fields, name);
        if (field && field->column && (field->flags & CRM_F_SORTABLE)) {
            add_order(reader->query, field, *item == '-');
        } else {
            refuse_choice(reader, "ordering", item);
        }
    }
}

static const parameter_t own_parameters[] = {
    {"page", read_page},        {"page_size", read_page_size},
    {"search", read_search},    {"ordering", read_ordering},
    {"cursor", read_cursor},    {"count", read_count_kind},
    {"fields", read_by_others}, {NULL, NULL},
};

static const parameter_t *find_own(const char *name)
{
    const parameter_t *parameter = own_parameters;

    while (parameter->name && strcmp(parameter->name, name) != 0) {
        parameter++;
    }
    return parameter->name ? parameter : NULL;
}

/* The same filters in any order are the same statement. */
static int compare_filters(const void *a, const void *b)
{
    const crm_filter_t *left = a, *right = b;

    if (left->field != right->field) {
        return left->field < right->field ? -1 : 1;
    }
    return left->op < right->op ? -1 : left->op > right->op;
}

/* ---- the whole ---- */

static int is_skipped(const char *const *skip, const char *name)
{
    while (skip && *skip && strcmp(*skip, name) != 0) {
        skip++;
    }
    return skip && *skip;
}

/* Each parameter once: of several of the same name the last one counts, as in Django. */
static void read_parameters(reader_t *reader, const apr_table_t *parameters,
                            const char *const *skip)
{
    const apr_array_header_t *entries = apr_table_elts(parameters);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)entries->elts;
    apr_hash_t *last = apr_hash_make(reader->pool);

    for (int i = 0; i < entries->nelts; i++) {
        apr_hash_set(last, entry[i].key, APR_HASH_KEY_STRING, &entry[i]);
    }
    for (int i = 0; i < entries->nelts; i++) {
        const parameter_t *own = find_own(entry[i].key);
        if (apr_hash_get(last, entry[i].key, APR_HASH_KEY_STRING) != &entry[i]) {
            continue;
        }
        if (own) {
            own->read(reader, entry[i].val);
        } else if (!is_skipped(skip, entry[i].key)) {
            crm_filter_read(reader->pool, reader->query, entry[i].key, entry[i].val,
                            &reader->error);
        }
    }
}

/* The entity's own order where none was asked for, and the id at the end. The id runs the same way
 * as what stands before it, so that one index can serve both. */
static void complete_order(apr_pool_t *pool, crm_query_t *query)
{
    const char *order = query->order->nelts ? "" : query->entity->order;
    const crm_field_t *id = crm_field_find(query->entity->fields, query->entity->id);
    const char *item;
    int descending = 0;

    while ((item = crm_query_item(pool, &order))) {
        const crm_field_t *field = crm_field_find(query->entity->fields, item + (*item == '-'));
        if (!field || !field->column) {
            abort();
        }
        add_order(query, field, *item == '-');
    }
    if (query->order->nelts) {
        descending = APR_ARRAY_IDX(query->order, query->order->nelts - 1, crm_order_t).descending;
    }
    if (!id || !id->column) {
        abort();
    }
    add_order(query, id, descending);
}

crm_error_t *crm_query_parse(apr_pool_t *pool, const crm_entity_t *entity,
                             const apr_table_t *parameters, const char *const *skip,
                             const crm_page_limits_t *limits, const crm_key_t *key,
                             crm_query_t **ret_query)
{
    crm_query_t *query = apr_palloc(pool, sizeof(*query));
    reader_t reader = {.pool = pool, .query = query, .limits = limits};

    *query = (crm_query_t){
        .entity = entity,
        .filters = apr_array_make(pool, 4, sizeof(crm_filter_t)),
        .words = apr_array_make(pool, 4, sizeof(const char *)),
        .order = apr_array_make(pool, 4, sizeof(crm_order_t)),
        .page = 1,
        .page_size = limits->page_size,
        .count = CRM_COUNT_EXACT,
    };
    read_parameters(&reader, parameters, skip);
    if (reader.error) {
        return reader.error;
    }
    qsort(query->filters->elts, (size_t)query->filters->nelts, sizeof(crm_filter_t),
          compare_filters);
    complete_order(pool, query);
    query->by_cursor = reader.cursor != NULL;
    if (query->by_cursor) {
        query->page = 1;
        query->count = CRM_COUNT_NONE;
        if (*reader.cursor) {
            CRM_ERR(crm_cursor_read(pool, query, reader.cursor, key));
        }
    } else if (reader.no_page) {
        return crm_error_make(pool, CRM_E_NOT_FOUND, "Invalid page.");
    }
    *ret_query = query;
    return NULL;
}
