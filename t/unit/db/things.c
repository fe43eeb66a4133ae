/* t/unit/db/things.c - a table of random rows, random queries of it, and a naive list. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <cmocka.h>

#include "base/text.h"
#include "things.h"

#define FIND (CRM_F_FILTERABLE | CRM_F_SORTABLE)

static const crm_choice_t statuses[] = {{"new", "New"}, {"open", "Open"}, {NULL, NULL}};

const crm_field_t thing_fields[] = {
    [ID] = {.name = "id", .column = "id", .type = CRM_T_UUID, .flags = FIND},
    [NAME] = {.name = "name",
              .column = "name",
              .type = CRM_T_TEXT,
              .flags = FIND | CRM_F_SEARCHABLE | CRM_F_FOLDED},
    [CITY] = {.name = "city",
              .column = "city",
              .type = CRM_T_TEXT,
              .flags = FIND | CRM_F_SEARCHABLE | CRM_F_FOLDED | CRM_F_NULL},
    [CODE] = {.name = "code",
              .column = "code",
              .type = CRM_T_TEXT,
              .flags = FIND | CRM_F_SEARCHABLE},
    [STATUS] = {.name = "status",
                .column = "status",
                .type = CRM_T_CHOICE,
                .flags = FIND,
                .choices = statuses},
    [AGE] = {.name = "age", .column = "age", .type = CRM_T_INTEGER, .flags = FIND | CRM_F_NULL},
    [SCORE] = {.name = "score", .column = "score", .type = CRM_T_REAL, .flags = FIND},
    [ACTIVE] = {.name = "is_active", .column = "is_active", .type = CRM_T_BOOLEAN, .flags = FIND},
    [CREATED] = {.name = "created_at", .column = "created_at", .type = CRM_T_TIME, .flags = FIND},
    [DUE] = {.name = "due", .column = "due", .type = CRM_T_DATE, .flags = FIND | CRM_F_NULL},
    [NOTES] = {.name = "notes", .column = "notes", .type = CRM_T_LONGTEXT, .flags = CRM_F_NULL},
    [SECRET] = {.name = "secret", .column = "secret", .type = CRM_T_TEXT, .flags = CRM_F_SECRET},
    [FIELDS] = {.name = NULL},
};

const crm_entity_t thing_entity = {
    .name = "thing",
    .plural = "things",
    .label = "Thing",
    .table = "thing",
    .fields = thing_fields,
    .id = "id",
    .order = "-created_at",
};

static const char create[] =
    "CREATE TABLE thing (id BINARY(16) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL,"
    " name_key VARCHAR(400) NOT NULL, city VARCHAR(100), city_key VARCHAR(400),"
    " code VARCHAR(20) NOT NULL, status VARCHAR(10) NOT NULL, age BIGINT, score DOUBLE NOT NULL,"
    " is_active BOOLEAN NOT NULL, created_at DATETIME(6) NOT NULL, due DATETIME(6),"
    " notes TEXT, secret VARCHAR(20) NOT NULL)";

static const char insert[] =
    "INSERT INTO thing (id, name, name_key, city, city_key, code, status, age, score, is_active,"
    " created_at, due, notes, secret) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

apr_pool_t *pool, *scratch;
static uint64_t seed = THINGS_SEED;

void succeed(crm_error_t *error)
{
    if (error) {
        fail_msg("%s", crm_error_line(error->pool, error));
    }
}

/* xorshift64*: the same rows and queries everywhere */
int random_below(int bound)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (int)((seed * UINT64_C(2685821657736338717)) >> 33) % bound;
}

#define PICK(array) array[random_below((int)(sizeof(array) / sizeof(array[0])))]

/* ---- rows ---- */

static thing_t *make_thing(void)
{
    static const char *const names[] = {
        "M\303\274ller",
        "MULLER",
        "muller",
        "Zo\303\253",
        "zoe",
        "100%",
        "1000",
        "a_b",
        "a|b",
        "axb",
        "Stra\303\237e",
        "strasse",
        "\360\237\230\200",
        "'; --",
        "back\\slash",
        "\316\221\316\266",
        "{new x}",
        "?",
    };
    static const char *const codes[] = {"A1", "a1", "B%", "B2", "\303\211"};
    thing_t *thing = apr_pcalloc(pool, sizeof(*thing));
    crm_uuid_t *id = apr_palloc(pool, sizeof(*id));

    /* random, so that the order of ids is not that of the inserts */
    for (int i = 0; i < 16; i++) {
        id->bytes[i] = (unsigned char)random_below(256);
    }
    thing->cells[ID] = crm_uuid(id);
    thing->cells[NAME] = crm_text(PICK(names));
    thing->cells[CITY] = random_below(4) ? crm_text(PICK(names)) : crm_null();
    thing->cells[CODE] = crm_text(PICK(codes));
    thing->cells[STATUS] = crm_text(statuses[random_below(2)].value);
    thing->cells[AGE] = random_below(4) ? crm_int(random_below(9) - 2) : crm_null();
    thing->cells[SCORE] = crm_real((random_below(21) - 10) / 10.0);
    thing->cells[ACTIVE] = crm_bool(random_below(2));
    thing->cells[CREATED] =
        crm_time(APR_INT64_C(1767225600000000) + random_below(40) * APR_INT64_C(1000001));
    thing->cells[DUE] = random_below(3)
                            ? crm_time((20454 + random_below(5)) * APR_INT64_C(86400000000))
                            : crm_null();
    thing->cells[NOTES] = random_below(2) ? crm_text("long \303\274 text") : crm_null();
    thing->cells[SECRET] = crm_text("hidden");
    for (int i = 0; i < FIELDS; i++) {
        thing->keys[i] = thing->cells[i];
        if ((thing_fields[i].flags & CRM_F_FOLDED) && !crm_is_null(thing->cells[i])) {
            thing->keys[i] = crm_text(crm_text_fold(pool, thing->cells[i].as.text));
        }
    }
    return thing;
}

crm_error_t *things_insert(const crm_db_t *db, database_t *database)
{
    thing_t *thing = make_thing();
    const crm_value_t *c = thing->cells;

    APR_ARRAY_PUSH(database->things, thing_t *) = thing;
    return crm_db_execute(db, scratch, insert,
                          CRM_ARGS(c[ID], c[NAME], thing->keys[NAME], c[CITY], thing->keys[CITY],
                                   c[CODE], c[STATUS], c[AGE], c[SCORE], c[ACTIVE], c[CREATED],
                                   c[DUE], c[NOTES], c[SECRET]),
                          NULL);
}

static crm_error_t *fill(const crm_db_t *db, apr_pool_t *work, void *baton)
{
    database_t *database = baton;

    (void)work;
    apr_array_clear(database->things);
    for (int i = 0; i < THINGS; i++) {
        CRM_ERR(things_insert(db, database));
    }
    return NULL;
}

void things_create(database_t *database)
{
    int mysql = strcmp(database->db->server->driver, "mysql") == 0;
    const char *engine = mysql ? " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" : "";

    database->things = apr_array_make(pool, THINGS, sizeof(thing_t *));
    succeed(crm_db_execute(database->db, scratch, apr_pstrcat(scratch, create, engine, NULL),
                           CRM_NO_ARGS, NULL));
    succeed(crm_db_transaction(database->db, scratch, fill, database));
}

void things_delete_one(database_t *database)
{
    int n = random_below(database->things->nelts);
    thing_t **things = (thing_t **)database->things->elts;

    succeed(crm_db_execute(database->db, scratch, "DELETE FROM thing WHERE id = ?",
                           CRM_ARGS(things[n]->cells[ID]), NULL));
    things[n] = *(thing_t **)apr_array_pop(database->things);
}

/* ---- the naive list ---- */

int things_compare_values(crm_value_t a, crm_value_t b)
{
    if (crm_is_null(a) || crm_is_null(b)) {
        return crm_is_null(b) - crm_is_null(a);
    }
    switch (a.kind) {
    case CRM_V_TEXT:
        return strcmp(a.as.text, b.as.text);
    case CRM_V_UUID:
        return memcmp(a.as.uuid, b.as.uuid, sizeof(crm_uuid_t));
    case CRM_V_REAL:
        return (a.as.real > b.as.real) - (a.as.real < b.as.real);
    case CRM_V_TIME:
        return (a.as.time > b.as.time) - (a.as.time < b.as.time);
    default:
        return (a.as.integer > b.as.integer) - (a.as.integer < b.as.integer);
    }
}

static int holds(const crm_filter_t *filter, const thing_t *thing)
{
    crm_value_t value = thing->keys[filter->field - thing_fields];
    int order = 0, found = 0;

    if (filter->op == CRM_OP_ISNULL) {
        return crm_is_null(value) == filter->values[0].as.integer;
    }
    if (crm_is_null(value)) {
        return 0;
    }
    if (filter->op == CRM_OP_CONTAINS) {
        return strstr(value.as.text, filter->values[0].as.text) != NULL;
    }
    for (int i = 0; i < filter->nvalues; i++) {
        order = things_compare_values(value, filter->values[i]);
        found |= order == 0;
    }
    switch (filter->op) {
    case CRM_OP_GTE:
        return order >= 0;
    case CRM_OP_LTE:
        return order <= 0;
    case CRM_OP_GT:
        return order > 0;
    case CRM_OP_LT:
        return order < 0;
    default:
        return found;
    }
}

static int has_word(const thing_t *thing, const char *word)
{
    for (int i = 0; i < FIELDS; i++) {
        if ((thing_fields[i].flags & CRM_F_SEARCHABLE) && !crm_is_null(thing->keys[i])) {
            char *text = apr_pstrdup(scratch, thing->keys[i].as.text);
            for (char *c = text; *c; c++) {
                *c = (char)(*c & 0x80 ? *c : apr_tolower(*c));
            }
            if (strstr(text, word)) {
                return 1;
            }
        }
    }
    return 0;
}

/* The caller's own condition, when there is one: old enough, or of unknown age. */
static const crm_value_t least_age[] = {{.kind = CRM_V_INTEGER, .as.integer = 3}};
const crm_condition_t things_grown_up = {
    .sql = "age >= ? OR age IS NULL", .args = least_age, .nargs = 1};

static int matches(const crm_query_t *query, const crm_condition_t *condition, const thing_t *thing)
{
    for (int i = 0; i < query->filters->nelts; i++) {
        if (!holds(&APR_ARRAY_IDX(query->filters, i, crm_filter_t), thing)) {
            return 0;
        }
    }
    for (int i = 0; i < query->words->nelts; i++) {
        if (!has_word(thing, APR_ARRAY_IDX(query->words, i, const char *))) {
            return 0;
        }
    }
    return !condition || crm_is_null(thing->cells[AGE]) || thing->cells[AGE].as.integer >= 3;
}

static const crm_query_t *sorting;

static int compare_things(const void *a, const void *b)
{
    const thing_t *left = *(thing_t *const *)a, *right = *(thing_t *const *)b;

    for (int i = 0; i < sorting->order->nelts; i++) {
        const crm_order_t *order = &APR_ARRAY_IDX(sorting->order, i, crm_order_t);
        int n = (int)(order->field - thing_fields);
        int result = things_compare_values(left->keys[n], right->keys[n]);
        if (result) {
            return order->descending ? -result : result;
        }
    }
    return 0;
}

apr_array_header_t *things_expected(const database_t *database, const crm_query_t *query,
                                    const crm_condition_t *condition)
{
    apr_array_header_t *found = apr_array_make(scratch, THINGS, sizeof(thing_t *));

    for (int i = 0; i < database->things->nelts; i++) {
        thing_t *thing = APR_ARRAY_IDX(database->things, i, thing_t *);
        if (matches(query, condition, thing)) {
            APR_ARRAY_PUSH(found, thing_t *) = thing;
        }
    }
    sorting = query;
    qsort(found->elts, (size_t)found->nelts, sizeof(thing_t *), compare_things);
    return found;
}

/* ---- random queries ---- */

typedef struct choice_t {
    const char *name, *values[5]; /* the values end with NULL */
} choice_t;

static const choice_t filters[] = {
    {"name", {"M\303\234LLER", "Zo\303\253", "strasse", "100%"}},
    {"name__contains", {"\303\274L", "%", "_", "|"}},
    {"name__in", {"muller, zoe,?", "a_b,a|b,back\\slash,100%", "nobody"}},
    {"city", {"Muller", "'; --", "{new x}"}},
    {"city__isnull", {"true", "false"}},
    {"city__contains", {"S", "\\", "\316\261"}},
    {"code", {"A1", "a1", "\303\211"}},
    {"code__contains", {"A", "%", "\303\211"}},
    {"code__in", {"A1,B2", "a1,B%,\303\251"}},
    {"status", {"new", "open"}},
    {"status__in", {"open,new", "new"}},
    {"age", {"3", "0", "77"}},
    {"age__gte", {"2", "-1"}},
    {"age__lt", {"5", "0"}},
    {"age__in", {"1,2,3", "1,1,1,1,1", "-2,-1,0,4,5,6,77,78,79"}},
    {"age__isnull", {"true", "0"}},
    {"score", {"0.3", "-1"}},
    {"score__gt", {"0.3", "-0.7"}},
    {"score__lte", {"0.8", "0"}},
    {"is_active", {"true", "false"}},
    {"created_at", {"2026-01-01T00:00:07.000007Z", "2026-01-01T01:00:09.000009+01:00"}},
    {"created_at__gte", {"2026-01-01", "2026-01-01T00:00:20Z"}},
    {"created_at__lt", {"2026-01-01T00:00:20.000020Z", "2026-01-01T00:00:35"}},
    {"due", {"2026-01-02", "2026-01-05"}},
    {"due__lte", {"2026-01-03"}},
    {"due__isnull", {"false", "true"}},
    {"search", {"m\303\234ll", "a1 zoe", "% b", "\360\237\230\200,new", "_"}},
};

static const char *const orderings[] = {
    "",      "name",       "-name",           "city,-age",  "-city,age", "-age,-score,name",
    "score", "-due,city",  "is_active,-name", "due,-score", "-id",       "-score,created_at",
    "code",  "status,age",
};

/* A few filters, an order; what it is goes to *RET_TEXT. */
apr_table_t *things_parameters(const char **ret_text)
{
    apr_table_t *table = apr_table_make(scratch, 8);
    const char *ordering = PICK(orderings);

    *ret_text = apr_pstrcat(scratch, "ordering=", ordering, NULL);
    apr_table_set(table, "ordering", ordering);
    for (int i = random_below(3); i > 0; i--) {
        const choice_t *choice = &PICK(filters);
        int n = 0;
        while (n < 5 && choice->values[n]) {
            n++;
        }
        const char *value = choice->values[random_below(n)];
        apr_table_set(table, choice->name, value);
        *ret_text = apr_pstrcat(scratch, *ret_text, "&", choice->name, "=", value, NULL);
    }
    return table;
}
