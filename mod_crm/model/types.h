/* model/types.h - what the readers of types and the validation of bodies share.
 *
 * Inside model/ only: everybody else uses model/field.h and model/validate.h.
 */
#ifndef CRM_MODEL_TYPES_H
#define CRM_MODEL_TYPES_H

#include "model/field.h"

/* Lengths and blankness are checked for values that are free text, not for choices. */
int crm_type_is_text(crm_type_e type);

/* JSON as the text that DRF's CharField makes of it: a string (trimmed, but for passwords and
 * choices) or a number as Python writes it. NULL for anything else. A string that holds a NUL is
 * cut there: the reader of the type refuses it. */
const char *crm_type_text(apr_pool_t *pool, const crm_field_t *field, const json_t *json);

/* 1 when JSON is a string with a NUL in it. */
int crm_type_has_nul(const json_t *json);

/* The name Python has for the type of JSON: "dict", "list", "str", "int", "float", "bool",
 * "NoneType". */
const char *crm_type_python_name(const json_t *json);

/* Adds what is said of a value that is none of FIELD's type; gives 0. */
int crm_type_refuse(apr_pool_t *pool, const crm_field_t *field, crm_error_t **error);

/* The readers of the rows, as crm_type_t has them. */
typedef int crm_read_fn(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                        crm_value_t *ret_value, crm_error_t **error);
typedef int crm_read_text_fn(apr_pool_t *pool, const crm_field_t *field, const char *text,
                             crm_value_t *ret_value, crm_error_t **error);

/* types_text.c */
crm_read_fn crm_read_string, crm_read_choice;
crm_read_text_fn crm_read_text_text, crm_read_password_text, crm_read_email_text, crm_read_url_text,
    crm_read_choice_text;

/* types_number.c */
crm_read_fn crm_read_integer, crm_read_real, crm_read_boolean;
crm_read_text_fn crm_read_integer_text, crm_read_real_text, crm_read_boolean_text;

/* types_decimal.c: as DRF's DecimalField, with its messages. crm_decimal_text writes UNITS of
 * 10^-SCALE with all digits behind the point: "12.30". */
crm_read_fn crm_read_decimal;
crm_read_text_fn crm_read_decimal_text;
const char *crm_decimal_text(apr_pool_t *pool, apr_int64_t units, int scale);

/* types_other.c */
crm_read_fn crm_read_string_only, crm_read_json, crm_read_integers;
crm_read_text_fn crm_read_time_text, crm_read_date_text, crm_read_uuid_text, crm_read_json_text;

#endif
