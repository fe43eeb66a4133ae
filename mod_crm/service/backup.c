/* service/backup.c - a tenant into a file. */
#include <string.h>

#include <apr_escape.h>

#include "base/json.h"
#include "base/time.h"
#include "db/capture.h"
#include "service/backup.h"
#include "service/tenant_row.h"

#define LEGACY_PAGE "500"

typedef struct backup_t {
    const crm_site_t *site;
    const crm_tenant_t *tenant;
    crm_archive_writer_t *writer;
    int version; /* of the schema */
} backup_t;

/* The version as the snapshot has it; none while somebody changes it. */
static crm_error_t *read_version(const crm_db_t *db, apr_pool_t *pool, int *ret_version)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, "SELECT MAX(version), MIN(is_done) FROM schema_migration", "ii",
                          CRM_NO_ARGS, &rows));
    if (crm_is_null(rows->cells[0]) || !rows->cells[1].as.integer) {
        return crm_error_make(pool, CRM_E_CONFLICT,
                              "The tenant's database is being migrated: try again when crmctl "
                              "migrate has ended.");
    }
    *ret_version = (int)rows->cells[0].as.integer;
    return NULL;
}

/* Made anew by whoever restores. */
static int is_left_out(const crm_table_t *table)
{
    return strcmp(table->name, "schema_migration") == 0 || strcmp(table->name, "tenant") == 0 ||
           crm_capture_owns(table->name);
}

/* The hashes of tokens of the product before, which lead to the tenant. */
static crm_error_t *add_legacy_tokens(const backup_t *backup, apr_pool_t *pool)
{
    static const crm_column_t columns[] = {
        {.name = "token_hash", .type = 'x', .declared = "BINARY(32)"}};
    static const int key[] = {0};
    static const crm_table_t table = {
        .name = "legacy_token", .columns = columns, .ncolumns = 1, .key = key, .nkey = 1};
    unsigned char last[CRM_HASH_SIZE] = {0};
    const crm_rows_t *rows;
    CRM_ERR(crm_archive_begin_table(backup->writer, &table));
    do {
        CRM_ERR(crm_db_select(
            &backup->site->main, pool,
            "SELECT token_hash FROM legacy_token WHERE tenant_id = ? AND "
            "token_hash > ? ORDER BY token_hash LIMIT " LEGACY_PAGE,
            "x", CRM_ARGS(crm_uuid(&backup->tenant->id), crm_bytes(last, sizeof(last))), &rows));
        for (int i = 0; i < rows->count; i++) {
            CRM_ERR(crm_archive_add_row(backup->writer, pool, crm_row(rows, i)));
            memcpy(last, crm_row(rows, i)[0].as.bytes, sizeof(last));
        }
    } while (rows->count > 0);
    return crm_archive_end_table(backup->writer);
}

static crm_error_t *add_tables(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    backup_t *backup = baton;
    apr_array_header_t *tables;
    CRM_ERR(read_version(db, pool, &backup->version));
    CRM_ERR(crm_tables_read(db, pool, &tables));
    for (int i = 0; i < tables->nelts; i++) {
        const crm_table_t *table = APR_ARRAY_IDX(tables, i, const crm_table_t *);
        if (!is_left_out(table)) {
            CRM_ERR(crm_archive_add_table(backup->writer, db, table));
        }
    }
    return NULL;
}

static json_t *manifest(apr_pool_t *pool, const backup_t *backup)
{
    const crm_tenant_t *tenant = backup->tenant;
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:s, s:s}", "id",
                            crm_uuid_text(pool, &tenant->id), "name", tenant->name, "slug",
                            tenant->slug, "database_name", tenant->database_name, "token_key",
                            apr_pescape_hex(pool, tenant->token_key, CRM_TOKEN_KEY_SIZE, 0),
                            "is_active", tenant->is_active, "version", (json_int_t)tenant->version,
                            "created_at", crm_time_iso(pool, tenant->created_at), "updated_at",
                            crm_time_iso(pool, tenant->updated_at));
    return crm_json_own(pool, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:i, s:o}", "format",
                                        CRM_ARCHIVE_FORMAT, "format_version", CRM_ARCHIVE_VERSION,
                                        "software", "mod_crm", "software_version", CRM_VERSION,
                                        "created_at", crm_time_iso(pool, apr_time_now()), "driver",
                                        backup->site->tenant_database->driver, "schema_version",
                                        backup->version, "tenant", row));
}

crm_error_t *crm_tenant_backup(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               int fd, crm_row_progress_t *progress, apr_uint64_t *ret_rows)
{
    backup_t backup = {.site = site, .tenant = tenant};
    CRM_ERR(crm_archive_create(pool, fd, progress, &backup.writer));
    CRM_ERR(crm_db_snapshot(crm_tenant_unversioned(site, pool, crm_tenant_place(pool, tenant)),
                            pool, add_tables, &backup));
    CRM_ERR(add_legacy_tokens(&backup, pool));
    *ret_rows = crm_archive_written(backup.writer);
    return crm_archive_finish(backup.writer, manifest(pool, &backup));
}
