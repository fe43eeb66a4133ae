/* t/unit/api/history_test.c - History by the API: who sees what, filters, one record, statistics.
 */
#include <apr_strings.h>

#include "api_fixture.h"
#include "service/history_store.h"

#define HISTORY "/api/auth/history/"
#define NOBODY "00000000-0000-7000-8000-000000000000"

/* An account as its profile says. */
typedef struct who_t {
    const char *token;
    apr_int64_t id;
    const char *username;
} who_t;

static who_t who(void **state, const char *token)
{
    call_t *call = api_call(state, "GET", "/api/auth/profile/", token, NULL);
    call_expect(call, 200);
    return (who_t){.token = token,
                   .id = json_integer_value(json_object_get(call->json, "id")),
                   .username = call_string(call, "username")};
}

/* A user of the company whose admin ANN is. */
static who_t user_of(void **state, const char *ann, const char *tenant, const char *username)
{
    call_t *call =
        api_call(state, "POST", "/api/auth/tenant/users/create/", ann,
                 apr_psprintf(call_pool(),
                              "{\"username\": \"%s\", \"email\": \"%s@example.com\", \"password\": "
                              "\"long enough\", \"first_name\": \"F\", \"last_name\": \"L\"}",
                              username, username));
    call_expect(call, 201);
    return who(state, api_login(state, tenant, username));
}

/* Stores RECORD in the database of its slug; its id as text. */
static const char *stored(void **state, crm_history_t record)
{
    fixture_t *f = fixture_of(state);
    const crm_history_t *records[] = {&record};
    const crm_db_t *db =
        record.slug ? crm_site_tenant_db(f->site, f->pool, record.slug) : &f->site->main;
    apr_size_t count;
    crm_uuid_make(&record.id);
    record.created_at = record.created_at ? record.created_at : apr_time_now();
    no_error(crm_history_store(db, f->pool, records, 1, &count));
    assert_int_equal(count, 1);
    return crm_uuid_text(call_pool(), &record.id);
}

/* A record of WHO's in the tenant with SLUG. */
static crm_history_t record_of(const char *slug, const who_t *caller)
{
    return (crm_history_t){.slug = slug,
                           .user_id = caller ? caller->id : 0,
                           .username = caller ? caller->username : NULL,
                           .method = "GET",
                           .endpoint = "/api/leads/1/",
                           .route = "/api/leads/{id}/",
                           .status = 200,
                           .ip_address = "192.0.2.1",
                           .execution_time = 20000};
}

static json_int_t count_of(void **state, const char *url, const char *token)
{
    call_t *call = api_call(state, "GET", url, token, NULL);
    call_expect(call, 200);
    json_int_t count = json_integer_value(json_object_get(call->json, "count"));
    assert_int_equal(count, json_array_size(json_object_get(call->json, "results")));
    return count;
}

static void everybody_sees_his_own(void **state)
{
    const char *ann = api_register(state, "Own");
    who_t bob = user_of(state, ann, "own", "ownbob");
    who_t admin = who(state, ann);
    const char *other = api_register(state, "Other");
    const char *root = api_superuser(state);
    const char *bobs = stored(state, record_of("own", &bob));
    const char *anns = stored(state, record_of("own", &admin));
    const char *nobodys = stored(state, record_of(NULL, NULL));
    crm_history_t acting = record_of("own", &bob);
    acting.user_is_platform = 1; /* a superuser whose id is bob's by chance */
    const char *roots = stored(state, acting);
    assert_int_equal(count_of(state, HISTORY, bob.token), 1);
    assert_int_equal(count_of(state, HISTORY, ann), 3);
    assert_int_equal(count_of(state, HISTORY, other), 0);
    assert_int_equal(count_of(state, HISTORY, root), 1);
    assert_int_equal(count_of(state, HISTORY "?tenant=own", root), 3);
    const struct {
        const char *token, *id, *query;
        int status;
    } cases[] = {
        {bob.token, bobs, "", 200},  {bob.token, anns, "", 404},
        {bob.token, roots, "", 404}, {ann, bobs, "", 200},
        {ann, nobodys, "", 404},     {other, bobs, "", 404},
        {root, bobs, "", 404},       {root, bobs, "?tenant=own", 200},
        {root, nobodys, "", 200},    {ann, NOBODY, "", 404},
        {NULL, bobs, "", 401},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *url = apr_pstrcat(call_pool(), HISTORY, cases[i].id, "/", cases[i].query, NULL);
        call_expect(api_call(state, "GET", url, cases[i].token, NULL), cases[i].status);
    }
    call_expect(api_call(state, "GET", HISTORY, NULL, NULL), 401);
    call_expect(api_call(state, "GET", HISTORY "statistics/", NULL, NULL), 401);
}

static void a_list_is_searched_filtered_and_ordered(void **state)
{
    const char *ann = api_register(state, "Filter");
    who_t admin = who(state, ann);
    crm_history_t record = record_of("filter", &admin);
    stored(state, record);
    record.method = "POST";
    record.status = 404;
    record.error_message = "Not found.";
    record.endpoint = "/api/\xc3\x84pfel/";
    record.execution_time = 1500000;
    record.created_at = INT64_C(1700000000000000);
    stored(state, record);
    stored(state, record_of("filter", NULL));
    const struct {
        const char *query;
        int count;
    } cases[] = {
        {"", 3},
        {"?method=POST", 1},
        {"?response_status=200", 2},
        {"?response_status__gte=400", 1},
        {"?search=apfel", 1},
        {"?search=ANN", 2},
        {"?search=ann+leads", 1},
        {"?created_at__lte=2024-01-01T00:00:00Z", 1},
        {"?created_at__gte=2024-01-01T00:00:00Z", 2},
        {"?user__isnull=true", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *url = apr_pstrcat(call_pool(), HISTORY, cases[i].query, NULL);
        assert_int_equal(count_of(state, url, ann), cases[i].count);
    }
    const char *by_user = apr_psprintf(call_pool(), HISTORY "?user=%d", (int)admin.id);
    assert_int_equal(count_of(state, by_user, ann), 2);
    call_t *call = api_call(state, "GET", HISTORY "?ordering=-execution_time", ann, NULL);
    call_expect(call, 200);
    assert_string_equal(call_string(call, "results.0.error_message"), "Not found.");
    assert_string_equal(call_string(call, "results.0.user_username"), "ann");
    assert_string_equal(call_string(call, "results.0.tenant_name"), "Filter");
    const json_t *first = json_array_get(json_object_get(call->json, "results"), 0);
    assert_true(json_real_value(json_object_get(first, "execution_time")) == 1.5);
    assert_null(json_object_get(first, "user"));
    assert_null(json_object_get(first, "request_data"));
    call_expect(api_call(state, "GET", HISTORY "?ordering=endpoint", ann, NULL), 400);
    call_expect(api_call(state, "GET", HISTORY "?nonsense=1", ann, NULL), 400);
}

static void a_record_is_shown_whole(void **state)
{
    const char *ann = api_register(state, "Whole");
    who_t admin = who(state, ann);
    crm_history_t record = record_of("whole", &admin);
    record.request_data = "{\"name\": \"x\"}";
    record.response_data = "[1, 2]";
    record.user_agent = "agent";
    record.request_id = "r-1";
    const char *id = stored(state, record);
    call_t *call =
        api_call(state, "GET", apr_pstrcat(call_pool(), HISTORY, id, "/", NULL), ann, NULL);
    call_expect(call, 200);
    assert_string_equal(call_string(call, "id"), id);
    assert_string_equal(call_string(call, "user.username"), "ann");
    assert_string_equal(call_string(call, "user.tenant.name"), "Whole");
    assert_string_equal(call_string(call, "tenant.name"), "Whole");
    assert_string_equal(call_string(call, "request_data.name"), "x");
    assert_int_equal(json_array_size(json_object_get(call->json, "response_data")), 2);
    assert_string_equal(call_string(call, "user_agent"), "agent");
    assert_string_equal(call_string(call, "request_id"), "r-1");
    record.user_id = 999999; /* an account that is no longer there */
    record.request_data = NULL;
    id = stored(state, record);
    call = api_call(state, "GET", apr_pstrcat(call_pool(), HISTORY, id, "/", NULL), ann, NULL);
    call_expect(call, 200);
    assert_true(json_is_null(json_object_get(call->json, "user")));
    assert_true(json_is_null(json_object_get(call->json, "request_data")));
}

static void statistics_count(void **state)
{
    const char *ann = api_register(state, "Stats");
    who_t bob = user_of(state, ann, "stats", "statsbob");
    crm_history_t record = record_of("stats", &bob);
    for (int i = 0; i < 12; i++) {
        record.status = i < 9 ? 200 : 404;
        stored(state, record);
    }
    record = record_of("stats", NULL);
    record.method = "POST";
    record.route = NULL;
    stored(state, record);
    call_t *call = api_call(state, "GET", HISTORY "statistics/", ann, NULL);
    call_expect(call, 200);
    assert_int_equal(json_integer_value(json_object_get(call->json, "total_requests")), 13);
    assert_int_equal(json_integer_value(json_object_get(call->json, "active_users")), 1);
    json_t *methods = json_object_get(call->json, "requests_by_method");
    assert_int_equal(json_integer_value(json_object_get(methods, "GET")), 12);
    json_t *statuses = json_object_get(call->json, "requests_by_status");
    assert_int_equal(json_integer_value(json_object_get(statuses, "404")), 3);
    assert_string_equal(call_string(call, "most_used_endpoints.0.endpoint"), "/api/leads/{id}/");
    assert_string_equal(call_string(call, "most_used_endpoints.2.endpoint"), "unmatched");
    double p95 = json_real_value(json_object_get(call->json, "p95_execution_time"));
    assert_true(p95 > 0.018 && p95 < 0.022);
    assert_int_equal(json_array_size(json_object_get(call->json, "requests_per_day")), 30);
    const struct {
        const char *token, *query;
        int count;
    } cases[] = {
        {bob.token, "", 12},
        {bob.token, "?status=404", 3},
        {ann, "?status=404&from=2020-01-01&to=2999-12-31", 3},
        {ann, "?to=2020-01-01", 0},
        {ann, "?status=-1", 0},
        {ann, "?status=4294967496", 0},
        {ann, "?tenant=stats&fields=total_requests", 13},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *url = apr_pstrcat(call_pool(), HISTORY "statistics/", cases[i].query, NULL);
        call = api_call(state, "GET", url, cases[i].token, NULL);
        call_expect(call, 200);
        assert_int_equal(json_integer_value(json_object_get(call->json, "total_requests")),
                         cases[i].count);
    }
}

static void statistics_refuse_what_is_no_day(void **state)
{
    const char *root = api_superuser(state);
    call_t *call = api_call(
        state, "GET", HISTORY "statistics/?from=2026-11-23T10:00:00Z&to=never&status=x&since=1",
        root, NULL);
    call_expect(call, 400);
    const char *message = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
    assert_string_equal(call_string(call, "from.0"), message);
    assert_string_equal(call_string(call, "to.0"), message);
    assert_string_equal(call_string(call, "status.0"), "A valid integer is required.");
    assert_string_equal(call_string(call, "since.0"), "Unknown filter.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_sees_his_own),
        cmocka_unit_test(a_list_is_searched_filtered_and_ordered),
        cmocka_unit_test(a_record_is_shown_whole),
        cmocka_unit_test(statistics_count),
        cmocka_unit_test(statistics_refuse_what_is_no_day),
    };
    return cmocka_run_group_tests(tests, api_begin, fixture_end);
}
