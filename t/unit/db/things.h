/* t/unit/db/things.h - a table of random rows, random queries of it, and a naive list of them,
 * which list_test.c holds the lists of db/list.h against. */
#ifndef CRM_T_THINGS_H
#define CRM_T_THINGS_H

#include "db/list.h"

#define THINGS 1300 /* rows: more than the offset from which pages are found by ids alone */
#define THINGS_SEED 20261123

enum { ID, NAME, CITY, CODE, STATUS, AGE, SCORE, ACTIVE, CREATED, DUE, NOTES, SECRET, FIELDS };

/* A row as it was written, and what its cells compare by. */
typedef struct thing_t {
    crm_value_t cells[FIELDS], keys[FIELDS];
    int seen;
} thing_t;

typedef struct database_t {
    const char *driver;
    crm_db_t *db;
    apr_array_header_t *things; /* of thing_t * */
} database_t;

extern const crm_field_t thing_fields[];
extern const crm_entity_t thing_entity;

/* A caller's own condition: old enough, or of unknown age. */
extern const crm_condition_t things_grown_up;

/* For all tests; for one query. */
extern apr_pool_t *pool, *scratch;

/* Fails the test with ERROR's text when there is one. */
void succeed(crm_error_t *error);

/* 0 to BOUND - 1, the same numbers in every run. */
int random_below(int bound);

/* Makes the table and its rows. */
void things_create(database_t *database);

/* One more row, one less; DB is the database or a transaction in it. */
crm_error_t *things_insert(const crm_db_t *db, database_t *database);
void things_delete_one(database_t *database);

/* Below 0, 0, above 0; NULL is the least. */
int things_compare_values(crm_value_t a, crm_value_t b);

/* The rows that QUERY and CONDITION (or NULL) find, in order, by looking at each: thing_t *. */
apr_array_header_t *things_expected(const database_t *database, const crm_query_t *query,
                                    const crm_condition_t *condition);

/* A random order and a few random filters; *RET_TEXT says which. */
apr_table_t *things_parameters(const char **ret_text);

#endif
