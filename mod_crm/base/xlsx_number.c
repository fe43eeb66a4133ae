/* base/xlsx_number.c - the numbers of XLSX as a person typed them: decimals, dates, times. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "base/time.h"
#include "base/xlsx_number.h"

#define DIGITS 400 /* more are no number */
#define EXPONENT 400
#define SHOWN 15 /* significant digits */
#define EXACT 18 /* digits that fit 64 bits */

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define DAYS_1904 1462     /* from 1900's day 0 to 1904's */
#define DAYS_1970 25569    /* from 1899-12-30 to 1970-01-01 */
#define LEAP_1900 60       /* the day that never was */
#define DAYS_LIMIT 2958466 /* 10000-01-01 */

/* 0.D1 D2 D3... times ten to the power of exponent; no digits: zero. */
typedef struct decimal_t {
    int is_negative;
    int is_integer; /* written without point and exponent */
    int count;
    int exponent;
    char digits[DIGITS]; /* '0' to '9', without zeros at both ends */
} decimal_t;

/* Reads the digits of a mantissa; the end of it, or NULL when it is none. */
static const char *read_mantissa(const char *text, decimal_t *number)
{
    int seen = 0;
    int has_point = 0;
    for (;; text++) {
        if (*text == '.' && !has_point) {
            has_point = 1;
            number->is_integer = 0;
        } else if (*text >= '0' && *text <= '9') {
            seen = 1;
            number->exponent += !has_point && (number->count > 0 || *text != '0');
            number->exponent -= has_point && number->count == 0 && *text == '0';
            if (number->count > 0 || *text != '0') {
                if (number->count == DIGITS) {
                    return NULL;
                }
                number->digits[number->count++] = *text;
            }
        } else {
            return seen ? text : NULL;
        }
    }
}

/* Drops zeros at the end, which say nothing. */
static void trim(decimal_t *number)
{
    while (number->count > 0 && number->digits[number->count - 1] == '0') {
        number->count--;
    }
    if (number->count == 0) {
        number->exponent = 0;
        number->is_negative = 0;
    }
}

/* 1 when TEXT is a number: digits with point and exponent, as xsd:double has them, else 0. */
static int read_decimal(const char *text, decimal_t *number)
{
    memset(number, 0, offsetof(decimal_t, digits));
    number->is_integer = 1;
    number->is_negative = *text == '-';
    text += *text == '-' || *text == '+';
    text = read_mantissa(text, number);
    if (text && (*text == 'e' || *text == 'E')) {
        int is_negative = text[1] == '-';
        int exponent = 0;
        number->is_integer = 0;
        text += 1 + (text[1] == '-' || text[1] == '+');
        if (!*text) {
            return 0;
        }
        for (; *text >= '0' && *text <= '9' && exponent <= EXPONENT; text++) {
            exponent = exponent * 10 + (*text - '0');
        }
        number->exponent += is_negative ? -exponent : exponent;
    }
    if (!text || *text || number->exponent > EXPONENT || number->exponent < -EXPONENT) {
        return 0;
    }
    trim(number);
    return 1;
}

/* Rounds to so many significant digits as Excel shows, half up. */
static void round_shown(decimal_t *number)
{
    if (number->count <= SHOWN) {
        return;
    }
    int up = number->digits[SHOWN] >= '5';
    number->count = SHOWN;
    for (int i = SHOWN - 1; up && i >= 0; i--) {
        up = number->digits[i] == '9';
        number->digits[i] = up ? '0' : (char)(number->digits[i] + 1);
    }
    if (up) {
        number->digits[0] = '1';
        number->exponent++;
    }
    trim(number);
}

static const char *print_decimal(apr_pool_t *pool, const decimal_t *number)
{
    char *text = apr_palloc(pool, EXPONENT + DIGITS + 4);
    char *to = text;
    int point = number->exponent; /* digits before it */
    if (number->is_negative) {
        *to++ = '-';
    }
    if (point <= 0) {
        *to++ = '0';
    }
    for (int i = 0; i < number->count || i < point; i++) {
        if (i == 0 && point <= 0) {
            *to++ = '.';
            memset(to, '0', (apr_size_t)-point);
            to -= point;
        } else if (i == point) {
            *to++ = '.';
        }
        *to++ = i < number->count ? number->digits[i] : '0';
    }
    *to = '\0';
    return text;
}

const char *crm_xlsx_number(apr_pool_t *pool, const char *text)
{
    decimal_t number;
    apr_size_t size = strlen(text);
    /* most numbers are short integers and need no work */
    if (size <= SHOWN && *text >= '1' && *text <= '9' && strspn(text, "0123456789") == size) {
        return text;
    }
    if (!read_decimal(text, &number)) {
        return text;
    }
    if (!number.is_integer) {
        round_shown(&number);
    }
    return print_decimal(pool, &number);
}

/* The milliseconds in NUMBER days, rounded; -1 when they are not of a date to the year 9999. */
static apr_int64_t milliseconds(const decimal_t *number)
{
    long double days = 0;
    if (number->is_negative || number->exponent > 7) {
        return -1;
    }
    int used = number->count < EXACT ? number->count : EXACT;
    for (int i = 0; i < used; i++) {
        days = days * 10 + (number->digits[i] - '0');
    }
    long double scale = 1;
    int shift = used - number->exponent;
    for (int i = 0; i < abs(shift); i++) {
        scale *= 10;
    }
    days = shift > 0 ? days / scale : days * scale;
    apr_int64_t result = (apr_int64_t)llroundl(days * DAY_MS);
    return result < DAYS_LIMIT * DAY_MS ? result : -1;
}

/* ".250", or nothing. */
static const char *fraction(apr_pool_t *pool, apr_int64_t ms)
{
    return ms % 1000 ? apr_psprintf(pool, ".%03d", (int)(ms % 1000)) : "";
}

static const char *print_time(apr_pool_t *pool, apr_int64_t ms)
{
    return apr_psprintf(pool, "%02" APR_INT64_T_FMT ":%02d:%02d%s", ms / HOUR_MS,
                        (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), fraction(pool, ms));
}

const char *crm_xlsx_date(apr_pool_t *pool, const char *text, crm_xlsx_kind_e kind, int is_1904)
{
    decimal_t number;
    apr_int64_t ms = read_decimal(text, &number) ? milliseconds(&number) : -1;
    if (ms < 0 || kind == CRM_XLSX_NUMBER) {
        return crm_xlsx_number(pool, text);
    }
    if (kind == CRM_XLSX_ELAPSED || (kind == CRM_XLSX_TIME && ms < DAY_MS)) {
        return print_time(pool, ms);
    }
    apr_int64_t days = ms / DAY_MS;
    if (is_1904) {
        days += DAYS_1904;
    } else if (days < LEAP_1900) {
        days++;
    }
    if (days >= DAYS_LIMIT) {
        return crm_xlsx_number(pool, text);
    }
    const char *date = crm_time_date(pool, apr_time_from_sec((days - DAYS_1970) * 86400));
    if (kind == CRM_XLSX_DATE && ms % DAY_MS == 0) {
        return date;
    }
    return apr_pstrcat(pool, date, "T", print_time(pool, ms % DAY_MS), NULL);
}
