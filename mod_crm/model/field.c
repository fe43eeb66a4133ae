/* model/field.c - finding a field, and values as JSON. */

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/time.h"
#include "model/types.h"

/* Text of JSON becomes what it says; text that is none (written by another hand) stays text. */
static json_t *text_json(const crm_field_t *field, const char *text)
{
    json_t *json = NULL;

    if (field->type == CRM_T_JSON || field->type == CRM_T_INTEGERS) {
        json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    }
    return json ? json : json_string(text);
}

const crm_field_t *crm_field_find(const crm_field_t *fields, const char *name)
{
    for (const crm_field_t *field = fields; field->name; field++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static json_t *integer_json(apr_pool_t *pool, const crm_field_t *field, apr_int64_t integer)
{
    if (field->type == CRM_T_DECIMAL) {
        return json_string(crm_decimal_text(pool, integer, field->scale));
    }
    return field->type == CRM_T_BOOLEAN ? json_boolean(integer != 0) : json_integer(integer);
}

int crm_field_is_shown(const crm_field_t *field)
{
    return !(field->flags & (CRM_F_WRITE_ONLY | CRM_F_SECRET)) && field->type != CRM_T_PASSWORD;
}

const char *crm_field_label(apr_pool_t *pool, const crm_field_t *field)
{
    if (field->label) {
        return field->label;
    }
    char *label = apr_pstrdup(pool, field->name);
    for (char *at = label; *at; at++) {
        *at = *at == '_' ? ' ' : *at;
    }
    *label = (char)apr_toupper(*label);
    return label;
}

const char *crm_field_text(apr_pool_t *pool, const crm_field_t *field, crm_value_t value)
{
    json_t *json;

    if (crm_is_null(value)) {
        return NULL;
    }
    if (value.kind == CRM_V_TEXT) {
        return value.as.text;
    }
    json = crm_json_own(pool, crm_field_json(pool, field, value));
    return json_is_string(json) ? json_string_value(json) : crm_json_text(pool, json, NULL);
}

json_t *crm_field_json(apr_pool_t *pool, const crm_field_t *field, crm_value_t value)
{
    switch (value.kind) {
    case CRM_V_TEXT:
        return text_json(field, value.as.text);
    case CRM_V_INTEGER:
        return integer_json(pool, field, value.as.integer);
    case CRM_V_REAL:
        return json_real(value.as.real);
    case CRM_V_BOOLEAN:
        return json_boolean(value.as.integer != 0);
    case CRM_V_TIME:
        return json_string(field->type == CRM_T_DATE ? crm_time_date(pool, value.as.time)
                                                     : crm_time_iso(pool, value.as.time));
    case CRM_V_UUID:
        return json_string(crm_uuid_text(pool, value.as.uuid));
    case CRM_V_BYTES:
        return json_string(crm_secret_base64(pool, value.as.bytes, value.size));
    case CRM_V_NULL:
        break;
    }
    return json_null();
}
