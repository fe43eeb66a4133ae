/* db/url.c - reading the URL of a database. */
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "db/url.h"

#define SLUG "{slug}"

/* What ends a value in apr_dbd's parameters for MySQL: such a byte cannot be passed that way. */
#define DELIMITERS " \r\n\t;|,"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

typedef crm_error_t *read_fn(apr_pool_t *pool, const char *rest, crm_db_url_t *url);

typedef struct scheme_t {
    const char *prefix;
    const char *driver;
    read_fn *read; /* what follows the prefix, without the query */
} scheme_t;

static read_fn read_network, read_socket, read_file;

static const scheme_t schemes[] = {
    {.prefix = "mysql://", .driver = "mysql", .read = read_network},
    {.prefix = "mysql+unix://", .driver = "mysql", .read = read_socket},
    {.prefix = "sqlite://", .driver = "sqlite3", .read = read_file},
};

static crm_error_t *wrong(apr_pool_t *pool, const char *sentence)
{
    return crm_error_make(pool, CRM_E_INTERNAL, "%s", sentence);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes percent-encoding (RFC 3986 2.1) of SIZE bytes. NULL: a '%' without two hex digits, or an
 * encoded NUL. */
static const char *decode(apr_pool_t *pool, const char *text, apr_size_t size)
{
    char *out = apr_palloc(pool, size + 1), *at = out;
    for (const char *end = text + size; text < end; text++) {
        if (*text != '%') {
            *at++ = *text;
            continue;
        }
        int high = end - text > 2 ? hex_digit(text[1]) : -1;
        int low = high >= 0 ? hex_digit(text[2]) : -1;
        if (low < 0 || high + low == 0) {
            return NULL;
        }
        *at++ = (char)(high << 4 | low);
        text += 2;
    }
    *at = '\0';
    return out;
}

static crm_error_t *decode_part(apr_pool_t *pool, const char *part, const char *text,
                                apr_size_t size, const char **ret_text)
{
    const char *decoded = decode(pool, text, size);
    if (!decoded) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "The %s of the database URL has a '%%' that is not followed by two "
                              "hexadecimal digits; write %%25 for the sign itself.",
                              part);
    }
    *ret_text = decoded;
    return NULL;
}

/* A value that is passed to the MySQL client as it is. */
static crm_error_t *check_value(apr_pool_t *pool, const char *part, const char *value)
{
    if (value && strpbrk(value, DELIMITERS)) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "The %s of the database URL has a blank, line end, ';', '|' or ',', "
                              "which cannot be passed to the MySQL client in a URL. Put it into an "
                              "option file and name its group with ?option-file-group=NAME.",
                              part);
    }
    return NULL;
}

/* Takes "user:password@" off the SIZE bytes at *TEXT. */
static crm_error_t *read_account(apr_pool_t *pool, const char **text, apr_size_t *size,
                                 crm_db_url_t *url)
{
    const char *at = memrchr(*text, '@', *size);
    if (!at) {
        return NULL;
    }
    apr_size_t length = (apr_size_t)(at - *text);
    const char *colon = memchr(*text, ':', length);
    apr_size_t user = colon ? (apr_size_t)(colon - *text) : length;
    if (user > 0) {
        CRM_ERR(decode_part(pool, "user", *text, user, &url->user));
    }
    if (colon && colon + 1 < at) {
        CRM_ERR(
            decode_part(pool, "password", colon + 1, (apr_size_t)(at - colon - 1), &url->password));
    }
    *size -= length + 1;
    *text = at + 1;
    return NULL;
}

static crm_error_t *read_port(apr_pool_t *pool, const char *text, apr_size_t size, int *ret_port)
{
    char digits[6];
    char *end = digits;
    long port = 0;
    if (size > 0 && size < sizeof(digits)) {
        memcpy(digits, text, size);
        digits[size] = '\0';
        port = strtol(digits, &end, 10);
    }
    if (port < 1 || port > 65535 || *end || digits[0] < '0' || digits[0] > '9') {
        return wrong(pool, "The port of the database URL must be a number from 1 to 65535.");
    }
    *ret_port = (int)port;
    return NULL;
}

/* "host", "host:port" or "[v6]:port"; empty is left to the option file or the client. */
static crm_error_t *read_host(apr_pool_t *pool, const char *text, apr_size_t size,
                              crm_db_url_t *url)
{
    const char *end = text + size, *colon;
    if (size > 0 && *text == '[') {
        const char *close = memchr(text, ']', size);
        if (!close || (close + 1 < end && close[1] != ':')) {
            return wrong(pool, "The host of the database URL begins with '[' but is no IPv6 "
                               "address in brackets.");
        }
        url->host = apr_pstrmemdup(pool, text + 1, (apr_size_t)(close - text - 1));
        colon = close + 1 < end ? close + 1 : NULL;
    } else {
        colon = memchr(text, ':', size);
        apr_size_t length = colon ? (apr_size_t)(colon - text) : size;
        if (length > 0) {
            CRM_ERR(decode_part(pool, "host", text, length, &url->host));
        }
    }
    return colon ? read_port(pool, colon + 1, (apr_size_t)(end - colon - 1), &url->port) : NULL;
}

/* A database's name becomes an identifier in SQL: {slug} apart, nothing that would need care. */
static crm_error_t *read_name(apr_pool_t *pool, const char *text, crm_db_url_t *url)
{
    CRM_ERR(decode_part(pool, "database", text, strlen(text), &url->database));
    const char *at = url->database;
    apr_size_t length = 0;
    for (; *at; at++, length++) {
        if (strncmp(at, SLUG, sizeof(SLUG) - 1) == 0) {
            at += sizeof(SLUG) - 2;
        } else if (!strchr(NAME_CHARACTERS, *at)) {
            break;
        }
    }
    if (length == 0 || length > 64 || *at) {
        return wrong(pool, "The database URL must end with the database's name: 1 to 64 of A-Z a-z "
                           "0-9 _ -, as in mysql://user@host/name.");
    }
    return NULL;
}

static crm_error_t *split_authority(apr_pool_t *pool, const char *rest, crm_db_url_t *url,
                                    const char **ret_host, apr_size_t *ret_size)
{
    const char *slash = strchr(rest, '/');
    if (!slash) {
        return wrong(pool, "The database URL must end with the database's name, as in "
                           "mysql://user@host/name.");
    }
    const char *host = rest;
    apr_size_t size = (apr_size_t)(slash - rest);
    CRM_ERR(read_account(pool, &host, &size, url));
    CRM_ERR(read_name(pool, slash + 1, url));
    *ret_host = host;
    *ret_size = size;
    return NULL;
}

static crm_error_t *read_network(apr_pool_t *pool, const char *rest, crm_db_url_t *url)
{
    const char *host;
    apr_size_t size;
    CRM_ERR(split_authority(pool, rest, url, &host, &size));
    return read_host(pool, host, size, url);
}

static crm_error_t *read_socket(apr_pool_t *pool, const char *rest, crm_db_url_t *url)
{
    const char *socket;
    apr_size_t size;
    CRM_ERR(split_authority(pool, rest, url, &socket, &size));
    CRM_ERR(decode_part(pool, "socket", socket, size, &url->socket));
    if (url->socket[0] != '/') {
        return wrong(pool, "The socket of a mysql+unix URL must be an absolute path with its "
                           "slashes written as %2F, as in mysql+unix://user@%2Frun%2Fmysqld.sock"
                           "/name.");
    }
    return NULL;
}

static crm_error_t *read_file(apr_pool_t *pool, const char *rest, crm_db_url_t *url)
{
    CRM_ERR(decode_part(pool, "path", rest, strlen(rest), &url->database));
    apr_size_t length = strlen(url->database);
    if (url->database[0] != '/' || url->database[length - 1] == '/') {
        return wrong(pool, "The URL of an SQLite database must have an absolute path to a file, as "
                           "in sqlite:///var/lib/crm/main.db.");
    }
    return NULL;
}

static crm_error_t *read_password_file(apr_pool_t *pool, const char *path, crm_db_url_t *url)
{
    apr_file_t *file;
    char line[1024];
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0, pool);
    if (status == APR_SUCCESS) {
        status = apr_file_gets(line, sizeof(line), file);
        apr_file_close(file);
    }
    if (status != APR_SUCCESS) {
        char reason[128];
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "The password file %s of the database URL cannot be read: %s.", path,
                              apr_strerror(status, reason, sizeof(reason)));
    }
    line[strcspn(line, "\r\n")] = '\0';
    if (!line[0] || strlen(line) == sizeof(line) - 1) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "The first line of the password file %s must be the password (at "
                              "most 1022 bytes).",
                              path);
    }
    url->password = apr_pstrdup(pool, line);
    return NULL;
}

/* One "name=value" of the query. */
static crm_error_t *read_parameter(apr_pool_t *pool, char *parameter, crm_db_url_t *url)
{
    char *equals = strchr(parameter, '=');
    const char *value = "";
    if (equals) {
        *equals = '\0';
        CRM_ERR(decode_part(pool, "query", equals + 1, strlen(equals + 1), &value));
    }
    if (*value && strcmp(parameter, "password-file") == 0) {
        if (url->password) {
            return wrong(pool, "The database URL has both a password and a password-file; give "
                               "one of them.");
        }
        return read_password_file(pool, value, url);
    }
    if (*value && strcmp(parameter, "option-file-group") == 0) {
        url->group = value;
        return NULL;
    }
    return wrong(pool, "The database URL's parameters may be password-file=PATH and "
                       "option-file-group=NAME.");
}

static crm_error_t *read_query(apr_pool_t *pool, const char *query, crm_db_url_t *url)
{
    char *state, *copy = apr_pstrdup(pool, query);
    if (strcmp(url->driver, "sqlite3") == 0) {
        return wrong(pool, "The URL of an SQLite database takes no parameters.");
    }
    for (char *parameter = apr_strtok(copy, "&", &state); parameter;
         parameter = apr_strtok(NULL, "&", &state)) {
        CRM_ERR(read_parameter(pool, parameter, url));
    }
    return NULL;
}

static crm_error_t *check_slug(apr_pool_t *pool, const crm_db_url_t *url, int needs_slug)
{
    const char *first = strstr(url->database, SLUG);
    int count = !first ? 0 : strstr(first + 1, SLUG) ? 2 : 1;
    if (needs_slug && count != 1) {
        return wrong(pool, "The URL of the tenants' databases must have {slug} exactly once in the "
                           "database's name, as in mysql://user@host/crm_tenant_{slug}.");
    }
    if (!needs_slug && count != 0) {
        return wrong(pool, "The URL of the main database must not have {slug} in it.");
    }
    return NULL;
}

static crm_error_t *check_values(apr_pool_t *pool, const crm_db_url_t *url)
{
    if (strcmp(url->driver, "mysql") != 0) {
        return NULL;
    }
    CRM_ERR(check_value(pool, "password", url->password));
    CRM_ERR(check_value(pool, "user", url->user));
    CRM_ERR(check_value(pool, "host", url->host));
    CRM_ERR(check_value(pool, "socket", url->socket));
    return check_value(pool, "option-file-group", url->group);
}

static const char *server_text(apr_pool_t *pool, const crm_db_url_t *url)
{
    if (strcmp(url->driver, "mysql") != 0) {
        return "sqlite:";
    }
    const char *place = url->socket ? url->socket : url->host ? url->host : "";
    return apr_psprintf(pool, "mysql%s://%s@%s:%d%s%s", url->socket ? "+unix" : "",
                        url->user ? url->user : "", place, url->port,
                        url->group ? "?option-file-group=" : "", url->group ? url->group : "");
}

crm_error_t *crm_db_url_parse(apr_pool_t *pool, const char *url, int needs_slug,
                              const crm_db_url_t **ret_url)
{
    crm_db_url_t *result = apr_pcalloc(pool, sizeof(*result));
    const scheme_t *scheme = NULL;
    for (apr_size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]) && !scheme; i++) {
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0) {
            scheme = &schemes[i];
        }
    }
    if (!scheme) {
        return wrong(pool, "A database URL must begin with mysql://, mysql+unix:// or sqlite:///.");
    }
    result->driver = scheme->driver;
    const char *rest = url + strlen(scheme->prefix), *query = strchr(rest, '?');
    CRM_ERR(scheme->read(
        pool, query ? apr_pstrmemdup(pool, rest, (apr_size_t)(query - rest)) : rest, result));
    if (query) {
        CRM_ERR(read_query(pool, query + 1, result));
    }
    CRM_ERR(check_values(pool, result));
    CRM_ERR(check_slug(pool, result, needs_slug));
    result->server = server_text(pool, result);
    *ret_url = result;
    return NULL;
}

static const char *with_slug(apr_pool_t *pool, const char *text, const char *slug)
{
    const char *at = slug ? strstr(text, SLUG) : NULL;
    if (!at) {
        return text;
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), slug,
                       at + sizeof(SLUG) - 1, NULL);
}

const char *crm_db_url_database(apr_pool_t *pool, const crm_db_url_t *url, const char *slug)
{
    return with_slug(pool, url->database, slug);
}

const char *crm_db_url_name(apr_pool_t *pool, const crm_db_url_t *url, const char *slug)
{
    const char *database = with_slug(pool, url->database, slug);
    const char *slash = strrchr(database, '/');
    const char *name = slash ? slash + 1 : database;
    apr_size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".db") == 0
               ? apr_pstrmemdup(pool, name, length - 3)
               : name;
}

const char *crm_db_url_safe(apr_pool_t *pool, const char *url)
{
    /* Also what crm_db_url_parse refuses must not show a password: whatever stands between the
     * first ':' and the last '@' counts as one. */
    const char *scheme = strstr(url, "://");
    const char *start = scheme ? scheme + 3 : url;
    const char *end = strstr(start, "?password-file=");
    end = end ? end : strstr(start, "?option-file-group=");
    end = end ? end : start + strlen(start);
    const char *colon = memchr(start, ':', (apr_size_t)(end - start));
    const char *at = memrchr(start, '@', (apr_size_t)(end - start));
    if (!colon || !at || at < colon) {
        return apr_pstrdup(pool, url);
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, url, (apr_size_t)(colon + 1 - url)), "***", at,
                       NULL);
}
