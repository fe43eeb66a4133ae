/* api/parameters.c - names and values in URLs and forms. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/parameters.h"
#include "base/text.h"

#define MAX_PARAMETERS 1000

static int hex_value(char c)
{
    return apr_isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* SIZE bytes decoded, or NULL when they are no valid text. */
static const char *decode(apr_pool_t *pool, const char *text, apr_size_t size)
{
    char *decoded = apr_palloc(pool, size + 1);
    char *to = decoded;
    for (apr_size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            if (size - i < 3 || !apr_isxdigit(text[i + 1]) || !apr_isxdigit(text[i + 2])) {
                return NULL;
            }
            c = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        *to++ = c;
    }
    *to = '\0';
    return crm_text_valid(decoded, (apr_size_t)(to - decoded)) ? decoded : NULL;
}

/* Adds what stands between two '&': 1, or 0 when it is malformed. */
static int add_pair(apr_table_t *parameters, const char *pair, apr_size_t size)
{
    apr_pool_t *pool = apr_table_elts(parameters)->pool;
    const char *equals = memchr(pair, '=', size);
    apr_size_t name_size = equals ? (apr_size_t)(equals - pair) : size;
    const char *name = decode(pool, pair, name_size);
    const char *value = equals ? decode(pool, equals + 1, size - name_size - 1) : "";
    if (!name || !value) {
        return 0;
    }
    apr_table_addn(parameters, name, value);
    return 1;
}

crm_error_t *crm_parameters_parse(apr_pool_t *pool, const char *text, apr_size_t size,
                                  const char *where, apr_table_t **ret_parameters)
{
    apr_table_t *parameters = apr_table_make(pool, 8);
    const char *end = text + size;
    for (int count = 0; text < end; count++) {
        const char *next = memchr(text, '&', (apr_size_t)(end - text));
        apr_size_t length = (apr_size_t)((next ? next : end) - text);
        if (count == MAX_PARAMETERS) {
            return crm_error_make(pool, CRM_E_BAD_REQUEST, "Over %d parameters in the %s.",
                                  MAX_PARAMETERS, where);
        }
        if (length && !add_pair(parameters, text, length)) {
            return crm_error_make(pool, CRM_E_BAD_REQUEST,
                                  "Malformed percent-encoding, invalid UTF-8 or NUL in the %s.",
                                  where);
        }
        text += length + 1;
    }
    *ret_parameters = parameters;
    return NULL;
}

const char *crm_parameters_get(const apr_table_t *parameters, const char *name)
{
    const apr_array_header_t *entries = apr_table_elts(parameters);
    for (int i = entries->nelts - 1; i >= 0; i--) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);
        if (strcmp(entry->key, name) == 0) {
            return entry->val;
        }
    }
    return NULL;
}

const char *crm_parameters_encode(apr_pool_t *pool, const char *text, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = apr_palloc(pool, strlen(text) * 3 + 1);
    char *to = encoded;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c < 0x80 && apr_isalnum(c)) || strchr("-._~", c) || strchr(keep, c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    *to = '\0';
    return encoded;
}
