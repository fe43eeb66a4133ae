/* service/adopt_part.c - a part of an adoption: read chunk by chunk, each chunk a transaction. */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "service/adopt_part.h"

/* Candidates that say whose a row is, beside its own column. */
#define MOST_OWNERS 4

#define NOBODYS "it belongs to no tenant of the database"
#define WRONG_TENANT "tenant_id is missing or another's: taken as the database's"

/* A part as it runs. */
typedef struct run_t {
    crm_adopt_place_t *place;
    const crm_adopt_part_t *part;
    const crm_source_table_t *table;
    const char *const *extras; /* the part's, then what says whose a row is */
    int first_owner, owners;   /* places among the extras */
    crm_adopt_state_t state;
    json_t *before; /* the tally up to here */
    crm_adopt_chunk_t *chunk;
    apr_off_t side_size; /* with the chunk */
} run_t;

const crm_source_table_t *crm_adopt_table(const apr_array_header_t *tables, const char *name)
{
    for (int i = 0; i < tables->nelts; i++) {
        const crm_source_table_t *table = &APR_ARRAY_IDX(tables, i, crm_source_table_t);
        if (strcmp(table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

/* ---- whose a row is, in a database that several tenants share */

static int is_shared(const run_t *run)
{
    return run->place->nsharing > 1 && !run->part->is_main;
}

/* SQL of the tenant of what COLUMN refers to; NULL where that says nothing. */
static const char *owner_sql(const run_t *run, const crm_adopt_column_t *column)
{
    apr_pool_t *pool = run->place->pool;
    const crm_source_table_t *table =
        column->refers ? crm_adopt_table(run->place->tables, column->refers) : NULL;
    if (!table || crm_source_column(table, "tenant_id") < 0 ||
        crm_source_column(run->table, column->from) < 0) {
        return NULL;
    }
    const char *value = apr_pstrcat(pool, "r.", crm_source_name(pool, column->from), NULL);
    return crm_source_look_up(pool, table, "tenant_id",
                              column->refers_by ? column->refers_by : "id", value);
}

static void add_extras(run_t *run)
{
    apr_array_header_t *extras = apr_array_make(run->place->pool, 8, sizeof(const char *));
    for (const char *const *at = run->part->extras; at && *at; at++) {
        APR_ARRAY_PUSH(extras, const char *) = *at;
    }
    run->first_owner = extras->nelts;
    for (const crm_adopt_column_t *column = run->part->columns;
         is_shared(run) && column && column->from; column++) {
        const char *sql = run->owners < MOST_OWNERS ? owner_sql(run, column) : NULL;
        if (sql) {
            APR_ARRAY_PUSH(extras, const char *) = sql;
            run->owners++;
        }
    }
    APR_ARRAY_PUSH(extras, const char *) = NULL;
    run->extras = (const char *const *)extras->elts;
}

/* The place of the tenant that TEXT names among those that share the database, or -1. */
static int sharer(const run_t *run, const char *text)
{
    int derived;
    if (!text || !*text) {
        return -1;
    }
    crm_uuid_t id = crm_adopt_uuid("tenant", text, &derived);
    for (int i = 0; i < run->place->nsharing; i++) {
        if (memcmp(&run->place->sharing[i], &id, sizeof(id)) == 0) {
            return i;
        }
    }
    return -1;
}

typedef enum { OWN, NOBODY, OTHER } owner_e;

static owner_e owner_of(const run_t *run, const crm_value_t *row)
{
    int column = crm_source_column(run->table, "tenant_id");
    int owner = -1;
    if (!is_shared(run) || (column < 0 && run->owners == 0)) {
        return OWN;
    }
    if (column >= 0 && !crm_is_null(row[column])) {
        owner = sharer(run, row[column].as.text);
    }
    for (int i = 0; owner < 0 && i < run->owners; i++) {
        crm_value_t cell = row[run->table->count + run->first_owner + i];
        owner = crm_is_null(cell) ? -1 : sharer(run, cell.as.text);
    }
    int self = memcmp(&run->place->sharing[0], &run->place->tenant->id, sizeof(crm_uuid_t)) == 0;
    if (owner < 0) {
        return self ? NOBODY : OTHER; /* the first one reports it */
    }
    return memcmp(&run->place->sharing[owner], &run->place->tenant->id, sizeof(crm_uuid_t)) == 0
               ? OWN
               : OTHER;
}

/* 1 when the row says that it is another tenant's though the database is not shared. */
static int says_other(const run_t *run, const crm_value_t *row)
{
    int column = crm_source_column(run->table, "tenant_id");
    if (column < 0 || is_shared(run) || run->part->is_main || run->part->is_again ||
        !run->place->tenant) {
        return 0;
    }
    return crm_is_null(row[column]) || sharer(run, row[column].as.text) < 0;
}

/* Notes whose rows they are; those of the place are the chunk's. */
static void choose_rows(run_t *run)
{
    crm_adopt_chunk_t *chunk = run->chunk;
    int found = 0;
    chunk->count = 0;
    for (int i = 0; i < chunk->rows.count; i++) {
        const crm_value_t *row = crm_source_row(&chunk->rows, i);
        owner_e owner = owner_of(run, row);
        if (owner == OTHER) {
            continue;
        }
        found++;
        chunk->row[chunk->count] = row;
        if (owner == NOBODY) {
            if (!run->part->is_again) {
                crm_adopt_left_out(chunk, chunk->count, NOBODYS);
            }
            continue;
        }
        if (says_other(run, row)) {
            crm_adopt_note(chunk, chunk->count, WRONG_TENANT, "tenant_id");
        }
        chunk->count++;
    }
    if (!run->part->is_again) {
        json_t *before = json_object_get(chunk->tally, "found");
        json_object_set_new(chunk->tally, "found",
                            json_integer(json_integer_value(before) + found));
    }
}

/* ---- a chunk */

/* Begins the chunk's work anew: what was counted by a try that came to nothing is forgotten. */
static void reset(run_t *run)
{
    run->chunk->tally = crm_json_own(run->chunk->pool, json_deep_copy(run->before));
    run->chunk->lines = apr_array_make(run->chunk->pool, 16, sizeof(const char *));
    choose_rows(run);
}

static crm_error_t *take_chunk(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    run_t *run = baton;
    crm_adopt_chunk_t *chunk = run->chunk;
    (void)pool;
    chunk->db = db;
    reset(run);
    if (chunk->count > 0) {
        CRM_ERR(run->part->take(chunk));
    }
    CRM_ERR(crm_adopt_side_write(&run->place->side, chunk->pool, chunk->lines, &run->side_size));
    const crm_adopt_mark_t mark = {
        .origin = run->place->run->origin,
        .part = run->part->name,
        .position = chunk->rows.position,
        .is_done = chunk->rows.count < run->part->most,
        .tally = chunk->tally,
        .side_size = run->side_size,
    };
    return crm_adopt_progress_save(db, chunk->pool, &mark);
}

static crm_error_t *next_chunk(run_t *run, apr_pool_t *pool)
{
    crm_adopt_chunk_t chunk = {
        .place = run->place, .part = run->part, .pool = pool, .db = run->place->db};
    const crm_source_read_t read = {
        .table = run->table,
        .condition = run->part->condition,
        .args = run->part->args,
        .nargs = run->part->nargs,
        .extras = run->extras,
        .after = run->state.position,
        .most = run->part->most,
    };
    CRM_ERR(crm_source_read(run->place->run->source, pool, &read, &chunk.rows));
    chunk.row = apr_palloc(pool, ((apr_size_t)chunk.rows.count + 1) * sizeof(*chunk.row));
    run->chunk = &chunk;
    if (run->part->before) {
        reset(run);
        CRM_ERR(run->part->before(&chunk));
    }
    CRM_ERR(crm_db_transaction(run->place->db, pool, take_chunk, run));
    json_object_set(run->place->tallies, run->part->name, chunk.tally);
    run->place->side.size = run->side_size;
    run->state.is_done = chunk.rows.count < run->part->most;
    run->state.position =
        chunk.rows.position ? apr_pstrdup(run->place->pool, chunk.rows.position) : NULL;
    return NULL;
}

static void tell(const run_t *run)
{
    const crm_adopt_options_t *options = run->place->run->options;
    const json_t *tally = json_object_get(run->place->tallies, run->part->name);
    if (options->progress && !run->part->is_again) {
        options->progress(options->baton, run->place->name, run->table->name,
                          json_integer_value(json_object_get(tally, "found")));
    }
}

crm_error_t *crm_adopt_part(crm_adopt_place_t *place, const crm_adopt_part_t *part)
{
    run_t run = {.place = place, .part = part};
    const apr_array_header_t *tables = part->is_main ? place->run->main_tables : place->tables;
    const crm_adopt_state_t *state = apr_hash_get(place->states, part->name, APR_HASH_KEY_STRING);
    apr_pool_t *pool;
    run.table = crm_adopt_table(tables, part->table);
    if (!run.table || (state && state->is_done)) {
        return NULL;
    }
    if (state) {
        run.state = *state;
    }
    add_extras(&run);
    apr_pool_create(&pool, place->pool);
    while (!run.state.is_done) {
        json_t *tally = json_object_get(place->tallies, part->name);
        run.before = crm_json_own(pool, tally ? json_incref(tally) : json_object());
        CRM_ERR(next_chunk(&run, pool));
        tell(&run);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}
