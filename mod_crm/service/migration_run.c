/* service/migration_run.c - threads that take one tenant after the other, and one that writes down
 * how it goes.
 */
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "service/migration_run.h"
#include "service/permission.h"

/* How often rows of the main database are written: many at a time. What a killed run has not
 * written is found by looking at the tenants' databases. */
#define WRITE_EVERY (APR_USEC_PER_SEC / 4)

/* So many tenants are noted as queued at a time, before any of them is begun: so nothing has to be
 * noted in their own databases first (crm_migrate_noted). */
#define QUEUE 64

typedef struct work_t {
    const crm_site_t *site;
    const crm_migration_run_t *run;
    const char *target, *runner;
    int count;
    apr_thread_mutex_t *mutex; /* over what follows, and report */
    apr_thread_cond_t *wanted; /* more to do; or the last worker has ended */
    apr_thread_cond_t *queued; /* there are more, or none at all */
    crm_migration_state_t *states;
    unsigned char *changed;     /* which of them are to be written */
    unsigned char *noted;       /* which were noted as queued before they were begun, */
    unsigned char *interrupted; /* and which of those had been begun by another run */
    int next, working;
    int end;          /* those before are queued, or need not be; */
    int planned;      /* and those before this will be with the next write */
    int stop;         /* the main database is away */
    apr_pool_t *pool; /* of the states' texts */
} work_t;

/* A thread, and what it has of its own. */
typedef struct worker_t {
    work_t *work;
    apr_pool_t *pool; /* cleared before each tenant */
    apr_thread_t *thread;
} worker_t;

int crm_migration_is_done(const crm_site_t *site, const crm_migration_state_t *state,
                          const char *target)
{
    return state->state == CRM_MIGRATION_DONE && state->fingerprint &&
           strcmp(state->fingerprint, target) == 0 &&
           state->version == crm_migrations_newest(site->tenant_migrations);
}

/* ---- the workers */

/* The next tenant, or NULL. */
static crm_migration_state_t *take(work_t *work)
{
    apr_thread_mutex_lock(work->mutex);
    if (work->next + work->run->parallel >= work->end) {
        apr_thread_cond_signal(work->wanted);
    }
    while (work->next >= work->end && work->end < work->count && !work->stop) {
        apr_thread_cond_wait(work->queued, work->mutex);
    }
    crm_migration_state_t *state =
        work->next < work->end && !work->stop ? &work->states[work->next++] : NULL;
    apr_thread_mutex_unlock(work->mutex);
    return state;
}

static void begin(work_t *work, crm_migration_state_t *state)
{
    apr_thread_mutex_lock(work->mutex);
    state->state = CRM_MIGRATION_RUNNING;
    state->runner = work->runner;
    state->started_at = apr_time_now();
    state->finished_at = 0;
    work->changed[state - work->states] = 1;
    apr_thread_mutex_unlock(work->mutex);
}

/* Notes how STATE ended, at VERSION, and tells of it. */
static void end(work_t *work, crm_migration_state_t *state, int version, crm_migrated_t *migrated)
{
    const crm_error_t *error = migrated->error;
    apr_thread_mutex_lock(work->mutex);
    state->state = error ? CRM_MIGRATION_FAILED : CRM_MIGRATION_DONE;
    state->version = version;
    state->fingerprint = error ? state->fingerprint : work->target;
    state->error = error ? apr_pstrdup(work->pool, crm_error_line(error->pool, error)) : NULL;
    state->finished_at = apr_time_now();
    work->changed[state - work->states] = 1;
    work->run->report(migrated, work->run->baton);
    apr_thread_mutex_unlock(work->mutex);
}

static crm_error_t *migrate(const worker_t *worker, const crm_db_t *db, int index, int *ret_applied)
{
    const work_t *work = worker->work;
    const crm_site_t *site = work->site;
    const crm_migrations_t *files = site->tenant_migrations;
    CRM_ERR(work->noted[index]
                ? crm_migrate_noted(db, worker->pool, files, work->interrupted[index], ret_applied)
                : crm_migrate(db, worker->pool, files, ret_applied));
    return crm_permission_sync(site, worker->pool, db);
}

/* Looks at the database that the row calls done; 1 when it is. What cannot be reached now is tried
 * once more by migrating, whose error is told. */
static int is_current(const worker_t *worker, const crm_db_t *db,
                      const crm_migration_state_t *state)
{
    const work_t *work = worker->work;
    int version = crm_migrations_newest(work->site->tenant_migrations);
    return crm_migration_is_done(work->site, state, work->target) &&
           (work->run->trust || !crm_migration_verify(db, worker->pool, version));
}

static void treat(const worker_t *worker, crm_migration_state_t *state)
{
    work_t *work = worker->work;
    const crm_tenant_t there = {.slug = state->slug, .server = state->server};
    crm_db_t *db =
        crm_tenant_unversioned(work->site, worker->pool, crm_tenant_place(worker->pool, &there));
    crm_migrated_t migrated = {.tenant = state};
    int version = crm_migrations_newest(work->site->tenant_migrations), found;
    if (is_current(worker, db, state)) {
        apr_thread_mutex_lock(work->mutex);
        work->run->report(&migrated, work->run->baton);
        apr_thread_mutex_unlock(work->mutex);
        return;
    }
    begin(work, state);
    migrated.error = migrate(worker, db, (int)(state - work->states), &migrated.applied);
    if (migrated.error) {
        version = crm_migration_version(db, worker->pool, &found) ? state->version : found;
    }
    end(work, state, version, &migrated);
}

static void *APR_THREAD_FUNC run_worker(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    work_t *work = worker->work;
    crm_migration_state_t *state;
    (void)thread;
    while ((state = take(work)) != NULL) {
        apr_pool_clear(worker->pool);
        treat(worker, state);
    }
    apr_thread_mutex_lock(work->mutex);
    if (--work->working == 0) {
        apr_thread_cond_signal(work->wanted);
    }
    apr_thread_mutex_unlock(work->mutex);
    return NULL;
}

static apr_status_t start(worker_t *worker)
{
    work_t *work = worker->work;
    apr_status_t status = apr_pool_create_unmanaged_ex(&worker->pool, NULL, NULL);
    if (status == APR_SUCCESS) {
        status = apr_thread_create(&worker->thread, NULL, run_worker, worker, work->pool);
    }
    work->working += status == APR_SUCCESS;
    return status;
}

/* ---- the writer */

/* 1 when the workers will soon have nothing to do. */
static int is_short(const work_t *work)
{
    return work->end < work->count && work->next + work->run->parallel >= work->end;
}

/* Queues some more, with the next write: all but those that need nothing, as it seems. */
static void queue_some(work_t *work)
{
    for (int queued = 0; work->planned < work->count && queued < QUEUE; work->planned++) {
        int i = work->planned;
        crm_migration_state_t *state = &work->states[i];
        if (crm_migration_is_done(work->site, state, work->target)) {
            continue;
        }
        work->noted[i] = 1;
        work->interrupted[i] = state->state == CRM_MIGRATION_QUEUED ||
                               state->state == CRM_MIGRATION_RUNNING ||
                               state->state == CRM_MIGRATION_FAILED;
        state->state = CRM_MIGRATION_QUEUED;
        state->runner = work->runner;
        state->started_at = apr_time_now();
        state->finished_at = 0;
        work->changed[i] = 1;
        queued++;
    }
}

/* Waits a while, or until there is something to do; copies the states that are to be written into
 * ROWS. *RET_WORKING: 0 when these are the last. */
static int collect(work_t *work, crm_migration_state_t *rows, int *ret_working)
{
    int count = 0;
    apr_thread_mutex_lock(work->mutex);
    if (work->working && !is_short(work)) {
        apr_thread_cond_timedwait(work->wanted, work->mutex, WRITE_EVERY);
    }
    if (is_short(work)) {
        queue_some(work);
    }
    *ret_working = work->working;
    for (int i = 0; i < work->count; i++) {
        if (work->changed[i]) {
            work->changed[i] = 0;
            rows[count++] = work->states[i];
        }
    }
    apr_thread_mutex_unlock(work->mutex);
    return count;
}

/* What was planned is queued now; or, after an ERROR, nothing is begun any more. */
static void release(work_t *work, const crm_error_t *error)
{
    apr_thread_mutex_lock(work->mutex);
    work->stop |= error != NULL;
    work->end = work->planned;
    apr_thread_cond_broadcast(work->queued);
    apr_thread_mutex_unlock(work->mutex);
}

/* Until all workers have ended. When the main database is away, they end with the tenants that they
 * are at. */
static crm_error_t *write_down(work_t *work, apr_pool_t *pool)
{
    crm_error_t *first = NULL;
    apr_pool_t *turn;
    apr_pool_create(&turn, pool);
    crm_migration_state_t *rows = apr_palloc(pool, (apr_size_t)work->count * sizeof(*rows));
    for (int working = 1; working;) {
        int count = collect(work, rows, &working);
        crm_error_t *error = crm_migration_states_write(work->site, turn, rows, count);
        release(work, error);
        if (error && !first) {
            first = crm_error_copy(pool, error);
        }
        apr_pool_clear(turn);
    }
    return first;
}

static apr_status_t prepare(work_t *work, apr_pool_t *pool)
{
    work->changed = apr_pcalloc(pool, (apr_size_t)work->count);
    work->noted = apr_pcalloc(pool, (apr_size_t)work->count);
    work->interrupted = apr_pcalloc(pool, (apr_size_t)work->count);
    apr_status_t status = apr_pool_create(&work->pool, pool);
    if (status == APR_SUCCESS) {
        status = apr_thread_mutex_create(&work->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    }
    if (status == APR_SUCCESS) {
        status = apr_thread_cond_create(&work->wanted, pool);
    }
    return status == APR_SUCCESS ? apr_thread_cond_create(&work->queued, pool) : status;
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
                   .count = count};
    int threads = run->parallel < count ? run->parallel : count, started = 0;
    if (count == 0) {
        return NULL;
    }
    apr_status_t status = prepare(&work, pool), ended;
    worker_t *workers = apr_pcalloc(pool, (apr_size_t)threads * sizeof(*workers));
    if (status == APR_SUCCESS) {
        apr_thread_mutex_lock(work.mutex); /* nobody begins before all are started */
        for (; status == APR_SUCCESS && started < threads; started += status == APR_SUCCESS) {
            workers[started].work = &work;
            status = start(&workers[started]);
        }
        apr_thread_mutex_unlock(work.mutex);
    }
    if (started == 0) {
        return crm_error_system(pool, status, "cannot start threads");
    }
    crm_error_t *error = write_down(&work, pool);
    for (int i = 0; i < started; i++) {
        apr_thread_join(&ended, workers[i].thread);
        apr_pool_destroy(workers[i].pool);
    }
    return error;
}
