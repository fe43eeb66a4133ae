/* t/unit/service/tenant_recover_test.c - tenants that a crash left half made or half changed. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "entities/registry.h"
#include "site_fixture.h"

static crm_error_t *create(fixture_t *f, const char *name, crm_tenant_fill_fn *fill,
                           crm_tenant_t **ret_tenant)
{
    return crm_tenant_create(f->site, f->pool, name, "tenant_name", fill, NULL, ret_tenant);
}

static crm_tenant_t *created(fixture_t *f, const char *name)
{
    crm_tenant_t *tenant;
    no_error(create(f, name, NULL, &tenant));
    return tenant;
}

static apr_int64_t rows_named(fixture_t *f, const char *key)
{
    return number_of(&f->site->main, f->pool, "SELECT COUNT(*) FROM tenant WHERE name_key = ?",
                     key);
}

static int database_exists(fixture_t *f, const char *slug)
{
    int exists;
    no_error(crm_db_exists(crm_site_tenant_db(f->site, f->pool, slug), f->pool, &exists));
    return exists;
}

/* What a process leaves that dies while it makes a tenant. */
static void leave_half_made(fixture_t *f, const char *name, const char *slug)
{
    created(f, name);
    run(&f->site->main, f->pool, "UPDATE tenant SET state = 'creating' WHERE slug = ?",
        crm_text(slug));
}

static void test_half_made_is_invisible_and_removed(void **state)
{
    fixture_t *f = fixture_of(state);
    leave_half_made(f, "Half Made", "half_made");
    crm_tenant_t *tenant;
    is_error(crm_tenant_find(f->site, f->pool, "half_made", &tenant), CRM_E_NOT_FOUND, NULL, NULL);
    int removed;
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 1);
    assert_int_equal(rows_named(f, "half made"), 0);
    assert_false(database_exists(f, "half_made"));
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 0);
}

static void test_half_made_without_database_is_removed(void **state)
{
    fixture_t *f = fixture_of(state);
    leave_half_made(f, "Row Only", "row_only");
    no_error(crm_db_drop_database(crm_site_tenant_db(f->site, f->pool, "row_only"), f->pool));
    int removed;
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 1);
}

static void test_half_made_with_empty_database_is_removed(void **state)
{
    fixture_t *f = fixture_of(state);
    leave_half_made(f, "Empty", "empty");
    crm_db_t db = *crm_site_tenant_db(f->site, f->pool, "empty");
    no_error(crm_db_drop_database(&db, f->pool));
    db.needs = 0;
    no_error(crm_db_create_database(&db, f->pool));
    int removed;
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 1);
    assert_false(database_exists(f, "empty"));
}

static void test_half_made_name_can_be_taken(void **state)
{
    fixture_t *f = fixture_of(state);
    leave_half_made(f, "Once More", "once_more");
    assert_string_equal(created(f, "Once More")->slug, "once_more");
    assert_int_equal(rows_named(f, "once more"), 1);
}

static crm_error_t *recover(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    (void)db;
    fixture_t *f = baton;
    int removed;
    CRM_ERR(crm_tenant_recover(f->site, pool, &removed));
    assert_int_equal(removed, 0);
    return NULL;
}

static void test_what_is_being_made_is_left_alone(void **state)
{
    fixture_t *f = fixture_of(state);
    leave_half_made(f, "In Work", "in_work");
    no_error(crm_db_with_lock(&f->site->main, f->pool, "tenant-in_work", 0, recover, f));
    assert_int_equal(rows_named(f, "in work"), 1);
    assert_true(database_exists(f, "in_work"));
    int removed;
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 1);
}

static crm_error_t *die(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                        const crm_db_t *db, void *baton)
{
    (void)site;
    (void)pool;
    (void)tenant;
    (void)db;
    (void)baton;
    kill(getpid(), SIGKILL);
    return NULL;
}

static void test_a_killed_process_leaves_what_is_removed(void **state)
{
    fixture_t *f = fixture_of(state);
    pid_t child = fork();
    if (child == 0) {
        /* connections do not survive a fork */
        crm_tenant_t *tenant;
        if (!crm_site_open(f->pool, &f->settings, 0, &f->site)) {
            f->site->entities = crm_entities;
            create(f, "Killed", die, &tenant);
        }
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(rows_named(f, "killed"), 1);
    assert_true(database_exists(f, "killed"));
    crm_tenant_t *tenant;
    is_error(crm_tenant_find(f->site, f->pool, "killed", &tenant), CRM_E_NOT_FOUND, NULL, NULL);
    int removed;
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 1);
    assert_int_equal(rows_named(f, "killed"), 0);
    assert_false(database_exists(f, "killed"));
}

static void test_database_of_another_tenant_is_not_removed(void **state)
{
    fixture_t *f = fixture_of(state);
    leave_half_made(f, "Same Place", "same_place");
    crm_uuid_t other;
    crm_uuid_make(&other);
    run(crm_site_tenant_db(f->site, f->pool, "same_place"), f->pool, "UPDATE tenant SET id = ?",
        crm_uuid(&other));
    int removed;
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 1);
    assert_true(database_exists(f, "same_place"));
    no_error(crm_db_drop_database(crm_site_tenant_db(f->site, f->pool, "same_place"), f->pool));
}

/* What the copy in the tenant's own database says. */
static crm_tenant_t copy_of(fixture_t *f, const crm_tenant_t *tenant)
{
    const crm_rows_t *rows;
    no_error(crm_db_select(crm_tenant_db(f->site, f->pool, tenant), f->pool,
                           "SELECT name, is_active, version, updated_at FROM tenant", "sbit",
                           CRM_NO_ARGS, &rows));
    assert_int_equal(rows->count, 1);
    const crm_value_t *row = crm_row(rows, 0);
    return (crm_tenant_t){.name = row[0].as.text,
                          .is_active = (int)row[1].as.integer,
                          .version = row[2].as.integer,
                          .updated_at = row[3].as.time};
}

static void test_cut_off_change_is_carried_out(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *tenant = created(f, "Cut Off");
    run(&f->site->main, f->pool,
        "UPDATE tenant SET state = 'changing', is_active = 0, version = 2 WHERE slug = ?",
        crm_text("cut_off"));
    assert_int_equal(copy_of(f, tenant).is_active, 1);
    int removed;
    no_error(crm_tenant_recover(f->site, f->pool, &removed));
    assert_int_equal(removed, 0);
    assert_int_equal(copy_of(f, tenant).is_active, 0);
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM tenant WHERE state = 'ready' AND slug = ?",
                               "cut_off"),
                     1);
}

typedef struct seen_t {
    apr_pool_t *pool;
    int count;
    const char *last;
} seen_t;

static crm_error_t *see(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                        void *baton)
{
    seen_t *seen = baton;
    (void)site;
    assert_string_not_equal(tenant->slug, "unseen");
    seen->count++;
    seen->last = apr_pstrdup(seen->pool, tenant->slug);
    return strcmp(tenant->slug, "stop_here") == 0 ? crm_error_standard(pool, CRM_E_CONFLICT) : NULL;
}

static void test_each_sees_all_but_half_made(void **state)
{
    fixture_t *f = fixture_of(state);
    leave_half_made(f, "Unseen", "unseen");
    seen_t seen = {.pool = f->pool};
    no_error(crm_tenant_each(f->site, f->pool, see, &seen));
    assert_int_equal(seen.count,
                     number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM tenant WHERE state <> ?", "creating"));
    created(f, "Stop Here");
    created(f, "Never Seen");
    is_error(crm_tenant_each(f->site, f->pool, see, &seen), CRM_E_CONFLICT, NULL, NULL);
    assert_string_equal(seen.last, "stop_here");
    no_error(crm_tenant_recover(f->site, f->pool, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_made_is_invisible_and_removed),
        cmocka_unit_test(test_half_made_without_database_is_removed),
        cmocka_unit_test(test_half_made_with_empty_database_is_removed),
        cmocka_unit_test(test_half_made_name_can_be_taken),
        cmocka_unit_test(test_what_is_being_made_is_left_alone),
        cmocka_unit_test(test_a_killed_process_leaves_what_is_removed),
        cmocka_unit_test(test_database_of_another_tenant_is_not_removed),
        cmocka_unit_test(test_cut_off_change_is_carried_out),
        cmocka_unit_test(test_each_sees_all_but_half_made),
    };
    int failed = cmocka_run_group_tests_name("service/tenant_recover, sqlite3", tests,
                                             fixture_sqlite, fixture_end);
    return failed + cmocka_run_group_tests_name("service/tenant_recover, mysql", tests,
                                                fixture_mysql, fixture_end);
}
