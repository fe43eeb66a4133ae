/* base/xlsx_text.c - the text of one cell or shared string of XLSX, gathered piece by piece. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/sheet.h"
#include "base/xlsx_text.h"

#define FIRST_ROOM 256
#define ESCAPE 7 /* characters of _x000D_ */
#define ESCAPED_UNDERSCORE "_x005F_"

static apr_status_t free_text(void *data)
{
    free(((crm_xlsx_text_t *)data)->bytes);
    return APR_SUCCESS;
}

void crm_xlsx_text_init(apr_pool_t *pool, crm_xlsx_text_t *text)
{
    apr_pool_cleanup_register(pool, text, free_text, apr_pool_cleanup_null);
}

void crm_xlsx_text_clear(crm_xlsx_text_t *text)
{
    text->size = 0;
    if (text->bytes) {
        text->bytes[0] = '\0';
    }
}

int crm_xlsx_text_add(crm_xlsx_text_t *text, const char *bytes, apr_size_t size)
{
    if (size > CRM_SHEET_CELL - text->size) {
        return 0;
    }
    if (text->size + size + 1 > text->room) {
        apr_size_t room = text->room ? text->room : FIRST_ROOM;
        while (room < text->size + size + 1) {
            room *= 2;
        }
        char *larger = realloc(text->bytes, room);
        if (!larger) {
            return 0;
        }
        text->bytes = larger;
        text->room = room;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
    return 1;
}

/* The code unit that AT's _xHHHH_ stands for, or -1. */
static int escaped(const char *at)
{
    int value = 0;
    if (at[0] != '_' || at[1] != 'x') {
        return -1;
    }
    for (int i = 2; i < ESCAPE - 1; i++) {
        if (!isxdigit((unsigned char)at[i])) {
            return -1;
        }
        int c = tolower((unsigned char)at[i]);
        value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return at[ESCAPE - 1] == '_' ? value : -1;
}

/* Writes the code point UNIT as UTF-8; the end of it. */
static char *put_utf8(char *to, int unit)
{
    if (unit < 0x80) {
        *to++ = (char)unit;
    } else if (unit < 0x800) {
        *to++ = (char)(0xc0 | unit >> 6);
        *to++ = (char)(0x80 | (unit & 0x3f));
    } else {
        *to++ = (char)(0xe0 | unit >> 12);
        *to++ = (char)(0x80 | (unit >> 6 & 0x3f));
        *to++ = (char)(0x80 | (unit & 0x3f));
    }
    return to;
}

void crm_xlsx_text_decode(crm_xlsx_text_t *text)
{
    char *from = text->bytes ? strstr(text->bytes, "_x") : NULL;
    if (!from) {
        return;
    }
    char *to = from;
    while (*from) {
        int unit = escaped(from);
        if (unit > 0 && (unit < 0xd800 || unit > 0xdfff)) {
            to = put_utf8(to, unit);
            from += ESCAPE;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    text->size = (apr_size_t)(to - text->bytes);
}

const char *crm_xlsx_text_escape(apr_pool_t *pool, const char *text)
{
    apr_size_t count = 0;
    for (const char *at = strstr(text, "_x"); at; at = strstr(at + 1, "_x")) {
        count += escaped(at) >= 0;
    }
    if (count == 0) {
        return text;
    }
    char *made = apr_palloc(pool, strlen(text) + count * (ESCAPE - 1) + 1);
    char *to = made;
    for (; *text; text++) {
        if (escaped(text) >= 0) {
            memcpy(to, ESCAPED_UNDERSCORE, ESCAPE);
            to += ESCAPE;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
    return made;
}
