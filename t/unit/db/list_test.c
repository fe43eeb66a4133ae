/* t/unit/db/list_test.c - lists on both databases, held against a naive filter over all rows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "base/json.h"
#include "db/list_sql.h"
#include "list_fixture.h"

#define QUERIES 300 /* random ones a database */

/* Row N of LIST is THING, cell by cell. */
static void check_row(const crm_list_t *list, int n, const thing_t *thing, const char *text)
{
    const crm_value_t *row = crm_row(list->rows, n);

    for (int i = 0; i < FIELDS; i++) {
        if (row[i].kind != thing->cells[i].kind ||
            things_compare_values(row[i], thing->cells[i]) != 0) {
            fail_msg("%s: row %d differs in %s", text, n, thing_fields[i].name);
        }
    }
}

static void check_page(const database_t *database, const crm_query_t *query,
                       const crm_condition_t *condition, const char *text)
{
    apr_array_header_t *all = things_expected(database, query, condition);
    apr_int64_t offset = (query->page - 1) * query->page_size;
    apr_int64_t rows = all->nelts - offset;
    crm_list_t list;
    crm_error_t *error = crm_list(database->db, scratch, query, condition, &list);

    if (rows <= 0 && query->page > 1) {
        assert_non_null(error);
        assert_int_equal(error->kind, CRM_E_NOT_FOUND);
        assert_string_equal(error->detail, "Invalid page.");
        return;
    }
    succeed(error);
    if (list.rows->count != (rows < query->page_size ? rows : query->page_size)) {
        fail_msg("%s: page %d of %d: %d rows of %d", text, (int)query->page, query->page_size,
                 list.rows->count, all->nelts);
    }
    for (int i = 0; i < list.rows->count; i++) {
        check_row(&list, i, APR_ARRAY_IDX(all, (int)offset + i, thing_t *), text);
    }
    assert_int_equal(list.count, query->count == CRM_COUNT_NONE ? -1 : all->nelts);
    assert_int_equal(list.has_next, rows > query->page_size);
    assert_int_equal(list.has_previous, query->page > 1);
}

static void pages_are_what_a_naive_filter_gives(void **state)
{
    const database_t *database = list_database(state);
    static const char *const counts[] = {"exact", "exact", "estimate", "none"};
    const char *text;

    for (int i = 0; i < QUERIES; i++) {
        apr_pool_clear(scratch);
        apr_table_t *table = things_parameters(&text);
        const crm_condition_t *condition = random_below(2) ? &things_grown_up : NULL;
        int size = 1 + random_below(60);
        list_set_number(table, "page_size", size);
        list_set_number(table, "page", 1 + random_below(5));
        apr_table_set(table, "count", counts[random_below(4)]);
        check_page(database, list_parse(table), condition, text);
        /* the last page, and the one behind it */
        int last =
            (things_expected(database, list_parse(table), condition)->nelts + size - 1) / size;
        for (int page = last > 1 ? last : 1; page < last + 2; page++) {
            list_set_number(table, "page", page);
            check_page(database, list_parse(table), condition, text);
        }
    }
}

/* Pages that are found by their ids alone. */
static void deep_pages_are_the_same(void **state)
{
    const database_t *database = list_database(state);
    const char *text;

    for (int i = 0; i < 20; i++) {
        apr_pool_clear(scratch);
        apr_table_t *table = things_parameters(&text);
        apr_table_t *order = apr_table_make(scratch, 4);
        apr_table_set(order, "ordering", apr_table_get(table, "ordering"));
        list_set_number(order, "page_size", 7);
        list_set_number(order, "page", 144 + random_below(40));
        check_page(database, list_parse(order), NULL, text);
    }
}

/* ---- one row, JSON, counts, text ---- */

static void one_row_is_found_by_its_id(void **state)
{
    const database_t *database = list_database(state);
    const thing_t *thing = APR_ARRAY_IDX(database->things, 0, thing_t *);
    const crm_condition_t never = {
        .sql = "1 = ?", .args = (const crm_value_t[]){crm_int(2)}, .nargs = 1};
    const crm_value_t *row;
    crm_uuid_t other;
    crm_error_t *error;

    succeed(crm_list_one(database->db, scratch, &thing_entity, thing->cells[ID], NULL, &row));
    for (int i = 0; i < FIELDS; i++) {
        assert_int_equal(things_compare_values(row[i], thing->cells[i]), 0);
    }
    error = crm_list_one(database->db, scratch, &thing_entity, thing->cells[ID], &never, &row);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_NOT_FOUND);
    crm_uuid_make(&other);
    error = crm_list_one(database->db, scratch, &thing_entity, crm_uuid(&other), NULL, &row);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_NOT_FOUND);
    assert_string_equal(error->detail, "Not found.");
}

static void json_has_what_may_be_read(void **state)
{
    crm_uuid_t id = {{1}};
    const crm_value_t row[FIELDS] = {
        crm_uuid(&id),   crm_text("Ann"), crm_null(),       crm_text("A1"),
        crm_text("new"), crm_int(7),      crm_real(0.5),    crm_bool(1),
        crm_time(1),     crm_time(0),     crm_text("long"), crm_text("hidden"),
    };
    json_t *json = crm_json_own(scratch, crm_list_json(scratch, &thing_entity, row));

    (void)state;
    assert_string_equal(crm_json_text(scratch, json, NULL),
                        "{\"id\":\"01000000-0000-0000-0000-000000000000\",\"name\":\"Ann\","
                        "\"city\":null,\"code\":\"A1\",\"status\":\"new\",\"age\":7,"
                        "\"score\":0.5,\"is_active\":true,"
                        "\"created_at\":\"1970-01-01T00:00:00.000001Z\","
                        "\"due\":\"1970-01-01\",\"notes\":\"long\"}");
}

/* An estimate counts to 10,000 and no further. */
static void estimates_are_bounded(void **state)
{
    static const crm_field_t numbers[] = {
        {.name = "id", .column = "id", .type = CRM_T_INTEGER, .flags = CRM_F_FILTERABLE},
        {.name = NULL},
    };
    static const crm_entity_t number = {
        .name = "number", .table = "number", .fields = numbers, .id = "id", .order = "id"};
    static const struct {
        const char *count, *filter;
        int page, expected;
    } rows[] = {
        {"exact", "100000", 1, 16384},     {"estimate", "100000", 1, 10000},
        {"estimate", "9999", 1, 9999},     {"estimate", "10000", 1, 10000},
        {"estimate", "100000", 12, 12001}, {"estimate", "100000", 17, 16384},
    };
    const database_t *database = list_database(state);
    crm_query_t *query;
    crm_list_t list;

    succeed(crm_db_execute(database->db, scratch, "CREATE TABLE number (id BIGINT PRIMARY KEY)",
                           CRM_NO_ARGS, NULL));
    succeed(crm_db_execute(database->db, scratch, "INSERT INTO number (id) VALUES (1)", CRM_NO_ARGS,
                           NULL));
    for (int n = 1; n < 16384; n *= 2) {
        succeed(crm_db_execute(database->db, scratch,
                               "INSERT INTO number (id) SELECT id + ? FROM number",
                               CRM_ARGS(crm_int(n)), NULL));
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_table_t *table = apr_table_make(scratch, 4);
        apr_table_set(table, "count", rows[i].count);
        apr_table_set(table, "id__lte", rows[i].filter);
        list_set_number(table, "page", rows[i].page);
        list_set_number(table, "page_size", 1000);
        succeed(crm_query_parse(scratch, &number, table, NULL, &list_limits, &list_key, &query));
        succeed(crm_list(database->db, scratch, query, NULL, &list));
        assert_int_equal(list.count, rows[i].expected);
        assert_int_equal(crm_row(list.rows, 0)[0].as.integer, (rows[i].page - 1) * 1000 + 1);
    }
}

/* Values never show in the text, and what differs in values alone is one statement. */
static void one_shape_is_one_statement(void **state)
{
    apr_table_t *one = apr_table_make(scratch, 8), *two = apr_table_make(scratch, 8);
    crm_list_sql_t first, second;

    (void)state;
    apr_table_set(one, "name__in", "a,b,c");
    apr_table_set(one, "age__gte", "5");
    apr_table_set(one, "search", "x y");
    apr_table_set(two, "search", "'z w;");
    apr_table_set(two, "age__gte", "77777");
    apr_table_set(two, "name__in", "a,b,c,'); --");
    apr_table_set(two, "page", "3");
    first = crm_list_sql_page(scratch, list_parse(one), &things_grown_up, 21);
    second = crm_list_sql_page(scratch, list_parse(two), &things_grown_up, 21);
    assert_string_equal(first.text, second.text);
    assert_string_equal(first.types, second.types);
    assert_int_equal(first.nargs, second.nargs);
    assert_null(strstr(second.text, "77777"));
    assert_null(strstr(second.text, "--"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(pages_are_what_a_naive_filter_gives), ON_BOTH(deep_pages_are_the_same),
        ON_BOTH(one_row_is_found_by_its_id),          ON_BOTH(estimates_are_bounded),
        cmocka_unit_test(json_has_what_may_be_read),  cmocka_unit_test(one_shape_is_one_statement),
    };

    return cmocka_run_group_tests(tests, list_fixture_open, list_fixture_close);
}
