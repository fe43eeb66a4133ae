/* db/schema.h - the tables that a database has, compared with those that it should have.
 *
 * A migration that was applied is not looked at again; this looks at what is really there, and
 * makes again what somebody has dropped: tables, columns, indexes, foreign keys. It takes nothing
 * away.
 */
#ifndef CRM_DB_SCHEMA_H
#define CRM_DB_SCHEMA_H

#include "db/migration.h"

typedef enum { CRM_PART_TABLE, CRM_PART_COLUMN, CRM_PART_INDEX, CRM_PART_FOREIGN_KEY } crm_part_e;

/* A table, or something of a table. */
typedef struct crm_schema_part_t {
    crm_part_e kind;
    const char *table, *name; /* a foreign key is named by its columns */
    const char *definition;   /* as the database has it; of a table "" */
    const char *sql;          /* that makes it where it is missing; NULL: it cannot be added */
    int with_table;           /* the statement that makes the table makes it too */
} crm_schema_part_t;

/* The parts of DB's tables, of crm_schema_part_t: tables first. */
crm_error_t *crm_schema_read(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t **ret_parts);

/* The parts that MIGRATIONS make: read from SCRATCH, a database that must not exist and does not
 * after it. */
crm_error_t *crm_schema_of(const crm_db_t *scratch, apr_pool_t *pool,
                           const crm_migrations_t *migrations, apr_array_header_t **ret_parts);

/* What is not as it should be. */
typedef struct crm_schema_fault_t {
    const crm_schema_part_t *wanted;
    const crm_schema_part_t *found; /* another definition; NULL: it is missing */
    const crm_error_t *error;       /* why it could not be mended; NULL: it was */
} crm_schema_fault_t;

/* Makes what of WANTED is missing in DB; *RET_FAULTS: of crm_schema_fault_t, also those that
 * differ, which are left as they are. Run again it goes on. */
crm_error_t *crm_schema_mend(const crm_db_t *db, apr_pool_t *pool, const apr_array_header_t *wanted,
                             apr_array_header_t **ret_faults);

/* "column", "foreign key"... */
const char *crm_schema_kind_name(crm_part_e kind);

#endif
