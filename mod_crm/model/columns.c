/* model/columns.c - which field each column of a table stands for. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "model/columns.h"

/* 1 when FIELD goes by NAME. */
typedef int goes_by_fn(apr_pool_t *pool, const crm_field_t *field, const char *name);

const char *crm_column_name(apr_pool_t *pool, const char *text)
{
    char *name = apr_pstrdup(pool, crm_text_fold(pool, text)), *to = name;

    for (const char *from = name; *from; from++) {
        if (!strchr(" -_\t\r\n", *from)) {
            *to++ = *from;
        }
    }
    *to = '\0';
    return name;
}

static int same(apr_pool_t *pool, const char *text, const char *name)
{
    return *name && strcmp(crm_column_name(pool, text), name) == 0;
}

static int by_name(apr_pool_t *pool, const crm_field_t *field, const char *name)
{
    return same(pool, field->name, name);
}

static int by_label(apr_pool_t *pool, const crm_field_t *field, const char *name)
{
    return same(pool, crm_field_label(pool, field), name);
}

static int by_alias(apr_pool_t *pool, const crm_field_t *field, const char *name)
{
    const char *const *alias = field->aliases;

    while (alias && *alias && !same(pool, *alias, name)) {
        alias++;
    }
    return alias && *alias;
}

static int is_input(const crm_field_t *field)
{
    return !(field->flags & (CRM_F_READ_ONLY | CRM_F_SECRET)) && crm_type(field->type)->read_text;
}

/* The first column without a field that goes by one of FIELD's names. */
static void match(apr_pool_t *pool, crm_columns_t *columns, const crm_field_t *field,
                  goes_by_fn *goes_by)
{
    for (int i = 0; i < columns->count; i++) {
        if (!columns->fields[i] && i != columns->id && goes_by(pool, field, columns->keys[i])) {
            columns->fields[i] = field;
            return;
        }
    }
}

/* The first column called NAME that stands for no field, or -1. */
static int find_name(const crm_columns_t *columns, const char *name)
{
    for (int i = 0; i < columns->count; i++) {
        if (!columns->fields[i] && strcmp(columns->keys[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

const crm_columns_t *crm_columns_match(apr_pool_t *pool, const crm_entity_t *entity,
                                       const char *const *names, int count)
{
    static goes_by_fn *const ways[] = {by_name, by_label, by_alias, NULL};
    crm_columns_t *columns = apr_palloc(pool, sizeof(*columns));
    const char **keys = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof(*keys));
    apr_pool_t *scratch;

    for (int i = 0; i < count; i++) {
        keys[i] = crm_column_name(pool, names[i]);
    }
    *columns = (crm_columns_t){
        .count = count,
        .names = names,
        .keys = keys,
        .fields = apr_pcalloc(pool, ((apr_size_t)count + 1) * sizeof(crm_field_t *)),
    };
    apr_pool_create(&scratch, pool);
    columns->id = find_name(columns, entity->id);
    for (goes_by_fn *const *way = ways; *way; way++) {
        for (const crm_field_t *field = entity->fields; field->name; field++) {
            if (is_input(field) && crm_columns_find(columns, field) < 0) {
                match(scratch, columns, field, *way);
                apr_pool_clear(scratch);
            }
        }
    }
    columns->error = find_name(columns, "error");
    apr_pool_destroy(scratch);
    return columns;
}

json_t *crm_columns_ignored(const crm_columns_t *columns)
{
    json_t *names = json_array();

    for (int i = 0; i < columns->count; i++) {
        if (!columns->fields[i] && i != columns->id && i != columns->error && *columns->names[i]) {
            json_array_append_new(names, json_string(columns->names[i]));
        }
    }
    return names;
}

int crm_columns_find(const crm_columns_t *columns, const crm_field_t *field)
{
    for (int i = 0; i < columns->count; i++) {
        if (columns->fields[i] == field) {
            return i;
        }
    }
    return -1;
}
