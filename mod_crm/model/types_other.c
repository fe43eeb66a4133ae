/* model/types_other.c - readers of times, days, UUIDs, JSON and lists of integers. */

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "model/types.h"

int crm_read_string_only(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                         crm_value_t *ret_value, crm_error_t **error)
{
    if (!json_is_string(json) || crm_type_has_nul(json)) {
        return crm_type_refuse(pool, field, error);
    }
    return crm_type(field->type)->read_text(pool, field, json_string_value(json), ret_value, error);
}

/* A day alone is its midnight, as Django reads it. */
int crm_read_time_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                       crm_value_t *ret_value, crm_error_t **error)
{
    const char *trimmed = crm_text_trim(pool, text);
    apr_time_t time;

    if (!crm_time_parse_iso(trimmed, &time) && !crm_time_parse_date(trimmed, &time)) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_time(time);
    return 1;
}

int crm_read_date_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                       crm_value_t *ret_value, crm_error_t **error)
{
    apr_time_t time;

    if (!crm_time_parse_date(crm_text_trim(pool, text), &time)) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_time(time);
    return 1;
}

int crm_read_uuid_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                       crm_value_t *ret_value, crm_error_t **error)
{
    crm_uuid_t *uuid = apr_palloc(pool, sizeof(*uuid));

    if (!crm_uuid_parse(crm_text_trim(pool, text), uuid)) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_uuid(uuid);
    return 1;
}

int crm_read_json(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                  crm_value_t *ret_value, crm_error_t **error)
{
    (void)field;
    (void)error;
    *ret_value = crm_text(crm_json_text(pool, json, NULL));
    return 1;
}

int crm_read_json_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                       crm_value_t *ret_value, crm_error_t **error)
{
    json_t *json;

    if (crm_json_parse(pool, text, strlen(text), &json)) {
        return crm_type_refuse(pool, field, error);
    }
    return crm_type(field->type)->read(pool, field, json, ret_value, error);
}

int crm_read_integers(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                      crm_value_t *ret_value, crm_error_t **error)
{
    json_t *integers, *item;
    size_t i;

    if (!json_is_array(json)) {
        crm_error_add(pool, error, field->name, "Expected a list of items but got type \"%s\".",
                      crm_type_python_name(json));
        return 0;
    }
    integers = crm_json_own(pool, json_array());
    json_array_foreach(json, i, item)
    {
        crm_value_t value;
        if (!crm_read_integer(pool, field, item, &value, error)) {
            return 0;
        }
        json_array_append_new(integers, json_integer(value.as.integer));
    }
    return crm_read_json(pool, field, integers, ret_value, error);
}
