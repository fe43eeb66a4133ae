/* t/unit/db/database_test.c - errors told apart, transactions, locks, whole databases. */
#include "fixture.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/connection.h"

#define THREADS 4
#define ROUNDS 25

static void make_tables(const fixture_t *fixture)
{
    const crm_db_t *db = &fixture->db;
    run(db, fixture->pool,
        "CREATE TABLE owner (id INTEGER PRIMARY KEY, name_key VARCHAR(20) NOT NULL, "
        "CONSTRAINT name_key UNIQUE (name_key))");
    run(db, fixture->pool,
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, a INTEGER, b INTEGER, "
        "CONSTRAINT b UNIQUE (a, b), FOREIGN KEY (owner) REFERENCES owner (id))");
    run(db, fixture->pool, "INSERT INTO owner VALUES (1, 'one'), (2, 'two')");
    run(db, fixture->pool, "INSERT INTO thing VALUES (1, 1, 1, 1)");
}

static crm_error_t *execute(const fixture_t *fixture, const char *sql)
{
    return crm_db_execute(&fixture->db, fixture->pool, sql, CRM_NO_ARGS, NULL);
}

static void errors_are_told_apart(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    make_tables(fixture);
    const crm_error_t *error =
        error_of(CRM_E_DUPLICATE, execute(fixture, "INSERT INTO owner VALUES (3, 'one')"));
    assert_string_equal(error->key, "name_key");
    assert_string_equal(error->detail, "This value already exists.");
    assert_true(error->code != 0);
    error = error_of(CRM_E_DUPLICATE, execute(fixture, "INSERT INTO thing VALUES (2, 1, 1, 1)"));
    assert_string_equal(error->key, "b");
    error_of(CRM_E_DUPLICATE, execute(fixture, "INSERT INTO owner VALUES (1, 'three')"));
    error_of(CRM_E_REFERENCE, execute(fixture, "INSERT INTO thing VALUES (3, 9, 2, 2)"));
    error_of(CRM_E_REFERENCE, execute(fixture, "DELETE FROM owner WHERE id = 1"));
    error_of(CRM_E_DATABASE, execute(fixture, "INSERT INTO owner VALUES (4, NULL)"));
    error_of(CRM_E_DATABASE, execute(fixture, "NONSENSE"));
    /* a statement that failed is as good as before */
    for (int i = 0; i < 3; i++) {
        error_of(CRM_E_DUPLICATE, execute(fixture, "INSERT INTO owner VALUES (3, 'one')"));
    }
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM owner"), 2);
}

static void duplicates_of_odd_values_name_their_key(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    make_tables(fixture);
    for (int i = 0; i < 2; i++) {
        crm_error_t *error =
            crm_db_execute(&fixture->db, fixture->pool, "INSERT INTO owner VALUES (?, ?)",
                           CRM_ARGS(crm_int(10 + i), crm_text("' for key 'x.y'")), NULL);
        if (i == 0) {
            no_error(error);
        } else {
            assert_string_equal(error_of(CRM_E_DUPLICATE, error)->key, "name_key");
        }
    }
}

static void too_long_is_told_on_mysql(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    make_tables(fixture);
    error_of(CRM_E_TOO_LONG,
             execute(fixture, "INSERT INTO owner VALUES (5, '123456789012345678901')"));
    error_of(CRM_E_TOO_LONG, execute(fixture, "INSERT INTO owner VALUES (99999999999, 'x')"));
}

/* ---- transactions */

typedef struct baton_t {
    crm_error_kind_e kind; /* of the error to give, or CRM_E_KINDS: none */
    int runs, fails;       /* the first `fails` runs are LOCKED */
} baton_t;

static crm_error_t *add_owner(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    baton_t *baton = data;
    CRM_ERR(crm_db_execute(db, pool, "INSERT INTO owner VALUES (?, 'x')", CRM_ARGS(crm_int(100)),
                           NULL));
    if (++baton->runs <= baton->fails) {
        return crm_error_standard(pool, CRM_E_LOCKED);
    }
    return baton->kind == CRM_E_KINDS ? NULL : crm_error_standard(pool, baton->kind);
}

static apr_int64_t owners(const fixture_t *fixture)
{
    return number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM owner");
}

static void a_transaction_is_all_or_nothing(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    baton_t baton = {.kind = CRM_E_CONFLICT};
    make_tables(fixture);
    error_of(CRM_E_CONFLICT, crm_db_transaction(&fixture->db, fixture->pool, add_owner, &baton));
    assert_int_equal(baton.runs, 1);
    assert_int_equal(owners(fixture), 2);
    baton = (baton_t){.kind = CRM_E_KINDS};
    no_error(crm_db_transaction(&fixture->db, fixture->pool, add_owner, &baton));
    assert_int_equal(owners(fixture), 3);
}

static void what_is_locked_is_run_again(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    baton_t baton = {.kind = CRM_E_KINDS, .fails = 3};
    make_tables(fixture);
    no_error(crm_db_transaction(&fixture->db, fixture->pool, add_owner, &baton));
    assert_int_equal(baton.runs, 4);
    assert_int_equal(owners(fixture), 3);
    run(&fixture->db, fixture->pool, "DELETE FROM owner WHERE id = 100");
    baton = (baton_t){.kind = CRM_E_KINDS, .fails = 1000};
    error_of(CRM_E_LOCKED, crm_db_transaction(&fixture->db, fixture->pool, add_owner, &baton));
    assert_int_equal(baton.runs, 5);
    assert_int_equal(owners(fixture), 2);
}

static crm_error_t *nest(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    CRM_ERR(crm_db_execute(db, pool, "INSERT INTO owner VALUES (50, 'y')", CRM_NO_ARGS, NULL));
    CRM_ERR(crm_db_transaction(db, pool, add_owner, data));
    return crm_error_standard(pool, CRM_E_CONFLICT);
}

static void a_nested_transaction_is_part_of_the_outer_one(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    baton_t baton = {.kind = CRM_E_KINDS};
    make_tables(fixture);
    error_of(CRM_E_CONFLICT, crm_db_transaction(&fixture->db, fixture->pool, nest, &baton));
    assert_int_equal(baton.runs, 1);
    assert_int_equal(owners(fixture), 2);
}

static crm_error_t *add_one(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    const crm_rows_t *rows;
    (void)data;
    CRM_ERR(crm_db_select(db, pool, "SELECT a FROM thing WHERE id = 1 {for update}", "i",
                          CRM_NO_ARGS, &rows));
    apr_int64_t next = rows->cells[0].as.integer + 1;
    return crm_db_execute(db, pool, "UPDATE thing SET a = ? WHERE id = 1", CRM_ARGS(crm_int(next)),
                          NULL);
}

static void *count_up(void *data)
{
    const fixture_t *fixture = data;
    apr_pool_t *pool;
    crm_error_t *error = NULL;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS && !error; i++) {
        error = crm_db_transaction(&fixture->db, pool, add_one, NULL);
        if (!error) {
            error = crm_db_execute(&fixture->db, pool, "UPDATE thing SET b = b + 1 WHERE id = 1",
                                   CRM_NO_ARGS, NULL);
        }
    }
    apr_status_t status = error ? APR_EGENERAL : APR_SUCCESS;
    if (error) {
        print_error("%s\n", crm_error_line(pool, error));
    }
    apr_pool_destroy(pool);
    return status ? data : NULL; /* NULL is success */
}

static void threads_do_not_lose_updates(void **state)
{
    fixture_t *fixture = fixture_of(state);
    pthread_t threads[THREADS];
    make_tables(fixture);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, fixture), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT a FROM thing"),
                     1 + THREADS * ROUNDS);
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT b FROM thing"),
                     1 + THREADS * ROUNDS);
}

/* ---- lost connections (MySQL) */

static void kill_others(fixture_t *fixture, apr_pool_t *pool)
{
    const crm_rows_t *rows;
    crm_db_t killer = fixture_again(fixture, &fixture->limits);
    no_error(crm_db_select(&killer, pool,
                           "SELECT id FROM information_schema.processlist WHERE db = DATABASE() "
                           "AND id <> CONNECTION_ID()",
                           "i", CRM_NO_ARGS, &rows));
    assert_true(rows->count > 0);
    for (int i = 0; i < rows->count; i++) {
        run(&killer, pool, apr_psprintf(pool, "KILL %d", (int)crm_row(rows, i)[0].as.integer));
    }
}

static crm_error_t *lose_connection(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    baton_t *baton = data;
    const crm_rows_t *rows;
    baton->runs++;
    CRM_ERR(crm_db_execute(db, pool, "INSERT INTO owner VALUES (60, 'z')", CRM_NO_ARGS, NULL));
    /* the connection kills itself: what it did is rolled back */
    error_of(CRM_E_UNAVAILABLE,
             crm_db_execute(db, pool, "KILL CONNECTION_ID()", CRM_NO_ARGS, NULL));
    return baton->kind == CRM_E_KINDS
               ? NULL
               : crm_db_select(db, pool, "SELECT 1", "i", CRM_NO_ARGS, &rows);
}

static void a_lost_transaction_is_told(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    baton_t baton = {.kind = CRM_E_GONE};
    make_tables(fixture);
    const crm_error_t *error =
        error_of(CRM_E_UNAVAILABLE,
                 crm_db_transaction(&fixture->db, fixture->pool, lose_connection, &baton));
    assert_int_equal(error->retry_after, 1);
    assert_int_equal(baton.runs, 1);
    assert_int_equal(owners(fixture), 2);
    /* also when the work took no notice */
    baton = (baton_t){.kind = CRM_E_KINDS};
    error_of(CRM_E_UNAVAILABLE,
             crm_db_transaction(&fixture->db, fixture->pool, lose_connection, &baton));
    assert_int_equal(owners(fixture), 2);
}

static void idle_connections_that_were_killed_are_replaced(void **state)
{
    fixture_t *fixture = fixture_of(state);
    baton_t baton = {.kind = CRM_E_KINDS};
    make_tables(fixture);
    kill_others(fixture, fixture->pool);
    assert_int_equal(owners(fixture), 2);
    kill_others(fixture, fixture->pool);
    run(&fixture->db, fixture->pool, "INSERT INTO owner VALUES (70, 'w')");
    kill_others(fixture, fixture->pool);
    no_error(crm_db_transaction(&fixture->db, fixture->pool, add_owner, &baton));
    assert_int_equal(owners(fixture), 4);
}

/* ---- locks */

typedef struct lock_baton_t {
    const fixture_t *fixture;
    crm_error_t *inner;
    int ran;
} lock_baton_t;

static crm_error_t *note(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    lock_baton_t *baton = data;
    (void)db;
    (void)pool;
    baton->ran++;
    return NULL;
}

static crm_error_t *try_inside(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    lock_baton_t *baton = data;
    lock_baton_t other = {.ran = 0};
    assert_ptr_equal(db, &baton->fixture->db);
    assert_null(db->connection);
    /* the work has other connections of its own */
    assert_int_equal(number(db, pool, "SELECT 1"), 1);
    baton->inner = crm_db_with_lock(db, pool, "a-lock", 0, note, &other);
    assert_int_equal(other.ran, 0);
    no_error(crm_db_with_lock(db, pool, "another_lock", 0, note, &other));
    assert_int_equal(other.ran, 1);
    baton->ran++;
    return crm_error_standard(pool, CRM_E_CONFLICT);
}

static void a_lock_is_held_by_one(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    lock_baton_t baton = {.fixture = fixture};
    for (int i = 1; i <= 2; i++) {
        error_of(CRM_E_CONFLICT,
                 crm_db_with_lock(&fixture->db, fixture->pool, "a-lock", 0, try_inside, &baton));
        assert_int_equal(baton.ran, i);
        error_of(CRM_E_LOCKED, baton.inner);
    }
    error_of(CRM_E_INTERNAL,
             crm_db_with_lock(&fixture->db, fixture->pool, "../x", 0, note, &baton));
}

static void *lock_and_count(void *data)
{
    const fixture_t *fixture = data;
    apr_pool_t *pool;
    apr_status_t status = APR_SUCCESS;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS && !status; i++) {
        lock_baton_t baton = {.fixture = fixture};
        crm_error_t *error =
            crm_db_with_lock(&fixture->db, pool, "count", apr_time_from_sec(20), add_one, &baton);
        if (error) {
            print_error("%s\n", crm_error_line(pool, error));
            status = APR_EGENERAL;
        }
    }
    apr_pool_destroy(pool);
    return status ? data : NULL; /* NULL is success */
}

/* The counting itself has no transaction: only the lock keeps its two statements together. */
static void a_lock_keeps_threads_apart(void **state)
{
    fixture_t *fixture = fixture_of(state);
    pthread_t threads[THREADS];
    make_tables(fixture);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, lock_and_count, fixture), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT a FROM thing"),
                     1 + THREADS * ROUNDS);
}

static crm_error_t *tell_and_hang(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    int *pipe_end = data;
    (void)db;
    (void)pool;
    if (write(*pipe_end, "x", 1) != 1) {
        _exit(1);
    }
    for (;;) {
        pause();
    }
}

static void a_lock_ends_with_its_process(void **state)
{
    fixture_t *fixture = fixture_of(state);
    lock_baton_t baton = {.fixture = fixture};
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        crm_db_t db = fixture_again(fixture, &fixture->limits);
        crm_db_with_lock(&db, fixture->pool, "a-lock", 0, tell_and_hang, &ends[1]);
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    error_of(CRM_E_LOCKED,
             crm_db_with_lock(&fixture->db, fixture->pool, "a-lock", 0, note, &baton));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    no_error(crm_db_with_lock(&fixture->db, fixture->pool, "a-lock", apr_time_from_sec(10), note,
                              &baton));
    assert_int_equal(baton.ran, 1);
}

/* ---- whole databases */

static void databases_are_made_once_and_dropped(void **state)
{
    fixture_t *fixture = fixture_of(state);
    crm_db_t other = fixture_other(fixture, "other");
    int exists;
    const crm_rows_t *rows;
    no_error(crm_db_exists(&other, fixture->pool, &exists));
    assert_int_equal(exists, 0);
    /* a database that is not there is not made by using it */
    error_of(CRM_E_UNAVAILABLE,
             crm_db_select(&other, fixture->pool, "SELECT 1", "i", CRM_NO_ARGS, &rows));
    no_error(crm_db_exists(&other, fixture->pool, &exists));
    assert_int_equal(exists, 0);
    for (int i = 0; i < 2; i++) {
        no_error(crm_db_create_database(&other, fixture->pool));
        error_of(CRM_E_CONFLICT, crm_db_create_database(&other, fixture->pool));
        no_error(crm_db_exists(&other, fixture->pool, &exists));
        assert_int_equal(exists, 1);
        /* the one before is gone for good, also for the connections that it had */
        run(&other, fixture->pool, "CREATE TABLE t (i INTEGER)");
        run(&other, fixture->pool, "INSERT INTO t VALUES (1)");
        assert_int_equal(number(&other, fixture->pool, "SELECT COUNT(*) FROM t"), 1);
        no_error(crm_db_drop_database(&other, fixture->pool));
        no_error(crm_db_drop_database(&other, fixture->pool));
        no_error(crm_db_exists(&other, fixture->pool, &exists));
        assert_int_equal(exists, 0);
    }
}

/* Dropped and made again by another process, whose pool cannot tell ours. */
static void a_database_made_anew_is_noticed(void **state)
{
    fixture_t *fixture = fixture_of(state);
    crm_db_t elsewhere = fixture_again(fixture, &fixture->limits);
    run(&fixture->db, fixture->pool, "CREATE TABLE t (i INTEGER)");
    run(&fixture->db, fixture->pool, "INSERT INTO t VALUES (1)");
    no_error(crm_db_drop_database(&elsewhere, fixture->pool));
    no_error(crm_db_create_database(&elsewhere, fixture->pool));
    run(&elsewhere, fixture->pool, "CREATE TABLE t (i INTEGER)");
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM t"), 0);
    run(&fixture->db, fixture->pool, "INSERT INTO t VALUES (1)");
    assert_int_equal(number(&elsewhere, fixture->pool, "SELECT COUNT(*) FROM t"), 1);
}

static void files_are_the_owners_alone(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    make_tables(fixture);
    for (int i = 0; i < 3; i++) {
        apr_finfo_t info;
        const char *path = apr_pstrcat(fixture->pool, fixture->db.database, suffixes[i], NULL);
        assert_int_equal(apr_stat(&info, path, APR_FINFO_PROT, fixture->pool), APR_SUCCESS);
        assert_int_equal(info.protection & 0x77, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(errors_are_told_apart),
        ON_BOTH(duplicates_of_odd_values_name_their_key),
        cmocka_unit_test_setup_teardown(too_long_is_told_on_mysql, fixture_mysql, fixture_end),
        ON_BOTH(a_transaction_is_all_or_nothing),
        ON_BOTH(what_is_locked_is_run_again),
        ON_BOTH(a_nested_transaction_is_part_of_the_outer_one),
        ON_BOTH(threads_do_not_lose_updates),
        cmocka_unit_test_setup_teardown(a_lost_transaction_is_told, fixture_mysql, fixture_end),
        cmocka_unit_test_setup_teardown(idle_connections_that_were_killed_are_replaced,
                                        fixture_mysql, fixture_end),
        ON_BOTH(a_lock_is_held_by_one),
        ON_BOTH(a_lock_keeps_threads_apart),
        ON_BOTH(a_lock_ends_with_its_process),
        ON_BOTH(databases_are_made_once_and_dropped),
        ON_BOTH(a_database_made_anew_is_noticed),
        cmocka_unit_test_setup_teardown(files_are_the_owners_alone, fixture_sqlite, fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
