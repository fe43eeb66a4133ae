/* api/conditional.c - entity tags and the conditions on them. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/conditional.h"
#include "base/secret.h"

/* bytes of the hash that a tag shows */
#define TAG_BYTES 8

/* One of a list of tags: what stands between the quotes. */
typedef struct tag_t {
    const char *text;
    apr_size_t size;
    int weak;
} tag_t;

/* Reads the next tag of a list and moves *LIST behind it; 0 at the end, or at what is none. */
static int next_tag(const char **list, tag_t *tag)
{
    const char *at = *list + strspn(*list, " \t,");
    tag->weak = strncmp(at, "W/", 2) == 0;
    at += tag->weak ? 2 : 0;
    const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
    if (!end) {
        return 0;
    }
    tag->text = at + 1;
    tag->size = (apr_size_t)(end - at - 1);
    *list = end + 1;
    return 1;
}

static int is_any(const char *list)
{
    list += strspn(list, " \t");
    return *list == '*' && list[1 + strspn(list + 1, " \t")] == '\0';
}

/* Without what a compressing filter appended. */
static apr_size_t bare_size(const tag_t *tag)
{
    static const char *const suffixes[] = {"-gzip", "-br", "-deflate", NULL};
    for (int i = 0; suffixes[i]; i++) {
        apr_size_t length = strlen(suffixes[i]);
        if (tag->size > length &&
            memcmp(tag->text + tag->size - length, suffixes[i], length) == 0) {
            return tag->size - length;
        }
    }
    return tag->size;
}

const char *crm_etag(apr_pool_t *pool, apr_int64_t version, const char *body, apr_size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[CRM_HASH_SIZE];
    char text[2 * TAG_BYTES + 1];
    crm_secret_sha256(body, size, hash);
    for (int i = 0; i < TAG_BYTES; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    text[2 * TAG_BYTES] = '\0';
    if (version < 0) {
        return apr_pstrcat(pool, "\"", text, "\"", NULL);
    }
    return apr_psprintf(pool, "\"%" APR_INT64_T_FMT "-%s\"", version, text);
}

int crm_etag_matches(const char *if_none_match, const char *tag)
{
    apr_size_t size = strlen(tag) - 2;
    tag_t given;
    if (!if_none_match) {
        return 0;
    }
    if (is_any(if_none_match)) {
        return 1;
    }
    while (next_tag(&if_none_match, &given)) {
        if (bare_size(&given) == size && memcmp(given.text, tag + 1, size) == 0) {
            return 1;
        }
    }
    return 0;
}

/* 1 when TAG is a strong one of VERSION. */
static int has_version(const tag_t *tag, const char *version)
{
    apr_size_t length = strlen(version);
    return !tag->weak && tag->size > length && tag->text[length] == '-' &&
           memcmp(tag->text, version, length) == 0;
}

crm_error_t *crm_if_match(const crm_request_t *request, apr_int64_t version,
                          apr_int64_t *ret_if_version)
{
    const char *list = apr_table_get(request->headers, "If-Match");
    tag_t tag;
    if (!list || is_any(list)) {
        *ret_if_version = -1;
        return NULL;
    }
    const char *text = apr_psprintf(request->pool, "%" APR_INT64_T_FMT, version);
    while (next_tag(&list, &tag)) {
        if (has_version(&tag, text)) {
            *ret_if_version = version;
            return NULL;
        }
    }
    return crm_error_standard(request->pool, CRM_E_PRECONDITION);
}
