/* db/opening.c - opening connections in threads that can be given up. */
#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#include "db/opening.h"

#define NO_ANSWER "The database does not answer. Try again later."

#define STACK_SIZE (512 * 1024) /* TLS handshakes and name look-ups are the deepest */

#define ONE_MORE apr_time_from_sec(1)

struct crm_openings_t {
    apr_pool_t *pool; /* its own, without parent */
    pthread_mutex_t mutex;
    int most;
    int hanging;        /* threads given up that have not ended */
    apr_time_t started; /* when the last one was */
    int ended;
};

typedef struct job_t {
    apr_pool_t *pool; /* of this job, below the connection's */
    crm_openings_t *openings;
    crm_connection_t *connection;
    const char *database;      /* to re-key the connection to, or NULL: to open it */
    const crm_db_user_t *user; /* as whom */
    int needs;
    pthread_cond_t changed;
    int done, given_up;
    crm_error_t *error;
} job_t;

apr_status_t crm_openings_create(int most, crm_openings_t **ret_openings)
{
    apr_pool_t *pool;
    apr_status_t status = apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    if (status == APR_SUCCESS) {
        crm_openings_t *openings = apr_pcalloc(pool, sizeof(*openings));
        openings->pool = pool;
        openings->most = most;
        pthread_mutex_init(&openings->mutex, NULL);
        *ret_openings = openings;
    }
    return status;
}

/* Frees OPENINGS when nobody is left. Unlocks the mutex. */
static void unlock_or_free(crm_openings_t *openings)
{
    int last = openings->ended && openings->hanging == 0;
    pthread_mutex_unlock(&openings->mutex);
    if (last) {
        pthread_mutex_destroy(&openings->mutex);
        apr_pool_destroy(openings->pool);
    }
}

void crm_openings_end(crm_openings_t *openings)
{
    pthread_mutex_lock(&openings->mutex);
    openings->ended = 1;
    unlock_or_free(openings);
}

static crm_error_t *open_or_rekey(job_t *job, apr_pool_t *errors)
{
    return job->database
               ? crm_connection_rekey(job->connection, job->database, job->user, job->needs, errors)
               : crm_connection_open(job->connection, job->needs, errors);
}

static void *run(void *data)
{
    job_t *job = data;
    crm_openings_t *openings = job->openings;
    crm_error_t *error = open_or_rekey(job, job->pool);
    pthread_mutex_lock(&openings->mutex);
    if (!job->given_up) {
        job->error = error;
        job->done = 1;
        pthread_cond_signal(&job->changed);
        pthread_mutex_unlock(&openings->mutex);
        return NULL;
    }
    pthread_mutex_unlock(&openings->mutex);
    pthread_cond_destroy(&job->changed);
    crm_connection_close(job->connection);
    pthread_mutex_lock(&openings->mutex);
    openings->hanging--;
    unlock_or_free(openings);
    return NULL;
}

static int start(job_t *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int status = pthread_create(&thread, &attributes, run, job);
    pthread_attr_destroy(&attributes);
    return status == 0;
}

/* 1 when the thread is done; 0: it was given up, and JOB is its own. */
static int wait_until(job_t *job, apr_time_t deadline)
{
    crm_openings_t *openings = job->openings;
    struct timespec until = {.tv_sec = (time_t)apr_time_sec(deadline),
                             .tv_nsec = (long)apr_time_usec(deadline) * 1000};
    int status = 0;
    pthread_mutex_lock(&openings->mutex);
    while (!job->done && status == 0) {
        status = pthread_cond_timedwait(&job->changed, &openings->mutex, &until);
    }
    int done = job->done;
    if (!done) {
        job->given_up = 1;
        openings->hanging++;
    }
    pthread_mutex_unlock(&openings->mutex);
    return done;
}

static crm_error_t *no_answer(apr_pool_t *errors, const crm_db_t *db)
{
    crm_error_t *error = crm_error_make(errors, CRM_E_UNAVAILABLE, NO_ANSWER);
    return crm_error_cause(error, "%s %s: no answer in time", db->server->server, db->database);
}

/* An error that was made in a connection's pool. */
static crm_error_t *carry(apr_pool_t *errors, const crm_error_t *error)
{
    crm_error_t *copy = crm_error_make(errors, error->kind, "%s", error->detail);
    copy->retry_after = error->retry_after;
    copy->code = error->code;
    return error->cause ? crm_error_cause(copy, "%s", error->cause) : copy;
}

/* Where MOST hang already, one a second: a server that is there again must be found, and those who
 * hang may take minutes to notice. */
static int may_start(crm_openings_t *openings)
{
    apr_time_t now = apr_time_now();
    pthread_mutex_lock(&openings->mutex);
    int may = openings->hanging < openings->most || now - openings->started >= ONE_MORE;
    if (may) {
        openings->started = now;
    }
    pthread_mutex_unlock(&openings->mutex);
    return may;
}

/* Runs JOB in a thread. 0: it was given up, with its connection. */
static int run_until(job_t *job, apr_time_t deadline)
{
    pthread_cond_init(&job->changed, NULL);
    if (!may_start(job->openings) || !start(job)) {
        pthread_cond_destroy(&job->changed);
        crm_connection_close(job->connection);
        return 0;
    }
    if (!wait_until(job, deadline)) {
        return 0;
    }
    pthread_cond_destroy(&job->changed);
    return 1;
}

/* Opens CONNECTION, or re-keys it (REKEY); closes it when that fails. */
static crm_error_t *ready(const crm_opening_t *opening, crm_connection_t *connection, int rekey)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, connection->pool);
    job_t *job = apr_pcalloc(pool, sizeof(*job));
    job->pool = pool;
    job->openings = opening->openings;
    job->connection = connection;
    job->database = rekey ? apr_pstrdup(pool, opening->db->database) : NULL;
    job->user = crm_db_user_copy(pool, crm_db_connects_as(opening->db));
    job->needs = opening->db->needs;
    if (!connection->driver->networked) {
        job->error = open_or_rekey(job, pool);
    } else if (!run_until(job, opening->deadline)) {
        return no_answer(opening->errors, opening->db);
    }
    crm_error_t *error = job->error ? carry(opening->errors, job->error) : NULL;
    apr_pool_destroy(pool);
    if (error) {
        crm_connection_close(connection);
    }
    return error;
}

static int can_rekey(const crm_connection_t *connection, const crm_db_t *db)
{
    return strcmp(connection->server.server, db->server->server) == 0 &&
           crm_connection_can_rekey(connection, crm_db_connects_as(db));
}

crm_error_t *crm_opening_run(const crm_opening_t *opening, crm_connection_t *old,
                             crm_connection_t **ret_connection)
{
    const crm_db_t *db = opening->db;
    if (old && can_rekey(old, db)) {
        crm_error_t *error = ready(opening, old, 1);
        if (!error) {
            *ret_connection = old;
            return NULL;
        }
        if (apr_time_now() >= opening->deadline) {
            return error;
        }
        /* a fresh one works, or tells why it does not */
    } else if (old) {
        crm_connection_close(old);
    }
    crm_connection_t *connection =
        crm_connection_make(db->server, db->database, crm_db_connects_as(db));
    CRM_ERR(ready(opening, connection, 0));
    *ret_connection = connection;
    return NULL;
}
