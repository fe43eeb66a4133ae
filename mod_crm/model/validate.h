/* model/validate.h - a JSON object becomes values of fields, or an error that names every fault.
 *
 * Messages are DRF's. Unknown names are ignored, as DRF does; so are read-only fields.
 */
#ifndef CRM_MODEL_VALIDATE_H
#define CRM_MODEL_VALIDATE_H

#include "model/field.h"

typedef struct crm_values_t {
    const crm_field_t *fields; /* ends with name NULL */
    crm_value_t *values;       /* one a field, in its order */
    char *present;             /* 1 where the client sent it */
} crm_values_t;

/* BODY (an object; anything else is INVALID "Invalid data. Expected a dictionary, but got X.")
 * against FIELDS; NULL is an empty object. PARTIAL (PATCH): nothing is required. All faults are in
 * one error. Values borrow from BODY. */
crm_error_t *crm_validate(apr_pool_t *pool, const crm_field_t *fields, const json_t *body,
                          int partial, crm_values_t **ret_values);

/* TEXT, a cell of a table, which is not blank, as a value of FIELD, with the same checks: INVALID
 * on FIELD. A choice may be written as its label, and its case, spaces, dashes and underscores do
 * not matter. The value borrows from TEXT. */
crm_error_t *crm_validate_cell(apr_pool_t *pool, const crm_field_t *field, const char *text,
                               crm_value_t *ret_value);

/* The value of a field by name (CRM_V_NULL when absent), and whether it was sent. A name that is no
 * field is a programming error: abort(). */
crm_value_t crm_values_get(const crm_values_t *values, const char *name);
const char *crm_values_text(const crm_values_t *values, const char *name); /* or NULL */
int crm_values_sent(const crm_values_t *values, const char *name);

#endif
