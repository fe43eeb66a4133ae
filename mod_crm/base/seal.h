/* base/seal.h - texts that only this installation can read: encrypted and authenticated with a key
 * derived from its secret key (XSalsa20-Poly1305, libsodium's secretbox).
 */
#ifndef CRM_BASE_SEAL_H
#define CRM_BASE_SEAL_H

#include "base/secret.h"

/* TEXT sealed for PURPOSE (each has a key of its own), in POOL: base64url of a random nonce and the
 * box, so the same text is never sealed alike. */
const char *crm_seal(apr_pool_t *pool, const crm_key_t *key, const char *purpose, const char *text);

/* The text that SEALED holds, in POOL; NULL when it was not sealed with KEY for PURPOSE, or has
 * been changed since. */
const char *crm_unseal(apr_pool_t *pool, const crm_key_t *key, const char *purpose,
                       const char *sealed);

#endif
