/* t/unit/base/json_test.c - JSON: what is read, what is refused and how, what is hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "base/json.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define OPEN_8 "[[[[[[[["
#define CLOSE_8 "]]]]]]]]"
#define OPEN_32 OPEN_8 OPEN_8 OPEN_8 OPEN_8
#define CLOSE_32 CLOSE_8 CLOSE_8 CLOSE_8 CLOSE_8

typedef struct text_case_t {
    const char *text;
    const char *result;
} text_case_t;

static const text_case_t accepted[] = {
    {"{}", "{}"},
    {" [ ] \n", "[]"},
    {"null", "null"},
    {"true", "true"},
    {"\"x\"", "\"x\""},
    {"{\"b\":1,\"a\":[1,2.5,\"x\"]}", "{\"b\":1,\"a\":[1,2.5,\"x\"]}"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"0.1", "0.1"},
    {"[0.1,0.012,1e3,1.7976931348623157e308]", "[0.10000000000000001,0.012,1000.0,"
                                               "1.7976931348623157e308]"},
    {"0.30000000000000004", "0.30000000000000004"},
    {"\"\\u00fc \\ud83d\\ude00 \\/\"", "\"\xc3\xbc \xf0\x9f\x98\x80 /\""},
    {"\"M\xc3\xbcller\"", "\"M\xc3\xbcller\""},
    {"\"\\u0001\\n\"", "\"\\u0001\\n\""},
    {OPEN_32 CLOSE_32, OPEN_32 CLOSE_32},
    {OPEN_32 "\"[{\\\"[\"" CLOSE_32, OPEN_32 "\"[{\\\"[\"" CLOSE_32},
};

static const text_case_t refused[] = {
    {"", "Expecting value: line 1 column 1 (char 0)"},
    {" \n ", "Expecting value: line 1 column 1 (char 0)"},
    {"nul", "Expecting value: line 1 column 1 (char 0)"},
    {"{\"a\": }", "Expecting value: line 1 column 7 (char 6)"},
    {"[1,]", "Expecting value: line 1 column 4 (char 3)"},
    {"{\n  \"a\": 1,\n  \"b\": x\n}", "Expecting value: line 3 column 8 (char 19)"},
    {"[\"\xc3\xbc\xf0\x9f\x98\x80\", x]", "Expecting value: line 1 column 8 (char 7)"},
    {"{'a':1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
    {"{\"a\":1,}", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"},
    {"{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"},
    {"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"},
    {"{\"a\":1 \"b\":2}", "Expecting ',' delimiter: line 1 column 8 (char 7)"},
    {"[1] x", "Extra data: line 1 column 5 (char 4)"},
    {"{\"a\":1", "Unexpected end: line 1 column 7 (char 6)"},
    {"\"a\nb\"", "Invalid control character: line 1 column 1 (char 0)"},
    {"\"\\x\"", "Invalid \\escape: line 1 column 1 (char 0)"},
    {"\"\\ud800\"", "Invalid \\uXXXX escape: line 1 column 1 (char 0)"},
    {"\"\\u0000\"", "NUL in a string: line 1 column 1 (char 0)"},
    {"{\"\\u0000\":1}", "NUL in a string: line 1 column 2 (char 1)"},
    {"{\"a\":1,\"b\":2,\"a\":3}", "Duplicate key: line 1 column 14 (char 13)"},
    {"{\"a\":1,\"\\u0061\":3}", "Duplicate key: line 1 column 8 (char 7)"},
    {"9223372036854775808", "Number out of range: line 1 column 1 (char 0)"},
    {"-9223372036854775809", "Number out of range: line 1 column 1 (char 0)"},
    {"[1, 1e999]", "Number out of range: line 1 column 5 (char 4)"},
    {"-1e999", "Number out of range: line 1 column 1 (char 0)"},
    {"NaN", "Expecting value: line 1 column 1 (char 0)"},
    {"01", "Expecting value: line 1 column 1 (char 0)"},
    {"[" OPEN_32 CLOSE_32 "]", "Nested too deeply: line 1 column 33 (char 32)"},
    {"{\"a\":" OPEN_32 CLOSE_32 "}", "Nested too deeply: line 1 column 37 (char 36)"},
};

static const char *const secret_names[] = {
    "password",        "Password",       "old_password",
    "Old-Password",    "newPassword",    "password_confirm",
    "passwordConfirm", "PASSWORD2",      "token",
    "access_token",    "X-Auth-Token",   "key",
    "api_key",         "X-API-Key",      "otp",
    "Authorization",   "secret",         "client_secret",
    "Set-Cookie",      "passwd",         "pass_phrase",
    "user[password]",  " p.a.s.s.word ",
};

static const char *const open_names[] = {
    "",
    "name",
    "username",
    "email",
    "keyword",
    "monkey",
    "tokens_used",
    "otp_count",
    "hotpot",
    "status",
    "pass",
    "author",
    "code",
    "zip_code",
    "p\xc3\xa4ssword",
    "primary_key",
    "is_tenant_admin",
};

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

static json_t *parse(const char *text)
{
    json_t *json = NULL;
    assert_null(crm_json_parse(pool, text, strlen(text), &json));
    return json;
}

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        apr_size_t size = 0;
        assert_string_equal(crm_json_text(pool, parse(accepted[i].text), &size),
                            accepted[i].result);
        assert_int_equal(size, strlen(accepted[i].result));
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char prefix[] = "JSON parse error - ";
    for (size_t i = 0; i < COUNT(refused); i++) {
        json_t *json = NULL;
        crm_error_t *error = crm_json_parse(pool, refused[i].text, strlen(refused[i].text), &json);
        assert_non_null(error);
        assert_null(json);
        assert_int_equal(error->kind, CRM_E_BAD_REQUEST);
        assert_memory_equal(error->detail, prefix, strlen(prefix));
        assert_string_equal(error->detail + strlen(prefix), refused[i].result);
    }
}

static void test_invalid_utf8(void **state)
{
    (void)state;
    static const char *const texts[] = {"\"\xff\"",         "\"\xc3\x28\"",
                                        "\"\xc0\x80\"",     "\"\xed\xa0\x80\"",
                                        "{\"\xe2\x82\":1}", "\"\xf5\x80\x80\x80\""};
    for (size_t i = 0; i < COUNT(texts); i++) {
        json_t *json = NULL;
        crm_error_t *error = crm_json_parse(pool, texts[i], strlen(texts[i]), &json);
        assert_non_null(error);
        assert_non_null(strstr(error->detail, "Invalid UTF-8: line 1 column "));
    }
}

static void test_nul_bytes(void **state)
{
    (void)state;
    static const char within[] = "[\"a\0b\"]";
    static const char behind[] = "[1]\0[2]";
    json_t *json = NULL;
    assert_non_null(crm_json_parse(pool, within, sizeof(within) - 1, &json));
    assert_non_null(crm_json_parse(pool, behind, sizeof(behind) - 1, &json));
    assert_null(json);
}

/* Reads no further than SIZE: the text is not terminated. */
static void test_size_is_obeyed(void **state)
{
    (void)state;
    char text[] = {'[', '1', ']', 'x'};
    json_t *json = NULL;
    assert_null(crm_json_parse(pool, text, 3, &json));
    assert_int_equal(json_array_size(json), 1);
}

static void test_an_abyss_costs_no_stack(void **state)
{
    (void)state;
    const apr_size_t size = 2 << 20;
    char *text = apr_palloc(pool, size);
    json_t *json = NULL;
    memset(text, '[', size);
    crm_error_t *error = crm_json_parse(pool, text, size, &json);
    assert_non_null(strstr(error->detail, "Nested too deeply: line 1 column 33 "));
    for (apr_size_t i = 0; i + 5 <= size; i += 5) {
        memcpy(text + i, "{\"a\":", 5);
    }
    error = crm_json_parse(pool, text, size, &json);
    assert_non_null(strstr(error->detail, "Nested too deeply: line 1 column 161 "));
}

static void test_errors_do_not_quote_the_text(void **state)
{
    (void)state;
    static const char text[] = "{\"password\": \"hunter2\" \"hunter2\"}";
    json_t *json = NULL;
    crm_error_t *error = crm_json_parse(pool, text, strlen(text), &json);
    assert_null(strstr(error->detail, "hunter2"));
    assert_null(error->cause);
}

static void test_long_texts(void **state)
{
    (void)state;
    for (size_t length = 1000; length < 1040; length++) { /* around the first guess */
        char *string = apr_palloc(pool, length + 1);
        apr_size_t size = 0;
        memset(string, 'x', length);
        string[length] = '\0';
        const char *text = crm_json_text(pool, crm_json_own(pool, json_string(string)), &size);
        assert_int_equal(size, length + 2);
        assert_int_equal(strlen(text), length + 2);
        assert_memory_equal(text + 1, string, length);
    }
    assert_string_equal(crm_json_text(pool, NULL, NULL), "null");
}

static void test_the_pool_drops_its_reference(void **state)
{
    (void)state;
    apr_pool_t *own;
    json_t *json = json_object();
    apr_pool_create(&own, pool);
    assert_ptr_equal(crm_json_own(own, json_incref(json)), json);
    assert_int_equal(json->refcount, 2);
    apr_pool_destroy(own);
    assert_int_equal(json->refcount, 1);
    json_decref(json);
    assert_null(crm_json_own(pool, NULL));
}

static void test_secret_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(secret_names); i++) {
        assert_true(crm_json_secret_name(secret_names[i]));
    }
    for (size_t i = 0; i < COUNT(open_names); i++) {
        assert_false(crm_json_secret_name(open_names[i]));
    }
}

static void test_redact(void **state)
{
    (void)state;
    json_t *json = parse("{\"username\":\"jane\",\"Password\":\"x\",\"n\":[{\"token\":{\"a\":1}},"
                         "{\"otp\":null,\"ok\":[true,2,\"token\"]}]}");
    const char *before = crm_json_text(pool, json, NULL);
    json_t *copy = crm_json_own(pool, crm_json_redact(json));
    assert_string_equal(crm_json_text(pool, copy, NULL),
                        "{\"username\":\"jane\",\"Password\":\"***\",\"n\":[{\"token\":\"***\"},"
                        "{\"otp\":\"***\",\"ok\":[true,2,\"token\"]}]}");
    assert_string_equal(crm_json_text(pool, json, NULL), before);
    json_object_set_new(copy, "username", json_null());
    assert_string_equal(crm_json_text(pool, json, NULL), before);
    assert_null(crm_json_redact(NULL));
}

/* Written without a tree, a string is what jansson makes of it. */
static void test_quote(void **state)
{
    static const char *const texts[] = {
        "", "x", "\"\\/", "a\b\f\n\r\t", "\x01\x1f\x7f", "M\xc3\xbcller \xf0\x9f\x98\x80", "end\\",
    };
    (void)state;

    for (size_t i = 0; i < COUNT(texts); i++) {
        json_t *json = crm_json_own(pool, json_string(texts[i]));
        assert_string_equal(crm_json_quote(pool, texts[i]), crm_json_text(pool, json, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_size_is_obeyed),
        cmocka_unit_test(test_an_abyss_costs_no_stack),
        cmocka_unit_test(test_errors_do_not_quote_the_text),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_the_pool_drops_its_reference),
        cmocka_unit_test(test_secret_names),
        cmocka_unit_test(test_redact),
        cmocka_unit_test(test_quote),
    };
    return cmocka_run_group_tests_name("base/json", tests, setup, teardown);
}
