/* t/unit/db/migration_test.c - files applied in order, once, also after crashes and by two at once.
 */
#include "fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_io.h>

#include "db/migration.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *folder_of(const fixture_t *fixture)
{
    return apr_pstrcat(fixture->pool, fixture->folder, "/", fixture->db.server->driver, "/main",
                       NULL);
}

static void put(const fixture_t *fixture, const char *name, const char *text)
{
    apr_file_t *file;
    apr_dir_make_recursive(folder_of(fixture), APR_FPROT_OS_DEFAULT, fixture->pool);
    const char *path = apr_pstrcat(fixture->pool, folder_of(fixture), "/", name, NULL);
    assert_int_equal(apr_file_open(&file, path,
                                   APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_TRUNCATE,
                                   APR_FPROT_OS_DEFAULT, fixture->pool),
                     APR_SUCCESS);
    assert_int_equal(apr_file_write_full(file, text, strlen(text), NULL), APR_SUCCESS);
    apr_file_close(file);
}

static crm_error_t *read_files(const fixture_t *fixture, crm_migrations_t **ret_migrations)
{
    return crm_migrations_read(fixture->pool, fixture->folder, fixture->db.server->driver,
                               CRM_SCHEMA_MAIN, ret_migrations);
}

static crm_error_t *migrate(const fixture_t *fixture, int *ret_applied)
{
    crm_migrations_t *migrations;
    CRM_ERR(read_files(fixture, &migrations));
    return crm_migrate(&fixture->db, fixture->pool, migrations, ret_applied);
}

static int applied(const fixture_t *fixture)
{
    int count = -1;
    no_error(migrate(fixture, &count));
    return count;
}

static void refused_with(const fixture_t *fixture, const char *words)
{
    const crm_error_t *error = migrate(fixture, NULL);
    if (!error || !error->cause || !strstr(error->cause, words)) {
        fail_msg("\"%s\" is not in: %s", words,
                 error ? crm_error_line(fixture->pool, error) : "no error");
    }
}

static int version(const fixture_t *fixture)
{
    int result;
    no_error(crm_migration_version(&fixture->db, fixture->pool, &result));
    return result;
}

/* ---- files */

static void files_are_applied_in_order_and_once(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    crm_migrations_t *migrations;
    assert_int_equal(version(fixture), 0);
    put(fixture, "0002_more.sql",
        "ALTER TABLE a ADD COLUMN c INTEGER;\nINSERT INTO a VALUES (1, 2, 3);\n");
    put(fixture, "0001_first.sql", "-- first\nCREATE TABLE a (i INTEGER,\n  j INTEGER);\n");
    put(fixture, "README", "not one of them");
    no_error(read_files(fixture, &migrations));
    assert_int_equal(crm_migrations_newest(migrations), 2);
    assert_int_equal(applied(fixture), 2);
    assert_int_equal(version(fixture), 2);
    assert_int_equal(applied(fixture), 0);
    put(fixture, "0003_third.sql", "UPDATE a SET c = 4;");
    assert_int_equal(applied(fixture), 1);
    assert_int_equal(version(fixture), 3);
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT c FROM a"), 4);
    assert_int_equal(number(&fixture->db, fixture->pool,
                            "SELECT COUNT(*) FROM schema_migration WHERE is_done = 1 AND "
                            "LENGTH(checksum) = 64 AND name LIKE '000%|_%.sql' ESCAPE '|'"),
                     3);
}

static void a_migrated_database_serves_those_who_need_it(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    crm_db_t db = fixture->db;
    db.needs = 1;
    put(fixture, "0001_first.sql", "CREATE TABLE a (i INTEGER);");
    assert_int_equal(applied(fixture), 1);
    assert_int_equal(number(&db, fixture->pool, "SELECT COUNT(*) FROM a"), 0);
    db.needs = 2;
    const crm_rows_t *rows;
    error_of(CRM_E_UNAVAILABLE,
             crm_db_select(&db, fixture->pool, "SELECT 1", "i", CRM_NO_ARGS, &rows));
}

static void odd_files_are_refused_by_name(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    static const char *const odd[] = {"0003_gap.sql",   "02_short.sql",  "0002.sql",
                                      "0001_twice.sql", "0000_zero.sql", "x.sql"};
    refused_with(fixture, "/main");
    put(fixture, "0001_first.sql", "CREATE TABLE a (i INTEGER);");
    for (apr_size_t i = 0; i < COUNT(odd); i++) {
        put(fixture, odd[i], "CREATE TABLE b (i INTEGER);");
        refused_with(fixture, odd[i]);
        assert_int_equal(
            apr_file_remove(apr_pstrcat(fixture->pool, folder_of(fixture), "/", odd[i], NULL),
                            fixture->pool),
            APR_SUCCESS);
    }
    put(fixture, "0002_empty.sql", "-- nothing\n");
    refused_with(fixture, "0002_empty.sql has no statement");
    assert_int_equal(version(fixture), 0);
}

static void changed_and_unknown_files_are_refused_by_name(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    put(fixture, "0001_first.sql", "CREATE TABLE a (i INTEGER);");
    put(fixture, "0002_second.sql", "CREATE TABLE b (i INTEGER);");
    assert_int_equal(applied(fixture), 2);
    put(fixture, "0001_first.sql", "CREATE TABLE a (i INTEGER); ");
    refused_with(fixture, "0001_first.sql was changed after it was applied");
    put(fixture, "0001_first.sql", "CREATE TABLE a (i INTEGER);");
    assert_int_equal(applied(fixture), 0);
    apr_file_remove(apr_pstrcat(fixture->pool, folder_of(fixture), "/0002_second.sql", NULL),
                    fixture->pool);
    refused_with(fixture, "0002_second.sql was applied by a newer mod_crm");
    put(fixture, "0002_second.sql", "CREATE TABLE b (i INTEGER);");
    run(&fixture->db, fixture->pool, "DELETE FROM schema_migration WHERE version = 1");
    refused_with(fixture, "0002_second.sql was applied, but not the one before it");
}

static void a_failing_statement_is_named(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    put(fixture, "0001_first.sql", "CREATE TABLE a (i INTEGER);");
    put(fixture, "0002_bad.sql", "CREATE TABLE b (i INTEGER);\nCREATE NONSENSE;\n");
    for (int i = 0; i < 2; i++) {
        refused_with(fixture, "migration 0002_bad.sql, statement 2");
        assert_int_equal(version(fixture), 1);
    }
    /* where DDL can be rolled back nothing is left, elsewhere it is known how much */
    const crm_rows_t *rows;
    no_error(crm_db_select(&fixture->db, fixture->pool,
                           "SELECT statements_done FROM schema_migration WHERE is_done = 0", "i",
                           CRM_NO_ARGS, &rows));
    assert_int_equal(rows->count, fixture_is_mysql(fixture) ? 1 : 0);
    if (rows->count) {
        assert_int_equal(rows->cells[0].as.integer, -2); /* one, and the next was refused */
    }
}

static void triggers_stand_between_lines_of_their_own(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    put(fixture, "0001_trigger.sql",
        "CREATE TABLE a (i INTEGER);\n;;\n"
        "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN\n"
        "  DELETE FROM b;\n  INSERT INTO b VALUES (NEW.i);\nEND;\n;;\n"
        "CREATE TABLE b (i INTEGER);\n");
    assert_int_equal(applied(fixture), 1);
    run(&fixture->db, fixture->pool, "INSERT INTO a VALUES (7)");
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT i FROM b"), 7);
}

/* ---- crashes */

static pid_t migrate_in_a_child(fixture_t *fixture)
{
    pid_t child = fork();
    if (child == 0) {
        /* with connections of its own, closed at the end; those of the parent stay as they are */
        fixture_t own = *fixture;
        int count = 0;
        apr_pool_create(&own.pool, NULL);
        own.db = fixture_again(&own, &own.limits);
        crm_error_t *error = migrate(&own, &count);
        apr_pool_destroy(own.pool);
        _exit(error ? 100 : count);
    }
    return child;
}

static const char three_steps[] = "CREATE TABLE a (i INTEGER);\n"
                                  "INSERT INTO a VALUES (1);\n"
                                  "ALTER TABLE a ADD COLUMN j INTEGER;\n"
                                  "CREATE TABLE b (i INTEGER);\n";

/* A run before was killed when STATEMENTS were recorded as done. */
static void plant(const fixture_t *fixture, int statements)
{
    no_error(crm_db_execute(&fixture->db, fixture->pool,
                            "UPDATE schema_migration SET is_done = 0, statements_done = ?",
                            CRM_ARGS(crm_int(statements)), NULL));
}

static void a_statement_done_but_not_recorded_is_recognised(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    put(fixture, "0001_steps.sql", three_steps);
    assert_int_equal(applied(fixture), 1);
    plant(fixture, 3);
    assert_int_equal(version(fixture), 0);
    assert_int_equal(applied(fixture), 1);
    assert_int_equal(version(fixture), 1);
    /* that one, and no other */
    plant(fixture, 2);
    refused_with(fixture, "0001_steps.sql, statement 4");
    run(&fixture->db, fixture->pool, "DROP TABLE b");
    assert_int_equal(applied(fixture), 1);
}

static void what_was_refused_is_not_taken_for_done(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    put(fixture, "0001_steps.sql", three_steps);
    run(&fixture->db, fixture->pool, "CREATE TABLE b (other INTEGER)");
    for (int i = 0; i < 3; i++) {
        refused_with(fixture, "0001_steps.sql, statement 4");
    }
    run(&fixture->db, fixture->pool, "DROP TABLE b");
    assert_int_equal(applied(fixture), 1);
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM a"), 1);
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(i) FROM b"), 0);
}

static void rows_are_changed_once(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    put(fixture, "0001_steps.sql",
        "CREATE TABLE a (i INTEGER);\nINSERT INTO a VALUES (1);\n"
        "INSERT INTO a SELECT i + 1 FROM a;\nNONSENSE;\n");
    for (int i = 0; i < 3; i++) {
        refused_with(fixture, "statement 4");
    }
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM a"), 2);
}

static apr_int64_t waiting_at_the_gate(const fixture_t *fixture)
{
    return number(&fixture->db, fixture->pool,
                  "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND "
                  "info LIKE 'DO GET_LOCK%'");
}

static crm_error_t *kill_at_the_gate(const crm_db_t *db, apr_pool_t *pool, void *data)
{
    fixture_t *fixture = data;
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, "SELECT GET_LOCK(DATABASE(), 0)", "i", CRM_NO_ARGS, &rows));
    assert_int_equal(rows->cells[0].as.integer, 1);
    pid_t child = migrate_in_a_child(fixture);
    while (!waiting_at_the_gate(fixture)) {
        apr_sleep(2000);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(version(fixture), 0);
    return crm_db_select(db, pool, "SELECT RELEASE_LOCK(DATABASE())", "i", CRM_NO_ARGS, &rows);
}

/* The gate is a lock that the second statement waits for; the parent has it. */
static void a_killed_run_goes_on_where_it_stopped(void **state)
{
    fixture_t *fixture = fixture_of(state);
    put(fixture, "0001_steps.sql",
        "CREATE TABLE a (i INTEGER);\nDO GET_LOCK(DATABASE(), 100);\n"
        "CREATE TABLE b (i INTEGER);\n");
    no_error(crm_db_transaction(&fixture->db, fixture->pool, kill_at_the_gate, fixture));
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM a"), 0);
    assert_int_equal(applied(fixture), 1);
    assert_int_equal(version(fixture), 1);
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM b"), 0);
}

static int exists(const fixture_t *fixture, const char *path)
{
    apr_finfo_t info;
    return apr_stat(&info, path, APR_FINFO_SIZE, fixture->pool) == APR_SUCCESS;
}

/* The second statement never ends: the child is killed in its transaction. */
static void a_killed_run_leaves_nothing_on_sqlite(void **state)
{
    fixture_t *fixture = fixture_of(state);
    const char *lock = apr_pstrcat(fixture->pool, fixture->db.database, ".migrate.lock", NULL);
    put(fixture, "0001_steps.sql",
        "CREATE TABLE a (i INTEGER);\nWITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
        "c) INSERT INTO a SELECT x FROM c WHERE x < 0;\n");
    pid_t child = migrate_in_a_child(fixture);
    while (!exists(fixture, lock)) {
        apr_sleep(2000);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    put(fixture, "0001_steps.sql", three_steps);
    assert_int_equal(applied(fixture), 1);
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM a"), 1);
    assert_false(exists(fixture, lock));
}

enum { RUNNERS = 3, FILES = 6 };

static void two_at_once_apply_each_file_once(void **state)
{
    fixture_t *fixture = fixture_of(state);
    pid_t children[RUNNERS];
    int sum = 0;
    for (int i = 1; i <= FILES; i++) {
        put(fixture, apr_psprintf(fixture->pool, "%04d_file.sql", i),
            apr_psprintf(fixture->pool,
                         "CREATE TABLE t%d (i INTEGER);\nINSERT INTO t%d VALUES (1);", i, i));
    }
    for (int i = 0; i < RUNNERS; i++) {
        children[i] = migrate_in_a_child(fixture);
    }
    for (int i = 0; i < RUNNERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 100);
        sum += WEXITSTATUS(status);
    }
    assert_int_equal(sum, FILES);
    assert_int_equal(version(fixture), FILES);
}

#define ON_MYSQL(test) cmocka_unit_test_setup_teardown(test, fixture_mysql, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(files_are_applied_in_order_and_once),
        ON_BOTH(a_migrated_database_serves_those_who_need_it),
        ON_BOTH(odd_files_are_refused_by_name),
        ON_BOTH(changed_and_unknown_files_are_refused_by_name),
        ON_BOTH(a_failing_statement_is_named),
        ON_BOTH(triggers_stand_between_lines_of_their_own),
        ON_MYSQL(what_was_refused_is_not_taken_for_done),
        ON_MYSQL(a_statement_done_but_not_recorded_is_recognised),
        ON_MYSQL(rows_are_changed_once),
        ON_MYSQL(a_killed_run_goes_on_where_it_stopped),
        cmocka_unit_test_setup_teardown(a_killed_run_leaves_nothing_on_sqlite, fixture_sqlite,
                                        fixture_end),
        ON_BOTH(two_at_once_apply_each_file_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
