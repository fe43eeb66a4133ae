/* t/unit/service/grant_test.c - what an account is granted: set, read, explained. */
#include <apr_strings.h>

#include "service/grant.h"
#include "site_fixture.h"

#define VIEW "branch.view_branch"

static crm_accounts_t accounts_in(fixture_t *f, const char *tenant)
{
    return crm_accounts_of(f->site, f->pool, tenant_with_admin(f, tenant));
}

static apr_int64_t group_id(fixture_t *f, const crm_accounts_t *accounts, const char *name)
{
    return number_of(accounts->db, f->pool, "SELECT id FROM user_group WHERE name = ?", name);
}

static apr_int64_t permission_id(fixture_t *f, const crm_accounts_t *accounts, const char *codename)
{
    return number_of(accounts->db, f->pool, "SELECT id FROM permission WHERE codename = ?",
                     codename);
}

static const char *names_of(fixture_t *f, const crm_grant_t *grant)
{
    return apr_array_pstrcat(f->pool, grant->names, ' ');
}

static void test_set_and_read(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Grants");
    crm_account_t *account = account_of(&accounts, f->pool, "uwe"), *admin;
    const crm_id_set_t none = {.count = 0};
    const crm_id_set_t readers = {.ids = (apr_int64_t[]){group_id(f, &accounts, "Read only")},
                                  .count = 1};
    const crm_id_set_t direct = {.ids = (apr_int64_t[]){permission_id(f, &accounts, "view_branch"),
                                                        permission_id(f, &accounts, "add_branch")},
                                 .count = 2};
    crm_grant_change_t change = {.groups = &none, .permissions = &direct};
    crm_grant_t grant;
    no_error(crm_grant_get(&accounts, f->pool, account, &grant));
    assert_int_equal(grant.groups.count, 1);
    assert_int_equal(grant.groups.ids[0], group_id(f, &accounts, "Users"));
    assert_int_equal(grant.permissions.count, 0);

    no_error(crm_grant_set(&accounts, f->pool, account, &change, &grant));
    assert_int_equal(grant.groups.count, 0);
    assert_int_equal(grant.permissions.count, 2);
    assert_string_equal(names_of(f, &grant), "branch.add_branch branch.view_branch");
    change = (crm_grant_change_t){.groups = &readers};
    no_error(crm_grant_set(&accounts, f->pool, account, &change, &grant));
    assert_int_equal(grant.groups.ids[0], readers.ids[0]);
    assert_int_equal(grant.permissions.count, 2);
    /* view is held twice, and named once */
    assert_non_null(strstr(names_of(f, &grant), VIEW));
    assert_null(strstr(strstr(names_of(f, &grant), VIEW) + 1, VIEW));

    no_error(crm_account_get(&accounts, f->pool, 1, &admin));
    no_error(crm_grant_get(&accounts, f->pool, admin, &grant));
    assert_int_equal(grant.groups.count, 0);
    assert_int_equal(
        grant.names->nelts,
        number_of(accounts.db, f->pool, "SELECT COUNT(*) FROM permission WHERE name <> ?", ""));
}

static void test_all_or_nothing(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Nothing");
    crm_account_t *account = account_of(&accounts, f->pool, "uwe");
    const crm_id_set_t groups = {.ids = (apr_int64_t[]){1, 7007}, .count = 2};
    const crm_id_set_t permissions = {.ids = (apr_int64_t[]){1, 8008}, .count = 2};
    const crm_id_set_t good = {.ids = (apr_int64_t[]){1}, .count = 1};
    crm_grant_change_t change = {.groups = &groups, .permissions = &permissions};
    crm_grant_t before, after;
    no_error(crm_grant_get(&accounts, f->pool, account, &before));
    crm_error_t *error = crm_grant_set(&accounts, f->pool, account, &change, &after);
    is_error(error, CRM_E_INVALID, "group_ids", "Invalid pk \"7007\" - object does not exist.");
    is_error(error, CRM_E_INVALID, "permission_ids",
             "Invalid pk \"8008\" - object does not exist.");
    change = (crm_grant_change_t){.groups = &good, .permissions = &permissions};
    is_error(crm_grant_set(&accounts, f->pool, account, &change, &after), CRM_E_INVALID,
             "permission_ids", "Invalid pk \"8008\" - object does not exist.");
    no_error(crm_grant_get(&accounts, f->pool, account, &after));
    assert_string_equal(names_of(f, &after), names_of(f, &before));
    assert_int_equal(after.permissions.count, 0);
}

static crm_explanation_t explained(fixture_t *f, const crm_accounts_t *accounts,
                                   const crm_account_t *account)
{
    crm_explanation_t explanation;
    no_error(crm_grant_explain(accounts, f->pool, account, VIEW, &explanation));
    return explanation;
}

static void test_explained(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Explained");
    crm_account_t *account = account_of(&accounts, f->pool, "uwe"), *admin;
    const crm_id_set_t none = {.count = 0};
    const crm_id_set_t direct = {.ids = (apr_int64_t[]){permission_id(f, &accounts, "view_branch")},
                                 .count = 1};
    crm_grant_t grant;
    crm_explanation_t why = explained(f, &accounts, account);
    assert_true(why.is_allowed && !why.is_admin && !why.is_direct && !why.is_disabled);
    assert_int_equal(why.groups->nelts, 2);
    const crm_granting_t *groups = (const crm_granting_t *)why.groups->elts;
    assert_string_equal(groups[0].name, "Read only");
    assert_false(groups[0].is_member);
    assert_string_equal(groups[1].name, "Users");
    assert_true(groups[1].is_member);

    crm_grant_change_t change = {.groups = &none};
    no_error(crm_grant_set(&accounts, f->pool, account, &change, &grant));
    why = explained(f, &accounts, account);
    assert_false(why.is_allowed);
    assert_int_equal(why.groups->nelts, 2);
    change.permissions = &direct;
    no_error(crm_grant_set(&accounts, f->pool, account, &change, &grant));
    why = explained(f, &accounts, account);
    assert_true(why.is_allowed && why.is_direct);

    crm_account_change_t disable = CRM_ACCOUNT_KEEP;
    disable.is_active = 0;
    no_error(crm_account_update(&accounts, f->pool, account, &disable));
    why = explained(f, &accounts, account);
    assert_true(!why.is_allowed && why.is_direct && why.is_disabled);
    no_error(crm_account_get(&accounts, f->pool, 1, &admin));
    why = explained(f, &accounts, admin);
    assert_true(why.is_allowed && why.is_admin && !why.is_direct);

    static const char *const wrong[] = {"branch",        "",           ".", "branch.",
                                        "leads.no_such", "view_branch"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        is_error(crm_grant_explain(&accounts, f->pool, admin, wrong[i], &why), CRM_E_INVALID,
                 "permission", apr_psprintf(f->pool, "\"%s\" is not a valid choice.", wrong[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_read),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_explained),
    };
    int failed =
        cmocka_run_group_tests_name("service/grant, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/grant, mysql", tests, fixture_mysql, fixture_end);
}
