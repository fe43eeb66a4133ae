/* t/unit/api/problem_test.c - errors in both shapes. */
#include <apr_strings.h>

#include "call_fixture.h"

static crm_settings_t settings;

static call_t *make(const char *accept)
{
    settings = call_settings();
    call_t *call = call_make(NULL, &settings, "GET", "/api/auth/profile/");
    if (accept) {
        call_header(call, "Accept", accept);
    }
    return call;
}

static const char *tell(call_t *call, crm_error_t *error, int status)
{
    crm_api_error(&call->request, error, status, &call->response);
    assert_ptr_equal(call->response.error, error);
    return call_text(call);
}

static crm_error_t *two_faults(void)
{
    crm_error_t *error = crm_error_field(call_pool(), "email", "One.");
    crm_error_add(call_pool(), &error, CRM_NON_FIELD, "All.");
    crm_error_add(call_pool(), &error, "email", "Two \"%s\".", "x");
    return error;
}

static void in_the_frameworks_shape(void **state)
{
    call_t *call = make(NULL);
    (void)state;
    assert_string_equal(tell(call, crm_error_standard(call_pool(), CRM_E_NOT_FOUND), 0),
                        "{\"detail\":\"Not found.\"}");
    assert_int_equal(call->response.status, 404);
    assert_string_equal(call->response.content_type, "application/json");
    assert_string_equal(call->request.error_message, "Not found.");
    assert_string_equal(
        tell(call, two_faults(), 0),
        "{\"email\":[\"One.\",\"Two \\\"x\\\".\"],\"non_field_errors\":[\"All.\"]}");
    assert_int_equal(call->response.status, 400);
}

static void as_problem_details(void **state)
{
    call_t *call = make("application/problem+json, application/json");
    (void)state;
    assert_string_equal(tell(call, crm_error_standard(call_pool(), CRM_E_NOT_FOUND), 0),
                        "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                        "\"detail\":\"Not found.\"}");
    assert_string_equal(call->response.content_type, "application/problem+json");
    assert_string_equal(tell(call, two_faults(), 0),
                        "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                        "\"detail\":\"Invalid input.\",\"errors\":{\"email\":[\"One.\","
                        "\"Two \\\"x\\\".\"],\"non_field_errors\":[\"All.\"]}}");
}

static void causes_are_for_debugging(void **state)
{
    call_t *call = make(NULL);
    crm_error_t *error =
        crm_error_cause(crm_error_standard(call_pool(), CRM_E_INTERNAL), "errno %d", 5);
    (void)state;
    assert_string_equal(tell(call, error, 0), "{\"detail\":\"A server error occurred.\"}");
    settings.debug = 1;
    assert_string_equal(tell(call, error, 0),
                        "{\"detail\":\"A server error occurred.\",\"cause\":\"errno 5\"}");
}

static void headers_that_belong_to_it(void **state)
{
    call_t *call = make(NULL);
    crm_error_t *error = crm_error_standard(call_pool(), CRM_E_UNAVAILABLE);
    (void)state;
    error->retry_after = 7;
    tell(call, error, 0);
    assert_string_equal(call_answer_header(call, "Retry-After"), "7");
    assert_null(call_answer_header(call, "WWW-Authenticate"));
    tell(call, crm_error_standard(call_pool(), CRM_E_UNAUTHENTICATED), 0);
    assert_string_equal(call_answer_header(call, "WWW-Authenticate"), "Token");
    assert_null(call_answer_header(call, "Retry-After"));
    assert_string_equal(call_answer_header(call, "Vary"), "Accept, Authorization, Cookie");
    assert_string_equal(call_answer_header(call, "Cache-Control"), "private, no-cache");
    assert_string_equal(call_answer_header(call, "X-Content-Type-Options"), "nosniff");
}

static void another_status(void **state)
{
    call_t *call = make("application/problem+json");
    (void)state;
    call->request.path = NULL; /* a request line that was too long has none */
    const char *text = tell(call, crm_error_make(call_pool(), CRM_E_BAD_REQUEST, "Too long."), 414);
    assert_int_equal(call->response.status, 414);
    assert_non_null(strstr(text, "\"title\":\"URI Too Long\",\"status\":414"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_frameworks_shape),  cmocka_unit_test(as_problem_details),
        cmocka_unit_test(causes_are_for_debugging), cmocka_unit_test(headers_that_belong_to_it),
        cmocka_unit_test(another_status),
    };
    return cmocka_run_group_tests_name("api/problem", tests, NULL, NULL);
}
