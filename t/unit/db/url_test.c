/* t/unit/db/url_test.c - URLs of databases: what they mean, and what is wrong with others. */
#include "fixture.h"

#include <apr_file_io.h>
#include <apr_general.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define PASSWORD "s3cret"

typedef struct good_t {
    const char *url;
    crm_db_url_t is;
} good_t;

static const good_t good[] = {
    {"mysql://crm:s3cret@db.example.com:3307/crm",
     {.driver = "mysql",
      .host = "db.example.com",
      .port = 3307,
      .user = "crm",
      .password = PASSWORD,
      .database = "crm",
      .server = "mysql://crm@db.example.com:3307"}},
    {"mysql://root@127.0.0.1/crm-main",
     {.driver = "mysql",
      .host = "127.0.0.1",
      .user = "root",
      .database = "crm-main",
      .server = "mysql://root@127.0.0.1:0"}},
    {"mysql://root:@[::1]:3306/crm",
     {.driver = "mysql",
      .host = "::1",
      .port = 3306,
      .user = "root",
      .database = "crm",
      .server = "mysql://root@::1:3306"}},
    {"mysql:///crm?option-file-group=crm",
     {.driver = "mysql",
      .group = "crm",
      .database = "crm",
      .server = "mysql://@:0?option-file-group=crm"}},
    {"mysql://u%40x:p%3A%2F%40%25@h/crm",
     {.driver = "mysql",
      .host = "h",
      .user = "u@x",
      .password = "p:/@%",
      .database = "crm",
      .server = "mysql://u@x@h:0"}},
    {"mysql+unix://crm:s3cret@%2Frun%2Fmysqld%2Fmysqld.sock/crm",
     {.driver = "mysql",
      .socket = "/run/mysqld/mysqld.sock",
      .user = "crm",
      .password = PASSWORD,
      .database = "crm",
      .server = "mysql+unix://crm@/run/mysqld/mysqld.sock:0"}},
    {"sqlite:///var/lib/crm/main.db",
     {.driver = "sqlite3", .database = "/var/lib/crm/main.db", .server = "sqlite:"}},
    {"sqlite:///var/lib/100%25%20crm.db",
     {.driver = "sqlite3", .database = "/var/lib/100% crm.db", .server = "sqlite:"}},
};

/* Wrong URLs and a word that must be in the sentence about them. */
static const char *const bad[][2] = {
    {"", "must begin with"},
    {"postgres://u:s3cret@h/db", "must begin with"},
    {"mysql://u:s3cret@h", "database's name"},
    {"mysql://u:s3cret@h/", "database's name"},
    {"mysql://u:s3cret@h/a`b", "database's name"},
    {"mysql://u:s3cret@h/a/b", "database's name"},
    {"mysql://u:s3cret@h/a%00b", "%25"},
    {"mysql://u:s3cret@h/"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "1 to 64"},
    {"mysql://u:s3cret@h:0/db", "port"},
    {"mysql://u:s3cret@h:65536/db", "port"},
    {"mysql://u:s3cret@h:33x/db", "port"},
    {"mysql://u:s3cret@h:/db", "port"},
    {"mysql://u:s3cret@h:+33/db", "port"},
    {"mysql://u:s3cret@[::1/db", "IPv6"},
    {"mysql://u:s3cret%@h/db", "password"},
    {"mysql://u:s3cret%zz@h/db", "password"},
    {"mysql://u:s3cret;x@h/db", "option-file-group"},
    {"mysql://u:s3cret%20x@h/db", "option-file-group"},
    {"mysql://u,x:s3cret@h/db", "option-file-group"},
    {"mysql+unix://u:s3cret@%2Fa%7Cb/db", "option-file-group"},
    {"mysql+unix://u:s3cret@localhost/db", "absolute path"},
    {"mysql://u:s3cret@h/db?charset=utf8", "password-file=PATH"},
    {"mysql://u:s3cret@h/db?option-file-group=", "password-file=PATH"},
    {"mysql://u:s3cret@h/db?password-file=/nowhere", "both"},
    {"mysql://u@h/db?password-file=/nowhere/at/all", "/nowhere/at/all"},
    {"sqlite://relative.db", "absolute path"},
    {"sqlite:///", "absolute path"},
    {"sqlite://", "absolute path"},
    {"sqlite:///a.db?mode=ro", "no parameters"},
    {"mysql://u:s3cret@h/crm_{slug}", "must not have {slug}"},
};

static apr_pool_t *pool;

static int set_up(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static void same(const char *url, const char *is, const char *should)
{
    if ((is == NULL) != (should == NULL) || (is && strcmp(is, should) != 0)) {
        fail_msg("%s: \"%s\" instead of \"%s\"", url, is ? is : "NULL", should ? should : "NULL");
    }
}

static void good_urls_are_read(void **state)
{
    (void)state;
    for (apr_size_t i = 0; i < COUNT(good); i++) {
        const crm_db_url_t *url, *is = &good[i].is;
        no_error(crm_db_url_parse(pool, good[i].url, 0, &url));
        same(good[i].url, url->driver, is->driver);
        same(good[i].url, url->host, is->host);
        same(good[i].url, url->socket, is->socket);
        same(good[i].url, url->user, is->user);
        same(good[i].url, url->password, is->password);
        same(good[i].url, url->group, is->group);
        same(good[i].url, url->database, is->database);
        same(good[i].url, url->server, is->server);
        assert_int_equal(url->port, is->port);
    }
}

static void bad_urls_are_told_without_their_password(void **state)
{
    (void)state;
    for (apr_size_t i = 0; i < COUNT(bad); i++) {
        const crm_db_url_t *url;
        crm_error_t *error = crm_db_url_parse(pool, bad[i][0], 0, &url);
        if (!error || error->kind != CRM_E_INTERNAL || !strstr(error->detail, bad[i][1])) {
            fail_msg("%s: %s", bad[i][0], error ? error->detail : "no error");
        }
        assert_null(strstr(error->detail, PASSWORD));
        assert_null(strstr(crm_db_url_safe(pool, bad[i][0]), PASSWORD));
    }
}

static void slugs_take_their_place(void **state)
{
    (void)state;
    const crm_db_url_t *url;
    no_error(crm_db_url_parse(pool, "mysql://h/crm_tenant_{slug}", 1, &url));
    assert_string_equal(crm_db_url_database(pool, url, "acme"), "crm_tenant_acme");
    assert_string_equal(crm_db_url_name(pool, url, "acme"), "crm_tenant_acme");
    no_error(crm_db_url_parse(pool, "sqlite:///var/crm/crm_tenant_{slug}.db", 1, &url));
    assert_string_equal(crm_db_url_database(pool, url, "acme"), "/var/crm/crm_tenant_acme.db");
    assert_string_equal(crm_db_url_name(pool, url, "acme"), "crm_tenant_acme");
    error_of(CRM_E_INTERNAL, crm_db_url_parse(pool, "mysql://h/crm", 1, &url));
    error_of(CRM_E_INTERNAL, crm_db_url_parse(pool, "mysql://h/{slug}{slug}", 1, &url));
}

static void passwords_come_from_files(void **state)
{
    (void)state;
    char name[] = "/tmp/crm_url_test_XXXXXX";
    apr_file_t *file;
    apr_size_t size = strlen(PASSWORD "\r\nsecond line\n");
    const crm_db_url_t *url;
    assert_int_equal(apr_file_mktemp(&file, name, APR_FOPEN_CREATE | APR_FOPEN_WRITE, pool), 0);
    assert_int_equal(apr_file_write(file, PASSWORD "\r\nsecond line\n", &size), 0);
    apr_file_close(file);
    no_error(crm_db_url_parse(pool, apr_pstrcat(pool, "mysql://u@h/db?password-file=", name, NULL),
                              0, &url));
    assert_string_equal(url->password, PASSWORD);
    assert_null(strstr(url->server, PASSWORD));
    assert_int_equal(apr_file_remove(name, pool), 0);
}

static void passwords_are_never_shown(void **state)
{
    (void)state;
    assert_string_equal(crm_db_url_safe(pool, "mysql://u:s3cret@h:3306/db"),
                        "mysql://u:***@h:3306/db");
    assert_string_equal(crm_db_url_safe(pool, "mysql://u:s3/cr@et@h/db?password-file=/a@b"),
                        "mysql://u:***@h/db?password-file=/a@b");
    assert_string_equal(crm_db_url_safe(pool, "mysql://u@h:3306/db"), "mysql://u@h:3306/db");
    assert_string_equal(crm_db_url_safe(pool, "sqlite:///a.db"), "sqlite:///a.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls_are_read),
        cmocka_unit_test(bad_urls_are_told_without_their_password),
        cmocka_unit_test(slugs_take_their_place),
        cmocka_unit_test(passwords_come_from_files),
        cmocka_unit_test(passwords_are_never_shown),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
