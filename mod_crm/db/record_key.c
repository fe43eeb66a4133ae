/* db/record_key.c - what is asked of a record's values before they are written: whether keys fit
 * their columns, and whether a database that is a version behind takes them.
 */
#include <string.h>

#include "base/text.h"
#include "db/record.h"
#include "db/since.h"

/* Code points that one folds to at most (U+FDFA, by NFKD): a shorter text needs no counting. */
#define MOST_FOLDED 18

int crm_record_has_new(apr_pool_t *pool, const crm_entity_t *entity, const crm_value_t *values)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->since && field->column &&
            !crm_since_is_absent(pool, field, values[field - entity->fields])) {
            return 1;
        }
    }
    return 0;
}

crm_error_t *crm_record_check_keys(apr_pool_t *pool, const crm_entity_t *entity,
                                   const crm_value_t *values)
{
    crm_error_t *error = NULL;

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        crm_value_t value = values[field - entity->fields];
        if ((field->flags & CRM_F_FOLDED) && field->column && value.kind == CRM_V_TEXT &&
            strlen(value.as.text) > CRM_KEY_LENGTH / MOST_FOLDED &&
            crm_text_length(crm_text_fold(pool, value.as.text)) > CRM_KEY_LENGTH) {
            crm_error_add(pool, &error, field->name,
                          "Ensure this field has no more than %d characters when it is compared.",
                          CRM_KEY_LENGTH);
        }
    }
    return error;
}
