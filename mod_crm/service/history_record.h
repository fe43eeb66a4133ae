/* service/history_record.h - a History record as the bytes that the spool keeps.
 *
 * Version 1: the byte 1; id (16 bytes); created_at, execution_time, user_id (8 bytes each,
 * little-endian); status (2); flags (1); then each text as its length plus one in 4 bytes (0:
 * NULL), its bytes and a NUL, so that a reader needs no copy of it.
 */
#ifndef CRM_SERVICE_HISTORY_RECORD_H
#define CRM_SERVICE_HISTORY_RECORD_H

#include "service/history.h"

/* RECORD's bytes, in POOL. */
const void *crm_history_encode(apr_pool_t *pool, const crm_history_t *record, apr_size_t *ret_size);

/* Reads what crm_history_encode wrote. Texts of *RET_RECORD stand in DATA, which must outlive it. 0
 * when DATA is of another version or damaged, else 1. */
int crm_history_decode(const void *data, apr_size_t size, crm_history_t *ret_record);

#endif
