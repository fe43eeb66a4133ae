/* db/sql.c - translation of SQL text: values, words, percent signs. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "db/sql.h"

/* How deep {since} may stand in {since}. */
#define DEEPEST 4

typedef struct output_t {
    apr_pool_t *pool;
    const crm_driver_t *driver;
    int version;
    char *text, *at;
    apr_size_t room;
    int depth;               /* of {since} */
    char shown[DEEPEST + 1]; /* whether what stands at each depth is a part of the text */
    int needs;
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

static int is_shown(const output_t *output)
{
    return output->shown[output->depth];
}

static void put(output_t *output, const char *text, apr_size_t size)
{
    if (!is_shown(output)) {
        return;
    }
    apr_size_t used = (apr_size_t)(output->at - output->text);
    if (used + size + 1 > output->room) {
        output->room = (used + size + 1) * 2;
        char *larger = apr_palloc(output->pool, output->room);
        memcpy(larger, output->text, used);
        output->text = larger;
        output->at = larger + used;
    }
    memcpy(output->at, text, size);
    output->at += size;
}

static void put_text(output_t *output, const char *text)
{
    put(output, text, strlen(text));
}

/* {since N} what newer schemas have {else} what stands for it in older ones {end}; {needs N}:
 * nothing does. 0: it is no such word, or stands where it must not. */
static int put_version(output_t *output, const char *word)
{
    int shown = is_shown(output);
    if (strncmp(word, "since ", 6) == 0 && output->depth < DEEPEST) {
        output->shown[++output->depth] = shown && output->version >= atoi(word + 6);
    } else if (strcmp(word, "else") == 0 && output->depth > 0) {
        output->shown[output->depth] = !shown && output->shown[output->depth - 1];
    } else if (strcmp(word, "end") == 0 && output->depth > 0) {
        output->depth--;
    } else if (strncmp(word, "needs ", 6) == 0) {
        int needs = shown ? atoi(word + 6) : 0;
        output->needs = needs > output->needs ? needs : output->needs;
    } else {
        return 0;
    }
    return 1;
}

/* Replaces the word between '{' and '}'. 0: there is no such word. */
static int put_word(output_t *output, const char *word)
{
    const crm_driver_t *driver = output->driver;
    if (strcmp(word, "for update") == 0) {
        put_text(output, driver->for_update);
    } else if (strcmp(word, "insert ignore") == 0) {
        put_text(output, driver->insert_ignore);
    } else if (strncmp(word, "upsert ", 7) == 0) {
        put_text(output, driver->upsert_before);
        put_text(output, driver->upsert_keys ? word + 7 : "");
        put_text(output, driver->upsert_after);
    } else if (strcmp(word, "for share") == 0) {
        put_text(output, driver->for_share);
    } else if (strcmp(word, "then join") == 0) {
        put_text(output, driver->then_join);
    } else if (strcmp(word, "slot") == 0) {
        put_text(output, driver->slot);
    } else if (strcmp(word, CRM_INDEX_ONLY) == 0) {
        return 1; /* tells db/statement.c alone */
    } else if (strncmp(word, "new ", 4) == 0) {
        put_text(output, driver->new_before);
        put_text(output, word + 4);
        put_text(output, driver->new_after);
    } else {
        return put_version(output, word);
    }
    return 1;
}

/* What stands at *AT, a '?' being value USED; moves *AT to its last byte. 0: it is wrong. */
static int put_next(output_t *output, const crm_sql_t *sql, int formats, char *quote,
                    const char **at, int *used, char *kept)
{
    const char *end = !*quote && **at == '{' ? strchr(*at, '}') : NULL;
    if (**at == '%') {
        put_text(output, formats ? "%%" : "%");
    } else if (!*quote && **at == '?') {
        int is_one = *used < sql->nargs;
        put_text(output, formats && is_one ? placeholder(&sql->args[*used]) : "?");
        if (is_one) {
            kept[*used] = (char)is_shown(output);
        }
        ++*used;
    } else if (end) {
        const char *word = apr_pstrmemdup(output->pool, *at + 1, (apr_size_t)(end - *at - 1));
        if (!put_word(output, word)) {
            return 0;
        }
        *at = end;
    } else {
        *quote =
            *quote ? (char)(**at == *quote ? 0 : *quote) : (char)(strchr("'\"`", **at) ? **at : 0);
        put(output, *at, 1);
    }
    return 1;
}

/* FORMATS: in apr_dbd's format, with those of the values; else as the database has it. */
static crm_sql_form_t translate(output_t *output, const crm_sql_t *sql, int formats)
{
    char *kept = apr_pcalloc(output->pool, (apr_size_t)sql->nargs + 1), quote = 0;
    int used = 0;
    output->room = strlen(sql->text) * 2 + 64;
    output->text = output->at = apr_palloc(output->pool, output->room);
    output->shown[0] = 1;
    for (const char *at = sql->text; *at; at++) {
        if (!put_next(output, sql, formats, &quote, &at, &used, kept)) {
            return (crm_sql_form_t){
                .wrong = apr_psprintf(output->pool, "unknown or misplaced word at %.30s", at)};
        }
    }
    if (used != sql->nargs || output->depth) {
        return (crm_sql_form_t){.wrong =
                                    apr_psprintf(output->pool, "%d values for %d '?'%s", sql->nargs,
                                                 used, output->depth ? ", and no {end}" : "")};
    }
    *output->at = '\0';
    if (output->needs > output->version) {
        return (crm_sql_form_t){.wrong = "the schema is too old", .needs = output->needs};
    }
    return (crm_sql_form_t){.text = output->text, .kept = kept};
}

crm_sql_form_t crm_sql_translate(apr_pool_t *pool, const crm_driver_t *driver, int version,
                                 const crm_sql_t *sql)
{
    output_t output = {.pool = pool, .driver = driver, .version = version};
    return translate(&output, sql, 1);
}

const char *crm_sql_text(apr_pool_t *pool, const crm_driver_t *driver, int version,
                         const crm_sql_t *sql)
{
    output_t output = {.pool = pool, .driver = driver, .version = version};
    return translate(&output, sql, 0).text;
}
