/* base/password.c - password hashing: argon2id by libsodium, Django's PBKDF2 by OpenSSL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "base/password.h"
#include "base/secret.h"
#include "base/semaphore.h"

#define ARGON2ID_PREFIX "$argon2id$"
#define DJANGO_PREFIX "pbkdf2_sha256$"
#define HASH_SIZE 32
#define DJANGO_SALT_MAX 128

/* A stored hash says itself what it costs to verify. What asks for more than anybody's setting
 * would is no hash of ours: it would stand in the way of everybody who waits to log in. */
#define ITERATIONS_MAX 10000000
#define MEMORY_MAX (1UL << 20) /* in KiB */
#define PASSES_MAX 64

struct crm_hasher_t {
    crm_hash_cost_t cost;
    crm_semaphore_t *semaphore;
};

typedef struct argon2id_hash_t {
    unsigned long memory; /* in KiB */
    unsigned long passes;
    unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char hash[HASH_SIZE];
} argon2id_hash_t;

typedef struct django_hash_t {
    int iterations;
    const char *salt;
    int salt_length;
    unsigned char hash[HASH_SIZE];
} django_hash_t;

/* What a verification found. */
typedef enum { MATCH, MISMATCH, UNKNOWN_FORM, NO_MEMORY } outcome_e;

static crm_error_t *unavailable(const crm_hasher_t *hasher, apr_pool_t *pool, const char *cause)
{
    crm_error_t *error =
        crm_error_make(pool, CRM_E_UNAVAILABLE, "The server is busy. Try again later.");
    int seconds = (int)((hasher->cost.wait + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC);
    error->retry_after = seconds > 1 ? seconds : 1;
    return crm_error_cause(error, "%s", cause);
}

/* Waits for its turn to hash; every success is followed by crm_semaphore_release. */
static crm_error_t *take_turn(crm_hasher_t *hasher, apr_pool_t *pool)
{
    if (crm_semaphore_acquire(hasher->semaphore, hasher->cost.wait) != APR_SUCCESS) {
        return unavailable(hasher, pool, "the bound of concurrent password hashes is reached");
    }
    return NULL;
}

static crm_error_t *no_memory(const crm_hasher_t *hasher, apr_pool_t *pool)
{
    return unavailable(hasher, pool, "no memory for a password hash");
}

static int hash_argon2id(const crm_hasher_t *hasher, const char *password,
                         char ret_hash[crypto_pwhash_STRBYTES])
{
    return crypto_pwhash_str_alg(ret_hash, password, strlen(password),
                                 (unsigned long long)hasher->cost.passes,
                                 (size_t)hasher->cost.memory, crypto_pwhash_ALG_ARGON2ID13);
}

/* Reads LABEL and a number of 1 to MOST at *AT and steps over them. 1 or 0. */
static int take_number(const char **at, const char *label, unsigned long most,
                       unsigned long *ret_number)
{
    apr_size_t length = strlen(label);
    if (strncmp(*at, label, length) != 0 || (*at)[length] < '0' || (*at)[length] > '9') {
        return 0;
    }
    char *end;
    errno = 0;
    *ret_number = strtoul(*at + length, &end, 10);
    *at = end;
    return errno == 0 && *ret_number >= 1 && *ret_number <= most;
}

/* Decodes base64 at *AT up to AFTER into exactly SIZE bytes and steps over both. 1 or 0. */
static int take_base64(const char **at, int variant, char after, unsigned char *ret_bytes,
                       size_t size)
{
    size_t length;
    const char *end = strchr(*at, after);
    if (!end || sodium_base642bin(ret_bytes, size, *at, (size_t)(end - *at), NULL, &length, NULL,
                                  variant) != 0) {
        return 0;
    }
    *at = end + (after != '\0');
    return length == size;
}

/* Reads "$argon2id$v=19$m=memory,t=passes,p=1$salt$hash" (the PHC format). 1 or 0. */
static int parse_argon2id(const char *text, argon2id_hash_t *ret_hash)
{
    unsigned long version;
    unsigned long lanes;
    const int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    const char *at = text;
    if (!take_number(&at, ARGON2ID_PREFIX "v=", 19, &version) ||
        !take_number(&at, "$m=", MEMORY_MAX, &ret_hash->memory) ||
        !take_number(&at, ",t=", PASSES_MAX, &ret_hash->passes) ||
        !take_number(&at, ",p=", 1, &lanes) || *at != '$') {
        return 0;
    }
    at++;
    return take_base64(&at, variant, '$', ret_hash->salt, sizeof(ret_hash->salt)) &&
           take_base64(&at, variant, '\0', ret_hash->hash, sizeof(ret_hash->hash));
}

/* Hashes and compares by hand: crypto_pwhash_str_verify says EINVAL both for a wrong password and
 * for memory that it did not get, and whoever has the right password must not be told otherwise. */
static outcome_e verify_argon2id(const crm_hasher_t *hasher, const char *password, const char *text,
                                 int *ret_rehash)
{
    argon2id_hash_t stored;
    unsigned char hash[HASH_SIZE];
    int other_cost = crypto_pwhash_str_needs_rehash(text, (unsigned long long)hasher->cost.passes,
                                                    (size_t)hasher->cost.memory);
    if (other_cost < 0 || !parse_argon2id(text, &stored)) {
        return UNKNOWN_FORM;
    }
    if (crypto_pwhash(hash, sizeof(hash), password, strlen(password), stored.salt, stored.passes,
                      stored.memory * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return NO_MEMORY;
    }
    outcome_e outcome = sodium_memcmp(hash, stored.hash, sizeof(hash)) == 0 ? MATCH : MISMATCH;
    *ret_rehash = outcome == MATCH && other_cost;
    sodium_memzero(hash, sizeof(hash));
    return outcome;
}

/* Reads "pbkdf2_sha256$iterations$salt$base64 of 32 bytes". 1 or 0. */
static int parse_django(const char *text, django_hash_t *ret_hash)
{
    unsigned long iterations;
    const char *at = text;
    if (!take_number(&at, DJANGO_PREFIX, ITERATIONS_MAX, &iterations) || *at != '$') {
        return 0;
    }
    const char *salt = at + 1;
    const char *end = strchr(salt, '$');
    if (!end || end == salt || end - salt > DJANGO_SALT_MAX) {
        return 0;
    }
    ret_hash->iterations = (int)iterations;
    ret_hash->salt = salt;
    ret_hash->salt_length = (int)(end - salt);
    at = end + 1;
    return take_base64(&at, sodium_base64_VARIANT_ORIGINAL, '\0', ret_hash->hash,
                       sizeof(ret_hash->hash));
}

static outcome_e verify_django(const char *password, const char *text)
{
    django_hash_t stored;
    unsigned char hash[HASH_SIZE];
    if (!parse_django(text, &stored)) {
        return UNKNOWN_FORM;
    }
    if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const unsigned char *)stored.salt,
                          stored.salt_length, stored.iterations, EVP_sha256(), HASH_SIZE,
                          hash) != 1) {
        return NO_MEMORY;
    }
    outcome_e outcome = sodium_memcmp(hash, stored.hash, sizeof(hash)) == 0 ? MATCH : MISMATCH;
    sodium_memzero(hash, sizeof(hash));
    return outcome;
}

static outcome_e verify(const crm_hasher_t *hasher, const char *password, const char *hash,
                        int *ret_rehash)
{
    outcome_e outcome = UNKNOWN_FORM;
    if (hash && strncmp(hash, ARGON2ID_PREFIX, strlen(ARGON2ID_PREFIX)) == 0) {
        outcome = verify_argon2id(hasher, password, hash, ret_rehash);
    } else if (hash && strncmp(hash, DJANGO_PREFIX, strlen(DJANGO_PREFIX)) == 0) {
        outcome = verify_django(password, hash);
        *ret_rehash = outcome == MATCH;
    }
    if (outcome == UNKNOWN_FORM) {
        /* who has no account, or none with a password, must not be told so by the clock */
        char unused[crypto_pwhash_STRBYTES];
        outcome = hash_argon2id(hasher, password, unused) == 0 ? MISMATCH : NO_MEMORY;
        sodium_memzero(unused, sizeof(unused));
    }
    return outcome;
}

apr_status_t crm_hasher_create(apr_pool_t *pool, const crm_hash_cost_t *cost,
                               crm_hasher_t **ret_hasher)
{
    if (cost->memory < crypto_pwhash_MEMLIMIT_MIN || cost->memory / 1024 > MEMORY_MAX ||
        cost->passes < 1 || cost->passes > PASSES_MAX || cost->wait < 0) {
        return APR_EINVAL;
    }
    apr_status_t status = crm_secret_init();
    if (status != APR_SUCCESS) {
        return status;
    }
    crm_hasher_t *hasher = apr_pcalloc(pool, sizeof(*hasher));
    hasher->cost = *cost;
    status = crm_semaphore_create(pool, cost->at_once, &hasher->semaphore);
    if (status == APR_SUCCESS) {
        *ret_hasher = hasher;
    }
    return status;
}

crm_semaphore_t *crm_hasher_semaphore(crm_hasher_t *hasher)
{
    return hasher->semaphore;
}

crm_error_t *crm_password_hash(crm_hasher_t *hasher, apr_pool_t *pool, const char *password,
                               const char **ret_hash)
{
    char hash[crypto_pwhash_STRBYTES];
    CRM_ERR(take_turn(hasher, pool));
    int failed = hash_argon2id(hasher, password, hash);
    crm_semaphore_release(hasher->semaphore);
    if (failed) {
        return no_memory(hasher, pool);
    }
    *ret_hash = apr_pstrdup(pool, hash);
    return NULL;
}

crm_error_t *crm_password_verify(crm_hasher_t *hasher, apr_pool_t *pool, const char *password,
                                 const char *hash, int *ret_match, int *ret_rehash)
{
    int rehash = 0;
    CRM_ERR(take_turn(hasher, pool));
    outcome_e outcome = verify(hasher, password, hash, &rehash);
    crm_semaphore_release(hasher->semaphore);
    if (outcome == NO_MEMORY) {
        return no_memory(hasher, pool);
    }
    *ret_match = outcome == MATCH;
    *ret_rehash = rehash;
    return NULL;
}
