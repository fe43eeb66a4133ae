/* t/unit/api/page_test.c - the envelope of lists and its links. */
#include "api/page.h"
#include "base/json.h"
#include "call_fixture.h"
#include "entities/entities.h"

static const crm_uuid_t id = {{1}};

static const crm_value_t cells[] = {
    {.kind = CRM_V_UUID, .as.uuid = &id},  {.kind = CRM_V_TEXT, .as.text = "N"},
    {.kind = CRM_V_TEXT, .as.text = "db"}, {.kind = CRM_V_TIME, .as.time = 0},
    {.kind = CRM_V_TIME, .as.time = 1},    {.kind = CRM_V_BOOLEAN, .as.integer = 1},
};
static const crm_rows_t one_row = {.count = 1, .columns = 6, .cells = cells};

static const crm_page_t page = {.entity = &crm_tenant_entity};

/* The page that URL gets when the database gives LIST. */
static json_t *page_of(const char *url, const crm_list_t *list)
{
    static crm_settings_t settings;
    settings = call_settings();
    call_t *call = call_make(NULL, &settings, "GET", url);
    crm_query_t *query;
    crm_api_authenticate(&call->request);
    assert_null(crm_query_parse(call_pool(), &crm_tenant_entity, call->request.query, NULL,
                                &settings.page, &call->request.site->key, &query));
    return crm_json_own(call_pool(), crm_page_json(&call->request, &page, query, list));
}

static void is_text(const json_t *json, const char *name, const char *text)
{
    const json_t *value = json_object_get(json, name);
    if (text) {
        assert_true(json_is_string(value));
        assert_string_equal(json_string_value(value), text);
    } else {
        assert_true(json_is_null(value));
    }
}

static void links_keep_other_parameters(void **state)
{
    const crm_list_t list = {.rows = &one_row, .count = 5, .has_next = 1, .has_previous = 1};
    json_t *json = page_of("/api/auth/tenants/?page_size=1&page=3&search=a%26b+%C3%A4", &list);
    (void)state;
    assert_int_equal(json_integer_value(json_object_get(json, "count")), 5);
    is_text(json, "next",
            "http://crm.example.com/api/auth/tenants/"
            "?page_size=1&page=4&search=a%26b%20%C3%A4");
    is_text(json, "previous",
            "http://crm.example.com/api/auth/tenants/"
            "?page_size=1&page=2&search=a%26b%20%C3%A4");
    assert_string_equal(
        crm_json_text(call_pool(), json_object_get(json, "results"), NULL),
        "[{\"id\":\"01000000-0000-0000-0000-000000000000\",\"name\":\"N\",\"database_name\":\"db\","
        "\"created_at\":\"1970-01-01T00:00:00Z\",\"updated_at\":\"1970-01-01T00:00:00.000001Z\","
        "\"is_active\":true}]");
}

static void the_first_page_has_no_number(void **state)
{
    const crm_list_t first = {.rows = &one_row, .count = 2, .has_next = 1};
    const crm_list_t second = {.rows = &one_row, .count = 2, .has_previous = 1};
    json_t *json = page_of("/api/auth/tenants/", &first);
    (void)state;
    is_text(json, "next", "http://crm.example.com/api/auth/tenants/?page=2");
    is_text(json, "previous", NULL);
    json = page_of("/api/auth/tenants/?page=2", &second);
    is_text(json, "next", NULL);
    is_text(json, "previous", "http://crm.example.com/api/auth/tenants/");
}

static void without_a_count(void **state)
{
    const crm_list_t list = {.rows = &one_row, .count = -1, .has_next = 1};
    json_t *json = page_of("/api/auth/tenants/?count=none", &list);
    (void)state;
    assert_true(json_is_null(json_object_get(json, "count")));
    is_text(json, "next", "http://crm.example.com/api/auth/tenants/?count=none&page=2");
}

static void by_cursor(void **state)
{
    const crm_list_t list = {.rows = &one_row, .count = -1, .has_next = 1};
    json_t *json = page_of("/api/auth/tenants/?cursor=&page_size=1&ordering=is_active", &list);
    static const char start[] = "http://crm.example.com/api/auth/tenants/?cursor=";
    const char *next = json_string_value(json_object_get(json, "next"));
    (void)state;
    assert_null(json_object_get(json, "count"));
    is_text(json, "previous", NULL);
    assert_non_null(next);
    assert_memory_equal(next, start, sizeof(start) - 1);
    assert_int_not_equal(next[sizeof(start) - 1], '&');
    assert_non_null(strstr(next, "&page_size=1&ordering=is_active"));
    /* what a link says is taken for a cursor */
    page_of(next + sizeof("http://crm.example.com") - 1, &list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_keep_other_parameters),
        cmocka_unit_test(the_first_page_has_no_number),
        cmocka_unit_test(without_a_count),
        cmocka_unit_test(by_cursor),
    };
    return cmocka_run_group_tests_name("api/page", tests, NULL, NULL);
}
