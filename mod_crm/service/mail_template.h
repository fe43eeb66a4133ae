/* service/mail_template.h - what mails say: text files, one folder a language.
 *
 * DIR/de/password_reset.txt, UTF-8: "Subject: ..." in the first line, an empty line, the text.
 * {{name}} stands for the variable of that name, in the subject too; a variable's value is never
 * looked at for further ones.
 */
#ifndef CRM_SERVICE_MAIL_TEMPLATE_H
#define CRM_SERVICE_MAIL_TEMPLATE_H

#include <apr_pools.h>

#include "base/error.h"

/* The language that is always there. */
#define CRM_MAIL_LANGUAGE "en"

typedef struct crm_mail_variable_t {
    const char *name, *value;
} crm_mail_variable_t;

/* 1 when TEXT may name a language: two or three small letters (ISO 639). */
int crm_mail_is_language(const char *text);

/* The first of LANGUAGES (separated by spaces, may be NULL) that DIR has template NAME in, else
 * CRM_MAIL_LANGUAGE. */
const char *crm_mail_language(apr_pool_t *pool, const char *dir, const char *name,
                              const char *languages);

/* Reads the template and fills it; VARIABLES end with name NULL. INTERNAL, with the file's name:
 * not there, not of the form above, a variable that is not known. */
crm_error_t *crm_mail_fill(apr_pool_t *pool, const char *dir, const char *language,
                           const char *name, const crm_mail_variable_t *variables,
                           const char **ret_subject, const char **ret_text);

#endif
