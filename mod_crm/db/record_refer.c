/* db/record_refer.c - a reference of a record that was taken over is set when all records are
 * there.
 */
#include <apr_strings.h>

#include "db/record.h"

void crm_record_sql_refer(apr_array_header_t *statements, const crm_entity_t *entity,
                          const crm_value_t *values, const crm_field_t *field)
{
    apr_pool_t *pool = statements->pool;
    crm_value_t *args = apr_palloc(pool, 2 * sizeof(*args));

    args[0] = values[field - entity->fields];
    args[1] = values[crm_entity_position(entity, entity->id)];
    APR_ARRAY_PUSH(statements, crm_sql_t) = (crm_sql_t){
        .text = apr_pstrcat(pool, "UPDATE `", entity->table, "` SET `", field->column,
                            "` = ? WHERE id = ?", NULL),
        .args = args,
        .nargs = 2,
    };
}
