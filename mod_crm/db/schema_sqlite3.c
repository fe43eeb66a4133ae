/* db/schema_sqlite3.c - the parts of SQLite's tables, as sqlite_master and its pragmas have them.
 *
 * A column that may not be null and has no default, and a foreign key, cannot be added to a table
 * that is there (https://www.sqlite.org/lang_altertable.html).
 */
#include <string.h>

#include <apr_strings.h>

#include "db/database.h"
#include "db/schema.h"
#include "db/schema_driver.h"

static void add(apr_array_header_t *parts, crm_part_e kind, const char *table, const char *name,
                const char *definition, const char *sql, int with_table)
{
    APR_ARRAY_PUSH(parts, crm_schema_part_t) = (crm_schema_part_t){
        .kind = kind,
        .table = table,
        .name = name,
        .definition = definition,
        .sql = sql,
        .with_table = with_table,
    };
}

static crm_error_t *add_columns(const crm_db_t *db, apr_pool_t *pool, const char *table,
                                apr_array_header_t *parts)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT name, type, \"notnull\", dflt_value, pk "
                          "FROM pragma_table_info(?) ORDER BY cid",
                          "ssisi", CRM_ARGS(crm_text(table)), &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        const char *preset = crm_is_null(row[3]) ? NULL : row[3].as.text;
        const char *definition = apr_pstrcat(pool, "\"", row[0].as.text, "\" ", row[1].as.text,
                                             row[2].as.integer ? " NOT NULL" : "",
                                             preset ? " DEFAULT " : "", preset ? preset : "", NULL);
        int can_be_added = !row[4].as.integer && (!row[2].as.integer || preset);
        add(parts, CRM_PART_COLUMN, table, row[0].as.text, definition,
            can_be_added
                ? apr_pstrcat(pool, "ALTER TABLE \"", table, "\" ADD COLUMN ", definition, NULL)
                : NULL,
            1);
    }
    return NULL;
}

static crm_error_t *add_foreign_keys(const crm_db_t *db, apr_pool_t *pool, const char *table,
                                     apr_array_header_t *parts)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT \"from\", \"table\", on_delete FROM pragma_foreign_key_list(?) "
                          "ORDER BY \"from\"",
                          "sss", CRM_ARGS(crm_text(table)), &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        add(parts, CRM_PART_FOREIGN_KEY, table, row[0].as.text,
            apr_pstrcat(pool, row[1].as.text, " ", row[2].as.text, NULL), NULL, 1);
    }
    return NULL;
}

crm_error_t *crm_schema_sqlite3(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *parts)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT type, name, tbl_name, sql FROM sqlite_master "
                          "WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite|_%' ESCAPE "
                          "'|' AND sql IS NOT NULL ORDER BY type DESC, name",
                          "sssl", CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        int is_table = strcmp(row[0].as.text, "table") == 0;
        add(parts, is_table ? CRM_PART_TABLE : CRM_PART_INDEX, row[2].as.text,
            is_table ? "" : row[1].as.text, is_table ? "" : row[3].as.text, row[3].as.text, 0);
    }
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        if (strcmp(row[0].as.text, "table") == 0) {
            CRM_ERR(add_columns(db, pool, row[2].as.text, parts));
            CRM_ERR(add_foreign_keys(db, pool, row[2].as.text, parts));
        }
    }
    return NULL;
}
