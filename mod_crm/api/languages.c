/* api/languages.c - which languages a client reads. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/languages.h"

#define LANGUAGES_MAX 8
#define LETTERS_MAX 8 /* of a primary subtag (RFC 5646 2.1) */

typedef struct language_t {
    char tag[LETTERS_MAX + 1];
    int weight; /* in thousandths */
} language_t;

/* The weight among the parameters from TEXT to END: "q=0.8" is 800, without one 1000. */
static int weight_of(const char *text, const char *end)
{
    const char *q = text;
    while (q < end && !(*q == ';')) {
        q++;
    }
    q += q < end;
    q += strspn(q, " \t");
    if (q + 2 > end || (*q != 'q' && *q != 'Q') || q[1] != '=') {
        return 1000;
    }
    int weight = q[2] == '1' ? 1000 : 0, place = 100;
    if (q[2] == '0' && q[3] == '.') {
        for (q += 4; q < end && apr_isdigit(*q) && place > 0; q++, place /= 10) {
            weight += (*q - '0') * place;
        }
    }
    return weight;
}

/* Puts LANGUAGE behind those that are at least as good; one that is there already stays. */
static void insert(language_t *languages, int *count, const language_t *language)
{
    int at = *count;
    for (int i = 0; i < *count; i++) {
        if (strcmp(languages[i].tag, language->tag) == 0) {
            return;
        }
    }
    while (at > 0 && languages[at - 1].weight < language->weight) {
        at--;
    }
    memmove(languages + at + 1, languages + at, sizeof(*languages) * (size_t)(*count - at));
    languages[at] = *language;
    ++*count;
}

const char *crm_languages_accepted(apr_pool_t *pool, const char *value)
{
    language_t languages[LANGUAGES_MAX];
    int count = 0;
    const char *text = NULL;
    while (value && *value && count < LANGUAGES_MAX) {
        value += strspn(value, " \t,");
        const char *end = value + strcspn(value, ",");
        language_t language = {.weight = weight_of(value, end)};
        apr_size_t letters = 0;
        while (letters < LETTERS_MAX && apr_isalpha(value[letters])) {
            language.tag[letters] = (char)apr_tolower(value[letters]);
            letters++;
        }
        if (letters >= 2 && !apr_isalnum(value[letters]) && language.weight > 0) {
            insert(languages, &count, &language);
        }
        value = end;
    }
    for (int i = 0; i < count; i++) {
        text = text ? apr_pstrcat(pool, text, " ", languages[i].tag, NULL)
                    : apr_pstrdup(pool, languages[i].tag);
    }
    return text;
}
