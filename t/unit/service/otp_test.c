/* t/unit/service/otp_test.c - one-time codes: whose they are, how often and how long they are good.
 */
#include <apr_thread_proc.h>

#include "service/otp.h"
#include "site_fixture.h"

#define CODE "123456"
#define GUESSES 12

static crm_otp_subject_t subject_of(fixture_t *f, const crm_accounts_t *accounts, apr_int64_t id)
{
    crm_account_t *account;
    no_error(crm_account_get(accounts, f->pool, id, &account));
    return crm_otp_subject(accounts, f->pool, account);
}

static int fits(fixture_t *f, const crm_otp_subject_t *subject, const char *code)
{
    int match;
    no_error(crm_otp_try(f->site, f->pool, subject, code, &match));
    return match;
}

static crm_otp_subject_t with_code(fixture_t *f, const crm_accounts_t *accounts, apr_int64_t id)
{
    crm_otp_subject_t subject = subject_of(f, accounts, id);
    no_error(crm_otp_store(f->site, &f->site->main, f->pool, &subject, CODE));
    return subject;
}

static void test_tries(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, "Tries"));
    crm_otp_subject_t subject = subject_of(f, &accounts, 1);
    assert_false(fits(f, &subject, CODE));
    with_code(f, &accounts, 1);
    for (int i = 0; i < 4; i++) {
        assert_false(fits(f, &subject, i % 2 ? "123457" : ""));
    }
    assert_true(fits(f, &subject, CODE));  /* the fifth */
    assert_false(fits(f, &subject, CODE)); /* the sixth */
    no_error(crm_otp_store(f->site, &f->site->main, f->pool, &subject, "654321"));
    assert_false(fits(f, &subject, CODE));
    assert_true(fits(f, &subject, "654321"));
    no_error(crm_otp_remove(f->site, f->pool, &subject));
    assert_false(fits(f, &subject, "654321"));
}

static void test_time(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, "Time"));
    crm_otp_subject_t subject = with_code(f, &accounts, 1);
    no_error(crm_otp_purge(f->site, f->pool));
    run(&f->site->main, f->pool, "UPDATE otp SET expires_at = ?",
        crm_time(apr_time_now() + apr_time_from_sec(600)));
    assert_true(fits(f, &subject, CODE));
    run(&f->site->main, f->pool, "UPDATE otp SET expires_at = ?",
        crm_time(apr_time_now() - apr_time_from_sec(1)));
    assert_false(fits(f, &subject, CODE));
    no_error(crm_otp_purge(f->site, f->pool));
    const crm_rows_t *rows;
    no_error(
        crm_db_select(&f->site->main, f->pool, "SELECT tries FROM otp", "i", CRM_NO_ARGS, &rows));
    assert_int_equal(rows->count, 0);
}

static void test_whose(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, "Whose"));
    crm_accounts_t other = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, "Other"));
    crm_account_t *anna = account_of(&accounts, f->pool, "anna");
    crm_otp_subject_t subject = with_code(f, &accounts, anna->id);
    crm_otp_subject_t strangers[] = {subject_of(f, &accounts, 1), subject_of(f, &other, 1),
                                     crm_otp_subject(NULL, f->pool, NULL)};
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        assert_false(fits(f, &strangers[i], CODE));
    }
    assert_true(fits(f, &subject, CODE));
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    change.email = "anna@elsewhere.example";
    no_error(crm_account_update(&accounts, f->pool, anna, &change));
    subject = subject_of(f, &accounts, anna->id);
    assert_false(fits(f, &subject, CODE));
    with_code(f, &accounts, anna->id);
    no_error(crm_account_set_password(&accounts, f->pool, anna, "another password", NULL));
    subject = subject_of(f, &accounts, anna->id);
    assert_false(fits(f, &subject, CODE));
}

typedef struct guess_t {
    fixture_t fixture;
    const crm_otp_subject_t *subject;
    crm_error_t *error;
    int match;
} guess_t;

static void *APR_THREAD_FUNC guess(apr_thread_t *thread, void *data)
{
    guess_t *one = data;
    (void)thread;
    one->error = crm_otp_try(one->fixture.site, one->fixture.pool, one->subject, CODE, &one->match);
    return NULL;
}

/* All of them have the right code, and only as many as there are tries are told so. */
static void test_tries_at_once_do_not_pass_the_limit(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, "At Once"));
    crm_otp_subject_t subject = with_code(f, &accounts, 1);
    guess_t guesses[GUESSES];
    apr_thread_t *threads[GUESSES];
    int matches = 0;
    for (int i = 0; i < GUESSES; i++) {
        guesses[i] = (guess_t){.fixture = *f, .subject = &subject};
        apr_pool_create(&guesses[i].fixture.pool, NULL);
        apr_thread_create(&threads[i], NULL, guess, &guesses[i], f->pool);
    }
    for (int i = 0; i < GUESSES; i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
        no_error(guesses[i].error);
        matches += guesses[i].match;
        apr_pool_destroy(guesses[i].fixture.pool);
    }
    assert_int_equal(matches, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tries),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_whose),
        cmocka_unit_test(test_tries_at_once_do_not_pass_the_limit),
    };
    int failed =
        cmocka_run_group_tests_name("service/otp, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/otp, mysql", tests, fixture_mysql, fixture_end);
}
