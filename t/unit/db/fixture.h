/* t/unit/db/fixture.h - an empty database of its own for each test, on SQLite or MySQL. */
#ifndef CRM_T_DB_FIXTURE_H
#define CRM_T_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "db/database.h"

typedef struct fixture_t {
    apr_pool_t *pool;
    const char *folder; /* for files; removed at the end, with all that is in it */
    crm_pool_limits_t limits;
    crm_db_t db;
} fixture_t;

/* Set-up for CMocka: *state becomes a fixture_t with an open pool and an empty database. MySQL
 * needs CRM_TEST_MYSQL, and the test is skipped without (by fixture_of). */
int fixture_sqlite(void **state);
int fixture_mysql(void **state);
int fixture_end(void **state);

/* The fixture of STATE; skips the test when it has none. */
fixture_t *fixture_of(void **state);

/* Another pool of connections with LIMITS to the same database. */
crm_db_t fixture_again(fixture_t *fixture, const crm_pool_limits_t *limits);

/* Another database of the same server; not made yet; the test drops it. */
crm_db_t fixture_other(fixture_t *fixture, const char *name);

int fixture_is_mysql(const fixture_t *fixture);

/* Fails the test with the error's text. */
void no_error(const crm_error_t *error);

/* Fails the test when ERROR is NULL or of another kind; returns it. */
const crm_error_t *error_of(crm_error_kind_e kind, const crm_error_t *error);

/* SQL without values. */
void run(const crm_db_t *db, apr_pool_t *pool, const char *sql);

/* The one integer that SQL gives. */
apr_int64_t number(const crm_db_t *db, apr_pool_t *pool, const char *sql);

/* One test on both databases. */
#define ON_BOTH(test)                                                                              \
    cmocka_unit_test_setup_teardown(test, fixture_sqlite, fixture_end),                            \
    {                                                                                              \
#test "_mysql", test, fixture_mysql, fixture_end, NULL                                     \
    }

#endif
