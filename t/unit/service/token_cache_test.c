/* t/unit/service/token_cache_test.c - tokens that were looked up a moment ago: kept, copied whole,
 * and forgotten as soon as anything of their database is being changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_general.h>
#include <cmocka.h>

#include "service/token_cache.h"

static apr_pool_t *pool;
static crm_changes_t changes;

static crm_token_cache_t *cache_for(apr_interval_time_t life)
{
    crm_token_cache_t *cache;
    memset(&changes, 0, sizeof(changes));
    assert_int_equal(crm_token_cache_create(pool, &changes, life, &cache), APR_SUCCESS);
    return cache;
}

/* An actor of the tenant "acme" whose token's hash begins with BYTE. */
static crm_actor_t actor_of(unsigned char byte, crm_tenant_t *tenant)
{
    *tenant = (crm_tenant_t){
        .name = "Acme", .slug = "acme", .database_name = "crm_tenant_acme", .is_active = 1};
    crm_actor_t actor = {.account = {.id = 7,
                                     .username = "änne",
                                     .email = "a@example.com",
                                     .first_name = "",
                                     .last_name = "Acme",
                                     .password = "a hash"},
                         .tenant = tenant};
    memset(actor.token_hash, byte, sizeof(actor.token_hash));
    return actor;
}

static void put(crm_token_cache_t *cache, const crm_actor_t *actor, apr_time_t deadline)
{
    crm_token_mark_t mark = crm_token_cache_mark(cache, "acme");
    crm_token_cache_put(cache, &mark, actor, deadline);
}

static apr_time_t soon(void)
{
    return apr_time_now() + apr_time_from_sec(3600);
}

static void test_a_copy_comes_back_whole(void **state)
{
    (void)state;
    crm_token_cache_t *cache = cache_for(apr_time_from_sec(3600));
    crm_tenant_t tenant;
    crm_actor_t actor = actor_of(1, &tenant);
    put(cache, &actor, soon());
    crm_actor_t *known = crm_token_cache_get(cache, pool, actor.token_hash);
    assert_non_null(known);
    assert_int_equal(known->account.id, 7);
    assert_string_equal(known->account.username, "änne");
    assert_string_equal(known->account.first_name, "");
    assert_string_equal(known->account.last_name, "Acme");
    assert_null(known->account.password);
    assert_string_equal(known->tenant->slug, "acme");
    assert_string_equal(known->tenant->database_name, "crm_tenant_acme");
    assert_ptr_not_equal(known->tenant, &tenant);

    unsigned char other[CRM_HASH_SIZE];
    memset(other, 1, sizeof(other));
    other[CRM_HASH_SIZE - 1] = 2; /* the same entry, another token */
    assert_null(crm_token_cache_get(cache, pool, other));
}

static void test_a_change_forgets(void **state)
{
    (void)state;
    crm_token_cache_t *cache = cache_for(apr_time_from_sec(3600));
    crm_tenant_t tenant;
    crm_actor_t actor = actor_of(3, &tenant);
    put(cache, &actor, soon());
    crm_token_change_begin(cache, "acme");
    assert_null(crm_token_cache_get(cache, pool, actor.token_hash));
    put(cache, &actor, soon()); /* what is read while a change goes on is not kept */
    crm_token_change_end(cache, "acme");
    assert_null(crm_token_cache_get(cache, pool, actor.token_hash));
    put(cache, &actor, soon());
    assert_non_null(crm_token_cache_get(cache, pool, actor.token_hash));
    crm_token_change_begin(cache, NULL); /* another database */
    assert_non_null(crm_token_cache_get(cache, pool, actor.token_hash));
    crm_token_change_end(cache, NULL);
}

static void test_what_was_read_before_a_change_is_not_kept(void **state)
{
    (void)state;
    crm_token_cache_t *cache = cache_for(apr_time_from_sec(3600));
    crm_tenant_t tenant;
    crm_actor_t actor = actor_of(4, &tenant);
    crm_token_mark_t mark = crm_token_cache_mark(cache, "acme");
    crm_token_change_begin(cache, "acme");
    crm_token_change_end(cache, "acme");
    crm_token_cache_put(cache, &mark, &actor, soon());
    assert_null(crm_token_cache_get(cache, pool, actor.token_hash));
}

static void test_a_deadline_ends_it(void **state)
{
    (void)state;
    crm_token_cache_t *cache = cache_for(apr_time_from_sec(3600));
    crm_tenant_t tenant;
    crm_actor_t actor = actor_of(5, &tenant);
    put(cache, &actor, apr_time_now() - 1);
    assert_null(crm_token_cache_get(cache, pool, actor.token_hash));
    cache = cache_for(0);
    put(cache, &actor, soon());
    assert_null(crm_token_cache_get(cache, pool, actor.token_hash));
}

static void test_none_is_a_cache_too(void **state)
{
    (void)state;
    crm_tenant_t tenant;
    crm_actor_t actor = actor_of(6, &tenant);
    put(NULL, &actor, soon());
    crm_token_change_begin(NULL, "acme");
    crm_token_change_end(NULL, "acme");
    assert_null(crm_token_cache_get(NULL, pool, actor.token_hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_comes_back_whole),
        cmocka_unit_test(test_a_change_forgets),
        cmocka_unit_test(test_what_was_read_before_a_change_is_not_kept),
        cmocka_unit_test(test_a_deadline_ends_it),
        cmocka_unit_test(test_none_is_a_cache_too),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests_name("service/token_cache", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
