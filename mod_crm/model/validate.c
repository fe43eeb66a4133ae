/* model/validate.c - a JSON object becomes values of fields, or an error that names every fault. */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "model/columns.h"
#include "model/types.h"
#include "model/validate.h"

static void check_length(apr_pool_t *pool, const crm_field_t *field, const char *text,
                         crm_error_t **error)
{
    int max = field->max_length ? field->max_length : crm_type(field->type)->default_max;
    apr_size_t length = crm_text_length(text);

    if (max && length > (apr_size_t)max) {
        crm_error_add(pool, error, field->name, "Ensure this field has no more than %d characters.",
                      max);
    }
    if (field->min_length && length < (apr_size_t)field->min_length) {
        crm_error_add(pool, error, field->name, "Ensure this field has at least %d characters.",
                      field->min_length);
    }
}

/* Free text: blank is said alone; lengths before what else is wrong, as DRF does. */
static void read_text(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                      crm_value_t *value, crm_error_t **error)
{
    const char *text = crm_type_text(pool, field, json);

    if (text && !*text && !crm_type_has_nul(json)) {
        if (field->flags & CRM_F_BLANK) {
            *value = crm_text("");
        } else {
            crm_error_add(pool, error, field->name, "This field may not be blank.");
        }
        return;
    }
    if (text) {
        check_length(pool, field, text, error);
    }
    crm_type(field->type)->read(pool, field, json, value, error);
}

/* Forms and CSV cannot write null: for what is no text, an empty string is it. */
static int means_null(const crm_field_t *field, const json_t *json)
{
    return json_is_string(json) && !json_string_length(json) && field->type != CRM_T_JSON &&
           (field->flags & CRM_F_NULL) && !(field->flags & CRM_F_BLANK);
}

static void read_field(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                       crm_value_t *value, crm_error_t **error)
{
    const crm_type_t *type = crm_type(field->type);

    if (json_is_null(json)) {
        if (!(field->flags & CRM_F_NULL)) {
            crm_error_add(pool, error, field->name, "This field may not be null.");
        }
    } else if (crm_type_is_text(field->type)) {
        read_text(pool, field, json, value, error);
    } else if (!means_null(field, json) && type->read(pool, field, json, value, error) &&
               value->kind == CRM_V_TEXT && type->default_max) {
        check_length(pool, field, value->as.text, error);
    }
}

/* Its place in the fields; a name that is none is a mistake in the program. */
static int position(const crm_values_t *values, const char *name)
{
    const crm_field_t *field = crm_field_find(values->fields, name);

    if (!field) {
        abort();
    }
    return (int)(field - values->fields);
}

static int count_fields(const crm_field_t *fields)
{
    int count = 0;

    while (fields[count].name) {
        count++;
    }
    return count;
}

static int is_input(const crm_field_t *field)
{
    return !(field->flags & CRM_F_READ_ONLY) && crm_type(field->type)->read;
}

crm_error_t *crm_validate(apr_pool_t *pool, const crm_field_t *fields, const json_t *body,
                          int partial, crm_values_t **ret_values)
{
    apr_size_t count = (apr_size_t)count_fields(fields);
    crm_values_t *values = apr_palloc(pool, sizeof(*values));
    crm_error_t *error = NULL;

    if (body && !json_is_object(body)) {
        return crm_error_field(pool, CRM_NON_FIELD,
                               "Invalid data. Expected a dictionary, but got %s.",
                               crm_type_python_name(body));
    }
    values->fields = fields;
    values->values = apr_pcalloc(pool, (count + 1) * sizeof(*values->values));
    values->present = apr_pcalloc(pool, count + 1);
    for (apr_size_t i = 0; i < count; i++) {
        const json_t *json = json_object_get(body, fields[i].name);
        values->values[i] = crm_null();
        if (!is_input(&fields[i])) {
            continue;
        }
        values->present[i] = json != NULL;
        if (json) {
            read_field(pool, &fields[i], json, &values->values[i], &error);
        } else if ((fields[i].flags & CRM_F_REQUIRED) && !partial) {
            crm_error_add(pool, &error, fields[i].name, "This field is required.");
        }
    }
    if (!error) {
        *ret_values = values;
    }
    return error;
}

/* The choice that TEXT means, or TEXT. */
static const char *choice_of(apr_pool_t *pool, const crm_field_t *field, const char *text)
{
    for (const crm_choice_t *choice = field->choices; choice->value; choice++) {
        if (strcmp(choice->value, text) == 0) {
            return text;
        }
    }
    const char *name = crm_column_name(pool, text);
    for (const crm_choice_t *choice = field->choices; choice->value; choice++) {
        if (strcmp(crm_column_name(pool, choice->value), name) == 0 ||
            strcmp(crm_column_name(pool, choice->label), name) == 0) {
            return choice->value;
        }
    }
    return text;
}

crm_error_t *crm_validate_cell(apr_pool_t *pool, const crm_field_t *field, const char *text,
                               crm_value_t *ret_value)
{
    const crm_type_t *type = crm_type(field->type);
    crm_error_t *error = NULL;

    text = crm_text_trim(pool, text);
    if (field->choices) {
        text = choice_of(pool, field, text);
    }
    if (crm_type_is_text(field->type)) {
        check_length(pool, field, text, &error);
    }
    type->read_text(pool, field, text, ret_value, &error);
    if (!error && !crm_type_is_text(field->type) && ret_value->kind == CRM_V_TEXT &&
        type->default_max) {
        check_length(pool, field, ret_value->as.text, &error);
    }
    return error;
}

crm_value_t crm_values_get(const crm_values_t *values, const char *name)
{
    return values->values[position(values, name)];
}

const char *crm_values_text(const crm_values_t *values, const char *name)
{
    crm_value_t value = crm_values_get(values, name);

    return value.kind == CRM_V_TEXT ? value.as.text : NULL;
}

int crm_values_sent(const crm_values_t *values, const char *name)
{
    return values->present[position(values, name)];
}
