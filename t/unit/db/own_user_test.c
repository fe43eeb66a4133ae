/* t/unit/db/own_user_test.c - databases with users of their own: what these may do, and connections
 * that go from one user to another. */
#include "fixture.h"

#include "db/connection.h"
#include "db/own_user.h"

#define WAIT apr_time_from_msec(200)

/* COUNT databases, each with a user and its own name in table `me`; the pool has MAX connections.
 */
static crm_db_t *make(fixture_t *fixture, int max, int per_database, int count)
{
    apr_pool_t *pool = fixture->pool;
    crm_pool_limits_t limits = {
        .max = max, .per_database = per_database, .idle = apr_time_from_sec(60), .wait = WAIT};
    crm_db_t again = fixture_again(fixture, &limits);
    crm_db_t *dbs = apr_pcalloc(pool, (apr_size_t)count * sizeof(*dbs));
    for (int i = 0; i < count; i++) {
        crm_db_user_t *user = apr_pcalloc(pool, sizeof(*user));
        dbs[i] = fixture_other(fixture, apr_psprintf(pool, "%d_x", i));
        dbs[i].pool = again.pool;
        dbs[i].privileged = 1;
        user->name = apr_psprintf(pool, "crm_test_%d_%s", i, strrchr(fixture->db.database, '_'));
        user->password = apr_psprintf(pool, "Crm1-%d", i);
        dbs[i].user = user;
        no_error(crm_db_create_database(&dbs[i], pool));
        run(&dbs[i], pool, "CREATE TABLE me (name VARCHAR(200))");
        no_error(crm_db_execute(&dbs[i], pool, "INSERT INTO me VALUES (?)",
                                CRM_ARGS(crm_text(dbs[i].database)), NULL));
        dbs[i].privileged = 0;
    }
    return dbs;
}

static void drop(fixture_t *fixture, crm_db_t *dbs, int count)
{
    for (int i = 0; i < count; i++) {
        no_error(crm_db_drop_database(&dbs[i], fixture->pool));
        assert_int_equal(
            number(&fixture->db, fixture->pool,
                   apr_psprintf(fixture->pool, "SELECT COUNT(*) FROM mysql.user WHERE user = '%s'",
                                dbs[i].user->name)),
            0);
    }
}

static const char *text(const crm_db_t *db, apr_pool_t *pool, const char *sql)
{
    const crm_rows_t *rows;
    no_error(crm_db_select(db, pool, sql, "s", CRM_NO_ARGS, &rows));
    assert_int_equal(rows->count, 1);
    return rows->cells[0].as.text;
}

static apr_array_header_t *inspect(const crm_db_t *db, apr_pool_t *pool, const char *other)
{
    const char *const others[] = {other, NULL};
    apr_array_header_t *faults = apr_array_make(pool, 4, sizeof(const char *));
    no_error(crm_db_inspect_user(db, pool, others, faults));
    return faults;
}

/* A connection that is turned to another user is that one's, and as well set up as a new one. */
static void a_connection_changes_its_user(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t *dbs = make(fixture, 2, 2, 4);
    apr_int64_t matched;
    for (int turn = 0; turn < 12; turn++) {
        crm_db_t db = dbs[turn % 4];
        db.privileged = turn % 3 == 2;
        assert_string_equal(text(&db, pool, "SELECT name FROM me"), db.database);
        if (!db.privileged) {
            assert_string_equal(text(&db, pool, "SELECT CURRENT_USER()"),
                                apr_pstrcat(pool, db.user->name, "@%", NULL));
        }
        assert_string_equal(text(&db, pool, "SELECT @@time_zone"), "+00:00");
        assert_non_null(strstr(text(&db, pool, "SELECT @@sql_mode"), "STRICT_ALL_TABLES"));
        assert_string_equal(text(&db, pool, "SELECT @@collation_connection"), "utf8mb4_bin");
        no_error(crm_db_execute(&db, pool, "UPDATE me SET name = ?",
                                CRM_ARGS(crm_text(db.database)), &matched));
        assert_int_equal(matched, 1); /* rows matched, not changed */
    }
    assert_int_equal(crm_pool_counts(dbs[0].pool).open, 2);
    drop(fixture, dbs, 4);
}

/* A database's cap counts whoever is connected; an idle connection of another user makes room. */
static void users_of_a_database_share_its_cap(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t *dbs = make(fixture, 4, 1, 1);
    crm_db_t own = dbs[0], privileged = dbs[0];
    crm_connection_t *connection, *second;
    privileged.privileged = 1;
    for (int turn = 0; turn < 2; turn++) {
        no_error(crm_pool_acquire(&own, pool, &connection));
        assert_string_equal(connection->user->name, own.user->name);
        error_of(CRM_E_UNAVAILABLE, crm_pool_acquire(&privileged, pool, &second));
        crm_pool_release(own.pool, connection, 0);
        no_error(crm_pool_acquire(&privileged, pool, &connection));
        assert_null(connection->user);
        crm_pool_release(own.pool, connection, 0);
    }
    drop(fixture, dbs, 1);
}

/* Its own database and nothing else; what somebody gave it besides is found, and taken away by
 * making it anew. */
static void a_user_sees_its_database_alone(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t *dbs = make(fixture, 4, 4, 2);
    const char *other = apr_pstrcat(pool, dbs[1].database, ".me", NULL);
    const crm_error_t *error;
    assert_int_equal(inspect(&dbs[0], pool, other)->nelts, 0);
    error = error_of(CRM_E_DATABASE,
                     crm_db_execute(&dbs[0], pool, "CREATE TABLE x (id INT)", CRM_NO_ARGS, NULL));
    assert_int_equal(error->code, 1142);
    run(&fixture->db, pool,
        apr_psprintf(pool, "GRANT SELECT, CREATE ON `%s`.* TO '%s'@'%%'", dbs[1].database,
                     dbs[0].user->name));
    crm_pool_forget(dbs[0].pool, NULL);
    assert_int_equal(inspect(&dbs[0], pool, other)->nelts, 3);
    no_error(crm_db_make_user(&dbs[0], pool, 1));
    crm_pool_forget(dbs[0].pool, NULL);
    assert_int_equal(inspect(&dbs[0], pool, other)->nelts, 0);
    drop(fixture, dbs, 2);
}

/* In a grant '_' stands for any character: a name that differs there is another database. */
static void a_name_is_no_pattern(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t *dbs = make(fixture, 4, 4, 1), alike = fixture_other(fixture, "0ax");
    no_error(crm_db_create_database(&alike, pool));
    run(&alike, pool, "CREATE TABLE me (name VARCHAR(200))");
    assert_int_equal(strlen(alike.database), strlen(dbs[0].database));
    assert_int_equal(inspect(&dbs[0], pool, apr_pstrcat(pool, alike.database, ".me", NULL))->nelts,
                     0);
    no_error(crm_db_drop_database(&alike, pool));
    drop(fixture, dbs, 1);
}

/* 64 characters are all that a grant takes, escapes included. */
static void a_long_name_is_granted(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t *dbs = make(fixture, 4, 4, 1), db = dbs[0];
    int length = 64 - (int)strlen(fixture->db.database) - 4;
    char *name = apr_pcalloc(pool, (apr_size_t)length + 1);
    memset(name, 'n', (apr_size_t)length);
    db.database = fixture_other(fixture, apr_pstrcat(pool, name, "_ab", NULL)).database;
    assert_int_equal(strlen(db.database), 64);
    no_error(crm_db_create_database(&db, pool));
    assert_int_equal(inspect(&db, pool, apr_pstrcat(pool, dbs[0].database, ".me", NULL))->nelts, 0);
    no_error(crm_db_drop_database(&db, pool));
    drop(fixture, dbs, 1);
}

/* While the password is changed, both are taken by the server, and both are tried. */
static void two_passwords_are_valid(void **state)
{
    fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool = fixture->pool;
    crm_db_t *dbs = make(fixture, 4, 4, 1);
    const crm_db_user_t before = *dbs[0].user;
    crm_db_user_t after = {.name = before.name, .password = "Crm1-new"}, both = after;
    crm_db_t db = dbs[0];
    both.old_password = before.password;
    db.user = &both; /* the server knows the old one alone */
    assert_string_equal(text(&db, pool, "SELECT name FROM me"), db.database);
    no_error(crm_db_make_user(&db, pool, 0));
    const crm_db_user_t *users[] = {&before, &after, &both};
    for (int i = 0; i < 3; i++) {
        crm_pool_forget(db.pool, NULL);
        db.user = users[i];
        assert_string_equal(text(&db, pool, "SELECT name FROM me"), db.database);
    }
    db.user = &after;
    no_error(crm_db_make_user(&db, pool, 0)); /* the new one alone */
    for (int i = 0; i < 3; i++) {
        const crm_rows_t *rows;
        crm_pool_forget(db.pool, NULL);
        db.user = users[i];
        crm_error_t *error = crm_db_select(&db, pool, "SELECT 1", "i", CRM_NO_ARGS, &rows);
        if (i == 0) {
            error_of(CRM_E_UNAVAILABLE, error);
            assert_non_null(strstr(error->cause, "crmctl tenant verify --repair"));
            assert_null(strstr(error->cause, before.password));
        } else {
            no_error(error);
        }
    }
    drop(fixture, dbs, 1);
}

int main(void)
{
#define ON_MYSQL(test) cmocka_unit_test_setup_teardown(test, fixture_mysql, fixture_end)
    const struct CMUnitTest tests[] = {
        ON_MYSQL(a_connection_changes_its_user),  ON_MYSQL(users_of_a_database_share_its_cap),
        ON_MYSQL(a_user_sees_its_database_alone), ON_MYSQL(a_name_is_no_pattern),
        ON_MYSQL(a_long_name_is_granted),         ON_MYSQL(two_passwords_are_valid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
