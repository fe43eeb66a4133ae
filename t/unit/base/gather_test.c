/* t/unit/base/gather_test.c - what threads want done at the same time is done once each, in groups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_thread_proc.h>

#include "base/gather.c" /* to see who waits */
#include "base/semaphore.h"

#define THREADS 13
#define ROUNDS 400
#define LONG_ENOUGH apr_time_from_sec(600)

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

/* What all threads share; a key is one of two. */
typedef struct crowd_t {
    crm_gather_t *gather;
    int most;
    int at_work[2]; /* by atomic builtins */
    int overlaps, wrong_sizes, wrong_counts, groups, largest;
    crm_semaphore_t *begun, *go_on; /* of the group that is held up; or NULL */
} crowd_t;

typedef struct item_t {
    crowd_t *crowd;
    int key, done;
} item_t;

static void work(void *const *items, int count)
{
    crowd_t *crowd = ((item_t *)items[0])->crowd;
    int key = ((item_t *)items[0])->key;

    if (__atomic_add_fetch(&crowd->at_work[key], 1, __ATOMIC_SEQ_CST) != 1) {
        __atomic_add_fetch(&crowd->overlaps, 1, __ATOMIC_SEQ_CST);
    }
    if (count > crowd->most || (count & (count - 1))) {
        __atomic_add_fetch(&crowd->wrong_sizes, 1, __ATOMIC_SEQ_CST);
    }
    for (int i = 0; i < count; i++) {
        item_t *item = items[i];
        item->done += item->key == key ? 1 : 1000;
    }
    __atomic_add_fetch(&crowd->groups, 1, __ATOMIC_SEQ_CST);
    if (crowd->go_on && __atomic_load_n(&crowd->groups, __ATOMIC_SEQ_CST) == 1) {
        crm_semaphore_release(crowd->begun);
        crm_semaphore_acquire(crowd->go_on, LONG_ENOUGH);
    }
    if (count > crowd->largest) {
        crowd->largest = count;
    }
    __atomic_sub_fetch(&crowd->at_work[key], 1, __ATOMIC_SEQ_CST);
}

/* A thread: rounds of both keys. */
static void *APR_THREAD_FUNC come_often(apr_thread_t *thread, void *baton)
{
    crowd_t *crowd = baton;
    (void)thread;

    for (int i = 0; i < ROUNDS; i++) {
        item_t item = {.crowd = crowd, .key = i % 2};
        char key[] = {(char)('a' + item.key), '\0'};
        crm_gather_run(crowd->gather, key, crowd->most, work, &item);
        if (item.done != 1) {
            __atomic_add_fetch(&crowd->wrong_counts, 1, __ATOMIC_SEQ_CST);
        }
    }
    return NULL;
}

static void *APR_THREAD_FUNC come_once(apr_thread_t *thread, void *baton)
{
    item_t *item = baton;
    (void)thread;

    crm_gather_run(item->crowd->gather, "a", item->crowd->most, work, item);
    return NULL;
}

static apr_thread_t *start(void *APR_THREAD_FUNC run(apr_thread_t *, void *), void *baton)
{
    apr_thread_t *thread;

    assert_int_equal(apr_thread_create(&thread, NULL, run, baton, pool), APR_SUCCESS);
    return thread;
}

static void test_one_at_a_time_is_done_alone(void **state)
{
    (void)state;
    crowd_t crowd = {.most = 8};
    item_t item = {.crowd = &crowd};

    assert_int_equal(crm_gather_create(pool, &crowd.gather), APR_SUCCESS);
    for (int i = 1; i <= 3; i++) {
        crm_gather_run(crowd.gather, "a", crowd.most, work, &item);
        assert_int_equal(item.done, i);
        assert_int_equal(crowd.groups, i);
    }
    assert_int_equal(crowd.largest, 1);
}

static int waiting(crm_gather_t *gather)
{
    apr_thread_mutex_lock(gather->mutex);
    int count = gather->queues->count;
    apr_thread_mutex_unlock(gather->mutex);
    return count;
}

/* While one is held up, seven others come; they are done after it: in 4, 2 and 1. */
static void test_those_who_wait_are_done_together(void **state)
{
    (void)state;
    crowd_t crowd = {.most = 64};
    item_t items[8];
    apr_thread_t *threads[8];
    apr_status_t status;

    assert_int_equal(crm_gather_create(pool, &crowd.gather), APR_SUCCESS);
    assert_int_equal(crm_semaphore_create(pool, 1, &crowd.begun), APR_SUCCESS);
    assert_int_equal(crm_semaphore_create(pool, 1, &crowd.go_on), APR_SUCCESS);
    crm_semaphore_acquire(crowd.begun, 0);
    crm_semaphore_acquire(crowd.go_on, 0);
    for (int i = 0; i < 8; i++) {
        items[i] = (item_t){.crowd = &crowd};
        threads[i] = start(come_once, &items[i]);
        if (i == 0) {
            assert_int_equal(crm_semaphore_acquire(crowd.begun, LONG_ENOUGH), APR_SUCCESS);
        }
    }
    while (waiting(crowd.gather) < 7) {
        apr_thread_yield();
    }
    crm_semaphore_release(crowd.go_on);
    for (int i = 0; i < 8; i++) {
        apr_thread_join(&status, threads[i]);
        assert_int_equal(items[i].done, 1);
    }
    assert_int_equal(crowd.groups, 4);
    assert_int_equal(crowd.largest, 4);
    assert_int_equal(crowd.wrong_sizes, 0);
}

static void test_each_once_and_never_two_groups_of_a_key(void **state)
{
    (void)state;
    crowd_t crowd = {.most = 4};
    apr_thread_t *threads[THREADS];
    apr_status_t status;

    assert_int_equal(crm_gather_create(pool, &crowd.gather), APR_SUCCESS);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start(come_often, &crowd);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
    }
    assert_int_equal(crowd.wrong_counts, 0);
    assert_int_equal(crowd.overlaps, 0);
    assert_int_equal(crowd.wrong_sizes, 0);
    assert_in_range(crowd.groups, THREADS * ROUNDS / 4, THREADS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time_is_done_alone),
        cmocka_unit_test(test_those_who_wait_are_done_together),
        cmocka_unit_test(test_each_once_and_never_two_groups_of_a_key),
    };
    return cmocka_run_group_tests_name("base/gather", tests, setup, teardown);
}
