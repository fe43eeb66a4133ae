/* base/gather.c - does together what several threads want done at the same time. */
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "base/gather.h"

typedef enum { TURN, DONE } state_e;

/* A thread that has come while others were at work; on its own stack. */
typedef struct waiter_t {
    const char *key;
    void *item;
    state_e state;
    sem_t told; /* of another state. Not a condition: whoever wakes needs no mutex */
    struct waiter_t *next;
} waiter_t;

/* A key that somebody is at work on. */
typedef struct queue_t {
    const char *key; /* the leader's */
    waiter_t *first, **end;
    int count;
    struct queue_t *next;
} queue_t;

/* What one thread does for itself and others. */
typedef struct group_t {
    void *items[CRM_GATHER_MOST];
    waiter_t *others[CRM_GATHER_MOST];
    int count; /* of items; others are one less */
} group_t;

struct crm_gather_t {
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex;
    queue_t *queues, *unused;
};

apr_status_t crm_gather_create(apr_pool_t *pool, crm_gather_t **ret_gather)
{
    crm_gather_t *gather = apr_pcalloc(pool, sizeof(*gather));
    gather->pool = pool;
    apr_status_t status = apr_thread_mutex_create(&gather->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        *ret_gather = gather;
    }
    return status;
}

static queue_t *find(const crm_gather_t *gather, const char *key)
{
    queue_t *queue = gather->queues;
    while (queue && strcmp(queue->key, key) != 0) {
        queue = queue->next;
    }
    return queue;
}

/* There are never more of them than threads. */
static queue_t *open_queue(crm_gather_t *gather, const char *key)
{
    queue_t *queue = gather->unused;
    if (queue) {
        gather->unused = queue->next;
    } else {
        queue = apr_palloc(gather->pool, sizeof(*queue));
    }
    *queue = (queue_t){.key = key, .next = gather->queues};
    queue->end = &queue->first;
    gather->queues = queue;
    return queue;
}

static void close_queue(crm_gather_t *gather, queue_t *queue)
{
    queue_t **at = &gather->queues;
    while (*at != queue) {
        at = &(*at)->next;
    }
    *at = queue->next;
    queue->next = gather->unused;
    gather->unused = queue;
}

static waiter_t *take_first(queue_t *queue)
{
    waiter_t *waiter = queue->first;
    queue->first = waiter->next;
    queue->count--;
    if (!queue->first) {
        queue->end = &queue->first;
    }
    return waiter;
}

/* Those who are done with ITEM now: a power of two. */
static void take_group(queue_t *queue, void *item, int most, group_t *group)
{
    int count = 1;
    while (2 * count <= most && 2 * count <= CRM_GATHER_MOST && 2 * count <= queue->count + 1) {
        count *= 2;
    }
    group->items[0] = item;
    group->count = count;
    for (int i = 1; i < count; i++) {
        group->others[i - 1] = take_first(queue);
        group->items[i] = group->others[i - 1]->item;
    }
}

static void tell(waiter_t *waiter, state_e state)
{
    waiter->state = state;
    sem_post(&waiter->told); /* the waiter may be gone after this */
}

static void wait_for(waiter_t *waiter)
{
    while (sem_wait(&waiter->told) && errno == EINTR) {
    }
    sem_destroy(&waiter->told);
}

static void append(queue_t *queue, waiter_t *waiter)
{
    *queue->end = waiter;
    queue->end = &waiter->next;
    queue->count++;
}

/* Does the work of a group that begins with ITEM. */
static void run_group(crm_gather_t *gather, queue_t *queue, int most, crm_gather_fn *work,
                      void *item)
{
    group_t group;
    apr_thread_yield(); /* whoever is about to come is in it; nobody: it costs nothing */
    apr_thread_mutex_lock(gather->mutex);
    take_group(queue, item, most, &group);
    apr_thread_mutex_unlock(gather->mutex);
    work(group.items, group.count);
    apr_thread_mutex_lock(gather->mutex);
    waiter_t *next = queue->first ? take_first(queue) : NULL;
    if (next) {
        queue->key = next->key; /* this thread's ends with it */
    } else {
        close_queue(gather, queue);
    }
    apr_thread_mutex_unlock(gather->mutex);
    if (next) {
        tell(next, TURN);
    }
    for (int i = 1; i < group.count; i++) {
        tell(group.others[i - 1], DONE);
    }
}

void crm_gather_run(crm_gather_t *gather, const char *key, int most, crm_gather_fn *work,
                    void *item)
{
    waiter_t waiter = {.key = key, .item = item, .state = TURN};
    apr_thread_mutex_lock(gather->mutex);
    queue_t *queue = find(gather, key);
    int waits = queue != NULL;
    if (waits) {
        sem_init(&waiter.told, 0, 0);
        append(queue, &waiter);
    } else {
        queue = open_queue(gather, key);
    }
    apr_thread_mutex_unlock(gather->mutex);
    if (waits) {
        wait_for(&waiter);
    }
    if (waiter.state == TURN) {
        run_group(gather, queue, most, work, item);
    }
}
