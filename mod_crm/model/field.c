/* model/field.c - finding a field, and values as JSON. */

#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/time.h"
#include "model/field.h"

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

json_t *crm_field_json(apr_pool_t *pool, const crm_field_t *field, crm_value_t value)
{
    switch (value.kind) {
    case CRM_V_TEXT:
        return text_json(field, value.as.text);
    case CRM_V_INTEGER:
        return field->type == CRM_T_BOOLEAN ? json_boolean(value.as.integer != 0)
                                            : json_integer(value.as.integer);
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
