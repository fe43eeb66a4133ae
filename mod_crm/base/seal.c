/* base/seal.c - texts that only this installation can read. */
#include <string.h>

#include <sodium.h>

#include "base/seal.h"

#define NONCE crypto_secretbox_NONCEBYTES
#define MAC crypto_secretbox_MACBYTES

static void derive(const crm_key_t *key, const char *purpose,
                   unsigned char ret_key[crypto_secretbox_KEYBYTES])
{
    static const char label[] = "seal";
    _Static_assert(crypto_secretbox_KEYBYTES == CRM_HASH_SIZE, "a hash is a key");
    crm_secret_keyed(key, purpose, label, sizeof(label), ret_key);
}

const char *crm_seal(apr_pool_t *pool, const crm_key_t *key, const char *purpose, const char *text)
{
    unsigned char own[crypto_secretbox_KEYBYTES];
    apr_size_t size = strlen(text);
    unsigned char *bytes = apr_palloc(pool, NONCE + MAC + size);
    derive(key, purpose, own);
    crm_secret_random(bytes, NONCE);
    crypto_secretbox_easy(bytes + NONCE, (const unsigned char *)text, size, bytes, own);
    sodium_memzero(own, sizeof(own));
    return crm_secret_base64(pool, bytes, NONCE + MAC + size);
}

const char *crm_unseal(apr_pool_t *pool, const crm_key_t *key, const char *purpose,
                       const char *sealed)
{
    unsigned char own[crypto_secretbox_KEYBYTES];
    apr_size_t size = strlen(sealed) / 4 * 3 + (strlen(sealed) % 4 * 3) / 4;
    if (size < NONCE + MAC) {
        return NULL;
    }
    unsigned char *bytes = apr_palloc(pool, size);
    if (!crm_secret_unbase64(sealed, bytes, size)) {
        return NULL;
    }
    char *text = apr_palloc(pool, size - NONCE - MAC + 1);
    derive(key, purpose, own);
    int failed =
        crypto_secretbox_open_easy((unsigned char *)text, bytes + NONCE, size - NONCE, bytes, own);
    sodium_memzero(own, sizeof(own));
    if (failed && key->has_old) {
        const crm_key_t old = crm_secret_old_key(key);
        return crm_unseal(pool, &old, purpose, sealed);
    }
    if (failed) {
        return NULL;
    }
    text[size - NONCE - MAC] = '\0';
    return text;
}
