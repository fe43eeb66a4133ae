/* crmctl/output.c - what commands print: tables for people, JSON for programs. */
#include "crmctl/output.h"

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"

crm_error_t *crm_output_json(apr_pool_t *pool, json_t *json)
{
    if (!json) {
        return crm_error_make(pool, CRM_E_INTERNAL, "Out of memory.");
    }
    crm_json_own(pool, json);
    if (json_dumpf(json, stdout, JSON_INDENT(2)) || putchar('\n') == EOF) {
        return crm_error_make(pool, CRM_E_INTERNAL, "Standard output cannot be written.");
    }
    return NULL;
}

/* The widest cell of COLUMN. */
static apr_size_t column_width(const apr_array_header_t *rows, int column)
{
    apr_size_t width = 0;
    for (int i = 0; i < rows->nelts; i++) {
        apr_size_t length = crm_text_length(APR_ARRAY_IDX(rows, i, const char *const *)[column]);
        width = length > width ? length : width;
    }
    return width;
}

void crm_output_table(const apr_array_header_t *rows, int columns)
{
    apr_size_t *widths = apr_palloc(rows->pool, (apr_size_t)columns * sizeof(*widths));
    for (int column = 0; column < columns; column++) {
        widths[column] = column_width(rows, column);
    }
    for (int i = 0; i < rows->nelts; i++) {
        const char *const *cells = APR_ARRAY_IDX(rows, i, const char *const *);
        for (int column = 0; column < columns; column++) {
            if (column + 1 == columns) {
                printf("%s\n", cells[column]);
            } else {
                printf("%s%*s  ", cells[column],
                       (int)(widths[column] - crm_text_length(cells[column])), "");
            }
        }
    }
}
