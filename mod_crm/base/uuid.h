/* base/uuid.h - UUIDs (RFC 9562): version 7 for new rows, any version accepted. */
#ifndef CRM_BASE_UUID_H
#define CRM_BASE_UUID_H

#include <apr_pools.h>

typedef struct crm_uuid_t {
    unsigned char bytes[16];
} crm_uuid_t;

#define CRM_UUID_TEXT 36

/* A new version 7 UUID: 48 bits of milliseconds, 12 of their fraction (RFC 9562 6.2, method 3), 62
 * random. Never goes back within a process: ids of one thread sort in the order made. Takes no
 * lock; crm_secret_init must have been called. */
void crm_uuid_make(crm_uuid_t *ret_uuid);

/* Reads 36 characters with dashes, or 32 hex digits without; any case. 1 or 0. */
int crm_uuid_parse(const char *text, crm_uuid_t *ret_uuid);

/* Lower case with dashes. */
const char *crm_uuid_text(apr_pool_t *pool, const crm_uuid_t *uuid);

#endif
