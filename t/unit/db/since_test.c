/* t/unit/db/since_test.c - fields and tables that are younger than the database: left out of what
 * is read and written, and there as soon as it is migrated. */
#include "fixture.h"

#include "db/list.h"
#include "db/record.h"

enum { ID, NAME, COLOR, NICK, SIZE, BOX, CREATED, UPDATED, FIELDS };

static const crm_choice_t colors[] = {{"red", "Red"}, {"blue", "Blue"}, {NULL, NULL}};

static const crm_field_t box_fields[] = {
    {.name = "id", .column = "id", .type = CRM_T_UUID, .flags = CRM_F_READ_ONLY},
    {.name = "created_at", .column = "created_at", .type = CRM_T_TIME, .flags = CRM_F_READ_ONLY},
    {.name = NULL},
};

/* A table that version 2 brings. */
static const crm_entity_t box_entity = {
    .name = "box",
    .table = "box",
    .fields = box_fields,
    .id = "id",
    .order = "-created_at",
    .since = 2,
    .path = "boxes",
};

static const crm_reference_t box = {.entity = &box_entity};

static const crm_field_t fields[] = {
    [ID] = {.name = "id", .column = "id", .type = CRM_T_UUID, .flags = CRM_F_READ_ONLY},
    [NAME] = {.name = "name",
              .column = "name",
              .type = CRM_T_TEXT,
              .flags = CRM_F_FOLDED | CRM_F_SORTABLE},
    [COLOR] = {.name = "color",
               .column = "color",
               .type = CRM_T_CHOICE,
               .flags = CRM_F_FILTERABLE | CRM_F_SORTABLE,
               .choices = colors,
               .preset = "red",
               .since = 2},
    [NICK] = {.name = "nick",
              .column = "nick",
              .type = CRM_T_TEXT,
              .flags = CRM_F_NULL | CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_FOLDED | CRM_F_UNIQUE,
              .since = 2},
    [SIZE] = {.name = "size",
              .column = "size",
              .type = CRM_T_INTEGER,
              .flags = CRM_F_FILTERABLE | CRM_F_SORTABLE,
              .preset = "2",
              .since = 2},
    [BOX] = {.name = "box",
             .column = "box",
             .type = CRM_T_REFERENCE,
             .flags = CRM_F_NULL,
             .reference = &box,
             .since = 2},
    [CREATED] = {.name = "created_at", .column = "created_at", .type = CRM_T_TIME},
    [UPDATED] = {.name = "updated_at", .column = "updated_at", .type = CRM_T_TIME},
    [FIELDS] = {.name = NULL},
};

static const crm_entity_t gadget = {
    .name = "gadget",
    .table = "gadget",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .path = "gadgets",
};

static crm_uuid_t uuid;

/* The schema's first version, and a server that knows the second. */
static crm_db_t begin(fixture_t *fixture)
{
    crm_db_t *db = &fixture->db;
    run(db, fixture->pool,
        "CREATE TABLE schema_migration (version INT NOT NULL PRIMARY KEY, is_done INT NOT NULL)");
    run(db, fixture->pool, "INSERT INTO schema_migration VALUES (1, 1)");
    run(db, fixture->pool,
        "CREATE TABLE gadget (id BINARY(16) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, "
        "name_key VARCHAR(600) NOT NULL, created_at DATETIME(6) NOT NULL, updated_at DATETIME(6) "
        "NOT NULL, version BIGINT NOT NULL, deleted_at DATETIME(6) NULL)");
    crm_db_t served = fixture_again(fixture, &fixture->limits);
    served.needs = 1;
    served.newest = 2;
    return served;
}

static void upgrade(fixture_t *fixture)
{
    static const char *const statements[] = {
        ("CREATE TABLE box (id BINARY(16) NOT NULL PRIMARY KEY, created_at DATETIME(6) NOT NULL, "
         "version BIGINT NOT NULL, deleted_at DATETIME(6) NULL)"),
        "ALTER TABLE gadget ADD COLUMN color VARCHAR(20) DEFAULT 'red' NOT NULL",
        "ALTER TABLE gadget ADD COLUMN nick VARCHAR(100) NULL",
        "ALTER TABLE gadget ADD COLUMN nick_key VARCHAR(600) NULL",
        "ALTER TABLE gadget ADD COLUMN nick_unique VARCHAR(600) NULL",
        "ALTER TABLE gadget ADD COLUMN size BIGINT DEFAULT 2 NOT NULL",
        "ALTER TABLE gadget ADD COLUMN box BINARY(16) NULL",
        "INSERT INTO schema_migration VALUES (2, 1)",
    };
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        run(&fixture->db, fixture->pool, statements[i]);
    }
}

static void make_values(crm_value_t values[FIELDS], const char *color, const char *nick)
{
    static const apr_time_t time = APR_INT64_C(1767225600000000);
    crm_uuid_make(&uuid);
    values[ID] = crm_uuid(&uuid);
    values[NAME] = crm_text("Lamp");
    values[COLOR] = crm_text(color);
    values[NICK] = nick ? crm_text(nick) : crm_null();
    values[SIZE] = crm_int(2);
    values[BOX] = crm_null();
    values[CREATED] = values[UPDATED] = crm_time(time);
}

static crm_error_t *insert(const crm_db_t *db, apr_pool_t *pool, const crm_value_t *values)
{
    apr_array_header_t *statements = crm_record_statements(pool);
    crm_record_sql_insert(statements, &gadget, &values, 1);
    return crm_db_execute_all(db, pool, (const crm_sql_t *)statements->elts, statements->nelts);
}

static crm_error_t *update(const crm_db_t *db, apr_pool_t *pool, const crm_value_t *values,
                           apr_int64_t version)
{
    apr_array_header_t *statements = crm_record_statements(pool);
    crm_record_sql_update(statements, &gadget, values, version);
    return crm_db_execute_all(db, pool, (const crm_sql_t *)statements->elts, statements->nelts);
}

/* How many rows the list with PARAMETERS (name, value, ...) has; its first row goes to *RET_ROW. */
static int listed(const crm_db_t *db, apr_pool_t *pool, const char *name, const char *value,
                  const char *order, const crm_value_t **ret_row)
{
    static const crm_page_limits_t limits = {20, 100};
    static const crm_key_t key = {.bytes = {1}};
    apr_table_t *parameters = apr_table_make(pool, 4);
    crm_query_t *query;
    crm_list_t list;
    if (name) {
        apr_table_set(parameters, name, value);
    }
    apr_table_set(parameters, "ordering", order);
    apr_table_set(parameters, "cursor", "");
    no_error(crm_query_parse(pool, &gadget, parameters, NULL, &limits, &key, &query));
    no_error(crm_list(db, pool, query, NULL, &list));
    *ret_row = list.rows->count ? crm_row(list.rows, 0) : NULL;
    return list.rows->count;
}

static void a_younger_field_is_left_out(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t db = begin(fixture);
    crm_value_t values[FIELDS];
    const crm_value_t *row;

    make_values(values, "red", NULL);
    no_error(insert(&db, pool, values));
    assert_int_equal(listed(&db, pool, NULL, NULL, "color,-size,nick", &row), 1);
    assert_string_equal(row[COLOR].as.text, "red");
    assert_true(crm_is_null(row[NICK]));
    assert_int_equal(row[SIZE].as.integer, 2);
    assert_true(crm_is_null(row[BOX]));
    assert_int_equal(crm_list_version(&gadget, row), 1);
    assert_int_equal(listed(&db, pool, "color", "red", "name", &row), 1);
    assert_int_equal(listed(&db, pool, "color", "blue", "name", &row), 0);
    assert_int_equal(listed(&db, pool, "size", "2", "-nick", &row), 1);
    assert_int_equal(listed(&db, pool, "nick", "Bob", "name", &row), 0);
    assert_int_equal(listed(&db, pool, "nick__isnull", "true", "name", &row), 1);

    const crm_record_find_t find = {.entity = &gadget,
                                    .field = &fields[ID],
                                    .values = &values[ID],
                                    .count = 1,
                                    .lock = "{for update}"};
    const crm_record_find_t by_nick = {.entity = &gadget,
                                       .field = &fields[NICK],
                                       .values = (const crm_value_t[]){crm_text("Bob")},
                                       .count = 1,
                                       .lock = ""};
    const crm_rows_t *rows;
    no_error(crm_record_find(&db, pool, &find, &rows));
    assert_int_equal(rows->count, 1);
    assert_string_equal(crm_row(rows, 0)[COLOR].as.text, "red");
    no_error(crm_record_find(&db, pool, &by_nick, &rows));
    assert_int_equal(rows->count, 0);

    values[NAME] = crm_text("Lantern");
    no_error(update(&db, pool, values, 1));
    apr_array_header_t *statements = crm_record_statements(pool);
    crm_record_sql_delete(statements, &gadget, values, 2, apr_time_now());
    crm_record_sql_delete(statements, &gadget, values, 3, 0);
    no_error(crm_db_execute_all(&db, pool, (const crm_sql_t *)statements->elts, statements->nelts));
    assert_int_equal(listed(&db, pool, NULL, NULL, "name", &row), 1);
    assert_string_equal(row[NAME].as.text, "Lantern");
}

static void what_is_said_of_it_is_refused_until_it_is_there(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t db = begin(fixture);
    crm_value_t values[FIELDS];
    const crm_value_t *row;

    make_values(values, "blue", NULL);
    const crm_error_t *error = error_of(CRM_E_UNAVAILABLE, insert(&db, pool, values));
    assert_true(error->retry_after > 0);
    assert_non_null(strstr(error->cause, "crmctl migrate"));
    make_values(values, "red", "Bob");
    error_of(CRM_E_UNAVAILABLE, insert(&db, pool, values));
    assert_true(crm_record_has_new(pool, &gadget, values));
    values[NICK] = crm_null();
    assert_false(crm_record_has_new(pool, &gadget, values));
    no_error(insert(&db, pool, values));
    values[NICK] = crm_text("Bob");
    error_of(CRM_E_UNAVAILABLE, update(&db, pool, values, 1));

    upgrade(fixture);
    while (update(&db, pool, values, 1)) { /* the connection is looked at again after a second */
        apr_sleep(20000);
    }
    assert_int_equal(listed(&db, pool, "nick", "BOB", "nick", &row), 1);
    assert_string_equal(row[NICK].as.text, "Bob");
    make_values(values, "blue", "Carl");
    no_error(insert(&db, pool, values));
    assert_int_equal(listed(&db, pool, "color", "blue", "color", &row), 1);
    assert_string_equal(row[COLOR].as.text, "blue");
}

static void a_younger_table_is_unavailable(void **state)
{
    fixture_t *fixture = fixture_of(state);
    crm_db_t db = begin(fixture);
    const crm_rows_t *rows;
    const crm_error_t *error =
        error_of(CRM_E_UNAVAILABLE, crm_list_all(&db, fixture->pool, &box_entity, NULL, &rows));
    assert_non_null(strstr(error->cause, "needs version 2"));
    upgrade(fixture);
    while (crm_list_all(&db, fixture->pool, &box_entity, NULL, &rows)) {
        apr_sleep(20000);
    }
    assert_int_equal(rows->count, 0);
}

static void words_must_stand_right(void **state)
{
    static const char *const wrong[] = {
        "SELECT {since 2}1",      "SELECT 1{end}",     "SELECT {else}1{end}",
        "SELECT {since 1}?{end}", "SELECT {nonsense}",
    };
    fixture_t *fixture = fixture_of(state);
    crm_db_t db = begin(fixture);
    const crm_rows_t *rows;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        error_of(CRM_E_INTERNAL,
                 crm_db_select(&db, fixture->pool, wrong[i], "i", CRM_NO_ARGS, &rows));
    }
    no_error(crm_db_select(
        &db, fixture->pool,
        "SELECT {since 1}? + {since 2}?{else}?{end}{else}? + ?{end}, {since 2}?{end}'{end}'", "is",
        CRM_ARGS(crm_int(1), crm_int(2), crm_int(4), crm_int(8), crm_int(16), crm_int(32)), &rows));
    assert_int_equal(crm_row(rows, 0)[0].as.integer, 5);
    assert_string_equal(crm_row(rows, 0)[1].as.text, "{end}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_younger_field_is_left_out),
        ON_BOTH(what_is_said_of_it_is_refused_until_it_is_there),
        ON_BOTH(a_younger_table_is_unavailable),
        ON_BOTH(words_must_stand_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
