/* t/unit/service/login_test.c - logins: who gets in, what the others are told, and when no more. */
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "service/login.h"
#include "site_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define WRONG "Unable to log in with provided credentials."
#define AMBIGUOUS "This login exists in several tenants: name the tenant."
#define DJANGO "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY="
#define DJANGO_PASSWORD "l\xc3\xa8tmein"
#define HOUR (APR_TIME_C(3600) * APR_USEC_PER_SEC)

static crm_login_t login_of(const char *login, const char *password)
{
    return (crm_login_t){
        .login = login,
        .password = password,
        .address = "192.0.2.1",
        .life = {.lifetime = HOUR, .idle = HOUR},
        .limit = {.account = 5, .address = 1000, .window = HOUR},
    };
}

static crm_error_t *log_in(fixture_t *f, const char *login, const char *password,
                           const crm_tenant_t *tenant, crm_logged_in_t *ret_logged_in)
{
    crm_login_t input = login_of(login, password);
    input.tenant = tenant;
    return crm_login(f->site, f->pool, &input, ret_logged_in);
}

static void is_wrong(fixture_t *f, const char *login, const char *password,
                     const crm_tenant_t *tenant)
{
    crm_logged_in_t in;
    is_error(log_in(f, login, password, tenant, &in), CRM_E_INVALID, CRM_NON_FIELD, WRONG);
}

/* A tenant with the account NAME besides its admin. */
static crm_accounts_t tenant_of(fixture_t *f, const char *tenant, const char *name)
{
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, tenant));
    account_of(&accounts, f->pool, name);
    return accounts;
}

static apr_int64_t failures(fixture_t *f, const crm_attempt_t *attempt)
{
    const crm_rows_t *rows;
    no_error(crm_db_select(&f->site->main, f->pool,
                           "SELECT failures FROM login_attempt WHERE attempt_key = ?", "i",
                           CRM_ARGS(crm_bytes(attempt->key, CRM_HASH_SIZE)), &rows));
    return rows->count ? crm_row(rows, 0)[0].as.integer : 0;
}

static void test_by_name_and_address(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = tenant_of(f, "By Name", "Ren\xc3\xa9");
    const char *logins[] = {"Ren\xc3\xa9", "RENE", "ren\xc3\xa9@example.com", "Rene@Example.COM"};
    for (size_t i = 0; i < COUNT(logins); i++) {
        crm_logged_in_t in;
        no_error(log_in(f, logins[i], PASSWORD, i % 2 ? accounts.tenant : NULL, &in));
        assert_string_equal(in.account.username, "Ren\xc3\xa9");
        assert_string_equal(in.tenant->slug, "by_name");
        crm_actor_t *actor;
        const crm_token_life_t life = {.lifetime = HOUR, .idle = HOUR};
        no_error(crm_token_authenticate(f->site, f->pool, in.token, &life, &actor));
        assert_int_equal(actor->account.id, in.account.id);
    }
    assert_int_equal(number_of(accounts.db, f->pool,
                               "SELECT COUNT(*) FROM account WHERE last_login IS NOT NULL "
                               "AND username_key = ?",
                               "rene"),
                     1);
}

static void test_one_answer_for_whatever_is_wrong(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = tenant_of(f, "One Answer", "wally");
    account_of(&accounts, f->pool, "disa");
    run(accounts.db, f->pool, "UPDATE account SET is_active = 0 WHERE username = ?",
        crm_text("disa"));
    is_wrong(f, "wally", "wrong", NULL);
    is_wrong(f, "wally", "", NULL);
    is_wrong(f, "no such login", PASSWORD, NULL);
    is_wrong(f, "no such login", PASSWORD, accounts.tenant);
    is_wrong(f, "disa", PASSWORD, NULL);
    is_wrong(f, "disa", PASSWORD, accounts.tenant);
    crm_tenant_t tenant = *accounts.tenant;
    const crm_tenant_change_t change = {.is_active = 0, .if_version = -1};
    no_error(crm_tenant_update(f->site, f->pool, &tenant, &change));
    is_wrong(f, "wally", PASSWORD, NULL);
    is_wrong(f, "wally", PASSWORD, &tenant);
}

static void set_password(fixture_t *f, const crm_accounts_t *accounts, const char *username,
                         const char *password)
{
    crm_account_t account = {.id =
                                 number_of(accounts->db, f->pool,
                                           "SELECT id FROM account WHERE username = ?", username)};
    no_error(crm_account_set_password(accounts, f->pool, &account, password, NULL));
}

static void test_the_password_decides(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t first = tenant_of(f, "Decides One", "sam");
    crm_accounts_t second = tenant_of(f, "Decides Two", "sam");
    crm_logged_in_t in;
    is_error(log_in(f, "sam", PASSWORD, NULL, &in), CRM_E_INVALID, CRM_NON_FIELD, AMBIGUOUS);
    no_error(log_in(f, "sam", PASSWORD, second.tenant, &in));
    assert_string_equal(in.tenant->slug, "decides_two");
    set_password(f, &second, "sam", "sam's other password");
    no_error(log_in(f, "sam", PASSWORD, NULL, &in));
    assert_string_equal(in.tenant->slug, "decides_one");
    no_error(log_in(f, "sam@example.com", "sam's other password", NULL, &in));
    assert_string_equal(in.tenant->slug, "decides_two");
    is_wrong(f, "sam", "sam's other password", first.tenant);
    is_wrong(f, "sam", "neither", NULL);
}

static void test_more_accounts_than_are_tried(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t last;
    for (int i = 0; i < 5; i++) {
        last = tenant_of(f, apr_psprintf(f->pool, "Many %d", i), "common");
        set_password(f, &last, "common", apr_psprintf(f->pool, "password %d", i));
    }
    crm_logged_in_t in;
    no_error(log_in(f, "common", "password 3", NULL, &in));
    assert_string_equal(in.tenant->slug, "many_3");
    is_error(log_in(f, "common", "password 4", NULL, &in), CRM_E_INVALID, CRM_NON_FIELD, AMBIGUOUS);
    no_error(log_in(f, "common", "password 4", last.tenant, &in));
    assert_string_equal(in.tenant->slug, "many_4");
}

static void test_name_of_one_address_of_another(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = tenant_of(f, "Overlap", "tess");
    const crm_new_account_t input = {
        .username = "tess@example.com", .email = "t@example.com", .password = PASSWORD};
    crm_account_t *account;
    no_error(crm_account_create(&accounts, f->pool, &input, &account));
    crm_logged_in_t in;
    no_error(log_in(f, "tess@example.com", PASSWORD, NULL, &in));
    assert_int_equal(in.account.id, account->id);
    set_password(f, &accounts, "tess", "the other's password");
    no_error(log_in(f, "tess@example.com", "the other's password", NULL, &in));
    assert_string_equal(in.account.username, "tess");
}

static void test_superusers(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t platform = crm_accounts_of(f->site, f->pool, NULL);
    const crm_new_account_t input = {
        .username = "root", .email = "root@example.com", .password = PASSWORD, .is_superuser = 1};
    crm_account_t *account;
    no_error(crm_account_create(&platform, f->pool, &input, &account));
    crm_accounts_t accounts = tenant_of(f, "With Superuser", "uma");
    crm_logged_in_t in;
    for (int i = 0; i < 2; i++) {
        no_error(log_in(f, "root", PASSWORD, i ? accounts.tenant : NULL, &in));
        assert_null(in.tenant);
        assert_int_equal(in.account.is_superuser, 1);
    }
    is_wrong(f, "root", "wrong", accounts.tenant);
}

static void test_changed_logins(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, "Changed"));
    crm_account_t *account = account_of(&accounts, f->pool, "vera");
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    change.username = "veronica";
    no_error(crm_account_update(&accounts, f->pool, account, &change));
    crm_logged_in_t in;
    no_error(log_in(f, "veronica", PASSWORD, NULL, &in));
    no_error(log_in(f, "vera@example.com", PASSWORD, NULL, &in));
    is_wrong(f, "vera", PASSWORD, NULL);
    /* the name that became free is another's, who keeps it when its first owner changes again */
    account_of(&accounts, f->pool, "vera2");
    change.username = "vera";
    no_error(crm_account_update(&accounts, f->pool, account, &change));
    change.username = "vera@example.com";
    no_error(crm_account_update(&accounts, f->pool, account, &change));
    change.username = "vera3";
    no_error(crm_account_update(&accounts, f->pool, account, &change));
    no_error(log_in(f, "vera@example.com", PASSWORD, NULL, &in));
    /* a change that was refused costs nobody his login */
    change.username = "vera2";
    is_error(crm_account_update(&accounts, f->pool, account, &change), CRM_E_INVALID, "username",
             "A user with that username already exists in this tenant.");
    no_error(log_in(f, "vera2", PASSWORD, NULL, &in));
}

static void test_old_hashes_are_renewed(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = tenant_of(f, "Renewed", "will");
    run(accounts.db, f->pool, "UPDATE account SET password = ? WHERE username = 'will'",
        crm_text(DJANGO));
    crm_logged_in_t in;
    is_wrong(f, "will", PASSWORD, NULL);
    for (int i = 0; i < 2; i++) {
        no_error(log_in(f, "will", DJANGO_PASSWORD, NULL, &in));
        crm_account_t *account;
        no_error(crm_account_get(&accounts, f->pool, in.account.id, &account));
        assert_memory_equal(account->password, "$argon2id$", 10);
        assert_int_equal(account->version, 1);
    }
}

static void test_failures_lock_an_account(void **state)
{
    fixture_t *f = fixture_of(state);
    tenant_of(f, "Locked", "xena");
    const char *logins[] = {"xena", "nobody at all"};
    for (size_t i = 0; i < COUNT(logins); i++) {
        for (int n = 0; n < 5; n++) {
            is_wrong(f, logins[i], "wrong", NULL);
        }
        crm_logged_in_t in;
        crm_error_t *error = log_in(f, logins[i], PASSWORD, NULL, &in);
        is_error(error, CRM_E_THROTTLED, NULL, NULL);
        assert_in_range(error->retry_after, 1, 3600);
        assert_string_equal(
            error->detail,
            apr_psprintf(f->pool, "Request was throttled. Expected available in %d second%s.",
                         error->retry_after, error->retry_after == 1 ? "" : "s"));
    }
}

static void test_a_window_ends(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = tenant_of(f, "Window", "yann");
    for (int n = 0; n < 6; n++) {
        crm_logged_in_t in;
        assert_non_null(log_in(f, "yann", "wrong", NULL, &in));
    }
    crm_attempt_t attempt = crm_attempt_account(f->site, &accounts.tenant->id, 2);
    assert_int_equal(failures(f, &attempt), 5);
    run(&f->site->main, f->pool, "UPDATE login_attempt SET window_start = ?",
        crm_time(apr_time_now() - 2 * HOUR));
    crm_logged_in_t in;
    no_error(log_in(f, "yann", PASSWORD, NULL, &in));
    assert_int_equal(failures(f, &attempt), 0);
}

static void test_success_is_given_back(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = tenant_of(f, "Given Back", "zora");
    crm_attempt_t account = crm_attempt_account(f->site, &accounts.tenant->id, 2);
    crm_attempt_t address = crm_attempt_address(f->site, "192.0.2.1");
    apr_int64_t before = failures(f, &address);
    crm_logged_in_t in;
    for (int n = 0; n < 8; n++) {
        no_error(log_in(f, "zora", PASSWORD, NULL, &in));
    }
    assert_int_equal(failures(f, &account), 0);
    assert_int_equal(failures(f, &address), before);
    is_wrong(f, "zora", "wrong", NULL);
    assert_int_equal(failures(f, &account), 1);
    assert_int_equal(failures(f, &address), before + 1);
}

static void test_failures_lock_an_address(void **state)
{
    fixture_t *f = fixture_of(state);
    tenant_of(f, "Address", "abel");
    crm_login_t login = login_of("somebody", "wrong");
    login.limit.address = 3;
    crm_logged_in_t in;
    const char *addresses[] = {"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"};
    for (size_t i = 0; i < COUNT(addresses); i++) {
        login.login = apr_psprintf(f->pool, "somebody %d", (int)i);
        login.address = addresses[i];
        is_error(crm_login(f->site, f->pool, &login, &in), CRM_E_INVALID, CRM_NON_FIELD, WRONG);
    }
    login = login_of("abel", PASSWORD);
    login.limit.address = 3;
    login.address = "2001:db8::4";
    is_error(crm_login(f->site, f->pool, &login, &in), CRM_E_THROTTLED, NULL, NULL);
    login.address = "2001:db8:0:1::1";
    no_error(crm_login(f->site, f->pool, &login, &in));
}

static void test_addresses(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_attempt_t ip4 = crm_attempt_address(f->site, "192.0.2.1");
    crm_attempt_t mapped = crm_attempt_address(f->site, "::ffff:192.0.2.1");
    crm_attempt_t other = crm_attempt_address(f->site, "::ffff:192.0.2.2");
    crm_attempt_t local = crm_attempt_address(f->site, "unix");
    assert_memory_equal(ip4.key, mapped.key, CRM_HASH_SIZE);
    assert_memory_not_equal(mapped.key, other.key, CRM_HASH_SIZE);
    assert_memory_not_equal(local.key, ip4.key, CRM_HASH_SIZE);
}

typedef struct guess_t {
    fixture_t fixture;
    crm_error_t *error;
} guess_t;

static void *APR_THREAD_FUNC guess(apr_thread_t *thread, void *data)
{
    (void)thread;
    guess_t *guess = data;
    crm_logged_in_t in;
    guess->error = log_in(&guess->fixture, "bert", "wrong", NULL, &in);
    return NULL;
}

static void test_guesses_at_once_do_not_pass_the_limit(void **state)
{
    fixture_t *f = fixture_of(state);
    tenant_of(f, "At Once", "bert");
    guess_t guesses[12];
    apr_thread_t *threads[COUNT(guesses)];
    for (size_t i = 0; i < COUNT(guesses); i++) {
        guesses[i].fixture = *f;
        apr_pool_create(&guesses[i].fixture.pool, NULL);
        apr_thread_create(&threads[i], NULL, guess, &guesses[i], f->pool);
    }
    int wrong = 0, throttled = 0;
    for (size_t i = 0; i < COUNT(guesses); i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
        assert_non_null(guesses[i].error);
        wrong += guesses[i].error->kind == CRM_E_INVALID;
        throttled += guesses[i].error->kind == CRM_E_THROTTLED;
        apr_pool_destroy(guesses[i].fixture.pool);
    }
    assert_int_equal(wrong, 5);
    assert_int_equal(throttled, (int)COUNT(guesses) - 5);
}

static void test_a_dead_database_keeps_nobody_else_out(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t dead = tenant_of(f, "Dead", "cleo");
    tenant_of(f, "Alive", "cleo");
    no_error(crm_db_drop_database(dead.db, f->pool));
    crm_logged_in_t in;
    no_error(log_in(f, "cleo", PASSWORD, NULL, &in));
    assert_string_equal(in.tenant->slug, "alive");
    is_error(log_in(f, "cleo", "wrong", NULL, &in), CRM_E_UNAVAILABLE, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name_and_address),
        cmocka_unit_test(test_one_answer_for_whatever_is_wrong),
        cmocka_unit_test(test_the_password_decides),
        cmocka_unit_test(test_more_accounts_than_are_tried),
        cmocka_unit_test(test_name_of_one_address_of_another),
        cmocka_unit_test(test_superusers),
        cmocka_unit_test(test_changed_logins),
        cmocka_unit_test(test_old_hashes_are_renewed),
        cmocka_unit_test(test_failures_lock_an_account),
        cmocka_unit_test(test_a_window_ends),
        cmocka_unit_test(test_success_is_given_back),
        cmocka_unit_test(test_failures_lock_an_address),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_guesses_at_once_do_not_pass_the_limit),
        cmocka_unit_test(test_a_dead_database_keeps_nobody_else_out),
    };
    int failed =
        cmocka_run_group_tests_name("service/login, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/login, mysql", tests, fixture_mysql, fixture_end);
}
