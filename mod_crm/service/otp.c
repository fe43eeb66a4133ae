/* service/otp.c - one-time codes that show that somebody reads an account's mail. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/otp.h"

#define TRIES_MAX "5"

/* A try. */
typedef struct try_t {
    const crm_otp_subject_t *subject;
    unsigned char hash[CRM_HASH_SIZE]; /* of the code that was sent */
    int match;
} try_t;

crm_otp_subject_t crm_otp_subject(const crm_accounts_t *accounts, apr_pool_t *pool,
                                  const crm_account_t *account)
{
    crm_otp_subject_t subject = {.bound = ""};
    if (!account) {
        crm_secret_random(subject.key, sizeof(subject.key));
        return subject;
    }
    const char *tenant = accounts->tenant ? crm_uuid_text(pool, &accounts->tenant->id) : "";
    const char *identity = apr_psprintf(pool, "%s/%" APR_INT64_T_FMT, tenant, account->id);
    crm_secret_keyed(&accounts->site->key, "otp account", identity, strlen(identity), subject.key);
    subject.bound = apr_pstrcat(pool, crm_text_fold(pool, account->email), "\n",
                                account->password ? account->password : "", NULL);
    return subject;
}

/* Neither keys (hex) nor codes have a line feed. */
static void hash_code(const crm_site_t *site, apr_pool_t *pool, const crm_otp_subject_t *subject,
                      const char *code, unsigned char ret_hash[CRM_HASH_SIZE])
{
    const char *text =
        apr_pstrcat(pool, crm_secret_base64(pool, subject->key, sizeof(subject->key)), "\n", code,
                    "\n", subject->bound, NULL);
    crm_secret_keyed(&site->key, "otp code", text, strlen(text), ret_hash);
}

crm_error_t *crm_otp_store(const crm_site_t *site, const crm_db_t *db, apr_pool_t *pool,
                           const crm_otp_subject_t *subject, const char *code)
{
    unsigned char hash[CRM_HASH_SIZE];
    apr_time_t now = apr_time_now();
    hash_code(site, pool, subject, code, hash);
    return crm_db_execute(
        db, pool,
        "INSERT INTO otp (account_key, code_hash, tries, created_at, expires_at) "
        "VALUES (?, ?, 0, ?, ?) {upsert account_key} code_hash = {new code_hash}, tries = 0, "
        "created_at = {new created_at}, expires_at = {new expires_at}",
        CRM_ARGS(crm_bytes(subject->key, CRM_HASH_SIZE), crm_bytes(hash, CRM_HASH_SIZE),
                 crm_time(now), crm_time(now + CRM_OTP_LIFE)),
        NULL);
}

/* The row stays locked from the count to the commit. */
static crm_error_t *count_try(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    try_t *try = baton;
    crm_value_t key = crm_bytes(try->subject->key, CRM_HASH_SIZE);
    apr_int64_t counted;
    CRM_ERR(crm_db_execute(db, pool,
                           "UPDATE otp SET tries = tries + 1 WHERE account_key = ? AND "
                           "expires_at > ? AND tries < " TRIES_MAX,
                           CRM_ARGS(key, crm_time(apr_time_now())), &counted));
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, "SELECT code_hash FROM otp WHERE account_key = ?", "x",
                          CRM_ARGS(key), &rows));
    try->match = counted > 0 && rows->count > 0 &&
                 crm_secret_equal(crm_row(rows, 0)[0].as.bytes, try->hash, CRM_HASH_SIZE);
    return NULL;
}

crm_error_t *crm_otp_try(const crm_site_t *site, apr_pool_t *pool, const crm_otp_subject_t *subject,
                         const char *code, int *ret_match)
{
    try_t try = {.subject = subject};
    hash_code(site, pool, subject, code, try.hash);
    CRM_ERR(crm_db_transaction(&site->main, pool, count_try, &try));
    *ret_match = try.match;
    return NULL;
}

crm_error_t *crm_otp_remove(const crm_site_t *site, apr_pool_t *pool,
                            const crm_otp_subject_t *subject)
{
    return crm_db_execute(&site->main, pool, "DELETE FROM otp WHERE account_key = ?",
                          CRM_ARGS(crm_bytes(subject->key, CRM_HASH_SIZE)), NULL);
}

crm_error_t *crm_otp_purge(const crm_site_t *site, apr_pool_t *pool)
{
    return crm_db_execute(&site->main, pool, "DELETE FROM otp WHERE expires_at <= ?",
                          CRM_ARGS(crm_time(apr_time_now())), NULL);
}
