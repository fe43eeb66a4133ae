/* t/unit/db/pool_test.c - caps, waiting, giving up idle connections, servers that are away. */
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_atomic.h>

#include "db/connection.h"
#include "db/meter.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Long enough that only a connection that never comes makes it pass. */
#define LONG_WAIT apr_time_from_sec(20)
#define SHORT_WAIT apr_time_from_msec(20)

static crm_connection_t *acquire(const crm_db_t *db, apr_pool_t *pool)
{
    crm_connection_t *connection;
    no_error(crm_pool_acquire(db, pool, &connection));
    assert_string_equal(connection->database, db->database);
    return connection;
}

static const crm_error_t *refused(const crm_db_t *db, apr_pool_t *pool)
{
    crm_connection_t *connection;
    return error_of(CRM_E_UNAVAILABLE, crm_pool_acquire(db, pool, &connection));
}

static void check_counts(crm_pool_t *pool, int open, int busy)
{
    crm_pool_counts_t counts = crm_pool_counts(pool);
    assert_int_equal(counts.open, open);
    assert_int_equal(counts.busy, busy);
    assert_int_equal(counts.waiting, 0);
}

static crm_db_t with_limits(fixture_t *fixture, int max, int per_database, apr_interval_time_t wait)
{
    crm_pool_limits_t limits = {
        .max = max, .per_database = per_database, .idle = apr_time_from_sec(60), .wait = wait};
    return fixture_again(fixture, &limits);
}

/* COUNT databases beside the fixture's, in its folder or on its server, each with its own name in
 * table `me`. */
static crm_db_t *make_others(fixture_t *fixture, crm_pool_t *connections, int count)
{
    crm_db_t *others = apr_pcalloc(fixture->pool, (apr_size_t)count * sizeof(*others));
    for (int i = 0; i < count; i++) {
        others[i] = fixture_other(fixture, apr_itoa(fixture->pool, i));
        no_error(crm_db_create_database(&others[i], fixture->pool));
        run(&others[i], fixture->pool, "CREATE TABLE me (name VARCHAR(200))");
        no_error(crm_db_execute(&others[i], fixture->pool, "INSERT INTO me VALUES (?)",
                                CRM_ARGS(crm_text(others[i].database)), NULL));
        others[i].pool = connections;
    }
    return others;
}

static void drop_others(fixture_t *fixture, crm_db_t *others, int count)
{
    for (int i = 0; i < count; i++) {
        others[i].pool = fixture->db.pool;
        no_error(crm_db_drop_database(&others[i], fixture->pool));
    }
}

static void the_caps_hold(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t db = with_limits(fixture, 3, 2, SHORT_WAIT);
    crm_db_t *others = make_others(fixture, db.pool, 2);
    crm_connection_t *first = acquire(&db, pool), *second = acquire(&db, pool);
    const crm_error_t *error = refused(&db, pool);
    assert_int_equal(error->retry_after, 1);
    assert_string_equal(error->detail, "No database connection is free. Try again later.");
    crm_connection_t *third = acquire(&others[0], pool);
    refused(&others[1], pool);
    check_counts(db.pool, 3, 3);
    assert_int_equal(crm_pool_counts(db.pool).timed_out, 2);
    crm_pool_release(db.pool, third, 0);
    crm_pool_release(db.pool, second, 0);
    assert_ptr_equal(acquire(&db, pool), second);
    crm_pool_release(db.pool, second, 1);
    check_counts(db.pool, 2, 1);
    crm_pool_release(db.pool, first, 0);
    check_counts(db.pool, 2, 0);
    crm_pool_forget(db.pool, NULL);
    check_counts(db.pool, 0, 0);
    drop_others(fixture, others, 2);
}

/* Who has a server lock, who waits for it, and the work under it. */
static void small_pools_have_room_for_locks(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t db = with_limits(fixture, 4, 4, SHORT_WAIT), server = db;
    crm_connection_t *connections[3];
    server.database = "";
    server.needs = 0;
    for (int i = 0; i < 3; i++) {
        connections[i] = acquire(&server, pool);
    }
    refused(&server, pool);
    crm_pool_release(db.pool, acquire(&db, pool), 0); /* there is one left for the database */
    for (int i = 0; i < 3; i++) {
        crm_pool_release(db.pool, connections[i], 0);
    }
}

static void the_longest_idle_one_is_given_up(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t db = with_limits(fixture, 2, 2, SHORT_WAIT);
    crm_db_t *others = make_others(fixture, db.pool, 2);
    crm_connection_t *first = acquire(&db, pool), *second = acquire(&others[0], pool);
    crm_pool_release(db.pool, first, 0);
    crm_pool_release(db.pool, second, 0);
    crm_pool_release(db.pool, acquire(&others[1], pool), 0); /* instead of the first */
    check_counts(db.pool, 2, 0);
    apr_uint64_t opened = crm_pool_counts(db.pool).opened;
    assert_ptr_equal(acquire(&others[0], pool), second);
    assert_int_equal(crm_pool_counts(db.pool).opened, opened);
    crm_pool_release(db.pool, second, 0);
    crm_pool_forget(db.pool, NULL);
    drop_others(fixture, others, 2);
}

static void forgotten_and_idle_connections_are_closed(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_pool_limits_t limits = {
        .max = 4, .per_database = 4, .idle = -APR_USEC_PER_SEC, .wait = SHORT_WAIT};
    crm_db_t db = fixture_again(fixture, &limits);
    crm_connection_t *busy = acquire(&db, pool);
    crm_pool_release(db.pool, acquire(&db, pool), 0);
    check_counts(db.pool, 2, 1);
    crm_pool_reap(db.pool);
    check_counts(db.pool, 1, 1);
    crm_pool_forget(db.pool, "another");
    crm_pool_release(db.pool, busy, 0);
    check_counts(db.pool, 1, 0);
    busy = acquire(&db, pool);
    crm_pool_forget(db.pool, db.database); /* closed when it comes back */
    check_counts(db.pool, 1, 1);
    crm_pool_release(db.pool, busy, 0);
    check_counts(db.pool, 0, 0);
}

/* ---- waiting */

typedef struct waiting_t {
    const crm_db_t *db;
    crm_connection_t *connection;
} waiting_t;

static void *wait_for_one(void *data)
{
    waiting_t *waiting = data;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    crm_error_t *error = crm_pool_acquire(waiting->db, pool, &waiting->connection);
    apr_status_t status = error ? APR_EGENERAL : APR_SUCCESS;
    apr_pool_destroy(pool);
    return status ? data : NULL; /* NULL is success */
}

static pthread_t start_waiting(waiting_t *waiting)
{
    pthread_t thread;
    int before = crm_pool_counts(waiting->db->pool).waiting;
    assert_int_equal(pthread_create(&thread, NULL, wait_for_one, waiting), 0);
    while (crm_pool_counts(waiting->db->pool).waiting == before) {
        apr_sleep(1000);
    }
    return thread;
}

static void join(pthread_t thread)
{
    void *failed;
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
}

static void who_waits_gets_what_comes_back(void **state)
{
    fixture_t *fixture = fixture_of(state);
    crm_db_t db = with_limits(fixture, 2, 1, LONG_WAIT);
    crm_db_t *others = make_others(fixture, db.pool, 2);
    crm_connection_t *first = acquire(&db, fixture->pool);
    crm_connection_t *second = acquire(&others[0], fixture->pool);
    waiting_t same = {.db = &others[0]}, another = {.db = &others[1]};
    pthread_t one = start_waiting(&same), two = start_waiting(&another);
    /* of no use to the first who waits: that database has reached its own cap */
    crm_pool_release(db.pool, first, 0);
    join(two);
    assert_string_equal(another.connection->database, others[1].database);
    /* a broken one makes room all the same */
    crm_pool_release(db.pool, second, 1);
    join(one);
    assert_string_equal(same.connection->database, others[0].database);
    crm_pool_release(db.pool, same.connection, 0);
    crm_pool_release(db.pool, another.connection, 0);
    crm_pool_forget(db.pool, NULL);
    drop_others(fixture, others, 2);
}

/* ---- closing while others look */

enum { CLOSED = 400 };

typedef struct looking_t {
    const crm_db_t *db;
    volatile apr_uint32_t over;
} looking_t;

static void *look(void *data)
{
    looking_t *looking = data;
    const crm_db_t *db = looking->db;
    apr_status_t status = APR_SUCCESS;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    while (!apr_atomic_read32(&looking->over) && !status) {
        const apr_array_header_t *uses = crm_pool_uses(db->pool, pool);
        for (int i = 0; i < uses->nelts; i++) {
            const crm_pool_use_t *use = &APR_ARRAY_IDX(uses, i, crm_pool_use_t);
            if (strcmp(use->database, db->database) != 0) {
                print_error("a connection to %s\n", use->database);
                status = APR_EGENERAL;
            }
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return status ? data : NULL; /* NULL is success */
}

/* What is closed is counted, by the names of its database, until it is gone. */
static void what_is_closed_keeps_its_names(void **state)
{
    fixture_t *fixture = fixture_of(state);
    crm_db_t db = with_limits(fixture, 2, 1, LONG_WAIT);
    looking_t looking = {.db = &db};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look, &looking), 0);
    for (int i = 0; i < CLOSED; i++) {
        crm_pool_release(db.pool, acquire(&db, fixture->pool), 1);
        crm_pool_release(db.pool, acquire(&db, fixture->pool), 0);
        crm_pool_forget(db.pool, NULL);
    }
    apr_atomic_set32(&looking.over, 1);
    join(thread);
    check_counts(db.pool, 0, 0);
}

/* ---- many databases through few connections */

enum { DATABASES = 9, THREADS = 6, ROUNDS = 60, FEW = 4 };

typedef struct crowd_t {
    crm_db_t *dbs;
    int index;
} crowd_t;

static void *visit_all(void *data)
{
    crowd_t *crowd = data;
    apr_status_t status = APR_SUCCESS;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS && !status; i++) {
        const crm_db_t *db = &crowd->dbs[(i * (crowd->index + 1) + crowd->index) % DATABASES];
        const crm_rows_t *rows;
        crm_error_t *error =
            crm_db_select(db, pool, "SELECT name FROM me", "s", CRM_NO_ARGS, &rows);
        if (error || rows->count != 1 || strcmp(rows->cells[0].as.text, db->database) != 0) {
            print_error("%s\n", error ? crm_error_line(pool, error) : "another database's row");
            status = APR_EGENERAL;
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return status ? data : NULL; /* NULL is success */
}

/* Connections of pool FEW that the server sees: those to the databases visited. */
static apr_int64_t seen(fixture_t *fixture)
{
    const crm_rows_t *rows;
    const char *like = apr_pstrcat(fixture->pool, fixture->db.database, "|_%", NULL);
    no_error(crm_db_select(&fixture->db, fixture->pool,
                           "SELECT COUNT(*) FROM information_schema.processlist WHERE db LIKE ? "
                           "ESCAPE '|' AND db <> DATABASE()",
                           "i", CRM_ARGS(crm_text(like)), &rows));
    return rows->cells[0].as.integer;
}

static void few_connections_serve_many_databases(void **state)
{
    fixture_t *fixture = fixture_of(state);
    crm_db_t db = with_limits(fixture, FEW, 2, LONG_WAIT);
    crm_db_t *others = make_others(fixture, db.pool, DATABASES);
    crowd_t crowds[THREADS];
    pthread_t threads[THREADS];
    crm_pool_forget(fixture->db.pool, NULL);
    while (fixture_is_mysql(fixture) && seen(fixture)) {
        apr_sleep(1000); /* the server has not ended all that made the databases */
    }
    for (int i = 0; i < THREADS; i++) {
        crowds[i] = (crowd_t){.dbs = others, .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, visit_all, &crowds[i]), 0);
    }
    for (int i = 0; i < 20 && fixture_is_mysql(fixture); i++) {
        assert_in_range(seen(fixture), 0, FEW);
    }
    for (int i = 0; i < THREADS; i++) {
        join(threads[i]);
    }
    assert_in_range(crm_pool_counts(db.pool).open, 1, FEW);
    check_counts(db.pool, crm_pool_counts(db.pool).open, 0);
    crm_pool_forget(db.pool, NULL);
    drop_others(fixture, others, DATABASES);
}

/* ---- schema versions */

static void older_schemas_are_refused(void **state)
{
    fixture_t *fixture = fixture_of(state);
    crm_db_t db = fixture->db;
    db.needs = 2;
    const crm_error_t *error = refused(&db, fixture->pool);
    assert_int_equal(error->retry_after, 30);
    assert_string_equal(error->detail, "The database is being upgraded. Try again later.");
    run(&fixture->db, fixture->pool,
        "CREATE TABLE schema_migration (version INT, is_done SMALLINT)");
    refused(&db, fixture->pool);
    run(&fixture->db, fixture->pool, "INSERT INTO schema_migration VALUES (1, 1), (2, 0)");
    error = refused(&db, fixture->pool);
    assert_non_null(strstr(error->cause, "crmctl migrate"));
    assert_non_null(strstr(error->cause, "version 1 "));
    assert_non_null(strstr(error->cause, "version 2:"));
    assert_non_null(strstr(error->cause, db.database));
    run(&fixture->db, fixture->pool, "UPDATE schema_migration SET is_done = 1");
    assert_int_equal(number(&db, fixture->pool, "SELECT MAX(version) FROM schema_migration"), 2);
    check_counts(db.pool, crm_pool_counts(db.pool).open, 0);
}

/* ---- servers that are away */

static int listen_anywhere(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

static crm_db_t nobodys_database(fixture_t *fixture, int port, apr_interval_time_t wait)
{
    crm_db_t db = with_limits(fixture, 2, 2, wait);
    no_error(crm_db_url_parse(fixture->pool,
                              apr_psprintf(fixture->pool, "mysql://root@127.0.0.1:%d/x", port), 0,
                              &db.server));
    db.database = db.server->database;
    return db;
}

static void a_server_that_refuses_is_told_at_once(void **state)
{
    fixture_t *fixture = fixture_of(state);
    int port;
    close(listen_anywhere(&port));
    crm_db_t db = nobodys_database(fixture, port, LONG_WAIT);
    apr_time_t begin = apr_time_now();
    for (int i = 0; i < 5; i++) {
        const crm_error_t *error = refused(&db, fixture->pool);
        assert_int_equal(error->retry_after, 1);
        assert_string_equal(error->detail, "The database cannot be reached. Try again later.");
        assert_non_null(error->cause);
    }
    assert_true(apr_time_now() - begin < LONG_WAIT);
    check_counts(db.pool, 0, 0);
    assert_int_equal(crm_pool_counts(db.pool).failed, 5);
}

/* It takes connections and never says a word, as a stopped process or a stalled network does. */
static void a_server_that_is_silent_is_given_up(void **state)
{
    fixture_t *fixture = fixture_of(state);
    int port, listener = listen_anywhere(&port);
    crm_db_t db = nobodys_database(fixture, port, SHORT_WAIT);
    for (int i = 0; i < 5; i++) { /* more than may hang */
        const crm_error_t *error = refused(&db, fixture->pool);
        assert_string_equal(error->detail, "The database does not answer. Try again later.");
    }
    check_counts(db.pool, 0, 0);
    close(listener); /* ends those that hang */
}

/* The use of DB in USES, or nothing. */
static crm_pool_use_t use_of(const apr_array_header_t *uses, const crm_db_t *db)
{
    for (int i = 0; i < uses->nelts; i++) {
        crm_pool_use_t use = APR_ARRAY_IDX(uses, i, crm_pool_use_t);
        if (strcmp(use.database, db->database) == 0) {
            assert_string_equal(use.server, db->server->server);
            return use;
        }
    }
    return (crm_pool_use_t){.open = 0};
}

static void uses_are_told_by_database(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t db = with_limits(fixture, 4, 4, SHORT_WAIT);
    crm_db_t *others = make_others(fixture, db.pool, 1);
    assert_int_equal(crm_pool_uses(db.pool, pool)->nelts, 0);
    crm_connection_t *first = acquire(&db, pool), *second = acquire(&db, pool);
    crm_connection_t *third = acquire(&others[0], pool);
    crm_pool_release(db.pool, second, 0);
    apr_array_header_t *uses = crm_pool_uses(db.pool, pool);
    assert_int_equal(uses->nelts, 2);
    assert_int_equal(use_of(uses, &db).open, 2);
    assert_int_equal(use_of(uses, &db).busy, 1);
    assert_int_equal(use_of(uses, &others[0]).open, 1);
    assert_int_equal(use_of(uses, &others[0]).busy, 1);
    assert_int_equal(use_of(uses, &others[0]).waiting, 0);
    crm_pool_release(db.pool, first, 0);
    crm_pool_release(db.pool, third, 0);
    crm_pool_forget(db.pool, NULL);
    assert_int_equal(crm_pool_uses(db.pool, pool)->nelts, 0);
    drop_others(fixture, others, 1);
}

static void what_work_costs_is_metered(void **state)
{
    fixture_t *fixture = fixture_of(state);
    const crm_rows_t *rows;
    crm_meter_t meter = {0}, inner = {0};
    no_error(crm_db_select(&fixture->db, fixture->pool, "SELECT 1", "i", CRM_NO_ARGS, &rows));
    assert_null(crm_meter_use(&meter));
    no_error(crm_db_select(&fixture->db, fixture->pool, "SELECT 1", "i", CRM_NO_ARGS, &rows));
    assert_ptr_equal(crm_meter_use(&inner), &meter);
    assert_ptr_equal(crm_meter_use(&meter), &inner);
    no_error(crm_db_select(&fixture->db, fixture->pool, "SELECT 2", "i", CRM_NO_ARGS, &rows));
    assert_ptr_equal(crm_meter_use(NULL), &meter);
    no_error(crm_db_select(&fixture->db, fixture->pool, "SELECT 3", "i", CRM_NO_ARGS, &rows));
    assert_int_equal(meter.statements, 2);
    assert_true(meter.database >= 0 && meter.wait >= 0);
    assert_int_equal(inner.statements, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(the_caps_hold),
        ON_BOTH(the_longest_idle_one_is_given_up),
        ON_BOTH(forgotten_and_idle_connections_are_closed),
        ON_BOTH(who_waits_gets_what_comes_back),
        ON_BOTH(what_is_closed_keeps_its_names),
        ON_BOTH(few_connections_serve_many_databases),
        ON_BOTH(older_schemas_are_refused),
        ON_BOTH(uses_are_told_by_database),
        ON_BOTH(what_work_costs_is_metered),
        cmocka_unit_test_setup_teardown(small_pools_have_room_for_locks, fixture_mysql,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(a_server_that_refuses_is_told_at_once, fixture_sqlite,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(a_server_that_is_silent_is_given_up, fixture_sqlite,
                                        fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
