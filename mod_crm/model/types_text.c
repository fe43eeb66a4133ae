/* model/types_text.c - readers of free text, e-mail addresses, passwords and choices. */

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/text.h"
#include "model/email.h"
#include "model/types.h"

#define MAX_QUOTED 256 /* bytes of a wrong choice that its message repeats */

int crm_read_string(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                    crm_value_t *ret_value, crm_error_t **error)
{
    const char *text = crm_type_text(pool, field, json);

    if (!text) {
        return crm_type_refuse(pool, field, error);
    }
    if (crm_type_has_nul(json)) {
        crm_error_add(pool, error, field->name, "Null characters are not allowed.");
        return 0;
    }
    return crm_type(field->type)->read_text(pool, field, text, ret_value, error);
}

int crm_read_text_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                       crm_value_t *ret_value, crm_error_t **error)
{
    (void)field;
    (void)error;
    *ret_value = crm_text(crm_text_trim(pool, text));
    return 1;
}

int crm_read_password_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                           crm_value_t *ret_value, crm_error_t **error)
{
    (void)field;
    (void)error;
    *ret_value = crm_text(apr_pstrdup(pool, text));
    return 1;
}

int crm_read_email_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                        crm_value_t *ret_value, crm_error_t **error)
{
    const char *address = crm_text_trim(pool, text);

    if (!crm_email_valid(address)) {
        crm_error_add(pool, error, field->name, "Enter a valid email address.");
        return 0;
    }
    *ret_value = crm_text(address);
    return 1;
}

/* What Django's URLValidator wants first: a scheme it knows and a host without white space. */
int crm_read_url_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                      crm_value_t *ret_value, crm_error_t **error)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://", "ftps://", NULL};
    const char *url = crm_text_trim(pool, text);

    for (const char *const *scheme = schemes; *scheme; scheme++) {
        apr_size_t length = strlen(*scheme);
        if (strncasecmp(url, *scheme, length) == 0 && strcspn(url + length, "/?#") > 0 &&
            !strpbrk(url, " \t\r\n<>\"")) {
            *ret_value = crm_text(url);
            return 1;
        }
    }
    crm_error_add(pool, error, field->name, "Enter a valid URL.");
    return 0;
}

int crm_read_choice_text(apr_pool_t *pool, const crm_field_t *field, const char *text,
                         crm_value_t *ret_value, crm_error_t **error)
{
    for (const crm_choice_t *choice = field->choices; choice && choice->value; choice++) {
        if (strcmp(choice->value, text) == 0) {
            *ret_value = crm_text(choice->value);
            return 1;
        }
    }
    if (!*text && (field->flags & CRM_F_BLANK)) {
        *ret_value = crm_text("");
        return 1;
    }
    crm_error_add(pool, error, field->name, "\"%s\" is not a valid choice.",
                  crm_text_cut(pool, text, MAX_QUOTED));
    return 0;
}

int crm_read_choice(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                    crm_value_t *ret_value, crm_error_t **error)
{
    const char *text = crm_type_text(pool, field, json);

    if (json_is_boolean(json)) {
        text = json_is_true(json) ? "True" : "False";
    } else if (!text) {
        text = crm_json_text(pool, json, NULL);
    }
    if (crm_type_has_nul(json)) {
        crm_error_add(pool, error, field->name, "\"%s\" is not a valid choice.",
                      crm_text_cut(pool, text, MAX_QUOTED));
        return 0;
    }
    return crm_read_choice_text(pool, field, text, ret_value, error);
}
