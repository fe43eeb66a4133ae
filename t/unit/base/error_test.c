/* t/unit/base/error_test.c - errors: kinds, statuses, fields, the line for a log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_errno.h>

#include "base/error.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

typedef struct standard_case_t {
    crm_error_kind_e kind;
    int status;
    const char *detail;
    int retry_after;
} standard_case_t;

static const standard_case_t standards[] = {
    {CRM_E_UNAUTHENTICATED, 401, "Authentication credentials were not provided.", 0},
    {CRM_E_FORBIDDEN, 403, "You do not have permission to perform this action.", 0},
    {CRM_E_NOT_FOUND, 404, "Not found.", 0},
    {CRM_E_METHOD, 405, "Method not allowed.", 0},
    {CRM_E_CONFLICT, 409, "The request conflicts with the current state.", 0},
    {CRM_E_PRECONDITION, 412, "The record has changed since it was read.", 0},
    {CRM_E_TOO_LARGE, 413, "The request body is too large.", 0},
    {CRM_E_UNPROCESSABLE, 422, "The request cannot be processed.", 0},
    {CRM_E_THROTTLED, 429, "Request was throttled.", 1},
    {CRM_E_INTERNAL, 500, "A server error occurred.", 0},
    {CRM_E_UNAVAILABLE, 503, "Service temporarily unavailable, try again later.", 1},
    {CRM_E_GONE, 503, "Service temporarily unavailable, try again later.", 1},
};

static crm_error_t *pass_up(crm_error_t *error, int *went_on)
{
    CRM_ERR(error);
    *went_on = 1;
    return NULL;
}

static void test_standard_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(standards); i++) {
        crm_error_t *error = crm_error_standard(pool, standards[i].kind);
        assert_int_equal(error->kind, standards[i].kind);
        assert_string_equal(error->detail, standards[i].detail);
        assert_int_equal(error->retry_after, standards[i].retry_after);
        assert_int_equal(crm_error_status(error->kind), standards[i].status);
    }
}

static void test_every_kind_has_a_sentence_and_a_titled_status(void **state)
{
    (void)state;
    for (int kind = 0; kind < CRM_E_KINDS; kind++) {
        int status = crm_error_status((crm_error_kind_e)kind);
        assert_in_range(status, 400, 503);
        assert_true(strlen(crm_error_standard(pool, (crm_error_kind_e)kind)->detail) > 5);
        assert_true(strcmp(crm_error_title(status), crm_error_title(499)) != 0);
    }
}

static void test_titles(void **state)
{
    (void)state;
    assert_string_equal(crm_error_title(413), "Content Too Large");
    assert_string_equal(crm_error_title(422), "Unprocessable Content");
    assert_string_equal(crm_error_title(200), "OK");
    assert_string_equal(crm_error_title(499), "Client Error");
    assert_string_equal(crm_error_title(599), "Server Error");
}

static void test_make_prints(void **state)
{
    (void)state;
    crm_error_t *error =
        crm_error_make(pool, CRM_E_NOT_FOUND, "Tenant \"%s\" has %zu of %d.", "acme", (size_t)3, 4);
    assert_string_equal(error->detail, "Tenant \"acme\" has 3 of 4.");
    assert_null(error->cause);
    assert_null(error->fields);
    assert_ptr_equal(error->pool, pool);
}

static void test_causes_stack_up(void **state)
{
    (void)state;
    crm_error_t *error = crm_error_standard(pool, CRM_E_DATABASE);
    assert_ptr_equal(crm_error_cause(error, "table %s", "lead"), error);
    crm_error_cause(error, "tenant %d", 7);
    assert_string_equal(error->cause, "tenant 7: table lead");
    assert_string_equal(error->detail, "A server error occurred.");
}

static void test_system_keeps_the_cause_from_the_client(void **state)
{
    (void)state;
    crm_error_t *error = crm_error_system(pool, APR_ENOENT, "open %s", "/x/y");
    assert_int_equal(error->kind, CRM_E_INTERNAL);
    assert_string_equal(error->detail, "A server error occurred.");
    assert_string_equal(error->cause, "open /x/y: No such file or directory");
}

static void test_fields_keep_their_order(void **state)
{
    (void)state;
    crm_error_t *error = NULL;
    crm_error_add(pool, &error, "email", "Enter a valid email address.");
    crm_error_add(pool, &error, "name", "Ensure this field has no more than %d characters.", 100);
    crm_error_add(pool, &error, "email", "This value already exists.");
    assert_int_equal(error->kind, CRM_E_INVALID);
    assert_int_equal(error->fields->nelts, 3);
    const crm_field_error_t *fields = (const crm_field_error_t *)error->fields->elts;
    assert_string_equal(fields[0].field, "email");
    assert_string_equal(fields[1].field, "name");
    assert_string_equal(fields[1].message, "Ensure this field has no more than 100 characters.");
    assert_string_equal(fields[2].message, "This value already exists.");
}

static void test_line_is_one_line(void **state)
{
    (void)state;
    crm_error_t *error = crm_error_field(pool, "status", "\"%s\" is not a valid choice.", "a\nb\r");
    crm_error_add(pool, &error, CRM_NON_FIELD, "No.");
    crm_error_cause(error, "line\t2");
    assert_string_equal(crm_error_line(pool, error),
                        "Invalid input. (line 2) status: \"a b \" is not a valid choice.; "
                        "non_field_errors: No.");
}

static void test_macro_passes_errors_up(void **state)
{
    (void)state;
    int went_on = 0;
    crm_error_t *error = crm_error_standard(pool, CRM_E_NOT_FOUND);
    assert_ptr_equal(pass_up(error, &went_on), error);
    assert_false(went_on);
    assert_null(pass_up(NULL, &went_on));
    assert_true(went_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_sentences),
        cmocka_unit_test(test_every_kind_has_a_sentence_and_a_titled_status),
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_make_prints),
        cmocka_unit_test(test_causes_stack_up),
        cmocka_unit_test(test_system_keeps_the_cause_from_the_client),
        cmocka_unit_test(test_fields_keep_their_order),
        cmocka_unit_test(test_line_is_one_line),
        cmocka_unit_test(test_macro_passes_errors_up),
    };
    return cmocka_run_group_tests_name("base/error", tests, setup, teardown);
}
