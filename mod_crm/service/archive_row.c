/* service/archive_row.c - a row of a table as a line of JSON, and back. */
#include <string.h>

#include <apr_escape.h>

#include "base/json.h"
#include "base/time.h"
#include "service/archive.h"

static json_t *cell_json(apr_pool_t *pool, const crm_value_t *cell)
{
    switch (cell->kind) {
    case CRM_V_TEXT:
        return json_string(cell->as.text);
    case CRM_V_TIME:
        return json_string(crm_time_sql(pool, cell->as.time));
    case CRM_V_INTEGER:
    case CRM_V_BOOLEAN:
        return json_integer(cell->as.integer);
    case CRM_V_REAL:
        return json_real(cell->as.real);
    case CRM_V_UUID:
        return json_string(apr_pescape_hex(pool, cell->as.uuid, sizeof(crm_uuid_t), 0));
    case CRM_V_BYTES:
        /* no bytes: apr_pescape_hex would give none at all */
        return json_string(cell->size ? apr_pescape_hex(pool, cell->as.bytes, cell->size, 0) : "");
    case CRM_V_NULL:
        break;
    }
    return json_null();
}

crm_error_t *crm_archive_encode(apr_pool_t *pool, const crm_table_t *table, const crm_value_t *row,
                                const char **ret_line, apr_size_t *ret_size)
{
    json_t *line = crm_json_own(pool, json_array());
    for (int i = 0; i < table->ncolumns; i++) {
        json_t *cell = cell_json(pool, &row[i]);
        if (!cell || json_array_append_new(line, cell) != 0) {
            return crm_error_make(pool, CRM_E_INTERNAL,
                                  "Column %s of table %s holds what is neither UTF-8 nor a number.",
                                  table->columns[i].name, table->name);
        }
    }
    *ret_line = crm_json_text(pool, line, ret_size);
    return NULL;
}

/* What a column of that letter holds as JSON, as a value. 0: it cannot be. */
static int value_of(apr_pool_t *pool, char type, const json_t *json, crm_value_t *ret_value)
{
    static const crm_value_kind_e kinds[] = {
        ['i'] = CRM_V_INTEGER, ['f'] = CRM_V_REAL, ['x'] = CRM_V_BYTES, ['z'] = CRM_V_NULL};
    apr_size_t size;
    if (json_is_null(json)) {
        crm_value_kind_e kind = kinds[(unsigned char)type];
        *ret_value = crm_null_of(kind == CRM_V_NULL ? CRM_V_TEXT : kind);
    } else if (type == 'i' && json_is_integer(json)) {
        *ret_value = crm_int(json_integer_value(json));
    } else if (type == 'f' && json_is_number(json)) {
        *ret_value = crm_real(json_number_value(json));
    } else if (type == 'x' && json_is_string(json)) {
        const char *hex = json_string_value(json);
        const char *bytes = *hex ? apr_punescape_hex(pool, hex, 0, &size) : "";
        if (!bytes) {
            return 0;
        }
        *ret_value = crm_bytes(bytes, *hex ? size : 0);
    } else if ((type == 'l' || type == 't') && json_is_string(json)) {
        *ret_value = crm_text(json_string_value(json));
        ret_value->size = json_string_length(json);
    } else {
        return 0;
    }
    return 1;
}

crm_error_t *crm_archive_decode(apr_pool_t *pool, const crm_table_t *table, const char *line,
                                apr_size_t size, const crm_value_t **ret_row)
{
    json_t *json;
    CRM_ERR(crm_json_parse(pool, line, size, &json));
    crm_value_t *row = apr_palloc(pool, sizeof(*row) * (apr_size_t)(table->ncolumns + 1));
    int fits = json_is_array(json) && json_array_size(json) == (size_t)table->ncolumns;
    for (int i = 0; fits && i < table->ncolumns; i++) {
        fits = value_of(pool, table->columns[i].type, json_array_get(json, (size_t)i), &row[i]);
    }
    if (!fits) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST, "A row of table %s is not like its columns.",
                              table->name);
    }
    *ret_row = row;
    return NULL;
}
