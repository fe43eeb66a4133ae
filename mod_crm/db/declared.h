/* db/declared.h - the tables and columns that the files of migrations declare, read from their
 * text: no server is needed, and both databases' files are read in the same way.
 *
 * Understood are CREATE TABLE, ALTER TABLE with ADD, DROP, CHANGE and RENAME of columns or of the
 * table, and DROP TABLE; other statements declare nothing.
 */
#ifndef CRM_DB_DECLARED_H
#define CRM_DB_DECLARED_H

#include "db/migration.h"

typedef struct crm_declared_t crm_declared_t;

crm_declared_t *crm_declared_read(apr_pool_t *pool, const crm_migrations_t *migrations);

/* The names of TABLE's columns, of const char *, in the order in which they came; NULL where there
 * is no such table. */
const apr_array_header_t *crm_declared_columns(const crm_declared_t *declared, const char *table);

/* 1 when TABLE has COLUMN. */
int crm_declared_has(const crm_declared_t *declared, const char *table, const char *column);

#endif
