/* t/unit/model/columns_test.c - columns of a table find their fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>

#include "base/json.h"
#include "model/columns.h"

static apr_pool_t *pool;

static const crm_field_t fields[] = {
    {.name = "id", .type = CRM_T_UUID, .flags = CRM_F_READ_ONLY},
    {.name = "name",
     .type = CRM_T_TEXT,
     .aliases = (const char *const[]){"title", "buyer_name", NULL}},
    {.name = "email", .type = CRM_T_EMAIL, .label = "E-mail address"},
    {.name = "buyer_name", .type = CRM_T_TEXT},
    {.name = "created_at", .type = CRM_T_TIME, .flags = CRM_F_READ_ONLY},
    {.name = "password", .type = CRM_T_PASSWORD, .flags = CRM_F_SECRET},
    {.name = "parts", .type = CRM_T_LIST},
    {.name = NULL},
};

static const crm_entity_t entity = {.name = "thing", .fields = fields, .id = "id"};

/* A header, separated by '|', and what its columns are: a field's name, "id", "error" or "". */
typedef struct row_t {
    const char *header, *found, *ignored;
} row_t;

static const row_t rows[] = {
    {"name|email", "name|email", "[]"},
    {"NAME|E-Mail  Address", "name|email", "[]"},
    {"Na me|e_mail", "name|email", "[]"},
    {"N\xc3\x82M\xc3\x89", "name", "[]"},
    {"title|x", "name|", "[\"x\"]"},
    {"title|name", "|name", "[\"title\"]"},
    {"title|title", "name|", "[\"title\"]"},
    {"buyer_name|title", "buyer_name|name", "[]"},
    {"Buyer Name", "buyer_name", "[]"},
    {"Buyer Name|buyer-name", "buyer_name|name", "[]"},
    {"ID|created_at|password|parts", "id|||", "[\"created_at\",\"password\",\"parts\"]"},
    {"id|id", "id|", "[\"id\"]"},
    {"|name|", "|name|", "[]"},
    {"Error|name|error", "error|name|", "[\"error\"]"},
    {"-_ |name", "|name", "[\"-_ \"]"},
};

static const char *const *split(const char *text, int *ret_count)
{
    apr_array_header_t *parts = apr_array_make(pool, 4, sizeof(const char *));

    for (;;) {
        apr_size_t size = strcspn(text, "|");
        APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(pool, text, size);
        if (!text[size]) {
            break;
        }
        text += size + 1;
    }
    *ret_count = parts->nelts;
    return (const char *const *)parts->elts;
}

static const char *found_text(const crm_columns_t *columns)
{
    const char *text = "";

    for (int i = 0; i < columns->count; i++) {
        text = apr_pstrcat(pool, text, i ? "|" : "",
                           columns->fields[i]    ? columns->fields[i]->name
                           : i == columns->id    ? "id"
                           : i == columns->error ? "error"
                                                 : "",
                           NULL);
    }
    return text;
}

static void names_win_over_labels_and_aliases(void **state)
{
    (void)state;
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int count;
        const char *const *names = split(rows[i].header, &count);
        const crm_columns_t *columns = crm_columns_match(pool, &entity, names, count);
        json_t *ignored = crm_json_own(pool, crm_columns_ignored(columns));
        assert_string_equal(found_text(columns), rows[i].found);
        assert_string_equal(crm_json_text(pool, ignored, NULL), rows[i].ignored);
    }
}

static void a_field_knows_its_column(void **state)
{
    int count;
    const char *const *names = split("x|title", &count);
    const crm_columns_t *columns = crm_columns_match(pool, &entity, names, count);
    (void)state;

    assert_int_equal(crm_columns_find(columns, crm_entity_field(&entity, "name")), 1);
    assert_int_equal(crm_columns_find(columns, crm_entity_field(&entity, "email")), -1);
}

static int set_up(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    return 0;
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
        cmocka_unit_test(names_win_over_labels_and_aliases),
        cmocka_unit_test(a_field_knows_its_column),
    };

    return cmocka_run_group_tests_name("model/columns", tests, set_up, tear_down);
}
