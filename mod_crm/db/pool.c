/* db/pool.c - who may have a connection, which one, and who waits.
 *
 * A slot is a place under the cap. The mutex guards slots and waiters and is never held while a
 * server is asked; a slot that is OPENING or BUSY belongs to one thread. What is set free goes to
 * the first waiter who can use it, so nobody who comes later overtakes him.
 */
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "db/connection.h"
#include "db/meter.h"
#include "db/opening.h"

#define NONE_FREE "No database connection is free. Try again later."

typedef enum { SLOT_FREE, SLOT_OPENING, SLOT_BUSY, SLOT_IDLE } slot_state_e;

typedef struct crm_slot_t {
    slot_state_e state;
    int retire;                    /* to be closed when it comes back */
    const char *server, *database; /* whom it is for; not when FREE. While OPENING the names of who
                                      opens it, else those of the connection */
    const char *user;              /* the database's own, or "" */
    crm_connection_t *connection;  /* while OPENING: one to be closed or re-keyed, or NULL */
    apr_time_t since;              /* IDLE since */
    apr_uint64_t turn;             /* the larger, the later it became IDLE */
} slot_t;

typedef struct waiter_t {
    struct waiter_t *next;
    const crm_db_t *db;
    apr_thread_cond_t *wake;
    slot_t *slot; /* what it was given */
} waiter_t;

struct crm_pool_t {
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex;
    crm_pool_limits_t limits;
    crm_pool_counts_t counts; /* but for open and busy */
    apr_uint64_t turns;
    crm_openings_t *openings;
    waiter_t *waiters; /* first come, first */
    slot_t *slots;     /* limits.max of them */
};

/* How long a connection may take its database's schema for older than the newest one. */
#define RECHECK apr_time_from_sec(1)

void crm_pool_load_driver(crm_pool_t *pool, const crm_db_url_t *server)
{
    const apr_dbd_driver_t *driver;
    (void)apr_dbd_get_driver(pool->pool, server->driver, &driver);
}

/* ---- under the mutex */

static const char *user_name(const crm_db_user_t *user)
{
    return user ? user->name : "";
}

/* Whoever it is that is connected. */
static int is_on(const slot_t *slot, const crm_db_t *db)
{
    return slot->state != SLOT_FREE && strcmp(slot->database, db->database) == 0 &&
           strcmp(slot->server, db->server->server) == 0;
}

static int is_as(const slot_t *slot, const crm_db_t *db)
{
    return strcmp(slot->user, user_name(crm_db_connects_as(db))) == 0;
}

/* Connections to no database hold server locks, or wait for them, while whoever has one takes
 * another for the work: they must leave room for it, and be three where that can be. */
static int cap_of(const crm_pool_t *pool, const crm_db_t *db)
{
    int max = pool->limits.max, half = max / 2;
    if (*db->database) {
        return pool->limits.per_database;
    }
    return half < 3 && max > 3 ? 3 : half;
}

/* 1 when the connection of SLOT, which is for DB, must be looked at anew: it was opened by somebody
 * who needs less, or before a migration. */
static int is_outdated(const slot_t *slot, const crm_db_t *db)
{
    const crm_connection_t *connection = slot->connection;
    return connection->version < db->needs ||
           (connection->version < db->newest && apr_time_now() - connection->checked > RECHECK);
}

static slot_t *set(slot_t *slot, slot_state_e state, const crm_db_t *db)
{
    slot->state = state;
    slot->server = db->server->server;
    slot->database = db->database;
    slot->user = user_name(crm_db_connects_as(db));
    return slot;
}

/* A slot for DB: BUSY with a connection to it, or OPENING; NULL when there is none now. */
static slot_t *take(crm_pool_t *pool, const crm_db_t *db)
{
    slot_t *idle = NULL, *outdated = NULL, *empty = NULL, *oldest = NULL, *others = NULL;
    int count = 0;
    for (slot_t *slot = pool->slots; slot < pool->slots + pool->limits.max; slot++) {
        int there = is_on(slot, db), ours = there && is_as(slot, db);
        count += there;
        if (slot->state == SLOT_IDLE && there && !ours) {
            others = slot; /* another user's */
        }
        if (slot->state == SLOT_FREE) {
            empty = slot;
        } else if (slot->state == SLOT_IDLE && ours && is_outdated(slot, db)) {
            outdated = slot;
        } else if (slot->state == SLOT_IDLE && ours && (!idle || slot->turn > idle->turn)) {
            idle = slot;
        } else if (slot->state == SLOT_IDLE && !ours && (!oldest || slot->turn < oldest->turn)) {
            oldest = slot;
        }
    }
    if (idle) {
        idle->state = SLOT_BUSY;
        return idle;
    }
    if (outdated) {
        return set(outdated, SLOT_OPENING, db);
    }
    slot_t *slot = count >= cap_of(pool, db) ? others : empty ? empty : oldest;
    return slot ? set(slot, SLOT_OPENING, db) : NULL;
}

/* Gives what became free to the first who can use it. */
static void serve(crm_pool_t *pool)
{
    for (waiter_t *waiter = pool->waiters; waiter; waiter = waiter->next) {
        if (!waiter->slot && (waiter->slot = take(pool, waiter->db)) != NULL) {
            apr_thread_cond_signal(waiter->wake);
            return;
        }
    }
}

static void unlink_waiter(crm_pool_t *pool, waiter_t *waiter)
{
    waiter_t **link = &pool->waiters;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
}

static slot_t *wait_for(crm_pool_t *pool, const crm_db_t *db, apr_time_t deadline,
                        apr_pool_t *errors)
{
    waiter_t waiter = {.db = db}, **link = &pool->waiters;
    if (apr_thread_cond_create(&waiter.wake, errors) != APR_SUCCESS) {
        return NULL;
    }
    while (*link) {
        link = &(*link)->next;
    }
    *link = &waiter;
    pool->counts.waiting++;
    apr_interval_time_t left;
    while (!waiter.slot && (left = deadline - apr_time_now()) > 0) {
        apr_thread_cond_timedwait(waiter.wake, pool->mutex, left);
    }
    pool->counts.waiting--;
    pool->counts.timed_out += !waiter.slot;
    unlink_waiter(pool, &waiter);
    apr_thread_cond_destroy(waiter.wake);
    return waiter.slot;
}

/* ---- outside of it */

static void free_slot(crm_pool_t *pool, slot_t *slot)
{
    apr_thread_mutex_lock(pool->mutex);
    *slot = (slot_t){.state = SLOT_FREE};
    serve(pool);
    apr_thread_mutex_unlock(pool->mutex);
}

/* SLOT is the caller's: the server is left before the place is free, as the cap counts what the
 * server sees; the memory goes after it, as others read the slot's names meanwhile. */
static void close_slot(crm_pool_t *pool, slot_t *slot)
{
    crm_connection_t *connection = slot->connection;
    crm_connection_end(connection);
    free_slot(pool, slot);
    crm_connection_close(connection);
}

static crm_error_t *none_free(const crm_pool_t *pool, const crm_db_t *db, apr_pool_t *errors)
{
    crm_error_t *error = crm_error_make(errors, CRM_E_UNAVAILABLE, NONE_FREE);
    return crm_error_cause(
        error, "%s %s: waited for %d ms, at most %d connections and %d a database",
        db->server->server, db->database, (int)apr_time_as_msec(pool->limits.wait),
        pool->limits.max, pool->limits.per_database);
}

/* SLOT is the caller's: makes it BUSY with a connection that is fresh or re-keyed, or FREE. */
static crm_error_t *fill(crm_pool_t *pool, slot_t *slot, const crm_db_t *db, apr_time_t deadline,
                         apr_pool_t *errors)
{
    crm_connection_t *old, *connection = NULL;
    apr_thread_mutex_lock(pool->mutex);
    set(slot, SLOT_OPENING, db); /* its names must not be those of OLD, which may go now */
    old = slot->connection;
    slot->connection = NULL;
    apr_thread_mutex_unlock(pool->mutex);
    crm_opening_t opening = {
        .openings = pool->openings, .db = db, .deadline = deadline, .errors = errors};
    crm_error_t *error = crm_opening_run(&opening, old, &connection);
    if (error) {
        free_slot(pool, slot);
    }
    apr_thread_mutex_lock(pool->mutex);
    pool->counts.failed += error != NULL;
    if (!error) {
        pool->counts.opened++;
        slot->state = SLOT_BUSY;
        slot->connection = connection;
        slot->server = connection->server.server;
        slot->database = connection->database;
        slot->user = user_name(connection->user);
        connection->slot = slot;
    }
    apr_thread_mutex_unlock(pool->mutex);
    return error;
}

static crm_error_t *acquire(const crm_db_t *db, apr_pool_t *errors,
                            crm_connection_t **ret_connection)
{
    crm_pool_t *pool = db->pool;
    apr_time_t deadline = apr_time_now() + pool->limits.wait;
    apr_thread_mutex_lock(pool->mutex);
    pool->counts.acquired++;
    slot_t *slot = take(pool, db);
    if (!slot) {
        slot = wait_for(pool, db, deadline, errors);
    }
    apr_thread_mutex_unlock(pool->mutex);
    if (!slot) {
        return none_free(pool, db, errors);
    }
    if (slot->state == SLOT_OPENING || !slot->connection->driver->usable(slot->connection)) {
        CRM_ERR(fill(pool, slot, db, deadline, errors));
    }
    slot->connection->doomed = 0;
    *ret_connection = slot->connection;
    return NULL;
}

crm_error_t *crm_pool_acquire(const crm_db_t *db, apr_pool_t *errors,
                              crm_connection_t **ret_connection)
{
    apr_time_t start = crm_meter_start();
    crm_error_t *error = acquire(db, errors, ret_connection);
    crm_meter_wait(start);
    return error;
}

void crm_pool_release(crm_pool_t *pool, crm_connection_t *connection, int broken)
{
    slot_t *slot = connection->slot;
    int most = connection->driver->most_prepared;
    broken |= connection->broken || (most && connection->prepared >= most);
    apr_thread_mutex_lock(pool->mutex);
    broken |= slot->retire;
    if (!broken) {
        slot->state = SLOT_IDLE;
        slot->since = apr_time_now();
        slot->turn = ++pool->turns;
        serve(pool);
    }
    apr_thread_mutex_unlock(pool->mutex);
    if (broken) {
        close_slot(pool, slot);
    }
}

typedef int choose_fn(const slot_t *slot, const void *baton);

/* Closes the idle connections that CHOOSE chooses. */
static void close_idle(crm_pool_t *pool, choose_fn *choose, const void *baton)
{
    for (slot_t *slot = pool->slots; slot < pool->slots + pool->limits.max; slot++) {
        apr_thread_mutex_lock(pool->mutex);
        int ours = slot->state == SLOT_IDLE && choose(slot, baton);
        if (ours) {
            slot->state = SLOT_BUSY;
        }
        apr_thread_mutex_unlock(pool->mutex);
        if (ours) {
            close_slot(pool, slot);
        }
    }
}

static int is_named(const slot_t *slot, const void *database)
{
    return !database || strcmp(slot->database, database) == 0;
}

static int is_stale(const slot_t *slot, const void *before)
{
    return slot->since < *(const apr_time_t *)before;
}

void crm_pool_forget(crm_pool_t *pool, const char *database)
{
    apr_thread_mutex_lock(pool->mutex);
    for (slot_t *slot = pool->slots; slot < pool->slots + pool->limits.max; slot++) {
        slot->retire |= slot->state == SLOT_BUSY && is_named(slot, database);
    }
    apr_thread_mutex_unlock(pool->mutex);
    close_idle(pool, is_named, database);
}

void crm_pool_reap(crm_pool_t *pool)
{
    apr_time_t before = apr_time_now() - pool->limits.idle;
    close_idle(pool, is_stale, &before);
}

crm_pool_counts_t crm_pool_counts(crm_pool_t *pool)
{
    apr_thread_mutex_lock(pool->mutex);
    crm_pool_counts_t counts = pool->counts;
    for (slot_t *slot = pool->slots; slot < pool->slots + pool->limits.max; slot++) {
        counts.open += slot->state != SLOT_FREE;
        counts.busy += slot->state == SLOT_BUSY || slot->state == SLOT_OPENING;
    }
    apr_thread_mutex_unlock(pool->mutex);
    return counts;
}

/* The place of SERVER and DATABASE in USES, made when it is new. */
static crm_pool_use_t *use_of(apr_array_header_t *uses, const char *server, const char *database)
{
    for (int i = 0; i < uses->nelts; i++) {
        crm_pool_use_t *use = &APR_ARRAY_IDX(uses, i, crm_pool_use_t);
        if (strcmp(use->server, server) == 0 && strcmp(use->database, database) == 0) {
            return use;
        }
    }
    crm_pool_use_t *use = apr_array_push(uses);
    *use = (crm_pool_use_t){.server = apr_pstrdup(uses->pool, server),
                            .database = apr_pstrdup(uses->pool, database)};
    return use;
}

apr_array_header_t *crm_pool_uses(crm_pool_t *pool, apr_pool_t *result)
{
    apr_array_header_t *uses = apr_array_make(result, 16, sizeof(crm_pool_use_t));
    apr_thread_mutex_lock(pool->mutex);
    for (slot_t *slot = pool->slots; slot < pool->slots + pool->limits.max; slot++) {
        if (slot->state != SLOT_FREE) {
            crm_pool_use_t *use = use_of(uses, slot->server, slot->database);
            use->open++;
            use->busy += slot->state != SLOT_IDLE;
        }
    }
    for (const waiter_t *waiter = pool->waiters; waiter; waiter = waiter->next) {
        use_of(uses, waiter->db->server->server, waiter->db->database)->waiting++;
    }
    apr_thread_mutex_unlock(pool->mutex);
    return uses;
}

/* The process ends: nobody uses connections any more, but a thread may still hang in opening one,
 * and keeps what it needs. */
static apr_status_t end_pool(void *data)
{
    crm_pool_t *pool = data;
    close_idle(pool, is_named, NULL);
    crm_openings_end(pool->openings);
    return APR_SUCCESS;
}

apr_status_t crm_pool_create(apr_pool_t *pool, const crm_pool_limits_t *limits,
                             crm_pool_t **ret_pool)
{
    crm_pool_t *result = apr_pcalloc(pool, sizeof(*result));
    apr_status_t status = apr_dbd_init(pool);
    result->pool = pool;
    result->limits = *limits;
    /* a server lock takes one connection, the work under it another */
    result->limits.max = limits->max < 2 ? 2 : limits->max;
    result->slots = apr_pcalloc(pool, (apr_size_t)result->limits.max * sizeof(slot_t));
    if (status == APR_SUCCESS) {
        status = apr_thread_mutex_create(&result->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    }
    if (status == APR_SUCCESS) {
        status = crm_openings_create(result->limits.max, &result->openings);
    }
    if (status == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(pool, result, end_pool);
        *ret_pool = result;
    }
    return status;
}
