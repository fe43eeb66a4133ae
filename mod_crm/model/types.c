/* model/types.c - what each type of field means: one row a type. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "model/query.h"
#include "model/types.h"

#define OPERATORS_TEXT (CRM_OP_EQ | CRM_OP_IN | CRM_OP_CONTAINS | CRM_OP_ISNULL)
#define OPERATORS_ORDERED                                                                          \
    (CRM_OP_EQ | CRM_OP_GTE | CRM_OP_LTE | CRM_OP_GT | CRM_OP_LT | CRM_OP_IN | CRM_OP_ISNULL)
#define OPERATORS_SET (CRM_OP_EQ | CRM_OP_IN | CRM_OP_ISNULL)

/* A finite double as Python's repr writes it: the fewest digits that give it back. */
static const char *real_text(apr_pool_t *pool, double real)
{
    char digits[40], fixed[40];
    int precision = 0;

    do {
        snprintf(digits, sizeof(digits), "%.*e", precision, real);
    } while (strtod(digits, NULL) != real && ++precision < 17);

    char *e = strchr(digits, 'e');
    int exponent = atoi(e + 1);
    if (exponent >= -4 && exponent < 16) {
        int decimals = precision > exponent ? precision - exponent : 1;
        snprintf(fixed, sizeof(fixed), "%.*f", decimals, real);
        return apr_pstrdup(pool, fixed);
    }
    *e = '\0';
    return apr_psprintf(pool, "%se%c%02d", digits, exponent < 0 ? '-' : '+', abs(exponent));
}

static const crm_type_t types[CRM_T_COUNT] = {
    [CRM_T_TEXT] = {.name = "text",
                    .kind = CRM_V_TEXT,
                    .json_type = "string",
                    .default_max = 255,
                    .letter = 's',
                    .operators = OPERATORS_TEXT,
                    .widget = "text",
                    .example = "text",
                    .invalid = "Not a valid string.",
                    .read = crm_read_string,
                    .read_text = crm_read_text_text},
    [CRM_T_LONGTEXT] = {.name = "long text",
                        .kind = CRM_V_TEXT,
                        .json_type = "string",
                        .default_max = 1024 * 1024,
                        .letter = 'l',
                        .operators = OPERATORS_TEXT,
                        .widget = "textarea",
                        .example = "A longer text.",
                        .invalid = "Not a valid string.",
                        .read = crm_read_string,
                        .read_text = crm_read_text_text},
    [CRM_T_EMAIL] = {.name = "e-mail",
                     .kind = CRM_V_TEXT,
                     .json_type = "string",
                     .json_format = "email",
                     .default_max = 254,
                     .letter = 's',
                     .operators = OPERATORS_TEXT,
                     .widget = "email",
                     .example = "ada@example.com",
                     .invalid = "Not a valid string.",
                     .read = crm_read_string,
                     .read_text = crm_read_email_text},
    [CRM_T_PHONE] = {.name = "phone",
                     .kind = CRM_V_TEXT,
                     .json_type = "string",
                     .default_max = 50,
                     .letter = 's',
                     .operators = OPERATORS_TEXT,
                     .widget = "tel",
                     .example = "+49 30 901820",
                     .invalid = "Not a valid string.",
                     .read = crm_read_string,
                     .read_text = crm_read_text_text},
    [CRM_T_URL] = {.name = "url",
                   .kind = CRM_V_TEXT,
                   .json_type = "string",
                   .json_format = "uri",
                   .default_max = 2000,
                   .letter = 's',
                   .operators = OPERATORS_TEXT,
                   .widget = "url",
                   .example = "https://example.com/",
                   .invalid = "Not a valid string.",
                   .read = crm_read_string,
                   .read_text = crm_read_url_text},
    [CRM_T_PASSWORD] = {.name = "password",
                        .kind = CRM_V_TEXT,
                        .json_type = "string",
                        .json_format = "password",
                        .default_max = 4096,
                        .letter = 's',
                        .widget = "password",
                        .example = "correct horse battery",
                        .invalid = "Not a valid string.",
                        .read = crm_read_string,
                        .read_text = crm_read_password_text},
    [CRM_T_INTEGER] = {.name = "integer",
                       .kind = CRM_V_INTEGER,
                       .json_type = "integer",
                       .json_format = "int64",
                       .letter = 'i',
                       .operators = OPERATORS_ORDERED,
                       .widget = "number",
                       .example = "1",
                       .invalid = "A valid integer is required.",
                       .read = crm_read_integer,
                       .read_text = crm_read_integer_text},
    [CRM_T_DECIMAL] = {.name = "decimal",
                       .kind = CRM_V_INTEGER,
                       .json_type = "string",
                       .json_format = "decimal",
                       .letter = 'i',
                       .operators = OPERATORS_ORDERED,
                       .widget = "number",
                       .example = "12.30",
                       .invalid = "A valid number is required.",
                       .read = crm_read_decimal,
                       .read_text = crm_read_decimal_text},
    [CRM_T_REAL] = {.name = "number",
                    .kind = CRM_V_REAL,
                    .json_type = "number",
                    .json_format = "double",
                    .letter = 'f',
                    .operators = OPERATORS_ORDERED,
                    .widget = "number",
                    .example = "0.25",
                    .invalid = "A valid number is required.",
                    .read = crm_read_real,
                    .read_text = crm_read_real_text},
    [CRM_T_BOOLEAN] = {.name = "boolean",
                       .kind = CRM_V_BOOLEAN,
                       .json_type = "boolean",
                       .letter = 'b',
                       .operators = CRM_OP_EQ | CRM_OP_ISNULL,
                       .widget = "checkbox",
                       .example = "true",
                       .invalid = "Must be a valid boolean.",
                       .read = crm_read_boolean,
                       .read_text = crm_read_boolean_text},
    [CRM_T_TIME] = {.name = "time",
                    .kind = CRM_V_TIME,
                    .json_type = "string",
                    .json_format = "date-time",
                    .letter = 't',
                    .operators = OPERATORS_ORDERED,
                    .widget = "datetime-local",
                    .example = "2026-01-31T09:30:00Z",
                    .invalid = "Datetime has wrong format. Use one of these formats instead: "
                               "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
                    .read = crm_read_string_only,
                    .read_text = crm_read_time_text},
    [CRM_T_DATE] = {.name = "date",
                    .kind = CRM_V_TIME,
                    .json_type = "string",
                    .json_format = "date",
                    .letter = 't',
                    .operators = OPERATORS_ORDERED,
                    .widget = "date",
                    .example = "2026-01-31",
                    .invalid =
                        "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
                    .read = crm_read_string_only,
                    .read_text = crm_read_date_text},
    [CRM_T_UUID] = {.name = "uuid",
                    .kind = CRM_V_UUID,
                    .json_type = "string",
                    .json_format = "uuid",
                    .letter = 'u',
                    .operators = OPERATORS_SET,
                    .widget = "text",
                    .example = "019c1314-1d40-7c52-9d2e-5f8a0f3c6b1e",
                    .invalid = "Must be a valid UUID.",
                    .read = crm_read_string_only,
                    .read_text = crm_read_uuid_text},
    [CRM_T_CHOICE] = {.name = "choice",
                      .kind = CRM_V_TEXT,
                      .json_type = "string",
                      .letter = 's',
                      .operators = OPERATORS_SET,
                      .widget = "select",
                      .invalid = "Not a valid string.",
                      .read = crm_read_choice,
                      .read_text = crm_read_choice_text},
    [CRM_T_REFERENCE] = {.name = "reference",
                         .kind = CRM_V_UUID,
                         .json_type = "string",
                         .json_format = "uuid",
                         .letter = 'u',
                         .operators = OPERATORS_SET,
                         .widget = "reference",
                         .example = "019c1314-1d40-7c52-9d2e-5f8a0f3c6b1e",
                         .invalid = "Must be a valid UUID.",
                         .read = crm_read_string_only,
                         .read_text = crm_read_uuid_text},
    [CRM_T_JSON] = {.name = "json",
                    .kind = CRM_V_TEXT,
                    .default_max = 1024 * 1024,
                    .letter = 'l',
                    .operators = CRM_OP_ISNULL,
                    .widget = "textarea",
                    .example = "{\"page\": \"2\"}",
                    .invalid = "Value must be valid JSON.",
                    .read = crm_read_json,
                    .read_text = crm_read_json_text},
    [CRM_T_INTEGERS] = {.name = "integers",
                        .kind = CRM_V_TEXT,
                        .json_type = "array",
                        .letter = 'l',
                        .widget = "text",
                        .example = "[1, 2]",
                        .invalid = "A valid integer is required.",
                        .read = crm_read_integers,
                        .read_text = crm_read_json_text},
    [CRM_T_OBJECT] = {.name = "object", .kind = CRM_V_NULL, .json_type = "object"},
    [CRM_T_LIST] = {.name = "list", .kind = CRM_V_NULL, .json_type = "array"},
};

int crm_type_refuse(apr_pool_t *pool, const crm_field_t *field, crm_error_t **error)
{
    crm_error_add(pool, error, field->name, "%s", types[field->type].invalid);
    return 0;
}

const crm_type_t *crm_type(crm_type_e type)
{
    return &types[type];
}

int crm_type_is_text(crm_type_e type)
{
    return type == CRM_T_TEXT || type == CRM_T_LONGTEXT || type == CRM_T_EMAIL ||
           type == CRM_T_PASSWORD || type == CRM_T_PHONE || type == CRM_T_URL;
}

const char *crm_type_text(apr_pool_t *pool, const crm_field_t *field, const json_t *json)
{
    if (json_is_integer(json)) {
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(json));
    }
    if (json_is_real(json)) {
        return real_text(pool, json_real_value(json));
    }
    if (!json_is_string(json)) {
        return NULL;
    }
    if (field->type == CRM_T_PASSWORD || field->type == CRM_T_CHOICE) {
        return json_string_value(json);
    }
    return crm_text_trim(pool, json_string_value(json));
}

int crm_type_has_nul(const json_t *json)
{
    return json_is_string(json) && strlen(json_string_value(json)) != json_string_length(json);
}

const char *crm_type_python_name(const json_t *json)
{
    switch (json ? json_typeof(json) : JSON_NULL) {
    case JSON_OBJECT:
        return "dict";
    case JSON_ARRAY:
        return "list";
    case JSON_STRING:
        return "str";
    case JSON_INTEGER:
        return "int";
    case JSON_REAL:
        return "float";
    case JSON_TRUE:
    case JSON_FALSE:
        return "bool";
    default:
        return "NoneType";
    }
}
