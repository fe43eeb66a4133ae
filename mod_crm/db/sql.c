/* db/sql.c - translation of SQL text: values, words, percent signs. */
#include <string.h>

#include <apr_strings.h>

#include "db/sql.h"

typedef struct output_t {
    char *text, *at;
    apr_size_t room;
} output_t;

static const char value_formats[] = {
    [CRM_V_NULL] = 0,      [CRM_V_TEXT] = 's', [CRM_V_INTEGER] = 'l', [CRM_V_REAL] = 'f',
    [CRM_V_BOOLEAN] = 'l', [CRM_V_TIME] = 's', [CRM_V_UUID] = 'b',    [CRM_V_BYTES] = 'b',
};

char crm_sql_format(const crm_value_t *value)
{
    return value_formats[value->kind];
}

char crm_sql_prepared_format(const crm_value_t *value)
{
    char format = value_formats[value->kind == CRM_V_NULL ? value->size : value->kind];
    return format ? format : 's';
}

static const char *placeholder(const crm_value_t *value)
{
    switch (crm_sql_prepared_format(value)) {
    case 'l':
        return "%lld";
    case 'f':
        return "%lf";
    case 'b':
        return "%pDb";
    default:
        return "%s";
    }
}

static void put(output_t *output, apr_pool_t *pool, const char *text, apr_size_t size)
{
    apr_size_t used = (apr_size_t)(output->at - output->text);
    if (used + size + 1 > output->room) {
        output->room = (used + size + 1) * 2;
        char *larger = apr_palloc(pool, output->room);
        memcpy(larger, output->text, used);
        output->text = larger;
        output->at = larger + used;
    }
    memcpy(output->at, text, size);
    output->at += size;
}

static void put_text(output_t *output, apr_pool_t *pool, const char *text)
{
    put(output, pool, text, strlen(text));
}

/* Replaces the word between '{' and '}'. 0: there is no such word. */
static int put_word(output_t *output, apr_pool_t *pool, const crm_driver_t *driver,
                    const char *word)
{
    if (strcmp(word, "for update") == 0) {
        put_text(output, pool, driver->for_update);
    } else if (strcmp(word, "insert ignore") == 0) {
        put_text(output, pool, driver->insert_ignore);
    } else if (strncmp(word, "upsert ", 7) == 0) {
        put_text(output, pool, driver->upsert_before);
        put_text(output, pool, driver->upsert_keys ? word + 7 : "");
        put_text(output, pool, driver->upsert_after);
    } else if (strcmp(word, "for share") == 0) {
        put_text(output, pool, driver->for_share);
    } else if (strcmp(word, "then join") == 0) {
        put_text(output, pool, driver->then_join);
    } else if (strcmp(word, "slot") == 0) {
        put_text(output, pool, driver->slot);
    } else if (strcmp(word, CRM_INDEX_ONLY) == 0) {
        return 1; /* tells db/statement.c alone */
    } else if (strncmp(word, "new ", 4) == 0) {
        put_text(output, pool, driver->new_before);
        put_text(output, pool, word + 4);
        put_text(output, pool, driver->new_after);
    } else {
        return 0;
    }
    return 1;
}

/* FORMATS: in apr_dbd's format, with those of the values; else as the database has it. */
static const char *translate(apr_pool_t *pool, const crm_driver_t *driver, const crm_sql_t *sql,
                             int formats, const char **ret_wrong)
{
    output_t output = {.room = strlen(sql->text) * 2 + 64};
    output.text = output.at = apr_palloc(pool, output.room);
    char quote = 0;
    int used = 0;
    for (const char *at = sql->text; *at; at++) {
        const char *end = !quote && *at == '{' ? strchr(at, '}') : NULL;
        if (*at == '%') {
            put_text(&output, pool, formats ? "%%" : "%");
        } else if (!quote && *at == '?') {
            int is_one = formats && used < sql->nargs;
            put_text(&output, pool, is_one ? placeholder(&sql->args[used]) : "?");
            used++;
        } else if (end) {
            const char *word = apr_pstrmemdup(pool, at + 1, (apr_size_t)(end - at - 1));
            if (!put_word(&output, pool, driver, word)) {
                *ret_wrong = apr_psprintf(pool, "unknown word {%s}", word);
                return NULL;
            }
            at = end;
        } else {
            quote = quote ? (*at == quote ? 0 : quote) : (strchr("'\"`", *at) ? *at : 0);
            put(&output, pool, at, 1);
        }
    }
    if (used != sql->nargs) {
        *ret_wrong = apr_psprintf(pool, "%d values for %d '?'", sql->nargs, used);
        return NULL;
    }
    *output.at = '\0';
    return output.text;
}

const char *crm_sql_translate(apr_pool_t *pool, const crm_driver_t *driver, const crm_sql_t *sql,
                              const char **ret_wrong)
{
    return translate(pool, driver, sql, 1, ret_wrong);
}

const char *crm_sql_text(apr_pool_t *pool, const crm_driver_t *driver, const crm_sql_t *sql)
{
    const char *wrong;

    return translate(pool, driver, sql, 0, &wrong);
}
