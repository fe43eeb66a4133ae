/* service/words.c - reads the words of a directive: switches, numbers, spans, sizes, key=value. */
#include "service/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/time.h"

/* A unit in which a bound is shown. */
typedef struct unit_t {
    apr_int64_t factor;
    const char *name;
} unit_t;

static const unit_t span_units[] = {{86400 * APR_USEC_PER_SEC, "d"},
                                    {3600 * APR_USEC_PER_SEC, "h"},
                                    {60 * APR_USEC_PER_SEC, "m"},
                                    {APR_USEC_PER_SEC, "s"},
                                    {1000, "ms"},
                                    {0, NULL}};
static const unit_t size_units[] = {
    {1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "k"}, {1, ""}, {0, NULL}};
static const unit_t number_units[] = {{1, ""}, {0, NULL}};

/* What each kind is called, and the units its bounds are shown in. */
static const struct {
    const char *noun;
    const unit_t *units;
} kinds[] = {
    [CRM_WORD_NUMBER] = {"a whole number", number_units},
    [CRM_WORD_SPAN] = {"a span with its unit (ms, s, m, h or d)", span_units},
    [CRM_WORD_SIZE] = {"a size in bytes (or with k, M or G)", size_units},
};

static const char *show(apr_pool_t *pool, apr_int64_t value, const unit_t *unit)
{
    while (unit[1].name && (value == 0 || value % unit->factor != 0)) {
        unit++;
    }
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s", value / unit->factor, unit->name);
}

static int parse_number(const char *word, apr_int64_t *ret_value)
{
    char *end;

    if (*word < '0' || *word > '9') {
        return 0;
    }
    errno = 0;
    *ret_value = apr_strtoi64(word, &end, 10);
    return *end == '\0' && errno == 0;
}

static int parse_kind(crm_word_kind_e kind, const char *word, apr_int64_t *ret_value)
{
    apr_interval_time_t span;
    apr_uint64_t size;

    switch (kind) {
    case CRM_WORD_SPAN:
        return crm_time_parse_span(word, &span) && (*ret_value = span, 1);
    case CRM_WORD_SIZE:
        if (!crm_time_parse_size(word, &size) || size > APR_INT64_MAX) {
            return 0;
        }
        *ret_value = (apr_int64_t)size;
        return 1;
    default:
        return parse_number(word, ret_value);
    }
}

static void store(crm_word_kind_e kind, apr_int64_t value, void *ret_value)
{
    switch (kind) {
    case CRM_WORD_SPAN:
        *(apr_interval_time_t *)ret_value = value;
        break;
    case CRM_WORD_SIZE:
        *(apr_uint64_t *)ret_value = (apr_uint64_t)value;
        break;
    default:
        *(int *)ret_value = (int)value;
    }
}

/* Reads VALUE, the part of WORD that RANGE is about. */
static crm_error_t *read_value(apr_pool_t *pool, const char *word, const char *value,
                               const crm_word_range_t *range, void *ret_value)
{
    apr_int64_t number;

    if (range->kind == CRM_WORD_TEXT) {
        number = (apr_int64_t)strlen(value);
        if (number < range->min || number > range->max) {
            return crm_word_refuse(pool, word,
                                   "a text of %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT " bytes",
                                   range->min, range->max);
        }
        *(const char **)ret_value = value;
        return NULL;
    }
    if (!parse_kind(range->kind, value, &number) || number < range->min || number > range->max) {
        const unit_t *units = kinds[range->kind].units;
        return crm_word_refuse(pool, word, "%s from %s to %s", kinds[range->kind].noun,
                               show(pool, range->min, units), show(pool, range->max, units));
    }
    store(range->kind, number, ret_value);
    return NULL;
}

static const char *key_names(apr_pool_t *pool, const crm_word_key_t *keys)
{
    const char *names = "";

    for (int i = 0; keys[i].name; i++) {
        names = apr_pstrcat(pool, names, i ? ", " : "", keys[i].name, "=", NULL);
    }
    return names;
}

static int find_key(const crm_word_key_t *keys, const char *word, apr_size_t length)
{
    for (int i = 0; keys[i].name; i++) {
        if (strlen(keys[i].name) == length && strncmp(keys[i].name, word, length) == 0) {
            return i;
        }
    }
    return -1;
}

crm_error_t *crm_word_refuse(apr_pool_t *pool, const char *word, const char *allowed, ...)
{
    va_list args;
    va_start(args, allowed);
    const char *text = apr_pvsprintf(pool, allowed, args);
    va_end(args);
    return crm_error_make(pool, CRM_E_INTERNAL, "\"%s\": must be %s", word, text);
}

crm_error_t *crm_word_switch(apr_pool_t *pool, const char *word, int *ret_on)
{
    static const char *const choices[] = {"off", "on", NULL};
    return crm_word_choice(pool, word, choices, ret_on);
}

crm_error_t *crm_word_value(apr_pool_t *pool, const char *word, const crm_word_range_t *range,
                            void *ret_value)
{
    return read_value(pool, word, word, range, ret_value);
}

crm_error_t *crm_word_keys(apr_pool_t *pool, int argc, const char *const *argv,
                           const crm_word_key_t *keys, unsigned *ret_seen)
{
    unsigned seen = 0;

    for (int i = 0; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        int key = equals ? find_key(keys, argv[i], (apr_size_t)(equals - argv[i])) : -1;
        if (key < 0) {
            return crm_word_refuse(pool, argv[i], "one of %s", key_names(pool, keys));
        }
        if (seen & 1u << key) {
            return crm_error_make(pool, CRM_E_INTERNAL, "\"%s\": %s= is there twice", argv[i],
                                  keys[key].name);
        }
        seen |= 1u << key;
        CRM_ERR(read_value(pool, argv[i], equals + 1, &keys[key].range, keys[key].ret_value));
    }
    if (ret_seen) {
        *ret_seen = seen;
    }
    return NULL;
}

crm_error_t *crm_word_choice(apr_pool_t *pool, const char *word, const char *const *choices,
                             int *ret_index)
{
    const char *names = "";

    for (int i = 0; choices[i]; i++) {
        if (strcasecmp(word, choices[i]) == 0) {
            *ret_index = i;
            return NULL;
        }
        names = apr_pstrcat(pool, names,
                            i == 0           ? ""
                            : choices[i + 1] ? ", "
                                             : " or ",
                            choices[i], NULL);
    }
    return crm_word_refuse(pool, word, "%s", names);
}
