/* service/job_turn.c - jobs are done. */
#include "service/job_turn.h"

#include <string.h>

#include <apr_strings.h>

#include "service/job_file.h"
#include "service/job_work.h"

/* How far a job is is written so often at most. */
#define WRITE_EVERY apr_time_from_sec(1)

/* How often what became of a job is written, and the pause between. */
#define SETTLE_TRIES 3
#define SETTLE_PAUSE apr_time_from_sec(1)

typedef struct turn_t {
    const crm_site_t *site;
    apr_pool_t *pool;
    const crm_job_hooks_t *hooks;
    int slot;
    crm_job_t *job; /* NULL: none */
    const crm_job_kind_t *kind;
    apr_uint64_t total; /* rows that it will go over, about; 0: not known */
    apr_time_t written; /* when progress was */
    int is_stopped, is_lost;
} turn_t;

/* ---- while it is done ---- */

static int percent(const turn_t *turn, apr_uint64_t rows)
{
    if (turn->total == 0) {
        return 0;
    }
    return rows >= turn->total ? 99 : (int)(rows * 99 / turn->total);
}

static crm_error_t *advance(void *baton, const char *table, apr_uint64_t rows)
{
    turn_t *turn = baton;
    apr_time_t now = apr_time_now();
    (void)table;
    if (turn->hooks->is_over(turn->hooks->baton)) {
        turn->is_stopped = 1;
        return crm_error_make(turn->pool, CRM_E_UNAVAILABLE, "The server stops.");
    }
    if (now - turn->written < WRITE_EVERY) {
        return NULL;
    }
    turn->written = now;
    apr_pool_t *scratch;
    apr_pool_create(&scratch, turn->pool);
    crm_error_t *error = crm_job_advance(turn->site, scratch, turn->job, percent(turn, rows));
    /* a main database that is away for a moment ends no job */
    turn->is_lost = error && error->kind == CRM_E_CONFLICT;
    error = turn->is_lost ? crm_error_copy(turn->pool, error) : NULL;
    apr_pool_destroy(scratch);
    return error;
}

/* Where that fails, because somebody just mends the tenant or there is something wrong, progress is
 * not known; the work itself says what is wrong. */
static void measure(turn_t *turn, const crm_job_run_t *run)
{
    apr_uint64_t rows;
    if (turn->kind->count && !turn->kind->count(run, &rows)) {
        turn->total = rows * (apr_uint64_t)turn->kind->passes;
    }
}

/* ---- what became of it ---- */

/* What may be otherwise the next time. */
static int is_passing(const crm_error_t *error)
{
    return error->kind == CRM_E_UNAVAILABLE || error->kind == CRM_E_LOCKED ||
           error->kind == CRM_E_GONE;
}

static crm_error_t *write_outcome(const turn_t *turn, const crm_job_run_t *run,
                                  const json_t *result, const crm_error_t *error)
{
    const crm_job_t *job = turn->job;
    if (!error) {
        return crm_job_finish(turn->site, turn->pool, job, result, run->name);
    }
    if (turn->is_stopped) {
        return crm_job_give_back(turn->site, turn->pool, job, NULL);
    }
    return is_passing(error) && job->attempts < CRM_JOB_ATTEMPTS
               ? crm_job_give_back(turn->site, turn->pool, job, error)
               : crm_job_fail(turn->site, turn->pool, job, error);
}

/* It is lost, or was written by a try whose answer did not come. */
static crm_error_t *find_outcome(turn_t *turn)
{
    crm_job_t *now;
    crm_error_t *error = crm_job_get(turn->site, turn->pool, &turn->job->id, &now);
    if (error && error->kind != CRM_E_NOT_FOUND) {
        return error;
    }
    turn->is_lost = error || now->takes != turn->job->takes || strcmp(now->state, "done") != 0;
    return NULL;
}

/* With some patience: what is not written is taken for a job whose process died. */
static crm_error_t *settle(turn_t *turn, const crm_job_run_t *run, const json_t *result,
                           const crm_error_t *error)
{
    crm_error_t *problem = NULL;
    for (int i = 0; i < SETTLE_TRIES; i++) {
        if (i > 0) {
            apr_sleep(SETTLE_PAUSE);
        }
        problem = write_outcome(turn, run, result, error);
        if (!problem || problem->kind == CRM_E_CONFLICT) {
            break;
        }
    }
    return problem && problem->kind == CRM_E_CONFLICT ? find_outcome(turn) : problem;
}

/* Files that nobody will ask for: one half made goes with its pool. What is somebody else's job by
 * now may have files of his. */
static crm_error_t *clear_files(const turn_t *turn, const crm_job_run_t *run)
{
    if (turn->is_lost) {
        return run->name ? crm_job_file_remove(turn->site, turn->pool, run->name) : NULL;
    }
    return turn->kind->has_file ? crm_job_file_clear(turn->site, turn->pool, &turn->job->id) : NULL;
}

static crm_error_t *do_job(turn_t *turn)
{
    crm_job_run_t run = {
        .site = turn->site, .job = turn->job, .progress = {.tell = advance, .baton = turn}};
    json_t *result = NULL;
    apr_pool_create(&run.pool, turn->pool);
    measure(turn, &run);
    crm_error_t *error = turn->kind->work(&run, &result);
    crm_error_t *problem = turn->is_lost ? NULL : settle(turn, &run, result, error);
    if (!turn->is_lost && !turn->is_stopped && !problem) {
        turn->hooks->tell(turn->hooks->baton, turn->job, error,
                          !error || !is_passing(error) || turn->job->attempts >= CRM_JOB_ATTEMPTS);
    }
    if (problem) {
        problem = crm_error_copy(turn->pool, problem);
    }
    int is_useless = !problem && (error || turn->is_lost);
    const crm_job_run_t left = {.name = run.name ? apr_pstrdup(turn->pool, run.name) : NULL};
    apr_pool_destroy(run.pool);
    return is_useless ? clear_files(turn, &left) : problem;
}

/* One whose process died with it again and again is not begun any more, nor one of a newer version.
 */
static crm_error_t *give_up(turn_t *turn)
{
    crm_error_t *error =
        turn->kind ? crm_error_make(turn->pool, CRM_E_INTERNAL,
                                    "The process that did it ended %d times before it was done.",
                                    CRM_JOB_ATTEMPTS)
                   : crm_error_make(turn->pool, CRM_E_INTERNAL, "This mod_crm knows no such job.");
    CRM_ERR(crm_job_fail(turn->site, turn->pool, turn->job, error));
    turn->hooks->tell(turn->hooks->baton, turn->job, error, 1);
    return crm_job_file_clear(turn->site, turn->pool, &turn->job->id);
}

static crm_error_t *use_slot(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    turn_t *turn = baton;
    (void)db;
    (void)pool;
    CRM_ERR(crm_job_take(turn->site, turn->pool, turn->slot, &turn->job));
    if (!turn->job) {
        return NULL;
    }
    turn->kind = crm_job_kind(turn->job->kind);
    return !turn->kind || turn->job->attempts > CRM_JOB_ATTEMPTS ? give_up(turn) : do_job(turn);
}

crm_error_t *crm_job_turn(const crm_site_t *site, apr_pool_t *pool, const crm_job_hooks_t *hooks,
                          int *ret_done)
{
    turn_t turn = {.site = site, .pool = pool, .hooks = hooks};
    int any;
    *ret_done = 0;
    CRM_ERR(crm_job_is_any(site, pool, &any));
    for (turn.slot = 1; any && !turn.job && turn.slot <= CRM_JOB_SLOTS; turn.slot++) {
        crm_error_t *error = crm_db_with_lock(
            &site->main, pool, apr_psprintf(pool, "jobs-%d", turn.slot), 0, use_slot, &turn);
        if (error && error->kind != CRM_E_LOCKED) {
            return error;
        }
    }
    *ret_done = turn.job != NULL;
    return NULL;
}
