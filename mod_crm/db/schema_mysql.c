/* db/schema_mysql.c - the parts of MySQL's tables, as SHOW CREATE TABLE has them.
 *
 * It writes one part a line, after two spaces, with a comma behind all but the last: "`name` type",
 * "PRIMARY KEY (...)", "UNIQUE KEY `name` (...)", "KEY `name` (...)", "CONSTRAINT `name` FOREIGN
 * KEY
 * (...) REFERENCES ...".
 */
#include <string.h>

#include <apr_strings.h>

#include "db/database.h"
#include "db/schema.h"
#include "db/schema_driver.h"

/* What stands in TEXT from the first OPEN to the CLOSE behind it. */
static const char *between(apr_pool_t *pool, const char *text, char open, char close)
{
    const char *from = strchr(text, open);
    const char *to = from ? strchr(from + 1, close) : NULL;
    return to ? apr_pstrmemdup(pool, from + 1, (apr_size_t)(to - from - 1)) : "";
}

/* MySQL names the character set of a column again where its collation, which implies it, was not
 * the table's by default. */
static const char *without_character_set(apr_pool_t *pool, const char *line)
{
    const char *at = strstr(line, " CHARACTER SET ");
    const char *collation = at ? strchr(at + 15, ' ') : NULL;
    return collation && strncmp(collation, " COLLATE ", 9) == 0
               ? apr_pstrcat(pool, apr_pstrmemdup(pool, line, (apr_size_t)(at - line)), collation,
                             NULL)
               : line;
}

/* One line of a table's definition; 0 for what is no part. */
static int read_line(apr_pool_t *pool, const char *table, const char *line,
                     crm_schema_part_t *ret_part)
{
    const char *foreign = strstr(line, "FOREIGN KEY (");
    *ret_part = (crm_schema_part_t){
        .table = table,
        .definition = line,
        .sql = apr_pstrcat(pool, "ALTER TABLE `", table, "` ADD ", line, NULL),
        .with_table = 1,
    };
    if (*line == '`') {
        ret_part->kind = CRM_PART_COLUMN;
        ret_part->name = between(pool, line, '`', '`');
        ret_part->definition = without_character_set(pool, line);
    } else if (strncmp(line, "CONSTRAINT ", 11) == 0 && foreign) {
        /* its own name is the server's choice */
        ret_part->kind = CRM_PART_FOREIGN_KEY;
        ret_part->name = between(pool, foreign, '(', ')');
        ret_part->definition = foreign;
        ret_part->sql = apr_pstrcat(pool, "ALTER TABLE `", table, "` ADD ", foreign, NULL);
    } else if (strstr(line, "KEY")) {
        ret_part->kind = CRM_PART_INDEX;
        ret_part->name =
            strncmp(line, "PRIMARY", 7) == 0 ? "PRIMARY" : between(pool, line, '`', '`');
    } else {
        return 0;
    }
    return 1;
}

/* A new table makes its AUTO_INCREMENT anew. */
static const char *without_counter(apr_pool_t *pool, const char *sql)
{
    const char *at = strstr(sql, " AUTO_INCREMENT=");
    return at ? apr_pstrcat(pool, apr_pstrmemdup(pool, sql, (apr_size_t)(at - sql)),
                            at + 16 + strspn(at + 16, "0123456789"), NULL)
              : sql;
}

static void read_lines(apr_pool_t *pool, const char *table, const char *sql,
                       apr_array_header_t *parts)
{
    char *text = apr_pstrdup(pool, sql), *last;
    crm_schema_part_t part;

    for (char *line = apr_strtok(text, "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        apr_size_t length = strlen(line);
        if (strncmp(line, "  ", 2) != 0) {
            continue;
        }
        if (line[length - 1] == ',') {
            line[length - 1] = '\0';
        }
        if (read_line(pool, table, line + 2, &part)) {
            APR_ARRAY_PUSH(parts, crm_schema_part_t) = part;
        }
    }
}

crm_error_t *crm_schema_mysql(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *parts)
{
    apr_array_header_t *lines = apr_array_make(pool, 256, sizeof(crm_schema_part_t));
    const crm_rows_t *tables, *rows;

    CRM_ERR(crm_db_select(db, pool,
                          "SELECT table_name FROM information_schema.tables "
                          "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' "
                          "ORDER BY table_name",
                          "s", CRM_NO_ARGS, &tables));
    for (int i = 0; i < tables->count; i++) {
        const char *table = crm_row(tables, i)[0].as.text;
        CRM_ERR(crm_db_select(db, pool, apr_pstrcat(pool, "SHOW CREATE TABLE `", table, "`", NULL),
                              "sl", CRM_NO_ARGS, &rows));
        const char *sql = without_counter(pool, crm_row(rows, 0)[1].as.text);
        APR_ARRAY_PUSH(parts, crm_schema_part_t) = (crm_schema_part_t){
            .kind = CRM_PART_TABLE, .table = table, .name = "", .definition = "", .sql = sql};
        read_lines(pool, table, sql, lines);
    }
    apr_array_cat(parts, lines);
    return NULL;
}
