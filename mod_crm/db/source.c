/* db/source.c - databases that are not ours, read and never written. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "db/source.h"
#include "db/statement.h"

struct crm_source_t {
    crm_connection_t *connection;
    int checks_name_tables; /* information_schema.check_constraints has table_name (MariaDB) */
};

static apr_status_t close_source(void *data)
{
    crm_source_t *source = data;
    crm_connection_close(source->connection);
    return APR_SUCCESS;
}

static crm_error_t *begin(crm_source_t *source, apr_pool_t *pool)
{
    static const char *const statements[] = {
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION TRANSACTION READ ONLY",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    };
    const crm_rows_t *rows;
    for (apr_size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        CRM_ERR(crm_connection_run(source->connection, pool, statements[i]));
    }
    CRM_ERR(crm_source_select(source, pool,
                              "SELECT COUNT(*) FROM information_schema.columns "
                              "WHERE table_schema = 'information_schema' AND "
                              "LOWER(table_name) = 'check_constraints' AND "
                              "LOWER(column_name) = 'table_name'",
                              "i", CRM_NO_ARGS, &rows));
    source->checks_name_tables = rows->cells[0].as.integer > 0;
    return NULL;
}

crm_error_t *crm_source_open(apr_pool_t *pool, const crm_db_url_t *url, crm_source_t **ret_source)
{
    crm_source_t *source = apr_pcalloc(pool, sizeof(*source));
    source->connection = crm_connection_make(url, "", NULL);
    apr_pool_cleanup_register(pool, source, close_source, apr_pool_cleanup_null);
    CRM_ERR(crm_connection_open(source->connection, 0, pool));
    /* a table without the index that we would want may take long */
    source->connection->driver->set_patience(source->connection, 0);
    CRM_ERR(begin(source, pool));
    *ret_source = source;
    return NULL;
}

crm_error_t *crm_source_select(crm_source_t *source, apr_pool_t *pool, const char *sql,
                               const char *types, const crm_value_t *args, int nargs,
                               const crm_rows_t **ret_rows)
{
    const crm_sql_t statement = {.text = sql, .args = args, .nargs = nargs};
    return crm_statement_select(source->connection, pool, &statement, types, ret_rows);
}

const char *crm_source_name(apr_pool_t *pool, const char *name)
{
    char *quoted = apr_palloc(pool, 2 * strlen(name) + 3), *at = quoted;
    *at++ = '`';
    for (; *name; name++) {
        if (*name == '`') {
            *at++ = '`';
        }
        *at++ = *name;
    }
    *at++ = '`';
    *at = '\0';
    return quoted;
}

/* ---- what there is */

static int is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(word, *words) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_bytes(const char *type)
{
    static const char *const types[] = {"blob",      "tinyblob", "mediumblob", "longblob", "binary",
                                        "varbinary", "bit",      "geometry",   NULL};
    return is_one_of(type, types);
}

static int is_number(const char *type)
{
    static const char *const types[] = {"int", "bigint", "smallint", "tinyint", "mediumint", NULL};
    return is_one_of(type, types);
}

/* A row of information_schema: table, column, data type, character set, whether it is JSON by a
 * check, collation. */
static crm_source_column_t column_of(const crm_value_t *row)
{
    const char *type = row[2].as.text;
    const char *set = crm_is_null(row[3]) ? NULL : row[3].as.text;
    return (crm_source_column_t){
        .name = row[1].as.text,
        .type = type,
        .set = set,
        .collation = crm_is_null(row[5]) ? NULL : row[5].as.text,
        .is_latin1 = set && strcmp(set, "latin1") == 0,
        .is_json = strcmp(type, "json") == 0 || row[4].as.integer,
    };
}

/* The key of the table at PLACE of KEYS (table, column, data type; by table). */
static void find_key(crm_source_table_t *table, const crm_rows_t *keys)
{
    for (int i = 0; i < keys->count; i++) {
        const crm_value_t *row = crm_row(keys, i);
        if (strcmp(row[0].as.text, table->name) == 0) {
            table->key = row[1].as.text;
            table->key_is_number = is_number(row[2].as.text);
            return;
        }
    }
}

/* Unique keys of one column that is never null, the primary key first. */
static crm_error_t *read_keys(crm_source_t *source, apr_pool_t *pool, const char *database,
                              const crm_rows_t **ret_keys)
{
    return crm_source_select(
        source, pool,
        "SELECT s.table_name, MAX(s.column_name), MAX(c.data_type) "
        "FROM information_schema.statistics s JOIN information_schema.columns c "
        "ON c.table_schema = s.table_schema AND c.table_name = s.table_name "
        "AND c.column_name = s.column_name "
        "WHERE s.table_schema = ? AND s.non_unique = 0 "
        "GROUP BY s.table_name, s.index_name "
        "HAVING COUNT(*) = 1 AND MAX(c.is_nullable) = 'NO' AND MAX(s.sub_part) IS NULL "
        "ORDER BY s.table_name, CASE s.index_name WHEN 'PRIMARY' THEN 0 ELSE 1 END, s.index_name",
        "sss", CRM_ARGS(crm_text(database)), ret_keys);
}

static crm_error_t *read_columns(crm_source_t *source, apr_pool_t *pool, const char *database,
                                 const crm_rows_t **ret_columns)
{
    /* MariaDB's JSON is LONGTEXT with a check */
    const char *checked =
        source->checks_name_tables
            ? "(SELECT COUNT(*) FROM information_schema.check_constraints k "
              "WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name "
              "AND k.constraint_name = c.column_name AND k.check_clause LIKE '%json_valid%')"
            : "0";
    return crm_source_select(
        source, pool,
        apr_pstrcat(pool,
                    "SELECT c.table_name, c.column_name, LOWER(c.data_type), c.character_set_name,"
                    " ",
                    checked,
                    ", c.collation_name "
                    "FROM information_schema.columns c JOIN information_schema.tables t "
                    "ON t.table_schema = c.table_schema AND t.table_name = c.table_name "
                    "WHERE c.table_schema = ? AND t.table_type = 'BASE TABLE' "
                    "ORDER BY c.table_name, c.ordinal_position",
                    NULL),
        "ssssis", CRM_ARGS(crm_text(database)), ret_columns);
}

crm_error_t *crm_source_tables(crm_source_t *source, apr_pool_t *pool, const char *database,
                               apr_array_header_t **ret_tables)
{
    apr_array_header_t *tables = apr_array_make(pool, 32, sizeof(crm_source_table_t));
    const crm_rows_t *rows, *keys;
    CRM_ERR(read_columns(source, pool, database, &rows));
    CRM_ERR(read_keys(source, pool, database, &keys));
    for (int i = 0; i < rows->count;) {
        const char *name = crm_row(rows, i)[0].as.text;
        apr_array_header_t *columns = apr_array_make(pool, 24, sizeof(crm_source_column_t));
        for (; i < rows->count && strcmp(crm_row(rows, i)[0].as.text, name) == 0; i++) {
            APR_ARRAY_PUSH(columns, crm_source_column_t) = column_of(crm_row(rows, i));
        }
        crm_source_table_t *table = apr_array_push(tables);
        *table = (crm_source_table_t){
            .database = apr_pstrdup(pool, database),
            .name = name,
            .columns = (const crm_source_column_t *)columns->elts,
            .count = columns->nelts,
        };
        find_key(table, keys);
    }
    *ret_tables = tables;
    return NULL;
}

int crm_source_column(const crm_source_table_t *table, const char *name)
{
    for (int i = 0; i < table->count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* SQL: the column NAME of the row of TABLE whose BY, an id, is VALUE. */
static const char *one_row(apr_pool_t *pool, const crm_source_table_t *table, const char *name,
                           const char *by, const char *value)
{
    return apr_pstrcat(pool, "(SELECT p.", crm_source_name(pool, name), " FROM ",
                       crm_source_name(pool, table->database), ".",
                       crm_source_name(pool, table->name), " p WHERE p.", crm_source_name(pool, by),
                       " = ", value, " LIMIT 1)", NULL);
}

const char *crm_source_look_up(apr_pool_t *pool, const crm_source_table_t *table, const char *name,
                               const char *by, const char *value)
{
    int place = crm_source_column(table, by);
    const crm_source_column_t *of = place < 0 ? NULL : &table->columns[place];
    if (!of || !of->set || !of->collation) {
        return one_row(pool, table, name, by, value);
    }
    /* one look-up each: of several values in one condition, no index is used */
    const char *v = apr_pstrcat(pool, "CONVERT(", value, " USING ", of->set, ")", NULL);
    const char *as = apr_pstrcat(pool, " COLLATE ", of->collation, NULL);
    const char *plain = apr_pstrcat(pool, v, as, NULL);
    const char *bare = apr_pstrcat(pool, "REPLACE(", v, ", '-', '')", as, NULL);
    const char *dashed =
        apr_pstrcat(pool, "CONCAT_WS('-', SUBSTR(", v, ", 1, 8), SUBSTR(", v, ", 9, 4), SUBSTR(", v,
                    ", 13, 4), SUBSTR(", v, ", 17, 4), SUBSTR(", v, ", 21))", as, NULL);
    return apr_pstrcat(pool, "COALESCE(", one_row(pool, table, name, by, plain), ", ",
                       one_row(pool, table, name, by, bare), ", ",
                       one_row(pool, table, name, by, dashed), ")", NULL);
}

/* ---- rows */

/* SQL of a column as text. */
static const char *expression(apr_pool_t *pool, const crm_source_column_t *column)
{
    const char *name = apr_pstrcat(pool, "r.", crm_source_name(pool, column->name), NULL);
    if (is_bytes(column->type)) {
        return apr_pstrcat(pool, "HEX(", name, ")", NULL);
    }
    if (column->is_latin1) {
        return apr_pstrcat(pool, "CAST(", name, " AS BINARY)", NULL);
    }
    return column->set || column->is_json ? name
                                          : apr_pstrcat(pool, "CAST(", name, " AS CHAR)", NULL);
}

/* The columns, the extras, then latin1 columns as the server converts them. *RET_TYPES: how each is
 * read, characters as bytes, whose length is told: there may be a NUL among them. */
static const char *select_list(apr_pool_t *pool, const crm_source_read_t *read,
                               const char **ret_types)
{
    apr_array_header_t *types = apr_array_make(pool, 32, sizeof(char));
    apr_array_header_t *parts = apr_array_make(pool, 32, sizeof(const char *));
    for (int i = 0; i < read->table->count; i++) {
        const crm_source_column_t *column = &read->table->columns[i];
        APR_ARRAY_PUSH(parts, const char *) = expression(pool, column);
        APR_ARRAY_PUSH(types, char) = column->set || column->is_json ? 'x' : 'l';
    }
    for (const char *const *extra = read->extras; extra && *extra; extra++) {
        APR_ARRAY_PUSH(parts, const char *) = apr_pstrcat(pool, "CAST(", *extra, " AS CHAR)", NULL);
        APR_ARRAY_PUSH(types, char) = 'l';
    }
    for (int i = 0; i < read->table->count; i++) {
        if (read->table->columns[i].is_latin1) {
            APR_ARRAY_PUSH(parts, const char *) =
                apr_pstrcat(pool, "r.", crm_source_name(pool, read->table->columns[i].name), NULL);
            APR_ARRAY_PUSH(types, char) = 'x';
        }
    }
    APR_ARRAY_PUSH(types, char) = '\0';
    *ret_types = types->elts;
    char *list = apr_pstrdup(pool, APR_ARRAY_IDX(parts, 0, const char *));
    for (int i = 1; i < parts->nelts; i++) {
        list = apr_pstrcat(pool, list, ", ", APR_ARRAY_IDX(parts, i, const char *), NULL);
    }
    return list;
}

static const char *order_of(apr_pool_t *pool, const crm_source_table_t *table)
{
    const char *order = table->key ? crm_source_name(pool, table->key) : NULL;
    for (int i = 0; !table->key && i < table->count; i++) {
        const char *name = crm_source_name(pool, table->columns[i].name);
        order = order ? apr_pstrcat(pool, order, ", r.", name, NULL) : name;
    }
    return apr_pstrcat(pool, " ORDER BY r.", order, " LIMIT ?", NULL);
}

/* The statement and its values: those of the condition, the position, the limit. */
static crm_sql_t statement(apr_pool_t *pool, const crm_source_read_t *read, const char **ret_types)
{
    const crm_source_table_t *table = read->table;
    apr_array_header_t *args = apr_array_make(pool, read->nargs + 2, sizeof(crm_value_t));
    const char *behind = "", *offset = "";
    for (int i = 0; i < read->nargs; i++) {
        APR_ARRAY_PUSH(args, crm_value_t) = read->args[i];
    }
    if (table->key && read->after) {
        behind = apr_pstrcat(pool, " AND r.", crm_source_name(pool, table->key),
                             table->key_is_number ? " > CAST(? AS SIGNED)" : " > ?", NULL);
        APR_ARRAY_PUSH(args, crm_value_t) = crm_text(read->after);
    }
    APR_ARRAY_PUSH(args, crm_value_t) = crm_int(read->most);
    if (!table->key && read->after) {
        offset = " OFFSET ?";
        APR_ARRAY_PUSH(args, crm_value_t) = crm_int(apr_atoi64(read->after));
    }
    const char *text =
        apr_pstrcat(pool, "SELECT ", select_list(pool, read, ret_types), " FROM ",
                    crm_source_name(pool, table->database), ".", crm_source_name(pool, table->name),
                    " r WHERE (", read->condition ? read->condition : "1 = 1", ")", behind,
                    order_of(pool, table), offset, NULL);
    return (crm_sql_t){.text = text, .args = (const crm_value_t *)args->elts, .nargs = args->nelts};
}

/* A cell as a text; a NUL follows its bytes. */
static crm_value_t text_of(apr_pool_t *pool, crm_value_t value)
{
    if (crm_is_null(value)) {
        return value;
    }
    const char *text = value.kind == CRM_V_BYTES ? value.as.bytes : value.as.text;
    crm_value_t as_text = crm_text(
        crm_text_valid(text, value.size) ? text : crm_text_replace_invalid(pool, text, value.size));
    as_text.size = strlen(as_text.as.text);
    return as_text;
}

/* One row as it is given: of latin1 columns the better one of both readings. */
static void convert_row(apr_pool_t *pool, const crm_source_read_t *read, const crm_value_t *row,
                        int columns, crm_value_t *to)
{
    int converted = columns;
    for (int i = 0; i < columns; i++) {
        int twice = i < read->table->count && read->table->columns[i].is_latin1;
        int is_utf8 = !twice || crm_is_null(row[i]) || crm_text_valid(row[i].as.bytes, row[i].size);
        to[i] = text_of(pool, is_utf8 ? row[i] : row[converted]);
        converted += twice;
    }
}

static const char *position_of(apr_pool_t *pool, const crm_source_read_t *read,
                               const crm_source_rows_t *rows)
{
    if (rows->count == 0) {
        return read->after;
    }
    if (!read->table->key) {
        return apr_psprintf(pool, "%" APR_INT64_T_FMT,
                            (read->after ? apr_atoi64(read->after) : 0) + rows->count);
    }
    int key = crm_source_column(read->table, read->table->key);
    return crm_source_row(rows, rows->count - 1)[key].as.text;
}

crm_error_t *crm_source_read(crm_source_t *source, apr_pool_t *pool, const crm_source_read_t *read,
                             crm_source_rows_t *ret_rows)
{
    int extras = 0;
    const crm_rows_t *rows;
    const char *types;
    crm_sql_t sql = statement(pool, read, &types);
    CRM_ERR(crm_statement_select(source->connection, pool, &sql, types, &rows));
    while (read->extras && read->extras[extras]) {
        extras++;
    }
    int columns = read->table->count + extras;
    crm_value_t *cells =
        apr_palloc(pool, ((apr_size_t)rows->count * (apr_size_t)columns + 1) * sizeof(*cells));
    for (int i = 0; i < rows->count; i++) {
        convert_row(pool, read, crm_row(rows, i), columns,
                    cells + (apr_size_t)i * (apr_size_t)columns);
    }
    *ret_rows = (crm_source_rows_t){
        .table = read->table, .count = rows->count, .columns = columns, .cells = cells};
    ret_rows->position = position_of(pool, read, ret_rows);
    return NULL;
}
