/* db/record_find.c - reads stored records to be changed, and locks them. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "db/record.h"
#include "db/since.h"

/* Places of an IN: few different numbers, so that each statement stays prepared. */
#define MOST_PLACES 512

static int is_by_unique(const crm_record_find_t *find)
{
    return (find->field->flags & CRM_F_UNIQUE) != 0;
}

static int is_read(const crm_record_find_t *find, const crm_field_t *field)
{
    return !find->only_active || field == find->field ||
           strcmp(field->name, find->entity->id) == 0 || strcmp(field->name, "is_active") == 0;
}

static const char *select_text(apr_pool_t *pool, const crm_record_find_t *find, int places)
{
    const crm_entity_t *entity = find->entity;
    apr_array_header_t *text = apr_array_make(pool, 64, sizeof(const char *));

    APR_ARRAY_PUSH(text, const char *) = "SELECT ";
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column && is_read(find, field)) {
            APR_ARRAY_PUSH(text, const char *) = crm_since_begin(pool, field->since);
            APR_ARRAY_PUSH(text, const char *) = "`";
            APR_ARRAY_PUSH(text, const char *) = field->column;
            APR_ARRAY_PUSH(text, const char *) = "`";
            APR_ARRAY_PUSH(text, const char *) = crm_since_else(pool, field, 0);
            APR_ARRAY_PUSH(text, const char *) = ", ";
        } else if (field->column) {
            APR_ARRAY_PUSH(text, const char *) = "NULL, ";
        }
    }
    APR_ARRAY_PUSH(text, const char *) =
        apr_pstrcat(pool, crm_since_needs(pool, entity->since), "version, deleted_at FROM `",
                    entity->table, "` WHERE ", crm_since_begin(pool, find->field->since), "`",
                    find->field->column, is_by_unique(find) ? "_unique`" : "`",
                    find->field->since ? "{else}NULL{end} IN (?" : " IN (?", NULL);
    for (int i = 1; i < places; i++) {
        APR_ARRAY_PUSH(text, const char *) = ", ?";
    }
    APR_ARRAY_PUSH(text, const char *) = find->deleted ? ") " : ") AND deleted_at IS NULL ";
    APR_ARRAY_PUSH(text, const char *) = find->lock;
    return apr_array_pstrcat(pool, text, 0);
}

static const char *select_types(apr_pool_t *pool, const crm_entity_t *entity)
{
    char *types = apr_palloc(pool, (apr_size_t)crm_entity_count(entity) + 3), *at = types;

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column) {
            *at++ = crm_type(field->type)->letter;
        }
    }
    *at++ = 'i';
    *at++ = 't';
    *at = '\0';
    return types;
}

/* The values, folded where they are compared so; the last one stands in all places left over. */
static const crm_value_t *arguments(apr_pool_t *pool, const crm_record_find_t *find, int places)
{
    crm_value_t *args = apr_palloc(pool, (apr_size_t)places * sizeof(*args));

    for (int i = 0; i < places; i++) {
        args[i] = find->values[i < find->count ? i : find->count - 1];
        if (is_by_unique(find)) {
            args[i] = crm_text(crm_text_fold(pool, args[i].as.text));
        }
    }
    return args;
}

crm_error_t *crm_record_find(const crm_db_t *db, apr_pool_t *pool, const crm_record_find_t *find,
                             const crm_rows_t **ret_rows)
{
    int places = 1;

    while (places < find->count && places < MOST_PLACES) {
        places *= 8;
    }
    if (find->count > places) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                               "%d values are too many to look up at once", find->count);
    }
    return crm_db_select(db, pool, select_text(pool, find, places),
                         select_types(pool, find->entity), arguments(pool, find, places), places,
                         ret_rows);
}

const crm_value_t *crm_record_found(apr_pool_t *pool, const crm_entity_t *entity,
                                    const crm_value_t *row, apr_int64_t *ret_version,
                                    int *ret_deleted)
{
    crm_value_t *values =
        apr_palloc(pool, ((apr_size_t)crm_entity_count(entity) + 1) * sizeof(*values));

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        values[field - entity->fields] = field->column ? *row++ : crm_null();
    }
    *ret_version = row[0].as.integer;
    *ret_deleted = !crm_is_null(row[1]);
    return values;
}
