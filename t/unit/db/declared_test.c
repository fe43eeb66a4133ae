/* t/unit/db/declared_test.c - which tables and columns the text of migrations declares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "db/declared.h"
#include "db/migration_files.h"
#include "db/script.h"

static apr_pool_t *pool;

static int set_up(void **state)
{
    (void)state;
    return apr_initialize() || apr_pool_create(&pool, NULL);
}

static crm_declared_t *declared(const char *text)
{
    crm_migration_file_t *file = apr_pcalloc(pool, sizeof(*file));
    crm_migrations_t *migrations = apr_pcalloc(pool, sizeof(*migrations));
    file->statements = crm_script_split(pool, text, 1);
    *migrations = (crm_migrations_t){.files = file, .count = 1};
    return crm_declared_read(pool, migrations);
}

/* The columns of table t as one text; "none" where there is no table. */
static const char *columns(const char *text)
{
    const apr_array_header_t *names = crm_declared_columns(declared(text), "t");
    return names ? apr_array_pstrcat(pool, names, ' ') : "none";
}

static void tables_have_the_columns_that_were_declared(void **state)
{
    static const struct {
        const char *text, *columns;
    } rows[] = {
        {"CREATE TABLE u (a INT);", "none"},
        {"CREATE TABLE t (a INT, b VARCHAR(10) NOT NULL DEFAULT 'x,y)', c INT);", "a b c"},
        {"CREATE TABLE IF NOT EXISTS `t` (\n  `a` INT,\n  PRIMARY KEY (a),\n  KEY b (a),\n  UNIQUE "
         "(a),\n  CONSTRAINT c CHECK (a > 0),\n  FOREIGN KEY (a) REFERENCES u (id)\n);",
         "a"},
        {"create table t (keyed INT, unique_name INT, \"key\" INT);", "keyed unique_name key"},
        {"CREATE TABLE t (a INT);\nALTER TABLE t ADD COLUMN b INT, ADD c INT, ADD KEY d (a);",
         "a b c"},
        {"CREATE TABLE t (a INT, b INT, c INT);\nALTER TABLE t DROP COLUMN b;\nALTER TABLE t DROP "
         "KEY a;",
         "a c"},
        {"CREATE TABLE t (a INT);\nALTER TABLE t RENAME COLUMN a TO b;", "b"},
        {"CREATE TABLE t (a INT);\nALTER TABLE t CHANGE COLUMN a b BIGINT;", "b"},
        {"CREATE TABLE t (a INT);\nALTER TABLE t MODIFY COLUMN a BIGINT;", "a"},
        {"CREATE TABLE t_new (a INT);\nCREATE TABLE t (b INT);\nDROP TABLE t;\nALTER TABLE t_new "
         "RENAME TO t;",
         "a"},
        {"CREATE TABLE t (a INT);\nDROP TABLE IF EXISTS t;", "none"},
        {"CREATE TABLE t (a INT);\nCREATE INDEX i ON t (a);\nINSERT INTO t VALUES ('ADD b');", "a"},
        {"ALTER TABLE t ADD COLUMN b INT;", "none"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(columns(rows[i].text), rows[i].columns) != 0) {
            fail_msg("\"%s\", not \"%s\", from: %s", columns(rows[i].text), rows[i].columns,
                     rows[i].text);
        }
    }
}

static void one_column_can_be_asked_for(void **state)
{
    crm_declared_t *found = declared("CREATE TABLE t (a INT);");
    (void)state;
    assert_true(crm_declared_has(found, "t", "a"));
    assert_false(crm_declared_has(found, "t", "b"));
    assert_false(crm_declared_has(found, "u", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_have_the_columns_that_were_declared),
        cmocka_unit_test(one_column_can_be_asked_for),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
