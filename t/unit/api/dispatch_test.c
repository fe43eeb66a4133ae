/* t/unit/api/dispatch_test.c - from the path to the answer: slashes, methods, OPTIONS, Accept. */
#include "call_fixture.h"

static crm_settings_t settings;

static call_t *make(const char *method, const char *url)
{
    settings = call_settings();
    return call_make(NULL, &settings, method, url);
}

static void unknown_paths(void **state)
{
    static const char *const urls[] = {"/api/",
                                       "/api/nothing/",
                                       "/api/nothing",
                                       "/api/auth//test/",
                                       "/other/auth/test",
                                       "/api/auth/test//",
                                       NULL};
    (void)state;
    for (int i = 0; urls[i]; i++) {
        call_t *call = make("GET", urls[i]);
        call_expect(call, 404);
        assert_string_equal(call_text(call), "{\"detail\":\"Not found.\"}");
    }
    call_t *call = make("GET", "/api/\xff/");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "detail"), "The path is not valid UTF-8.");
}

static void missing_slashes(void **state)
{
    call_t *call = make("GET", "/api/auth/test?a=b%20c");
    (void)state;
    call_expect(call, 301);
    assert_string_equal(call_answer_header(call, "Location"),
                        "http://crm.example.com/api/auth/test/?a=b%20c");
    assert_null(call->response.content_type);
    call = make("HEAD", "/api/auth/test");
    call_expect(call, 301);
    call = make("POST", "/api/auth/login");
    call_expect(call, 308);
    assert_string_equal(call_answer_header(call, "Location"),
                        "http://crm.example.com/api/auth/login/");
}

static void other_methods(void **state)
{
    call_t *call = make("PUT", "/api/auth/login/");
    (void)state;
    call_expect(call, 405);
    assert_string_equal(call_string(call, "detail"), "Method \"PUT\" not allowed.");
    assert_string_equal(call_answer_header(call, "Allow"), "POST, OPTIONS");
    call = make("OPTIONS", "/api/auth/tenants/");
    call_expect(call, 200);
    assert_string_equal(call_answer_header(call, "Allow"), "GET, POST, HEAD, OPTIONS");
    assert_string_equal(call_string(call, "name"), "List the tenants.");
    assert_string_equal(call_string(call, "parses.2"), "multipart/form-data");
    call = make("OPTIONS", "/api/nothing/");
    call_expect(call, 404);
    call = make("HEAD", "/api/auth/test/");
    call_expect(call, 200);
    assert_int_equal(call->response.size, sizeof("{\"message\":\"API is working!\"}") - 1);
}

static void what_is_accepted(void **state)
{
    call_t *call = make("GET", "/api/auth/test/");
    (void)state;
    call_header(call, "Accept", "text/html");
    call_expect(call, 406);
    assert_string_equal(call_string(call, "detail"),
                        "Could not satisfy the request Accept header.");
    call = make("GET", "/api/auth/profile/");
    call_header(call, "Accept", "application/problem+json");
    call_expect(call, 401);
    assert_string_equal(call->response.content_type, "application/problem+json");
    assert_string_equal(call_string(call, "title"), "Unauthorized");
    call = make("GET", "/api/auth/test/");
    call_header(call, "Accept", "application/problem+json");
    call_expect(call, 200);
    assert_string_equal(call->response.content_type, "application/json");
}

static void malformed_queries(void **state)
{
    call_t *call = make("GET", "/api/auth/test/?a=%ff");
    (void)state;
    call_expect(call, 400);
    call_string(call, "detail");
    call = make("GET", "/api/nothing/?a=%ff");
    call_expect(call, 404);
}

static void what_history_keeps(void **state)
{
    call_t *call = make("GET", "/api/auth/profile/?a=1&a=2&a=3&password=x&b=%C3%A4");
    crm_history_t record;
    (void)state;
    call_header(call, "User-Agent", "curl/\xff");
    call_expect(call, 401);
    crm_api_history(&call->request, 401, &record);
    assert_string_equal(record.method, "GET");
    assert_string_equal(record.endpoint, "/api/auth/profile/");
    assert_string_equal(record.route, "/api/auth/profile/");
    assert_string_equal(record.request_data,
                        "{\"query\":{\"a\":[\"1\",\"2\",\"3\"],\"password\":\"***\","
                        "\"b\":\"\xc3\xa4\"}}");
    assert_string_equal(record.response_data, call_text(call));
    assert_string_equal(record.user_agent, "curl/\xef\xbf\xbd");
    assert_string_equal(record.error_message, "Authentication credentials were not provided.");
    assert_string_equal(record.ip_address, "192.0.2.1");
    assert_null(record.slug);
    assert_int_equal(record.user_id, 0);
    call = make("HEAD", "/api/nothing/");
    call_expect(call, 404);
    crm_api_history(&call->request, 404, &record);
    assert_string_equal(record.method, "HEAD");
    assert_null(record.route);
    assert_null(record.request_data);
}

static void history_may_be_off(void **state)
{
    call_t *call = make("GET", "/api/auth/test/?a=1");
    (void)state;
    settings.history = CRM_HISTORY_ERRORS;
    call_expect(call, 200);
    assert_null(call->request.history_request);
    assert_null(call->request.history_response);
    call = make("GET", "/api/auth/profile/?a=1");
    settings.history = CRM_HISTORY_ERRORS;
    call_expect(call, 401);
    assert_non_null(call->request.history_request);
    settings.history = CRM_HISTORY_OFF;
    call = call_make(NULL, &settings, "GET", "/api/auth/profile/?a=1");
    call_expect(call, 401);
    assert_null(call->request.history_request);
}

static void bodies_are_read_last(void **state)
{
    call_t *call = make("POST", "/api/auth/logout/");
    (void)state;
    call_body(call, "text/xml", "<a/>");
    call_expect(call, 401);
    assert_int_equal(call->sent, 0);
    call = make("POST", "/api/auth/login/");
    call_body(call, "application/json", "{\"username\": ");
    call_expect(call, 400);
    assert_string_equal(call->request.history_request,
                        "{\"body\":{\"unparsed\":true,\"size\":13}}");
    call = make("POST", "/api/auth/login/");
    call_body(call, "application/json", "[1]");
    call_expect(call, 400);
    assert_string_equal(call_string(call, "non_field_errors.0"),
                        "Invalid data. Expected a dictionary, but got list.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_paths),      cmocka_unit_test(missing_slashes),
        cmocka_unit_test(other_methods),      cmocka_unit_test(what_is_accepted),
        cmocka_unit_test(malformed_queries),  cmocka_unit_test(what_history_keeps),
        cmocka_unit_test(history_may_be_off), cmocka_unit_test(bodies_are_read_last),
    };
    return cmocka_run_group_tests_name("api/dispatch", tests, NULL, NULL);
}
