/* t/unit/base/password_test.c - password hashes: made, verified, renewed, bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/password.h"
#include "base/semaphore.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define THREADS 6
#define ROUNDS 20
#define ARGON2ID_8K                                                                                \
    "$argon2id$v=19$m=8,t=1,p=1$40ifi+koUKejY9HENgYaaw$"                                           \
    "cRKF4KlZ9wYjPW9xpsqU/7Zd5//+HBvthF4mx7T2fk8"
#define ARGON2ID_64K                                                                               \
    "$argon2id$v=19$m=64,t=2,p=1$AH/eXKcYO1q+sGg/BN5twg$"                                          \
    "ZMEPOuNrto2gI8pExiNF7GhzJ1wOH/QEGjaTbl2y3Gs"
#define DJANGO "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY="

/* As cheap as the library allows: the tests are about what happens, not about what it costs. */
static const crm_hash_cost_t cheap = {
    .memory = 8192, .passes = 1, .at_once = 2, .wait = APR_TIME_C(600) * APR_USEC_PER_SEC};

typedef struct verify_case_t {
    const char *hash;
    const char *password;
    int match;
    int rehash;
} verify_case_t;

static const verify_case_t verifications[] = {
    {ARGON2ID_8K, "hunter2", 1, 0},
    {ARGON2ID_8K, "hunter3", 0, 0},
    {ARGON2ID_8K, "", 0, 0},
    {ARGON2ID_64K, "hunter2", 1, 1},
    {ARGON2ID_64K, "hunter1", 0, 0},
    {DJANGO, "l\xc3\xa8tmein", 1, 1},
    {DJANGO, "letmein", 0, 0},
    {"pbkdf2_sha256$1$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=", "l\xc3\xa8tmein", 1,
     1},
};

/* Each would match "hunter2" or "lètmein" if it were read carelessly, or is no hash at all. */
static const char *const unknown[] = {
    NULL,
    "",
    "hunter2",
    "!",
    "$argon2id$",
    "$argon2id$v=19$m=8,t=1,p=1$",
    "$argon2id$v=19$m=8,t=1,p=1$40ifi+koUKejY9HENgYaaw$",
    "$argon2id$v=19$m=8,t=1,p=1$40ifi+koUKejY9HENgYaaw$cRKF4KlZ",
    "$argon2id$v=19$m=8,t=1,p=2$40ifi+koUKejY9HENgYaaw$cRKF4KlZ9wYjPW9xpsqU/7Zd5//+HBvthF4mx7T2fk8",
    "$argon2id$v=16$m=8,t=1,p=1$40ifi+koUKejY9HENgYaaw$cRKF4KlZ9wYjPW9xpsqU/7Zd5//+HBvthF4mx7T2fk8",
    "$argon2i$v=19$m=8,t=1,p=1$40ifi+koUKejY9HENgYaaw$cRKF4KlZ9wYjPW9xpsqU/7Zd5//+HBvthF4mx7T2fk8",
    "$argon2id$v=19$m=4294967295,t=1,p=1$40ifi+koUKejY9HENgYaaw$"
    "cRKF4KlZ9wYjPW9xpsqU/7Zd5//+HBvthF4mx7T2fk8",
    "$argon2id$v=19$m=8,t=4294967295,p=1$40ifi+koUKejY9HENgYaaw$"
    "cRKF4KlZ9wYjPW9xpsqU/7Zd5//+HBvthF4mx7T2fk8",
    ARGON2ID_8K "A",
    ARGON2ID_8K "$",
    "pbkdf2_sha256$",
    "pbkdf2_sha256$1",
    "pbkdf2_sha256$1$seasalt",
    "pbkdf2_sha256$1$seasalt$",
    "pbkdf2_sha256$1$$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=",
    "pbkdf2_sha256$0$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=",
    "pbkdf2_sha256$-1$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=",
    "pbkdf2_sha256$4294967297$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=",
    "pbkdf2_sha256$10000001$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=",
    "pbkdf2_sha256$18446744073709551617$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=",
    "pbkdf2_sha256$1$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM",
    "pbkdf2_sha256$1$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=AAAA",
    "pbkdf2_sha1$1$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=",
};

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

static crm_hasher_t *make_hasher(crm_hash_cost_t cost)
{
    crm_hasher_t *hasher = NULL;
    assert_int_equal(crm_hasher_create(pool, &cost, &hasher), APR_SUCCESS);
    return hasher;
}

static void test_hash_verifies(void **state)
{
    (void)state;
    crm_hasher_t *hasher = make_hasher(cheap);
    const char *hash = NULL;
    const char *again = NULL;
    int match = -1;
    int rehash = -1;
    assert_null(crm_password_hash(hasher, pool, "correct horse", &hash));
    assert_null(crm_password_hash(hasher, pool, "correct horse", &again));
    assert_memory_equal(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27);
    assert_string_not_equal(hash, again);
    assert_null(crm_password_verify(hasher, pool, "correct horse", hash, &match, &rehash));
    assert_true(match);
    assert_false(rehash);
    assert_null(crm_password_verify(hasher, pool, "correct horsf", hash, &match, &rehash));
    assert_false(match);
}

static void test_long_and_odd_passwords(void **state)
{
    (void)state;
    crm_hasher_t *hasher = make_hasher(cheap);
    char *password = apr_palloc(pool, 100001);
    memset(password, 'x', 100000);
    password[100000] = '\0';
    const char *hash = NULL;
    int match = -1;
    int rehash = -1;
    assert_null(crm_password_hash(hasher, pool, password, &hash));
    assert_null(crm_password_verify(hasher, pool, password, hash, &match, &rehash));
    assert_true(match);
    password[99999] = 'y'; /* the last of them counts */
    assert_null(crm_password_verify(hasher, pool, password, hash, &match, &rehash));
    assert_false(match);
}

static void test_known_hashes(void **state)
{
    (void)state;
    crm_hasher_t *hasher = make_hasher(cheap);
    for (size_t i = 0; i < COUNT(verifications); i++) {
        int match = -1;
        int rehash = -1;
        assert_null(crm_password_verify(hasher, pool, verifications[i].password,
                                        verifications[i].hash, &match, &rehash));
        assert_int_equal(match, verifications[i].match);
        assert_int_equal(rehash, verifications[i].rehash);
    }
}

static void test_unknown_forms_never_match(void **state)
{
    (void)state;
    crm_hasher_t *hasher = make_hasher(cheap);
    static const char *const passwords[] = {"hunter2", "l\xc3\xa8tmein", ""};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        for (size_t j = 0; j < COUNT(passwords); j++) {
            int match = -1;
            int rehash = -1;
            assert_null(
                crm_password_verify(hasher, pool, passwords[j], unknown[i], &match, &rehash));
            assert_int_equal(match, 0);
            assert_int_equal(rehash, 0);
        }
    }
}

static void test_a_reached_bound_is_unavailable(void **state)
{
    (void)state;
    crm_hash_cost_t cost = cheap;
    cost.at_once = 1;
    cost.wait = 0;
    crm_hasher_t *hasher = make_hasher(cost);
    const char *hash = NULL;
    int match = -1;
    int rehash = -1;
    assert_int_equal(crm_semaphore_acquire(crm_hasher_semaphore(hasher), 0), APR_SUCCESS);
    crm_error_t *error = crm_password_hash(hasher, pool, "p", &hash);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_UNAVAILABLE);
    assert_int_equal(error->retry_after, 1);
    assert_string_equal(error->detail, "The server is busy. Try again later.");
    assert_null(hash);
    error = crm_password_verify(hasher, pool, "p", ARGON2ID_8K, &match, &rehash);
    assert_int_equal(error->kind, CRM_E_UNAVAILABLE);
    assert_int_equal(match, -1);
    assert_int_equal(rehash, -1);
    crm_semaphore_release(crm_hasher_semaphore(hasher));
    assert_null(crm_password_verify(hasher, pool, "hunter2", ARGON2ID_8K, &match, &rehash));
    assert_true(match);
}

typedef struct login_t {
    crm_hasher_t *hasher;
    int matched;
} login_t;

static void *APR_THREAD_FUNC verify_many(apr_thread_t *thread, void *baton)
{
    login_t *login = baton;
    apr_pool_t *own = apr_thread_pool_get(thread);
    for (int i = 0; i < ROUNDS; i++) {
        int match = 0;
        int rehash = 0;
        if (!crm_password_verify(login->hasher, own, "hunter2", ARGON2ID_8K, &match, &rehash)) {
            login->matched += match;
        }
    }
    return NULL;
}

static void test_threads_take_turns(void **state)
{
    (void)state;
    crm_hash_cost_t cost = cheap;
    cost.at_once = 1;
    crm_hasher_t *hasher = make_hasher(cost);
    apr_thread_t *threads[THREADS];
    login_t logins[THREADS];
    apr_status_t status;
    for (int i = 0; i < THREADS; i++) {
        logins[i] = (login_t){.hasher = hasher};
        assert_int_equal(apr_thread_create(&threads[i], NULL, verify_many, &logins[i], pool), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
        assert_int_equal(logins[i].matched, ROUNDS);
    }
}

static void test_costs_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const crm_hash_cost_t costs[] = {
        {.memory = 8191, .passes = 1, .at_once = 1},
        {.memory = APR_UINT64_C(2) << 30, .passes = 1, .at_once = 1},
        {.memory = 8192, .passes = 0, .at_once = 1},
        {.memory = 8192, .passes = 65, .at_once = 1},
        {.memory = 8192, .passes = 1, .at_once = 0},
        {.memory = 8192, .passes = 1, .at_once = 1, .wait = -1},
    };
    for (size_t i = 0; i < COUNT(costs); i++) {
        crm_hasher_t *hasher = NULL;
        assert_int_equal(crm_hasher_create(pool, &costs[i], &hasher), APR_EINVAL);
        assert_null(hasher);
    }
}

/* The right password must not be called wrong because memory was short. */
static void test_no_memory_is_unavailable(void **state)
{
    (void)state;
#ifdef SANITIZED
    skip(); /* a sanitizer's shadow needs the address space */
#endif
    crm_hash_cost_t cost = cheap;
    cost.memory = APR_UINT64_C(1) << 30;
    crm_hasher_t *hasher = make_hasher(cost);
    static const char big[] = "$argon2id$v=19$m=1048576,t=1,p=1$40ifi+koUKejY9HENgYaaw$"
                              "cRKF4KlZ9wYjPW9xpsqU/7Zd5//+HBvthF4mx7T2fk8";
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    struct rlimit tight = {.rlim_cur = (rlim_t)512 << 20, .rlim_max = before.rlim_max};
    const char *hash = NULL;
    int match = -1;
    int rehash = -1;
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    crm_error_t *made = crm_password_hash(hasher, pool, "hunter2", &hash);
    crm_error_t *verified = crm_password_verify(hasher, pool, "hunter2", big, &match, &rehash);
    crm_error_t *dummy = crm_password_verify(hasher, pool, "hunter2", NULL, &match, &rehash);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_non_null(made);
    assert_non_null(verified);
    assert_non_null(dummy);
    assert_int_equal(made->kind, CRM_E_UNAVAILABLE);
    assert_int_equal(verified->kind, CRM_E_UNAVAILABLE);
    assert_int_equal(dummy->kind, CRM_E_UNAVAILABLE);
    assert_int_equal(match, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_verifies),
        cmocka_unit_test(test_long_and_odd_passwords),
        cmocka_unit_test(test_known_hashes),
        cmocka_unit_test(test_unknown_forms_never_match),
        cmocka_unit_test(test_a_reached_bound_is_unavailable),
        cmocka_unit_test(test_threads_take_turns),
        cmocka_unit_test(test_costs_out_of_bounds_are_refused),
        cmocka_unit_test(test_no_memory_is_unavailable),
    };
    return cmocka_run_group_tests_name("base/password", tests, setup, teardown);
}
