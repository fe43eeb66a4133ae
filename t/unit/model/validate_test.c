/* t/unit/model/validate_test.c - bodies become values, or an error that names every fault. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "base/json.h"
#include "model/validate.h"

static apr_pool_t *pool;

static const crm_choice_t statuses[] = {{"new", "New"}, {"open", "Open"}, {NULL, NULL}};

static const crm_field_t fields[] = {
    {.name = "id", .type = CRM_T_UUID, .flags = CRM_F_READ_ONLY | CRM_F_REQUIRED},
    {.name = "name", .type = CRM_T_TEXT, .flags = CRM_F_REQUIRED, .max_length = 5},
    {.name = "email", .type = CRM_T_EMAIL, .flags = CRM_F_REQUIRED},
    {.name = "password",
     .type = CRM_T_PASSWORD,
     .flags = CRM_F_REQUIRED | CRM_F_SECRET,
     .min_length = 8},
    {.name = "notes", .type = CRM_T_LONGTEXT, .flags = CRM_F_BLANK},
    {.name = "phone", .type = CRM_T_TEXT, .flags = CRM_F_NULL},
    {.name = "status", .type = CRM_T_CHOICE, .choices = statuses},
    {.name = "age", .type = CRM_T_INTEGER, .flags = CRM_F_NULL},
    {.name = "is_active", .type = CRM_T_BOOLEAN},
    {.name = "called_at", .type = CRM_T_TIME, .flags = CRM_F_NULL},
    {.name = "extra", .type = CRM_T_JSON, .flags = CRM_F_NULL},
    {.name = "groups", .type = CRM_T_INTEGERS},
    {.name = "tenant", .type = CRM_T_OBJECT},
    {.name = NULL},
};

static const char complete[] = "{\"name\": \"Ann\", \"email\": \"a@b.de\", \"password\": "
                               "\" secret  \"}";

static json_t *body_of(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    assert_non_null(json);
    return crm_json_own(pool, json);
}

/* "field: message" of each fault, in the order told, a line each. */
static const char *faults(const crm_error_t *error)
{
    const char *lines = "";

    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_INVALID);
    for (int i = 0; i < error->fields->nelts; i++) {
        const crm_field_error_t *fault = &APR_ARRAY_IDX(error->fields, i, crm_field_error_t);
        lines = apr_pstrcat(pool, lines, fault->field, ": ", fault->message, "\n", NULL);
    }
    return lines;
}

static crm_values_t *valid(const char *body, int partial)
{
    crm_values_t *values = NULL;
    crm_error_t *error = crm_validate(pool, fields, body_of(body), partial, &values);

    if (error) {
        fail_msg("%s: %s", body, faults(error));
    }
    return values;
}

static const char *invalid(const char *body, int partial)
{
    crm_values_t *values = NULL;
    const char *lines = faults(crm_validate(pool, fields, body_of(body), partial, &values));

    assert_null(values);
    return lines;
}

static void values_are_found_by_name(void **state)
{
    crm_values_t *values = valid("{\"name\": \" Ann \", \"email\": \"a@b.de\", \"password\": "
                                 "\" secret  \", \"age\": \"7\", \"groups\": [1], \"id\": 5, "
                                 "\"is_active\": \"yes\", \"unknown\": {}, \"tenant\": 1}",
                                 0);

    (void)state;
    assert_string_equal(crm_values_text(values, "name"), "Ann");
    assert_string_equal(crm_values_text(values, "password"), " secret  ");
    assert_int_equal(crm_values_get(values, "age").as.integer, 7);
    assert_int_equal(crm_values_get(values, "is_active").kind, CRM_V_BOOLEAN);
    assert_string_equal(crm_values_text(values, "groups"), "[1]");
    assert_int_equal(crm_values_sent(values, "age"), 1);
    /* not sent, read-only, output only */
    assert_int_equal(crm_values_sent(values, "phone"), 0);
    assert_null(crm_values_text(values, "phone"));
    assert_int_equal(crm_values_sent(values, "id"), 0);
    assert_int_equal(crm_values_sent(values, "tenant"), 0);
}

static void all_faults_at_once(void **state)
{
    (void)state;
    assert_string_equal(invalid("{\"name\": \"Annabel\", \"email\": \"x\", \"password\": "
                                "\"short\", \"notes\": [], \"status\": \"lost\", \"age\": \"x\","
                                "\"is_active\": null, \"called_at\": \"now\", \"groups\": 1}",
                                0),
                        "name: Ensure this field has no more than 5 characters.\n"
                        "email: Enter a valid email address.\n"
                        "password: Ensure this field has at least 8 characters.\n"
                        "notes: Not a valid string.\n"
                        "status: \"lost\" is not a valid choice.\n"
                        "age: A valid integer is required.\n"
                        "is_active: This field may not be null.\n"
                        "called_at: Datetime has wrong format. Use one of these formats instead: "
                        "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\n"
                        "groups: Expected a list of items but got type \"int\".\n");
}

static void required_is_for_create_alone(void **state)
{
    (void)state;
    assert_string_equal(invalid("{}", 0), "name: This field is required.\n"
                                          "email: This field is required.\n"
                                          "password: This field is required.\n");
    assert_int_equal(crm_values_sent(valid("{}", 1), "name"), 0);
    assert_string_equal(crm_values_text(valid(complete, 0), "name"), "Ann");
    assert_string_equal(invalid("{\"name\": null, \"email\": \"  \"}", 1),
                        "name: This field may not be null.\n"
                        "email: This field may not be blank.\n");
}

static void null_and_blank_follow_the_flags(void **state)
{
    crm_values_t *values = valid("{\"notes\": \" \", \"phone\": null, \"age\": null, "
                                 "\"extra\": null, \"called_at\": \"\"}",
                                 1);

    (void)state;
    assert_string_equal(crm_values_text(values, "notes"), "");
    assert_int_equal(crm_values_sent(values, "phone"), 1);
    assert_true(crm_is_null(crm_values_get(values, "phone")));
    assert_true(crm_is_null(crm_values_get(values, "age")));
    assert_true(crm_is_null(crm_values_get(values, "extra")));
    /* what a form sends for nothing */
    assert_int_equal(crm_values_sent(values, "called_at"), 1);
    assert_true(crm_is_null(crm_values_get(values, "called_at")));
    assert_string_equal(crm_values_text(valid("{\"extra\": \"\"}", 1), "extra"), "\"\"");
    assert_string_equal(invalid("{\"phone\": \"\", \"notes\": null, \"password\": \"\", "
                                "\"is_active\": \"\", \"name\": \"\\u0000\"}",
                                1),
                        "name: Null characters are not allowed.\n"
                        "password: This field may not be blank.\n"
                        "notes: This field may not be null.\n"
                        "phone: This field may not be blank.\n"
                        "is_active: Must be a valid boolean.\n");
    /* a password of blanks is a password */
    assert_string_equal(crm_values_text(valid("{\"password\": \"        \"}", 1), "password"),
                        "        ");
}

static const char *body_with(const char *name, int count, const char *unit, const char *end)
{
    char *text = apr_pcalloc(pool, (apr_size_t)count * strlen(unit) + 1), *next = text;

    for (int i = 0; i < count; i++) {
        next = apr_cpystrn(next, unit, strlen(unit) + 1);
    }
    return apr_pstrcat(pool, "{\"", name, "\": \"", text, end, "\"}", NULL);
}

/* Lengths are code points, without the white space around. */
static void lengths_are_in_code_points(void **state)
{
    (void)state;
    valid("{\"name\": \"  \360\237\230\200\360\237\230\200\360\237\230\200\360\237\230\200e  \"}",
          1);
    assert_string_equal(invalid("{\"name\": \"e\314\210e\314\210e\314\210\"}", 1),
                        "name: Ensure this field has no more than 5 characters.\n");
    valid("{\"name\": 12345}", 1);
    assert_string_equal(invalid("{\"name\": 123456}", 1),
                        "name: Ensure this field has no more than 5 characters.\n");
}

static void types_bound_what_fields_leave_open(void **state)
{
    (void)state;
    valid(body_with("phone", 255, "\303\274", ""), 1);
    assert_string_equal(invalid(body_with("phone", 256, "\303\274", ""), 1),
                        "phone: Ensure this field has no more than 255 characters.\n");
    valid(body_with("email", 249, "a", "@b.de"), 1);
    assert_string_equal(invalid(body_with("email", 250, "a", "@b.de"), 1),
                        "email: Ensure this field has no more than 254 characters.\n");
    assert_string_equal(invalid(body_with("email", 400, "a", ""), 1),
                        "email: Ensure this field has no more than 254 characters.\n"
                        "email: Enter a valid email address.\n");
    valid(body_with("password", 4096, "x", ""), 1);
    assert_string_equal(invalid(body_with("password", 4097, "x", ""), 1),
                        "password: Ensure this field has no more than 4096 characters.\n");
    valid(body_with("notes", 1024 * 1024, "x", ""), 1);
    assert_string_equal(invalid(body_with("notes", 1024 * 1024, "x", "y"), 1),
                        "notes: Ensure this field has no more than 1048576 characters.\n");
    assert_string_equal(invalid(body_with("extra", 1024 * 1024, "x", ""), 1),
                        "extra: Ensure this field has no more than 1048576 characters.\n");
}

static void a_body_is_an_object(void **state)
{
    static const char *const rows[][2] = {
        {"[]", "list"},   {"\"x\"", "str"},  {"1", "int"},         {"1.5", "float"},
        {"true", "bool"}, {"false", "bool"}, {"null", "NoneType"},
    };
    crm_values_t *values;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(invalid(rows[i][0], 1),
                            apr_psprintf(pool,
                                         "non_field_errors: Invalid data. Expected a dictionary, "
                                         "but got %s.\n",
                                         rows[i][1]));
    }
    /* no body at all is an empty one */
    assert_non_null(crm_validate(pool, fields, NULL, 0, &values));
    assert_null(crm_validate(pool, fields, NULL, 1, &values));
}

static void an_unknown_name_is_a_mistake_in_the_program(void **state)
{
    crm_values_t *values = valid("{}", 1);
    int status;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        crm_values_get(values, "nmae");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* A cell of a table and what becomes of it: a text, or a message. */
typedef struct cell_case_t {
    const char *field, *text, *result, *message;
} cell_case_t;

static const cell_case_t cells[] = {
    {"name", " Ann ", "Ann", NULL},
    {"name", "Annabelle", NULL, "Ensure this field has no more than 5 characters."},
    {"email", "a@b.de", "a@b.de", NULL},
    {"email", "ann", NULL, "Enter a valid email address."},
    {"status", "open", "open", NULL},
    {"status", "OPEN", "open", NULL},
    {"status", " New ", "new", NULL},
    {"status", "lost", NULL, "\"lost\" is not a valid choice."},
    {"age", "41", "41", NULL},
    {"age", "old", NULL, "A valid integer is required."},
    {"is_active", "Yes", "true", NULL},
    {"is_active", "0", "false", NULL},
    {"called_at", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z", NULL},
};

static void cells_are_read_as_bodies_are(void **state)
{
    (void)state;
    for (apr_size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        const crm_field_t *field = crm_field_find(fields, cells[i].field);
        crm_value_t value = crm_null();
        crm_error_t *error = crm_validate_cell(pool, field, cells[i].text, &value);
        if (cells[i].message) {
            assert_non_null(error);
            assert_int_equal(error->fields->nelts, 1);
            assert_string_equal(APR_ARRAY_IDX(error->fields, 0, crm_field_error_t).message,
                                cells[i].message);
        } else {
            assert_null(error);
            assert_string_equal(crm_field_text(pool, field, value), cells[i].result);
        }
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
        cmocka_unit_test(values_are_found_by_name),
        cmocka_unit_test(all_faults_at_once),
        cmocka_unit_test(required_is_for_create_alone),
        cmocka_unit_test(null_and_blank_follow_the_flags),
        cmocka_unit_test(lengths_are_in_code_points),
        cmocka_unit_test(types_bound_what_fields_leave_open),
        cmocka_unit_test(a_body_is_an_object),
        cmocka_unit_test(an_unknown_name_is_a_mistake_in_the_program),
        cmocka_unit_test(cells_are_read_as_bodies_are),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
