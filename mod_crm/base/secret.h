/* base/secret.h - random bytes, keyed hashes, password hashes, the secret key (by libsodium;
 * PBKDF2 by OpenSSL's libcrypto). Everything here is constant-time in the secret. */
#ifndef CRM_BASE_SECRET_H
#define CRM_BASE_SECRET_H

#include <apr_pools.h>

#include "base/error.h"

#define CRM_HASH_SIZE 32
#define CRM_KEY_SIZE 32

/* The secret key; while it is being changed, the one before as well: what that made is still
 * recognised, and nothing is made with it any more. */
typedef struct crm_key_t {
    unsigned char bytes[CRM_KEY_SIZE];
    int has_old;
    unsigned char old[CRM_KEY_SIZE];
} crm_key_t;

/* Must have been called in a process before anything else here; may be repeated. APR_SUCCESS or
 * APR_EGENERAL.
 */
apr_status_t crm_secret_init(void);

/* SIZE bytes from the system's CSPRNG. */
void crm_secret_random(void *bytes, apr_size_t size);

/* A random password of LENGTH characters of A-Z a-z 0-9 without look-alikes. */
const char *crm_secret_password(apr_pool_t *pool, int length);

/* LENGTH random digits, every number of that length being as likely as any other. */
const char *crm_secret_digits(apr_pool_t *pool, int length);

/* 1 when both have the same SIZE bytes, in a time that does not tell where they differ. */
int crm_secret_equal(const void *a, const void *b, apr_size_t size);

/* SHA-256 (FIPS 180-4) of SIZE bytes. */
void crm_secret_sha256(const void *data, apr_size_t size, unsigned char ret_hash[CRM_HASH_SIZE]);

/* BLAKE2b-256 keyed with KEY (RFC 7693) over PURPOSE, a NUL and SIZE bytes of DATA: hashes of
 * different purposes never meet. */
void crm_secret_keyed(const crm_key_t *key, const char *purpose, const void *data, apr_size_t size,
                      unsigned char ret_hash[CRM_HASH_SIZE]);

/* The key before KEY, which has one, as a key of its own. */
crm_key_t crm_secret_old_key(const crm_key_t *key);

/* Base64url without padding (RFC 4648 5). Decoding gives 1 when TEXT holds exactly SIZE bytes,
 * else 0, and then the bytes at RET_BYTES are not defined. */
const char *crm_secret_base64(apr_pool_t *pool, const void *bytes, apr_size_t size);
int crm_secret_unbase64(const char *text, void *ret_bytes, apr_size_t size);

/* Reads a key file: 64 hex digits or 32 raw bytes; or two lines of 64 hex digits, the key and the
 * one before. Errors (INTERNAL, with a sentence that says what
 * to do): not there, not readable, readable or writable by group or others, wrong length. */
crm_error_t *crm_secret_read_key(apr_pool_t *pool, const char *path, crm_key_t *ret_key);

/* Replaces the key file at PATH, whole or not at all, by one of the same owner that holds KEY, and
 * the key before where it has one. */
crm_error_t *crm_secret_replace_key(apr_pool_t *pool, const char *path, const crm_key_t *key);

/* Writes a new random key at PATH, mode 0600; an error when the file exists. */
crm_error_t *crm_secret_write_key(apr_pool_t *pool, const char *path);

#endif
