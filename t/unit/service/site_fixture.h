/* t/unit/service/site_fixture.h - a site of its own for a group of tests, on either database.
 *
 * SQLite lives in a temporary folder; MariaDB is the server that CRM_TEST_MYSQL names, with
 * databases of a random prefix. Everything is removed at the end. Without CRM_TEST_MYSQL the tests
 * of that group are skipped.
 */
#ifndef T_UNIT_SERVICE_SITE_FIXTURE_H
#define T_UNIT_SERVICE_SITE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/account.h"
#include "service/token.h"

typedef struct fixture_t {
    apr_pool_t *pool;
    crm_site_t *site;
    crm_settings_t settings; /* that the site was opened with */
    const char *folder;
} fixture_t;

#define PASSWORD "correct horse battery"

int fixture_sqlite(void **state);
int fixture_mysql(void **state);
int fixture_end(void **state);

/* The fixture of a test; skips the test where there is none. */
fixture_t *fixture_of(void **state);

/* Fails with the error's own words when ERROR is not NULL. */
void no_error(crm_error_t *error);

/* Fails unless ERROR is of KIND; an INVALID one must have MESSAGE on FIELD (both may be NULL). */
void is_error(crm_error_t *error, crm_error_kind_e kind, const char *field, const char *message);

/* A tenant with one admin, "admin" of admin@example.com, whose password is PASSWORD. */
crm_tenant_t *tenant_with_admin(fixture_t *fixture, const char *name);

/* An account that is no admin: USERNAME of USERNAME@example.com, whose password is PASSWORD. */
crm_account_t *account_of(const crm_accounts_t *accounts, apr_pool_t *pool, const char *username);

/* The number that SQL, with one text bound, gives. */
apr_int64_t number_of(const crm_db_t *db, apr_pool_t *pool, const char *sql, const char *text);

/* Runs SQL, with one value bound. */
void run(const crm_db_t *db, apr_pool_t *pool, const char *sql, crm_value_t value);

#endif
