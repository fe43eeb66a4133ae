/* t/unit/service/permission_test.c - permissions: made for every tenant, added later, held, kept by
 * the cache of tokens. */
#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "entities/registry.h"
#include "service/grant.h"
#include "service/permission.h"
#include "service/token_cache.h"
#include "site_fixture.h"

#define SYNCS 4

static const crm_token_life_t life = {.lifetime = apr_time_from_sec(3600),
                                      .idle = apr_time_from_sec(600)};

/* A kind of record that a later version brings. */
static const crm_entity_t invoice = {
    .name = "invoice", .label = "Invoice", .app_label = "billing", .model = "invoice"};

static const crm_entity_t *const later[] = {&crm_branch_entity, &invoice, NULL};

static crm_accounts_t accounts_in(fixture_t *f, const char *tenant)
{
    return crm_accounts_of(f->site, f->pool, tenant_with_admin(f, tenant));
}

static apr_int64_t count(const crm_accounts_t *accounts, fixture_t *f, const char *sql,
                         const char *text)
{
    return number_of(accounts->db, f->pool, sql, text);
}

static int entities_of(const crm_site_t *site)
{
    int entities = 0;
    while (site->entities[entities]) {
        entities++;
    }
    return entities;
}

/* How many permissions the group of that name grants. */
static apr_int64_t granted(const crm_accounts_t *accounts, fixture_t *f, const char *group)
{
    return count(accounts, f,
                 "SELECT COUNT(*) FROM group_permission gp JOIN user_group g ON g.id = gp.group_id "
                 "WHERE g.name = ?",
                 group);
}

/* Synchronises with the records of LATER. */
static void sync_later(const crm_accounts_t *accounts, fixture_t *f)
{
    const crm_entity_t *const *now = f->site->entities;
    f->site->entities = later;
    crm_error_t *error = crm_permission_sync(f->site, f->pool, accounts->db);
    f->site->entities = now;
    no_error(error);
}

static void test_a_new_tenant(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "New one");
    int entities = entities_of(f->site);
    assert_int_equal(count(&accounts, f, "SELECT COUNT(*) FROM permission WHERE name <> ?", ""),
                     4 * entities);
    assert_int_equal(count(&accounts, f,
                           "SELECT COUNT(*) FROM permission WHERE app_label = 'branch' AND "
                           "model = 'branch' AND codename = 'add_branch' AND name = ?",
                           "Can add branch"),
                     1);
    assert_int_equal(granted(&accounts, f, "Users"), 4 * entities);
    assert_int_equal(granted(&accounts, f, "Read only"), entities);
    account_of(&accounts, f->pool, "new");
    assert_int_equal(count(&accounts, f,
                           "SELECT COUNT(*) FROM account_group ag JOIN user_group g ON "
                           "g.id = ag.group_id WHERE g.name = ?",
                           "Users"),
                     1);
    assert_int_equal(count(&accounts, f,
                           "SELECT COUNT(*) FROM account_group ag JOIN account a ON "
                           "a.id = ag.account_id WHERE a.username = ?",
                           "new"),
                     1);
}

static void test_records_that_come_later(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Later");
    int entities = entities_of(f->site);
    static const char view[] = "SELECT id FROM permission WHERE codename = ?";
    apr_int64_t id = count(&accounts, f, view, "view_branch");
    run(accounts.db, f->pool,
        "DELETE FROM group_permission WHERE permission_id = ? AND "
        "group_id IN (SELECT id FROM user_group WHERE preset = 'users')",
        crm_int(id));
    run(accounts.db, f->pool, "UPDATE user_group SET name = ? WHERE preset = 'read_only'",
        crm_text("Guests"));
    sync_later(&accounts, f);
    sync_later(&accounts, f);
    assert_int_equal(count(&accounts, f, view, "view_branch"), id);
    assert_int_equal(count(&accounts, f, "SELECT COUNT(*) FROM permission WHERE name <> ?", ""),
                     4 * entities + 4);
    /* what was taken from a group is not given back; it is the same one by any name */
    assert_int_equal(granted(&accounts, f, "Users"), 4 * entities - 1 + 4);
    assert_int_equal(granted(&accounts, f, "Guests"), entities + 1);
    assert_int_equal(count(&accounts, f,
                           "SELECT COUNT(*) FROM group_permission gp JOIN permission p ON "
                           "p.id = gp.permission_id WHERE p.codename = ?",
                           "view_invoice"),
                     2);
}

static void test_only_the_default_group_grows(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Another default");
    int entities = entities_of(f->site);
    run(accounts.db, f->pool,
        "UPDATE user_group SET is_default = CASE WHEN name = ? THEN 1 ELSE 0 END",
        crm_text("Read only"));
    sync_later(&accounts, f);
    assert_int_equal(granted(&accounts, f, "Users"), 4 * entities);
    assert_int_equal(granted(&accounts, f, "Read only"), entities + 1);
    run(accounts.db, f->pool, "DELETE FROM user_group WHERE name = ?", crm_text("Users"));
    no_error(crm_permission_sync(f->site, f->pool, accounts.db));
    assert_int_equal(count(&accounts, f, "SELECT COUNT(*) FROM user_group WHERE name <> ?", ""), 1);
}

typedef struct thread_t {
    const crm_accounts_t *accounts;
    apr_pool_t *pool;
    crm_error_t *error;
} thread_t;

static void *APR_THREAD_FUNC sync_it(apr_thread_t *thread, void *data)
{
    thread_t *self = data;
    self->error = crm_permission_sync(self->accounts->site, self->pool, self->accounts->db);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void test_several_at_once(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "At once");
    apr_thread_t *threads[SYNCS];
    thread_t data[SYNCS];
    run(accounts.db, f->pool, "DELETE FROM permission WHERE name <> ?", crm_text(""));
    assert_int_equal(granted(&accounts, f, "Users"), 0);
    for (int i = 0; i < SYNCS; i++) {
        data[i] = (thread_t){.accounts = &accounts};
        apr_pool_create(&data[i].pool, NULL);
        apr_thread_create(&threads[i], NULL, sync_it, &data[i], f->pool);
    }
    for (int i = 0; i < SYNCS; i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
        no_error(data[i].error);
        apr_pool_destroy(data[i].pool);
    }
    assert_int_equal(count(&accounts, f, "SELECT COUNT(*) FROM permission WHERE name <> ?", ""),
                     4 * entities_of(f->site));
    assert_int_equal(granted(&accounts, f, "Users"), 4 * entities_of(f->site));
}

/* The migrations for tenants before that of permissions, in a folder of their own. */
static crm_migrations_t *migrations_before(fixture_t *f)
{
    apr_pool_t *pool = f->pool;
    const char *driver = f->settings.tenant_database->driver;
    const char *root = apr_pstrcat(pool, f->folder, "/sql", NULL);
    const char *to = apr_pstrcat(pool, root, "/", driver, "/tenant", NULL);
    const char *from = apr_pstrcat(pool, f->settings.migrations, "/", driver, "/tenant", NULL);
    const char *last = NULL;
    apr_array_header_t *names = apr_array_make(pool, 8, sizeof(const char *));
    crm_migrations_t *migrations;
    apr_finfo_t info;
    apr_dir_t *dir;
    assert_int_equal(apr_dir_make_recursive(to, APR_FPROT_OS_DEFAULT, pool), APR_SUCCESS);
    assert_int_equal(apr_dir_open(&dir, from, pool), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *name = apr_pstrdup(pool, info.name);
        last = strstr(name, "_permissions.sql") ? name : last;
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    apr_dir_close(dir);
    assert_non_null(last);
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        if (*name != '.' && strcmp(name, last) < 0) {
            const char *source = apr_pstrcat(pool, from, "/", name, NULL);
            const char *target = apr_pstrcat(pool, to, "/", name, NULL);
            assert_int_equal(apr_file_copy(source, target, APR_FILE_SOURCE_PERMS, pool),
                             APR_SUCCESS);
        }
    }
    no_error(crm_migrations_read(pool, root, driver, CRM_SCHEMA_TENANT, &migrations));
    for (int i = 0; i < names->nelts; i++) {
        apr_file_remove(apr_pstrcat(pool, to, "/", APR_ARRAY_IDX(names, i, const char *), NULL),
                        pool);
    }
    apr_dir_remove(to, pool);
    apr_dir_remove(apr_pstrcat(pool, root, "/", driver, NULL), pool);
    apr_dir_remove(root, pool);
    return migrations;
}

static void add_account(const crm_db_t *db, apr_pool_t *pool, const char *name, int is_admin)
{
    crm_value_t text = crm_text(name), now = crm_time(apr_time_now());
    no_error(crm_db_execute(
        db, pool,
        "INSERT INTO account (username, username_key, email, email_key, first_name, "
        "first_name_key, last_name, last_name_key, password, is_tenant_admin, is_superuser, "
        "is_active, date_joined, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        CRM_ARGS(text, text, text, text, text, text, text, text, text, crm_bool(is_admin),
                 crm_bool(0), crm_bool(1), now, now),
        NULL));
}

static void test_a_tenant_from_before(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t tenant = {.slug = "before"};
    crm_accounts_t accounts = crm_accounts_of(f->site, f->pool, &tenant);
    crm_db_t db = *accounts.db;
    db.needs = 0;
    no_error(crm_db_create_database(&db, f->pool));
    no_error(crm_migrate(&db, f->pool, migrations_before(f), NULL));
    add_account(&db, f->pool, "boss", 1);
    add_account(&db, f->pool, "ben", 0);
    add_account(&db, f->pool, "eva", 0);
    no_error(crm_migrate(&db, f->pool, f->site->tenant_migrations, NULL));
    no_error(crm_permission_sync(f->site, f->pool, &db));
    static const char members[] =
        "SELECT COUNT(*) FROM account_group ag JOIN user_group g ON g.id = ag.group_id "
        "JOIN account a ON a.id = ag.account_id WHERE g.is_default = 1 AND a.username <> ?";
    assert_int_equal(number_of(&db, f->pool, members, "boss"), 2);
    assert_int_equal(number_of(&db, f->pool, members, ""), 2);
    assert_int_equal(granted(&accounts, f, "Users"), 4 * entities_of(f->site));
    /* taken away, and not given again */
    run(&db, f->pool, "DELETE FROM account_group WHERE group_id <> ?", crm_int(0));
    no_error(crm_migrate(&db, f->pool, f->site->tenant_migrations, NULL));
    no_error(crm_permission_sync(f->site, f->pool, &db));
    assert_int_equal(number_of(&db, f->pool, members, ""), 0);
    no_error(crm_db_drop_database(&db, f->pool));
}

/* The actions on branches that the account may do, as letters. */
static const char *may(fixture_t *f, const crm_accounts_t *accounts, const crm_account_t *account)
{
    crm_actor_t actor = {.account = *account, .tenant = (crm_tenant_t *)accounts->tenant};
    const char *letters = "";
    no_error(crm_permission_load(f->site, f->pool, &actor));
    assert_true(actor.grants.known);
    for (crm_action_e action = 0; action < CRM_ACTION_COUNT; action++) {
        if (crm_permission_held(f->site, &actor, &crm_branch_entity, action)) {
            letters = apr_pstrcat(f->pool, letters,
                                  apr_pstrmemdup(f->pool, crm_action_name(action), 1), NULL);
        }
        assert_false(crm_permission_held(f->site, &actor, &invoice, action));
    }
    return letters;
}

static crm_id_set_t one(fixture_t *f, const crm_accounts_t *accounts, const char *sql,
                        const char *name)
{
    apr_int64_t *id = apr_palloc(f->pool, sizeof(*id));
    *id = count(accounts, f, sql, name);
    return (crm_id_set_t){.ids = id, .count = 1};
}

static crm_id_set_t permission(fixture_t *f, const crm_accounts_t *accounts, const char *codename)
{
    return one(f, accounts, "SELECT id FROM permission WHERE codename = ?", codename);
}

static crm_id_set_t group(fixture_t *f, const crm_accounts_t *accounts, const char *name)
{
    return one(f, accounts, "SELECT id FROM user_group WHERE name = ?", name);
}

static void give(fixture_t *f, const crm_accounts_t *accounts, const crm_account_t *account,
                 const crm_id_set_t *groups, const crm_id_set_t *permissions)
{
    const crm_grant_change_t change = {.groups = groups, .permissions = permissions};
    crm_grant_t grant;
    no_error(crm_grant_set(accounts, f->pool, account, &change, &grant));
}

static void test_what_an_account_may(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "May");
    crm_account_t *account = account_of(&accounts, f->pool, "ulf");
    const crm_id_set_t none = {.count = 0};
    crm_id_set_t view = permission(f, &accounts, "view_branch");
    crm_id_set_t remove = permission(f, &accounts, "delete_branch");
    crm_id_set_t readers = group(f, &accounts, "Read only");
    assert_string_equal(may(f, &accounts, account), "vacd");
    give(f, &accounts, account, &none, NULL);
    assert_string_equal(may(f, &accounts, account), "");
    give(f, &accounts, account, NULL, &remove);
    assert_string_equal(may(f, &accounts, account), "d");
    give(f, &accounts, account, &readers, NULL);
    assert_string_equal(may(f, &accounts, account), "vd");
    give(f, &accounts, account, &readers, &view);
    assert_string_equal(may(f, &accounts, account), "v");
}

static crm_actor_t *actor_of(fixture_t *f, const char *token)
{
    crm_actor_t *actor;
    no_error(crm_token_authenticate(f->site, f->pool, token, &life, &actor));
    return actor;
}

static int may_view(fixture_t *f, const char *token)
{
    crm_actor_t *actor = actor_of(f, token);
    no_error(crm_permission_load(f->site, f->pool, actor));
    return crm_permission_held(f->site, actor, &crm_branch_entity, CRM_ACTION_VIEW);
}

static void test_the_cache_of_tokens_has_them(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_accounts_t accounts = accounts_in(f, "Cached");
    crm_account_t *account = account_of(&accounts, f->pool, "ulf");
    crm_changes_t *changes = apr_pcalloc(f->pool, sizeof(*changes));
    const crm_id_set_t none = {.count = 0};
    crm_id_set_t users = group(f, &accounts, "Users");
    const char *token;
    no_error(crm_token_issue(&accounts, f->pool, account, &life, &token));
    assert_false(actor_of(f, token)->grants.known);
    assert_int_equal(
        crm_token_cache_create(f->pool, changes, apr_time_from_sec(3600), &f->site->tokens),
        APR_SUCCESS);
    assert_true(may_view(f, token));
    assert_true(actor_of(f, token)->grants.known);
    /* what nobody announced is not seen: nothing is read */
    run(accounts.db, f->pool, "DELETE FROM account_group WHERE group_id <> ?", crm_int(0));
    assert_true(may_view(f, token));
    give(f, &accounts, account, &none, NULL);
    assert_false(may_view(f, token));
    give(f, &accounts, account, &users, NULL);
    assert_true(may_view(f, token));
    f->site->tokens = NULL;
}

static void test_names(void **state)
{
    static const char *const wrong[] = {"",
                                        "leads",
                                        "leads.",
                                        "leads.view",
                                        "leads.view_leed",
                                        "lead.view_lead",
                                        "leads.see_lead",
                                        ".view_lead",
                                        "leads.view_lead "};
    crm_action_e action;
    (void)state;
    const crm_entity_t *lead = crm_permission_parse(crm_entities, "leads.delete_lead", &action);
    assert_non_null(lead);
    assert_string_equal(lead->model, "lead");
    assert_string_equal(crm_action_name(action), "delete");
    lead = crm_permission_parse(crm_entities, "leads.add_leadcallsummary", &action);
    assert_string_equal(lead->model, "leadcallsummary");
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(crm_permission_parse(crm_entities, wrong[i], &action));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_tenant),
        cmocka_unit_test(test_records_that_come_later),
        cmocka_unit_test(test_only_the_default_group_grows),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_a_tenant_from_before),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_an_account_may),
        cmocka_unit_test(test_the_cache_of_tokens_has_them),
    };
    int failed = cmocka_run_group_tests_name("service/permission, sqlite3", tests, fixture_sqlite,
                                             fixture_end);
    return failed + cmocka_run_group_tests_name("service/permission, mysql", tests, fixture_mysql,
                                                fixture_end);
}
