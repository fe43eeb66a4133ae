/* service/idempotency.h - answers kept by a client's key, so that a call sent twice is done once.
 *
 * A row of idempotency_key is found by a keyed hash of the account, the call and the key that the
 * client chose (draft-ietf-httpapi-idempotency-key-header). It is entered before the work begins,
 * without an answer: inside the work's transaction where there is one, so that work and answer are
 * there together or not at all. It counts for 24 hours.
 */
#ifndef CRM_SERVICE_IDEMPOTENCY_H
#define CRM_SERVICE_IDEMPOTENCY_H

#include "base/secret.h"
#include "db/database.h"

typedef struct crm_idempotent_t {
    unsigned char key[CRM_HASH_SIZE];  /* of account, call and the client's key */
    unsigned char body[CRM_HASH_SIZE]; /* of what was sent */
} crm_idempotent_t;

/* An answer as it is kept. */
typedef struct crm_kept_answer_t {
    int status;
    const char *body;    /* JSON, or NULL */
    apr_int64_t version; /* of a record, for its ETag; -1: none */
} crm_kept_answer_t;

/* Enters CALL, which is not there: DUPLICATE when it is; LOCKED when another one is just entering
 * it. Removes what is over, now and then. */
crm_error_t *crm_idempotency_enter(const crm_db_t *db, apr_pool_t *pool,
                                   const crm_idempotent_t *call);

/* The answer of CALL, which was entered before. UNPROCESSABLE when another body was sent then,
 * CONFLICT with retry_after when there is no answer yet. *RET_ANSWER is NULL when the entry is
 * gone, or over and removed: it may be entered again. */
crm_error_t *crm_idempotency_find(const crm_db_t *db, apr_pool_t *pool,
                                  const crm_idempotent_t *call,
                                  const crm_kept_answer_t **ret_answer);

/* Keeps the answer of CALL. */
crm_error_t *crm_idempotency_keep(const crm_db_t *db, apr_pool_t *pool,
                                  const crm_idempotent_t *call, const crm_kept_answer_t *answer);

/* Forgets CALL, of which nothing was done. */
crm_error_t *crm_idempotency_forget(const crm_db_t *db, apr_pool_t *pool,
                                    const crm_idempotent_t *call);

#endif
