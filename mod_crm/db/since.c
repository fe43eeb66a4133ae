/* db/since.c - what statements say where a field or an entity is younger than the database may be.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "db/since.h"

const char *crm_since_begin(apr_pool_t *pool, int since)
{
    return since ? apr_psprintf(pool, "{since %d}", since) : "";
}

const char *crm_since_end(int since)
{
    return since ? "{end}" : "";
}

const char *crm_since_needs(apr_pool_t *pool, int since)
{
    return since ? apr_psprintf(pool, "{needs %d}", since) : "";
}

/* What FIELD is read as where it is absent. */
static crm_value_t absent(apr_pool_t *pool, const crm_field_t *field)
{
    crm_value_t value = crm_null();
    crm_error_t *error = NULL;

    if (!field->preset || !field->column ||
        !crm_type(field->type)->read_text(pool, field, field->preset, &value, &error)) {
        return crm_null();
    }
    return value;
}

int crm_since_is_absent(apr_pool_t *pool, const crm_field_t *field, crm_value_t value)
{
    crm_value_t preset;

    if (crm_is_null(value)) {
        return 1;
    }
    preset = absent(pool, field);
    if (preset.kind != value.kind) {
        return 0;
    }
    switch (value.kind) {
    case CRM_V_TEXT:
        return strcmp(preset.as.text, value.as.text) == 0;
    case CRM_V_INTEGER:
    case CRM_V_BOOLEAN:
        return preset.as.integer == value.as.integer;
    case CRM_V_TIME:
        return preset.as.time == value.as.time;
    default:
        return 0;
    }
}

const char *crm_since_absent(apr_pool_t *pool, const crm_field_t *field, int folded)
{
    crm_value_t value = absent(pool, field);
    const char *text;

    switch (value.kind) {
    case CRM_V_INTEGER:
    case CRM_V_BOOLEAN:
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, value.as.integer);
    case CRM_V_TEXT:
        text = folded ? crm_text_fold(pool, value.as.text) : value.as.text;
        return strpbrk(text, "'\\?%{}") ? NULL : apr_pstrcat(pool, "'", text, "'", NULL);
    default:
        return NULL;
    }
}

const char *crm_since_else(apr_pool_t *pool, const crm_field_t *field, int folded)
{
    const char *constant = field->since ? crm_since_absent(pool, field, folded) : NULL;

    if (!field->since) {
        return "";
    }
    if (!constant) {
        return "{else}NULL{end}";
    }
    /* a number alone would be that of a column in an order */
    return apr_pstrcat(pool, *constant == '\'' ? "{else}" : "{else}(0 + ", constant,
                       *constant == '\'' ? "{end}" : "){end}", NULL);
}
