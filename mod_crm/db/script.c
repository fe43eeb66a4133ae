/* db/script.c - splitting a file of SQL into statements. */
#include <string.h>

#include <apr_strings.h>

#include "db/script.h"

#define BLANK " \t\r\n"

typedef struct splitter_t {
    apr_pool_t *pool;
    apr_array_header_t *statements;
    int backslashes;
    int by_lines; /* ended by lines of ";;" */
    char *start;  /* of the statement, in a buffer as long as the text */
    char *at;
} splitter_t;

static int is_blank(char c)
{
    return c != '\0' && strchr(BLANK, c) != NULL;
}

/* 1 when nothing but blanks and a comment follows in the line. */
static int ends_line(const char *text)
{
    text += strspn(text, " \t\r");
    return *text == '\n' || *text == '\0' || strncmp(text, "--", 2) == 0;
}

static int is_separator(const char *line)
{
    line += strspn(line, " \t");
    return strncmp(line, ";;", 2) == 0 && (line[2] == '\0' || is_blank(line[2])) &&
           ends_line(line + 2);
}

static int has_separator(const char *text)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (is_separator(line)) {
            return 1;
        }
    }
    return 0;
}

static void end_statement(splitter_t *splitter)
{
    char *start = splitter->start, *end = splitter->at;
    while (start < end && is_blank(*start)) {
        start++;
    }
    while (end > start && is_blank(end[-1])) {
        end--;
    }
    if (end > start) {
        APR_ARRAY_PUSH(splitter->statements, const char *) =
            apr_pstrmemdup(splitter->pool, start, (apr_size_t)(end - start));
    }
    splitter->start = splitter->at;
}

/* Copies what stands in quotes; returns where it ends. */
static const char *copy_quoted(splitter_t *splitter, const char *text)
{
    char quote = *text;
    *splitter->at++ = *text++;
    while (*text && *text != quote) {
        if (*text == '\\' && splitter->backslashes && quote != '`' && text[1]) {
            *splitter->at++ = *text++;
        }
        *splitter->at++ = *text++;
    }
    if (*text) {
        *splitter->at++ = *text++;
    }
    return text;
}

/* The end of the comment that TEXT begins with, or NULL: it begins with none. */
static const char *skip_comment(const char *text)
{
    if (strncmp(text, "--", 2) == 0) {
        return text + strcspn(text, "\n");
    }
    if (strncmp(text, "/*", 2) == 0) {
        const char *end = strstr(text + 2, "*/");
        return end ? end + 2 : text + strlen(text);
    }
    return NULL;
}

/* The end of the separator that TEXT begins with, or NULL. */
static const char *skip_separator(const splitter_t *splitter, const char *text)
{
    if (*text != ';') {
        return NULL;
    }
    if (!splitter->by_lines) {
        return ends_line(text + 1) ? text + 1 : NULL;
    }
    /* what was copied ends with the line before, or with this line's blanks */
    const char *before = splitter->at;
    while (before > splitter->start && (before[-1] == ' ' || before[-1] == '\t')) {
        before--;
    }
    int begins_line = before == splitter->start || before[-1] == '\n';
    return begins_line && is_separator(text) ? text + 2 : NULL;
}

apr_array_header_t *crm_script_split(apr_pool_t *pool, const char *text, int backslashes)
{
    splitter_t splitter = {.pool = pool,
                           .statements = apr_array_make(pool, 16, sizeof(const char *)),
                           .backslashes = backslashes,
                           .by_lines = has_separator(text)};
    splitter.start = splitter.at = apr_palloc(pool, strlen(text) + 1);
    while (*text) {
        const char *after;
        if ((after = skip_comment(text)) != NULL) {
            text = after;
        } else if ((after = skip_separator(&splitter, text)) != NULL) {
            end_statement(&splitter);
            text = after;
        } else if (strchr("'\"`", *text)) {
            text = copy_quoted(&splitter, text);
        } else {
            *splitter.at++ = *text++;
        }
    }
    end_statement(&splitter);
    return splitter.statements;
}
