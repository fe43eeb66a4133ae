/* service/setters.c - the functions that read each directive's words into the settings. */
#include "service/setters.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "service/words.h"

#define SECONDS(n) ((apr_int64_t)(n)*APR_USEC_PER_SEC)
#define DAYS(n) SECONDS((apr_int64_t)(n)*86400)
/* as the column tenant.server has it */
#define SERVER_NAME_LENGTH 64
#define MIB(n) ((apr_int64_t)(n) << 20)

#define MAX_TENANT_NAME 100
#define MAX_DOMAIN 253
#define MAX_LABEL 63
#define MAX_LOGIN_LIMIT 1000000
#define MAX_CONNECTIONS 10000
#define MAX_PAGE 10000

/* Defines a setter of a value that one word gives. */
#define CRM_SWITCH(name, member)                                                                   \
    CRM_SETTER(name)                                                                               \
    {                                                                                              \
        (void)argc;                                                                                \
        return crm_word_switch(pool, argv[0], &settings->member);                                  \
    }
#define CRM_VALUE(name, member, ...)                                                               \
    CRM_SETTER(name)                                                                               \
    {                                                                                              \
        static const crm_word_range_t range = {__VA_ARGS__};                                       \
        (void)argc;                                                                                \
        return crm_word_value(pool, argv[0], &range, &settings->member);                           \
    }

static crm_error_t *absolute_path(apr_pool_t *pool, const char *word, const char **ret_path)
{
    if (word[0] != '/' || !word[1]) {
        return crm_word_refuse(pool, word, "an absolute path");
    }
    *ret_path = word;
    return NULL;
}

/* An URL in which a ${NAME} is left was written for an environment variable that is not there. */
static crm_error_t *database_url(apr_pool_t *pool, const char *word, int needs_slug,
                                 const crm_db_url_t **ret_url)
{
    const char *variable = strstr(word, "${");

    if (variable) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "\"%.*s\": neither the environment nor a Define has this name",
                              (int)(strcspn(variable, "}") + 1), variable);
    }
    crm_error_t *error = crm_db_url_parse(pool, word, needs_slug, ret_url);
    if (error) {
        error->detail =
            apr_psprintf(pool, "\"%s\": %s", crm_db_url_safe(pool, word), error->detail);
    }
    return error;
}

/* A host name of at least one label (RFC 1123 2.1), without a port. */
static int is_domain(const char *name)
{
    apr_size_t length = strlen(name), label = 0;

    for (apr_size_t i = 0; i <= length; i++) {
        if (name[i] == '.' || name[i] == '\0') {
            if (label == 0 || label > MAX_LABEL || name[i - 1] == '-') {
                return 0;
            }
            label = 0;
        } else if (apr_isalnum(name[i]) || (name[i] == '-' && label > 0)) {
            label++;
        } else {
            return 0;
        }
    }
    return length <= MAX_DOMAIN;
}

/* A token of RFC 9110 5.6.2: what a method or a header's name may be. */
static int is_token(const char *word)
{
    for (const char *c = word; *c; c++) {
        if (!apr_isalnum(*c) && !strchr("!#$%&'*+-.^_`|~", *c)) {
            return 0;
        }
    }
    return *word != '\0';
}

/* The words as one header value, "GET, POST". */
static crm_error_t *token_list(apr_pool_t *pool, int argc, const char *const *argv,
                               const char *noun, const char **ret_list)
{
    const char *list = "";

    for (int i = 0; i < argc; i++) {
        if (!is_token(argv[i])) {
            return crm_word_refuse(pool, argv[i], "%s", noun);
        }
        list = apr_pstrcat(pool, list, i ? ", " : "", argv[i], NULL);
    }
    *ret_list = list;
    return NULL;
}

/* An origin as browsers send it (RFC 6454 6.2): scheme://host[:port], nothing after it. */
static int is_origin(const char *word)
{
    const char *host = strstr(word, "://");

    if (!host || host == word || strpbrk(host + 3, "/?#@* ")) {
        return 0;
    }
    for (const char *c = word; c < host; c++) {
        if (!apr_isalnum(*c) && !strchr("+-.", *c)) {
            return 0;
        }
    }
    return host[3] != '\0' && host[3] != ':';
}

CRM_SWITCH(engine, engine)
CRM_SWITCH(registration, registration)
CRM_SWITCH(cors_credentials, cors.credentials)
CRM_SWITCH(debug, debug)

CRM_VALUE(token_lifetime, token_lifetime, CRM_WORD_SPAN, SECONDS(1), DAYS(3650))
CRM_VALUE(token_idle, token_idle, CRM_WORD_SPAN, SECONDS(1), DAYS(3650))
CRM_VALUE(token_cache_life, token_cache, CRM_WORD_SPAN, SECONDS(1), SECONDS(60))

CRM_VALUE(tenant_grace, tenant_grace, CRM_WORD_SPAN, SECONDS(0), DAYS(3650))

/* A span, or "forever", which is 0. */
#define SPAN_OR_FOREVER(name)                                                                      \
    CRM_VALUE(name##_span, name, CRM_WORD_SPAN, SECONDS(3600), DAYS(36500))                        \
    CRM_SETTER(name)                                                                               \
    {                                                                                              \
        if (strcasecmp(argv[0], "forever") == 0) {                                                 \
            settings->name = 0;                                                                    \
            return NULL;                                                                           \
        }                                                                                          \
        return crm_set_##name##_span(pool, settings, argc, argv);                                  \
    }

SPAN_OR_FOREVER(history_keep)
SPAN_OR_FOREVER(record_grace)

CRM_VALUE(job_keep, jobs.keep, CRM_WORD_SPAN, SECONDS(0), DAYS(3650))

CRM_SETTER(token_cache)
{
    if (strcasecmp(argv[0], "off") == 0) {
        settings->token_cache = 0;
        return NULL;
    }
    return crm_set_token_cache_life(pool, settings, argc, argv);
}

CRM_VALUE(body_limit, body_limit, CRM_WORD_SIZE, 1, MIB(1024))
CRM_VALUE(import_limit, import_limit, CRM_WORD_SIZE, 1, MIB(65536))
CRM_VALUE(history_body, history_body, CRM_WORD_SIZE, 0, MIB(1))
CRM_VALUE(cors_max_age, cors.max_age, CRM_WORD_SPAN, SECONDS(0), DAYS(1))

CRM_SETTER(prefix)
{
    const char *prefix = argv[0];
    apr_size_t length = strlen(prefix);
    (void)argc;

    if (length == 0 || prefix[0] != '/' || prefix[length - 1] != '/' || strstr(prefix, "//") ||
        strstr(prefix, "/./") || strstr(prefix, "/../") || strpbrk(prefix, "?#%;\\ ")) {
        return crm_word_refuse(pool, prefix, "a path that begins and ends with \"/\" (\"/api/\")");
    }
    settings->prefix = prefix;
    return NULL;
}

CRM_SETTER(main_database)
{
    (void)argc;
    return database_url(pool, argv[0], 0, &settings->main_database);
}

CRM_SETTER(tenant_database)
{
    (void)argc;
    return database_url(pool, argv[0], 1, &settings->tenant_database);
}

CRM_SETTER(database_server)
{
    settings->database_servers = apr_array_make(pool, argc, sizeof(crm_database_server_t));
    for (int i = 0; i < argc; i += 2) {
        crm_database_server_t server = {.name = argv[i]};
        if (!*server.name || strlen(server.name) > SERVER_NAME_LENGTH ||
            strspn(server.name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(server.name)) {
            return crm_word_refuse(pool, server.name,
                                   "a name of at most 64 characters of a-z, 0-9, _ and -");
        }
        if (i + 1 == argc) {
            return crm_word_refuse(pool, server.name, "followed by a URL");
        }
        CRM_ERR(database_url(pool, argv[i + 1], 1, &server.url));
        APR_ARRAY_PUSH(settings->database_servers, crm_database_server_t) = server;
    }
    return NULL;
}

CRM_SETTER(tenant_isolation)
{
    static const char *const choices[] = {"none", "user", NULL};
    int choice;
    (void)argc;

    CRM_ERR(crm_word_choice(pool, argv[0], choices, &choice));
    settings->isolation = choice ? CRM_ISOLATION_USER : CRM_ISOLATION_NONE;
    return NULL;
}

CRM_SETTER(migrations)
{
    (void)argc;
    return absolute_path(pool, argv[0], &settings->migrations);
}

CRM_SETTER(docs)
{
    (void)argc;
    if (strcasecmp(argv[0], "off") == 0) {
        settings->docs = NULL;
        return NULL;
    }
    return absolute_path(pool, argv[0], &settings->docs);
}

CRM_SETTER(secret_key_file)
{
    (void)argc;
    return absolute_path(pool, argv[0], &settings->secret_key_file);
}

CRM_SETTER(tenant)
{
    (void)argc;
    const char *name = crm_text_trim(pool, argv[0]);
    apr_size_t length = crm_text_length(name);
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < ' ') {
            length = 0;
        }
    }
    if (length < 1 || length > MAX_TENANT_NAME) {
        return crm_word_refuse(pool, argv[0],
                               "a tenant's name or slug: 1 to %d characters, no control characters",
                               MAX_TENANT_NAME);
    }
    settings->tenant = name;
    return NULL;
}

CRM_SETTER(tenant_domain)
{
    (void)argc;
    if (!is_domain(argv[0])) {
        return crm_word_refuse(pool, argv[0],
                               "a host name without port, below which tenants have their own "
                               "(\"crm.example.com\")");
    }
    char *domain = apr_pstrdup(pool, argv[0]);
    for (char *c = domain; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    settings->tenant_domain = domain;
    return NULL;
}

CRM_SETTER(tenant_from)
{
    static const char *const sources[] = {
        [CRM_FROM_VHOST] = "vhost",     [CRM_FROM_SUBDOMAIN] = "subdomain",
        [CRM_FROM_HEADER] = "header",   [CRM_FROM_QUERY] = "query",
        [CRM_FROM_ACCOUNT] = "account", [CRM_FROM_COUNT] = NULL};

    unsigned seen = 0;
    for (int i = 0; i < argc; i++) {
        int source;
        CRM_ERR(crm_word_choice(pool, argv[i], sources, &source));
        if (seen & 1u << source) {
            return crm_error_make(pool, CRM_E_INTERNAL, "\"%s\" is there twice", argv[i]);
        }
        seen |= 1u << source;
        settings->tenant_from[i] = (crm_tenant_source_e)source;
    }
    settings->ntenant_from = argc;
    return NULL;
}

CRM_SETTER(password_hash)
{
    const crm_word_key_t keys[] = {
        {"memory", {CRM_WORD_SIZE, MIB(1), MIB(4096)}, &settings->hash.memory},
        {"passes", {CRM_WORD_NUMBER, 1, 100}, &settings->hash.passes},
        {"at-once", {CRM_WORD_NUMBER, 1, 1024}, &settings->hash.at_once},
        {"wait", {CRM_WORD_SPAN, 1000, SECONDS(300)}, &settings->hash.wait},
        {.name = NULL}};
    return crm_word_keys(pool, argc, argv, keys, NULL);
}

CRM_SETTER(login_limit)
{
    const crm_word_key_t keys[] = {
        {"account", {CRM_WORD_NUMBER, 1, MAX_LOGIN_LIMIT}, &settings->login_limit.account},
        {"address", {CRM_WORD_NUMBER, 1, MAX_LOGIN_LIMIT}, &settings->login_limit.address},
        {"window", {CRM_WORD_SPAN, SECONDS(1), DAYS(1)}, &settings->login_limit.window},
        {.name = NULL}};
    return crm_word_keys(pool, argc, argv, keys, NULL);
}

CRM_SETTER(pool)
{
    crm_pool_limits_t *limits = &settings->pool;
    const crm_word_key_t keys[] = {
        {"max", {CRM_WORD_NUMBER, 1, MAX_CONNECTIONS}, &limits->max},
        {"per-database", {CRM_WORD_NUMBER, 1, MAX_CONNECTIONS}, &limits->per_database},
        {"idle", {CRM_WORD_SPAN, SECONDS(1), DAYS(1)}, &limits->idle},
        {"wait", {CRM_WORD_SPAN, 1000, SECONDS(300)}, &limits->wait},
        {.name = NULL}};
    unsigned seen;

    CRM_ERR(crm_word_keys(pool, argc, argv, keys, &seen));
    if (limits->per_database > limits->max) {
        if (seen & 1u << 1) {
            return crm_error_make(pool, CRM_E_INTERNAL,
                                  "per-database=%d contradicts max=%d: must not be more",
                                  limits->per_database, limits->max);
        }
        limits->per_database = limits->max;
    }
    return NULL;
}

CRM_SETTER(page_size)
{
    static const crm_word_range_t range = {CRM_WORD_NUMBER, 1, MAX_PAGE};
    crm_page_limits_t *page = &settings->page;

    CRM_ERR(crm_word_value(pool, argv[0], &range, &page->page_size));
    if (argc > 1) {
        CRM_ERR(crm_word_value(pool, argv[1], &range, &page->max_page_size));
    }
    if (page->page_size > page->max_page_size) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "the default of %d contradicts the maximum of %d: must not be more",
                              page->page_size, page->max_page_size);
    }
    return NULL;
}

CRM_SETTER(history)
{
    static const char *const choices[] = {
        [CRM_HISTORY_OFF] = "off", [CRM_HISTORY_ON] = "on", [CRM_HISTORY_ERRORS] = "errors", NULL};
    int choice;
    (void)argc;

    CRM_ERR(crm_word_choice(pool, argv[0], choices, &choice));
    settings->history = (crm_history_e)choice;
    return NULL;
}

CRM_SETTER(history_spool)
{
    const crm_word_key_t keys[] = {
        {"max", {CRM_WORD_SIZE, 64 << 10, MIB(1 << 20)}, &settings->spool_max}, {.name = NULL}};

    CRM_ERR(absolute_path(pool, argv[0], &settings->spool));
    settings->spool_max = (apr_uint64_t)MIB(1024);
    return crm_word_keys(pool, argc - 1, argv + 1, keys, NULL);
}

CRM_SETTER(job_files)
{
    (void)argc;
    return absolute_path(pool, argv[0], &settings->jobs.files);
}

CRM_SETTER(cors_origin)
{
    int any = 0;

    settings->cors.origins = NULL;
    if (argc == 1 && strcasecmp(argv[0], "none") == 0) {
        return NULL;
    }
    apr_array_header_t *origins = apr_array_make(pool, argc, sizeof(const char *));
    for (int i = 0; i < argc; i++) {
        any |= strcmp(argv[i], "*") == 0;
        if (strcmp(argv[i], "*") != 0 && !is_origin(argv[i])) {
            return crm_word_refuse(pool, argv[i],
                                   "an origin (\"https://app.example.com\"), \"*\", or \"none\" "
                                   "alone");
        }
        APR_ARRAY_PUSH(origins, const char *) = argv[i];
    }
    if (any && argc > 1) {
        return crm_error_make(pool, CRM_E_INTERNAL, "\"*\" contradicts other origins beside it");
    }
    settings->cors.origins = origins;
    return NULL;
}

CRM_SETTER(cors_methods)
{
    return token_list(pool, argc, argv, "a method (\"PATCH\")", &settings->cors.methods);
}

CRM_SETTER(cors_headers)
{
    return token_list(pool, argc, argv, "a header's name (\"X-Tenant\")", &settings->cors.headers);
}
