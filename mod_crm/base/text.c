/* base/text.c - Unicode text: UTF-8 by hand, what needs Unicode's tables by base/unicode. */
#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/unicode.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define SLUG_MAX 48
/* No tenant's name is longer: 100 code points. */
#define SLUG_NAME_MAX 512
#define WORD_MAX 64

static int is_ascii_word(apr_uint64_t word)
{
    const apr_uint64_t ones = 0x0101010101010101;
    const apr_uint64_t highs = 0x8080808080808080;
    return (((word - ones) | word) & highs) == 0; /* no byte is 0, none over 0x7f */
}

/* How many bytes at the beginning are ASCII without NUL. */
static apr_size_t ascii_run(const char *text, apr_size_t size)
{
    apr_size_t i = 0;
    for (apr_uint64_t word; i + sizeof(word) <= size; i += sizeof(word)) {
        memcpy(&word, text + i, sizeof(word));
        if (!is_ascii_word(word)) {
            break;
        }
    }
    while (i < size && text[i] > 0) {
        i++;
    }
    return i;
}

static int is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the well-formed sequence of more than one byte at TEXT (Unicode, table 3-7), or 0. */
static apr_size_t sequence(const char *text, apr_size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    apr_size_t length;
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        length = 2;
    } else if (at[0] >= 0xe0 && at[0] <= 0xef) {
        length = 3;
        low = at[0] == 0xe0 ? 0xa0 : low;   /* no overlong form */
        high = at[0] == 0xed ? 0x9f : high; /* no surrogates */
    } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        length = 4;
        low = at[0] == 0xf0 ? 0x90 : low;
        high = at[0] == 0xf4 ? 0x8f : high; /* nothing over U+10FFFF */
    } else {
        return 0;
    }
    if (length > size || at[1] < low || at[1] > high) {
        return 0;
    }
    for (apr_size_t i = 2; i < length; i++) {
        if (!is_continuation(at[i])) {
            return 0;
        }
    }
    return length;
}

/* Bytes of the white space at AT (what Python's str.isspace says is one), or 0. */
static apr_size_t space(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] <= 0x20) {
        return (at[0] >= 0x09 && at[0] <= 0x0d) || at[0] >= 0x1c;
    }
    if (at[0] == 0xc2) { /* U+0085, U+00A0 */
        return at[1] == 0x85 || at[1] == 0xa0 ? 2 : 0;
    }
    if (at[0] == 0xe1) { /* U+1680 */
        return at[1] == 0x9a && at[2] == 0x80 ? 3 : 0;
    }
    if (at[0] == 0xe3) { /* U+3000 */
        return at[1] == 0x80 && at[2] == 0x80 ? 3 : 0;
    }
    if (at[0] == 0xe2 && at[1] == 0x81) { /* U+205F */
        return at[2] == 0x9f ? 3 : 0;
    }
    if (at[0] == 0xe2 && at[1] == 0x80) { /* U+2000 to U+200A, U+2028, U+2029, U+202F */
        return (at[2] >= 0x80 && at[2] <= 0x8a) || at[2] == 0xa8 || at[2] == 0xa9 || at[2] == 0xaf
                   ? 3
                   : 0;
    }
    return 0;
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char *ascii_fold(apr_pool_t *pool, const char *text, apr_size_t size)
{
    char *folded = apr_pstrmemdup(pool, text, size);
    for (apr_size_t i = 0; i < size; i++) {
        folded[i] = ascii_lower(folded[i]);
    }
    return folded;
}

/* The slug's characters of LATIN; "" when there are none. */
static const char *slug_of(apr_pool_t *pool, const char *latin)
{
    char *slug = apr_palloc(pool, SLUG_MAX + 1);
    int length = 0;
    int gap = 0;
    for (; *latin && length < SLUG_MAX; latin++) {
        char c = ascii_lower(*latin);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            gap = length > 0;
            continue;
        }
        if (gap && length == SLUG_MAX - 1) {
            break; /* no room for the gap and what follows it */
        }
        if (gap) {
            slug[length++] = '_';
        }
        gap = 0;
        slug[length++] = c;
    }
    slug[length] = '\0';
    return slug;
}

/* Insertions, deletions, replacements and swaps of neighbours (optimal string alignment) that make
 * A of B, without regard to ASCII case. Both are at most WORD_MAX long. */
static int edit_distance(const char *a, int a_length, const char *b, int b_length)
{
    int rows[3][WORD_MAX + 1];
    int *before = rows[0];
    int *last = rows[1];
    int *row = rows[2];
    for (int j = 0; j <= b_length; j++) {
        before[j] = 0;
        last[j] = j;
    }
    for (int i = 1; i <= a_length; i++) {
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            char x = ascii_lower(a[i - 1]);
            char y = ascii_lower(b[j - 1]);
            int least = last[j - 1] + (x != y);
            least = last[j] + 1 < least ? last[j] + 1 : least;
            least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
            if (i > 1 && j > 1 && x == ascii_lower(b[j - 2]) && ascii_lower(a[i - 2]) == y &&
                before[j - 2] + 1 < least) {
                least = before[j - 2] + 1;
            }
            row[j] = least;
        }
        int *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_length];
}

int crm_text_valid(const char *text, apr_size_t size)
{
    apr_size_t i = ascii_run(text, size);
    while (i < size) {
        apr_size_t length = sequence(text + i, size - i);
        if (length == 0) {
            return 0;
        }
        i += length;
        i += ascii_run(text + i, size - i);
    }
    return 1;
}

apr_size_t crm_text_length(const char *text)
{
    apr_size_t length = 0;
    for (; *text; text++) {
        length += !is_continuation((unsigned char)*text);
    }
    return length;
}

const char *crm_text_trim(apr_pool_t *pool, const char *text)
{
    apr_size_t length;
    while ((length = space(text)) > 0) {
        text += length;
    }
    const char *end = text + strlen(text);
    const char *kept = end;
    while (kept > text) {
        const char *last = kept - 1;
        while (last > text && is_continuation((unsigned char)*last)) {
            last--;
        }
        if (space(last) != (apr_size_t)(kept - last)) {
            break;
        }
        kept = last;
    }
    return kept == end ? text : apr_pstrmemdup(pool, text, (apr_size_t)(kept - text));
}

const char *crm_text_fold(apr_pool_t *pool, const char *text)
{
    apr_size_t size = strlen(text);
    const char *folded = NULL;
    if (ascii_run(text, size) < size) {
        folded = crm_unicode_fold(pool, text);
    }
    return folded ? folded : ascii_fold(pool, text, size);
}

const char *crm_text_replace_invalid(apr_pool_t *pool, const char *text, apr_size_t size)
{
    if (crm_text_valid(text, size)) {
        return apr_pstrmemdup(pool, text, size);
    }
    char *replaced = apr_palloc(pool, size * strlen(REPLACEMENT) + 1);
    char *to = replaced;
    for (apr_size_t i = 0; i < size;) {
        apr_size_t length = text[i] > 0 ? 1 : sequence(text + i, size - i);
        if (length == 0) {
            memcpy(to, REPLACEMENT, strlen(REPLACEMENT));
            to += strlen(REPLACEMENT);
            i++;
        } else {
            memcpy(to, text + i, length);
            to += length;
            i += length;
        }
    }
    *to = '\0';
    return replaced;
}

const char *crm_text_cut(apr_pool_t *pool, const char *text, apr_size_t size)
{
    if (!memchr(text, '\0', size) && text[size] != '\0') {
        while (size > 0 && is_continuation((unsigned char)text[size])) {
            size--;
        }
        return apr_pstrmemdup(pool, text, size);
    }
    return text;
}

const char *crm_text_slug(apr_pool_t *pool, const char *name)
{
    const char *latin = crm_text_cut(pool, name, SLUG_NAME_MAX);
    apr_size_t size = strlen(latin);
    if (ascii_run(latin, size) < size) {
        latin = crm_unicode_latin(pool, latin);
    }
    const char *slug = latin ? slug_of(pool, latin) : "";
    if (*slug == '\0') {
        unsigned char hash[CRM_HASH_SIZE];
        crm_secret_sha256(name, strlen(name), hash);
        slug = apr_psprintf(pool, "t_%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
    }
    return slug;
}

const char *crm_text_like(apr_pool_t *pool, const char *text)
{
    char *pattern = apr_palloc(pool, strlen(text) * 2 + 3);
    char *to = pattern;
    *to++ = '%';
    for (; *text; text++) {
        if (*text == '%' || *text == '_' || *text == '|') {
            *to++ = '|';
        }
        *to++ = *text;
    }
    *to++ = '%';
    *to = '\0';
    return pattern;
}

const char *crm_text_nearest(const char *word, const char *const *choices)
{
    const char *nearest = NULL;
    int best = WORD_MAX;
    apr_size_t length = strlen(word);
    for (; *choices && length <= WORD_MAX; choices++) {
        apr_size_t choice_length = strlen(*choices);
        int longer = (int)(choice_length > length ? choice_length : length);
        if (longer > WORD_MAX) {
            continue;
        }
        int distance = edit_distance(word, (int)length, *choices, (int)choice_length);
        int near = longer < 6 ? 1 : longer / 3;
        if (distance < best && distance <= near && distance < longer) {
            best = distance;
            nearest = *choices;
        }
    }
    return nearest;
}
