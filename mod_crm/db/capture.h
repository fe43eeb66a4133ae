/* db/capture.h - what is written into a database while it is copied; and writes refused at the end.
 *
 * Triggers write the key of each row that changes into a log, table crm_move_log of the same
 * database and the same transaction: so what is logged is what was committed. They also read, and
 * so lock until their transaction ends, the one row of table crm_move_fence: whoever raises that
 * fence waits for all transactions that write, and from then on writes are refused. Needs the right
 * to make triggers.
 *
 * Rows that the database removes by itself (ON DELETE CASCADE) are not logged.
 */
#ifndef CRM_DB_CAPTURE_H
#define CRM_DB_CAPTURE_H

#include "db/driver.h"
#include "db/table.h"

#define CRM_CAPTURE_LOG CRM_MOVE_PREFIX "log"
#define CRM_CAPTURE_FENCE CRM_MOVE_PREFIX "fence"

/* A key of the log. */
typedef struct crm_captured_t {
    apr_int64_t id;
    const crm_table_t *table;
    const crm_value_t *key;
} crm_captured_t;

/* From now on changes of TABLES (of const crm_table_t *) are logged. INTERNAL for a key of more
 * than five columns. */
crm_error_t *crm_capture_begin(const crm_db_t *db, apr_pool_t *pool,
                               const apr_array_header_t *tables);

/* The first LIMIT keys of the log behind the id AFTER, of crm_captured_t. */
crm_error_t *crm_capture_read(const crm_db_t *db, apr_pool_t *pool,
                              const apr_array_header_t *tables, apr_int64_t after, int limit,
                              apr_array_header_t **ret_keys);

/* Removes from the log what was read. */
crm_error_t *crm_capture_forget(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *keys);

/* Raises the fence: refuses all writes to the tables from now on. */
crm_error_t *crm_capture_fence(const crm_db_t *db, apr_pool_t *pool);

/* Takes the tenant's row out of the database: whoever looks for a token there finds none. */
crm_error_t *crm_capture_hide(const crm_db_t *db, apr_pool_t *pool);

/* 1 when NAME is one of the tables that are made here. */
int crm_capture_owns(const char *name);

/* Takes away log, triggers and fence, as far as they are there, when
 * what a process that died has begun here has ended. */
crm_error_t *crm_capture_end(const crm_db_t *db, apr_pool_t *pool,
                             const apr_array_header_t *tables);

#endif
