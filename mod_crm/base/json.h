/* base/json.h - JSON (RFC 8259) by jansson, tied to the pool that owns it. */
#ifndef CRM_BASE_JSON_H
#define CRM_BASE_JSON_H

#include <apr_pools.h>
#include <jansson.h>

#include "base/error.h"

#define CRM_JSON_DEPTH 32

/* Lets POOL's cleanup drop one reference of JSON; returns JSON (NULL stays NULL). */
json_t *crm_json_own(apr_pool_t *pool, json_t *json);

/* Reads SIZE bytes of UTF-8. Refuses, as BAD_REQUEST "JSON parse error - <reason>: line L column
 * C (char N)" (L and C from 1, N from 0, in code points; the text is never quoted): what is no
 * JSON, invalid UTF-8, NUL in a string, nesting over CRM_JSON_DEPTH, a number that does not fit
 * (64-bit integer, finite double), the same key twice in an object. *RET_JSON is owned by POOL. */
crm_error_t *crm_json_parse(apr_pool_t *pool, const char *text, apr_size_t size, json_t **ret_json);

/* Compact text, in POOL; non-ASCII as it is, reals so that they read back as the same double
 * ("null" for NULL). RET_SIZE may be NULL. */
const char *crm_json_text(apr_pool_t *pool, const json_t *json, apr_size_t *ret_size);

/* TEXT, valid UTF-8, as a JSON string with its quotes, in POOL. */
const char *crm_json_quote(apr_pool_t *pool, const char *text);

/* A deep copy (owned by the caller: wrap in crm_json_own) in which every value under a key that
 * names a secret (password, old_password, new_password, password_confirm, token, key, otp,
 * authorization, secret, ...; compared without case and separators) is "***". */
json_t *crm_json_redact(const json_t *json);

/* 1 when NAME is the name of a value that must not be stored or logged. */
int crm_json_secret_name(const char *name);

#endif
