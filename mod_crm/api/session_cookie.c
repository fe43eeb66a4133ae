/* api/session_cookie.c - the login cookie of browsers, which holds a token. */
#include <string.h>

#include <apr_strings.h>

#include "api/session_cookie.h"
#include "base/secret.h"

#define CSRF_COOKIE "csrftoken"
#define CSRF_HEADER "X-CSRFToken"
#define CSRF_SIZE 24

const char *crm_session_cookie_token(apr_pool_t *pool, const apr_table_t *headers,
                                     const crm_settings_t *settings)
{
    const char *name = settings->login_cookie.name;
    const char *at = name ? apr_table_get(headers, "Cookie") : NULL;
    apr_size_t length = name ? strlen(name) : 0;

    while (at && *at) {
        at += strspn(at, " \t;");
        apr_size_t size = strcspn(at, ";");
        if (size > length && strncmp(at, name, length) == 0 && at[length] == '=') {
            const char *value = at + length + 1;
            return apr_pstrmemdup(pool, value, strcspn(value, "; \t"));
        }
        at += size;
    }
    return NULL;
}

static const char *csrf_token(const crm_request_t *request, const char *token)
{
    unsigned char hash[CRM_HASH_SIZE];

    crm_secret_keyed(&request->site->key, "csrf", token, strlen(token), hash);
    return crm_secret_base64(request->pool, hash, CSRF_SIZE);
}

int crm_session_cookie_is_safe(const char *method)
{
    static const char *const safe[] = {"GET",      "HEAD",   "OPTIONS", "TRACE",
                                       "PROPFIND", "REPORT", "SEARCH",  NULL};
    int i = 0;

    while (safe[i] && strcmp(safe[i], method) != 0) {
        i++;
    }
    return safe[i] != NULL;
}

crm_error_t *crm_session_cookie_check(crm_request_t *request, const char *token)
{
    const char *sent = apr_table_get(request->headers, CSRF_HEADER);

    if (crm_session_cookie_is_safe(request->method)) {
        return NULL;
    }
    const char *wanted = csrf_token(request, token);
    if (sent && strlen(sent) == strlen(wanted) && crm_secret_equal(sent, wanted, strlen(wanted))) {
        return NULL;
    }
    request->is_forgeable = 1;
    return crm_error_make(request->pool, CRM_E_FORBIDDEN, "%s",
                          sent ? "CSRF Failed: CSRF token from the " CSRF_HEADER
                                 " HTTP header incorrect."
                               : "CSRF Failed: CSRF token missing.");
}

/* A value for Set-Cookie (RFC 6265 4.1), to last for SECONDS; 0 removes it. */
static const char *cookie(const crm_request_t *request, const char *name, const char *value,
                          int is_hidden, apr_int64_t seconds)
{
    const crm_login_cookie_t *says = &request->settings->login_cookie;

    return apr_pstrcat(request->pool, name, "=", value, "; Path=", says->path,
                       says->domain ? "; Domain=" : "", says->domain ? says->domain : "",
                       apr_psprintf(request->pool, "; Max-Age=%" APR_INT64_T_FMT, seconds),
                       is_hidden ? "; HttpOnly" : "", says->secure ? "; Secure" : "",
                       "; SameSite=", says->same_site, NULL);
}

static void add(const crm_request_t *request, apr_table_t *headers, const char *token,
                const char *csrf, apr_int64_t seconds)
{
    const char *name = request->settings->login_cookie.name;

    apr_table_addn(headers, "Set-Cookie", cookie(request, name, token, 1, seconds));
    apr_table_addn(headers, "Set-Cookie", cookie(request, CSRF_COOKIE, csrf, 0, seconds));
}

void crm_session_cookie_set(const crm_request_t *request, apr_table_t *headers, const char *token,
                            const char **ret_csrf)
{
    *ret_csrf = csrf_token(request, token);
    add(request, headers, token, *ret_csrf, apr_time_sec(request->settings->token_lifetime));
}

void crm_session_cookie_end(const crm_request_t *request, apr_table_t *headers)
{
    if (crm_session_cookie_token(request->pool, request->headers, request->settings)) {
        add(request, headers, "", "", 0);
    }
}
