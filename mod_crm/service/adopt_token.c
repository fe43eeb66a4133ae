/* service/adopt_token.c - tokens of the old product go on being valid: their hashes, and in the
 * main database which tenant each is of (service/token.h).
 */
#include <string.h>

#include "service/adopt_part.h"

#define LENGTH 40

/* Zeros for the main database. */
static crm_uuid_t tenant_of(const crm_adopt_chunk_t *chunk)
{
    return chunk->place->tenant ? chunk->place->tenant->id : (crm_uuid_t){{0}};
}

/* The hash of a row's token. 0: it is none that anybody could send. */
static int hash_of(const crm_adopt_chunk_t *chunk, int row, unsigned char ret_hash[CRM_HASH_SIZE])
{
    const char *key = crm_adopt_text(chunk, row, "key");
    if (!key || strlen(key) != LENGTH || strspn(key, "0123456789abcdefABCDEF") != LENGTH) {
        return 0;
    }
    crm_secret_sha256(key, LENGTH, ret_hash);
    return 1;
}

static crm_error_t *person_of(crm_adopt_chunk_t *chunk, int row, const crm_adopt_person_t **ret_who)
{
    const char *id = crm_adopt_text(chunk, row, "user_id");
    return chunk->part->is_main ? crm_adopt_main_person(chunk->place, id, ret_who)
                                : crm_adopt_person(chunk->place, id, ret_who);
}

/* The directory comes first: an entry too many does no harm. */
crm_error_t *crm_adopt_token_before(crm_adopt_chunk_t *chunk)
{
    const crm_db_t *main = &chunk->place->run->site->main;
    crm_uuid_t tenant_id = tenant_of(chunk);
    for (int i = 0; i < chunk->count; i++) {
        const crm_adopt_person_t *who;
        unsigned char hash[CRM_HASH_SIZE];
        CRM_ERR(person_of(chunk, i, &who));
        if (who && hash_of(chunk, i, hash)) {
            CRM_ERR(crm_db_execute(
                main, chunk->pool,
                "{insert ignore} INTO legacy_token (token_hash, tenant_id) VALUES (?, ?)",
                CRM_ARGS(crm_bytes(hash, sizeof(hash)), crm_uuid(&tenant_id)), NULL));
        }
    }
    return NULL;
}

/* 1 when the directory has it as another tenant's. */
static crm_error_t *is_elsewhere(const crm_adopt_chunk_t *chunk, const unsigned char *hash,
                                 int *ret_elsewhere)
{
    const crm_db_t *main = chunk->place->tenant ? &chunk->place->run->site->main : chunk->db;
    crm_uuid_t tenant_id = tenant_of(chunk);
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(main, chunk->pool,
                          "SELECT tenant_id FROM legacy_token WHERE token_hash = ?", "u",
                          CRM_ARGS(crm_bytes(hash, CRM_HASH_SIZE)), &rows));
    *ret_elsewhere =
        rows->count == 0 || memcmp(crm_row(rows, 0)[0].as.uuid, &tenant_id, sizeof(tenant_id)) != 0;
    return NULL;
}

/* It begins to expire and to idle now: how long it had lived before does not count. */
static crm_error_t *insert(const crm_adopt_chunk_t *chunk, const unsigned char *hash,
                           apr_int64_t account_id, apr_time_t created_at, apr_int64_t *ret_affected)
{
    apr_time_t now = apr_time_now();
    return crm_db_execute(
        chunk->db, chunk->pool,
        "{insert ignore} INTO token (token_hash, account_id, created_at, expires_at, "
        "last_used_at) VALUES (?, ?, ?, ?, ?)",
        CRM_ARGS(crm_bytes(hash, CRM_HASH_SIZE), crm_int(account_id), crm_time(created_at),
                 crm_time(now + chunk->place->run->options->settings->token_lifetime),
                 crm_time(now)),
        ret_affected);
}

/* Why a row is left out; NULL: it is not. */
static crm_error_t *why_not(crm_adopt_chunk_t *chunk, int row, const crm_adopt_person_t *who,
                            unsigned char *ret_hash, const char **ret_reason)
{
    int elsewhere;
    *ret_reason = !who              ? "its account is not there"
                  : !who->is_active ? "its account is disabled"
                                    : NULL;
    if (!*ret_reason && !hash_of(chunk, row, ret_hash)) {
        *ret_reason = "it is no token of 40 hexadecimal digits";
    }
    if (!*ret_reason) {
        CRM_ERR(is_elsewhere(chunk, ret_hash, &elsewhere));
        *ret_reason = elsewhere ? "another tenant has the same token" : NULL;
    }
    return NULL;
}

crm_error_t *crm_adopt_token(crm_adopt_chunk_t *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        const crm_adopt_person_t *who;
        unsigned char hash[CRM_HASH_SIZE];
        const char *reason;
        apr_time_t created_at;
        apr_int64_t affected;
        CRM_ERR(person_of(chunk, i, &who));
        CRM_ERR(why_not(chunk, i, who, hash, &reason));
        if (reason) {
            crm_adopt_left_out(chunk, i, reason);
            continue;
        }
        if (!crm_adopt_time(chunk, i, "created", &created_at)) {
            created_at = chunk->place->fallback;
        }
        CRM_ERR(insert(chunk, hash, who->id, created_at, &affected));
        if (affected) {
            crm_adopt_taken(chunk, i);
        } else {
            crm_adopt_merged(chunk, i);
        }
    }
    return NULL;
}
