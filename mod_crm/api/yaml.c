/* api/yaml.c - JSON values as YAML 1.2. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "api/buffer.h"
#include "api/yaml.h"
#include "base/json.h"

#define INDENT 2
/* The longest key that may stand before its colon without a "? " (YAML 1.2.2, 7.4). */
#define MAX_PLAIN 200

/* What a plain scalar may be made of; "#", ":" and quotes can mean something else in one. */
static const char plain_marks[] = "_./$-()';, {}=+";

/* Words that some reader takes for something other than a text. */
static const char *const reserved[] = {
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", NULL,
};

static void write_node(crm_buffer_t *out, const json_t *json, int level);

static void add(crm_buffer_t *out, const char *text, apr_size_t size)
{
    memcpy(crm_buffer_room(out, size), text, size);
    out->size += size;
}

static void add_text(crm_buffer_t *out, const char *text)
{
    add(out, text, strlen(text));
}

static void new_line(crm_buffer_t *out, int level)
{
    apr_size_t spaces = (apr_size_t)level * INDENT;
    char *to = crm_buffer_room(out, spaces + 1);
    *to = '\n';
    memset(to + 1, ' ', spaces);
    out->size += spaces + 1;
}

static int is_reserved(const char *text)
{
    int i = 0;
    while (reserved[i] && strcasecmp(reserved[i], text) != 0) {
        i++;
    }
    return reserved[i] != NULL;
}

/* A text that begins with a letter or a slash is no number, date or sign of YAML's. */
static int is_plain(const char *text, apr_size_t size)
{
    if (size == 0 || size > MAX_PLAIN || !(apr_isalpha(*text) || *text == '/') ||
        text[size - 1] == ' ' || is_reserved(text)) {
        return 0;
    }
    for (apr_size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || !(apr_isalnum(c) || (c && strchr(plain_marks, c)))) {
            return 0;
        }
    }
    return 1;
}

/* The code point of two or three bytes at TEXT when it is one that YAML does not print: C1, the
 * line separators, the byte order mark, what is no character. Else 0. */
static unsigned unprintable(const unsigned char *text, apr_size_t left)
{
    unsigned code = 0;
    if (left >= 2 && text[0] == 0xc2) {
        code = text[1];
        return code < 0xa0 ? code : 0;
    }
    if (left >= 3 && (text[0] & 0xf0) == 0xe0) {
        code = (text[0] & 0xfu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
    }
    return code == 0x2028 || code == 0x2029 || code == 0xfeff || code >= 0xfffe ? code : 0;
}

static void add_escape(crm_buffer_t *out, unsigned code)
{
    char escape[8];
    add(out, escape, (apr_size_t)snprintf(escape, sizeof(escape), "\\u%04x", code));
}

static void write_quoted(crm_buffer_t *out, const char *text, apr_size_t size)
{
    add(out, "\"", 1);
    for (apr_size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned code = c < 0x80 ? 0 : unprintable((const unsigned char *)text + i, size - i);
        if (c == '"' || c == '\\') {
            add(out, (const char[]){'\\', (char)c}, 2);
        } else if (c == '\n') {
            add(out, "\\n", 2);
        } else if (c < 0x20 || c == 0x7f) {
            add_escape(out, c);
        } else if (code) {
            add_escape(out, code);
            i += code < 0x800 ? 1 : 2;
        } else {
            add(out, text + i, 1);
        }
    }
    add(out, "\"", 1);
}

static void write_string(crm_buffer_t *out, const char *text, apr_size_t size)
{
    if (is_plain(text, size)) {
        add(out, text, size);
    } else {
        write_quoted(out, text, size);
    }
}

static int is_nested(const json_t *json)
{
    return json_object_size(json) > 0 || json_array_size(json) > 0;
}

static void write_object(crm_buffer_t *out, const json_t *json, int level)
{
    const char *key;
    json_t *value;
    int first = 1;
    json_object_foreach((json_t *)json, key, value)
    {
        if (!first) {
            new_line(out, level);
        }
        first = 0;
        write_string(out, key, strlen(key));
        add(out, ":", 1);
        if (is_nested(value)) {
            new_line(out, level + 1);
        } else {
            add(out, " ", 1);
        }
        write_node(out, value, level + 1);
    }
}

/* An item's own lines stand behind its dash, so one level deeper. */
static void write_array(crm_buffer_t *out, const json_t *json, int level)
{
    size_t i;
    json_t *value;
    json_array_foreach(json, i, value)
    {
        if (i) {
            new_line(out, level);
        }
        add(out, "- ", 2);
        write_node(out, value, level + 1);
    }
}

static void write_node(crm_buffer_t *out, const json_t *json, int level)
{
    if (is_nested(json)) {
        (json_is_object(json) ? write_object : write_array)(out, json, level);
    } else if (json_is_string(json)) {
        write_string(out, json_string_value(json), json_string_length(json));
    } else {
        add_text(out, crm_json_text(out->pool, json, NULL)); /* JSON's own words are YAML's */
    }
}

const char *crm_yaml_text(apr_pool_t *pool, const json_t *json, apr_size_t *ret_size)
{
    crm_buffer_t out = crm_buffer_make(pool);
    write_node(&out, json, 0);
    add(&out, "\n", 1);
    *ret_size = out.size;
    add(&out, "", 1);
    return out.bytes;
}
