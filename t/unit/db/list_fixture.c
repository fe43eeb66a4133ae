/* t/unit/db/list_fixture.c - the table of things in a new database of each kind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_dbd.h>
#include <apr_strings.h>
#include <cmocka.h>

#include "list_fixture.h"

const crm_page_limits_t list_limits = {20, 1000};
const crm_key_t list_key = {.bytes = {7}};

database_t list_sqlite, list_mysql;

static const char *folder;

static void open_database(database_t *database, const char *url)
{
    static const crm_pool_limits_t few = {4, 4, 60 * APR_USEC_PER_SEC, 5 * APR_USEC_PER_SEC};
    const crm_db_url_t *server;

    database->db = apr_pcalloc(pool, sizeof(*database->db));
    succeed(crm_db_url_parse(pool, url, 0, &server));
    assert_int_equal(crm_pool_create(pool, &few, &database->db->pool), APR_SUCCESS);
    database->db->server = server;
    database->db->database = server->database;
    succeed(crm_db_create_database(database->db, pool));
    things_create(database);
}

/* CRM_TEST_MYSQL with the name of a new database: in place of {}, or at the end. */
static const char *mysql_url(const char *prefix)
{
    unsigned char bytes[4];
    const char *place = strstr(prefix, "{}");
    const char *head = place ? apr_pstrmemdup(pool, prefix, (apr_size_t)(place - prefix)) : prefix;

    crm_secret_random(bytes, sizeof(bytes));
    return apr_psprintf(pool, "%scrm_list_test_%02x%02x%02x%02x%s", head, bytes[0], bytes[1],
                        bytes[2], bytes[3], place ? place + 2 : "");
}

database_t *list_database(void **state)
{
    database_t *database = *state;

    if (!database->db) {
        skip();
    }
    apr_pool_clear(scratch);
    return database;
}

int list_fixture_open(void **state)
{
    const char *prefix = getenv("CRM_TEST_MYSQL"), *temporary = getenv("TMPDIR");

    (void)state;
    printf("# seed %d\n", THINGS_SEED);
    if (apr_initialize() || apr_pool_create(&pool, NULL) || apr_pool_create(&scratch, pool) ||
        apr_dbd_init(pool) || crm_secret_init()) {
        return -1;
    }
    folder = mkdtemp(apr_pstrcat(pool, temporary ? temporary : "/tmp", "/crm-list-XXXXXX", NULL));
    if (!folder) {
        return -1;
    }
    open_database(&list_sqlite, apr_pstrcat(pool, "sqlite://", folder, "/list.db", NULL));
    if (prefix) {
        open_database(&list_mysql, mysql_url(prefix));
    }
    return 0;
}

int list_fixture_close(void **state)
{
    (void)state;
    succeed(crm_db_drop_database(list_sqlite.db, pool));
    if (list_mysql.db) {
        succeed(crm_db_drop_database(list_mysql.db, pool));
    }
    rmdir(folder);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

crm_query_t *list_parse(const apr_table_t *table)
{
    crm_query_t *query;

    succeed(crm_query_parse(scratch, &thing_entity, table, NULL, &list_limits, &list_key, &query));
    return query;
}

void list_set_number(apr_table_t *table, const char *name, int number)
{
    apr_table_set(table, name, apr_itoa(scratch, number));
}
