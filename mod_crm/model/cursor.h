/* model/cursor.h - a place in an ordered list as opaque text that only this server can make.
 *
 * base64url (tag, payload). The payload is one byte for the direction and each order value: a byte
 * for its kind, then 8 bytes big-endian for numbers and times, 16 for a UUID, a length of 4 bytes
 * and the bytes for text. The tag is the first 16 bytes of a keyed BLAKE2b over the entity's name,
 * the order and the payload, so that a cursor fits its own list and order only. Inside model/:
 * everybody else uses crm_query_cursor.
 */
#ifndef CRM_MODEL_CURSOR_H
#define CRM_MODEL_CURSOR_H

#include "model/query.h"

/* Reads TEXT for QUERY, whose entity and order are set. Sets its `backward` and `cursor`. NOT_FOUND
 * "Invalid cursor" when this server did not make it for this list and order. */
crm_error_t *crm_cursor_read(apr_pool_t *pool, crm_query_t *query, const char *text,
                             const crm_key_t *key);

#endif
