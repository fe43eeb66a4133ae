/* model/types_number.c - readers of integers, real numbers and booleans. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>

#include "base/text.h"
#include "model/types.h"

#define MAX_NUMBER_TEXT 1000 /* characters of a number given as text, as in DRF */

/* Digits with a sign, and as in DRF with ".0" behind them. */
int crm_read_integer_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                          crm_value_t *ret_value, crm_error_t **error)
{
    const char *trimmed = crm_text_trim(pool, text);
    const char *digits = trimmed + (*trimmed == '-' || *trimmed == '+');
    char *end;

    if (strlen(text) > MAX_NUMBER_TEXT) {
        crm_error_add(pool, error, field->name, "String value too large.");
        return 0;
    }
    errno = 0;
    apr_int64_t integer = strtoll(trimmed, &end, 10);
    if (!apr_isdigit(*digits) || errno) {
        return crm_type_refuse(pool, field, error);
    }
    if (*end == '.') {
        end += 1 + strspn(end + 1, "0");
    }
    if (*end) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_int(integer);
    return 1;
}

int crm_read_integer(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                     crm_value_t *ret_value, crm_error_t **error)
{
    double real = json_number_value(json);

    if (json_is_string(json) && !crm_type_has_nul(json)) {
        return crm_read_integer_text(pool, field, json_string_value(json), ret_value, error);
    }
    if (json_is_integer(json)) {
        *ret_value = crm_int(json_integer_value(json));
        return 1;
    }
    /* 2^63 is the least double that does not fit */
    if (!json_is_real(json) || real != floor(real) || fabs(real) >= 9223372036854775808.0) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_int((apr_int64_t)real);
    return 1;
}

int crm_read_real_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                       crm_value_t *ret_value, crm_error_t **error)
{
    const char *trimmed = crm_text_trim(pool, text);
    char *end;

    if (strlen(text) > MAX_NUMBER_TEXT) {
        crm_error_add(pool, error, field->name, "String value too large.");
        return 0;
    }
    /* strtod also knows hexadecimal, infinities and NaN */
    if (!*trimmed || trimmed[strspn(trimmed, "+-.0123456789eE")]) {
        return crm_type_refuse(pool, field, error);
    }
    double real = strtod(trimmed, &end);
    if (*end || !isfinite(real)) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_real(real);
    return 1;
}

int crm_read_real(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                  crm_value_t *ret_value, crm_error_t **error)
{
    if (json_is_string(json) && !crm_type_has_nul(json)) {
        return crm_read_real_text(pool, field, json_string_value(json), ret_value, error);
    }
    if (!json_is_number(json) || !isfinite(json_number_value(json))) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_real(json_number_value(json));
    return 1;
}

/* The words of DRF's BooleanField. */
int crm_read_boolean_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                          crm_value_t *ret_value, crm_error_t **error)
{
    static const char *const words[2][7] = {
        {"f", "n", "no", "false", "off", "0", NULL},
        {"t", "y", "yes", "true", "on", "1", NULL},
    };
    const char *trimmed = crm_text_trim(pool, text);

    for (int truth = 0; truth < 2; truth++) {
        for (const char *const *word = words[truth]; *word; word++) {
            if (apr_cstr_casecmp(*word, trimmed) == 0) {
                *ret_value = crm_bool(truth);
                return 1;
            }
        }
    }
    if ((field->flags & CRM_F_NULL) && apr_cstr_casecmp(trimmed, "null") == 0) {
        *ret_value = crm_null();
        return 1;
    }
    return crm_type_refuse(pool, field, error);
}

int crm_read_boolean(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                     crm_value_t *ret_value, crm_error_t **error)
{
    double number = json_number_value(json);

    if (json_is_string(json) && !crm_type_has_nul(json)) {
        return crm_read_boolean_text(pool, field, json_string_value(json), ret_value, error);
    }
    if (json_is_boolean(json)) {
        *ret_value = crm_bool(json_is_true(json));
        return 1;
    }
    if (!json_is_number(json) || (number != 0 && number != 1)) {
        return crm_type_refuse(pool, field, error);
    }
    *ret_value = crm_bool(number == 1);
    return 1;
}
