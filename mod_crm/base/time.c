/* base/time.c - times, spans and sizes as text.
 *
 * Civil dates by Howard Hinnant's days_from_civil and civil_from_days
 * (https://howardhinnant.github.io/date_algorithms.html): every row of every list prints and reads
 * times, and these cost neither a lock nor a time zone table.
 */
#include <ctype.h>
#include <string.h>

#include "base/time.h"

/* What can be written with four digits; the years that Python and the databases know. */
#define YEAR_MIN 1
#define YEAR_MAX 9999
#define SECONDS_A_DAY 86400
#define MICROSECONDS 1000000

typedef struct civil_t {
    int year;
    int month; /* 1 to 12 */
    int day;
    int hour;
    int minute;
    int second;
    int microsecond;
} civil_t;

typedef struct unit_t {
    const char *name;
    apr_int64_t factor;
} unit_t;

static const unit_t spans[] = {
    {.name = "ms", .factor = 1000},
    {.name = "s", .factor = MICROSECONDS},
    {.name = "m", .factor = 60LL * MICROSECONDS},
    {.name = "h", .factor = 3600LL * MICROSECONDS},
    {.name = "d", .factor = (apr_int64_t)SECONDS_A_DAY * MICROSECONDS},
    {.name = NULL},
};

static const unit_t sizes[] = {
    {.name = "", .factor = 1},
    {.name = "k", .factor = 1LL << 10},
    {.name = "m", .factor = 1LL << 20},
    {.name = "g", .factor = 1LL << 30},
    {.name = NULL},
};

/* Days since 1970-01-01 of a day of the proleptic Gregorian calendar, YEAR not negative. */
static apr_int64_t days_from_civil(int year, int month, int day)
{
    int y = year - (month <= 2);
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (apr_int64_t)era * 146097 + day_of_era - 719468;
}

/* The reverse, into the year, month and day of *RET_CIVIL. */
static void civil_from_days(apr_int64_t days, civil_t *ret_civil)
{
    apr_int64_t shifted = days + 719468;
    int era = (int)((shifted >= 0 ? shifted : shifted - 146096) / 146097);
    int day_of_era = (int)(shifted - (apr_int64_t)era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153; /* from March */
    ret_civil->day = day_of_year - (153 * month + 2) / 5 + 1;
    ret_civil->month = month < 10 ? month + 3 : month - 9;
    ret_civil->year = year_of_era + era * 400 + (ret_civil->month <= 2);
}

static int is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static int is_civil(const civil_t *civil)
{
    return civil->year >= YEAR_MIN && civil->year <= YEAR_MAX && civil->month >= 1 &&
           civil->month <= 12 && civil->day >= 1 &&
           civil->day <= days_of_month(civil->year, civil->month) && civil->hour < 24 &&
           civil->minute < 60 && civil->second < 60;
}

static apr_time_t civil_to_time(const civil_t *civil)
{
    apr_int64_t seconds = days_from_civil(civil->year, civil->month, civil->day) * SECONDS_A_DAY +
                          civil->hour * 3600 + civil->minute * 60 + civil->second;
    return seconds * MICROSECONDS + civil->microsecond;
}

static apr_time_t first_time(void)
{
    return days_from_civil(YEAR_MIN, 1, 1) * SECONDS_A_DAY * MICROSECONDS;
}

static apr_time_t last_time(void)
{
    return days_from_civil(YEAR_MAX + 1, 1, 1) * SECONDS_A_DAY * MICROSECONDS - 1;
}

/* A time before year 1 or after 9999 becomes the nearest that can be written. */
static civil_t civil_from_time(apr_time_t time)
{
    civil_t civil;
    if (time < first_time()) {
        time = first_time();
    } else if (time > last_time()) {
        time = last_time();
    }
    apr_int64_t seconds = time / MICROSECONDS;
    civil.microsecond = (int)(time % MICROSECONDS);
    if (civil.microsecond < 0) {
        civil.microsecond += MICROSECONDS;
        seconds--;
    }
    apr_int64_t days = seconds / SECONDS_A_DAY;
    int rest = (int)(seconds % SECONDS_A_DAY);
    if (rest < 0) {
        rest += SECONDS_A_DAY;
        days--;
    }
    civil_from_days(days, &civil);
    civil.hour = rest / 3600;
    civil.minute = rest / 60 % 60;
    civil.second = rest % 60;
    return civil;
}

/* Writes COUNT digits of NUMBER and the character AFTER; returns where to go on. */
static char *put(char *at, int number, int count, char after)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    at[count] = after;
    return at + count + 1;
}

static char *put_date(char *at, const civil_t *civil, char after)
{
    at = put(at, civil->year, 4, '-');
    at = put(at, civil->month, 2, '-');
    return put(at, civil->day, 2, after);
}

static char *put_clock(char *at, const civil_t *civil, char after)
{
    at = put(at, civil->hour, 2, ':');
    at = put(at, civil->minute, 2, ':');
    return put(at, civil->second, 2, after);
}

/* Reads exactly COUNT digits at *AT and steps over them. 1 or 0. */
static int take(const char **at, int count, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9') {
            return 0;
        }
        number = number * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *ret_number = number;
    return 1;
}

static int take_sign(const char **at, char sign)
{
    if (**at != sign) {
        return 0;
    }
    (*at)++;
    return 1;
}

static int take_date(const char **at, civil_t *civil)
{
    return take(at, 4, &civil->year) && take_sign(at, '-') && take(at, 2, &civil->month) &&
           take_sign(at, '-') && take(at, 2, &civil->day);
}

/* Reads one to MOST digits after a decimal sign; those beyond the sixth do not count. 1 or 0. */
static int take_fraction(const char **at, int most, civil_t *civil)
{
    int digits = 0;
    int fraction = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
        if (digits < 6) {
            fraction = fraction * 10 + (**at - '0');
        }
    }
    for (int i = digits; i < 6; i++) {
        fraction *= 10;
    }
    civil->microsecond = fraction;
    return digits >= 1 && digits <= most;
}

/* "Z", "+HH", "+HHMM", "+HH:MM" or nothing; *RET_OFFSET in seconds east of UTC. 1 or 0. */
static int take_zone(const char **at, int *ret_offset)
{
    int hours = 0;
    int minutes = 0;
    *ret_offset = 0;
    if (**at == '\0' || take_sign(at, 'Z') || take_sign(at, 'z')) {
        return 1;
    }
    int east = take_sign(at, '+');
    if ((!east && !take_sign(at, '-')) || !take(at, 2, &hours)) {
        return 0;
    }
    if (take_sign(at, ':') || **at != '\0') {
        if (!take(at, 2, &minutes)) {
            return 0;
        }
    }
    *ret_offset = (hours * 3600 + minutes * 60) * (east ? 1 : -1);
    return hours < 24 && minutes < 60;
}

/* Splits "NUMBER UNIT" and multiplies. 1 or 0. */
static int parse_with_unit(const char *text, const unit_t *units, apr_int64_t *ret_value)
{
    apr_int64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *at - '0', &number)) {
            return 0;
        }
    }
    if (at == text) {
        return 0;
    }
    for (; units->name; units++) {
        if (strcmp(units->name, at) == 0) {
            if (__builtin_mul_overflow(number, units->factor, &number)) {
                return 0;
            }
            *ret_value = number;
            return 1;
        }
    }
    return 0;
}

const char *crm_time_iso(apr_pool_t *pool, apr_time_t time)
{
    civil_t civil = civil_from_time(time);
    char *text = apr_palloc(pool, sizeof("YYYY-MM-DDTHH:MM:SS.ffffffZ"));
    char *at = put_date(text, &civil, 'T');
    if (civil.microsecond) {
        at = put_clock(at, &civil, '.');
        at = put(at, civil.microsecond, 6, 'Z');
    } else {
        at = put_clock(at, &civil, 'Z');
    }
    *at = '\0';
    return text;
}

int crm_time_parse_iso(const char *text, apr_time_t *ret_time)
{
    civil_t civil = {.microsecond = 0};
    int offset;
    const char *at = text;
    if (!take_date(&at, &civil) || !(*at == 'T' || *at == 't' || *at == ' ')) {
        return 0;
    }
    at++;
    if (!take(&at, 2, &civil.hour) || !take_sign(&at, ':') || !take(&at, 2, &civil.minute)) {
        return 0;
    }
    if (take_sign(&at, ':')) {
        if (!take(&at, 2, &civil.second)) {
            return 0;
        }
        if ((take_sign(&at, '.') || take_sign(&at, ',')) && !take_fraction(&at, 12, &civil)) {
            return 0;
        }
    }
    if (!take_zone(&at, &offset) || *at != '\0' || !is_civil(&civil)) {
        return 0;
    }
    apr_time_t time = civil_to_time(&civil) - (apr_int64_t)offset * MICROSECONDS;
    if (time < first_time() || time > last_time()) {
        return 0; /* real where it was written, but no longer in UTC */
    }
    *ret_time = time;
    return 1;
}

int crm_time_parse_date(const char *text, apr_time_t *ret_time)
{
    civil_t civil = {.microsecond = 0};
    const char *at = text;
    if (!take_date(&at, &civil) || *at != '\0' || !is_civil(&civil)) {
        return 0;
    }
    *ret_time = civil_to_time(&civil);
    return 1;
}

const char *crm_time_date(apr_pool_t *pool, apr_time_t time)
{
    civil_t civil = civil_from_time(time);
    char *text = apr_palloc(pool, sizeof("YYYY-MM-DD"));
    put_date(text, &civil, '\0');
    return text;
}

const char *crm_time_sql(apr_pool_t *pool, apr_time_t time)
{
    civil_t civil = civil_from_time(time);
    char *text = apr_palloc(pool, sizeof("YYYY-MM-DD HH:MM:SS.ffffff"));
    char *at = put_date(text, &civil, ' ');
    at = put_clock(at, &civil, '.');
    put(at, civil.microsecond, 6, '\0');
    return text;
}

int crm_time_parse_sql(const char *text, apr_time_t *ret_time)
{
    civil_t civil = {.microsecond = 0};
    const char *at = text;
    if (!take_date(&at, &civil) || !take_sign(&at, ' ') || !take(&at, 2, &civil.hour) ||
        !take_sign(&at, ':') || !take(&at, 2, &civil.minute) || !take_sign(&at, ':') ||
        !take(&at, 2, &civil.second)) {
        return 0;
    }
    if (take_sign(&at, '.') && !take_fraction(&at, 6, &civil)) {
        return 0;
    }
    if (*at != '\0' || !is_civil(&civil)) {
        return 0;
    }
    *ret_time = civil_to_time(&civil);
    return 1;
}

int crm_time_parse_span(const char *text, apr_interval_time_t *ret_span)
{
    return parse_with_unit(text, spans, ret_span);
}

int crm_time_parse_size(const char *text, apr_uint64_t *ret_size)
{
    char lower[32];
    apr_size_t length = strlen(text);
    apr_int64_t size;
    if (length >= sizeof(lower)) {
        return 0;
    }
    for (apr_size_t i = 0; i <= length; i++) {
        lower[i] = (char)tolower((unsigned char)text[i]);
    }
    if (!parse_with_unit(lower, sizes, &size)) {
        return 0;
    }
    *ret_size = (apr_uint64_t)size;
    return 1;
}
