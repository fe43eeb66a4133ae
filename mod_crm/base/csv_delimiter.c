/* base/csv_delimiter.c - which character separates the cells of a CSV file. */
#include <string.h>
#include <strings.h>

#include "base/csv_delimiter.h"

#define LINE "sep="
#define USUAL ",;\t|"

static int is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* The size of a line that names a delimiter, or 0. */
static apr_size_t named(const char *begin, const char *limit)
{
    const char *end = begin + strlen(LINE) + 1;
    if (limit < end || strncasecmp(begin, LINE, strlen(LINE)) != 0) {
        return 0;
    }
    if (end[-1] <= 0 || end[-1] == '"' || is_line_end(end[-1])) {
        return 0;
    }
    if (end < limit && !is_line_end(*end)) {
        return 0;
    }
    end += *end == '\r';
    end += *end == '\n';
    return (apr_size_t)(end - begin);
}

char crm_csv_delimiter(const char *begin, const char *limit, apr_size_t *ret_line)
{
    int counts[sizeof(USUAL)] = {0}; /* the last one is of what is none */
    int is_quoted = 0;
    int is_cell_begin = 1;
    *ret_line = named(begin, limit);
    if (*ret_line > 0) {
        return begin[strlen(LINE)];
    }
    while (begin < limit && is_line_end(*begin)) {
        begin++;
    }
    for (; begin < limit && (is_quoted || !is_line_end(*begin)); begin++) {
        const char *usual = *begin ? strchr(USUAL, *begin) : NULL;
        /* the second one of a doubled quote opens again what the first one closed */
        is_quoted ^= *begin == '"' && (is_quoted || is_cell_begin || begin[-1] == '"');
        is_cell_begin = usual != NULL;
        counts[usual && !is_quoted ? usual - USUAL : (int)strlen(USUAL)]++;
    }
    int most = 0;
    for (int i = 1; i < (int)strlen(USUAL); i++) {
        most = counts[i] > counts[most] ? i : most;
    }
    return USUAL[most];
}
