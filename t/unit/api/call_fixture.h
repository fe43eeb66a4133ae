/* t/unit/api/call_fixture.h - calls of the API without a server: a request made by hand, answered.
 */
#ifndef T_UNIT_API_CALL_FIXTURE_H
#define T_UNIT_API_CALL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/request.h"

typedef struct call_t {
    crm_request_t request;
    crm_response_t response;
    json_t *json; /* of the answer; NULL: none */
    const char *body;
    apr_size_t size, sent, piece; /* at most PIECE bytes of the body come at once */
} call_t;

/* A pool that lives as long as the program. */
apr_pool_t *call_pool(void);

/* What the directives' defaults say, as far as calls look at it. */
crm_settings_t call_settings(void);

/* A call of METHOD ("HEAD" too) on URL, path with query, not sent yet. SITE NULL: one without
 * databases. */
call_t *call_make(crm_site_t *site, const crm_settings_t *settings, const char *method,
                  const char *url);
void call_header(call_t *call, const char *name, const char *value);
void call_token(call_t *call, const char *token);
void call_body(call_t *call, const char *type, const char *body);

/* Sends it: 1 when STATUS came back; else fails, saying what came. */
void call_expect(call_t *call, int status);

/* The whole answer as text, or "" */
const char *call_text(const call_t *call);
const char *call_answer_header(const call_t *call, const char *name);

/* The text at PATH ("user.username") of the answer; fails where there is none. */
const char *call_string(const call_t *call, const char *path);

#endif
