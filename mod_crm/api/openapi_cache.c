/* api/openapi_cache.c - the description as text, made once a process.
 *
 * It is half a megabyte, and anybody may ask for it. What depends on the server that was asked is a
 * scheme and a host: a text is made with stand-ins for them and kept in pieces.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "api/buffer.h"
#include "api/openapi.h"
#include "api/yaml.h"
#include "base/json.h"

/* They hold a colon, so that YAML quotes them: what takes their place is quoted, too. */
#define SCHEME "scheme:stands:in"
#define HOST "host:stands:in"

#define MOST_TEXTS 32

/* A text as it was made for one prefix, one choice of limits. */
typedef struct text_t {
    const char *key;
    const char *text;
    apr_size_t size;
} text_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static text_t texts[MOST_TEXTS];
static int ntexts;

static text_t make(apr_pool_t *pool, const crm_settings_t *settings, crm_openapi_e version,
                   int is_yaml)
{
    text_t made = {.key = NULL};
    json_t *json = crm_json_own(pool, crm_openapi_make(pool, settings, SCHEME "://" HOST, version));
    made.text =
        is_yaml ? crm_yaml_text(pool, json, &made.size) : crm_json_text(pool, json, &made.size);
    return made;
}

/* The text of KEY, in POOL or in the process's own memory. */
static text_t find(apr_pool_t *pool, const char *key, const crm_settings_t *settings,
                   crm_openapi_e version, int is_yaml)
{
    int i = 0;
    pthread_mutex_lock(&lock);
    while (i < ntexts && strcmp(texts[i].key, key) != 0) {
        i++;
    }
    text_t found = i < ntexts ? texts[i] : make(pool, settings, version, is_yaml);
    if (i == ntexts && ntexts < MOST_TEXTS) {
        const text_t kept = {.key = strdup(key), .text = strdup(found.text), .size = found.size};
        if (kept.key && kept.text) {
            texts[ntexts++] = kept;
        } else {
            free((char *)kept.key);
            free((char *)kept.text);
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* TEXT as it stands between quotes. */
static const char *escaped(apr_pool_t *pool, const char *text)
{
    json_t *json = crm_json_own(pool, json_string(text));
    char *quoted = apr_pstrdup(pool, crm_json_text(pool, json, NULL));
    quoted[strlen(quoted) - 1] = '\0';
    return quoted + 1;
}

static void add(crm_buffer_t *out, const char *text, apr_size_t size)
{
    memcpy(crm_buffer_room(out, size), text, size);
    out->size += size;
}

/* The nearer of both stand-ins, NULL where there is none any more. */
static const char *next_gap(const char *text)
{
    const char *scheme = strstr(text, SCHEME), *host = strstr(text, HOST);
    return !scheme || (host && host < scheme) ? host : scheme;
}

const char *crm_openapi_text(apr_pool_t *pool, const crm_settings_t *settings, const char *base_url,
                             crm_openapi_e version, int is_yaml, apr_size_t *ret_size)
{
    const char *key =
        apr_psprintf(pool, "%s %d %d %d %d %s", settings->prefix, settings->page.page_size,
                     settings->page.max_page_size, version, is_yaml,
                     settings->login_cookie.name ? settings->login_cookie.name : "");
    const text_t text = find(pool, key, settings, version, is_yaml);
    const char *colon = strstr(base_url, "://"), *rest = text.text;
    apr_size_t length = colon ? (apr_size_t)(colon - base_url) : 0;
    const char *scheme = escaped(pool, apr_pstrmemdup(pool, base_url, length));
    const char *host = escaped(pool, colon ? colon + strlen("://") : base_url);
    crm_buffer_t out = crm_buffer_make(pool);
    crm_buffer_room(&out, text.size + strlen(base_url) * 4);
    for (const char *gap = next_gap(rest); gap; gap = next_gap(rest)) {
        int is_host = strncmp(gap, HOST, strlen(HOST)) == 0;
        add(&out, rest, (apr_size_t)(gap - rest));
        add(&out, is_host ? host : scheme, strlen(is_host ? host : scheme));
        rest = gap + strlen(is_host ? HOST : SCHEME);
    }
    add(&out, rest, strlen(rest));
    *ret_size = out.size;
    add(&out, "", 1);
    return out.bytes;
}
