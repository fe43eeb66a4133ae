/* service/words.h - reads the words of a directive: switches, numbers, spans, sizes, key=value.
 *
 * Every error is of kind INTERNAL; its detail shows the word and says what is allowed.
 */
#ifndef CRM_SERVICE_WORDS_H
#define CRM_SERVICE_WORDS_H

#include <apr_time.h>

#include "base/error.h"

/* What a word may be: a whole number (read into an int), a span of time (apr_interval_time_t), or a
 * size in bytes (apr_uint64_t), MIN to MAX both included; or a text (const char *) of MIN to MAX
 * bytes. */
typedef enum { CRM_WORD_NUMBER, CRM_WORD_SPAN, CRM_WORD_SIZE, CRM_WORD_TEXT } crm_word_kind_e;

typedef struct crm_word_range_t {
    crm_word_kind_e kind;
    apr_int64_t min, max; /* in units of one, microseconds, bytes */
} crm_word_range_t;

/* One key of a directive of the form key=value key=value. */
typedef struct crm_word_key_t {
    const char *name;
    crm_word_range_t range;
    void *ret_value; /* of the kind's type */
} crm_word_key_t;

/* The refusal of WORD: "\"word\": must be <allowed>". */
crm_error_t *crm_word_refuse(apr_pool_t *pool, const char *word, const char *allowed, ...)
    __attribute__((format(printf, 3, 4)));

/* "on" or "off", in any case: 1 or 0. */
crm_error_t *crm_word_switch(apr_pool_t *pool, const char *word, int *ret_on);

/* WORD within RANGE, into the type of its kind. */
crm_error_t *crm_word_value(apr_pool_t *pool, const char *word, const crm_word_range_t *range,
                            void *ret_value);

/* Each of ARGV as key=value, keys from KEYS (ends with name NULL), none twice. *RET_SEEN (may be
 * NULL) has bit i set where key i was given. */
crm_error_t *crm_word_keys(apr_pool_t *pool, int argc, const char *const *argv,
                           const crm_word_key_t *keys, unsigned *ret_seen);

/* Which of CHOICES (ends with NULL; compared without case) WORD is: its index. */
crm_error_t *crm_word_choice(apr_pool_t *pool, const char *word, const char *const *choices,
                             int *ret_index);

#endif
