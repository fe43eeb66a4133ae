/* db/table.c - whole tables, whatever they hold. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "db/statement.h"
#include "db/table.h"

/* ---- the catalogue ---- */

/* The letter of a declared type: the first of these words that it holds. */
static char type_letter(const char *declared)
{
    static const struct {
        const char *word;
        char letter;
    } types[] = {{"int", 'i'},   {"bool", 'i'},     {"double", 'f'}, {"real", 'f'},
                 {"float", 'f'}, {"datetime", 't'}, {"blob", 'x'},   {"binary", 'x'}};
    for (apr_size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasestr(declared, types[i].word)) {
            return types[i].letter;
        }
    }
    return 'l';
}

/* The COUNT rows of the catalogue from FIRST on are a table's: table, column, declared type,
 * whether it may be NULL, its place in the primary key (0: none). */
static crm_error_t *make_table(apr_pool_t *pool, const crm_rows_t *rows, int first, int count,
                               const crm_table_t **ret_table)
{
    crm_table_t *table = apr_pcalloc(pool, sizeof(*table));
    crm_column_t *columns = apr_pcalloc(pool, sizeof(*columns) * (apr_size_t)count);
    int *key = apr_pcalloc(pool, sizeof(*key) * (apr_size_t)count);
    table->name = crm_row(rows, first)[0].as.text;
    for (int i = 0; i < count; i++) {
        const crm_value_t *row = crm_row(rows, first + i);
        int place = (int)row[4].as.integer;
        columns[i] = (crm_column_t){.name = row[1].as.text,
                                    .declared = row[2].as.text,
                                    .type = type_letter(row[2].as.text),
                                    .may_be_null = (int)row[3].as.integer};
        if (place > 0 && place <= count) {
            key[place - 1] = i;
            table->nkey = place > table->nkey ? place : table->nkey;
        }
    }
    table->columns = columns;
    table->ncolumns = count;
    table->key = key;
    *ret_table = table;
    return table->nkey ? NULL
                       : crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                                         "table %s has no primary key", table->name);
}

crm_error_t *crm_tables_read(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t **ret_tables)
{
    apr_array_header_t *tables = apr_array_make(pool, 32, sizeof(const crm_table_t *));
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, crm_driver(db->server->driver)->columns, "sslii", CRM_NO_ARGS,
                          &rows));
    for (int first = 0, next; first < rows->count; first = next) {
        next = first + 1;
        while (next < rows->count &&
               strcmp(crm_row(rows, next)[0].as.text, crm_row(rows, first)[0].as.text) == 0) {
            next++;
        }
        CRM_ERR(make_table(pool, rows, first, next - first,
                           (const crm_table_t **)apr_array_push(tables)));
    }
    *ret_tables = tables;
    return NULL;
}

crm_error_t *crm_tables_cascading(const crm_db_t *db, apr_pool_t *pool,
                                  apr_array_header_t **ret_names)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, crm_driver(db->server->driver)->cascading, "s", CRM_NO_ARGS,
                          &rows));
    *ret_names = apr_array_make(pool, rows->count + 1, sizeof(const char *));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*ret_names, const char *) = crm_row(rows, i)[0].as.text;
    }
    return NULL;
}

const crm_table_t *crm_table_find(const apr_array_header_t *tables, const char *name)
{
    for (int i = 0; i < tables->nelts; i++) {
        const crm_table_t *table = APR_ARRAY_IDX(tables, i, const crm_table_t *);
        if (strcmp(table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

int crm_table_column(const crm_table_t *table, const char *name)
{
    for (int i = 0; i < table->ncolumns; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- rows ---- */

/* Pieces of SQL that become one text. */
typedef struct text_t {
    apr_pool_t *pool;
    apr_array_header_t *pieces; /* of const char * */
    apr_array_header_t *args;   /* of crm_value_t */
} text_t;

static text_t text_make(apr_pool_t *pool)
{
    return (text_t){.pool = pool,
                    .pieces = apr_array_make(pool, 64, sizeof(const char *)),
                    .args = apr_array_make(pool, 16, sizeof(crm_value_t))};
}

static void add(text_t *text, const char *piece)
{
    APR_ARRAY_PUSH(text->pieces, const char *) = piece;
}

/* Adds the name of column INDEX, which no request can choose, in the quotes of both databases. */
static void add_name(text_t *text, const char *name)
{
    add(text, apr_pstrcat(text->pool, "`", name, "`", NULL));
}

static void add_key(text_t *text, const crm_table_t *table, int count)
{
    for (int i = 0; i < count; i++) {
        add(text, i ? ", " : "");
        add_name(text, table->columns[table->key[i]].name);
    }
}

static void add_value(text_t *text, const crm_table_t *table, const crm_value_t *row, int part)
{
    add(text, "?");
    APR_ARRAY_PUSH(text->args, crm_value_t) = row[table->key[part]];
}

/* Keys behind that of ROW, for a database that finds its place so. */
static void add_row_condition(text_t *text, const crm_table_t *table, const crm_value_t *row)
{
    add(text, " WHERE (");
    add_key(text, table, table->nkey);
    add(text, ") > (");
    for (int i = 0; i < table->nkey; i++) {
        add(text, i ? ", " : "");
        add_value(text, table, row, i);
    }
    add(text, ")");
}

/* The same as ranges: a > ? OR (a = ? AND b > ?) ... */
static void add_ranges(text_t *text, const crm_table_t *table, const crm_value_t *row)
{
    add(text, " WHERE ");
    for (int last = 0; last < table->nkey; last++) {
        add(text, last ? " OR (" : "(");
        for (int i = 0; i <= last; i++) {
            add_name(text, table->columns[table->key[i]].name);
            add(text, i < last ? " = " : " > ");
            add_value(text, table, row, i);
            add(text, i < last ? " AND " : ")");
        }
    }
}

static void add_columns(text_t *text, const crm_driver_t *driver, const crm_table_t *table)
{
    for (int i = 0; i < table->ncolumns; i++) {
        const crm_column_t *column = &table->columns[i];
        add(text, i ? ", " : "");
        if (column->type == 'f') {
            add(text, driver->exact_real(text->pool, column->name));
        } else {
            add_name(text, column->name);
        }
    }
}

static text_t select_text(apr_pool_t *pool, const crm_driver_t *driver, const crm_table_t *table,
                          char **ret_types)
{
    text_t text = text_make(pool);
    *ret_types = apr_pcalloc(pool, (apr_size_t)table->ncolumns + 1);
    for (int i = 0; i < table->ncolumns; i++) {
        (*ret_types)[i] = table->columns[i].type;
    }
    add(&text, "SELECT ");
    add_columns(&text, driver, table);
    add(&text, " FROM ");
    add_name(&text, table->name);
    return text;
}

/* The rows whose keys are among COUNT KEYS. */
static void add_keys_condition(text_t *text, const crm_table_t *table,
                               const crm_value_t *const *keys, int count)
{
    for (int row = 0; row < count; row++) {
        add(text, row ? " OR (" : " WHERE (");
        for (int i = 0; i < table->nkey; i++) {
            add(text, i ? " AND " : "");
            add_name(text, table->columns[table->key[i]].name);
            add(text, " = ?");
            APR_ARRAY_PUSH(text->args, crm_value_t) = keys[row][i];
        }
        add(text, ")");
    }
}

crm_error_t *crm_table_get(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                           const crm_value_t *const *keys, int count, const crm_rows_t **ret_rows)
{
    char *types;
    text_t text = select_text(pool, crm_driver(db->server->driver), table, &types);
    add_keys_condition(&text, table, keys, count);
    return crm_db_select(db, pool, apr_array_pstrcat(pool, text.pieces, 0), types,
                         (const crm_value_t *)text.args->elts, text.args->nelts, ret_rows);
}

crm_error_t *crm_table_remove(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                              const crm_value_t *const *keys, int count)
{
    text_t text = text_make(pool);
    add(&text, "DELETE FROM ");
    add_name(&text, table->name);
    add_keys_condition(&text, table, keys, count);
    return crm_db_execute(db, pool, apr_array_pstrcat(pool, text.pieces, 0),
                          (const crm_value_t *)text.args->elts, text.args->nelts, NULL);
}

crm_error_t *crm_table_page(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                            const crm_value_t *after, int limit, const crm_rows_t **ret_rows)
{
    const crm_driver_t *driver = crm_driver(db->server->driver);
    char *types;
    text_t text = select_text(pool, driver, table, &types);
    if (after && driver->compares_rows) {
        add_row_condition(&text, table, after);
    } else if (after) {
        add_ranges(&text, table, after);
    }
    add(&text, " ORDER BY ");
    add_key(&text, table, table->nkey);
    add(&text, " LIMIT ?");
    APR_ARRAY_PUSH(text.args, crm_value_t) = crm_int(limit);
    return crm_db_select(db, pool, apr_array_pstrcat(pool, text.pieces, 0), types,
                         (const crm_value_t *)text.args->elts, text.args->nelts, ret_rows);
}

crm_error_t *crm_table_count(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                             apr_uint64_t *ret_rows)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          apr_pstrcat(pool, "SELECT COUNT(*) FROM `", table->name, "`", NULL), "i",
                          CRM_NO_ARGS, &rows));
    *ret_rows = (apr_uint64_t)rows->cells[0].as.integer;
    return NULL;
}

crm_error_t *crm_table_clear(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table)
{
    return crm_db_execute(db, pool, apr_pstrcat(pool, "DELETE FROM `", table->name, "`", NULL),
                          CRM_NO_ARGS, NULL);
}

void crm_table_insert_text(apr_pool_t *pool, const crm_table_t *table, const char **ret_before,
                           const char **ret_row)
{
    text_t before = text_make(pool), row = text_make(pool);
    add(&before, "INSERT INTO ");
    add_name(&before, table->name);
    for (int i = 0; i < table->ncolumns; i++) {
        add(&before, i ? ", " : " (");
        add_name(&before, table->columns[i].name);
        add(&row, i ? ", ?" : "(?");
    }
    add(&before, ") VALUES ");
    add(&row, ")");
    *ret_before = apr_array_pstrcat(pool, before.pieces, 0);
    *ret_row = apr_array_pstrcat(pool, row.pieces, 0);
}

/* ---- transactions ---- */

static crm_error_t *outward(crm_error_t *error)
{
    if (error && error->kind == CRM_E_GONE) {
        error->kind = CRM_E_UNAVAILABLE;
    }
    return error;
}

crm_error_t *crm_db_snapshot(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work,
                             void *baton)
{
    crm_db_t bound = *db;
    CRM_ERR(crm_pool_acquire(db, pool, &bound.connection));
    const crm_driver_t *driver = bound.connection->driver;
    crm_error_t *error = driver->begin_snapshot(bound.connection, pool);
    if (!error) {
        error = work(&bound, pool, baton);
    }
    int ended = !driver->roll_back(bound.connection, pool);
    crm_pool_release(db->pool, bound.connection, !ended);
    return outward(error);
}

crm_error_t *crm_db_load_commit(const crm_db_t *db, apr_pool_t *pool)
{
    CRM_ERR(db->connection->driver->commit(db->connection, pool));
    return db->connection->driver->begin(db->connection, pool);
}

crm_error_t *crm_db_load(const crm_db_t *db, apr_pool_t *pool, crm_db_work_fn *work, void *baton)
{
    crm_db_t bound = *db;
    CRM_ERR(crm_pool_acquire(db, pool, &bound.connection));
    const crm_driver_t *driver = bound.connection->driver;
    crm_error_t *error = crm_connection_run(bound.connection, pool, driver->unchecked);
    if (!error) {
        error = driver->begin(bound.connection, pool);
    }
    if (!error) {
        error = work(&bound, pool, baton);
    }
    if (!error) {
        error = driver->commit(bound.connection, pool);
    }
    /* closed: nobody else may have a connection that checks nothing; what was not committed goes */
    crm_pool_release(db->pool, bound.connection, 1);
    return outward(error);
}
