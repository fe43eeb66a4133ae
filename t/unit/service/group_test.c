/* t/unit/service/group_test.c - groups: created, changed, deleted, one of them the default one. */
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "service/group.h"
#include "site_fixture.h"

#define WRITERS 4
#define TURNS 8

static const crm_group_change_t keep = {.is_default = -1, .if_version = -1};

static crm_accounts_t accounts_in(fixture_t *f, const char *tenant)
{
    return crm_accounts_of(f->site, f->pool, tenant_with_admin(f, tenant));
}

static crm_id_set_t ids(fixture_t *f, const char *json)
{
    return crm_id_set_parse(f->pool, json);
}

static const char *text_of(fixture_t *f, const crm_id_set_t *set)
{
    const char *text = "";
    for (int i = 0; i < set->count; i++) {
        text = apr_psprintf(f->pool, "%s %" APR_INT64_T_FMT, text, set->ids[i]);
    }
    return text;
}

static crm_group_t *created(fixture_t *f, const crm_accounts_t *accounts, const char *name,
                            const char *permissions)
{
    crm_id_set_t set = ids(f, permissions);
    crm_group_change_t input = keep;
    crm_group_t *group;
    input.name = name;
    input.permissions = &set;
    no_error(crm_group_create(accounts, f->pool, &input, &group));
    return group;
}

static apr_int64_t defaults(fixture_t *f, const crm_accounts_t *accounts)
{
    return number_of(accounts->db, f->pool,
                     "SELECT COUNT(*) FROM user_group WHERE is_default = 1 AND name <> ?", "");
}

/* The default group. */
static crm_group_t *the_default(fixture_t *f, const crm_accounts_t *accounts)
{
    crm_group_t *group;
    apr_int64_t id = number_of(accounts->db, f->pool,
                               "SELECT id FROM user_group WHERE is_default = 1 AND name <> ?", "");
    no_error(crm_group_get(accounts, f->pool, id, &group));
    return group;
}

static void test_sets_of_ids(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_id_set_t set = ids(f, "[7, -2, 7, 9007199254740993, 1, 7]");
    assert_string_equal(text_of(f, &set), " -2 1 7 9007199254740993");
    assert_true(crm_id_set_has(&set, 7));
    assert_false(crm_id_set_has(&set, 8));
    set = ids(f, "[]");
    assert_int_equal(set.count, 0);
    assert_false(crm_id_set_has(&set, 0));
}

static void test_made_changed_deleted(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Groups");
    crm_group_t *group = created(f, &accounts, "Außendienst", "[3, 1, 3]"), *now;
    crm_group_change_t change = keep;
    crm_id_set_t set = ids(f, "[2]");
    assert_string_equal(group->name, "Außendienst");
    assert_string_equal(text_of(f, &group->permissions), " 1 3");
    assert_int_equal(group->version, 1);
    assert_false(group->is_default);

    change.permissions = &set;
    no_error(crm_group_update(&accounts, f->pool, group->id, &change, &now));
    assert_string_equal(text_of(f, &now->permissions), " 2");
    assert_string_equal(now->name, "Außendienst");
    change = keep;
    change.name = "AUSSENDIENST";
    no_error(crm_group_update(&accounts, f->pool, group->id, &change, &now));
    assert_string_equal(now->name, "AUSSENDIENST");
    assert_string_equal(text_of(f, &now->permissions), " 2");
    assert_int_equal(now->version, 3);

    change.if_version = 2;
    is_error(crm_group_update(&accounts, f->pool, group->id, &change, &now), CRM_E_PRECONDITION,
             NULL, NULL);
    is_error(crm_group_delete(&accounts, f->pool, group->id, 2), CRM_E_PRECONDITION, NULL, NULL);
    no_error(crm_group_delete(&accounts, f->pool, group->id, 3));
    is_error(crm_group_get(&accounts, f->pool, group->id, &now), CRM_E_NOT_FOUND, NULL, NULL);
    is_error(crm_group_update(&accounts, f->pool, group->id, &keep, &now), CRM_E_NOT_FOUND, NULL,
             NULL);
    is_error(crm_group_delete(&accounts, f->pool, group->id, -1), CRM_E_NOT_FOUND, NULL, NULL);
    assert_int_equal(number_of(accounts.db, f->pool,
                               "SELECT COUNT(*) FROM group_permission WHERE group_id NOT IN "
                               "(SELECT id FROM user_group WHERE name <> ?)",
                               ""),
                     0);
}

static void test_what_is_refused(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Refused");
    crm_group_t *group = created(f, &accounts, "Ümläut", "[1]");
    crm_group_change_t input = keep;
    crm_id_set_t set = ids(f, "[1, 999, 77777]");
    input.name = "UMLAUT";
    input.permissions = &set;
    crm_error_t *error = crm_group_create(&accounts, f->pool, &input, &group);
    is_error(error, CRM_E_INVALID, "name", "group with this name already exists.");
    is_error(error, CRM_E_INVALID, "permissions", "Invalid pk \"999\" - object does not exist.");
    input = keep;
    input.name = "users";
    is_error(crm_group_update(&accounts, f->pool, group->id, &input, &group), CRM_E_INVALID, "name",
             "group with this name already exists.");
    char *longest = apr_pcalloc(f->pool, 152);
    memset(longest, 'x', 151);
    input.name = longest;
    is_error(crm_group_create(&accounts, f->pool, &input, &group), CRM_E_INVALID, "name",
             "Ensure this field has no more than 150 characters.");
    /* NFKD makes eighteen characters of this one */
    longest = apr_pstrdup(f->pool, "");
    for (int i = 0; i < 100; i++) {
        longest = apr_pstrcat(f->pool, longest, "\xef\xb7\xba", NULL);
    }
    input.name = longest;
    is_error(crm_group_create(&accounts, f->pool, &input, &group), CRM_E_INVALID, "name",
             "Ensure this field has no more than 150 characters.");
    crm_group_t *now;
    no_error(crm_group_get(&accounts, f->pool, group->id, &now));
    assert_string_equal(now->name, "Ümläut");
    assert_int_equal(now->version, 1);
}

static void test_the_default_group(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Default");
    crm_group_t *users = the_default(f, &accounts), *now;
    crm_group_t *other = created(f, &accounts, "Other", "[1]");
    crm_group_change_t change = keep;
    assert_string_equal(users->name, "Users");
    is_error(crm_group_delete(&accounts, f->pool, users->id, -1), CRM_E_INVALID, CRM_NON_FIELD,
             "The default group cannot be deleted: make another group the default one first.");
    change.is_default = 0;
    is_error(crm_group_update(&accounts, f->pool, users->id, &change, &now), CRM_E_INVALID,
             "is_default", "Make another group the default one instead.");
    no_error(crm_group_update(&accounts, f->pool, other->id, &change, &now));
    change.is_default = 1;
    no_error(crm_group_update(&accounts, f->pool, users->id, &change, &now));
    assert_true(now->is_default);
    no_error(crm_group_update(&accounts, f->pool, other->id, &change, &now));
    assert_true(now->is_default);
    assert_int_equal(defaults(f, &accounts), 1);
    no_error(crm_group_get(&accounts, f->pool, users->id, &now));
    assert_false(now->is_default);
    assert_int_equal(now->version, users->version + 2);

    crm_account_t *account = account_of(&accounts, f->pool, "ina");
    static const char membership[] = "SELECT g.id FROM account_group ag JOIN user_group g ON "
                                     "g.id = ag.group_id JOIN account a ON a.id = ag.account_id "
                                     "WHERE a.username = ?";
    assert_int_equal(number_of(accounts.db, f->pool, membership, account->username), other->id);
    no_error(crm_group_delete(&accounts, f->pool, users->id, -1));
    change.name = "Third";
    no_error(crm_group_create(&accounts, f->pool, &change, &now));
    assert_true(now->is_default);
    assert_int_equal(the_default(f, &accounts)->id, now->id);
    assert_int_equal(defaults(f, &accounts), 1);
    no_error(crm_group_delete(&accounts, f->pool, other->id, -1));
    assert_int_equal(number_of(accounts.db, f->pool,
                               "SELECT COUNT(*) FROM account_group WHERE group_id <> 0 AND ? = ''",
                               ""),
                     0);
}

static void test_permissions_of_several(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Several");
    crm_group_t *groups[] = {created(f, &accounts, "One", "[4]"),
                             created(f, &accounts, "None", "[]"),
                             created(f, &accounts, "Two", "[3, 1]")};
    const apr_int64_t asked[] = {groups[2]->id, groups[1]->id, groups[0]->id};
    crm_id_set_t sets[3];
    no_error(crm_group_permissions(accounts.db, f->pool, asked, 3, sets));
    assert_string_equal(text_of(f, &sets[0]), " 1 3");
    assert_int_equal(sets[1].count, 0);
    assert_string_equal(text_of(f, &sets[2]), " 4");
    no_error(crm_group_permissions(accounts.db, f->pool, asked, 0, sets));
}

/* One who changes a group over and over. */
typedef struct writer_t {
    const crm_accounts_t *accounts;
    apr_pool_t *pool;
    apr_int64_t group;
    crm_id_set_t set;
    int moves; /* makes it the default one too */
    crm_error_t *error;
} writer_t;

static void *APR_THREAD_FUNC write_it(apr_thread_t *thread, void *data)
{
    writer_t *self = data;
    crm_group_change_t change = keep;
    crm_group_t *group;
    change.permissions = &self->set;
    change.is_default = self->moves ? 1 : -1;
    for (int i = 0; i < TURNS && !self->error; i++) {
        self->error = crm_group_update(self->accounts, self->pool, self->group, &change, &group);
        if (!self->error && (group->permissions.count != self->set.count ||
                             group->permissions.ids[0] != self->set.ids[0])) {
            self->error = crm_error_make(self->pool, CRM_E_INTERNAL, "a mixture was answered");
        }
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void write_at_once(fixture_t *f, writer_t *writers, int count)
{
    apr_thread_t *threads[WRITERS];
    for (int i = 0; i < count; i++) {
        apr_pool_create(&writers[i].pool, NULL);
        apr_thread_create(&threads[i], NULL, write_it, &writers[i], f->pool);
    }
    for (int i = 0; i < count; i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
        no_error(writers[i].error);
        apr_pool_destroy(writers[i].pool);
    }
}

static void test_never_a_mixture(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Mixture");
    crm_group_t *group = created(f, &accounts, "Contested", "[1, 2]");
    writer_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer_t){
            .accounts = &accounts, .group = group->id, .set = ids(f, i % 2 ? "[1, 2]" : "[3, 4]")};
    }
    write_at_once(f, writers, WRITERS);
    no_error(crm_group_get(&accounts, f->pool, group->id, &group));
    const char *last = text_of(f, &group->permissions);
    assert_true(strcmp(last, " 1 2") == 0 || strcmp(last, " 3 4") == 0);
    assert_int_equal(group->version, 1 + WRITERS * TURNS);
}

static void test_always_one_default(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "One default");
    writer_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        crm_group_t *group = created(f, &accounts, apr_psprintf(f->pool, "Group %d", i), "[1]");
        writers[i] =
            (writer_t){.accounts = &accounts, .group = group->id, .set = ids(f, "[2]"), .moves = 1};
    }
    write_at_once(f, writers, WRITERS);
    assert_int_equal(defaults(f, &accounts), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_of_ids),
        cmocka_unit_test(test_made_changed_deleted),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_the_default_group),
        cmocka_unit_test(test_permissions_of_several),
        cmocka_unit_test(test_never_a_mixture),
        cmocka_unit_test(test_always_one_default),
    };
    int failed =
        cmocka_run_group_tests_name("service/group, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/group, mysql", tests, fixture_mysql, fixture_end);
}
