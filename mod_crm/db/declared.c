/* db/declared.c - the tables and columns that the files of migrations declare. */
#include <string.h>
#include <strings.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "db/declared.h"
#include "db/migration_files.h"

struct crm_declared_t {
    apr_pool_t *pool;
    apr_hash_t *tables; /* by name: apr_array_header_t of const char * */
};

/* What of a statement is still to be read. */
typedef struct reader_t {
    apr_pool_t *pool;
    const char *at;
} reader_t;

static void skip_blanks(reader_t *reader)
{
    while (apr_isspace(*reader->at)) {
        reader->at++;
    }
}

/* 1 when the next word is WORD, which is passed. */
static int pass(reader_t *reader, const char *word)
{
    apr_size_t length = strlen(word);
    skip_blanks(reader);
    if (strncasecmp(reader->at, word, length) != 0 || apr_isalnum(reader->at[length]) ||
        reader->at[length] == '_') {
        return 0;
    }
    reader->at += length;
    return 1;
}

/* The next name, without its quotes; NULL where none is. */
static const char *name(reader_t *reader)
{
    skip_blanks(reader);
    const char *start = reader->at;
    if (*start == '`' || *start == '"') {
        const char *end = strchr(start + 1, *start);
        reader->at = end ? end + 1 : start + strlen(start);
        return end ? apr_pstrmemdup(reader->pool, start + 1, (apr_size_t)(end - start - 1)) : NULL;
    }
    while (apr_isalnum(*reader->at) || *reader->at == '_') {
        reader->at++;
    }
    return reader->at > start
               ? apr_pstrmemdup(reader->pool, start, (apr_size_t)(reader->at - start))
               : NULL;
}

/* Passes what stands up to the next ',' outside of brackets and quotes, and it. 0: a ')' or the end
 * came first. */
static int next_item(reader_t *reader)
{
    char quote = 0;
    int depth = 0;
    for (; *reader->at; reader->at++) {
        char c = *reader->at;
        if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (strchr("'\"`", c)) {
            quote = c;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && depth-- == 0) {
            return 0;
        } else if (c == ',' && depth == 0) {
            reader->at++;
            return 1;
        }
    }
    return 0;
}

/* 1 when what follows declares no column but a key or a condition. */
static int is_constraint(reader_t *reader)
{
    static const char *const words[] = {"PRIMARY", "UNIQUE",     "KEY",      "INDEX",  "FOREIGN",
                                        "CHECK",   "CONSTRAINT", "FULLTEXT", "SPATIAL"};
    for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (pass(reader, words[i])) {
            return 1;
        }
    }
    return 0;
}

static int place_of(const apr_array_header_t *columns, const char *column)
{
    for (int i = 0; columns && i < columns->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(columns, i, const char *), column) == 0) {
            return i;
        }
    }
    return -1;
}

static void add_column(apr_array_header_t *columns, const char *column)
{
    if (column) {
        APR_ARRAY_PUSH(columns, const char *) = column;
    }
}

static void drop_column(apr_array_header_t *columns, const char *column)
{
    int place = column ? place_of(columns, column) : -1;
    if (place >= 0) {
        const char **names = (const char **)columns->elts;
        memmove(names + place, names + place + 1,
                (apr_size_t)(columns->nelts - place - 1) * sizeof(*names));
        columns->nelts--;
    }
}

static void create_table(crm_declared_t *declared, reader_t *reader)
{
    apr_array_header_t *columns = apr_array_make(declared->pool, 16, sizeof(const char *));
    if (pass(reader, "IF")) {
        pass(reader, "NOT");
        pass(reader, "EXISTS");
    }
    const char *table = name(reader);
    skip_blanks(reader);
    if (!table || *reader->at != '(') {
        return;
    }
    reader->at++;
    do {
        if (!is_constraint(reader)) {
            add_column(columns, name(reader));
        }
    } while (next_item(reader));
    apr_hash_set(declared->tables, table, APR_HASH_KEY_STRING, columns);
}

static void drop_table(crm_declared_t *declared, reader_t *reader)
{
    if (pass(reader, "IF")) {
        pass(reader, "EXISTS");
    }
    const char *table = name(reader);
    if (table) {
        apr_hash_set(declared->tables, table, APR_HASH_KEY_STRING, NULL);
    }
}

static void rename_anything(crm_declared_t *declared, reader_t *reader, const char *table,
                            apr_array_header_t *columns)
{
    int is_table = pass(reader, "TO");
    if (!is_table) {
        pass(reader, "COLUMN");
        drop_column(columns, name(reader));
        pass(reader, "TO");
        add_column(columns, name(reader));
        return;
    }
    const char *now = name(reader);
    if (now) {
        apr_hash_set(declared->tables, table, APR_HASH_KEY_STRING, NULL);
        apr_hash_set(declared->tables, now, APR_HASH_KEY_STRING, columns);
    }
}

static void alter_table(crm_declared_t *declared, reader_t *reader)
{
    const char *table = name(reader);
    apr_array_header_t *columns =
        table ? apr_hash_get(declared->tables, table, APR_HASH_KEY_STRING) : NULL;
    if (!columns) {
        return;
    }
    do {
        if (pass(reader, "ADD")) {
            if (!is_constraint(reader)) {
                pass(reader, "COLUMN");
                add_column(columns, name(reader));
            }
        } else if (pass(reader, "DROP")) {
            if (!is_constraint(reader)) {
                pass(reader, "COLUMN");
                drop_column(columns, name(reader));
            }
        } else if (pass(reader, "CHANGE")) {
            pass(reader, "COLUMN");
            drop_column(columns, name(reader));
            add_column(columns, name(reader));
        } else if (pass(reader, "RENAME")) {
            rename_anything(declared, reader, table, columns);
        }
    } while (next_item(reader));
}

crm_declared_t *crm_declared_read(apr_pool_t *pool, const crm_migrations_t *migrations)
{
    crm_declared_t *declared = apr_palloc(pool, sizeof(*declared));
    *declared = (crm_declared_t){.pool = pool, .tables = apr_hash_make(pool)};
    for (int i = 0; i < migrations->count; i++) {
        const apr_array_header_t *statements = migrations->files[i].statements;
        for (int j = 0; j < statements->nelts; j++) {
            reader_t reader = {.pool = pool, .at = APR_ARRAY_IDX(statements, j, const char *)};
            if (pass(&reader, "CREATE") && pass(&reader, "TABLE")) {
                create_table(declared, &reader);
            } else if (pass(&reader, "ALTER") && pass(&reader, "TABLE")) {
                alter_table(declared, &reader);
            } else if (pass(&reader, "DROP") && pass(&reader, "TABLE")) {
                drop_table(declared, &reader);
            }
        }
    }
    return declared;
}

const apr_array_header_t *crm_declared_columns(const crm_declared_t *declared, const char *table)
{
    return apr_hash_get(declared->tables, table, APR_HASH_KEY_STRING);
}

int crm_declared_has(const crm_declared_t *declared, const char *table, const char *column)
{
    return place_of(crm_declared_columns(declared, table), column) >= 0;
}
