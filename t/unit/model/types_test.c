/* t/unit/model/types_test.c - what each type of field takes and gives back. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/time.h"
#include "model/email.h"
#include "model/query.h"
#include "model/types.h"

#define TIME_MESSAGE                                                                               \
    "Datetime has wrong format. Use one of these formats instead: "                                \
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
#define DATE_MESSAGE "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."

typedef struct row_t {
    crm_type_e type;
    const char *input;   /* JSON */
    const char *output;  /* JSON of the value read, or NULL */
    const char *message; /* or NULL */
} row_t;

static apr_pool_t *pool;

static const crm_choice_t statuses[] = {{"new", "New"}, {"1.5", "Number"}, {NULL, NULL}};

static crm_field_t field_of(crm_type_e type)
{
    return (crm_field_t){
        .name = "field", .column = "field", .type = type, .scale = 2, .choices = statuses};
}

static const json_t *json_of(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    assert_non_null(json);
    return crm_json_own(pool, json);
}

static const char *message_of(const crm_error_t *error)
{
    if (!error) {
        return NULL;
    }
    assert_int_equal(error->kind, CRM_E_INVALID);
    assert_int_equal(error->fields->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(error->fields, 0, crm_field_error_t).field, "field");
    return APR_ARRAY_IDX(error->fields, 0, crm_field_error_t).message;
}

static void check(const char *input, const char *expected, const char *message, int read,
                  const crm_field_t *field, crm_value_t value, const crm_error_t *error)
{
    const char *got = message_of(error);
    const char *output = NULL;

    if (read) {
        json_t *json = crm_json_own(pool, crm_field_json(pool, field, value));
        output = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    }
    if ((got != NULL) != (message != NULL) || (got && strcmp(got, message) != 0) ||
        (output != NULL) != (expected != NULL) || (output && strcmp(output, expected) != 0)) {
        fail_msg("%s of %s: expected %s %s, got %s %s", crm_type(field->type)->name, input,
                 expected ? expected : "-", message ? message : "-", output ? output : "-",
                 got ? got : "-");
    }
    free((char *)output);
}

static const row_t json_rows[] = {
    {CRM_T_TEXT, "\" M\\u00fcller\\u00a0\"", "\"M\303\274ller\"", NULL},
    {CRM_T_TEXT, "12", "\"12\"", NULL},
    {CRM_T_TEXT, "1.5", "\"1.5\"", NULL},
    {CRM_T_TEXT, "0.1", "\"0.1\"", NULL},
    {CRM_T_TEXT, "100.0", "\"100.0\"", NULL},
    {CRM_T_TEXT, "1e15", "\"1000000000000000.0\"", NULL},
    {CRM_T_TEXT, "1e16", "\"1e+16\"", NULL},
    {CRM_T_TEXT, "0.0001", "\"0.0001\"", NULL},
    {CRM_T_TEXT, "-0.00001", "\"-1e-05\"", NULL},
    {CRM_T_TEXT, "1.25e300", "\"1.25e+300\"", NULL},
    {CRM_T_TEXT, "0.30000000000000004", "\"0.30000000000000004\"", NULL},
    {CRM_T_TEXT, "true", NULL, "Not a valid string."},
    {CRM_T_TEXT, "[]", NULL, "Not a valid string."},
    {CRM_T_TEXT, "{}", NULL, "Not a valid string."},
    {CRM_T_TEXT, "\"a\\u0000b\"", NULL, "Null characters are not allowed."},
    {CRM_T_LONGTEXT, "\"a\\nb\"", "\"a\\nb\"", NULL},
    {CRM_T_EMAIL, "\" ann@example.com \"", "\"ann@example.com\"", NULL},
    {CRM_T_EMAIL, "\"ann\"", NULL, "Enter a valid email address."},
    {CRM_T_EMAIL, "7", NULL, "Enter a valid email address."},
    {CRM_T_PASSWORD, "\"  spaced  \"", "\"  spaced  \"", NULL},
    {CRM_T_INTEGER, "7", "7", NULL},
    {CRM_T_INTEGER, "7.0", "7", NULL},
    {CRM_T_INTEGER, "\" -7 \"", "-7", NULL},
    {CRM_T_INTEGER, "\"+7.00\"", "7", NULL},
    {CRM_T_INTEGER, "9223372036854775807", "9223372036854775807", NULL},
    {CRM_T_INTEGER, "7.5", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "1e30", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "\"9223372036854775808\"", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "\"\"", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "\"7x\"", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "\"- 7\"", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "\"7\\u00008\"", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "true", NULL, "A valid integer is required."},
    {CRM_T_INTEGER, "[7]", NULL, "A valid integer is required."},
    {CRM_T_REAL, "7", "7.0", NULL},
    {CRM_T_REAL, "\"-7.25e1\"", "-72.5", NULL},
    {CRM_T_REAL, "\"nan\"", NULL, "A valid number is required."},
    {CRM_T_REAL, "\"inf\"", NULL, "A valid number is required."},
    {CRM_T_REAL, "\"0x10\"", NULL, "A valid number is required."},
    {CRM_T_REAL, "\"1e999\"", NULL, "A valid number is required."},
    {CRM_T_REAL, "\"1.5.5\"", NULL, "A valid number is required."},
    {CRM_T_REAL, "{}", NULL, "A valid number is required."},
    {CRM_T_DECIMAL, "12.3", "\"12.30\"", NULL},
    {CRM_T_DECIMAL, "0.1", "\"0.10\"", NULL},
    {CRM_T_DECIMAL, "\"-0.05\"", "\"-0.05\"", NULL},
    {CRM_T_DECIMAL, "\" 007.500 \"", "\"7.50\"", NULL},
    {CRM_T_DECIMAL, "\".5\"", "\"0.50\"", NULL},
    {CRM_T_DECIMAL, "0", "\"0.00\"", NULL},
    {CRM_T_DECIMAL, "\"9999999999999999.99\"", "\"9999999999999999.99\"", NULL},
    {CRM_T_DECIMAL, "\"99999999999999999.99\"", NULL,
     "Ensure that there are no more than 18 digits in total."},
    {CRM_T_DECIMAL, "\"12345678901234567\"", NULL,
     "Ensure that there are no more than 16 digits before the decimal point."},
    {CRM_T_DECIMAL, "\"1.005\"", NULL, "Ensure that there are no more than 2 decimal places."},
    {CRM_T_DECIMAL, "\"1e2\"", NULL, "A valid number is required."},
    {CRM_T_DECIMAL, "\".\"", NULL, "A valid number is required."},
    {CRM_T_DECIMAL, "\"\"", NULL, "A valid number is required."},
    {CRM_T_DECIMAL, "\"1.2.3\"", NULL, "A valid number is required."},
    {CRM_T_DECIMAL, "true", NULL, "A valid number is required."},
    {CRM_T_URL, "\"https://example.com/a?b\"", "\"https://example.com/a?b\"", NULL},
    {CRM_T_URL, "\"javascript:alert(1)\"", NULL, "Enter a valid URL."},
    {CRM_T_URL, "\"http:///x\"", NULL, "Enter a valid URL."},
    {CRM_T_URL, "\"http://a b\"", NULL, "Enter a valid URL."},
    {CRM_T_BOOLEAN, "true", "true", NULL},
    {CRM_T_BOOLEAN, "0", "false", NULL},
    {CRM_T_BOOLEAN, "1.0", "true", NULL},
    {CRM_T_BOOLEAN, "\"Yes\"", "true", NULL},
    {CRM_T_BOOLEAN, "\"on\"", "true", NULL},
    {CRM_T_BOOLEAN, "\"F\"", "false", NULL},
    {CRM_T_BOOLEAN, "\"off\"", "false", NULL},
    {CRM_T_BOOLEAN, "2", NULL, "Must be a valid boolean."},
    {CRM_T_BOOLEAN, "\"maybe\"", NULL, "Must be a valid boolean."},
    {CRM_T_BOOLEAN, "[]", NULL, "Must be a valid boolean."},
    {CRM_T_TIME, "\"2026-11-23T10:00:00Z\"", "\"2026-11-23T10:00:00Z\"", NULL},
    {CRM_T_TIME, "\"2026-11-23T10:00:00.120000+02:00\"", "\"2026-11-23T08:00:00.120000Z\"", NULL},
    {CRM_T_TIME, "\"2026-11-23\"", "\"2026-11-23T00:00:00Z\"", NULL},
    {CRM_T_TIME, "\"tomorrow\"", NULL, TIME_MESSAGE},
    {CRM_T_TIME, "1700000000", NULL, TIME_MESSAGE},
    {CRM_T_DATE, "\"2024-02-29\"", "\"2024-02-29\"", NULL},
    {CRM_T_DATE, "\"2026-02-29\"", NULL, DATE_MESSAGE},
    {CRM_T_DATE, "\"2026-02-28T00:00:00Z\"", NULL, DATE_MESSAGE},
    {CRM_T_DATE, "5", NULL, DATE_MESSAGE},
    {CRM_T_UUID, "\"0192F8A1-0000-7000-8000-0123456789AB\"",
     "\"0192f8a1-0000-7000-8000-0123456789ab\"", NULL},
    {CRM_T_UUID, "\"0192\"", NULL, "Must be a valid UUID."},
    {CRM_T_UUID, "5", NULL, "Must be a valid UUID."},
    {CRM_T_CHOICE, "\"new\"", "\"new\"", NULL},
    {CRM_T_CHOICE, "1.5", "\"1.5\"", NULL},
    {CRM_T_CHOICE, "\" new\"", NULL, "\" new\" is not a valid choice."},
    {CRM_T_CHOICE, "\"New\"", NULL, "\"New\" is not a valid choice."},
    {CRM_T_CHOICE, "\"new\\u0000\"", NULL, "\"new\" is not a valid choice."},
    {CRM_T_CHOICE, "\"\"", NULL, "\"\" is not a valid choice."},
    {CRM_T_CHOICE, "true", NULL, "\"True\" is not a valid choice."},
    {CRM_T_CHOICE, "[1]", NULL, "\"[1]\" is not a valid choice."},
    {CRM_T_JSON, "{\"a\": [1, \"x\"]}", "{\"a\":[1,\"x\"]}", NULL},
    {CRM_T_JSON, "\"\"", "\"\"", NULL},
    {CRM_T_JSON, "5", "5", NULL},
    {CRM_T_INTEGERS, "[3, \"4\", 5.0]", "[3,4,5]", NULL},
    {CRM_T_INTEGERS, "[]", "[]", NULL},
    {CRM_T_INTEGERS, "[3, \"x\"]", NULL, "A valid integer is required."},
    {CRM_T_INTEGERS, "\"3\"", NULL, "Expected a list of items but got type \"str\"."},
    {CRM_T_INTEGERS, "{}", NULL, "Expected a list of items but got type \"dict\"."},
};

static void reads_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(json_rows) / sizeof(json_rows[0]); i++) {
        crm_field_t field = field_of(json_rows[i].type);
        crm_error_t *error = NULL;
        crm_value_t value = crm_null();
        int read =
            crm_type(field.type)->read(pool, &field, json_of(json_rows[i].input), &value, &error);
        check(json_rows[i].input, json_rows[i].output, json_rows[i].message, read, &field, value,
              error);
    }
}

static void reads_text(void **state)
{
    static const row_t rows[] = {
        {CRM_T_TEXT, " a ", "\"a\"", NULL},
        {CRM_T_EMAIL, "a@b", NULL, "Enter a valid email address."},
        {CRM_T_INTEGER, "12", "12", NULL},
        {CRM_T_REAL, "1.5", "1.5", NULL},
        {CRM_T_BOOLEAN, "1", "true", NULL},
        {CRM_T_BOOLEAN, "null", NULL, "Must be a valid boolean."},
        {CRM_T_TIME, "2026-11-23 10:00:00", "\"2026-11-23T10:00:00Z\"", NULL},
        {CRM_T_DATE, "2026-11-23", "\"2026-11-23\"", NULL},
        {CRM_T_JSON, "{\"a\":1}", "{\"a\":1}", NULL},
        {CRM_T_JSON, "{", NULL, "Value must be valid JSON."},
        {CRM_T_INTEGERS, "[1,2]", "[1,2]", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        crm_field_t field = field_of(rows[i].type);
        crm_error_t *error = NULL;
        crm_value_t value = crm_null();
        int read = crm_type(field.type)->read_text(pool, &field, rows[i].input, &value, &error);
        check(rows[i].input, rows[i].output, rows[i].message, read, &field, value, error);
    }
}

static void refuses_endless_numbers(void **state)
{
    const crm_type_e numbers[] = {CRM_T_INTEGER, CRM_T_REAL};
    char *digits = apr_pcalloc(pool, 1002);

    (void)state;
    memset(digits, '0', 1001);
    for (int i = 0; i < 2; i++) {
        crm_field_t field = field_of(numbers[i]);
        crm_error_t *error = NULL;
        crm_value_t value;
        assert_int_equal(0, crm_type(field.type)->read_text(pool, &field, digits, &value, &error));
        assert_string_equal(message_of(error), "String value too large.");
    }
}

static void flags_widen_what_is_taken(void **state)
{
    crm_field_t choice = field_of(CRM_T_CHOICE), truth = field_of(CRM_T_BOOLEAN);
    crm_error_t *error = NULL;
    crm_value_t value;

    (void)state;
    choice.flags = CRM_F_BLANK;
    assert_int_equal(1, crm_type(CRM_T_CHOICE)->read_text(pool, &choice, "", &value, &error));
    assert_string_equal(value.as.text, "");
    truth.flags = CRM_F_NULL;
    assert_int_equal(1, crm_type(CRM_T_BOOLEAN)->read_text(pool, &truth, "Null", &value, &error));
    assert_true(crm_is_null(value));
    assert_null(error);
}

/* Long wrong choices are not echoed whole. */
static void a_message_repeats_no_more_than_a_line(void **state)
{
    crm_field_t field = field_of(CRM_T_CHOICE);
    crm_error_t *error = NULL;
    char *text = apr_pcalloc(pool, 100001);
    crm_value_t value;

    (void)state;
    memset(text, 'x', 100000);
    crm_type(CRM_T_CHOICE)->read_text(pool, &field, text, &value, &error);
    assert_true(strlen(message_of(error)) < 300);
}

static const char *const valid_emails[] = {
    "email@here.com",
    "weirder-email@here.and.there.com",
    "a@[127.0.0.1]",
    "example@valid-----hyphens.com",
    "a@[::ffff:1.2.3.4]",
    "example@valid-with-hyphens.com",
    "a@localhost",
    "test@domain.with.idn.tld.\340\244\211\340\244\246\340\244\276\340\244"
    "\271\340\244\260\340\244\243.\340\244\252\340\244\260\340\245\200\340"
    "\244\225\340\245\215\340\244\267\340\244\276",
    "a@b.xn--p1ai",
    "\"test@test\"@example.com",
    "o'hara+x@a.de",
    "\"\\\011\"@here.com",
    "a@m\303\274ller.de",
    "\"\"@here.com",
};
static const char *const invalid_emails[] = {
    "",
    "abc",
    "abc@",
    "abc@bar",
    "@b.de",
    "a @x.cz",
    "abc@.com",
    "something@@somewhere.com",
    "email@127.0.0.1",
    "example@invalid-.com",
    "example@-invalid.com",
    "example@invalid.com-",
    "example@inv-.alid-.com",
    "example@inv-.-alid.com",
    ".a@b.de",
    "a.@b.de",
    "a..b@b.de",
    "a@b.d",
    "a@b.de.",
    "a@b..de",
    "a@[127.0.0.1",
    "a@[1.2.3.999]",
    "trailingdot@shouldfail.com.",
    "a\nb@c.de",
    "test@example.com\n",
    "\"unclosed\\\"@here.com",
    "\"a\"b\"@here.com",
    "m\303\274ller@b.de",
    "a@m\303\274ller",
    "a@\342\200\213\342\200\213.de-",
};

static void emails(void **state)
{
    char *label = apr_pstrcat(pool, "a@", apr_psprintf(pool, "%064d", 0), ".de", NULL);
    char *local = apr_pstrcat(pool, apr_psprintf(pool, "%0320d", 0), "@b.de", NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(valid_emails) / sizeof(valid_emails[0]); i++) {
        if (!crm_email_valid(valid_emails[i])) {
            fail_msg("%s should be valid", valid_emails[i]);
        }
    }
    for (size_t i = 0; i < sizeof(invalid_emails) / sizeof(invalid_emails[0]); i++) {
        if (crm_email_valid(invalid_emails[i])) {
            fail_msg("%s should not be valid", invalid_emails[i]);
        }
    }
    assert_int_equal(0, crm_email_valid(label));
    assert_int_equal(1, crm_email_valid(apr_pstrcat(pool, "a@", label + 3, NULL)));
    assert_int_equal(0, crm_email_valid(local));
    assert_int_equal(1, crm_email_valid(local + 6));
}

static void values_become_json(void **state)
{
    const crm_field_t flag = field_of(CRM_T_BOOLEAN), text = field_of(CRM_T_TEXT),
                      json = field_of(CRM_T_JSON), time = field_of(CRM_T_TIME);
    const struct {
        const crm_field_t *field;
        crm_value_t value;
        const char *expected;
    } rows[] = {
        {&text, crm_null(), "null"},
        {&text, crm_text("{\"a\":1}"), "\"{\\\"a\\\":1}\""},
        {&json, crm_text("{\"a\":1}"), "{\"a\":1}"},
        {&json, crm_text("no JSON"), "\"no JSON\""},
        {&flag, crm_int(1), "true"},
        {&flag, crm_bool(0), "false"},
        {&time, crm_time(APR_INT64_C(1000001)), "\"1970-01-01T00:00:01.000001Z\""},
        {&text, crm_bytes("\377", 1), "\"_w\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *got = crm_json_own(pool, crm_field_json(pool, rows[i].field, rows[i].value));
        char *dump = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
        assert_string_equal(dump, rows[i].expected);
        free(dump);
    }
}

static void every_type_is_described(void **state)
{
    (void)state;
    for (int i = 0; i < CRM_T_COUNT; i++) {
        const crm_type_t *type = crm_type((crm_type_e)i);
        assert_non_null(type->name);
        assert_int_equal(type->read == NULL, type->read_text == NULL);
        assert_int_equal(type->read == NULL, i == CRM_T_OBJECT || i == CRM_T_LIST);
        assert_int_equal(type->read == NULL, type->widget == NULL);
        assert_true(type->json_type || i == CRM_T_JSON);
    }
}

static int set_up(void **state)
{
    (void)state;
    return apr_initialize() || apr_pool_create(&pool, NULL);
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
        cmocka_unit_test(reads_json),
        cmocka_unit_test(reads_text),
        cmocka_unit_test(refuses_endless_numbers),
        cmocka_unit_test(flags_widen_what_is_taken),
        cmocka_unit_test(a_message_repeats_no_more_than_a_line),
        cmocka_unit_test(emails),
        cmocka_unit_test(values_become_json),
        cmocka_unit_test(every_type_is_described),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
