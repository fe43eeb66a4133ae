/* service/record_purge.c - deleted records that are removed for good. */
#include <string.h>

#include <apr_strings.h>

#include "db/record.h"
#include "service/record_purge.h"

#define STEP 64 /* records of one transaction */
#define STEP_TEXT APR_STRINGIFY(STEP)

typedef struct purge_t {
    const crm_entity_t *const *entities;
    const crm_entity_t *entity;
    const char *find; /* those to be removed: id, created_at, whether it is there */
    apr_time_t time;
    apr_int64_t removed;
} purge_t;

/* " AND NOT EXISTS (...)" for each field of other records that refers to ENTITY's. */
static const char *unless_referred(apr_pool_t *pool, const purge_t *purge)
{
    const char *text = "";
    for (const crm_entity_t *const *other = purge->entities; *other; other++) {
        for (const crm_field_t *field = (*other)->fields; field->name; field++) {
            if (field->reference && field->column && field->reference->entity == purge->entity) {
                text = apr_pstrcat(pool, text, " AND NOT EXISTS (SELECT 1 FROM `", (*other)->table,
                                   "` o WHERE o.`", field->column, "` = r.id)", NULL);
            }
        }
    }
    return text;
}

/* Deleted ones, or (PARENT) those whose parent is. */
static const char *find_text(apr_pool_t *pool, const purge_t *purge, const crm_field_t *parent)
{
    const char *whose = parent ? "p" : "r";
    const char *join = parent ? apr_pstrcat(pool, "JOIN `", parent->reference->entity->table,
                                            "` p ON p.id = r.`", parent->column, "` ", NULL)
                              : "";
    return apr_pstrcat(pool, "SELECT r.id, r.created_at, r.deleted_at IS NULL FROM `",
                       purge->entity->table, "` r ", join, "WHERE ", whose, ".deleted_at < ?",
                       unless_referred(pool, purge), " ORDER BY ", whose,
                       ".deleted_at LIMIT " STEP_TEXT " {for update}", NULL);
}

/* TEXT with all ids of ROWS; the last places, so that the text is always the same, with the first
 * one again. */
static crm_error_t *remove_of(const crm_db_t *db, apr_pool_t *pool, const char *text,
                              const crm_rows_t *rows)
{
    crm_value_t ids[STEP];
    for (int i = 0; i < STEP; i++) {
        ids[i] = crm_row(rows, i < rows->count ? i : 0)[0];
        text = apr_pstrcat(pool, text, i ? ", ?" : " IN (?", NULL);
    }
    return crm_db_execute(db, pool, apr_pstrcat(pool, text, ")", NULL), ids, STEP, NULL);
}

/* The row of search and the place in the count of a record that is there, but its parent is not. */
static void remove_living(apr_array_header_t *statements, const crm_entity_t *entity,
                          const crm_value_t *row)
{
    crm_value_t *values =
        apr_pcalloc(statements->pool, (apr_size_t)crm_entity_count(entity) * sizeof(*values));
    values[crm_entity_position(entity, entity->id)] = row[0];
    values[crm_entity_position(entity, "created_at")] = row[1];
    crm_record_sql_search_delete(statements, entity, values);
    crm_record_sql_count(statements, entity, -1);
}

static crm_error_t *purge_in(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    purge_t *purge = baton;
    const crm_entity_t *entity = purge->entity;
    apr_array_header_t *statements = crm_record_statements(pool);
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, purge->find, "uti", CRM_ARGS(crm_time(purge->time)), &rows));
    purge->removed = rows->count;
    if (!rows->count) {
        return NULL;
    }
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        if (row[2].as.integer) {
            remove_living(statements, entity, row);
        }
    }
    CRM_ERR(crm_db_execute_all(db, pool, (const crm_sql_t *)statements->elts, statements->nelts));
    CRM_ERR(remove_of(db, pool, "DELETE FROM change_log WHERE record_id", rows));
    return remove_of(db, pool,
                     apr_pstrcat(pool, "DELETE FROM `", entity->table, "` WHERE id", NULL), rows);
}

static crm_error_t *purge_some(const crm_db_t *db, apr_pool_t *pool, purge_t *purge,
                               const crm_field_t *parent, apr_int64_t *removed)
{
    purge->find = find_text(pool, purge, parent);
    CRM_ERR(crm_db_transaction(db, pool, purge_in, purge));
    *removed += purge->removed;
    return NULL;
}

crm_error_t *crm_record_purge(const crm_db_t *db, apr_pool_t *pool,
                              const crm_entity_t *const *entities, apr_time_t time,
                              apr_int64_t *ret_removed)
{
    purge_t purge = {.entities = entities, .time = time};
    *ret_removed = 0;
    for (const crm_entity_t *const *entity = entities; *entity; entity++) {
        purge.entity = *entity;
        if ((*entity)->parent) {
            const crm_field_t *parent = crm_entity_field(*entity, (*entity)->parent);
            CRM_ERR(purge_some(db, pool, &purge, parent, ret_removed));
        }
        CRM_ERR(purge_some(db, pool, &purge, NULL, ret_removed));
    }
    return NULL;
}
