/* api/header.c - what stands inside the values of header fields. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/header.h"

#define JSON_TYPE "application/json"
#define PROBLEM_TYPE "application/problem+json"

/* How a media range means JSON. */
typedef enum { NOT_JSON, ANY_TYPE, ANY_SUBTYPE, VERY_JSON } fit_e;

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

const char *crm_header_type(apr_pool_t *pool, const char *value)
{
    value = skip_space(value);
    apr_size_t size = strcspn(value, ";");
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t')) {
        size--;
    }
    char *type = apr_pstrmemdup(pool, value, size);
    for (char *c = type; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return type;
}

/* The end of the parameter's value that begins at TEXT. */
static const char *value_end(const char *text)
{
    if (*text != '"') {
        return text + strcspn(text, "; \t");
    }
    for (text++; *text && *text != '"'; text++) {
        if (*text == '\\' && text[1]) {
            text++;
        }
    }
    return *text ? text + 1 : text;
}

/* In a quoted string a backslash hides itself and quotes only: elsewhere it is one of a path that
 * some clients send for a file's name. */
static const char *unquote(apr_pool_t *pool, const char *text, const char *end)
{
    if (*text != '"') {
        return apr_pstrmemdup(pool, text, (apr_size_t)(end - text));
    }
    char *plain = apr_palloc(pool, (apr_size_t)(end - text) + 1);
    char *to = plain;
    for (text++; text < end && *text != '"'; text++) {
        if (*text == '\\' && (text[1] == '"' || text[1] == '\\')) {
            text++;
        }
        *to++ = *text;
    }
    *to = '\0';
    return plain;
}

const char *crm_header_parameter(apr_pool_t *pool, const char *value, const char *name)
{
    apr_size_t length = strlen(name);
    const char *at = value + strcspn(value, ";");
    while (*at == ';') {
        at = skip_space(at + 1);
        const char *start = at + strcspn(at, "=;");
        if (*start != '=') {
            at = start;
            continue;
        }
        int found = (apr_size_t)(start - at) == length && strncasecmp(at, name, length) == 0;
        start = skip_space(start + 1);
        const char *end = value_end(start);
        if (found) {
            return unquote(pool, start, end);
        }
        at = end + strcspn(end, ";");
    }
    return NULL;
}

/* The end of the list's item that begins at TEXT: a comma outside quotes. */
static const char *item_end(const char *text)
{
    while (*text && *text != ',') {
        text = *text == '"' ? value_end(text) : text + 1;
    }
    return text;
}

static int is_range(const char *item, apr_size_t size, const char *range)
{
    return strlen(range) == size && strncasecmp(item, range, size) == 0;
}

static fit_e fit_of(const char *item, apr_size_t size)
{
    if (is_range(item, size, JSON_TYPE)) {
        return VERY_JSON;
    }
    if (is_range(item, size, "application/*")) {
        return ANY_SUBTYPE;
    }
    return is_range(item, size, "*/*") ? ANY_TYPE : NOT_JSON;
}

/* 0 where the parameters from TEXT to END have a weight of zero: "q=0", "q=0.000". */
static int has_weight(const char *text, const char *end)
{
    while ((text = memchr(text, ';', (apr_size_t)(end - text)))) {
        text = skip_space(text + 1);
        if ((*text == 'q' || *text == 'Q') && text[1] == '=') {
            text += 2;
            apr_size_t zeros = strspn(text, "0.");
            return zeros == 0 || apr_isdigit(text[zeros]);
        }
    }
    return 1;
}

unsigned crm_header_accepts(const char *accept)
{
    fit_e best = NOT_JSON;
    unsigned accepts = 0;
    if (!accept || !*skip_space(accept) || strcmp(accept, "*/*") == 0) {
        return CRM_ACCEPTS_JSON;
    }
    while (*accept) {
        accept += strspn(accept, " \t,");
        const char *end = item_end(accept);
        apr_size_t size = strcspn(accept, ",; \t");
        unsigned allowed = has_weight(accept, end) ? CRM_ACCEPTS_JSON : 0;
        fit_e fit = fit_of(accept, size);
        if (fit > best) {
            best = fit;
            accepts = (accepts & CRM_ACCEPTS_PROBLEM) | allowed;
        } else if (allowed && is_range(accept, size, PROBLEM_TYPE)) {
            accepts |= CRM_ACCEPTS_PROBLEM;
        }
        accept = end;
    }
    return accepts;
}

/* Which of two ranges that hold TYPE says more about it: 0 where RANGE does not hold it. */
static int specificity(const char *range, apr_size_t size, const char *type)
{
    apr_size_t kind = strcspn(type, "/") + 1;
    if (is_range(range, size, type)) {
        return 3;
    }
    if (size == kind + 1 && range[kind] == '*' && strncasecmp(range, type, kind) == 0) {
        return 2;
    }
    return is_range(range, size, "*/*");
}

/* The weight among the parameters from TEXT to END, in thousandths: "q=0.75" is 750. */
static int weight_of(const char *text, const char *end)
{
    while ((text = memchr(text, ';', (apr_size_t)(end - text)))) {
        text = skip_space(text + 1);
        if ((*text == 'q' || *text == 'Q') && text[1] == '=') {
            double weight = strtod(text + 2, NULL);
            return weight > 0 && weight < 1 ? (int)(weight * 1000) : weight > 0 ? 1000 : 0;
        }
    }
    return 1000;
}

int crm_header_weight(const char *accept, const char *type)
{
    int weight = 0, best = 0;
    if (!accept || !*skip_space(accept)) {
        return 1000;
    }
    while (*accept) {
        accept += strspn(accept, " \t,");
        const char *end = item_end(accept);
        int fit = specificity(accept, strcspn(accept, ",; \t"), type);
        if (fit > best) {
            best = fit;
            weight = weight_of(accept, end);
        }
        accept = end;
    }
    return weight;
}
