/* t/unit/db/statement_test.c - values in and out, their formats, and the words of both databases.
 */
#include "fixture.h"

#include "base/time.h"
#include "db/connection.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* 2026-11-23 10:00:00.120000 UTC */
#define A_TIME APR_INT64_C(1795428000120000)

static const unsigned char a_hash[32] = {0, 1, 2, 0, 255, '\'', '%', '?', 0, 9};
static const crm_uuid_t an_id = {{0, 0x93, 0, 1, 2, 3, 4, 5, 0xff, 0, 0, '%', '\'', 0, 0, 1}};

static void make_table(const fixture_t *fixture)
{
    run(&fixture->db, fixture->pool,
        fixture_is_mysql(fixture)
            ? "CREATE TABLE thing (id BIGINT AUTO_INCREMENT PRIMARY KEY, s VARCHAR(255), l "
              "LONGTEXT, i BIGINT, r DOUBLE, b BOOLEAN, t DATETIME(6), u BINARY(16), x BINARY(32), "
              "CONSTRAINT UNIQUE KEY s (s))"
            : "CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, s TEXT UNIQUE, l TEXT, i "
              "INTEGER, r REAL, b INTEGER, t TEXT, u BLOB, x BLOB)");
}

#define INSERT "INSERT INTO thing (s, l, i, r, b, t, u, x) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
#define SELECT "SELECT s, l, i, r, b, t, u, x FROM thing "

static const crm_value_t *read_one(const fixture_t *fixture, apr_int64_t id)
{
    const crm_rows_t *rows;
    no_error(crm_db_select(&fixture->db, fixture->pool, SELECT "WHERE id = ?", "slifbtux",
                           CRM_ARGS(crm_int(id)), &rows));
    assert_int_equal(rows->count, 1);
    assert_int_equal(rows->columns, 8);
    return crm_row(rows, 0);
}

static void every_kind_comes_back(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    apr_int64_t id;
    make_table(fixture);
    no_error(crm_db_insert(&fixture->db, fixture->pool, INSERT,
                           CRM_ARGS(crm_text("O'Neil \"100%\" ?"), crm_text("\U0001F600 %s %% ?"),
                                    crm_int(APR_INT64_MIN), crm_real(-0.125), crm_bool(1),
                                    crm_time(A_TIME), crm_uuid(&an_id),
                                    crm_bytes(a_hash, sizeof(a_hash))),
                           &id));
    const crm_value_t *row = read_one(fixture, id);
    assert_string_equal(row[0].as.text, "O'Neil \"100%\" ?");
    assert_int_equal(row[0].size, strlen(row[0].as.text));
    assert_string_equal(row[1].as.text, "\U0001F600 %s %% ?");
    assert_int_equal(row[1].size, strlen(row[1].as.text));
    assert_true(row[2].as.integer == APR_INT64_MIN);
    assert_true(row[3].as.real == -0.125);
    assert_int_equal(row[4].kind, CRM_V_BOOLEAN);
    assert_int_equal(row[4].as.integer, 1);
    assert_true(row[5].as.time == A_TIME);
    assert_memory_equal(row[6].as.uuid, &an_id, sizeof(an_id));
    assert_int_equal(row[7].size, sizeof(a_hash));
    assert_memory_equal(row[7].as.bytes, a_hash, sizeof(a_hash));
}

static void nulls_come_back_in_every_column(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    apr_int64_t id;
    make_table(fixture);
    no_error(crm_db_insert(&fixture->db, fixture->pool, INSERT,
                           CRM_ARGS(crm_null(), crm_text(NULL), crm_null(), crm_null(), crm_null(),
                                    crm_null(), crm_uuid(NULL), crm_null()),
                           &id));
    const crm_value_t *row = read_one(fixture, id);
    for (int i = 0; i < 8; i++) {
        assert_true(crm_is_null(row[i]));
    }
}

static void empty_text_is_not_null(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    apr_int64_t id;
    make_table(fixture);
    no_error(crm_db_insert(&fixture->db, fixture->pool, "INSERT INTO thing (s, l) VALUES (?, ?)",
                           CRM_ARGS(crm_text(""), crm_text("")), &id));
    const crm_value_t *row = read_one(fixture, id);
    assert_string_equal(row[0].as.text, "");
    assert_string_equal(row[1].as.text, "");
}

/* One statement text, prepared with one set of kinds and used with others. */
static void kinds_of_values_may_change(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    const crm_value_t sets[][8] = {
        {crm_null(), crm_null(), crm_null(), crm_null(), crm_null(), crm_null(), crm_null(),
         crm_null()},
        {crm_text("a"), crm_text("b"), crm_int(1), crm_real(2.5), crm_bool(0), crm_time(A_TIME),
         crm_uuid(&an_id), crm_bytes(a_hash, 32)},
        {crm_null(), crm_text("b"), crm_null(), crm_real(2.5), crm_null(), crm_time(A_TIME),
         crm_null(), crm_bytes(a_hash, 32)},
        {crm_text("c"), crm_null(), crm_int(2), crm_null(), crm_bool(1), crm_null(),
         crm_uuid(&an_id), crm_null()},
    };
    make_table(fixture);
    for (apr_size_t n = 0; n < COUNT(sets) * 2; n++) {
        const crm_value_t *set = sets[n % COUNT(sets)];
        apr_int64_t id;
        if (n == COUNT(sets)) {
            run(&fixture->db, fixture->pool, "DELETE FROM thing");
        }
        no_error(crm_db_insert(&fixture->db, fixture->pool, INSERT, set, 8, &id));
        const crm_value_t *row = read_one(fixture, id);
        for (int i = 0; i < 8; i++) {
            assert_int_equal(row[i].kind, set[i].kind);
        }
        assert_true(crm_is_null(set[2]) || row[2].as.integer == set[2].as.integer);
        assert_true(crm_is_null(set[6]) || memcmp(row[6].as.uuid, &an_id, 16) == 0);
    }
}

static char *long_text(apr_pool_t *pool, apr_size_t size)
{
    char *text = apr_palloc(pool, size + 1);
    for (apr_size_t i = 0; i < size; i++) {
        text[i] = (char)('a' + i * 7 % 26);
    }
    text[size] = '\0';
    return text;
}

/* Sizes around those of the driver's buffers, and well beyond. */
static void long_text_is_never_cut(void **state)
{
    static const apr_size_t sizes[] = {1, 8190, 8191, 8192, 8193, 8194, 16386, 65536, 3000000};
    const fixture_t *fixture = fixture_of(state);
    make_table(fixture);
    for (apr_size_t i = 0; i < COUNT(sizes); i++) {
        apr_int64_t id;
        const char *text = long_text(fixture->pool, sizes[i]);
        no_error(crm_db_insert(&fixture->db, fixture->pool, "INSERT INTO thing (l) VALUES (?)",
                               CRM_ARGS(crm_text(text)), &id));
        const crm_value_t *row = read_one(fixture, id);
        assert_int_equal(row[1].size, sizes[i]);
        assert_string_equal(row[1].as.text, text);
    }
    /* several of them in one result */
    const crm_rows_t *rows;
    no_error(crm_db_select(&fixture->db, fixture->pool, "SELECT id, l FROM thing ORDER BY id", "il",
                           CRM_NO_ARGS, &rows));
    assert_int_equal(rows->count, COUNT(sizes));
    for (int i = 0; i < rows->count; i++) {
        assert_int_equal(crm_row(rows, i)[1].size, sizes[i]);
        assert_memory_equal(crm_row(rows, i)[1].as.text, long_text(fixture->pool, sizes[i]),
                            sizes[i]);
    }
}

static void long_text_read_as_short_is_refused(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    const crm_rows_t *rows;
    make_table(fixture);
    no_error(crm_db_execute(&fixture->db, fixture->pool, "INSERT INTO thing (l) VALUES (?)",
                            CRM_ARGS(crm_text(long_text(fixture->pool, 9000))), NULL));
    error_of(CRM_E_DATABASE, crm_db_select(&fixture->db, fixture->pool, "SELECT l FROM thing", "s",
                                           CRM_NO_ARGS, &rows));
    assert_int_equal(number(&fixture->db, fixture->pool, "SELECT COUNT(*) FROM thing"), 1);
}

/* As many significant digits as SQLite gives; MySQL gives 17. */
static void reals_keep_their_digits(void **state)
{
    static const double reals[] = {0.1, 123456789.012345, 1e-300, 2.5e300, -7};
    const fixture_t *fixture = fixture_of(state);
    make_table(fixture);
    for (apr_size_t i = 0; i < COUNT(reals); i++) {
        apr_int64_t id;
        no_error(crm_db_insert(&fixture->db, fixture->pool, "INSERT INTO thing (r) VALUES (?)",
                               CRM_ARGS(crm_real(reals[i])), &id));
        assert_true(read_one(fixture, id)[3].as.real == reals[i]);
    }
}

static void quotes_and_percent_signs_in_sql(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    const crm_rows_t *rows;
    make_table(fixture);
    run(&fixture->db, fixture->pool, "INSERT INTO thing (s, i) VALUES ('50% of ? {new x}', 5 % 3)");
    no_error(crm_db_select(&fixture->db, fixture->pool,
                           "SELECT s, i, '?' FROM thing WHERE s LIKE '%\x25 of%' AND i = ?", "sis",
                           CRM_ARGS(crm_int(2)), &rows));
    assert_int_equal(rows->count, 1);
    assert_string_equal(rows->cells[0].as.text, "50% of ? {new x}");
    assert_string_equal(rows->cells[2].as.text, "?");
}

static void words_mean_the_same_on_both(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    const crm_db_t *db = &fixture->db;
    static const char upsert[] =
        "INSERT INTO thing (s, i) VALUES (?, ?) {upsert s} i = i + {new i}";
    make_table(fixture);
    for (int i = 1; i <= 3; i++) {
        no_error(
            crm_db_execute(db, fixture->pool, upsert, CRM_ARGS(crm_text("a"), crm_int(10)), NULL));
    }
    assert_int_equal(number(db, fixture->pool, "SELECT i FROM thing WHERE s = 'a' {for update}"),
                     30);
    apr_int64_t affected;
    no_error(crm_db_execute(db, fixture->pool, "{insert ignore} INTO thing (s) VALUES ('a')",
                            CRM_NO_ARGS, &affected));
    assert_int_equal(affected, 0);
    no_error(crm_db_execute(db, fixture->pool, "{insert ignore} INTO thing (s) VALUES ('b')",
                            CRM_NO_ARGS, &affected));
    assert_int_equal(affected, 1);
}

static void affected_rows_are_those_matched(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    apr_int64_t affected;
    make_table(fixture);
    run(&fixture->db, fixture->pool, "INSERT INTO thing (s, i) VALUES ('a', 1), ('b', 1)");
    no_error(crm_db_execute(&fixture->db, fixture->pool, "UPDATE thing SET i = ?",
                            CRM_ARGS(crm_int(1)), &affected));
    assert_int_equal(affected, 2);
    no_error(crm_db_execute(&fixture->db, fixture->pool, "UPDATE thing SET i = 2 WHERE s = ?",
                            CRM_ARGS(crm_text("c")), &affected));
    assert_int_equal(affected, 0);
}

static void mistakes_are_told_before_anything_runs(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    const crm_rows_t *rows;
    error_of(CRM_E_INTERNAL,
             crm_db_select(&fixture->db, fixture->pool, "SELECT ?", "i", CRM_NO_ARGS, &rows));
    error_of(CRM_E_INTERNAL, crm_db_select(&fixture->db, fixture->pool, "SELECT 1", "i",
                                           CRM_ARGS(crm_int(1)), &rows));
    error_of(CRM_E_INTERNAL,
             crm_db_select(&fixture->db, fixture->pool, "SELECT {now}", "i", CRM_NO_ARGS, &rows));
    error_of(CRM_E_DATABASE,
             crm_db_select(&fixture->db, fixture->pool, "SELECT 1, 2", "i", CRM_NO_ARGS, &rows));
    error_of(CRM_E_DATABASE, crm_db_select(&fixture->db, fixture->pool, "SELECT * FROM nothing",
                                           "i", CRM_NO_ARGS, &rows));
}

/* More texts than the cache keeps, and more than a connection of SQLite may prepare in its life. */
static void the_cache_is_bounded(void **state)
{
    const fixture_t *fixture = fixture_of(state);
    apr_pool_t *pool;
    apr_pool_create(&pool, fixture->pool);
    for (int i = 0; i < 1500; i++) {
        const char *sql = apr_psprintf(pool, "SELECT %d + ?", i);
        const crm_rows_t *rows;
        no_error(crm_db_select(&fixture->db, pool, sql, "i", CRM_ARGS(crm_int(1)), &rows));
        assert_int_equal(rows->cells[0].as.integer, i + 1);
        apr_pool_clear(pool);
    }
    crm_connection_t *connection;
    no_error(crm_pool_acquire(&fixture->db, pool, &connection));
    assert_in_range(connection->cached, 1, 128);
    assert_in_range(connection->prepared, 1, fixture_is_mysql(fixture) ? 1500 : 1024);
    crm_pool_release(fixture->db.pool, connection, 0);
}

/* A prepared statement survives a change of its table by another connection. */
static void a_changed_table_is_noticed(void **state)
{
    fixture_t *fixture = fixture_of(state);
    const crm_rows_t *rows;
    crm_db_t other = fixture_again(fixture, &fixture->limits);
    make_table(fixture);
    for (int i = 0; i < 2; i++) {
        no_error(crm_db_execute(&fixture->db, fixture->pool, "INSERT INTO thing (i) VALUES (?)",
                                CRM_ARGS(crm_int(i)), NULL));
        no_error(crm_db_select(&fixture->db, fixture->pool, "SELECT i FROM thing WHERE i >= ?", "i",
                               CRM_ARGS(crm_int(0)), &rows));
        assert_int_equal(rows->count, i + 1);
        run(&other, fixture->pool,
            apr_psprintf(fixture->pool, "ALTER TABLE thing ADD COLUMN more%d INTEGER", i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(every_kind_comes_back),
        ON_BOTH(nulls_come_back_in_every_column),
        ON_BOTH(empty_text_is_not_null),
        ON_BOTH(kinds_of_values_may_change),
        ON_BOTH(long_text_is_never_cut),
        ON_BOTH(long_text_read_as_short_is_refused),
        ON_BOTH(reals_keep_their_digits),
        ON_BOTH(quotes_and_percent_signs_in_sql),
        ON_BOTH(words_mean_the_same_on_both),
        ON_BOTH(affected_rows_are_those_matched),
        ON_BOTH(mistakes_are_told_before_anything_runs),
        ON_BOTH(the_cache_is_bounded),
        ON_BOTH(a_changed_table_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
