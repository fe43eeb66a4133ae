/* service/migration_run.c - threads that take one tenant after the other. */
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "service/migration_run.h"
#include "service/permission.h"

typedef struct work_t {
    const crm_site_t *site;
    const crm_migration_run_t *run;
    const char *target, *runner;
    crm_migration_state_t *states;
    int count;
    apr_thread_mutex_t *mutex; /* over what follows, and report */
    int next;
    crm_error_t *error; /* the first one of the main database */
    apr_pool_t *errors; /* which it is made in, and the states' texts */
} work_t;

/* What a thread has of its own. */
typedef struct worker_t {
    work_t *work;
    apr_pool_t *pool, *turn;      /* the second is cleared before each tenant */
    crm_migration_state_t *ended; /* whose row is to be written with the next one's */
} worker_t;

int crm_migration_is_done(const crm_site_t *site, const crm_migration_state_t *state,
                          const char *target)
{
    return state->state == CRM_MIGRATION_DONE && state->fingerprint &&
           strcmp(state->fingerprint, target) == 0 &&
           state->version == crm_migrations_newest(site->tenant_migrations);
}

/* The next tenant, or NULL. */
static crm_migration_state_t *take(work_t *work)
{
    apr_thread_mutex_lock(work->mutex);
    crm_migration_state_t *state =
        work->next < work->count && !work->error ? &work->states[work->next++] : NULL;
    apr_thread_mutex_unlock(work->mutex);
    return state;
}

/* A tenant that was deleted meanwhile has no row. */
static crm_error_t *write_each(worker_t *worker, const crm_migration_state_t *const *rows,
                               int count)
{
    for (int i = 0; i < count; i++) {
        crm_error_t *error =
            crm_migration_states_write(worker->work->site, worker->turn, &rows[i], 1);
        if (error && error->kind != CRM_E_REFERENCE) {
            return error;
        }
    }
    return NULL;
}

/* Writes the row that waits, and that of NEXT (or NULL). */
static crm_error_t *write_rows(worker_t *worker, const crm_migration_state_t *next)
{
    const crm_migration_state_t *rows[2];
    int count = 0;
    if (worker->ended) {
        rows[count++] = worker->ended;
    }
    if (next) {
        rows[count++] = next;
    }
    worker->ended = NULL;
    if (!count) {
        return NULL;
    }
    crm_error_t *error = crm_migration_states_write(worker->work->site, worker->turn, rows, count);
    return error && error->kind == CRM_E_REFERENCE ? write_each(worker, rows, count) : error;
}

static crm_error_t *migrate(worker_t *worker, const crm_db_t *db, crm_migrated_t *migrated)
{
    const crm_site_t *site = worker->work->site;
    CRM_ERR(crm_migrate(db, worker->turn, site->tenant_migrations, &migrated->applied));
    return crm_permission_sync(site, worker->turn, db);
}

/* Notes how STATE ended; its texts must outlive the thread. */
static void end(worker_t *worker, const crm_db_t *db, crm_migration_state_t *state,
                const crm_error_t *error)
{
    work_t *work = worker->work;
    state->state = error ? CRM_MIGRATION_FAILED : CRM_MIGRATION_DONE;
    state->finished_at = apr_time_now();
    state->error = NULL;
    if (!error) {
        state->version = crm_migrations_newest(work->site->tenant_migrations);
        state->fingerprint = work->target;
        return;
    }
    int version;
    if (!crm_migration_version(db, worker->turn, &version)) {
        state->version = version;
    }
    apr_thread_mutex_lock(work->mutex);
    state->error = apr_pstrdup(work->errors, crm_error_line(worker->turn, error));
    apr_thread_mutex_unlock(work->mutex);
}

/* Looks at the database that the row calls done; 1 when it is. What cannot be reached now is tried
 * once more by migrating, whose error is told. */
static int is_current(const worker_t *worker, const crm_db_t *db,
                      const crm_migration_state_t *state)
{
    const work_t *work = worker->work;
    int version = crm_migrations_newest(work->site->tenant_migrations);
    return crm_migration_is_done(work->site, state, work->target) &&
           (work->run->trust || !crm_migration_verify(db, worker->turn, version));
}

static crm_error_t *treat(worker_t *worker, crm_migration_state_t *state)
{
    work_t *work = worker->work;
    crm_db_t *db = crm_site_tenant_db(work->site, worker->turn, state->slug);
    crm_migrated_t migrated = {.tenant = state};
    db->needs = 0;
    if (!is_current(worker, db, state)) {
        state->state = CRM_MIGRATION_RUNNING;
        state->runner = work->runner;
        state->started_at = apr_time_now();
        state->finished_at = 0;
        CRM_ERR(write_rows(worker, state));
        migrated.error = migrate(worker, db, &migrated);
        end(worker, db, state, migrated.error);
        worker->ended = state;
    }
    apr_thread_mutex_lock(work->mutex);
    work->run->report(&migrated, work->run->baton);
    apr_thread_mutex_unlock(work->mutex);
    return NULL;
}

static void *APR_THREAD_FUNC run_worker(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    work_t *work = worker->work;
    crm_migration_state_t *state;
    crm_error_t *error = NULL;
    while (!error && (state = take(work)) != NULL) {
        apr_pool_clear(worker->turn);
        error = treat(worker, state);
    }
    if (!error) {
        error = write_rows(worker, NULL);
    }
    apr_thread_mutex_lock(work->mutex);
    if (error && !work->error) {
        work->error = crm_error_copy(work->errors, error);
    }
    apr_thread_mutex_unlock(work->mutex);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static apr_status_t start(work_t *work, apr_pool_t *pool, worker_t *worker,
                          apr_thread_t **ret_thread)
{
    worker->work = work;
    apr_status_t status = apr_pool_create_unmanaged_ex(&worker->pool, NULL, NULL);
    if (status == APR_SUCCESS) {
        apr_pool_create(&worker->turn, worker->pool);
        status = apr_thread_create(ret_thread, NULL, run_worker, worker, pool);
    }
    return status;
}

crm_error_t *crm_migration_run(const crm_site_t *site, apr_pool_t *pool,
                               const crm_migration_run_t *run, crm_migration_state_t *states,
                               int count)
{
    work_t work = {.site = site,
                   .run = run,
                   .target = crm_migration_target(site, pool),
                   .runner = crm_migration_runner(pool),
                   .states = states,
                   .count = count,
                   .errors = pool};
    int threads = run->parallel < count ? run->parallel : count, started = 0;
    worker_t *workers = apr_pcalloc(pool, (apr_size_t)threads * sizeof(*workers) + 1);
    apr_thread_t **handles = apr_pcalloc(pool, (apr_size_t)threads * sizeof(*handles) + 1);
    apr_status_t status = apr_thread_mutex_create(&work.mutex, APR_THREAD_MUTEX_DEFAULT, pool),
                 ended;
    if (status != APR_SUCCESS) {
        return crm_error_system(pool, status, "cannot make a mutex");
    }
    apr_thread_mutex_lock(work.mutex); /* POOL is used by nobody else until all are started */
    while (status == APR_SUCCESS && started < threads) {
        status = start(&work, pool, &workers[started], &handles[started]);
        started += status == APR_SUCCESS;
    }
    apr_thread_mutex_unlock(work.mutex);
    for (int i = 0; i < started; i++) {
        apr_thread_join(&ended, handles[i]);
        apr_pool_destroy(workers[i].pool);
    }
    if (status != APR_SUCCESS && !started) {
        return crm_error_system(pool, status, "cannot start a thread");
    }
    return work.error;
}
