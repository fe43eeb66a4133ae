/* t/unit/service/tenant_test.c - tenants: made all or nothing, found, changed. */
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "site_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

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

static void test_created_is_found(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *made = created(f, "  Müller & Söhne ");
    assert_string_equal(made->name, "Müller & Söhne");
    assert_string_equal(made->slug, "muller_sohne");
    const char *names[] = {"Müller & Söhne", "MULLER & SOHNE", "muller_sohne", "Muller_Sohne"};
    for (size_t i = 0; i < COUNT(names); i++) {
        crm_tenant_t *found;
        no_error(crm_tenant_find(f->site, f->pool, names[i], &found));
        assert_memory_equal(&found->id, &made->id, sizeof(made->id));
        assert_memory_equal(found->token_key, made->token_key, sizeof(made->token_key));
        assert_string_equal(found->database_name, made->database_name);
        assert_int_equal(found->is_active, 1);
        assert_int_equal(found->created_at, made->created_at);
    }
    const char *slug;
    for (int i = 0; i < 2; i++) {
        no_error(crm_tenant_place_by_token_key(f->site, f->pool, made->token_key, &slug));
        assert_string_equal(slug, "muller_sohne");
    }
}

static void test_unknown_is_not_found(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *tenant;
    is_error(crm_tenant_find(f->site, f->pool, "nobody", &tenant), CRM_E_NOT_FOUND, NULL,
             "Tenant \"nobody\" not found or not active");
    crm_uuid_t id;
    crm_uuid_make(&id);
    is_error(crm_tenant_by_id(f->site, f->pool, &id, &tenant), CRM_E_NOT_FOUND, NULL, NULL);
    const char *slug;
    is_error(
        crm_tenant_place_by_token_key(f->site, f->pool, (const unsigned char *)"12345678", &slug),
        CRM_E_NOT_FOUND, NULL, NULL);
}

static void test_one_slug_two_databases(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *first = created(f, "Two Names"), *second = created(f, "Two-Names");
    assert_string_equal(first->slug, "two_names");
    assert_string_equal(second->slug, "two_names_2");
    assert_string_not_equal(first->database_name, second->database_name);
    assert_true(database_exists(f, "two_names_2"));
}

static void test_long_names_of_one_slug(void **state)
{
    fixture_t *f = fixture_of(state);
    const char *base = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    crm_tenant_t *first = created(f, apr_pstrcat(f->pool, base, " one", NULL));
    crm_tenant_t *second = created(f, apr_pstrcat(f->pool, base, " two", NULL));
    assert_in_range(strlen(first->slug), 40, 48);
    assert_int_equal(strlen(first->database_name) > 64, 0);
    assert_int_equal(strlen(second->slug), strlen(first->slug));
    assert_string_equal(second->slug + strlen(second->slug) - 2, "_2");
}

static void test_taken_name(void **state)
{
    fixture_t *f = fixture_of(state);
    created(f, "Café");
    const char *names[] = {"Café", "CAFE", "cafe\xcc\x81"};
    for (size_t i = 0; i < COUNT(names); i++) {
        crm_tenant_t *tenant;
        is_error(create(f, names[i], NULL, &tenant), CRM_E_INVALID, "tenant_name",
                 "A tenant with that name already exists.");
    }
    assert_int_equal(rows_named(f, "cafe"), 1);
}

static void test_length_of_names(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *tenant;
    is_error(create(f, " \t", NULL, &tenant), CRM_E_INVALID, "tenant_name",
             "This field may not be blank.");
    char text[4 * 101 + 1] = "";
    for (int i = 0; i < 101; i++) {
        memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 5);
    }
    is_error(create(f, text, NULL, &tenant), CRM_E_INVALID, "tenant_name",
             "Ensure this field has no more than 100 characters.");
    text[4 * 100] = '\0';
    no_error(create(f, text, NULL, &tenant));
    crm_tenant_t *found;
    no_error(crm_tenant_find(f->site, f->pool, text, &found));
    assert_string_equal(found->name, text);
}

static crm_error_t *refuse(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                           const crm_db_t *db, void *baton)
{
    (void)baton;
    crm_accounts_t accounts = {.site = site, .tenant = tenant, .db = db};
    account_of(&accounts, pool, "left_behind");
    return crm_error_field(pool, "username", "No.");
}

static void test_failed_fill_leaves_nothing(void **state)
{
    fixture_t *f = fixture_of(state);
    apr_int64_t logins =
        number_of(&f->site->main, f->pool, "SELECT COUNT(*) FROM login WHERE '' = ?", "");
    crm_tenant_t *tenant;
    is_error(create(f, "Refused", refuse, &tenant), CRM_E_INVALID, "username", "No.");
    assert_int_equal(rows_named(f, "refused"), 0);
    assert_false(database_exists(f, "refused"));
    assert_int_equal(
        number_of(&f->site->main, f->pool, "SELECT COUNT(*) FROM login WHERE '' = ?", ""), logins);
    assert_string_equal(created(f, "Refused")->slug, "refused");
}

static void test_database_of_others_is_left_alone(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_db_t db = *crm_site_tenant_db(f->site, f->pool, "foreign");
    db.needs = 0;
    no_error(crm_db_create_database(&db, f->pool));
    assert_string_equal(created(f, "Foreign")->slug, "foreign_2");
    assert_true(database_exists(f, "foreign"));
    no_error(crm_db_drop_database(&db, f->pool));
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

static void test_change_reaches_both_databases(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *tenant = created(f, "Before");
    const crm_tenant_change_t change = {.name = " After ", .is_active = 0, .if_version = 1};
    no_error(crm_tenant_update(f->site, f->pool, tenant, &change));
    assert_string_equal(tenant->name, "After");
    assert_string_equal(tenant->slug, "before");
    assert_int_equal(tenant->is_active, 0);
    assert_int_equal(tenant->version, 2);
    crm_tenant_t copy = copy_of(f, tenant), *found;
    assert_string_equal(copy.name, "After");
    assert_int_equal(copy.is_active, 0);
    assert_int_equal(copy.version, 2);
    assert_int_equal(copy.updated_at, tenant->updated_at);
    no_error(crm_tenant_find(f->site, f->pool, "after", &found));
    assert_int_equal(found->is_active, 0);
    const crm_tenant_change_t back = {.is_active = 1, .if_version = -1};
    no_error(crm_tenant_update(f->site, f->pool, tenant, &back));
    assert_string_equal(tenant->name, "After");
    assert_int_equal(copy_of(f, tenant).is_active, 1);
}

static void test_change_of_another_version_is_refused(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *tenant = created(f, "Versioned");
    const crm_tenant_change_t change = {.is_active = 0, .if_version = 7};
    is_error(crm_tenant_update(f->site, f->pool, tenant, &change), CRM_E_PRECONDITION, NULL, NULL);
    assert_int_equal(copy_of(f, tenant).is_active, 1);
}

static void test_rename_to_a_taken_name(void **state)
{
    fixture_t *f = fixture_of(state);
    created(f, "Old Hand");
    crm_tenant_t *tenant = created(f, "New Hand");
    const crm_tenant_change_t change = {.name = "OLD hand", .is_active = -1, .if_version = -1};
    is_error(crm_tenant_update(f->site, f->pool, tenant, &change), CRM_E_INVALID, "name",
             "A tenant with that name already exists.");
    assert_string_equal(tenant->name, "New Hand");
}

static void test_a_slug_is_not_taken_by_a_name(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *second = created(f, "Gamma Inc"), *first = created(f, "Beta Inc"), *found;
    const crm_tenant_change_t change = {.name = "beta_inc", .is_active = -1, .if_version = -1};
    no_error(crm_tenant_update(f->site, f->pool, second, &change));
    no_error(crm_tenant_find(f->site, f->pool, "beta_inc", &found));
    assert_memory_equal(&found->id, &first->id, sizeof(first->id));
    /* nor a name by a slug: "Delta" is the name of another */
    const crm_tenant_change_t delta = {.name = "Delta", .is_active = -1, .if_version = -1};
    no_error(crm_tenant_update(f->site, f->pool, second, &delta));
    assert_string_equal(created(f, "Delta!")->slug, "delta_2");
}

typedef struct rival_t {
    const crm_site_t *site;
    apr_pool_t *pool;
    crm_error_t *error;
} rival_t;

static void *APR_THREAD_FUNC compete(apr_thread_t *thread, void *data)
{
    (void)thread;
    rival_t *rival = data;
    crm_tenant_t *tenant;
    rival->error =
        crm_tenant_create(rival->site, rival->pool, "Rival", "tenant_name", NULL, NULL, &tenant);
    return NULL;
}

static void test_one_of_two_at_once_wins(void **state)
{
    fixture_t *f = fixture_of(state);
    rival_t rivals[4];
    apr_thread_t *threads[COUNT(rivals)];
    int won = 0;
    for (size_t i = 0; i < COUNT(rivals); i++) {
        rivals[i] = (rival_t){.site = f->site};
        assert_int_equal(apr_pool_create(&rivals[i].pool, NULL), APR_SUCCESS);
        assert_int_equal(apr_thread_create(&threads[i], NULL, compete, &rivals[i], f->pool),
                         APR_SUCCESS);
    }
    for (size_t i = 0; i < COUNT(rivals); i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
        if (!rivals[i].error) {
            won++;
        } else {
            is_error(rivals[i].error, CRM_E_INVALID, "tenant_name",
                     "A tenant with that name already exists.");
        }
        apr_pool_destroy(rivals[i].pool);
    }
    assert_int_equal(won, 1);
    crm_tenant_t *found;
    no_error(crm_tenant_find(f->site, f->pool, "rival", &found));
    assert_string_equal(found->slug, "rival");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_created_is_found),
        cmocka_unit_test(test_unknown_is_not_found),
        cmocka_unit_test(test_one_slug_two_databases),
        cmocka_unit_test(test_long_names_of_one_slug),
        cmocka_unit_test(test_taken_name),
        cmocka_unit_test(test_length_of_names),
        cmocka_unit_test(test_failed_fill_leaves_nothing),
        cmocka_unit_test(test_database_of_others_is_left_alone),
        cmocka_unit_test(test_change_reaches_both_databases),
        cmocka_unit_test(test_change_of_another_version_is_refused),
        cmocka_unit_test(test_rename_to_a_taken_name),
        cmocka_unit_test(test_a_slug_is_not_taken_by_a_name),
        cmocka_unit_test(test_one_of_two_at_once_wins),
    };
    int failed =
        cmocka_run_group_tests_name("service/tenant, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/tenant, mysql", tests, fixture_mysql, fixture_end);
}
