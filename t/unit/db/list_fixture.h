/* t/unit/db/list_fixture.h - the table of things in a new database of each kind: SQLite in a
 * temporary folder, MySQL where CRM_TEST_MYSQL says. */
#ifndef CRM_T_LIST_FIXTURE_H
#define CRM_T_LIST_FIXTURE_H

#include "things.h"

extern const crm_page_limits_t list_limits;
extern const crm_key_t list_key;
extern database_t list_sqlite, list_mysql;

/* Of the group. */
int list_fixture_open(void **state);
int list_fixture_close(void **state);

/* The database of a test; skips the test when it is a MySQL that is not there. */
database_t *list_database(void **state);

crm_query_t *list_parse(const apr_table_t *table);
void list_set_number(apr_table_t *table, const char *name, int number);

/* A test once on each database; its state is a database_t. */
#define ON_BOTH(function)                                                                          \
    {#function " (sqlite3)", function, NULL, NULL, &list_sqlite},                                  \
    {                                                                                              \
#function " (mysql)", function, NULL, NULL, &list_mysql                                    \
    }

#endif
