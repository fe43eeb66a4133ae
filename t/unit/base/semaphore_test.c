/* t/unit/base/semaphore_test.c - the counting semaphore: its permits, its wait, no permit lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_thread_proc.h>

#include "base/semaphore.h"

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

#define THREADS 8
#define ROUNDS 500
#define PERMITS 2
#define LONG_ENOUGH apr_time_from_sec(600)

typedef struct crowd_t {
    crm_semaphore_t *semaphore;
    int inside; /* by atomic builtins */
    int most;
    int refused;
} crowd_t;

static void *APR_THREAD_FUNC go_in_and_out(apr_thread_t *thread, void *baton)
{
    crowd_t *crowd = baton;
    (void)thread;
    for (int i = 0; i < ROUNDS; i++) {
        if (crm_semaphore_acquire(crowd->semaphore, LONG_ENOUGH) != APR_SUCCESS) {
            __atomic_add_fetch(&crowd->refused, 1, __ATOMIC_SEQ_CST);
            continue;
        }
        int inside = __atomic_add_fetch(&crowd->inside, 1, __ATOMIC_SEQ_CST);
        int most = __atomic_load_n(&crowd->most, __ATOMIC_SEQ_CST);
        while (inside > most && !__atomic_compare_exchange_n(&crowd->most, &most, inside, 0,
                                                             __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        }
        apr_thread_yield();
        __atomic_sub_fetch(&crowd->inside, 1, __ATOMIC_SEQ_CST);
        crm_semaphore_release(crowd->semaphore);
    }
    return NULL;
}

static void test_permits_run_out_and_come_back(void **state)
{
    (void)state;
    crm_semaphore_t *semaphore = NULL;
    assert_int_equal(crm_semaphore_create(pool, 2, &semaphore), APR_SUCCESS);
    assert_int_equal(crm_semaphore_acquire(semaphore, 0), APR_SUCCESS);
    assert_int_equal(crm_semaphore_acquire(semaphore, 0), APR_SUCCESS);
    assert_true(APR_STATUS_IS_TIMEUP(crm_semaphore_acquire(semaphore, 0)));
    assert_true(APR_STATUS_IS_TIMEUP(crm_semaphore_acquire(semaphore, 1000)));
    crm_semaphore_release(semaphore);
    assert_int_equal(crm_semaphore_acquire(semaphore, 0), APR_SUCCESS);
    assert_true(APR_STATUS_IS_TIMEUP(crm_semaphore_acquire(semaphore, 0)));
}

static void test_no_permits_is_refused(void **state)
{
    (void)state;
    crm_semaphore_t *semaphore = NULL;
    assert_int_equal(crm_semaphore_create(pool, 0, &semaphore), APR_EINVAL);
    assert_int_equal(crm_semaphore_create(pool, -1, &semaphore), APR_EINVAL);
    assert_null(semaphore);
}

static void test_never_more_than_its_permits(void **state)
{
    (void)state;
    crowd_t crowd = {.inside = 0};
    apr_thread_t *threads[THREADS];
    apr_status_t status;
    assert_int_equal(crm_semaphore_create(pool, PERMITS, &crowd.semaphore), APR_SUCCESS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_create(&threads[i], NULL, go_in_and_out, &crowd, pool), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
    }
    assert_int_equal(crowd.refused, 0);
    assert_int_equal(crowd.inside, 0);
    assert_in_range(crowd.most, 1, PERMITS);
    for (int i = 0; i < PERMITS; i++) {
        assert_int_equal(crm_semaphore_acquire(crowd.semaphore, 0), APR_SUCCESS);
    }
    assert_true(APR_STATUS_IS_TIMEUP(crm_semaphore_acquire(crowd.semaphore, 0)));
}

static void *APR_THREAD_FUNC wait_inside(apr_thread_t *thread, void *data)
{
    crm_semaphore_t *semaphore = data;
    (void)thread;
    if (crm_semaphore_acquire(semaphore, LONG_ENOUGH) == APR_SUCCESS) {
        crm_semaphore_release(semaphore);
    }
    return NULL;
}

static void test_counts(void **state)
{
    (void)state;
    crm_semaphore_t *semaphore;
    apr_thread_t *thread;
    apr_status_t status;
    int taken, waiting;
    assert_int_equal(crm_semaphore_create(pool, PERMITS, &semaphore), APR_SUCCESS);
    crm_semaphore_counts(semaphore, &taken, &waiting);
    assert_int_equal(taken, 0);
    for (int i = 0; i < PERMITS; i++) {
        assert_int_equal(crm_semaphore_acquire(semaphore, 0), APR_SUCCESS);
    }
    assert_int_equal(apr_thread_create(&thread, NULL, wait_inside, semaphore, pool), 0);
    do {
        crm_semaphore_counts(semaphore, &taken, &waiting);
        assert_int_equal(taken, PERMITS);
    } while (waiting == 0);
    assert_int_equal(waiting, 1);
    for (int i = 0; i < PERMITS; i++) {
        crm_semaphore_release(semaphore);
    }
    apr_thread_join(&status, thread);
    crm_semaphore_counts(semaphore, &taken, &waiting);
    assert_int_equal(taken, 0);
    assert_int_equal(waiting, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permits_run_out_and_come_back),
        cmocka_unit_test(test_no_permits_is_refused),
        cmocka_unit_test(test_never_more_than_its_permits),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests_name("base/semaphore", tests, setup, teardown);
}
