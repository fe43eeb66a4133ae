/* t/unit/model/query_test.c - parameters of a list become a query, or name every fault. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "base/time.h"
#include "model/query.h"

static apr_pool_t *pool;

static const crm_choice_t statuses[] = {{"new", "New"}, {"open", "Open"}, {NULL, NULL}};

static const crm_field_t fields[] = {
    {.name = "id", .column = "id", .type = CRM_T_UUID, .flags = CRM_F_FILTERABLE},
    {.name = "name",
     .column = "name",
     .type = CRM_T_TEXT,
     .flags = CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_SEARCHABLE | CRM_F_FOLDED},
    {.name = "email", .column = "email", .type = CRM_T_EMAIL, .flags = CRM_F_FILTERABLE},
    {.name = "status",
     .column = "status",
     .type = CRM_T_CHOICE,
     .flags = CRM_F_FILTERABLE,
     .choices = statuses},
    {.name = "age",
     .column = "age",
     .type = CRM_T_INTEGER,
     .flags = CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_NULL},
    {.name = "score", .column = "score", .type = CRM_T_REAL, .flags = CRM_F_SORTABLE},
    {.name = "is_active", .column = "is_active", .type = CRM_T_BOOLEAN, .flags = CRM_F_FILTERABLE},
    {.name = "created_at",
     .column = "created_at",
     .type = CRM_T_TIME,
     .flags = CRM_F_FILTERABLE | CRM_F_SORTABLE},
    {.name = "notes", .column = "notes", .type = CRM_T_LONGTEXT},
    {.name = "tenant", .type = CRM_T_OBJECT, .flags = CRM_F_FILTERABLE},
    {.name = NULL},
};

static const crm_entity_t entity = {
    .name = "person",
    .plural = "people",
    .label = "Person",
    .table = "person",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
};

static const crm_page_limits_t limits = {20, 100};
static const crm_key_t key = {.bytes = {1, 2, 3}};
static const char *const skip[] = {"tenant", NULL};

/* "a=1&b=2" (nothing is decoded) as a table. */
static apr_table_t *parameters(const char *text)
{
    apr_table_t *table = apr_table_make(pool, 8);
    char *state, *pair = apr_strtok(apr_pstrdup(pool, text), "&", &state);

    for (; pair; pair = apr_strtok(NULL, "&", &state)) {
        char *value = strchr(pair, '=');
        *value++ = '\0';
        apr_table_add(table, pair, value);
    }
    return table;
}

static crm_error_t *parse(const char *text, crm_query_t **ret_query)
{
    return crm_query_parse(pool, &entity, parameters(text), skip, &limits, &key, ret_query);
}

static crm_query_t *parsed(const char *text)
{
    crm_query_t *query = NULL;
    crm_error_t *error = parse(text, &query);

    if (error) {
        fail_msg("%s: %s", text, crm_error_line(pool, error));
    }
    return query;
}

static const char *faults(const char *text)
{
    crm_query_t *query = NULL;
    crm_error_t *error = parse(text, &query);
    const char *lines = "";

    assert_null(query);
    if (!error) {
        fail_msg("%s should be refused", text);
    }
    assert_int_equal(error->kind, CRM_E_INVALID);
    for (int i = 0; i < error->fields->nelts; i++) {
        const crm_field_error_t *fault = &APR_ARRAY_IDX(error->fields, i, crm_field_error_t);
        lines = apr_pstrcat(pool, lines, fault->field, ": ", fault->message, "\n", NULL);
    }
    return lines;
}

static const char *order_of(const crm_query_t *query)
{
    const char *text = "";

    for (int i = 0; i < query->order->nelts; i++) {
        const crm_order_t *order = &APR_ARRAY_IDX(query->order, i, crm_order_t);
        text = apr_pstrcat(pool, text, i ? "," : "", order->descending ? "-" : "",
                           order->field->name, NULL);
    }
    return text;
}

static const crm_filter_t *filter_of(const crm_query_t *query, int n)
{
    assert_in_range(n, 0, query->filters->nelts - 1);
    return &APR_ARRAY_IDX(query->filters, n, crm_filter_t);
}

static void nothing_asked_gives_the_defaults(void **state)
{
    crm_query_t *query = parsed("");

    (void)state;
    assert_int_equal(query->page, 1);
    assert_int_equal(query->page_size, 20);
    assert_int_equal(query->count, CRM_COUNT_EXACT);
    assert_int_equal(query->by_cursor, 0);
    assert_int_equal(query->filters->nelts, 0);
    assert_int_equal(query->words->nelts, 0);
    assert_string_equal(order_of(query), "-created_at,-id");
}

static void pages(void **state)
{
    static const char *const none[] = {"page=0",  "page=-1",  "page=x",
                                       "page=1x", "page=1.5", "page=+1"};
    crm_query_t *query = NULL;

    (void)state;
    assert_int_equal(parsed("page=7&page_size=5")->page, 7);
    assert_int_equal(parsed("page_size=5")->page_size, 5);
    assert_int_equal(parsed("page_size=100000000000000000000")->page_size, 100);
    assert_int_equal(parsed("page_size=0")->page_size, 20);
    assert_int_equal(parsed("page_size=-5")->page_size, 20);
    assert_int_equal(parsed("page_size=some")->page_size, 20);
    assert_int_equal(parsed("page=&page_size=")->page, 1);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        crm_error_t *error = parse(none[i], &query);
        assert_non_null(error);
        assert_int_equal(error->kind, CRM_E_NOT_FOUND);
        assert_string_equal(error->detail, "Invalid page.");
    }
    assert_true(parsed("page=99999999999999999999999")->page < APR_INT64_MAX / 100);
    assert_int_equal(parsed("count=none")->count, CRM_COUNT_NONE);
    assert_int_equal(parsed("count=estimate")->count, CRM_COUNT_ESTIMATE);
    assert_int_equal(parsed("count=")->count, CRM_COUNT_EXACT);
}

static void orders_are_total(void **state)
{
    (void)state;
    assert_string_equal(order_of(parsed("ordering=name")), "name,id");
    assert_string_equal(order_of(parsed("ordering=-age, name")), "-age,name,id");
    assert_string_equal(order_of(parsed("ordering=name,-age,-name,name")), "name,-age,-id");
    assert_string_equal(order_of(parsed("ordering=")), "-created_at,-id");
    assert_string_equal(order_of(parsed("ordering=,")), "-created_at,-id");
}

static void filters_compare_typed_values(void **state)
{
    crm_query_t *query = parsed("created_at__gte=2026-01-01&age__lt=7&status=new&is_active=true");
    apr_time_t time;

    (void)state;
    assert_int_equal(crm_time_parse_date("2026-01-01", &time), 1);
    assert_int_equal(query->filters->nelts, 4);
    assert_string_equal(filter_of(query, 0)->values[0].as.text, "new");
    assert_int_equal(filter_of(query, 1)->op, CRM_OP_LT);
    assert_int_equal(filter_of(query, 1)->values[0].as.integer, 7);
    assert_int_equal(filter_of(query, 2)->values[0].kind, CRM_V_BOOLEAN);
    assert_int_equal(filter_of(query, 3)->op, CRM_OP_GTE);
    assert_int_equal(filter_of(query, 3)->values[0].as.time, time);
}

static void text_is_folded_where_the_field_is(void **state)
{
    crm_query_t *query = parsed("name__contains= M\303\234LLER &email=A@B.de");

    (void)state;
    assert_string_equal(filter_of(query, 0)->values[0].as.text, "muller");
    assert_string_equal(filter_of(query, 1)->values[0].as.text, "A@B.de");
    /* what is no address is compared all the same */
    assert_string_equal(filter_of(parsed("email=nobody"), 0)->values[0].as.text, "nobody");
}

static void in_takes_a_list(void **state)
{
    const crm_filter_t *filter = filter_of(parsed("age__in=3, 4,,5"), 0);
    const char *many = "age__in=0";

    (void)state;
    assert_int_equal(filter->op, CRM_OP_IN);
    assert_int_equal(filter->nvalues, 3);
    assert_int_equal(filter->values[2].as.integer, 5);
    for (int i = 1; i < 100; i++) {
        many = apr_psprintf(pool, "%s,%d", many, i);
    }
    assert_int_equal(filter_of(parsed(many), 0)->nvalues, 100);
    assert_string_equal(faults(apr_pstrcat(pool, many, ",100", NULL)),
                        "age__in: Ensure this field has no more than 100 elements.\n");
}

static void isnull_takes_a_boolean(void **state)
{
    (void)state;
    assert_int_equal(filter_of(parsed("age__isnull=true"), 0)->values[0].as.integer, 1);
    assert_int_equal(filter_of(parsed("age__isnull=0"), 0)->values[0].as.integer, 0);
    assert_string_equal(faults("age__isnull=null"), "age__isnull: Must be a valid boolean.\n");
}

static void empty_filters_are_none(void **state)
{
    (void)state;
    assert_int_equal(
        parsed("name=&age= &status=&age__in=,&is_active=&age__isnull=")->filters->nelts, 0);
}

/* Names are compared exactly; of a parameter given twice the last counts; skipped names are not
 * ours. */
static void parameters_are_taken_as_django_does(void **state)
{
    crm_query_t *query = parsed("age=x&age=5&page=2&page=3&tenant=acme&fields=id,name");

    (void)state;
    assert_int_equal(query->page, 3);
    assert_int_equal(query->filters->nelts, 1);
    assert_int_equal(filter_of(query, 0)->values[0].as.integer, 5);
    assert_string_equal(faults("Page=2&AGE=3"), "Page: Unknown filter.\nAGE: Unknown filter.\n");
}

/* One shape of query, whatever order it was written in. */
static void filters_have_one_order(void **state)
{
    crm_query_t *one = parsed("age__gte=1&name=a&age__lt=2"),
                *two = parsed("name=b&age__lt=3&age__gte=2");

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(filter_of(one, i)->field, filter_of(two, i)->field);
        assert_int_equal(filter_of(one, i)->op, filter_of(two, i)->op);
    }
}

static void all_faults_at_once(void **state)
{
    (void)state;
    assert_string_equal(faults("page=x&nme=1&age=old&age__gte=x&status=lost&created_at__lt=soon&"
                               "is_active=perhaps&ordering=-nme,name,email&count=all&"
                               "id__in=1,0192f8a1-0000-7000-8000-0123456789ab,2"),
                        "nme: Unknown filter.\n"
                        "age: A valid integer is required.\n"
                        "age__gte: A valid integer is required.\n"
                        "status: \"lost\" is not a valid choice.\n"
                        "created_at__lt: Datetime has wrong format. Use one of these formats "
                        "instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\n"
                        "is_active: Must be a valid boolean.\n"
                        "ordering: \"-nme\" is not a valid choice.\n"
                        "ordering: \"email\" is not a valid choice.\n"
                        "count: \"all\" is not a valid choice.\n"
                        "id__in: Must be a valid UUID.\n"
                        "id__in: Must be a valid UUID.\n");
    /* not filterable, no such operator of the type, no column */
    assert_string_equal(faults("notes=x&score=1&is_active__gte=1&name__gt=a&name__like=b&age__=1"),
                        "notes: Unknown filter.\nscore: Unknown filter.\n"
                        "is_active__gte: Unknown filter.\nname__gt: Unknown filter.\n"
                        "name__like: Unknown filter.\nage__: Unknown filter.\n");
}

static void search_is_words(void **state)
{
    crm_query_t *query = parsed("search= M\303\274ller,GmbH\342\200\203 Co \t50% ");

    (void)state;
    assert_int_equal(query->words->nelts, 4);
    assert_string_equal(APR_ARRAY_IDX(query->words, 0, const char *), "muller");
    assert_string_equal(APR_ARRAY_IDX(query->words, 1, const char *), "gmbh");
    assert_string_equal(APR_ARRAY_IDX(query->words, 3, const char *), "50%");
    assert_int_equal(parsed("search= , ")->words->nelts, 0);
    assert_int_equal(parsed("search=1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16")->words->nelts, 16);
    assert_string_equal(faults("search=1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"),
                        "search: Ensure this field has no more than 16 words.\n");
}

static crm_error_t *continue_at(const char *cursor, const char *ordering, crm_query_t **ret_query)
{
    return parse(apr_pstrcat(pool, "ordering=", ordering, "&cursor=", cursor, NULL), ret_query);
}

static void cursors_carry_their_place(void **state)
{
    crm_uuid_t id;
    const crm_value_t values[] = {crm_text("m\303\274ller"), crm_null(), crm_real(-0.1),
                                  crm_time(APR_INT64_C(-1)), crm_uuid(&id)};
    const char *ordering = "name,-age,score,created_at";
    crm_query_t *query;

    (void)state;
    crm_uuid_make(&id);
    for (int backward = 0; backward < 2; backward++) {
        const char *cursor = crm_query_cursor(
            pool, parsed(apr_pstrcat(pool, "ordering=", ordering, NULL)), values, backward, &key);
        assert_null(continue_at(cursor, ordering, &query));
        assert_int_equal(query->by_cursor, 1);
        assert_int_equal(query->backward, backward);
        assert_int_equal(query->count, CRM_COUNT_NONE);
        assert_string_equal(query->cursor[0].as.text, "m\303\274ller");
        assert_true(crm_is_null(query->cursor[1]));
        assert_true(query->cursor[2].as.real == -0.1);
        assert_int_equal(query->cursor[3].as.time, -1);
        assert_memory_equal(query->cursor[4].as.uuid, &id, sizeof(id));
    }
    query = parsed("cursor=&page=x");
    assert_int_equal(query->by_cursor, 1);
    assert_null(query->cursor);
}

static void refuse_cursor(const char *cursor, const char *ordering)
{
    crm_query_t *query = NULL;
    crm_error_t *error = continue_at(cursor, ordering, &query);

    if (!error) {
        fail_msg("%s should be refused", cursor);
    }
    assert_int_equal(error->kind, CRM_E_NOT_FOUND);
    assert_string_equal(error->detail, "Invalid cursor");
}

/* Not one bit of a cursor can be changed, and it fits its own order only. */
static void cursors_cannot_be_made_elsewhere(void **state)
{
    crm_uuid_t id;
    const crm_value_t values[] = {crm_int(7), crm_uuid(&id)};
    const crm_key_t other = {.bytes = {9}};
    crm_query_t *query = parsed("ordering=age"), *again;
    const char *cursor;

    (void)state;
    crm_uuid_make(&id);
    cursor = crm_query_cursor(pool, query, values, 0, &key);
    assert_null(continue_at(cursor, "age", &again));
    refuse_cursor(cursor, "-age");
    refuse_cursor(cursor, "score");
    refuse_cursor(cursor, "age,name");
    refuse_cursor(crm_query_cursor(pool, query, values, 0, &other), "age");
    for (size_t i = 0; i < strlen(cursor); i++) {
        char *changed = apr_pstrdup(pool, cursor);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        refuse_cursor(changed, "age");
        refuse_cursor(apr_pstrmemdup(pool, cursor, i ? i : 1), "age");
    }
    refuse_cursor(apr_pstrcat(pool, cursor, "AAAA", NULL), "age");
    refuse_cursor("%00", "age");
    refuse_cursor("x", "age");
}

static int set_up(void **state)
{
    (void)state;
    return apr_initialize() || apr_pool_create(&pool, NULL) || crm_secret_init();
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_gives_the_defaults),
        cmocka_unit_test(pages),
        cmocka_unit_test(orders_are_total),
        cmocka_unit_test(filters_compare_typed_values),
        cmocka_unit_test(text_is_folded_where_the_field_is),
        cmocka_unit_test(in_takes_a_list),
        cmocka_unit_test(isnull_takes_a_boolean),
        cmocka_unit_test(empty_filters_are_none),
        cmocka_unit_test(parameters_are_taken_as_django_does),
        cmocka_unit_test(filters_have_one_order),
        cmocka_unit_test(all_faults_at_once),
        cmocka_unit_test(search_is_words),
        cmocka_unit_test(cursors_carry_their_place),
        cmocka_unit_test(cursors_cannot_be_made_elsewhere),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
