/* service/bulk_insert.h - many rows in few statements.
 *
 * Rows go in statements of 64, 16, 4 or 1 of them: large enough to be fast, and so few different
 * texts that each stays prepared.
 */
#ifndef CRM_SERVICE_BULK_INSERT_H
#define CRM_SERVICE_BULK_INSERT_H

#include "db/database.h"

typedef struct crm_bulk_insert_t {
    const char *before; /* "INSERT INTO t (a, b) VALUES " */
    const char *row;    /* "(?, ?)" */
    const char *after;  /* "", or " {upsert a} b = t.b + {new b}" */
    int columns;        /* '?' in row; none may be given a NULL value, for which another statement
                           would have to be prepared: NULLIF(?, '') stands for what may be NULL */
} crm_bulk_insert_t;

/* Inserts COUNT rows, whose VALUES stand one after the other, as they are. No statement has more
 * than about a megabyte of values but for a single row's. */
crm_error_t *crm_bulk_insert(const crm_db_t *db, apr_pool_t *pool, const crm_bulk_insert_t *insert,
                             const crm_value_t *values, int count);

#endif
