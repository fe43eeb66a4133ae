/* db/migration_files.h - what crm_migrations_read reads; for db/migration.c alone.
 */
#ifndef CRM_DB_MIGRATION_FILES_H
#define CRM_DB_MIGRATION_FILES_H

#include "db/driver.h"
#include "db/migration.h"

typedef struct crm_migration_file_t {
    const char *name;
    const char *checksum;           /* SHA-256 of its bytes, hexadecimal */
    apr_array_header_t *statements; /* of const char *; at least one */
} crm_migration_file_t;

struct crm_migrations_t {
    crm_migration_file_t *files; /* file i is version i + 1 */
    int count;
};

#endif
