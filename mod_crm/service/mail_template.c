/* service/mail_template.c - what mails say: text files, one folder a language. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/text.h"
#include "service/mail_template.h"

#define SUBJECT "Subject: "
#define SIZE_MAX_BYTES (64 << 10)

static const char *path_of(apr_pool_t *pool, const char *dir, const char *language,
                           const char *name)
{
    return apr_pstrcat(pool, dir, "/", language, "/", name, ".txt", NULL);
}

static crm_error_t *fault(apr_pool_t *pool, const char *path, const char *what)
{
    return crm_error_make(pool, CRM_E_INTERNAL, "the template %s %s", path, what);
}

int crm_mail_is_language(const char *text)
{
    apr_size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    return (letters == 2 || letters == 3) && !text[letters];
}

static int is_there(apr_pool_t *pool, const char *path)
{
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE, pool);
    return (status == APR_SUCCESS || status == APR_INCOMPLETE) && info.filetype == APR_REG;
}

const char *crm_mail_language(apr_pool_t *pool, const char *dir, const char *name,
                              const char *languages)
{
    while (languages && *languages) {
        apr_size_t size = strcspn(languages, " ");
        const char *language = apr_pstrmemdup(pool, languages, size);
        if (crm_mail_is_language(language) && is_there(pool, path_of(pool, dir, language, name))) {
            return language;
        }
        languages += size;
        languages += *languages == ' ';
    }
    return CRM_MAIL_LANGUAGE;
}

static crm_error_t *read_file(apr_pool_t *pool, const char *path, const char **ret_text)
{
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, 0, pool);
    if (status != APR_SUCCESS) {
        return crm_error_system(pool, status, "the template %s cannot be read", path);
    }
    char *text = apr_palloc(pool, SIZE_MAX_BYTES + 1);
    apr_size_t size = 0;
    status = apr_file_read_full(file, text, SIZE_MAX_BYTES, &size);
    apr_file_close(file);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
        return crm_error_system(pool, status, "the template %s cannot be read", path);
    }
    text[size] = '\0';
    if (size == SIZE_MAX_BYTES || !crm_text_valid(text, size)) {
        return fault(pool, path, "is no text in UTF-8 below 64 KiB");
    }
    *ret_text = text;
    return NULL;
}

static const char *value_of(const crm_mail_variable_t *variables, const char *name, apr_size_t size)
{
    for (; variables->name; variables++) {
        if (strlen(variables->name) == size && strncmp(variables->name, name, size) == 0) {
            return variables->value;
        }
    }
    return NULL;
}

/* TEXT with its variables filled in; NULL, with the unknown one in *RET_WRONG. */
static const char *fill(apr_pool_t *pool, const char *text, const crm_mail_variable_t *variables,
                        const char **ret_wrong)
{
    const char *filled = "", *open;
    while ((open = strstr(text, "{{"))) {
        const char *name = open + 2;
        apr_size_t size = strcspn(name, "}\n");
        const char *value =
            strncmp(name + size, "}}", 2) == 0 ? value_of(variables, name, size) : NULL;
        if (!value) {
            *ret_wrong = apr_pstrmemdup(pool, name, size);
            return NULL;
        }
        filled = apr_pstrcat(pool, filled, apr_pstrmemdup(pool, text, (apr_size_t)(open - text)),
                             value, NULL);
        text = name + size + 2;
    }
    return apr_pstrcat(pool, filled, text, NULL);
}

crm_error_t *crm_mail_fill(apr_pool_t *pool, const char *dir, const char *language,
                           const char *name, const crm_mail_variable_t *variables,
                           const char **ret_subject, const char **ret_text)
{
    const char *path = path_of(pool, dir, language, name);
    const char *text, *wrong = NULL;
    CRM_ERR(read_file(pool, path, &text));
    apr_size_t line = strcspn(text, "\n"), head = sizeof(SUBJECT) - 1;
    if (strncmp(text, SUBJECT, head) != 0 || line == head || text[line] != '\n' ||
        text[line + 1] != '\n') {
        return fault(pool, path, "must begin with \"" SUBJECT "...\" and an empty line");
    }
    const char *subject =
        fill(pool, apr_pstrmemdup(pool, text + head, line - head), variables, &wrong);
    const char *body = wrong ? NULL : fill(pool, text + line + 2, variables, &wrong);
    if (wrong) {
        return fault(pool, path, apr_psprintf(pool, "has an unknown variable {{%s}}", wrong));
    }
    *ret_subject = subject;
    *ret_text = body;
    return NULL;
}
