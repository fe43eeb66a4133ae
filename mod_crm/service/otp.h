/* service/otp.h - one-time codes that show that somebody reads an account's mail.
 *
 * Six digits, good for ten minutes and five tries; a new one replaces the old. The main database
 * (table otp) knows keyed hashes only. A code is bound to the account, its e-mail address and its
 * password's hash: when one of them changes, the code is over; so none is good for two resets.
 */
#ifndef CRM_SERVICE_OTP_H
#define CRM_SERVICE_OTP_H

#include "service/account.h"

#define CRM_OTP_DIGITS 6
#define CRM_OTP_LIFE apr_time_from_sec(10 * 60)

/* Whom a code is for. */
typedef struct crm_otp_subject_t {
    unsigned char key[CRM_HASH_SIZE]; /* of the account */
    const char *bound;                /* what else the code depends on */
} crm_otp_subject_t;

/* ACCOUNT was read with its hash; ACCOUNT NULL: nobody, for whom no code fits. */
crm_otp_subject_t crm_otp_subject(const crm_accounts_t *accounts, apr_pool_t *pool,
                                  const crm_account_t *account);

/* Makes CODE the subject's code; DB is the main database, also within a transaction. */
crm_error_t *crm_otp_store(const crm_site_t *site, const crm_db_t *db, apr_pool_t *pool,
                           const crm_otp_subject_t *subject, const char *code);

/* Counts a try and looks whether CODE is the subject's: tries at the same time do not pass the
 * limit. */
crm_error_t *crm_otp_try(const crm_site_t *site, apr_pool_t *pool, const crm_otp_subject_t *subject,
                         const char *code, int *ret_match);

/* Removes the subject's code. */
crm_error_t *crm_otp_remove(const crm_site_t *site, apr_pool_t *pool,
                            const crm_otp_subject_t *subject);

/* Removes codes that are over. */
crm_error_t *crm_otp_purge(const crm_site_t *site, apr_pool_t *pool);

#endif
