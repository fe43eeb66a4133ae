/* base/json.c - JSON (RFC 8259) by jansson. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"

/* Most answers fit; those that do not are measured by the first attempt. */
#define TEXT_GUESS 1024
/* jansson's default, which reads back as the very same double. */
#define EXACT_DIGITS 17

/* What jansson says of a syntax error, and how clients have always been told. */
typedef struct wording_t {
    const char *theirs; /* what its text begins with */
    const char *ours;
} wording_t;

static const wording_t wordings[] = {
    {.theirs = "unexpected token", .ours = "Expecting value"},
    {.theirs = "invalid token", .ours = "Expecting value"},
    {.theirs = "string or '}' expected",
     .ours = "Expecting property name enclosed in double quotes"},
    {.theirs = "':' expected", .ours = "Expecting ':' delimiter"},
    {.theirs = "'}' expected", .ours = "Expecting ',' delimiter"},
    {.theirs = "']' expected", .ours = "Expecting ',' delimiter"},
    {.theirs = "unexpected newline", .ours = "Invalid control character"},
    {.theirs = "control character", .ours = "Invalid control character"},
    {.theirs = "invalid escape", .ours = "Invalid \\escape"},
    {.theirs = "invalid Unicode", .ours = "Invalid \\uXXXX escape"},
};

/* Names without case and separators. */
static const char *const secret_names[] = {
    "authorization", "cookie", "credentials", "key", "otp", "passphrase", "pwd", "setcookie",
};

/* What makes any name secret that holds it, or ends with it. */
static const char *const secret_parts[] = {"password", "passwd", "secret"};
static const char *const secret_ends[] = {"token", "apikey", "privatekey"};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static apr_status_t drop(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

/* "JSON parse error - REASON: line L column C (char N)" for the place at OFFSET; lines and columns
 * count from 1, characters from 0. The text itself is not quoted: it may hold a password. */
static crm_error_t *parse_error(apr_pool_t *pool, const char *text, apr_size_t offset,
                                const char *reason)
{
    apr_size_t line = 1;
    apr_size_t column = 1;
    apr_size_t characters = 0;
    for (apr_size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
            characters++;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
            characters++;
        }
    }
    return crm_error_make(pool, CRM_E_BAD_REQUEST,
                          "JSON parse error - %s: line %zu column %zu (char %zu)", reason, line,
                          column, characters);
}

/* Is TEXT nested deeper than CRM_JSON_DEPTH? *RET_OFFSET is the bracket that is one too many.
 * Looked for before jansson reads it, whose own limit is of 2048 calls deep. */
static int is_too_deep(const char *text, apr_size_t size, apr_size_t *ret_offset)
{
    int depth = 0;
    int in_string = 0;
    for (apr_size_t i = 0; i < size; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = 0;
            }
        } else if (c == '"') {
            in_string = 1;
        } else if (c == '[' || c == '{') {
            if (++depth > CRM_JSON_DEPTH) {
                *ret_offset = i;
                return 1;
            }
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return 0;
}

static const char *syntax_reason(const char *text)
{
    for (apr_size_t i = 0; i < COUNT(wordings); i++) {
        if (strncmp(text, wordings[i].theirs, strlen(wordings[i].theirs)) == 0) {
            return wordings[i].ours;
        }
    }
    return "Invalid syntax";
}

static const char *reason_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        return "Unexpected end";
    case json_error_end_of_input_expected:
        return "Extra data";
    case json_error_invalid_utf8:
        return "Invalid UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "NUL in a string";
    case json_error_duplicate_key:
        return "Duplicate key";
    case json_error_numeric_overflow:
        return "Number out of range";
    case json_error_stack_overflow:
        return "Nested too deeply";
    default:
        return syntax_reason(error->text);
    }
}

/* Where the token begins that ERROR complains of: jansson tells where it ends, and quotes it when
 * it is short. */
static apr_size_t offset_of(const json_error_t *error, apr_size_t size)
{
    static const char near[] = " near '";
    apr_size_t end = error->position < 0 ? 0 : (apr_size_t)error->position;
    if (end > size) {
        end = size;
    }
    const char *token = strstr(error->text, near);
    if (!token) {
        return end;
    }
    apr_size_t length = strlen(token + sizeof(near) - 1);
    length -= length > 0; /* its closing quote */
    return length > end ? 0 : end - length;
}

static int is_blank(const char *text, apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++) {
        if (!strchr(" \t\r\n", text[i]) || text[i] == '\0') {
            return 0;
        }
    }
    return 1;
}

static int reads_back(double number, int digits)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*g", digits, number);
    return strtod(text, NULL) == number;
}

/* The fewest digits, 15 at least and DIGITS at least, with which every real in JSON reads back as
 * the same double: 0.1 is to be printed as 0.1, not as 0.10000000000000001. */
static int real_digits(const json_t *json, int digits)
{
    size_t i;
    const char *key;
    json_t *value;
    if (json_is_real(json)) {
        while (digits < EXACT_DIGITS && !reads_back(json_real_value(json), digits)) {
            digits++;
        }
    } else if (json_is_array(json)) {
        json_array_foreach(json, i, value)
        {
            digits = real_digits(value, digits);
        }
    } else if (json_is_object(json)) {
        json_object_foreach((json_t *)json, key, value)
        {
            digits = real_digits(value, digits);
        }
    }
    return digits;
}

/* NAME in lower case without anything but ASCII letters and digits; cut where it is too long to be
 * one of ours. Bytes of other scripts stay. */
static void bare_name(const char *name, char *ret_bare, apr_size_t room)
{
    apr_size_t length = 0;
    for (; *name && length < room - 1; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80) {
            ret_bare[length++] = c;
        }
    }
    ret_bare[length] = '\0';
}

static int ends_with(const char *text, const char *end)
{
    apr_size_t length = strlen(text);
    apr_size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

json_t *crm_json_own(apr_pool_t *pool, json_t *json)
{
    if (json) {
        apr_pool_cleanup_register(pool, json, drop, apr_pool_cleanup_null);
    }
    return json;
}

crm_error_t *crm_json_parse(apr_pool_t *pool, const char *text, apr_size_t size, json_t **ret_json)
{
    json_error_t error;
    apr_size_t offset;
    if (is_blank(text, size)) {
        return parse_error(pool, text, 0, "Expecting value");
    }
    if (is_too_deep(text, size, &offset)) {
        return parse_error(pool, text, offset, "Nested too deeply");
    }
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!json && json_error_code(&error) == json_error_out_of_memory) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_UNAVAILABLE), "no memory for JSON");
    }
    if (!json) {
        return parse_error(pool, text, offset_of(&error, size), reason_of(&error));
    }
    *ret_json = crm_json_own(pool, json);
    return NULL;
}

const char *crm_json_text(apr_pool_t *pool, const json_t *json, apr_size_t *ret_size)
{
    size_t flags =
        JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION((size_t)real_digits(json, 15));
    apr_size_t room = TEXT_GUESS;
    char *text = apr_palloc(pool, room);
    apr_size_t size = json_dumpb(json, text, room - 1, flags);
    if (size > room - 1) {
        text = apr_palloc(pool, size + 1);
        size = json_dumpb(json, text, size, flags);
    }
    if (size == 0) {
        text = apr_pstrdup(pool, "null");
        size = 4;
    }
    text[size] = '\0';
    if (ret_size) {
        *ret_size = size;
    }
    return text;
}

/* Characters that a string cannot have as they are (RFC 8259 7). */
static const char *escape_of(char c, char *buffer)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (const char *at = named; *at; at += 2) {
        if (*at == c) {
            buffer[0] = '\\';
            buffer[1] = at[1];
            buffer[2] = '\0';
            return buffer;
        }
    }
    sprintf(buffer, "\\u%04X", (unsigned)(unsigned char)c);
    return buffer;
}

static int is_escaped(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

const char *crm_json_quote(apr_pool_t *pool, const char *text)
{
    apr_size_t size = 3;
    char buffer[8];

    for (const char *at = text; *at; at++) {
        size += is_escaped(*at) ? 6 : 1;
    }
    char *quoted = apr_palloc(pool, size), *to = quoted;
    *to++ = '"';
    for (const char *at = text; *at; at++) {
        if (is_escaped(*at)) {
            to = stpcpy(to, escape_of(*at, buffer));
        } else {
            *to++ = *at;
        }
    }
    *to++ = '"';
    *to = '\0';
    return quoted;
}

json_t *crm_json_redact(const json_t *json)
{
    json_t *copy;
    json_t *value;
    size_t i;
    const char *key;
    if (json_is_array(json)) {
        copy = json_array();
        json_array_foreach(json, i, value)
        {
            json_array_append_new(copy, crm_json_redact(value));
        }
        return copy;
    }
    if (json_is_object(json)) {
        copy = json_object();
        json_object_foreach((json_t *)json, key, value)
        {
            json_object_set_new(
                copy, key, crm_json_secret_name(key) ? json_string("***") : crm_json_redact(value));
        }
        return copy;
    }
    return json_deep_copy(json);
}

int crm_json_secret_name(const char *name)
{
    char bare[128];
    bare_name(name, bare, sizeof(bare));
    for (apr_size_t i = 0; i < COUNT(secret_names); i++) {
        if (strcmp(bare, secret_names[i]) == 0) {
            return 1;
        }
    }
    for (apr_size_t i = 0; i < COUNT(secret_parts); i++) {
        if (strstr(bare, secret_parts[i])) {
            return 1;
        }
    }
    for (apr_size_t i = 0; i < COUNT(secret_ends); i++) {
        if (ends_with(bare, secret_ends[i])) {
            return 1;
        }
    }
    return 0;
}
