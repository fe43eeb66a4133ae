/* api/idempotent.c - Idempotency-Key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "api/body.h"
#include "api/idempotent.h"
#include "base/json.h"
#include "service/idempotency.h"
#include "service/tenant.h"

#define MOST_KEY 255
#define PIECE 65536 /* bytes of an upload that are read at once */
#define PURPOSE "idempotency"

/* A call with a key. */
typedef struct call_t {
    crm_request_t *request;
    const crm_values_t *values;
    crm_answer_t *answer;
    crm_idempotent_t id;
    int found; /* it was entered before */
} call_t;

static const char *key_of(const crm_request_t *request)
{
    const crm_route_t *route = request->route;

    return strcmp(route->method, "POST") == 0 && request->actor &&
                   !(route->flags & CRM_ROUTE_SECRET)
               ? apr_table_get(request->headers, "Idempotency-Key")
               : NULL;
}

static crm_error_t *check_key(apr_pool_t *pool, const char *key)
{
    apr_size_t length = strlen(key);
    apr_size_t i = 0;

    while (i < length && key[i] > ' ' && key[i] < 0x7f) {
        i++;
    }
    if (i < length || length == 0 || length > MOST_KEY) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST,
                              "Idempotency-Key must have 1 to %d visible ASCII characters.",
                              MOST_KEY);
    }
    return NULL;
}

/* The same key of another account, or for another call, is another key. */
static void hash_key(const crm_request_t *request, const crm_key_t *by, const char *key,
                     crm_idempotent_t *id)
{
    const crm_account_t *account = &request->actor->account;
    const char *text =
        apr_psprintf(request->pool, "%s %" APR_INT64_T_FMT "\n%s\n%s",
                     request->actor->tenant ? "a" : "p", account->id, request->path, key);

    crm_secret_keyed(by, PURPOSE, text, strlen(text), id->key);
}

/* HASH becomes that of itself and the hash of DATA. */
static void mix(unsigned char hash[CRM_HASH_SIZE], const void *data, apr_size_t size)
{
    unsigned char both[2 * CRM_HASH_SIZE];

    memcpy(both, hash, CRM_HASH_SIZE);
    crm_secret_sha256(data, size, both + CRM_HASH_SIZE);
    crm_secret_sha256(both, sizeof(both), hash);
}

/* Adds the bytes of FILE, piece by piece where they are in a temporary file. */
static crm_error_t *hash_file(apr_pool_t *pool, const crm_file_t *file, crm_idempotent_t *id)
{
    char bytes[PIECE];
    off_t offset = 0;
    ssize_t size = 0;

    if (file->fd < 0) {
        mix(id->body, file->data, file->size);
        return NULL;
    }
    while ((size = pread(file->fd, bytes, sizeof(bytes), offset)) > 0) {
        mix(id->body, bytes, (apr_size_t)size);
        offset += size;
    }
    return size ? crm_error_system(pool, APR_FROM_OS_ERROR(errno), "reading an upload") : NULL;
}

/* What was sent: the query, the body as it was understood, the files. */
static crm_error_t *hash_body(const crm_request_t *request, crm_idempotent_t *id)
{
    char *json = request->body ? json_dumps(request->body, JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
    const char *query = request->raw_query ? request->raw_query : "";

    memset(id->body, 0, sizeof(id->body));
    mix(id->body, query, strlen(query));
    mix(id->body, json ? json : "", json ? strlen(json) : 0);
    free(json);
    for (int i = 0; request->files && i < request->files->nelts; i++) {
        const crm_file_t *file = &APR_ARRAY_IDX(request->files, i, crm_file_t);
        CRM_ERR(hash_file(request->pool, file, id));
    }
    return NULL;
}

static const crm_db_t *db_of(const crm_request_t *request)
{
    return request->tenant ? crm_tenant_db(request->site, request->pool, request->tenant)
                           : &request->site->main;
}

static crm_error_t *handle(call_t *call)
{
    return call->request->route->handler(call->request, call->values, call->answer);
}

static crm_error_t *enter(call_t *call, const crm_db_t *db, apr_pool_t *pool)
{
    crm_error_t *error = crm_idempotency_enter(db, pool, &call->id);

    call->found = error && error->kind == CRM_E_DUPLICATE;
    return error;
}

static crm_error_t *keep(const call_t *call, const crm_db_t *db, apr_pool_t *pool)
{
    const crm_kept_answer_t answer = {
        .status = call->answer->status,
        .body = call->answer->json ? crm_json_text(pool, call->answer->json, NULL) : NULL,
        .version = call->answer->version,
    };

    return crm_idempotency_keep(db, pool, &call->id, &answer);
}

/* Key, work and answer in one transaction. */
static crm_error_t *run_in(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    call_t *call = baton;
    crm_error_t *error;

    CRM_ERR(enter(call, db, pool));
    call->request->db = db;
    error = handle(call);
    call->request->db = NULL;
    return error ? error : keep(call, db, pool);
}

/* One after the other, for work that is no single transaction. */
static crm_error_t *run_apart(call_t *call, const crm_db_t *db)
{
    apr_pool_t *pool = call->request->pool;
    crm_error_t *error;

    CRM_ERR(enter(call, db, pool));
    error = handle(call);
    if (!error && call->answer->status < 500) {
        return keep(call, db, pool);
    }
    /* the error of the work is the one to be told */
    (void)crm_idempotency_forget(db, pool, &call->id);
    return error;
}

/* Who enters at the same time waits a while for the other's transaction. */
static crm_error_t *told(apr_pool_t *pool, crm_error_t *error)
{
    if (error && error->kind == CRM_E_LOCKED) {
        error = crm_error_make(pool, CRM_E_CONFLICT,
                               "A request with this Idempotency-Key is being processed.");
        error->retry_after = 1;
    }
    return error;
}

static crm_error_t *replay(call_t *call, const crm_kept_answer_t *kept)
{
    crm_answer_t *answer = call->answer;
    apr_pool_t *pool = call->request->pool;

    answer->status = kept->status;
    answer->version = kept->version;
    if (kept->body) {
        answer->json = crm_json_own(pool, json_loads(kept->body, JSON_DECODE_ANY, NULL));
    }
    apr_table_setn(answer->headers, "Idempotent-Replayed", "true");
    return NULL;
}

static crm_error_t *run(call_t *call)
{
    apr_pool_t *pool = call->request->pool;
    const crm_db_t *db = db_of(call->request);

    for (;;) {
        const crm_kept_answer_t *kept;
        crm_error_t *error = call->request->route->flags & CRM_ROUTE_ATOMIC
                                 ? crm_db_transaction(db, pool, run_in, call)
                                 : run_apart(call, db);
        if (!call->found) {
            return told(pool, error);
        }
        CRM_ERR(crm_idempotency_find(db, pool, &call->id, &kept));
        if (kept) {
            return replay(call, kept);
        }
    }
}

/* While the secret key is being changed, an answer may have been kept by the one before. */
static crm_error_t *find_old(const call_t *call, const char *key,
                             const crm_kept_answer_t **ret_kept)
{
    const crm_request_t *request = call->request;
    crm_idempotent_t id = call->id;

    *ret_kept = NULL;
    if (!request->site->key.has_old) {
        return NULL;
    }
    const crm_key_t old = crm_secret_old_key(&request->site->key);
    hash_key(request, &old, key, &id);
    return crm_idempotency_find(db_of(request), request->pool, &id, ret_kept);
}

crm_error_t *crm_idempotent_run(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer)
{
    const char *key = key_of(request);
    call_t call = {.request = request, .values = values, .answer = answer};

    if (!key) {
        return request->route->handler(request, values, answer);
    }
    CRM_ERR(check_key(request->pool, key));
    CRM_ERR(crm_body_read(request));
    hash_key(request, &request->site->key, key, &call.id);
    CRM_ERR(hash_body(request, &call.id));
    const crm_kept_answer_t *kept;
    CRM_ERR(find_old(&call, key, &kept));
    return kept ? replay(&call, kept) : run(&call);
}
