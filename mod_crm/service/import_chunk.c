/* service/import_chunk.c - rows of an import are written: one transaction a chunk.
 *
 * A chunk runs in waves: no two rows of a wave are about the same record, so that each finds what
 * those before it have made.
 */
#include "service/import_chunk.h"

int crm_import_has_hooks(const crm_import_run_t *run)
{
    const crm_entity_t *entity = run->records.entity;

    return entity->before_write || entity->after_write;
}

static void reset(const crm_import_run_t *run)
{
    for (int i = 0; i < run->count; i++) {
        if (!run->rows[i].is_wrong) {
            run->rows[i].outcome = CRM_ROW_OPEN;
            run->rows[i].column = -1;
        }
    }
}

static crm_error_t *run_in(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    crm_import_run_t *run = baton;
    int limit = crm_import_has_hooks(run) ? 1 : run->count, done;
    (void)pool;

    run->records.db = db;
    reset(run);
    for (int first = 0; first < run->count; first += done) {
        CRM_ERR(crm_import_wave(run, first, limit, &done));
        /* a file of nothing but duplicates shall not be looked up whole each time */
        limit = crm_import_has_hooks(run) ? 1 : 2 * done + 1;
    }
    return run->undo;
}

static void note_seen(const crm_import_run_t *run)
{
    for (int i = 0; run->importing->seen && i < run->count; i++) {
        if (run->rows[i].outcome == CRM_ROW_CREATED && run->rows[i].key) {
            crm_seen_add(run->importing->seen, run->rows[i].key);
        }
    }
}

/* COUNT rows from FIRST on in one transaction. */
static crm_error_t *run_rows(const crm_importing_t *importing, const crm_import_chunk_t *chunk,
                             int first, int count)
{
    crm_import_run_t run = {
        .importing = importing,
        .pool = chunk->pool,
        .rows = chunk->rows + first,
        .count = count,
        .records = *importing->records,
    };
    crm_error_t *error;

    if (importing->options->dry_run) {
        run.undo = crm_error_standard(chunk->pool, CRM_E_CONFLICT);
    }
    error = crm_db_transaction(importing->records->db, chunk->pool, run_in, &run);
    if (error && error == run.undo) {
        note_seen(&run);
        return NULL;
    }
    return error;
}

/* A row that is refused is tried once more: what stood in its way may have been made just now, and
 * then it is there to be changed. */
static crm_error_t *run_single(const crm_importing_t *importing, const crm_import_chunk_t *chunk,
                               int place)
{
    crm_error_t *error = NULL;

    for (int tries = 0; tries < 2; tries++) {
        error = run_rows(importing, chunk, place, 1);
        if (!error || !crm_error_is_clients(error)) {
            return error;
        }
    }
    crm_import_refuse_error(importing, chunk->pool, &chunk->rows[place], error);
    return NULL;
}

crm_error_t *crm_import_run(const crm_importing_t *importing, const crm_import_chunk_t *chunk,
                            int *ret_done)
{
    crm_error_t *error = chunk->count ? run_rows(importing, chunk, 0, chunk->count) : NULL;

    *ret_done = error ? 0 : chunk->count;
    if (!error || !crm_error_is_clients(error)) {
        return error;
    }
    for (int i = 0; i < chunk->count; i++) {
        CRM_ERR(run_single(importing, chunk, i));
        *ret_done = i + 1;
    }
    return NULL;
}
