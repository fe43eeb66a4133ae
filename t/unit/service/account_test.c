/* t/unit/service/account_test.c - accounts: created, changed, disabled, their passwords. */
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "site_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const crm_login_limit_t limit = {
    .account = 3, .address = 100, .window = APR_TIME_C(3600) * APR_USEC_PER_SEC};
static const crm_token_life_t life = {.lifetime = APR_TIME_C(3600) * APR_USEC_PER_SEC,
                                      .idle = APR_TIME_C(3600) * APR_USEC_PER_SEC};

static crm_accounts_t accounts_in(fixture_t *f, const char *tenant)
{
    return crm_accounts_of(f->site, f->pool, tenant_with_admin(f, tenant));
}

static crm_account_t *reread(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id)
{
    crm_account_t *account;
    no_error(crm_account_get(accounts, pool, id, &account));
    return account;
}

static void test_created_is_read(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Created");
    const crm_new_account_t input = {
        .username = "Zoë",
        .email = "Zoe@Example.com",
        .first_name = "Zoë \xf0\x9f\x98\x80",
        .last_name = "O'Neil",
        .password = PASSWORD,
        .is_superuser = 1, /* nobody is one in a tenant */
    };
    crm_account_t *made;
    no_error(crm_account_create(&accounts, f->pool, &input, &made));
    crm_account_t *read = reread(&accounts, f->pool, made->id);
    assert_string_equal(read->username, input.username);
    assert_string_equal(read->email, input.email);
    assert_string_equal(read->first_name, input.first_name);
    assert_string_equal(read->last_name, input.last_name);
    assert_int_equal(read->is_superuser, 0);
    assert_int_equal(read->is_tenant_admin, 0);
    assert_int_equal(read->is_active, 1);
    assert_int_equal(read->version, 1);
    assert_int_equal(read->date_joined, made->date_joined);
    assert_memory_equal(read->password, "$argon2id$", 10);
    crm_account_t *none;
    is_error(crm_account_get(&accounts, f->pool, 12345, &none), CRM_E_NOT_FOUND, NULL, NULL);
}

static crm_error_t *create(const crm_accounts_t *accounts, apr_pool_t *pool, const char *username,
                           const char *email)
{
    const crm_new_account_t input = {
        .username = username, .email = email, .password = PASSWORD, .is_superuser = 1};
    crm_account_t *account;
    return crm_account_create(accounts, pool, &input, &account);
}

static void test_taken_logins(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Taken");
    crm_error_t *error = create(&accounts, f->pool, "ADMIN", "Admin@Example.com");
    is_error(error, CRM_E_INVALID, "username",
             "A user with that username already exists in this tenant.");
    is_error(error, CRM_E_INVALID, "email",
             "A user with that email already exists in this tenant.");
    error = create(&accounts, f->pool, "another", "admin@example.com");
    assert_int_equal(error->fields->nelts, 1);
    is_error(error, CRM_E_INVALID, "email",
             "A user with that email already exists in this tenant.");
    crm_accounts_t others = accounts_in(f, "Taken Elsewhere");
    no_error(create(&others, f->pool, "another", "another@example.com"));
}

static void test_superusers(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, NULL);
    no_error(create(&accounts, f->pool, "root", "root@example.com"));
    is_error(create(&accounts, f->pool, "Root", "other@example.com"), CRM_E_INVALID, "username",
             "A user with that username already exists.");
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT is_superuser FROM account WHERE username = ?", "root"),
                     1);
}

static void test_text_that_grows_when_folded(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Growing");
    char text[3 * 100 + 1] = "";
    for (int i = 0; i < 100; i++) {
        memcpy(text + 3 * i, "\xef\xb7\xba", 4); /* U+FDFA: 18 code points when folded */
    }
    is_error(create(&accounts, f->pool, text, "long@example.com"), CRM_E_INVALID, "username",
             "Ensure this field has no more than 150 characters.");
}

static void test_change(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Change");
    crm_account_t *account = account_of(&accounts, f->pool, "carla");
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    change.username = "Carla2";
    change.first_name = "Carla";
    change.is_tenant_admin = 1;
    change.if_version = 1;
    no_error(crm_account_update(&accounts, f->pool, account, &change));
    crm_account_t *read = reread(&accounts, f->pool, account->id);
    assert_string_equal(account->username, "Carla2");
    assert_string_equal(read->username, "Carla2");
    assert_string_equal(read->email, "carla@example.com");
    assert_string_equal(read->first_name, "Carla");
    assert_int_equal(read->is_tenant_admin, 1);
    assert_int_equal(read->version, 2);
    assert_int_equal(account->version, 2);
    is_error(crm_account_update(&accounts, f->pool, account, &change), CRM_E_PRECONDITION, NULL,
             NULL);
    crm_account_t nobody = {.id = 12345};
    change.if_version = -1;
    is_error(crm_account_update(&accounts, f->pool, &nobody, &change), CRM_E_NOT_FOUND, NULL, NULL);
}

static void test_change_to_a_taken_login(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Change Taken");
    crm_account_t *account = account_of(&accounts, f->pool, "dora");
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    change.username = "Admin";
    change.email = "ADMIN@example.com";
    crm_error_t *error = crm_account_update(&accounts, f->pool, account, &change);
    is_error(error, CRM_E_INVALID, "username",
             "A user with that username already exists in this tenant.");
    is_error(error, CRM_E_INVALID, "email",
             "A user with that email already exists in this tenant.");
    assert_string_equal(account->username, "dora");
    /* his own in other letters is his to take */
    change.username = "DORA";
    change.email = NULL;
    no_error(crm_account_update(&accounts, f->pool, account, &change));
}

static void test_the_last_admin_stays(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Last Admin");
    apr_int64_t id =
        number_of(accounts.db, f->pool, "SELECT id FROM account WHERE username = ?", "admin");
    crm_account_t *admin = reread(&accounts, f->pool, id);
    crm_account_change_t demote = CRM_ACCOUNT_KEEP, disable = CRM_ACCOUNT_KEEP,
                         promote = CRM_ACCOUNT_KEEP;
    demote.is_tenant_admin = disable.is_active = 0;
    promote.is_tenant_admin = 1;
    const char *message = "The last admin of a tenant cannot be disabled or demoted.";
    is_error(crm_account_update(&accounts, f->pool, admin, &demote), CRM_E_INVALID, CRM_NON_FIELD,
             message);
    is_error(crm_account_update(&accounts, f->pool, admin, &disable), CRM_E_INVALID, CRM_NON_FIELD,
             message);
    crm_account_t *other = account_of(&accounts, f->pool, "other");
    no_error(crm_account_update(&accounts, f->pool, other, &promote));
    no_error(crm_account_update(&accounts, f->pool, admin, &disable));
    is_error(crm_account_update(&accounts, f->pool, other, &demote), CRM_E_INVALID, CRM_NON_FIELD,
             message);
    /* who is disabled is no admin that counts: he may be demoted */
    no_error(crm_account_update(&accounts, f->pool, admin, &demote));
}

typedef struct demotion_t {
    crm_accounts_t accounts;
    apr_pool_t *pool;
    crm_account_t account;
    crm_error_t *error;
} demotion_t;

static void *APR_THREAD_FUNC demote_it(apr_thread_t *thread, void *data)
{
    (void)thread;
    demotion_t *demotion = data;
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    change.is_tenant_admin = 0;
    demotion->error =
        crm_account_update(&demotion->accounts, demotion->pool, &demotion->account, &change);
    return NULL;
}

static void test_admins_who_are_demoted_at_once(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Demoted At Once");
    crm_account_change_t promote = CRM_ACCOUNT_KEEP;
    promote.is_tenant_admin = 1;
    demotion_t demotions[6];
    apr_thread_t *threads[COUNT(demotions)];
    for (size_t i = 0; i < COUNT(demotions); i++) {
        demotions[i] = (demotion_t){.accounts = accounts};
        apr_pool_create(&demotions[i].pool, NULL);
        const char *name = apr_psprintf(f->pool, "admin%d", (int)i);
        crm_account_t *account = i ? account_of(&accounts, f->pool, name) : NULL;
        if (account) {
            no_error(crm_account_update(&accounts, f->pool, account, &promote));
        } else {
            account = reread(&accounts, f->pool, 1);
        }
        demotions[i].account = *account;
    }
    for (size_t i = 0; i < COUNT(demotions); i++) {
        apr_thread_create(&threads[i], NULL, demote_it, &demotions[i], f->pool);
    }
    int refused = 0;
    for (size_t i = 0; i < COUNT(demotions); i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
        if (demotions[i].error) {
            is_error(demotions[i].error, CRM_E_INVALID, CRM_NON_FIELD,
                     "The last admin of a tenant cannot be disabled or demoted.");
            refused++;
        }
        apr_pool_destroy(demotions[i].pool);
    }
    assert_int_equal(refused, 1);
    assert_int_equal(number_of(accounts.db, f->pool,
                               "SELECT COUNT(*) FROM account WHERE is_tenant_admin = 1 "
                               "AND username <> ?",
                               ""),
                     1);
}

static const char *token_of(const crm_accounts_t *accounts, apr_pool_t *pool,
                            const crm_account_t *account)
{
    const char *token;
    no_error(crm_token_issue(accounts, pool, account, &life, &token));
    return token;
}

static int is_valid(fixture_t *f, const char *token, crm_actor_t **ret_actor)
{
    crm_actor_t *actor = NULL;
    crm_error_t *error = crm_token_authenticate(f->site, f->pool, token, &life, &actor);
    if (error) {
        is_error(error, CRM_E_UNAUTHENTICATED, NULL, "Invalid token.");
        return 0;
    }
    *ret_actor = actor;
    return 1;
}

static void test_disabling_ends_tokens(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Disabling");
    crm_account_t *account = account_of(&accounts, f->pool, "eva");
    crm_actor_t *actor = NULL;
    const char *token = token_of(&accounts, f->pool, account);
    assert_true(is_valid(f, token, &actor));
    crm_account_change_t change = CRM_ACCOUNT_KEEP;
    change.is_active = 0;
    no_error(crm_account_update(&accounts, f->pool, account, &change));
    assert_false(is_valid(f, token, &actor));
    change.is_active = 1;
    no_error(crm_account_update(&accounts, f->pool, account, &change));
    assert_false(is_valid(f, token, &actor));
}

static void test_password_change(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Password");
    crm_account_t *account = account_of(&accounts, f->pool, "fay");
    const char *kept = token_of(&accounts, f->pool, account);
    const char *ended = token_of(&accounts, f->pool, account);
    crm_actor_t *actor = NULL;
    assert_true(is_valid(f, kept, &actor));
    crm_password_change_t change = {.old_password = "wrong",
                                    .new_password = "another one",
                                    .keep = actor->token_hash,
                                    .limit = &limit};
    is_error(crm_account_change_password(&accounts, f->pool, account, &change), CRM_E_INVALID,
             "old_password", "Wrong password.");
    assert_true(is_valid(f, ended, &actor));
    change.old_password = PASSWORD;
    no_error(crm_account_change_password(&accounts, f->pool, account, &change));
    assert_true(is_valid(f, kept, &actor));
    assert_false(is_valid(f, ended, &actor));
    is_error(crm_account_change_password(&accounts, f->pool, account, &change), CRM_E_INVALID,
             "old_password", "Wrong password.");
    int match, rehash;
    no_error(crm_password_verify(f->site->hasher, f->pool, "another one",
                                 reread(&accounts, f->pool, account->id)->password, &match,
                                 &rehash));
    assert_int_equal(match, 1);
}

static void test_wrong_old_passwords_are_locked(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Guessing");
    crm_account_t *account = account_of(&accounts, f->pool, "gus");
    crm_password_change_t change = {
        .old_password = "wrong", .new_password = "another one", .limit = &limit};
    for (int i = 0; i < limit.account; i++) {
        is_error(crm_account_change_password(&accounts, f->pool, account, &change), CRM_E_INVALID,
                 "old_password", "Wrong password.");
    }
    change.old_password = PASSWORD;
    is_error(crm_account_change_password(&accounts, f->pool, account, &change), CRM_E_THROTTLED,
             NULL, NULL);
}

static void test_set_password_ends_all_tokens(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Set Password");
    crm_account_t *account = account_of(&accounts, f->pool, "hal");
    const char *token = token_of(&accounts, f->pool, account);
    no_error(crm_account_set_password(&accounts, f->pool, account, "a third one", NULL));
    crm_actor_t *actor = NULL;
    assert_false(is_valid(f, token, &actor));
    crm_account_t nobody = {.id = 12345};
    is_error(crm_account_set_password(&accounts, f->pool, &nobody, "x", NULL), CRM_E_NOT_FOUND,
             NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_created_is_read),
        cmocka_unit_test(test_taken_logins),
        cmocka_unit_test(test_superusers),
        cmocka_unit_test(test_text_that_grows_when_folded),
        cmocka_unit_test(test_change),
        cmocka_unit_test(test_change_to_a_taken_login),
        cmocka_unit_test(test_the_last_admin_stays),
        cmocka_unit_test(test_admins_who_are_demoted_at_once),
        cmocka_unit_test(test_disabling_ends_tokens),
        cmocka_unit_test(test_password_change),
        cmocka_unit_test(test_wrong_old_passwords_are_locked),
        cmocka_unit_test(test_set_password_ends_all_tokens),
    };
    int failed =
        cmocka_run_group_tests_name("service/account, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/account, mysql", tests, fixture_mysql, fixture_end);
}
