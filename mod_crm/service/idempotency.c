/* service/idempotency.c - answers kept by a client's key. */
#include <string.h>

#include "service/idempotency.h"

#define LIFE apr_time_from_sec(24 * 60 * 60)

/* One in so many entries removes what is over. */
#define CLEANING 64

static crm_error_t *clean(const crm_db_t *db, apr_pool_t *pool)
{
    unsigned char random;

    crm_secret_random(&random, sizeof(random));
    if (random % CLEANING) {
        return NULL;
    }
    return crm_db_execute(db, pool, "DELETE FROM idempotency_key WHERE created_at < ?",
                          CRM_ARGS(crm_time(apr_time_now() - LIFE)), NULL);
}

crm_error_t *crm_idempotency_enter(const crm_db_t *db, apr_pool_t *pool,
                                   const crm_idempotent_t *call)
{
    CRM_ERR(clean(db, pool));
    return crm_db_execute(
        db, pool, "INSERT INTO idempotency_key (key_hash, body_hash, created_at) VALUES (?, ?, ?)",
        CRM_ARGS(crm_bytes(call->key, sizeof(call->key)), crm_bytes(call->body, sizeof(call->body)),
                 crm_time(apr_time_now())),
        NULL);
}

crm_error_t *crm_idempotency_find(const crm_db_t *db, apr_pool_t *pool,
                                  const crm_idempotent_t *call,
                                  const crm_kept_answer_t **ret_answer)
{
    const crm_rows_t *rows;

    *ret_answer = NULL;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT body_hash, status, response, version, created_at FROM "
                          "idempotency_key WHERE key_hash = ?",
                          "xilit", CRM_ARGS(crm_bytes(call->key, sizeof(call->key))), &rows));
    if (!rows->count) {
        return NULL;
    }
    const crm_value_t *row = crm_row(rows, 0);
    if (row[4].as.time < apr_time_now() - LIFE) {
        return crm_idempotency_forget(db, pool, call);
    }
    if (memcmp(row[0].as.bytes, call->body, sizeof(call->body)) != 0) {
        return crm_error_make(pool, CRM_E_UNPROCESSABLE,
                              "This Idempotency-Key was used with another request.");
    }
    if (crm_is_null(row[1])) {
        crm_error_t *error =
            crm_error_make(pool, CRM_E_CONFLICT,
                           "A request with this Idempotency-Key was begun and has no answer yet.");
        error->retry_after = 1;
        return error;
    }
    crm_kept_answer_t *answer = apr_palloc(pool, sizeof(*answer));
    *answer = (crm_kept_answer_t){
        .status = (int)row[1].as.integer,
        .body = row[2].kind == CRM_V_TEXT ? row[2].as.text : NULL,
        .version = crm_is_null(row[3]) ? -1 : row[3].as.integer,
    };
    *ret_answer = answer;
    return NULL;
}

crm_error_t *crm_idempotency_keep(const crm_db_t *db, apr_pool_t *pool,
                                  const crm_idempotent_t *call, const crm_kept_answer_t *answer)
{
    return crm_db_execute(
        db, pool,
        "UPDATE idempotency_key SET status = ?, response = ?, version = ? WHERE key_hash = ?",
        CRM_ARGS(crm_int(answer->status),
                 answer->body ? crm_text(answer->body) : crm_null_of(CRM_V_TEXT),
                 answer->version < 0 ? crm_null_of(CRM_V_INTEGER) : crm_int(answer->version),
                 crm_bytes(call->key, sizeof(call->key))),
        NULL);
}

crm_error_t *crm_idempotency_forget(const crm_db_t *db, apr_pool_t *pool,
                                    const crm_idempotent_t *call)
{
    return crm_db_execute(db, pool, "DELETE FROM idempotency_key WHERE key_hash = ?",
                          CRM_ARGS(crm_bytes(call->key, sizeof(call->key))), NULL);
}
