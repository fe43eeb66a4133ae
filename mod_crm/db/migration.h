/* db/migration.h - schema versions: sql/<driver>/<main|tenant>/NNNN_name.sql, applied in order.
 *
 * Each applied file is recorded with its checksum (SHA-256) in schema_migration, and on MySQL,
 * where DDL commits by itself, each statement too: a run that was killed goes on where it stopped,
 * and a statement that was done but not recorded is recognised. Two processes at once: a lock. A
 * file that was changed after it was applied, a gap, and a version newer than the files are refused
 * by name.
 */
#ifndef CRM_DB_MIGRATION_H
#define CRM_DB_MIGRATION_H

#include "db/database.h"

typedef enum { CRM_SCHEMA_MAIN, CRM_SCHEMA_TENANT } crm_schema_e;

typedef struct crm_migrations_t crm_migrations_t; /* the files of one kind, read once */

/* Reads the files below DIRECTORY (the one that holds mysql/ and sqlite3/). Errors name the file.
 */
crm_error_t *crm_migrations_read(apr_pool_t *pool, const char *directory, const char *driver,
                                 crm_schema_e schema, crm_migrations_t **ret_migrations);

/* The version (NNNN) of the newest file. */
int crm_migrations_newest(const crm_migrations_t *migrations);

/* What all the files are: SHA-256, hexadecimal, the same for the same names and contents. */
const char *crm_migrations_fingerprint(apr_pool_t *pool, const crm_migrations_t *migrations);

/* Brings DB (which must exist) to the newest version. *RET_APPLIED (may be NULL): files applied. */
crm_error_t *crm_migrate(const crm_db_t *db, apr_pool_t *pool, const crm_migrations_t *migrations,
                         int *ret_applied);

/* The same for a caller who has noted, where it outlives him, that he is about to do it: a file's
 * beginning is not recorded in DB, which saves a commit. INTERRUPTED: there was such a note before,
 * and nothing that said how it ended. */
crm_error_t *crm_migrate_noted(const crm_db_t *db, apr_pool_t *pool,
                               const crm_migrations_t *migrations, int interrupted,
                               int *ret_applied);

/* The same for a database that was just made and is removed when this does not come to its end: no
 * single statements are recorded, which saves half of the time. It ends with VERSION (0: the
 * newest), one that there is. */
crm_error_t *crm_migrate_new(const crm_db_t *db, apr_pool_t *pool,
                             const crm_migrations_t *migrations, int version);

/* What crm_migrate would do, and refuses what it would refuse; changes nothing. *RET_VERSION: where
 * DB is; *RET_NAMES: the files (of const char *) that are not applied, or not wholly. */
crm_error_t *crm_migration_pending(const crm_db_t *db, apr_pool_t *pool,
                                   const crm_migrations_t *migrations, int *ret_version,
                                   apr_array_header_t **ret_names);

/* UNAVAILABLE unless DB is at VERSION: what the pool finds out where it opens a connection. */
crm_error_t *crm_migration_verify(const crm_db_t *db, apr_pool_t *pool, int version);

/* The version DB is at, 0 when it has no table schema_migration. */
crm_error_t *crm_migration_version(const crm_db_t *db, apr_pool_t *pool, int *ret_version);

#endif
