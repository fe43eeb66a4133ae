/* service/setters_access.c - the functions that read the directives about how callers are known. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "service/setters.h"
#include "service/words.h"

#define GROUP_LENGTH 150

/* A token of RFC 9110 5.6.2: what a cookie's name may be (RFC 6265 4.1.1), and an AuthType. */
static int is_token(const char *word)
{
    for (const char *c = word; *c; c++) {
        if (!apr_isalnum(*c) && !strchr("!#$%&'*+-.^_`|~", *c)) {
            return 0;
        }
    }
    return *word != '\0';
}

/* What stands behind "Path=" or "Domain=" as it is: no byte that ends it. */
static int is_attribute(const char *text, const char *first)
{
    for (const char *c = text; *c; c++) {
        if (!apr_isgraph(*c) || *c == ';' || *c == ',') {
            return 0;
        }
    }
    return *text && (!first || strchr(first, *text));
}

/* What browsers hold a name's prefix to (RFC 6265bis 4.1.3). */
static crm_error_t *check_prefix(apr_pool_t *pool, const crm_login_cookie_t *cookie)
{
    int is_host = strncasecmp(cookie->name, "__Host-", 7) == 0;
    int is_secure = is_host || strncasecmp(cookie->name, "__Secure-", 9) == 0;

    if (is_host && (cookie->domain || strcmp(cookie->path, "/") != 0)) {
        return crm_error_make(
            pool, CRM_E_INTERNAL,
            "\"%s\" contradicts path= and domain=: browsers take a cookie of such "
            "a name for the host and \"/\" alone",
            cookie->name);
    }
    if ((is_secure || strcmp(cookie->same_site, "None") == 0) && !cookie->secure) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "secure=off contradicts %s: browsers refuse such a cookie",
                              is_secure ? cookie->name : "samesite=none");
    }
    return NULL;
}

CRM_SETTER(login_cookie)
{
    static const char *const sites[] = {"lax", "strict", "none", NULL};
    static const char *const values[] = {"Lax", "Strict", "None"};
    static const char *const switches[] = {"off", "on", NULL};
    crm_login_cookie_t cookie = settings->login_cookie;
    const char *site = "lax", *secure = "on";
    const crm_word_key_t keys[] = {{"path", {CRM_WORD_TEXT, 1, 1024}, &cookie.path},
                                   {"domain", {CRM_WORD_TEXT, 1, 253}, &cookie.domain},
                                   {"samesite", {CRM_WORD_TEXT, 1, 16}, &site},
                                   {"secure", {CRM_WORD_TEXT, 1, 16}, &secure},
                                   {.name = NULL}};
    int index;

    if (argc == 1 && strcasecmp(argv[0], "off") == 0) {
        settings->login_cookie.name = NULL;
        return NULL;
    }
    if (!is_token(argv[0]) || strcmp(argv[0], "csrftoken") == 0) {
        return crm_word_refuse(pool, argv[0],
                               "\"off\" or a cookie's name (\"crm_session\"), not \"csrftoken\"");
    }
    cookie.name = argv[0];
    cookie.path = "/";
    CRM_ERR(crm_word_keys(pool, argc - 1, argv + 1, keys, NULL));
    CRM_ERR(crm_word_choice(pool, site, sites, &index));
    cookie.same_site = values[index];
    CRM_ERR(crm_word_choice(pool, secure, switches, &cookie.secure));
    if (!is_attribute(cookie.path, "/")) {
        return crm_word_refuse(pool, cookie.path, "a path that begins with \"/\"");
    }
    if (cookie.domain && !is_attribute(cookie.domain, NULL)) {
        return crm_word_refuse(pool, cookie.domain, "a host name (\"example.com\")");
    }
    CRM_ERR(check_prefix(pool, &cookie));
    settings->login_cookie = cookie;
    return NULL;
}

CRM_SETTER(trust_remote_user)
{
    int count = 0;

    settings->trust.types = NULL;
    settings->trust.create = 0;
    settings->trust.group = NULL;
    if (argc == 1 && strcasecmp(argv[0], "off") == 0) {
        return NULL;
    }
    apr_array_header_t *types = apr_array_make(pool, argc, sizeof(const char *));
    for (; count < argc && strcasecmp(argv[count], "create") != 0; count++) {
        if (!is_token(argv[count]) || strcasecmp(argv[count], "Token") == 0 ||
            strcasecmp(argv[count], "Crm") == 0 || strcasecmp(argv[count], "off") == 0) {
            return crm_word_refuse(pool, argv[count],
                                   "another module's AuthType (\"openid-connect\", \"Basic\"), or "
                                   "\"off\" alone");
        }
        APR_ARRAY_PUSH(types, const char *) = argv[count];
    }
    if (count == 0 || argc - count > 2) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "must be AUTHTYPE [AUTHTYPE ...] [create [GROUP]]");
    }
    settings->trust.types = types;
    settings->trust.create = count < argc;
    if (argc - count == 2) {
        const char *group = crm_text_trim(pool, argv[count + 1]);
        apr_size_t length = crm_text_length(group);
        if (length < 1 || length > GROUP_LENGTH) {
            return crm_word_refuse(pool, argv[count + 1], "a group's name: 1 to %d characters",
                                   GROUP_LENGTH);
        }
        settings->trust.group = group;
    }
    return NULL;
}
