/* t/unit/db/fixture.c - an empty database of its own for each test, on SQLite or MySQL. */
#include "fixture.h"

#include <unistd.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>

#include "base/secret.h"

static const crm_pool_limits_t roomy = {
    .max = 16, .per_database = 12, .idle = apr_time_from_sec(60), .wait = apr_time_from_sec(10)};

static const char *random_name(apr_pool_t *pool)
{
    unsigned char bytes[5];
    crm_secret_random(bytes, sizeof(bytes));
    return apr_psprintf(pool, "crm_test_%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
                        bytes[3], bytes[4]);
}

static fixture_t *make(apr_pool_t *pool, const char *url)
{
    const char *below = getenv("TMPDIR");
    fixture_t *fixture = apr_pcalloc(pool, sizeof(*fixture));
    fixture->pool = pool;
    fixture->limits = roomy;
    fixture->folder = apr_pstrcat(pool, below ? below : "/tmp", "/crm_test_XXXXXX", NULL);
    assert_non_null(mkdtemp((char *)fixture->folder));
    if (!url) {
        url = apr_pstrcat(pool, "sqlite://", fixture->folder, "/main.db", NULL);
    }
    no_error(crm_db_url_parse(pool, url, 0, &fixture->db.server));
    fixture->db.database = fixture->db.server->database;
    fixture->db = fixture_again(fixture, &roomy);
    no_error(crm_db_create_database(&fixture->db, pool));
    return fixture;
}

static apr_pool_t *test_pool(void)
{
    static int initialized;
    apr_pool_t *pool;
    if (!initialized) {
        assert_int_equal(apr_initialize(), APR_SUCCESS);
        assert_int_equal(crm_secret_init(), APR_SUCCESS);
        atexit(apr_terminate);
        initialized = 1;
    }
    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    return pool;
}

int fixture_sqlite(void **state)
{
    *state = make(test_pool(), NULL);
    return 0;
}

int fixture_mysql(void **state)
{
    const char *url = getenv("CRM_TEST_MYSQL");
    *state = NULL;
    if (url && *url) {
        apr_pool_t *pool = test_pool();
        const char *place = strstr(url, "{}"), *name = random_name(pool);
        *state = make(pool, place ? apr_pstrcat(pool, apr_pstrndup(pool, url, place - url), name,
                                                place + 2, NULL)
                                  : apr_pstrcat(pool, url, name, NULL));
    }
    return 0;
}

static void remove_folder(apr_pool_t *pool, const char *folder)
{
    apr_dir_t *directory;
    apr_finfo_t entry;
    assert_int_equal(apr_dir_open(&directory, folder, pool), APR_SUCCESS);
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, directory) == APR_SUCCESS) {
        const char *path = apr_pstrcat(pool, folder, "/", entry.name, NULL);
        if (entry.filetype == APR_DIR && entry.name[0] != '.') {
            remove_folder(pool, path);
        } else if (entry.filetype != APR_DIR) {
            apr_file_remove(path, pool);
        }
    }
    apr_dir_close(directory);
    assert_int_equal(apr_dir_remove(folder, pool), APR_SUCCESS);
}

int fixture_end(void **state)
{
    fixture_t *fixture = *state;
    if (fixture) {
        no_error(crm_db_drop_database(&fixture->db, fixture->pool));
        remove_folder(fixture->pool, fixture->folder);
        apr_pool_destroy(fixture->pool);
    }
    return 0;
}

fixture_t *fixture_of(void **state)
{
    if (!*state) {
        skip();
    }
    return *state;
}

crm_db_t fixture_again(fixture_t *fixture, const crm_pool_limits_t *limits)
{
    crm_db_t db = fixture->db;
    assert_int_equal(crm_pool_create(fixture->pool, limits, &db.pool), APR_SUCCESS);
    return db;
}

crm_db_t fixture_other(fixture_t *fixture, const char *name)
{
    crm_db_t db = fixture->db;
    db.database = apr_pstrcat(fixture->pool, db.database, "_", name, NULL);
    return db;
}

int fixture_is_mysql(const fixture_t *fixture)
{
    return strcmp(fixture->db.server->driver, "mysql") == 0;
}

void no_error(const crm_error_t *error)
{
    if (error) {
        fail_msg("%s", crm_error_line(error->pool, error));
    }
}

const crm_error_t *error_of(crm_error_kind_e kind, const crm_error_t *error)
{
    if (!error) {
        fail_msg("no error, where one of kind %d was expected", (int)kind);
    } else if (error->kind != kind) {
        fail_msg("kind %d instead of %d: %s", (int)error->kind, (int)kind,
                 crm_error_line(error->pool, error));
    }
    return error;
}

void run(const crm_db_t *db, apr_pool_t *pool, const char *sql)
{
    no_error(crm_db_execute(db, pool, sql, CRM_NO_ARGS, NULL));
}

apr_int64_t number(const crm_db_t *db, apr_pool_t *pool, const char *sql)
{
    const crm_rows_t *rows;
    no_error(crm_db_select(db, pool, sql, "i", CRM_NO_ARGS, &rows));
    assert_int_equal(rows->count, 1);
    return rows->cells[0].as.integer;
}
