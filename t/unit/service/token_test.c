/* t/unit/service/token_test.c - tokens: issued, found by the database they name, ended. */
#include <apr_strings.h>

#include "site_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const crm_token_life_t life = {.lifetime = APR_TIME_C(3600) * APR_USEC_PER_SEC,
                                      .idle = APR_TIME_C(3600) * APR_USEC_PER_SEC};

static crm_error_t *authenticate(fixture_t *f, const char *token, crm_actor_t **ret_actor)
{
    return crm_token_authenticate(f->site, f->pool, token, &life, ret_actor);
}

static void is_invalid(fixture_t *f, const char *token)
{
    crm_actor_t *actor;
    is_error(authenticate(f, token, &actor), CRM_E_UNAUTHENTICATED, NULL, "Invalid token.");
}

static void is_valid(fixture_t *f, const char *token)
{
    crm_actor_t *actor;
    no_error(authenticate(f, token, &actor));
}

static crm_accounts_t accounts_in(fixture_t *f, const char *tenant)
{
    return crm_accounts_of(f->site, f->pool, tenant_with_admin(f, tenant));
}

static const char *token_for(fixture_t *f, const crm_accounts_t *accounts, const char *username)
{
    const char *token;
    crm_account_t *account = account_of(accounts, f->pool, username);
    no_error(crm_token_issue(accounts, f->pool, account, &life, &token));
    return token;
}

static void test_issued_is_found(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Issued");
    const char *token = token_for(f, &accounts, "ida");
    assert_true(crm_token_is_ours(token));
    crm_actor_t *actor;
    no_error(authenticate(f, token, &actor));
    assert_string_equal(actor->account.username, "ida");
    assert_null(actor->account.password);
    assert_memory_equal(&actor->tenant->id, &accounts.tenant->id, sizeof(crm_uuid_t));
    assert_string_equal(actor->tenant->name, "Issued");
    assert_string_equal(actor->tenant->slug, "issued");
    assert_string_equal(actor->tenant->database_name, accounts.tenant->database_name);
    assert_int_equal(actor->tenant->created_at, accounts.tenant->created_at);
    assert_true(actor->token_expires > apr_time_now());
    assert_int_equal(number_of(accounts.db, f->pool,
                               "SELECT COUNT(*) FROM token k JOIN account a "
                               "ON a.id = k.account_id WHERE a.username = ?",
                               "ida"),
                     1);
}

static void test_usual_look_up_takes_one_statement(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "One Statement");
    const char *token = token_for(f, &accounts, "one");
    is_valid(f, token);
    apr_uint64_t before = crm_pool_counts(f->site->connections).acquired;
    is_valid(f, token);
    assert_int_equal(crm_pool_counts(f->site->connections).acquired - before, 1);
}

static void test_superusers_tokens_are_in_main(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, NULL);
    const char *token = token_for(f, &accounts, "root");
    run(&f->site->main, f->pool, "UPDATE account SET is_superuser = 1 WHERE username = ?",
        crm_text("root"));
    crm_actor_t *actor;
    no_error(authenticate(f, token, &actor));
    assert_null(actor->tenant);
    assert_int_equal(actor->account.is_superuser, 1);
}

static void test_no_tenant_makes_superusers(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Makes Superusers");
    const char *token = token_for(f, &accounts, "mallory");
    run(accounts.db, f->pool, "UPDATE account SET is_superuser = 1 WHERE username = ?",
        crm_text("mallory"));
    crm_actor_t *actor;
    no_error(authenticate(f, token, &actor));
    assert_int_equal(actor->account.is_superuser, 0);
}

static void test_unknown_forms(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Forms");
    char *token = apr_pstrdup(f->pool, token_for(f, &accounts, "fred"));
    char *other = apr_pstrdup(f->pool, token);
    other[20] = other[20] == 'A' ? 'B' : 'A';
    is_invalid(f, other);
    other = apr_pstrdup(f->pool, token);
    other[6] = other[6] == 'A' ? 'B' : 'A'; /* a key that no tenant has */
    is_invalid(f, other);
    const char *odd[] = {"",
                         "crm_",
                         "nothing",
                         apr_pstrcat(f->pool, token, "A", NULL),
                         apr_pstrndup(f->pool, token, strlen(token) - 1),
                         token + 4,
                         "0123456789abcdef0123456789abcdef0123456",
                         "0123456789abcdef0123456789abcdef012345678"};
    for (size_t i = 0; i < COUNT(odd); i++) {
        assert_false(crm_token_is_ours(odd[i]));
        is_invalid(f, odd[i]);
    }
    is_valid(f, token);
}

static void test_lifetimes(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Lifetimes");
    crm_account_t *account = account_of(&accounts, f->pool, "lea");
    const crm_token_life_t over = {.lifetime = 0, .idle = life.idle};
    const crm_token_life_t idle = {.lifetime = life.lifetime, .idle = 0};
    const char *token;
    crm_actor_t *actor;
    no_error(crm_token_issue(&accounts, f->pool, account, &over, &token));
    is_invalid(f, token);
    no_error(crm_token_issue(&accounts, f->pool, account, &life, &token));
    is_error(crm_token_authenticate(f->site, f->pool, token, &idle, &actor), CRM_E_UNAUTHENTICATED,
             NULL, "Invalid token.");
    is_valid(f, token);
    /* the new one took the expired one away */
    assert_int_equal(number_of(accounts.db, f->pool, "SELECT COUNT(*) FROM token WHERE '' = ?", ""),
                     1);
}

static void test_use_is_noted_once_a_minute(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Noted");
    const char *token = token_for(f, &accounts, "nora");
    apr_time_t now = apr_time_now();
    apr_time_t long_ago = now - apr_time_from_sec(120), just_now = now - apr_time_from_sec(30);
    const char *set = "UPDATE token SET last_used_at = ?";
    const char *after = "SELECT COUNT(*) FROM token WHERE last_used_at > ?";
    run(accounts.db, f->pool, set, crm_time(just_now));
    is_valid(f, token);
    const crm_rows_t *rows;
    no_error(crm_db_select(accounts.db, f->pool, after, "i", CRM_ARGS(crm_time(just_now)), &rows));
    assert_int_equal(crm_row(rows, 0)[0].as.integer, 0);
    run(accounts.db, f->pool, set, crm_time(long_ago));
    is_valid(f, token);
    no_error(crm_db_select(accounts.db, f->pool, after, "i", CRM_ARGS(crm_time(just_now)), &rows));
    assert_int_equal(crm_row(rows, 0)[0].as.integer, 1);
}

static void test_logout(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Logout");
    crm_account_t *account = account_of(&accounts, f->pool, "lou");
    const char *tokens[3], *other = token_for(f, &accounts, "other");
    for (size_t i = 0; i < COUNT(tokens); i++) {
        no_error(crm_token_issue(&accounts, f->pool, account, &life, &tokens[i]));
    }
    crm_actor_t *actor;
    no_error(authenticate(f, tokens[0], &actor));
    no_error(crm_token_revoke(f->site, f->pool, actor, 0));
    is_invalid(f, tokens[0]);
    is_valid(f, tokens[1]);
    no_error(authenticate(f, tokens[1], &actor));
    no_error(crm_token_revoke(f->site, f->pool, actor, 1));
    is_invalid(f, tokens[1]);
    is_invalid(f, tokens[2]);
    is_valid(f, other);
}

static void test_inactive_tenant(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Inactive");
    const char *token = token_for(f, &accounts, "ina");
    crm_tenant_t tenant = *accounts.tenant;
    crm_tenant_change_t change = {.is_active = 0, .if_version = -1};
    no_error(crm_tenant_update(f->site, f->pool, &tenant, &change));
    is_invalid(f, token);
    change.is_active = 1;
    no_error(crm_tenant_update(f->site, f->pool, &tenant, &change));
    is_valid(f, token);
}

static void test_disabled_account(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Disabled");
    const char *token = token_for(f, &accounts, "dis");
    run(accounts.db, f->pool, "UPDATE account SET is_active = 0 WHERE username = ?",
        crm_text("dis"));
    is_invalid(f, token);
}

static void test_database_away(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Away");
    const char *token = token_for(f, &accounts, "ann");
    is_valid(f, token);
    no_error(crm_db_drop_database(accounts.db, f->pool));
    crm_actor_t *actor;
    is_error(authenticate(f, token, &actor), CRM_E_UNAVAILABLE, NULL, NULL);
    run(&f->site->main, f->pool, "DELETE FROM tenant WHERE slug = ?", crm_text("away"));
    is_invalid(f, token);
    is_invalid(f, token);
}

static void test_database_of_another(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Another");
    const char *token = token_for(f, &accounts, "ali");
    run(accounts.db, f->pool, "UPDATE tenant SET token_key = ?", crm_bytes("\1\2\3\4\5\6\7\10", 8));
    is_invalid(f, token);
}

/* A token of the product before: 40 hex digits, its hash in the directory. */
static void add_legacy(fixture_t *f, const crm_accounts_t *accounts, const char *token)
{
    unsigned char hash[CRM_HASH_SIZE];
    crm_uuid_t main_database = {{0}};
    crm_account_t *account = account_of(accounts, f->pool, "old_hand");
    crm_secret_sha256(token, strlen(token), hash);
    no_error(crm_db_execute(
        accounts->db, f->pool,
        "INSERT INTO token (token_hash, account_id, created_at, expires_at, last_used_at) "
        "VALUES (?, ?, ?, ?, ?)",
        CRM_ARGS(crm_bytes(hash, sizeof(hash)), crm_int(account->id), crm_time(apr_time_now()),
                 crm_time(apr_time_now() + life.lifetime), crm_time(apr_time_now())),
        NULL));
    no_error(crm_db_execute(
        &f->site->main, f->pool, "INSERT INTO legacy_token (token_hash, tenant_id) VALUES (?, ?)",
        CRM_ARGS(crm_bytes(hash, sizeof(hash)),
                 crm_uuid(accounts->tenant ? &accounts->tenant->id : &main_database)),
        NULL));
}

static void test_tokens_of_the_product_before(void **state)
{
    fixture_t *f = fixture_of(state);
    const char *of_tenant = "0123456789abcdef0123456789abcdef01234567";
    const char *of_main = "89abcdef0123456789abcdef0123456789abcdef";
    crm_accounts_t accounts = accounts_in(f, "Legacy");
    crm_accounts_t platform = crm_accounts_of(f->site, f->pool, NULL);
    assert_true(crm_token_is_ours(of_tenant));
    is_invalid(f, of_tenant);
    add_legacy(f, &accounts, of_tenant);
    add_legacy(f, &platform, of_main);
    crm_actor_t *actor;
    no_error(authenticate(f, of_tenant, &actor));
    assert_string_equal(actor->tenant->slug, "legacy");
    assert_string_equal(actor->account.username, "old_hand");
    no_error(authenticate(f, of_main, &actor));
    assert_null(actor->tenant);
    run(&f->site->main, f->pool, "UPDATE tenant SET state = 'creating' WHERE slug = ?",
        crm_text("legacy"));
    is_invalid(f, of_tenant);
    no_error(crm_tenant_recover(f->site, f->pool, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_issued_is_found),
        cmocka_unit_test(test_usual_look_up_takes_one_statement),
        cmocka_unit_test(test_superusers_tokens_are_in_main),
        cmocka_unit_test(test_no_tenant_makes_superusers),
        cmocka_unit_test(test_unknown_forms),
        cmocka_unit_test(test_lifetimes),
        cmocka_unit_test(test_use_is_noted_once_a_minute),
        cmocka_unit_test(test_logout),
        cmocka_unit_test(test_inactive_tenant),
        cmocka_unit_test(test_disabled_account),
        cmocka_unit_test(test_database_away),
        cmocka_unit_test(test_database_of_another),
        cmocka_unit_test(test_tokens_of_the_product_before),
    };
    int failed =
        cmocka_run_group_tests_name("service/token, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/token, mysql", tests, fixture_mysql, fixture_end);
}
