/* db/making.c - the migration that descriptions need. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "db/making.h"
#include "db/since.h"

/* Room for the words of a choice that come later. */
#define CHOICE_LENGTH 20

#define SEARCH_BYTES 20000 /* of VARBINARY: where no long text is searched */

typedef struct making_t {
    apr_pool_t *pool;
    int mysql;
    const crm_declared_t *declared;
    const crm_entity_t *entity; /* at work on */
    apr_array_header_t *text;   /* of const char * */
    apr_array_header_t *items;  /* of a CREATE or ALTER TABLE: columns, then keys; const char * */
    apr_array_header_t *after;  /* statements behind it, where indexes are those; const char * */
    apr_array_header_t *since, *left, *refused;
    const char *name;
    int changes; /* tables and fields */
} making_t;

static void add(making_t *making, const char *text)
{
    APR_ARRAY_PUSH(making->text, const char *) = text;
}

static const char *quoted(const making_t *making, const char *name, const char *suffix)
{
    return apr_pstrcat(making->pool, "`", name, suffix, "`", NULL);
}

/* ---- columns ---- */

static int text_length(const crm_field_t *field)
{
    int length = field->max_length ? field->max_length : crm_type(field->type)->default_max;
    for (const crm_choice_t *choice = field->choices; choice && choice->value; choice++) {
        int size = (int)crm_text_length(choice->value);
        length = size > length ? size : length;
    }
    return length < CHOICE_LENGTH && field->choices ? CHOICE_LENGTH : length;
}

static const char *type_of(const making_t *making, const crm_field_t *field)
{
    int mysql = making->mysql;
    switch (field->type) {
    case CRM_T_LONGTEXT:
    case CRM_T_JSON:
        return mysql ? "MEDIUMTEXT" : "TEXT";
    case CRM_T_INTEGER:
    case CRM_T_DECIMAL:
        return mysql ? "BIGINT" : "INTEGER";
    case CRM_T_REAL:
        return mysql ? "DOUBLE" : "REAL";
    case CRM_T_BOOLEAN:
        return mysql ? "BOOLEAN" : "INTEGER";
    case CRM_T_TIME:
    case CRM_T_DATE:
        return mysql ? "DATETIME(6)" : "TEXT";
    case CRM_T_UUID:
    case CRM_T_REFERENCE:
        return mysql ? "BINARY(16)" : "BLOB";
    default:
        return mysql ? apr_psprintf(making->pool, "VARCHAR(%d)", text_length(field)) : "TEXT";
    }
}

static int is_long(const crm_field_t *field)
{
    return field->type == CRM_T_LONGTEXT || field->type == CRM_T_JSON;
}

/* "NOT NULL", with what records that are there already get in a column that is ADDED; "NULL" where
 * they can get nothing. */
static const char *null_of(const making_t *making, const crm_field_t *field, int folded, int added)
{
    if (field->flags & CRM_F_NULL) {
        return "NULL";
    }
    if (!added) {
        return "NOT NULL";
    }
    const char *preset = crm_since_absent(making->pool, field, folded);
    if (is_long(field) || (!preset && crm_type(field->type)->kind != CRM_V_TEXT)) {
        return "NULL";
    }
    return apr_pstrcat(making->pool, "NOT NULL DEFAULT ", preset ? preset : "''", NULL);
}

static void column(making_t *making, const char *name, const char *type, const char *null,
                   int added)
{
    APR_ARRAY_PUSH(making->items, const char *) =
        apr_pstrcat(making->pool, added ? "ADD COLUMN " : "", name, " ", type, " ", null, NULL);
}

static void columns_of(making_t *making, const crm_field_t *field, int added)
{
    const char *key =
        making->mysql ? apr_psprintf(making->pool, "VARCHAR(%d)", CRM_KEY_LENGTH) : "TEXT";
    const char *null = null_of(making, field, 0, added);
    if (added && !making->mysql && field->reference) {
        null = apr_pstrcat(making->pool, null, " REFERENCES ",
                           quoted(making, field->reference->entity->table, ""), " (id)", NULL);
    }
    column(making, quoted(making, field->column, ""), type_of(making, field), null, added);
    if (field->flags & CRM_F_FOLDED) {
        column(making, quoted(making, field->column, "_key"), key, null_of(making, field, 1, added),
               added);
        if (field->flags & CRM_F_UNIQUE) {
            column(making, quoted(making, field->column, "_unique"), key, "NULL", added);
        }
    }
}

/* ---- indexes ---- */

/* An index called NAME on COLUMNS; UNIQUE alone they hold no id at their end. */
static void index_on(making_t *making, const char *name, const char *columns, int unique, int added)
{
    apr_pool_t *pool = making->pool;
    if (making->mysql) {
        APR_ARRAY_PUSH(making->items, const char *) =
            apr_pstrcat(pool, added ? "ADD " : "", unique ? "UNIQUE KEY " : "KEY ",
                        quoted(making, name, ""), " (", columns, ")", NULL);
        return;
    }
    const char *table = making->entity->table;
    APR_ARRAY_PUSH(making->after, const char *) =
        apr_pstrcat(pool, unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ", table, "_", name,
                    " ON ", quoted(making, table, ""), " (", columns, unique ? ")" : ", id)", NULL);
}

/* Lists of an entity with a parent are those of one parent. */
static const char *lists_begin(const making_t *making)
{
    const crm_entity_t *entity = making->entity;
    return entity->parent
               ? apr_pstrcat(making->pool,
                             quoted(making, crm_entity_field(entity, entity->parent)->column, ""),
                             ", deleted_at, ", NULL)
               : "deleted_at, ";
}

/* What the index of FIELD's order or filter is called: the default orders have names of their own.
 */
static const char *index_name(const crm_field_t *field)
{
    return strcmp(field->column, "created_at") == 0   ? "newest"
           : strcmp(field->column, "updated_at") == 0 ? "updated"
                                                      : field->column;
}

static void indexes_of(making_t *making, const crm_field_t *field, int added)
{
    apr_pool_t *pool = making->pool;
    const crm_entity_t *entity = making->entity;
    const char *own = quoted(making, field->column, field->flags & CRM_F_FOLDED ? "_key" : "");
    const char *begin = lists_begin(making), *name = index_name(field);
    int sortable = (field->flags & CRM_F_SORTABLE) != 0;
    int filterable = (field->flags & CRM_F_FILTERABLE) != 0;
    if (strcmp(field->name, entity->id) == 0) {
        return;
    }
    if (field->flags & CRM_F_UNIQUE) {
        index_on(making, apr_pstrcat(pool, field->column, "_unique", NULL),
                 quoted(making, field->column, "_unique"), 1, added);
    }
    if (field->reference) {
        /* the parent's is the default order's; any other serves its foreign key too */
        if (!entity->parent || strcmp(entity->parent, field->name) != 0) {
            index_on(making, name, apr_pstrcat(pool, own, ", deleted_at, created_at", NULL), 0,
                     added);
        }
    } else if (is_long(field)) {
        return;
    } else if (sortable) {
        index_on(making, name, apr_pstrcat(pool, begin, own, NULL), 0, added);
    }
    if (filterable && !field->reference && (!sortable || field->type == CRM_T_CHOICE)) {
        index_on(making, sortable ? apr_pstrcat(pool, name, "_newest", NULL) : name,
                 apr_pstrcat(pool, begin, own, ", created_at", NULL), 0, added);
    }
}

static void foreign_key(making_t *making, const crm_field_t *field, int added)
{
    if (field->reference && (making->mysql || !added)) {
        APR_ARRAY_PUSH(making->items, const char *) = apr_pstrcat(
            making->pool, added ? "ADD " : "", "FOREIGN KEY (", quoted(making, field->column, ""),
            ") REFERENCES ", quoted(making, field->reference->entity->table, ""), " (id)", NULL);
    }
}

/* ---- statements ---- */

static void begin_table(making_t *making)
{
    apr_array_clear(making->items);
    apr_array_clear(making->after);
}

static const char *lower(const making_t *making, const char *text)
{
    char *copy = apr_pstrdup(making->pool, text);
    for (char *c = copy; *c; c++) {
        *c = (char)(apr_isalnum(*c) ? apr_tolower(*c) : '_');
    }
    return copy;
}

/* One more thing that is new: it says what the file is called, unless it is one of several. */
static void note(making_t *making, const char *what, const char *file)
{
    APR_ARRAY_PUSH(making->since, const char *) = what;
    making->name = making->changes++ ? "descriptions" : lower(making, file);
}

static void end_table(making_t *making, const char *head, const char *between, const char *tail)
{
    add(making, head);
    for (int i = 0; i < making->items->nelts; i++) {
        add(making, i ? between : "");
        add(making, APR_ARRAY_IDX(making->items, i, const char *));
    }
    add(making, tail);
    for (int i = 0; i < making->after->nelts; i++) {
        add(making, APR_ARRAY_IDX(making->after, i, const char *));
        add(making, ";\n");
    }
}

#define ENGINE ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;\n"

static void create_table(making_t *making)
{
    const crm_entity_t *entity = making->entity;
    const char *big = making->mysql ? "BIGINT" : "INTEGER";
    const char *time = making->mysql ? "DATETIME(6)" : "TEXT";
    begin_table(making);
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column) {
            columns_of(making, field, 0);
        }
    }
    column(making, "version", big, "NOT NULL", 0);
    column(making, "deleted_at", time, "NULL", 0);
    APR_ARRAY_PUSH(making->items, const char *) = "PRIMARY KEY (id)";
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column) {
            indexes_of(making, field, 0);
        }
    }
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column) {
            foreign_key(making, field, 0);
        }
    }
    end_table(making,
              apr_pstrcat(making->pool, "\n-- ", entity->help ? entity->help : entity->label,
                          "\nCREATE TABLE ", quoted(making, entity->table, ""), " (\n    ", NULL),
              ",\n    ", making->mysql ? "\n" ENGINE : "\n);\n");
    note(making, entity->name, entity->plural ? entity->plural : entity->name);
}

static int is_in_search(const crm_field_t *field)
{
    return field->column && field->reference && field->reference->searched;
}

static void create_search_table(making_t *making)
{
    const crm_entity_t *entity = making->entity;
    int is_large = 0;
    begin_table(making);
    column(making, "created_at", making->mysql ? "DATETIME(6)" : "TEXT", "NOT NULL", 0);
    column(making, "id", making->mysql ? "BINARY(16)" : "BLOB", "NOT NULL", 0);
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        is_large |= (field->flags & CRM_F_SEARCHABLE) && is_long(field);
        if (is_in_search(field)) {
            column(making, quoted(making, field->column, ""), type_of(making, field), "NULL", 0);
        }
    }
    column(making, "text",
           !making->mysql ? "TEXT"
           : is_large     ? "MEDIUMBLOB"
                          : "VARBINARY(" APR_STRINGIFY(SEARCH_BYTES) ")",
           "NOT NULL", 0);
    APR_ARRAY_PUSH(making->items, const char *) = "PRIMARY KEY (created_at, id)";
    end_table(making,
              apr_pstrcat(making->pool, "\nCREATE TABLE ", quoted(making, entity->search_table, ""),
                          " (\n    ", NULL),
              ",\n    ", making->mysql ? "\n" ENGINE : "\n) WITHOUT ROWID;\n");
}

/* ---- what is missing ---- */

/* SQLite takes one column at a time. */
static void alter(making_t *making, const char *table)
{
    const char *head = apr_pstrcat(making->pool, "\nALTER TABLE ", quoted(making, table, ""), NULL);
    if (making->items->nelts == 0) {
        return;
    }
    if (making->mysql) {
        end_table(making, apr_pstrcat(making->pool, head, "\n    ", NULL), ",\n    ", ";\n");
    } else {
        end_table(making, apr_pstrcat(making->pool, head, " ", NULL),
                  apr_pstrcat(making->pool, ";", head, " ", NULL), ";\n");
    }
}

static void add_columns(making_t *making)
{
    const crm_entity_t *entity = making->entity;
    begin_table(making);
    for (int pass = 0; pass < 3; pass++) {
        for (const crm_field_t *field = entity->fields; field->name; field++) {
            if (!field->column ||
                crm_declared_has(making->declared, entity->table, field->column)) {
                continue;
            }
            if (pass == 0) {
                columns_of(making, field, 1);
                note(making, apr_pstrcat(making->pool, entity->name, ".", field->name, NULL),
                     apr_pstrcat(making->pool, entity->name, "_", field->name, NULL));
            } else if (pass == 1) {
                indexes_of(making, field, 1);
            } else {
                foreign_key(making, field, 1);
            }
        }
    }
    alter(making, entity->table);
}

static void add_search_columns(making_t *making)
{
    const crm_entity_t *entity = making->entity;
    begin_table(making);
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (is_in_search(field) &&
            !crm_declared_has(making->declared, entity->search_table, field->column)) {
            column(making, quoted(making, field->column, ""), type_of(making, field), "NULL", 1);
        }
    }
    alter(making, entity->search_table);
}

/* 1 when COLUMN is that of a field, or one that every record has. */
static int is_described(const crm_entity_t *entity, const char *column)
{
    if (strcmp(column, "version") == 0 || strcmp(column, "deleted_at") == 0) {
        return 1;
    }
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        apr_size_t length = field->column ? strlen(field->column) : 0;
        if (length && strncmp(column, field->column, length) == 0 &&
            (!column[length] ||
             ((field->flags & CRM_F_FOLDED) && !strcmp(column + length, "_key")) ||
             ((field->flags & CRM_F_UNIQUE) && !strcmp(column + length, "_unique")))) {
            return 1;
        }
    }
    return 0;
}

/* A twin of a column that records have already would have to be filled from it. */
static void refuse_twins(making_t *making)
{
    static const struct {
        unsigned flag;
        const char *suffix;
    } twins[] = {{CRM_F_FOLDED, "_key"}, {CRM_F_UNIQUE, "_unique"}};
    const crm_entity_t *entity = making->entity;
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        for (int i = 0; i < 2 && field->column; i++) {
            const char *twin = apr_pstrcat(making->pool, field->column, twins[i].suffix, NULL);
            if ((field->flags & CRM_F_FOLDED) && (field->flags & twins[i].flag) &&
                crm_declared_has(making->declared, entity->table, field->column) &&
                !crm_declared_has(making->declared, entity->table, twin)) {
                APR_ARRAY_PUSH(making->refused, const char *) =
                    apr_pstrcat(making->pool, entity->table, ".", twin, NULL);
            }
        }
    }
}

static void note_left(making_t *making)
{
    const crm_entity_t *entity = making->entity;
    const apr_array_header_t *columns = crm_declared_columns(making->declared, entity->table);
    for (int i = 0; columns && i < columns->nelts; i++) {
        const char *column = APR_ARRAY_IDX(columns, i, const char *);
        if (!is_described(entity, column)) {
            APR_ARRAY_PUSH(making->left, const char *) =
                apr_pstrcat(making->pool, entity->table, ".", column, NULL);
        }
    }
}

static void treat(making_t *making)
{
    const crm_entity_t *entity = making->entity;
    if (!crm_declared_columns(making->declared, entity->table)) {
        create_table(making);
    } else {
        add_columns(making);
        refuse_twins(making);
        note_left(making);
    }
    if (entity->search_table && !crm_declared_columns(making->declared, entity->search_table)) {
        create_search_table(making);
    } else if (entity->search_table) {
        add_search_columns(making);
    }
}

/* 1 when every table that ENTITY refers to is there, or is its own. */
static int is_ready(const making_t *making, const crm_entity_t *entity, const char *treated,
                    const crm_entity_t *const *entities)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        const crm_entity_t *other = field->reference ? field->reference->entity : entity;
        int place = 0;
        while (entities[place] && entities[place] != other) {
            place++;
        }
        if (other != entity && entities[place] && !treated[place] &&
            !crm_declared_columns(making->declared, other->table)) {
            return 0;
        }
    }
    return 1;
}

/* Treats each once, those that are referred to first. */
static void treat_all(making_t *making, const crm_entity_t *const *entities)
{
    int count = 0, again = 1;
    while (entities[count]) {
        count++;
    }
    char *treated = apr_pcalloc(making->pool, (apr_size_t)count + 1);
    while (again) {
        again = 0;
        for (int i = 0; i < count; i++) {
            if (!treated[i] && is_ready(making, entities[i], treated, entities)) {
                making->entity = entities[i];
                if (entities[i]->path && entities[i]->table) {
                    treat(making);
                }
                treated[i] = 1;
                again = 1;
            }
        }
    }
}

crm_making_t crm_making(apr_pool_t *pool, const char *driver, const crm_declared_t *declared,
                        const crm_entity_t *const *entities)
{
    making_t making = {.pool = pool, .mysql = strcmp(driver, "mysql") == 0, .declared = declared};
    making.text = apr_array_make(pool, 32, sizeof(const char *));
    making.items = apr_array_make(pool, 32, sizeof(const char *));
    making.after = apr_array_make(pool, 16, sizeof(const char *));
    making.since = apr_array_make(pool, 8, sizeof(const char *));
    making.left = apr_array_make(pool, 8, sizeof(const char *));
    making.refused = apr_array_make(pool, 8, sizeof(const char *));
    treat_all(&making, entities);
    const char *text = apr_array_pstrcat(pool, making.text, 0);
    return (crm_making_t){
        .name = making.name,
        .text = *text ? text + 1 : NULL,
        .since = making.since,
        .left = making.left,
        .refused = making.refused,
    };
}
