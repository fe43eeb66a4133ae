/* model/types_decimal.c - exact decimal numbers: text to units of the last place, and back. */

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "model/types.h"

#define MAX_DIGITS 18 /* fit 64 bits whatever they are */

/* A number as its digits, taken apart. */
typedef struct decimal_t {
    int negative;
    char digits[MAX_DIGITS + 1];
    int whole, places; /* digits before and behind the point, without zeros at either end */
} decimal_t;

/* The digits of TEXT from its first that is not 0; 0 when TEXT is no number, -1 when it has more
 * digits than any field. An exponent is none of a number that is typed into a form. */
static int take_apart(const char *text, decimal_t *decimal)
{
    const char *end = text + strlen(text);
    int behind = 0, any = 0, count = 0;

    *decimal = (decimal_t){.negative = *text == '-'};
    text += *text == '-' || *text == '+';
    if (strchr(text, '.')) {
        while (end > text && end[-1] == '0') {
            end--;
            any = 1;
        }
    }
    for (; text < end; text++) {
        if (*text == '.' && !behind) {
            behind = 1;
            continue;
        }
        if (!apr_isdigit(*text)) {
            return 0;
        }
        any = 1;
        if (count == MAX_DIGITS) {
            return -1;
        }
        if (count || behind || *text != '0') {
            decimal->digits[count++] = *text;
            decimal->places += behind;
        }
    }
    decimal->whole = count - decimal->places;
    return any;
}

static int check_digits(apr_pool_t *pool, const crm_field_t *field, const decimal_t *decimal,
                        crm_error_t **error)
{
    int most = field->max_length ? field->max_length : MAX_DIGITS;

    if (decimal->whole + decimal->places > most) {
        crm_error_add(pool, error, field->name,
                      "Ensure that there are no more than %d digits in total.", most);
    } else if (decimal->places > field->scale) {
        crm_error_add(pool, error, field->name,
                      "Ensure that there are no more than %d decimal places.", field->scale);
    } else if (decimal->whole > most - field->scale) {
        crm_error_add(pool, error, field->name,
                      "Ensure that there are no more than %d digits before the decimal point.",
                      most - field->scale);
    } else {
        return 1;
    }
    return 0;
}

int crm_read_decimal_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                          crm_value_t *ret_value, crm_error_t **error)
{
    decimal_t decimal;
    int taken = take_apart(crm_text_trim(pool, text), &decimal);

    if (!taken) {
        return crm_type_refuse(pool, field, error);
    }
    if (taken < 0) {
        decimal.whole = MAX_DIGITS + 1;
    }
    if (!check_digits(pool, field, &decimal, error)) {
        return 0;
    }
    apr_int64_t units = strtoll(decimal.digits, NULL, 10);
    for (int place = decimal.places; place < field->scale; place++) {
        units *= 10;
    }
    *ret_value = crm_int(decimal.negative ? -units : units);
    return 1;
}

/* A number of JSON is taken by the fewest digits that give it back, as Python's str() has it. */
int crm_read_decimal(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                     crm_value_t *ret_value, crm_error_t **error)
{
    const char *text = crm_type_text(pool, field, json);

    if (!text || crm_type_has_nul(json)) {
        return crm_type_refuse(pool, field, error);
    }
    return crm_read_decimal_text(pool, field, text, ret_value, error);
}

const char *crm_decimal_text(apr_pool_t *pool, apr_int64_t units, int scale)
{
    char *digits = apr_psprintf(pool, "%0*" APR_INT64_T_FMT, scale + 1, units < 0 ? -units : units);
    int whole = (int)strlen(digits) - scale;

    if (!scale) {
        return apr_pstrcat(pool, units < 0 ? "-" : "", digits, NULL);
    }
    return apr_psprintf(pool, "%s%.*s.%s", units < 0 ? "-" : "", whole, digits, digits + whole);
}
