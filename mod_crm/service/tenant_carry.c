/* service/tenant_carry.c - the rows of a database into another one, and what has changed since. */
#include <apr_escape.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "service/table_load.h"
#include "service/table_pages.h"
#include "service/tenant_carry.h"

/* Changes carried over at a time, and so few that no more turns are worth while. */
#define CHANGES 10000
#define FEW 500
/* rows read or removed by one statement */
#define TOGETHER 50
/* and so many turns at most, where others write faster than we carry */
#define TURNS 50

/* ---- whole tables ---- */

/* A table being carried. */
typedef struct carrying_t {
    const crm_table_t *table;
    crm_table_load_t *load;
    crm_row_progress_t *progress;
} carrying_t;

static crm_error_t *load_page(apr_pool_t *pool, const crm_rows_t *rows, void *baton,
                              apr_uint64_t *ret_bytes)
{
    const carrying_t *carrying = baton;
    (void)pool;
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        CRM_ERR(crm_table_load_row(carrying->load, row));
        for (int j = 0; j < rows->columns; j++) {
            *ret_bytes += row[j].size + sizeof(row[j]);
        }
    }
    return crm_row_progress_add(carrying->progress, carrying->table->name,
                                (apr_uint64_t)rows->count);
}

/* TABLE of FROM, which is bound to a snapshot or changed by nobody, into TO, which is bound to a
 * load. */
static crm_error_t *carry_table(const crm_db_t *from, const crm_db_t *to, apr_pool_t *pool,
                                const crm_table_t *table, crm_row_progress_t *progress)
{
    carrying_t carrying = {.table = table, .progress = progress};
    CRM_ERR(crm_table_clear(to, pool, table));
    CRM_ERR(crm_table_load_begin(to, pool, table, &carrying.load));
    CRM_ERR(crm_table_pages(from, pool, table, load_page, &carrying));
    return crm_table_load_end(carrying.load);
}

/* What crm_carry_all does, inside the load of the one database and the snapshot of the other. */
typedef struct all_t {
    crm_carry_t *carry;
    const crm_db_t *to;
} all_t;

static crm_error_t *carry_snapshot(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const all_t *all = baton;
    const apr_array_header_t *tables = all->carry->tables;
    for (int i = 0; i < tables->nelts; i++) {
        CRM_ERR(carry_table(db, all->to, pool, APR_ARRAY_IDX(tables, i, const crm_table_t *),
                            all->carry->progress));
    }
    return NULL;
}

static crm_error_t *load_all(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    crm_carry_t *carry = baton;
    all_t all = {.carry = carry, .to = db};
    return crm_db_snapshot(carry->from, pool, carry_snapshot, &all);
}

crm_error_t *crm_carry_all(crm_carry_t *carry, apr_pool_t *pool)
{
    return crm_db_load(carry->to, pool, load_all, carry);
}

/* ---- changes ---- */

/* Keys of the log being carried over. */
typedef struct keys_t {
    crm_carry_t *carry;
    const apr_array_header_t *keys; /* of crm_captured_t */
} keys_t;

/* What tells one key of the log from another. */
static const char *key_text(apr_pool_t *pool, const crm_captured_t *one)
{
    const char *text = one->table->name;
    for (int i = 0; i < one->table->nkey; i++) {
        const crm_value_t *part = &one->key[i];
        text = apr_pstrcat(
            pool, text, "|",
            part->kind == CRM_V_INTEGER ? apr_psprintf(pool, "%" APR_INT64_T_FMT, part->as.integer)
            : part->kind == CRM_V_TIME  ? apr_psprintf(pool, "%" APR_TIME_T_FMT, part->as.time)
            : part->kind == CRM_V_BYTES ? apr_pescape_hex(pool, part->as.bytes, part->size, 0)
                                        : part->as.text,
            NULL);
    }
    return text;
}

/* Each key once: a row that was changed often is carried over once. */
static apr_array_header_t *distinct(apr_pool_t *pool, const apr_array_header_t *keys)
{
    apr_hash_t *seen = apr_hash_make(pool);
    apr_array_header_t *found = apr_array_make(pool, keys->nelts + 1, sizeof(crm_captured_t));
    for (int i = 0; i < keys->nelts; i++) {
        const crm_captured_t *one = &APR_ARRAY_IDX(keys, i, crm_captured_t);
        const char *text = key_text(pool, one);
        if (!apr_hash_get(seen, text, APR_HASH_KEY_STRING)) {
            apr_hash_set(seen, text, APR_HASH_KEY_STRING, one);
            APR_ARRAY_PUSH(found, crm_captured_t) = *one;
        }
    }
    return found;
}

/* Some keys of one table. */
typedef struct some_t {
    const crm_db_t *from, *to;
    const crm_table_t *table;
    crm_table_load_t *load; /* of that table of TO */
    const crm_value_t *keys[TOGETHER];
    int count;
} some_t;

typedef crm_error_t *some_fn(const some_t *some, apr_pool_t *pool);

static crm_error_t *remove_some(const some_t *some, apr_pool_t *pool)
{
    return crm_table_remove(some->to, pool, some->table, some->keys, some->count);
}

static crm_error_t *insert_some(const some_t *some, apr_pool_t *pool)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_table_get(some->from, pool, some->table, some->keys, some->count, &rows));
    for (int i = 0; i < rows->count; i++) {
        CRM_ERR(crm_table_load_row(some->load, crm_row(rows, i)));
    }
    return NULL;
}

/* Gives the keys of TABLE to TAKE, some at a time. */
static crm_error_t *each_some(const keys_t *keys, const crm_db_t *to, apr_pool_t *pool,
                              const crm_table_t *table, some_fn *take)
{
    some_t some = {.from = keys->carry->from, .to = to, .table = table};
    apr_pool_t *turn;
    apr_pool_create(&turn, pool);
    CRM_ERR(crm_table_load_begin(to, pool, table, &some.load));
    for (int i = 0; i < keys->keys->nelts; i++) {
        const crm_captured_t *one = &APR_ARRAY_IDX(keys->keys, i, crm_captured_t);
        if (one->table == table) {
            some.keys[some.count++] = one->key;
        }
        if (some.count == TOGETHER || (some.count > 0 && i + 1 == keys->keys->nelts)) {
            apr_pool_clear(turn);
            CRM_ERR(take(&some, turn));
            some.count = 0;
        }
    }
    return crm_table_load_end(some.load);
}

static crm_error_t *each_table(const keys_t *keys, const crm_db_t *db, apr_pool_t *pool,
                               some_fn *take)
{
    const apr_array_header_t *tables = keys->carry->tables;
    for (int i = 0; i < tables->nelts; i++) {
        CRM_ERR(each_some(keys, db, pool, APR_ARRAY_IDX(tables, i, const crm_table_t *), take));
    }
    return NULL;
}

static crm_error_t *remove_rows(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    return each_table(baton, db, pool, remove_some);
}

/* The rows as they are now, in the place of what was there. */
static crm_error_t *replace_rows(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    CRM_ERR(remove_rows(db, pool, baton));
    return each_table(baton, db, pool, insert_some);
}

static crm_error_t *unknown_table(apr_pool_t *pool, const apr_array_header_t *keys)
{
    for (int i = 0; i < keys->nelts; i++) {
        if (!APR_ARRAY_IDX(keys, i, crm_captured_t).table) {
            return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                                   "the log of changes names a table that is not there");
        }
    }
    return NULL;
}

crm_error_t *crm_carry_changes(crm_carry_t *carry, apr_pool_t *pool)
{
    apr_pool_t *turn;
    apr_pool_create(&turn, pool);
    for (int i = 0; i < TURNS; i++) {
        apr_array_header_t *keys;
        apr_pool_clear(turn);
        CRM_ERR(crm_capture_read(carry->from, turn, carry->tables, 0, CHANGES, &keys));
        CRM_ERR(unknown_table(turn, keys));
        CRM_ERR(crm_row_progress_add(carry->progress, "crm_move_log", 0));
        keys_t work = {.carry = carry, .keys = distinct(turn, keys)};
        crm_error_t *error = crm_db_load(carry->to, turn, replace_rows, &work);
        if (error && error->kind == CRM_E_DUPLICATE) {
            break; /* a unique value has gone from one row to another, whose turn is still to come
                    */
        }
        CRM_ERR(error);
        CRM_ERR(crm_capture_forget(carry->from, turn, keys));
        carry->changes += (apr_uint64_t)keys->nelts;
        if (keys->nelts < FEW) {
            break;
        }
    }
    apr_pool_destroy(turn);
    return NULL;
}

/* Runs WORK for the log's keys, some at a time. */
static crm_error_t *each_keys(crm_carry_t *carry, apr_pool_t *pool, crm_db_work_fn *work)
{
    apr_pool_t *turn;
    apr_int64_t after = 0;
    apr_array_header_t *keys;
    apr_pool_create(&turn, pool);
    do {
        apr_pool_clear(turn);
        CRM_ERR(crm_capture_read(carry->from, turn, carry->tables, after, CHANGES, &keys));
        CRM_ERR(unknown_table(turn, keys));
        keys_t some = {.carry = carry, .keys = distinct(turn, keys)};
        CRM_ERR(crm_db_load(carry->to, turn, work, &some));
        if (keys->nelts > 0) {
            after = APR_ARRAY_IDX(keys, keys->nelts - 1, crm_captured_t).id;
        }
    } while (keys->nelts > 0);
    apr_pool_destroy(turn);
    return NULL;
}

static crm_error_t *load_cascading(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    crm_carry_t *carry = baton;
    apr_array_header_t *names;
    CRM_ERR(crm_tables_cascading(carry->from, pool, &names));
    for (int i = 0; i < names->nelts; i++) {
        const crm_table_t *table =
            crm_table_find(carry->tables, APR_ARRAY_IDX(names, i, const char *));
        if (table) {
            CRM_ERR(carry_table(carry->from, db, pool, table, NULL));
        }
    }
    return NULL;
}

crm_error_t *crm_carry_rest(crm_carry_t *carry, apr_pool_t *pool)
{
    /* what is not as it was goes first, all of it: then no unique value is in the way */
    CRM_ERR(each_keys(carry, pool, remove_rows));
    CRM_ERR(each_keys(carry, pool, replace_rows));
    return crm_db_load(carry->to, pool, load_cascading, carry);
}
