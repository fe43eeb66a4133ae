/* t/unit/service/history_move_test.c - History from the spool to the databases: each record once.
 */
#include "site_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/json.h"
#include "service/history.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROWS "SELECT COUNT(*) FROM history WHERE endpoint = ?"
#define REQUESTS                                                                                   \
    "SELECT COALESCE(SUM(requests), 0) FROM history_rollup "                                       \
    "WHERE user_id = 0 AND period = 'a' AND route = ?"
#define BUCKETS                                                                                    \
    "SELECT COALESCE(SUM(requests), 0) FROM history_bucket "                                       \
    "WHERE user_id = 0 AND period = 'a' AND ? <> ''"

static char spool_folder[64];

static crm_spool_t *open_spool(fixture_t *f)
{
    crm_spool_t *spool;
    assert_int_equal(crm_spool_open(f->pool, spool_folder, 0, &spool), APR_SUCCESS);
    return spool;
}

static int with_spool(void **state)
{
    fixture_t *f = *state;
    if (f) {
        snprintf(spool_folder, sizeof(spool_folder), "/tmp/crm_spool_XXXXXX");
        if (!mkdtemp(spool_folder)) {
            return -1;
        }
        f->site->spool = open_spool(f);
    }
    return 0;
}

static int sqlite_with_spool(void **state)
{
    return fixture_sqlite(state) || with_spool(state);
}

static int mysql_with_spool(void **state)
{
    return fixture_mysql(state) || with_spool(state);
}

/* Each test leaves the spool empty. */
static int end(void **state)
{
    int left = *state ? rmdir(spool_folder) : 0;
    return fixture_end(state) || left;
}

/* A record of SLUG's that is told from others by its route. */
static crm_history_t record_of(const char *slug, const char *route)
{
    crm_history_t record = {
        .slug = slug,
        .method = "GET",
        .endpoint = route,
        .route = route,
        .status = 200,
        .execution_time = apr_time_from_msec(2),
        .created_at = apr_time_now(),
    };
    crm_uuid_make(&record.id);
    return record;
}

static void append(fixture_t *f, const crm_history_t *record)
{
    assert_int_equal(crm_history_append(f->site, f->pool, record), APR_SUCCESS);
}

static crm_history_move_t move(fixture_t *f, crm_error_t **ret_error)
{
    crm_history_move_t moved;
    assert_int_equal(crm_history_move(f->site, f->pool, &moved, ret_error), APR_SUCCESS);
    return moved;
}

/* Moves, and expects COUNT new records and no error. */
static void moves(fixture_t *f, int count)
{
    crm_error_t *error;
    crm_history_move_t moved = move(f, &error);
    no_error(error);
    assert_int_equal(moved.stored, count);
    assert_int_equal(moved.deferred, 0);
}

static crm_db_t *tenant_db(fixture_t *f, const char *slug)
{
    return crm_site_tenant_db(f->site, f->pool, slug);
}

/* DB has COUNT records of ROUTE, and counted as many. */
static void has(fixture_t *f, const crm_db_t *db, const char *route, int count)
{
    assert_int_equal(number_of(db, f->pool, ROWS, route), count);
    assert_int_equal(number_of(db, f->pool, REQUESTS, route), count);
}

static void test_a_record_goes_to_its_database(void **state)
{
    fixture_t *f = fixture_of(state);
    const crm_rows_t *rows;
    tenant_with_admin(f, "Alpha");
    crm_history_t record = record_of("alpha", "/one/");
    record.user_id = 7;
    record.username = "\xc3\x84nna";
    record.request_data = "{\"a\": 1}";
    record.response_data = "{\"b\": 2}";
    record.ip_address = "192.0.2.1";
    record.user_agent = "agent";
    record.error_message = "wrong";
    record.request_id = "id-1";
    append(f, &record);
    crm_history_t other = record_of(NULL, "/one/");
    append(f, &other);
    moves(f, 2);
    has(f, &f->site->main, "/one/", 1);
    crm_db_t *db = tenant_db(f, "alpha");
    has(f, db, "/one/", 1);
    no_error(crm_db_select(db, f->pool,
                           "SELECT id, user_id, platform_user_id, username, username_key, method, "
                           "request_data, response_data, response_status, ip_address, user_agent, "
                           "execution_time, error_message, request_id, created_at FROM history "
                           "WHERE endpoint = '/one/'",
                           "uiisssllislflst", CRM_NO_ARGS, &rows));
    const crm_value_t *row = crm_row(rows, 0);
    assert_memory_equal(row[0].as.uuid, &record.id, sizeof(record.id));
    assert_int_equal(row[1].as.integer, 7);
    assert_true(crm_is_null(row[2]));
    assert_string_equal(row[3].as.text, "\xc3\x84nna");
    assert_string_equal(row[4].as.text, "anna");
    assert_string_equal(row[5].as.text, "GET");
    assert_string_equal(row[6].as.text, record.request_data);
    assert_string_equal(row[7].as.text, record.response_data);
    assert_int_equal(row[8].as.integer, 200);
    assert_string_equal(row[9].as.text, "192.0.2.1");
    assert_string_equal(row[10].as.text, "agent");
    assert_true(row[11].as.real > 0.00199 && row[11].as.real < 0.00201);
    assert_string_equal(row[12].as.text, "wrong");
    assert_string_equal(row[13].as.text, "id-1");
    assert_int_equal(row[14].as.time, record.created_at);
}

static void test_a_platform_user_is_none_of_the_tenant(void **state)
{
    fixture_t *f = fixture_of(state);
    tenant_with_admin(f, "Platform");
    crm_history_t record = record_of("platform", "/platform/");
    record.user_id = 5;
    record.user_is_platform = 1;
    append(f, &record);
    moves(f, 1);
    crm_db_t *db = tenant_db(f, "platform");
    assert_int_equal(
        number_of(db, f->pool, ROWS " AND platform_user_id = 5 AND user_id IS NULL", "/platform/"),
        1);
    assert_int_equal(
        number_of(db, f->pool, "SELECT COUNT(*) FROM history_active WHERE ? <> ''", "x"), 0);
}

/* Whatever a client sent can be stored. */
static void test_what_does_not_fit_is_made_to(void **state)
{
    fixture_t *f = fixture_of(state);
    char method[300];
    char endpoint[4000];
    char agent[70000];
    memset(method, 'M', sizeof(method));
    memset(endpoint, 'e', sizeof(endpoint));
    memset(agent, '\xff', sizeof(agent));
    method[299] = endpoint[3999] = agent[69999] = '\0';
    crm_history_t record = record_of(NULL, "/fit/");
    record.method = method;
    record.endpoint = endpoint;
    record.user_agent = agent;
    record.username = endpoint;
    record.ip_address = endpoint;
    record.request_id = agent;
    record.error_message = agent;
    record.route = endpoint;
    append(f, &record);
    crm_history_t emoji = record_of(NULL, "/\xf0\x9f\x98\x80/");
    emoji.method = "";
    append(f, &emoji);
    moves(f, 2);
    const char *cut =
        apr_pstrcat(f->pool, apr_pstrndup(f->pool, endpoint, 999), "\xe2\x80\xa6", NULL);
    assert_int_equal(number_of(&f->site->main, f->pool, ROWS " AND method = 'MMMMMMMMMM'", cut), 1);
    assert_int_equal(number_of(&f->site->main, f->pool, ROWS, "/\xf0\x9f\x98\x80/"), 1);
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM history_rollup WHERE method = ?", "OTHER"),
                     6);
}

static void test_replay_doubles_nothing(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_history_t records[200];
    apr_int64_t before = number_of(&f->site->main, f->pool, BUCKETS, "x");
    for (size_t i = 0; i < COUNT(records); i++) {
        records[i] = record_of(NULL, "/replay/");
    }
    for (size_t i = 0; i < 120; i++) {
        append(f, &records[i]);
        append(f, &records[i]); /* twice in one batch */
    }
    moves(f, 120);
    for (size_t i = 0; i < COUNT(records); i++) {
        append(f, &records[COUNT(records) - 1 - i]);
    }
    moves(f, 80);
    for (size_t i = 0; i < COUNT(records); i++) {
        append(f, &records[i]);
    }
    moves(f, 0);
    has(f, &f->site->main, "/replay/", 200);
    assert_int_equal(number_of(&f->site->main, f->pool, BUCKETS, "x"), before + 200);
}

/* A tenant's database that is away: the others go on, and its records come when it is back. */
static void test_a_database_that_is_away_is_waited_for(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_error_t *error;
    tenant_with_admin(f, "Away");
    const crm_db_url_t *there = f->site->tenant_database;
    crm_db_url_t away = *there;
    away.database = apr_pstrcat(f->pool, there->database, ".gone", NULL);
    f->site->tenant_database = &away;
    for (int i = 0; i < 100; i++) {
        crm_history_t record = record_of("away", "/away/");
        append(f, &record);
    }
    crm_history_t other = record_of(NULL, "/not-away/");
    append(f, &other);
    crm_history_move_t moved = move(f, &error);
    assert_non_null(error);
    assert_int_equal(moved.stored, 1);
    assert_int_equal(moved.deferred, 100);
    has(f, &f->site->main, "/not-away/", 1);
    crm_history_t late = record_of("away", "/away/");
    append(f, &late);
    f->site->tenant_database = there;
    for (apr_size_t stored = 0; stored < 101; stored += moved.stored) {
        crm_spool_wait(f->site->spool, apr_time_from_sec(10));
        moved = move(f, &error);
        no_error(error);
    }
    has(f, tenant_db(f, "away"), "/away/", 101);
}

static void test_a_dropped_tenants_records_go_to_main(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_history_t record = record_of("dropped", "/dropped/");
    record.user_id = 3;
    record.username = "anna";
    append(f, &record);
    moves(f, 1);
    has(f, &f->site->main, "/dropped/", 1);
    assert_int_equal(number_of(&f->site->main, f->pool,
                               ROWS " AND user_id IS NULL AND username = 'anna'", "/dropped/"),
                     1);
}

/* A body that is no UTF-8 is refused by one of the databases: it costs itself, not the batch. */
static void test_a_refused_record_is_stored_bare(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_error_t *error;
    for (int i = 0; i < 50; i++) {
        crm_history_t record = record_of(NULL, "/refused/");
        record.request_data = i == 31 ? "\"\xc3(\"" : "\"good\"";
        append(f, &record);
    }
    assert_int_equal(move(f, &error).stored, 50);
    has(f, &f->site->main, "/refused/", 50);
    assert_int_equal(
        number_of(&f->site->main, f->pool, ROWS " AND request_data = '\"good\"'", "/refused/"), 49);
}

/* Rows so large that a statement of 64 of them would be too much for the server. */
static void test_large_bodies_are_stored(void **state)
{
    fixture_t *f = fixture_of(state);
    char *body = apr_palloc(f->pool, 600001);
    memset(body, '1', 600000);
    body[600000] = '\0';
    for (int i = 0; i < 40; i++) {
        crm_history_t record = record_of(NULL, "/large/");
        record.request_data = record.response_data = body;
        append(f, &record);
    }
    moves(f, 40);
    has(f, &f->site->main, "/large/", 40);
}

static int files_left(fixture_t *f)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    int count = 0;
    assert_int_equal(apr_dir_open(&dir, spool_folder, f->pool), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        count += info.name[0] != '.';
    }
    apr_dir_close(dir);
    return count;
}

typedef struct half_t {
    fixture_t f;
    crm_site_t site;
} half_t;

#define ROUNDS 10
#define A_ROUND 150

static void *APR_THREAD_FUNC move_half(apr_thread_t *thread, void *data)
{
    half_t *half = data;
    (void)thread;
    for (int round = 0; round < ROUNDS; round++) {
        crm_error_t *error;
        for (int i = 0; i < A_ROUND; i++) {
            crm_history_t record = record_of("twice", "/twice/");
            record.user_id = i % 7;
            record.status = 200 + i % 5;
            record.execution_time = 1 + i * 37;
            append(&half->f, &record);
        }
        move(&half->f, &error);
    }
    return NULL;
}

/* Two processes' movers write the same roll-up rows. */
static void test_two_movers_at_once(void **state)
{
    fixture_t *f = fixture_of(state);
    half_t halves[2];
    apr_thread_t *threads[2];
    apr_status_t status;
    tenant_with_admin(f, "Twice");
    for (int i = 0; i < 2; i++) {
        halves[i].site = *f->site;
        halves[i].f = *f;
        halves[i].f.site = &halves[i].site;
        assert_int_equal(apr_pool_create_unmanaged_ex(&halves[i].f.pool, NULL, NULL), 0);
        halves[i].site.spool = open_spool(&halves[i].f);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(apr_thread_create(&threads[i], NULL, move_half, &halves[i], f->pool), 0);
    }
    for (int i = 0; i < 2; i++) {
        apr_thread_join(&status, threads[i]);
        apr_pool_destroy(halves[i].f.pool);
    }
    while (files_left(f)) { /* what one could not store at once */
        crm_error_t *error;
        crm_spool_wait(f->site->spool, apr_time_from_sec(1));
        move(f, &error);
    }
    has(f, tenant_db(f, "twice"), "/twice/", 2 * ROUNDS * A_ROUND);
    assert_int_equal(number_of(tenant_db(f, "twice"), f->pool, BUCKETS, "x"), 2 * ROUNDS * A_ROUND);
}

#define SEGMENTS 30
#define A_SEGMENT 10

/* Leaves segments as killed processes do, so large that they are moved in several transactions. */
static void leave_segments(fixture_t *f)
{
    crm_spool_t *kept = f->site->spool;
    char *body = apr_palloc(f->pool, 30001);
    memset(body, '1', 30000);
    body[30000] = '\0';
    for (int i = 0; i < SEGMENTS; i++) {
        apr_pool_t *pool;
        apr_pool_create(&pool, f->pool);
        assert_int_equal(crm_spool_open(pool, spool_folder, 0, &f->site->spool), APR_SUCCESS);
        for (int n = 0; n < A_SEGMENT; n++) {
            crm_history_t record = record_of("killed", "/killed/");
            record.request_data = body;
            append(f, &record);
        }
        apr_pool_destroy(pool);
    }
    f->site->spool = kept;
}

/* A process of its own moves what it finds, until it is killed. */
static void move_for_ever(const fixture_t *f)
{
    static const crm_pool_limits_t limits = {
        .max = 4, .per_database = 4, .wait = apr_time_from_sec(10)};
    crm_site_t site = *f->site;
    fixture_t own = {.site = &site};
    crm_error_t *error;
    apr_pool_create(&own.pool, NULL);
    crm_pool_create(own.pool, &limits, &site.connections);
    site.main.pool = site.connections;
    crm_spool_open(own.pool, spool_folder, 0, &site.spool);
    for (;;) {
        move(&own, &error);
    }
}

static void test_a_killed_mover_neither_loses_nor_doubles(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_error_t *error;
    tenant_with_admin(f, "Killed");
    crm_db_t *db = tenant_db(f, "killed");
    leave_segments(f);
    pid_t child = fork();
    if (child == 0) {
        move_for_ever(f);
    }
    while (number_of(db, f->pool, ROWS, "/killed/") == 0) {
        apr_sleep(100);
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (files_left(f)) {
        move(f, &error);
        no_error(error);
    }
    has(f, db, "/killed/", SEGMENTS * A_SEGMENT);
}

static void test_a_body_is_redacted_and_cut(void **state)
{
    fixture_t *f = fixture_of(state);
    json_t *json = crm_json_own(
        f->pool, json_pack("{s:s, s:s}", "password", "hidden", "text", "\xc3\xa4\xc3\xa4\xc3\xa4"));
    assert_null(crm_history_body(f->pool, NULL, 100));
    const char *kept = crm_history_body(f->pool, json, 100);
    assert_null(strstr(kept, "hidden"));
    assert_non_null(strstr(kept, "\"***\""));
    json_error_t wrong;
    const char *text = crm_history_body(f->pool, json, strlen(kept) - 3);
    json_t *cut = crm_json_own(f->pool, json_loads(text, 0, &wrong));
    assert_non_null(cut);
    assert_true(json_is_true(json_object_get(cut, "truncated")));
    assert_int_equal(json_integer_value(json_object_get(cut, "size")), strlen(kept));
    const char *first = json_string_value(json_object_get(cut, "text"));
    assert_memory_equal(first, kept, strlen(first));
    assert_int_equal(strlen(first), strlen(kept) - 4); /* no half of a letter */
}

#define TESTS                                                                                      \
    cmocka_unit_test(test_a_record_goes_to_its_database),                                          \
        cmocka_unit_test(test_a_platform_user_is_none_of_the_tenant),                              \
        cmocka_unit_test(test_what_does_not_fit_is_made_to),                                       \
        cmocka_unit_test(test_replay_doubles_nothing),                                             \
        cmocka_unit_test(test_a_database_that_is_away_is_waited_for),                              \
        cmocka_unit_test(test_a_dropped_tenants_records_go_to_main),                               \
        cmocka_unit_test(test_a_refused_record_is_stored_bare),                                    \
        cmocka_unit_test(test_large_bodies_are_stored), cmocka_unit_test(test_two_movers_at_once), \
        cmocka_unit_test(test_a_killed_mover_neither_loses_nor_doubles),                           \
        cmocka_unit_test(test_a_body_is_redacted_and_cut)

int main(void)
{
    const struct CMUnitTest sqlite[] = {TESTS};
    const struct CMUnitTest mysql[] = {TESTS};
    return cmocka_run_group_tests_name("sqlite3", sqlite, sqlite_with_spool, end) +
           cmocka_run_group_tests_name("mysql", mysql, mysql_with_spool, end);
}
