/* t/unit/api/call_fixture.c - calls of the API without a server. */
#include <apr_strings.h>

#include "base/json.h"
#include "call_fixture.h"

apr_pool_t *call_pool(void)
{
    static apr_pool_t *pool;
    if (!pool) {
        assert_int_equal(apr_initialize(), APR_SUCCESS);
        assert_int_equal(crm_secret_init(), APR_SUCCESS);
        assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    }
    return pool;
}

crm_settings_t call_settings(void)
{
    return (crm_settings_t){
        .engine = 1,
        .prefix = "/api/",
        .tenant_from = {CRM_FROM_VHOST, CRM_FROM_SUBDOMAIN, CRM_FROM_HEADER, CRM_FROM_QUERY,
                        CRM_FROM_ACCOUNT},
        .ntenant_from = CRM_FROM_COUNT,
        .registration = 1,
        .token_lifetime = apr_time_from_sec(3600),
        .token_idle = apr_time_from_sec(600),
        .login_limit = {.account = 3, .address = 100, .window = apr_time_from_sec(300)},
        .body_limit = 4096,
        .page = {.page_size = 20, .max_page_size = 100},
        .history = CRM_HISTORY_ON,
        .history_body = 1024,
    };
}

static apr_status_t read_piece(void *baton, char *buffer, apr_size_t *size)
{
    call_t *call = baton;
    apr_size_t left = call->size - call->sent;
    *size = *size < left ? *size : left;
    *size = *size < call->piece ? *size : call->piece;
    memcpy(buffer, call->body + call->sent, *size);
    call->sent += *size;
    return APR_SUCCESS;
}

call_t *call_make(crm_site_t *site, const crm_settings_t *settings, const char *method,
                  const char *url)
{
    static crm_site_t bare;
    call_t *call = apr_pcalloc(call_pool(), sizeof(*call));
    char *path = apr_pstrdup(call_pool(), url), *query = strchr(path, '?');
    if (query) {
        *query++ = '\0';
    }
    call->piece = 4096;
    call->request = (crm_request_t){
        .pool = call_pool(),
        .site = site ? site : &bare,
        .settings = settings,
        .method = strcmp(method, "HEAD") == 0 ? "GET" : method,
        .is_head = strcmp(method, "HEAD") == 0,
        .path = path,
        .raw_query = query,
        .base_url = "http://crm.example.com",
        .host = "crm.example.com",
        .address = "192.0.2.1",
        .headers = apr_table_make(call_pool(), 4),
        .read_body = read_piece,
        .body_baton = call,
        .began = apr_time_now(),
        .request_id = "r1",
    };
    return call;
}

void call_header(call_t *call, const char *name, const char *value)
{
    apr_table_set(call->request.headers, name, value);
}

void call_token(call_t *call, const char *token)
{
    call_header(call, "Authorization", apr_pstrcat(call_pool(), "Token ", token, NULL));
}

void call_body(call_t *call, const char *type, const char *body)
{
    call_header(call, "Content-Type", type);
    call->body = body;
    call->size = strlen(body);
}

const char *call_text(const call_t *call)
{
    return call->response.body ? call->response.body : "";
}

void call_expect(call_t *call, int status)
{
    crm_api_handle(&call->request, &call->response);
    if (call->response.status != status) {
        const crm_error_t *error = call->response.error;
        fail_msg("%s %s: %d and not %d: %s (%s)", call->request.method, call->request.path,
                 call->response.status, status, call_text(call),
                 error && error->cause ? error->cause : "");
    }
    if (call->response.body) {
        call->json = crm_json_own(call_pool(),
                                  json_loadb(call->response.body, call->response.size, 0, NULL));
        assert_non_null(call->json);
    }
}

const char *call_answer_header(const call_t *call, const char *name)
{
    return apr_table_get(call->response.headers, name);
}

const char *call_string(const call_t *call, const char *path)
{
    char *state, *names = apr_pstrdup(call_pool(), path);
    json_t *json = call->json;
    for (char *name = apr_strtok(names, ".", &state); name; name = apr_strtok(NULL, ".", &state)) {
        json = json_is_array(json) ? json_array_get(json, (size_t)apr_atoi64(name))
                                   : json_object_get(json, name);
    }
    if (!json_is_string(json)) {
        fail_msg("no text at %s in %s", path, call_text(call));
    }
    return json_string_value(json);
}
