/* api/session_cookie.h - the login cookie of browsers (CrmLoginCookie), which holds a token.
 *
 * What a browser sends by itself, another site may have it send: a call that changes something
 * (whatever is not GET, HEAD, OPTIONS, TRACE, PROPFIND, REPORT or SEARCH) must therefore carry the
 * CSRF token in X-CSRFToken as well. That is made from the session's token with the installation's
 * key, so that nobody can set a pair that fits; the page reads it from the cookie "csrftoken" or
 * from the answer to its login (double submit, as Django has it).
 */
#ifndef CRM_API_SESSION_COOKIE_H
#define CRM_API_SESSION_COOKIE_H

#include "api/request.h"

/* The token in the cookie of HEADERS, in POOL; NULL: there is none, or CrmLoginCookie is off. */
const char *crm_session_cookie_token(apr_pool_t *pool, const apr_table_t *headers,
                                     const crm_settings_t *settings);

/* METHOD changes nothing (RFC 9110 9.2.1, and of IANA's registry those of WebDAV). */
int crm_session_cookie_is_safe(const char *method);

/* FORBIDDEN "CSRF Failed: ..." when REQUEST, which the cookie's TOKEN authenticates, changes
 * something and does not carry the CSRF token; request->is_forgeable is set then. */
crm_error_t *crm_session_cookie_check(crm_request_t *request, const char *token);

/* Has the answer with HEADERS set both cookies for TOKEN; *RET_CSRF is its CSRF token. */
void crm_session_cookie_set(const crm_request_t *request, apr_table_t *headers, const char *token,
                            const char **ret_csrf);

/* Has the answer with HEADERS remove both, where the request sent one. */
void crm_session_cookie_end(const crm_request_t *request, apr_table_t *headers);

#endif
