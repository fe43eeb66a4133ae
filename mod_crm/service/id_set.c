/* service/id_set.c - sets of ids: parsed, shown, read, checked, stored. */
#include <stdlib.h>

#include "base/json.h"
#include "service/id_set.h"

static int compare(const void *left, const void *right)
{
    apr_int64_t a = *(const apr_int64_t *)left, b = *(const apr_int64_t *)right;
    return (a > b) - (a < b);
}

crm_id_set_t crm_id_set_parse(apr_pool_t *pool, const char *text)
{
    json_t *item, *json = crm_json_own(pool, json_loads(text, 0, NULL));
    size_t i, size = json_array_size(json);
    apr_int64_t *ids = apr_palloc(pool, (size + 1) * sizeof(*ids));
    int count = 0;
    json_array_foreach(json, i, item)
    {
        ids[i] = json_integer_value(item);
    }
    qsort(ids, size, sizeof(*ids), compare);
    for (i = 0; i < size; i++) {
        if (i == 0 || ids[i] != ids[count - 1]) {
            ids[count++] = ids[i];
        }
    }
    return (crm_id_set_t){.ids = ids, .count = count};
}

json_t *crm_id_set_json(const crm_id_set_t *set)
{
    json_t *json = json_array();
    for (int i = 0; i < set->count; i++) {
        json_array_append_new(json, json_integer(set->ids[i]));
    }
    return json;
}

int crm_id_set_has(const crm_id_set_t *set, apr_int64_t id)
{
    return bsearch(&id, set->ids, (size_t)set->count, sizeof(id), compare) != NULL;
}

static crm_id_set_t set_of(apr_pool_t *pool, const crm_rows_t *rows)
{
    apr_int64_t *ids = apr_palloc(pool, ((apr_size_t)rows->count + 1) * sizeof(*ids));
    for (int i = 0; i < rows->count; i++) {
        ids[i] = crm_row(rows, i)[0].as.integer;
    }
    return (crm_id_set_t){.ids = ids, .count = rows->count};
}

crm_error_t *crm_id_set_read(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                             apr_int64_t owner, crm_id_set_t *ret_set)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, sql, "i", CRM_ARGS(crm_int(owner)), &rows));
    *ret_set = set_of(pool, rows);
    return NULL;
}

crm_error_t *crm_id_set_check(const crm_db_t *db, apr_pool_t *pool, const char *sql,
                              const char *field, const crm_id_set_t *set, crm_error_t **invalid)
{
    const crm_rows_t *rows;
    if (set->count == 0) {
        return NULL;
    }
    CRM_ERR(crm_db_select(db, pool, sql, "i", CRM_NO_ARGS, &rows));
    crm_id_set_t known = set_of(pool, rows);
    for (int i = 0; i < set->count; i++) {
        if (!crm_id_set_has(&known, set->ids[i])) {
            crm_error_add(pool, invalid, field,
                          "Invalid pk \"%" APR_INT64_T_FMT "\" - object does not exist.",
                          set->ids[i]);
            break;
        }
    }
    return NULL;
}

crm_error_t *crm_id_set_store(const crm_db_t *db, apr_pool_t *pool, const crm_links_t *links,
                              apr_int64_t owner, const crm_id_set_t *set)
{
    apr_size_t count = (apr_size_t)set->count;
    crm_value_t *values = apr_palloc(pool, (2 * count + 1) * sizeof(*values));
    for (apr_size_t i = 0; i < count; i++) {
        values[2 * i] = crm_int(owner);
        values[2 * i + 1] = crm_int(set->ids[i]);
    }
    CRM_ERR(crm_db_execute(db, pool, links->remove, CRM_ARGS(crm_int(owner)), NULL));
    return crm_bulk_insert(db, pool, &links->insert, values, set->count);
}
