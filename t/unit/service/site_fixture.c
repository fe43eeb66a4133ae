/* t/unit/service/site_fixture.c - a site of its own for a group of tests, on either database. */
#include <stdlib.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "entities/registry.h"
#include "site_fixture.h"

static apr_pool_t *process_pool(void)
{
    static int initialized;
    if (!initialized) {
        assert_int_equal(apr_initialize(), APR_SUCCESS);
        initialized = 1;
    }
    apr_pool_t *pool;
    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    return pool;
}

static const char *temporary_folder(apr_pool_t *pool)
{
    const char *below = getenv("TMPDIR");
    char *folder = apr_pstrcat(pool, below ? below : "/tmp", "/crm_test_XXXXXX", NULL);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static const char *migrations(apr_pool_t *pool)
{
    const char *source = getenv("CRM_SOURCE");
    return apr_pstrcat(pool, source ? source : ".", "/sql", NULL);
}

static fixture_t *open_site(apr_pool_t *pool, const char *folder, const char *main_url,
                            const char *tenant_url)
{
    assert_int_equal(crm_secret_init(), APR_SUCCESS);
    const char *key = apr_pstrcat(pool, folder, "/key", NULL);
    no_error(crm_secret_write_key(pool, key));
    fixture_t *fixture = apr_pcalloc(pool, sizeof(*fixture));
    fixture->settings = (crm_settings_t){
        .migrations = migrations(pool),
        .secret_key_file = key,
        .hash = {.memory = 8192, .passes = 1, .at_once = 8, .wait = apr_time_from_sec(10)},
        .pool = {.max = 24,
                 .per_database = 12,
                 .idle = apr_time_from_sec(60),
                 .wait = apr_time_from_sec(10)},
    };
    no_error(crm_db_url_parse(pool, main_url, 0, &fixture->settings.main_database));
    no_error(crm_db_url_parse(pool, tenant_url, 1, &fixture->settings.tenant_database));
    fixture->pool = pool;
    fixture->folder = folder;
    no_error(crm_site_open(pool, &fixture->settings, 0, &fixture->site));
    fixture->site->entities = crm_entities;
    crm_db_t unversioned = fixture->site->main;
    unversioned.needs = 0;
    no_error(crm_db_create_database(&unversioned, pool));
    no_error(crm_migrate(&unversioned, pool, fixture->site->main_migrations, NULL));
    return fixture;
}

int fixture_sqlite(void **state)
{
    apr_pool_t *pool = process_pool();
    const char *folder = temporary_folder(pool);
    *state = open_site(pool, folder, apr_pstrcat(pool, "sqlite://", folder, "/main.db", NULL),
                       apr_pstrcat(pool, "sqlite://", folder, "/crm_tenant_{slug}.db", NULL));
    return 0;
}

/* The URL of database NAME on the server of CRM_TEST_MYSQL. */
static const char *mysql_url(apr_pool_t *pool, const char *server, const char *name)
{
    const char *place = strstr(server, "{}");
    if (!place) {
        return apr_pstrcat(pool, server, name, NULL);
    }
    return apr_psprintf(pool, "%.*s%s%s", (int)(place - server), server, name, place + 2);
}

int fixture_mysql(void **state)
{
    const char *server = getenv("CRM_TEST_MYSQL");
    *state = NULL;
    if (!server) {
        return 0;
    }
    apr_pool_t *pool = process_pool();
    const char *folder = temporary_folder(pool);
    const char *prefix = apr_pstrcat(pool, "crm_test_", folder + strlen(folder) - 6, "_", NULL);
    *state =
        open_site(pool, folder, mysql_url(pool, server, apr_pstrcat(pool, prefix, "main", NULL)),
                  mysql_url(pool, server, apr_pstrcat(pool, prefix, "t_{slug}", NULL)));
    return 0;
}

static crm_error_t *drop_tenant(const crm_site_t *site, apr_pool_t *pool,
                                const crm_tenant_t *tenant, void *baton)
{
    (void)baton;
    return crm_db_drop_database(crm_tenant_db(site, pool, tenant), pool);
}

static void remove_folder(apr_pool_t *pool, const char *folder)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    assert_int_equal(apr_dir_open(&dir, folder, pool), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        apr_file_remove(apr_pstrcat(pool, folder, "/", info.name, NULL), pool);
    }
    apr_dir_close(dir);
    assert_int_equal(apr_dir_remove(folder, pool), APR_SUCCESS);
}

int fixture_end(void **state)
{
    fixture_t *fixture = *state;
    if (!fixture) {
        return 0;
    }
    apr_pool_t *pool = process_pool();
    const char *folder = apr_pstrdup(pool, fixture->folder);
    no_error(crm_tenant_each(fixture->site, pool, drop_tenant, NULL));
    no_error(crm_db_drop_database(&fixture->site->main, pool));
    apr_pool_destroy(fixture->pool);
    remove_folder(pool, folder);
    apr_pool_destroy(pool);
    return 0;
}

fixture_t *fixture_of(void **state)
{
    if (!*state) {
        skip();
    }
    return *state;
}

void no_error(crm_error_t *error)
{
    if (error) {
        fail_msg("%s", crm_error_line(error->pool, error));
    }
}

void is_error(crm_error_t *error, crm_error_kind_e kind, const char *field, const char *message)
{
    assert_non_null(error);
    if (error->kind != kind) {
        fail_msg("kind %d and not %d: %s", error->kind, kind, crm_error_line(error->pool, error));
    }
    if (!field) {
        if (message) {
            assert_string_equal(error->detail, message);
        }
        return;
    }
    assert_non_null(error->fields);
    for (int i = 0; i < error->fields->nelts; i++) {
        const crm_field_error_t *entry = &APR_ARRAY_IDX(error->fields, i, crm_field_error_t);
        if (strcmp(entry->field, field) == 0) {
            assert_string_equal(entry->message, message);
            return;
        }
    }
    fail_msg("nothing on %s: %s", field, crm_error_line(error->pool, error));
}

static crm_error_t *fill_admin(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               const crm_db_t *db, void *baton)
{
    crm_accounts_t accounts = {.site = site, .tenant = tenant, .db = db};
    const crm_new_account_t input = {
        .username = "admin",
        .email = "admin@example.com",
        .first_name = "Ada",
        .last_name = "Min",
        .password = PASSWORD,
        .is_tenant_admin = 1,
    };
    return crm_account_create(&accounts, pool, &input, baton);
}

crm_tenant_t *tenant_with_admin(fixture_t *fixture, const char *name)
{
    crm_tenant_t *tenant;
    crm_account_t *admin;
    no_error(crm_tenant_create(fixture->site, fixture->pool, name, "tenant_name", fill_admin,
                               &admin, &tenant));
    return tenant;
}

crm_account_t *account_of(const crm_accounts_t *accounts, apr_pool_t *pool, const char *username)
{
    const crm_new_account_t input = {
        .username = username,
        .email = apr_pstrcat(pool, username, "@example.com", NULL),
        .first_name = "",
        .last_name = "",
        .password = PASSWORD,
    };
    crm_account_t *account;
    no_error(crm_account_create(accounts, pool, &input, &account));
    return account;
}

apr_int64_t number_of(const crm_db_t *db, apr_pool_t *pool, const char *sql, const char *text)
{
    const crm_rows_t *rows;
    no_error(crm_db_select(db, pool, sql, "i", CRM_ARGS(crm_text(text)), &rows));
    assert_int_equal(rows->count, 1);
    return crm_row(rows, 0)[0].as.integer;
}

void run(const crm_db_t *db, apr_pool_t *pool, const char *sql, crm_value_t value)
{
    no_error(crm_db_execute(db, pool, sql, CRM_ARGS(value), NULL));
}
