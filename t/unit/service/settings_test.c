/* t/unit/service/settings_test.c - directives as they are written become settings, or are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/json.h"
#include "service/settings.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    crm_secret_init();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Writes "CrmName word word" as httpd would hand it on, from line LINE of "f". */
static crm_error_t *write_line(crm_directives_t *directives, const char *text, int line)
{
    char **words;
    int argc = 0;

    apr_tokenize_to_argv(text, &words, pool);
    while (words[argc]) {
        argc++;
    }
    int index = crm_directive_index(words[0]);
    assert_true(index >= 0);
    return crm_directives_write(pool, directives, index, argc - 1, (const char *const *)words + 1,
                                "f", line);
}

/* The directives of LINES (ends with NULL), all of which must be right. */
static crm_directives_t *write_all(const char *const *lines)
{
    crm_directives_t *directives = crm_directives_make(pool);

    for (int i = 0; lines[i]; i++) {
        crm_error_t *error = write_line(directives, lines[i], i + 1);
        if (error) {
            fail_msg("%s: %s", lines[i], error->detail);
        }
    }
    return directives;
}

#define WRITTEN(...) write_all((const char *const[]){__VA_ARGS__, NULL})

static crm_settings_t *resolve(const crm_directives_t *directives)
{
    crm_settings_t *settings = NULL;

    assert_null(crm_settings_resolve(pool, directives, &settings));
    return settings;
}

static void test_defaults(void **state)
{
    crm_settings_t *s = resolve(crm_directives_make(pool));
    (void)state;

    assert_int_equal(s->engine, 0);
    assert_string_equal(s->prefix, "/api/");
    assert_null(s->main_database);
    assert_int_equal(s->ntenant_from, CRM_FROM_COUNT);
    assert_int_equal(s->tenant_from[0], CRM_FROM_VHOST);
    assert_int_equal(s->tenant_from[4], CRM_FROM_ACCOUNT);
    assert_int_equal(s->registration, 1);
    assert_true(s->token_lifetime == apr_time_from_sec(30 * 86400));
    assert_true(s->token_idle == apr_time_from_sec(7 * 86400));
    assert_true(s->hash.memory == 19 << 20 && s->hash.passes == 2 && s->hash.at_once == 2);
    assert_true(s->hash.wait == apr_time_from_sec(5));
    assert_int_equal(s->login_limit.account, 10);
    assert_int_equal(s->login_limit.address, 100);
    assert_true(s->login_limit.window == apr_time_from_sec(300));
    assert_int_equal(s->pool.max, 32);
    assert_int_equal(s->pool.per_database, 8);
    assert_true(s->pool.idle == apr_time_from_sec(60) && s->pool.wait == apr_time_from_sec(2));
    assert_true(s->body_limit == 2 << 20);
    assert_int_equal(s->page.page_size, 20);
    assert_int_equal(s->page.max_page_size, 100);
    assert_int_equal(s->history, CRM_HISTORY_ON);
    assert_true(s->history_body == 16 << 10);
    assert_null(s->spool);
    assert_null(s->cors.origins);
    assert_int_equal(s->cors.credentials, 0);
    assert_int_equal(s->debug, 0);
}

static void test_written(void **state)
{
    crm_settings_t *s = resolve(
        WRITTEN("CrmEngine On", "CrmPrefix /crm/v1/", "CrmMainDatabase sqlite:///d/main.db",
                "CrmTenantDatabase sqlite:///d/t_{slug}.db", "CrmTenant 'Acme Corp'",
                "CrmTenantDomain CRM.Example.com", "CrmTenantFrom account header",
                "CrmTokenLifetime 12h", "CrmPool max=4 wait=500ms", "CrmPageSize 50",
                "CrmHistorySpool /s max=64M", "CrmCorsOrigin https://a.example http://b:3000",
                "CrmCorsMethods GET POST", "CrmHistory errors", "CrmLoginLimit account=3"));
    (void)state;

    assert_int_equal(s->engine, 1);
    assert_string_equal(s->prefix, "/crm/v1/");
    assert_string_equal(s->main_database->driver, "sqlite3");
    assert_string_equal(s->tenant_database->database, "/d/t_{slug}.db");
    assert_string_equal(s->tenant, "Acme Corp");
    assert_string_equal(s->tenant_domain, "crm.example.com");
    assert_int_equal(s->ntenant_from, 2);
    assert_int_equal(s->tenant_from[0], CRM_FROM_ACCOUNT);
    assert_int_equal(s->tenant_from[1], CRM_FROM_HEADER);
    /* what was not written gives way to what was */
    assert_true(s->token_idle == s->token_lifetime);
    assert_int_equal(s->pool.max, 4);
    assert_int_equal(s->pool.per_database, 4);
    assert_true(s->pool.wait == apr_time_from_msec(500));
    assert_int_equal(s->page.page_size, 50);
    assert_int_equal(s->page.max_page_size, 100);
    assert_string_equal(s->spool, "/s");
    assert_true(s->spool_max == 64 << 20);
    assert_int_equal(s->cors.origins->nelts, 2);
    assert_string_equal(s->cors.methods, "GET, POST");
    assert_int_equal(s->history, CRM_HISTORY_ERRORS);
    assert_int_equal(s->login_limit.account, 3);
    assert_int_equal(s->login_limit.address, 100);
}

/* A line that is refused, and what the message has of directive, value and what is allowed. */
typedef struct mistake_t {
    const char *line, *says;
} mistake_t;

static void are_refused(const mistake_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        crm_directives_t *directives = crm_directives_make(pool);
        crm_error_t *error = write_line(directives, rows[i].line, 1);
        if (!error) {
            fail_msg("%s: is taken", rows[i].line);
        } else if (!strstr(error->detail, rows[i].says)) {
            fail_msg("%s: says \"%s\", not \"%s\"", rows[i].line, error->detail, rows[i].says);
        }
        for (int index = 0; index < crm_directive_count(); index++) {
            assert_null(directives->written[index]);
        }
    }
}

static void test_mistakes(void **state)
{
    static const mistake_t rows[] = {
        {"CrmEngine maybe", "CrmEngine: \"maybe\": must be off or on"},
        {"CrmEngine", "CrmEngine: 0 words: must be CrmEngine on|off"},
        {"CrmEngine on off", "2 words"},
        {"CrmPrefix api", "\"api\": must be a path that begins and ends with"},
        {"CrmPrefix /api", "must be a path that begins and ends with"},
        {"CrmPrefix /a//b/", "must be a path"},
        {"CrmPrefix /a/../b/", "must be a path"},
        {"CrmMainDatabase oracle://h/db", "oracle"},
        {"CrmMainDatabase mysql://${NOT_SET}@h/db", "\"${NOT_SET}\": neither the environment"},
        {"CrmTenantDatabase sqlite:///d/one.db", "{slug}"},
        {"CrmMainDatabase sqlite:///d/{slug}.db", "{slug}"},
        {"CrmMigrations sql", "\"sql\": must be an absolute path"},
        {"CrmSecretKeyFile key", "must be an absolute path"},
        {"CrmTenant '   '", "must be a tenant's name or slug: 1 to 100 characters"},
        {"CrmTenantDomain crm.example.com:8080", "must be a host name without port"},
        {"CrmTenantDomain *.example.com", "must be a host name"},
        {"CrmTenantDomain -a.example", "must be a host name"},
        {"CrmTenantFrom vhost cookie",
         "\"cookie\": must be vhost, subdomain, header, query or account"},
        {"CrmTenantFrom query query", "\"query\" is there twice"},
        {"CrmTokenLifetime 30", "\"30\": must be a span with its unit (ms, s, m, h or d)"},
        {"CrmTokenLifetime 0s", "from 1s to 3650d"},
        {"CrmTokenIdle forever", "\"forever\": must be a span"},
        {"CrmPasswordHash memory=1k", "\"memory=1k\": must be a size in bytes (or with k, M or G) "
                                      "from 1M to 4G"},
        {"CrmPasswordHash threads=2", "must be one of memory=, passes=, at-once=, wait="},
        {"CrmLoginLimit account=0", "\"account=0\": must be a whole number from 1 to 1000000"},
        {"CrmLoginLimit window=5", "must be a span with its unit"},
        {"CrmPool max=0", "\"max=0\": must be a whole number from 1 to 10000"},
        {"CrmPool max=-1", "must be a whole number"},
        {"CrmPool max=4 per-database=5", "per-database=5 contradicts max=4"},
        {"CrmPool max=4 max=5", "max= is there twice"},
        {"CrmPool 32", "must be one of max=, per-database=, idle=, wait="},
        {"CrmBodyLimit 0", "must be a size in bytes"},
        {"CrmBodyLimit lots", "\"lots\": must be a size in bytes"},
        {"CrmPageSize 0", "must be a whole number from 1"},
        {"CrmPageSize 200 100", "the default of 200 contradicts the maximum of 100"},
        {"CrmPageSize 200", "contradicts the maximum of 100"},
        {"CrmHistory sometimes", "must be off, on or errors"},
        {"CrmHistorySpool spool", "must be an absolute path"},
        {"CrmHistorySpool /s max=1", "from 64k to"},
        {"CrmCorsOrigin app.example.com", "must be an origin"},
        {"CrmCorsOrigin https://app.example.com/", "must be an origin"},
        {"CrmCorsOrigin * https://app.example.com", "contradicts other origins"},
        {"CrmCorsMethods GET,POST", "must be a method"},
        {"CrmCorsMaxAge 600", "must be a span"},
        {"CrmDebug yes", "must be off or on"},
    };
    (void)state;

    are_refused(rows, COUNT(rows));
}

static void test_mistakes_about_mail(void **state)
{
    static const mistake_t rows[] = {
        {"CrmMailServer mail.example.com", "must be smtp://host:port or smtps://host:port"},
        {"CrmMailServer smtp://user@mail.example.com", "must be smtp://"},
        {"CrmMailServer smtp://h:0", "must be smtp://"},
        {"CrmMailServer smtp://h:25/x", "must be smtp://"},
        {"CrmMailServer smtp://[::1", "must be smtp://"},
        {"CrmMailServer smtp://h starttls=maybe", "must be opportunistic, required or off"},
        {"CrmMailServer smtps://h starttls=off", "contradicts smtps://"},
        {"CrmMailServer smtp://h auth-file=mail", "must be an absolute path"},
        {"CrmMailServer smtp://h auth-file=", "must be a text of 1 to"},
        {"CrmMailServer smtp://h timeout=1", "must be a span"},
        {"CrmMailFrom crm", "must be an address, or a name and an address"},
        {"CrmMailFrom 'CRM <crm@example.com'", "must be an address"},
        {"CrmMailTemplates here", "must be an absolute path"},
    };
    (void)state;

    are_refused(rows, COUNT(rows));
}

static void test_words_must_be_utf8(void **state)
{
    const char *const argv[] = {"caf\xe9"};
    (void)state;

    crm_error_t *error = crm_directives_write(pool, crm_directives_make(pool),
                                              crm_directive_index("CrmTenant"), 1, argv, "f", 1);
    assert_string_equal(error->detail, "CrmTenant: word 1 must be UTF-8");
}

static void test_merge_takes_the_inner_entry(void **state)
{
    crm_directives_t *outer = WRITTEN("CrmPool max=4", "CrmPageSize 5 50", "CrmDebug on");
    crm_directives_t *inner = WRITTEN("CrmPool wait=1s", "CrmDebug off");
    (void)state;

    crm_settings_t *s = resolve(crm_directives_merge(pool, outer, inner));
    assert_int_equal(s->pool.max, 32); /* a directive counts whole */
    assert_true(s->pool.wait == apr_time_from_sec(1));
    assert_int_equal(s->page.page_size, 5);
    assert_int_equal(s->debug, 0);
    assert_int_equal(resolve(outer)->debug, 1);
}

static void test_override_leaves_the_outer_alone(void **state)
{
    crm_settings_t *outer = resolve(WRITTEN("CrmPageSize 5 500", "CrmCorsOrigin *"));
    crm_settings_t *inner = NULL;
    (void)state;

    assert_null(
        crm_settings_override(pool, outer, WRITTEN("CrmPageSize 7", "CrmCorsOrigin none"), &inner));
    assert_int_equal(inner->page.page_size, 7);
    assert_int_equal(inner->page.max_page_size, 100);
    assert_null(inner->cors.origins);
    assert_int_equal(outer->page.page_size, 5);
    assert_non_null(outer->cors.origins);
}

static void test_json_and_back(void **state)
{
    crm_directives_t *directives = WRITTEN("CrmEngine on", "CrmTenantFrom header account");
    crm_directives_t *again = NULL;
    (void)state;

    json_t *json = crm_json_own(pool, crm_directives_json(directives));
    assert_string_equal(crm_json_text(pool, json_object_get(json, "CrmTenantFrom"), NULL),
                        "{\"args\":[\"header\",\"account\"],\"file\":\"f\",\"line\":2}");
    assert_null(crm_directives_from_json(pool, json, &again));
    assert_int_equal(resolve(again)->engine, 1);
    assert_int_equal(resolve(again)->ntenant_from, 2);
    const crm_written_t *written = again->written[crm_directive_index("CrmTenantFrom")];
    assert_string_equal(written->file, "f");
    assert_int_equal(written->line, 2);
}

static void test_json_of_others_is_refused(void **state)
{
    static const char *const texts[] = {
        "[]", "{\"CrmNothing\": {\"args\": [], \"file\": \"f\", \"line\": 1}}",
        "{\"CrmEngine\": {\"args\": [1], \"file\": \"f\", \"line\": 1}}",
        "{\"CrmEngine\": {\"args\": [\"maybe\"], \"file\": \"f\", \"line\": 1}}",
        "{\"CrmEngine\": {\"file\": \"f\", \"line\": 1}}"};
    (void)state;

    for (size_t i = 0; i < COUNT(texts); i++) {
        crm_directives_t *directives = NULL;
        json_t *json = NULL;
        assert_null(crm_json_parse(pool, texts[i], strlen(texts[i]), &json));
        assert_non_null(crm_directives_from_json(pool, json, &directives));
    }
}

/* A folder with a key and the folders of migrations. */
static const char *make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = apr_pstrcat(pool, base ? base : "/tmp", "/settings_XXXXXX", NULL);

    assert_non_null(mkdtemp(folder));
    assert_null(crm_secret_write_key(pool, apr_pstrcat(pool, folder, "/key", NULL)));
    assert_int_equal(apr_dir_make_recursive(apr_pstrcat(pool, folder, "/sqlite3/main", NULL),
                                            APR_FPROT_OS_DEFAULT, pool),
                     APR_SUCCESS);
    assert_int_equal(apr_dir_make_recursive(apr_pstrcat(pool, folder, "/sqlite3/tenant", NULL),
                                            APR_FPROT_OS_DEFAULT, pool),
                     APR_SUCCESS);
    return folder;
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"/sqlite3/main", "/sqlite3/tenant", "/sqlite3", ""};

    apr_file_remove(apr_pstrcat(pool, folder, "/key", NULL), pool);
    for (size_t i = 0; i < COUNT(names); i++) {
        apr_dir_remove(apr_pstrcat(pool, folder, names[i], NULL), pool);
    }
}

/* A configuration that is whole, on lines 1 to 6 of "f". */
static crm_directives_t *whole(const char *folder)
{
    return WRITTEN("CrmEngine on", "CrmMainDatabase sqlite:///d/main.db",
                   "CrmTenantDatabase sqlite:///d/{slug}.db",
                   apr_pstrcat(pool, "CrmSecretKeyFile ", folder, "/key", NULL),
                   apr_pstrcat(pool, "CrmMigrations ", folder, NULL), "CrmHistorySpool /s");
}

static crm_error_t *check(const crm_directives_t *directives)
{
    return crm_settings_check(pool, directives, resolve(directives));
}

static void test_check_takes_what_is_whole(void **state)
{
    const char *folder = make_folder();
    (void)state;

    assert_null(check(whole(folder)));
    /* nothing is asked of a server that is off */
    assert_null(check(WRITTEN("CrmTokenIdle 40d")));
    remove_folder(folder);
}

static void test_check_finds_what_is_missing(void **state)
{
    static const struct {
        const char *without, *says;
    } rows[] = {
        {"CrmMainDatabase", "f:1: CrmEngine: \"on\" needs CrmMainDatabase URL"},
        {"CrmTenantDatabase", "f:1: CrmEngine: \"on\" needs CrmTenantDatabase"},
        {"CrmSecretKeyFile", "f:1: CrmEngine: \"on\" needs CrmSecretKeyFile FILE"},
        {"CrmHistorySpool", "f:1: CrmEngine: History is on and needs CrmHistorySpool DIR"},
    };
    const char *folder = make_folder();
    (void)state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        crm_directives_t *directives = whole(folder);
        directives->written[crm_directive_index(rows[i].without)] = NULL;
        crm_error_t *error = check(directives);
        assert_non_null(error);
        assert_ptr_equal(strstr(error->detail, rows[i].says), error->detail);
    }
    remove_folder(folder);
}

static void test_check_finds_contradictions(void **state)
{
    static const struct {
        const char *lines[2], *says;
    } rows[] = {
        {{"CrmTokenLifetime 1d", "CrmTokenIdle 2d"},
         "f:102: CrmTokenIdle: contradicts CrmTokenLifetime"},
        {{"CrmTokenIdle 31d", NULL}, "f:101: CrmTokenIdle: contradicts CrmTokenLifetime"},
        {{"CrmTenantFrom subdomain", NULL},
         "f:101: CrmTenantFrom: \"subdomain\" needs CrmTenantDomain"},
        {{"CrmTenantFrom header", "CrmTenantDomain crm.example"},
         "f:102: CrmTenantDomain: contradicts CrmTenantFrom"},
        {{"CrmTenantFrom header", "CrmTenant acme"}, "f:102: CrmTenant: contradicts CrmTenantFrom"},
        {{"CrmCorsOrigin *", "CrmCorsCredentials on"},
         "f:102: CrmCorsCredentials: \"on\" contradicts CrmCorsOrigin *"},
        {{"CrmMainDatabase mysql://u@h/main", "CrmPool max=3 per-database=2"},
         "f:102: CrmPool: max=3 is too few"},
        {{"CrmMailServer smtp://h", NULL}, "f:101: CrmMailServer: needs CrmMailFrom"},
        {{"CrmMailFrom a@b.example", "CrmMailServer smtp://127.h starttls=off auth-file=/x"},
         "f:102: CrmMailServer: auth-file= needs starttls=required"},
        {{"CrmMailFrom a@b.example", "CrmMailServer smtp://127.0.0.1 starttls=off auth-file=/x"},
         "f:102: CrmMailServer: The file \"/x\" is not there"},
        {{"CrmMailFrom a@b.example", "CrmMailServer smtp://h"}, "CrmMailTemplates: \""},
        {{"CrmMigrations /nowhere", NULL}, "f:101: CrmMigrations: \"/nowhere\": must be"},
        {{"CrmSecretKeyFile /nowhere", NULL}, "f:101: CrmSecretKeyFile: "},
    };
    const char *folder = make_folder();
    (void)state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        crm_directives_t *directives = whole(folder);
        for (int line = 0; line < 2 && rows[i].lines[line]; line++) {
            assert_null(write_line(directives, rows[i].lines[line], 101 + line));
        }
        crm_error_t *error = check(directives);
        assert_non_null(error);
        if (strstr(error->detail, rows[i].says) != error->detail) {
            fail_msg("says \"%s\", not \"%s\"", error->detail, rows[i].says);
        }
    }
    remove_folder(folder);
}

static void test_check_wants_a_private_key(void **state)
{
    const char *folder = make_folder();
    (void)state;

    assert_int_equal(chmod(apr_pstrcat(pool, folder, "/key", NULL), 0644), 0);
    crm_error_t *error = check(whole(folder));
    assert_non_null(error);
    assert_ptr_equal(strstr(error->detail, "f:4: CrmSecretKeyFile: "), error->detail);
    remove_folder(folder);
}

static void test_servers_of_a_site_agree(void **state)
{
    static const struct {
        const char *a, *b, *says;
    } rows[] = {
        {"CrmPageSize 5", "CrmPageSize 6", NULL},
        {"CrmPool max=4", "CrmPool max=4 wait=2s", NULL},
        {"CrmPool max=4", "CrmPool max=5", "f:1: CrmPool: contradicts f:1: CrmPool: "},
        {"CrmDebug on", "CrmPasswordHash passes=3", "contradicts CrmPasswordHash: "},
        {"CrmHistorySpool /a", "CrmHistorySpool /b", "f:1: CrmHistorySpool: contradicts"},
        {"CrmHistorySpool /a", "CrmHistory off", NULL},
        {"CrmMailServer smtp://h", "CrmMailServer smtp://h timeout=30s", NULL},
        {"CrmMailServer smtp://h", "CrmMailServer smtp://i", "CrmMailServer: contradicts"},
        {"CrmMailFrom a@b.example", "CrmMailFrom c@b.example", "CrmMailFrom: contradicts"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        crm_directives_t *a = WRITTEN(rows[i].a), *b = WRITTEN(rows[i].b);
        crm_error_t *error = crm_settings_agree(pool, a, resolve(a), b, resolve(b));
        assert_int_equal(error == NULL, rows[i].says == NULL);
        if (error) {
            assert_non_null(strstr(error->detail, rows[i].says));
        }
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_defaults),
        CASE(test_written),
        CASE(test_mistakes),
        CASE(test_mistakes_about_mail),
        CASE(test_words_must_be_utf8),
        CASE(test_merge_takes_the_inner_entry),
        CASE(test_override_leaves_the_outer_alone),
        CASE(test_json_and_back),
        CASE(test_json_of_others_is_refused),
        CASE(test_check_takes_what_is_whole),
        CASE(test_check_finds_what_is_missing),
        CASE(test_check_finds_contradictions),
        CASE(test_check_wants_a_private_key),
        CASE(test_servers_of_a_site_agree),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
