/* db/schema.c - what a database should have, compared with what it has, and mended. */
#include <string.h>

#include <apr_strings.h>

#include "db/connection.h"
#include "db/schema.h"

const char *crm_schema_kind_name(crm_part_e kind)
{
    static const char *const names[] = {"table", "column", "index", "foreign key"};
    return names[kind];
}

crm_error_t *crm_schema_read(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t **ret_parts)
{
    crm_db_t any = *db;
    any.needs = 0;
    *ret_parts = apr_array_make(pool, 256, sizeof(crm_schema_part_t));
    return crm_driver(db->server->driver)->schema(&any, pool, *ret_parts);
}

crm_error_t *crm_schema_of(const crm_db_t *scratch, apr_pool_t *pool,
                           const crm_migrations_t *migrations, apr_array_header_t **ret_parts)
{
    CRM_ERR(crm_db_create_database(scratch, pool));
    crm_error_t *error = crm_migrate_new(scratch, pool, migrations, 0);
    if (!error) {
        error = crm_schema_read(scratch, pool, ret_parts);
    }
    crm_error_t *dropped = crm_db_drop_database(scratch, pool);
    return error ? error : dropped;
}

/* ---- comparing ---- */

static const crm_schema_part_t *find(const apr_array_header_t *parts, crm_part_e kind,
                                     const char *table, const char *name)
{
    for (int i = 0; i < parts->nelts; i++) {
        const crm_schema_part_t *part = &APR_ARRAY_IDX(parts, i, crm_schema_part_t);
        if (part->kind == kind && strcmp(part->table, table) == 0 &&
            strcmp(part->name, name) == 0) {
            return part;
        }
    }
    return NULL;
}

static apr_array_header_t *compare(apr_pool_t *pool, const apr_array_header_t *wanted,
                                   const apr_array_header_t *found)
{
    apr_array_header_t *faults = apr_array_make(pool, 8, sizeof(crm_schema_fault_t));

    for (int i = 0; i < wanted->nelts; i++) {
        const crm_schema_part_t *part = &APR_ARRAY_IDX(wanted, i, crm_schema_part_t);
        const crm_schema_part_t *there = find(found, part->kind, part->table, part->name);
        int has_table = find(found, CRM_PART_TABLE, part->table, "") != NULL;
        if ((there && strcmp(there->definition, part->definition) == 0) ||
            (part->with_table && !has_table)) {
            continue;
        }
        APR_ARRAY_PUSH(faults, crm_schema_fault_t) =
            (crm_schema_fault_t){.wanted = part, .found = there};
    }
    return faults;
}

/* ---- mending ---- */

static crm_error_t *different(apr_pool_t *pool, const crm_schema_fault_t *fault)
{
    return crm_error_make(pool, CRM_E_CONFLICT, "It is \"%s\" and should be \"%s\".",
                          fault->found->definition, fault->wanted->definition);
}

static crm_error_t *make(crm_connection_t *connection, apr_pool_t *pool,
                         const crm_schema_part_t *part)
{
    if (!part->sql) {
        return crm_error_make(pool, CRM_E_CONFLICT, "It cannot be added to a table that is there.");
    }
    return crm_connection_run(connection, pool, part->sql);
}

/* Tries each that is not mended yet; how many were. */
static int try_all(crm_connection_t *connection, apr_pool_t *pool, apr_array_header_t *faults,
                   char *mended)
{
    int count = 0;

    for (int i = 0; i < faults->nelts && !connection->broken; i++) {
        crm_schema_fault_t *fault = &APR_ARRAY_IDX(faults, i, crm_schema_fault_t);
        if (!mended[i]) {
            fault->error =
                fault->found ? different(pool, fault) : make(connection, pool, fault->wanted);
            mended[i] = !fault->error;
            count += mended[i];
        }
    }
    return count;
}

crm_error_t *crm_schema_mend(const crm_db_t *db, apr_pool_t *pool, const apr_array_header_t *wanted,
                             apr_array_header_t **ret_faults)
{
    const crm_driver_t *driver = crm_driver(db->server->driver);
    crm_db_t any = *db;
    apr_array_header_t *found;
    crm_connection_t *connection;

    any.needs = 0;
    CRM_ERR(crm_schema_read(&any, pool, &found));
    *ret_faults = compare(pool, wanted, found);
    if (!(*ret_faults)->nelts) {
        return NULL;
    }
    CRM_ERR(crm_pool_acquire(&any, pool, &connection));
    driver->set_patience(connection, 0);
    /* a table comes before those that refer to it: whatever was too early is tried again */
    char *mended = apr_pcalloc(pool, (apr_size_t)(*ret_faults)->nelts);
    while (try_all(connection, pool, *ret_faults, mended)) {
    }
    driver->set_patience(connection, CRM_PATIENCE);
    crm_pool_release(any.pool, connection, connection->broken);
    return NULL;
}
