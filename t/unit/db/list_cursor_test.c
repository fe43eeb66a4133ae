/* t/unit/db/list_cursor_test.c - cursors pass every row once, whatever comes and goes meanwhile. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "list_fixture.h"

#define WALKS 30 /* random ones a database and direction */

/* A walk from cursor to cursor. */
typedef struct walk_t {
    database_t *database;
    const apr_table_t *table;
    const crm_condition_t *condition;
    const char *text, *cursor;
    int disturbed; /* rows come and go meanwhile */
    crm_list_t list;
    crm_query_t *query;
    const crm_value_t *last; /* order values of the row that was passed last */
} walk_t;

static void step(walk_t *walk)
{
    apr_table_t *table = apr_table_copy(scratch, walk->table);

    apr_table_set(table, "cursor", walk->cursor);
    list_set_number(table, "page_size", 1 + random_below(90));
    walk->query = list_parse(table);
    succeed(crm_list(walk->database->db, scratch, walk->query, walk->condition, &walk->list));
    assert_int_equal(walk->list.count, -1);
}

static const char *cursor_at(const walk_t *walk, int row, int backward)
{
    const crm_value_t *values =
        crm_list_order_values(scratch, walk->query, crm_row(walk->list.rows, row));

    return crm_query_cursor(scratch, walk->query, values, backward, &list_key);
}

static void disturb(const walk_t *walk)
{
    for (int i = random_below(3); walk->disturbed && i > 0; i--) {
        succeed(things_insert(walk->database->db, walk->database));
        things_delete_one(walk->database);
    }
}

/* Rows come in strict order, so none comes twice. */
static void check_order(walk_t *walk, const crm_value_t *row, int backward)
{
    const crm_value_t *values = crm_list_order_values(scratch, walk->query, row);
    int result = 0;

    for (int i = 0; walk->last && !result && i < walk->query->order->nelts; i++) {
        result = things_compare_values(walk->last[i], values[i]);
        if (APR_ARRAY_IDX(walk->query->order, i, crm_order_t).descending) {
            result = -result;
        }
    }
    if (walk->last && (backward ? result <= 0 : result >= 0)) {
        fail_msg("%s: a row out of order", walk->text);
    }
    walk->last = values;
}

static void see(const walk_t *walk, const crm_value_t *row)
{
    for (int i = 0; i < walk->database->things->nelts; i++) {
        thing_t *thing = APR_ARRAY_IDX(walk->database->things, i, thing_t *);
        if (things_compare_values(thing->cells[ID], row[ID]) == 0) {
            thing->seen++;
        }
    }
}

/* Walks to the end; the rows of the pages passed are seen. */
static void walk_on(walk_t *walk, int backward)
{
    int more;

    walk->last = NULL;
    do {
        step(walk);
        int rows = walk->list.rows->count;
        for (int i = 0; i < rows; i++) {
            const crm_value_t *row = crm_row(walk->list.rows, backward ? rows - 1 - i : i);
            check_order(walk, row, backward);
            see(walk, row);
        }
        more = backward ? walk->list.has_previous : walk->list.has_next;
        assert_true(rows > 0 || !more);
        if (more) {
            walk->cursor = cursor_at(walk, backward ? 0 : rows - 1, backward);
        }
        disturb(walk);
    } while (more);
}

/* What of ROWS lies before the row whose order values are VALUES. */
static void keep_before(const crm_query_t *query, apr_array_header_t *rows,
                        const crm_value_t *values)
{
    for (int i = 0; i < rows->nelts; i++) {
        const thing_t *thing = APR_ARRAY_IDX(rows, i, thing_t *);
        int result = 0;
        for (int j = 0; !result && j < query->order->nelts; j++) {
            const crm_order_t *order = &APR_ARRAY_IDX(query->order, j, crm_order_t);
            result = things_compare_values(thing->keys[order->field - thing_fields], values[j]);
            result = order->descending ? -result : result;
        }
        if (result >= 0) {
            rows->nelts = i;
        }
    }
}

static int is_there(const database_t *database, const thing_t *thing)
{
    for (int i = 0; i < database->things->nelts; i++) {
        if (APR_ARRAY_IDX(database->things, i, thing_t *) == thing) {
            return 1;
        }
    }
    return 0;
}

/* All of BEFORE that are still there were seen once. */
static void check_seen(const walk_t *walk, const apr_array_header_t *before)
{
    for (int i = 0; i < before->nelts; i++) {
        const thing_t *thing = APR_ARRAY_IDX(before, i, thing_t *);
        if (thing->seen != 1 && is_there(walk->database, thing)) {
            fail_msg("%s: row %d of %d was seen %d times", walk->text, i, before->nelts,
                     thing->seen);
        }
    }
}

static void forget(database_t *database)
{
    for (int i = 0; i < database->things->nelts; i++) {
        APR_ARRAY_IDX(database->things, i, thing_t *)->seen = 0;
    }
}

/* Forward over everything, then back from the last row. */
static void walk_both_ways(database_t *database, int disturbed)
{
    walk_t walk = {.database = database, .cursor = "", .disturbed = disturbed};

    apr_pool_clear(scratch);
    forget(database);
    walk.table = things_parameters(&walk.text);
    walk.condition = random_below(2) ? &things_grown_up : NULL;
    apr_array_header_t *before = things_expected(database, list_parse(walk.table), walk.condition);
    walk_on(&walk, 0);
    check_seen(&walk, before);
    if (!walk.last) {
        assert_int_equal(before->nelts, 0);
        return;
    }
    forget(database);
    before = things_expected(database, list_parse(walk.table), walk.condition);
    keep_before(walk.query, before, walk.last);
    walk.cursor = crm_query_cursor(scratch, walk.query, walk.last, 1, &list_key);
    walk_on(&walk, 1);
    check_seen(&walk, before);
}

static void cursors_pass_every_row_once(void **state)
{
    for (int i = 0; i < WALKS; i++) {
        walk_both_ways(list_database(state), 0);
    }
}

static void cursors_pass_every_row_once_while_rows_come_and_go(void **state)
{
    for (int i = 0; i < WALKS; i++) {
        walk_both_ways(list_database(state), 1);
    }
}

static void cursors_know_what_is_around_them(void **state)
{
    walk_t walk = {.database = list_database(state), .cursor = "", .text = "ends"};
    apr_table_t *table = apr_table_make(scratch, 2);

    apr_table_set(table, "ordering", "name");
    walk.table = table;
    step(&walk);
    assert_int_equal(walk.list.has_previous, 0);
    assert_int_equal(walk.list.has_next, 1);
    walk.cursor = cursor_at(&walk, walk.list.rows->count - 1, 0);
    step(&walk);
    assert_int_equal(walk.list.has_previous, 1);
    /* before the first row there is nothing, and no row to go on from */
    walk.cursor = "";
    step(&walk);
    walk.cursor = cursor_at(&walk, 0, 1);
    step(&walk);
    assert_int_equal(walk.list.rows->count, 0);
    assert_int_equal(walk.list.has_next, 0);
    assert_int_equal(walk.list.has_previous, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(cursors_pass_every_row_once),
        ON_BOTH(cursors_pass_every_row_once_while_rows_come_and_go),
        ON_BOTH(cursors_know_what_is_around_them),
    };

    return cmocka_run_group_tests(tests, list_fixture_open, list_fixture_close);
}
