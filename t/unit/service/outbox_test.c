/* t/unit/service/outbox_test.c - one sender at a time for a mail, and what becomes of it. */
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "service/otp.h"
#include "service/outbox.h"
#include "site_fixture.h"

#define LEASE apr_time_from_sec(60)
#define STATES "SELECT COUNT(*) FROM outbox WHERE state = ?"

static apr_int64_t count_of(fixture_t *f, const char *state)
{
    return number_of(&f->site->main, f->pool, STATES, state);
}

static void empty(fixture_t *f)
{
    no_error(crm_db_execute(&f->site->main, f->pool, "DELETE FROM outbox", CRM_NO_ARGS, NULL));
}

static void put(fixture_t *f, const char *text, const unsigned char *topic)
{
    const crm_outbox_entry_t entry = {
        .kind = "test", .topic = topic, .language = "en", .text = text, .life = LEASE};
    no_error(crm_outbox_put(f->site, &f->site->main, f->pool, &entry));
}

static crm_outbox_fate_e take(fixture_t *f, crm_outbox_item_t *ret_item)
{
    crm_outbox_fate_e fate;
    no_error(crm_outbox_take(f->site, f->pool, LEASE, &fate, ret_item));
    return fate;
}

/* Everything that waits, or is at work, is due now. */
static void make_due(fixture_t *f)
{
    run(&f->site->main, f->pool,
        "UPDATE outbox SET next_attempt_at = ? WHERE next_attempt_at IS NOT NULL",
        crm_time(apr_time_now() - LEASE));
}

static int commit(fixture_t *f, const crm_outbox_item_t *item)
{
    int ours;
    no_error(crm_outbox_commit(f->site, f->pool, item, LEASE, &ours));
    return ours;
}

static void test_sent(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_outbox_item_t item, other;
    empty(f);
    assert_int_equal(take(f, &item), CRM_OUTBOX_NONE);
    put(f, "{\"a\": \"secret\"}", NULL);
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM outbox WHERE sealed LIKE ?", "%secret%"),
                     0);
    assert_int_equal(take(f, &item), CRM_OUTBOX_TAKEN);
    assert_string_equal(item.kind, "test");
    assert_string_equal(item.text, "{\"a\": \"secret\"}");
    assert_int_equal(item.attempts, 1);
    assert_int_equal(take(f, &other), CRM_OUTBOX_NONE);
    assert_true(commit(f, &item));
    no_error(crm_outbox_finish(f->site, f->pool, &item, CRM_OUTBOX_END_SENT, NULL));
    assert_int_equal(count_of(f, "sent"), 1);
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM outbox WHERE sealed IS NULL AND "
                               "sent_at IS NOT NULL AND kind = ?",
                               "test"),
                     1);
    make_due(f);
    assert_int_equal(take(f, &other), CRM_OUTBOX_NONE);
}

static void test_tried_again(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_outbox_item_t item;
    empty(f);
    put(f, "{}", NULL);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(take(f, &item), CRM_OUTBOX_TAKEN);
        assert_int_equal(item.attempts, i);
        no_error(crm_outbox_retry(f->site, f->pool, &item, "no connection"));
        assert_int_equal(count_of(f, "queued"), 1);
        crm_outbox_item_t early;
        assert_int_equal(take(f, &early), CRM_OUTBOX_NONE);
        make_due(f);
    }
    run(&f->site->main, f->pool, "UPDATE outbox SET expires_at = ?",
        crm_time(apr_time_now() - LEASE));
    assert_int_equal(take(f, &item), CRM_OUTBOX_EXPIRED);
    assert_int_equal(count_of(f, "expired"), 1);
    assert_int_equal(take(f, &item), CRM_OUTBOX_NONE);
}

static void test_the_pause_ends_with_the_mail(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_outbox_item_t item;
    empty(f);
    put(f, "{}", NULL);
    assert_int_equal(take(f, &item), CRM_OUTBOX_TAKEN);
    run(&f->site->main, f->pool, "UPDATE outbox SET attempts = ?", crm_int(20));
    item.attempts = 20;
    no_error(crm_outbox_retry(f->site, f->pool, &item, "no connection"));
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM outbox WHERE next_attempt_at = expires_at AND "
                               "last_error = ?",
                               "no connection"),
                     1);
}

static void test_senders_that_died(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_outbox_item_t dead, next;
    empty(f);
    put(f, "{}", NULL);
    assert_int_equal(take(f, &dead), CRM_OUTBOX_TAKEN);
    make_due(f);
    assert_int_equal(take(f, &next), CRM_OUTBOX_TAKEN);
    /* the one before lives after all: it must not send any more */
    assert_false(commit(f, &dead));
    no_error(crm_outbox_retry(f->site, f->pool, &dead, "late"));
    no_error(crm_outbox_finish(f->site, f->pool, &dead, CRM_OUTBOX_END_SENT, NULL));
    assert_int_equal(count_of(f, "claimed"), 1);
    assert_true(commit(f, &next));
    assert_false(commit(f, &next));
    make_due(f);
    crm_outbox_item_t lost;
    assert_int_equal(take(f, &lost), CRM_OUTBOX_UNCERTAIN);
    assert_memory_equal(&lost.id, &next.id, sizeof(lost.id));
    assert_int_equal(count_of(f, "uncertain"), 1);
    assert_int_equal(take(f, &lost), CRM_OUTBOX_NONE);
    /* it lives as well, and knows */
    no_error(crm_outbox_finish(f->site, f->pool, &next, CRM_OUTBOX_END_SENT, NULL));
    assert_int_equal(count_of(f, "sent"), 1);
}

static void test_superseded(void **state)
{
    static const unsigned char one[CRM_HASH_SIZE] = {1}, two[CRM_HASH_SIZE] = {2};
    fixture_t *f = fixture_of(state);
    crm_outbox_item_t claimed, sending, item;
    empty(f);
    put(f, "{}", one);
    assert_int_equal(take(f, &sending), CRM_OUTBOX_TAKEN);
    assert_true(commit(f, &sending));
    put(f, "{}", one);
    assert_int_equal(take(f, &claimed), CRM_OUTBOX_TAKEN);
    put(f, "{}", one);
    put(f, "{\"of\": \"another\"}", two);
    no_error(crm_outbox_supersede(&f->site->main, f->pool, one));
    assert_int_equal(count_of(f, "superseded"), 2);
    assert_false(commit(f, &claimed));
    assert_int_equal(take(f, &item), CRM_OUTBOX_TAKEN);
    assert_string_equal(item.text, "{\"of\": \"another\"}");
}

static void test_removed(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_outbox_item_t first, second;
    empty(f);
    put(f, "{}", NULL);
    assert_int_equal(take(f, &first), CRM_OUTBOX_TAKEN);
    make_due(f);
    assert_int_equal(take(f, &second), CRM_OUTBOX_TAKEN);
    is_error(crm_outbox_remove(&f->site->main, f->pool, &first), CRM_E_CONFLICT, NULL, NULL);
    no_error(crm_outbox_remove(&f->site->main, f->pool, &second));
    is_error(crm_outbox_remove(&f->site->main, f->pool, &second), CRM_E_CONFLICT, NULL, NULL);
}

static void test_purged(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_outbox_item_t item;
    empty(f);
    for (int i = 0; i < 2; i++) { /* the first is done with, the second waits for nobody */
        put(f, "{}", NULL);
        if (i == 0) {
            assert_int_equal(take(f, &item), CRM_OUTBOX_TAKEN);
            no_error(crm_outbox_finish(f->site, f->pool, &item, CRM_OUTBOX_END_REFUSED, "no"));
        }
    }
    no_error(crm_outbox_purge(f->site, f->pool));
    assert_int_equal(count_of(f, "queued") + count_of(f, "refused"), 2);
    make_due(f);
    run(&f->site->main, f->pool, "UPDATE outbox SET expires_at = ?",
        crm_time(apr_time_now() - LEASE));
    no_error(crm_outbox_purge(f->site, f->pool));
    assert_int_equal(count_of(f, "expired"), 1);
    run(&f->site->main, f->pool, "UPDATE outbox SET created_at = ?",
        crm_time(apr_time_now() - apr_time_from_sec(8 * 86400)));
    no_error(crm_outbox_purge(f->site, f->pool));
    assert_int_equal(count_of(f, "expired") + count_of(f, "refused"), 0);
}

#define THREADS 6
#define MAILS 30

typedef struct taker_t {
    fixture_t fixture;
    int taken;
} taker_t;

static void *APR_THREAD_FUNC take_all(apr_thread_t *thread, void *data)
{
    taker_t *taker = data;
    crm_outbox_fate_e fate;
    crm_outbox_item_t item;
    int idle = 0;
    (void)thread;
    while (idle < 3) { /* others may have been at the same rows */
        crm_error_t *error =
            crm_outbox_take(taker->fixture.site, taker->fixture.pool, LEASE, &fate, &item);
        if (!error && fate == CRM_OUTBOX_TAKEN) {
            taker->taken++;
            idle = 0;
        } else {
            idle++;
        }
    }
    return NULL;
}

static void test_each_is_taken_once(void **state)
{
    fixture_t *f = fixture_of(state);
    taker_t takers[THREADS];
    apr_thread_t *threads[THREADS];
    crm_outbox_item_t item;
    int taken = 0;
    empty(f);
    for (int i = 0; i < MAILS; i++) {
        put(f, "{}", NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        takers[i] = (taker_t){.fixture = *f};
        apr_pool_create(&takers[i].fixture.pool, NULL);
        apr_thread_create(&threads[i], NULL, take_all, &takers[i], f->pool);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
        taken += takers[i].taken;
        apr_pool_destroy(takers[i].fixture.pool);
    }
    while (take(f, &item) == CRM_OUTBOX_TAKEN) {
        taken++;
    }
    assert_int_equal(taken, MAILS);
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM outbox WHERE attempts = 1 AND kind = ?",
                               "test"),
                     MAILS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_tried_again),
        cmocka_unit_test(test_the_pause_ends_with_the_mail),
        cmocka_unit_test(test_senders_that_died),
        cmocka_unit_test(test_superseded),
        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_purged),
        cmocka_unit_test(test_each_is_taken_once),
    };
    int failed =
        cmocka_run_group_tests_name("service/outbox, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/outbox, mysql", tests, fixture_mysql, fixture_end);
}
