/* service/record_read.c - reads records, with all that they show. */
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/json.h"
#include "service/record_write.h"

/* ---- children ---- */

/* The newest children of each of COUNT records: at most as many as the description says. */
static const char *children_sql(apr_pool_t *pool, const crm_children_t *children, int places)
{
    const crm_entity_t *entity = children->entity;
    const char *column = crm_entity_field(entity, children->field)->column;
    apr_array_header_t *text = apr_array_make(pool, 64, sizeof(const char *));

    APR_ARRAY_PUSH(text, const char *) = apr_pstrcat(
        pool, "SELECT id FROM (SELECT id, created_at, ROW_NUMBER() OVER (PARTITION BY `", column,
        "` ORDER BY created_at DESC, id DESC) AS place FROM `", entity->table,
        "` WHERE deleted_at IS NULL AND `", column, "` IN (?", NULL);
    for (int i = 1; i < places; i++) {
        APR_ARRAY_PUSH(text, const char *) = ", ?";
    }
    APR_ARRAY_PUSH(text, const char *) =
        apr_psprintf(pool, ")) n WHERE place <= %d", children->most);
    return apr_array_pstrcat(pool, text, 0);
}

/* The ids of the records of ROWS, in so many places that few different statements are needed. */
static const crm_value_t *ids_of(apr_pool_t *pool, const crm_entity_t *entity,
                                 const crm_rows_t *rows, int *ret_places)
{
    int cell = crm_list_cell(entity, crm_entity_field(entity, entity->id)), places = 1;

    while (places < rows->count) {
        places *= 2;
    }
    crm_value_t *ids = apr_palloc(pool, (apr_size_t)places * sizeof(*ids));
    for (int i = 0; i < places; i++) {
        ids[i] = crm_row(rows, i < rows->count ? i : rows->count - 1)[cell];
    }
    *ret_places = places;
    return ids;
}

/* Appends each child to the list in FIELD of the record it refers to. */
static void distribute(apr_pool_t *pool, const crm_field_t *field, const crm_rows_t *rows,
                       apr_hash_t *records)
{
    const crm_entity_t *entity = field->children->entity;
    int parent = crm_list_cell(entity, crm_entity_field(entity, field->children->field));

    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        json_t *record = apr_hash_get(records, row[parent].as.uuid, sizeof(crm_uuid_t));
        if (record) {
            json_array_append_new(json_object_get(record, field->name),
                                  crm_list_json(pool, entity, row));
        }
    }
}

static crm_error_t *read_children(const crm_records_t *records, apr_pool_t *pool,
                                  const crm_field_t *field, const crm_rows_t *rows,
                                  apr_hash_t *by_id)
{
    int places;
    const crm_value_t *ids = ids_of(pool, records->entity, rows, &places);
    const crm_condition_t condition = {
        .sql =
            apr_pstrcat(pool, "r.id IN (", children_sql(pool, field->children, places), ")", NULL),
        .args = ids,
        .nargs = places,
    };
    const crm_rows_t *children;

    CRM_ERR(crm_list_all(records->db, pool, field->children->entity, &condition, &children));
    distribute(pool, field, children, by_id);
    return NULL;
}

static int is_looked_at(const crm_records_t *records, const crm_field_t *field)
{
    const char *const *name = records->shown;

    while (name && *name && strcmp(*name, field->name) != 0) {
        name++;
    }
    return !name || *name;
}

crm_error_t *crm_record_rows_json(const crm_records_t *records, apr_pool_t *pool,
                                  const crm_rows_t *rows, json_t *results)
{
    const crm_entity_t *entity = records->entity;
    int id = crm_list_cell(entity, crm_entity_field(entity, entity->id));
    apr_hash_t *by_id = apr_hash_make(pool);

    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        json_t *json = crm_list_json(pool, entity, row);
        json_array_append_new(results, json);
        apr_hash_set(by_id, row[id].as.uuid, sizeof(crm_uuid_t), json);
    }
    for (const crm_field_t *field = entity->fields; field->name && rows->count; field++) {
        if (field->children && is_looked_at(records, field)) {
            CRM_ERR(read_children(records, pool, field, rows, by_id));
        }
    }
    return NULL;
}

/* ---- one record ---- */

crm_error_t *crm_record_of_row(const crm_records_t *records, apr_pool_t *pool,
                               const crm_value_t *row, crm_record_t *ret_record)
{
    const crm_entity_t *entity = records->entity;
    const crm_rows_t rows = {.count = 1, .columns = crm_list_cells(entity), .cells = row};
    json_t *results = crm_json_own(pool, json_array());

    CRM_ERR(crm_record_rows_json(records, pool, &rows, results));
    *ret_record = (crm_record_t){
        .id = *row[crm_list_cell(entity, crm_entity_field(entity, entity->id))].as.uuid,
        .version = crm_list_version(entity, row),
        .json = json_array_get(results, 0),
    };
    return NULL;
}

crm_condition_t crm_record_condition(const crm_records_t *records, apr_pool_t *pool)
{
    const crm_entity_t *entity = records->entity;

    if (!entity->parent || !records->parent) {
        return (crm_condition_t){.sql = NULL};
    }
    crm_value_t *parent = apr_palloc(pool, sizeof(*parent));
    *parent = crm_uuid(records->parent);
    return (crm_condition_t){
        .sql = apr_pstrcat(pool, "r.`", crm_entity_field(entity, entity->parent)->column, "` = ?",
                           NULL),
        .args = parent,
        .nargs = 1,
    };
}

crm_error_t *crm_record_get(const crm_records_t *records, apr_pool_t *pool, const crm_uuid_t *id,
                            crm_record_t *ret_record)
{
    crm_condition_t condition = crm_record_condition(records, pool);
    const crm_value_t *row;

    CRM_ERR(crm_list_one(records->db, pool, records->entity, crm_uuid(id), &condition, &row));
    return crm_record_of_row(records, pool, row, ret_record);
}

crm_error_t *crm_record_check_parent(const crm_records_t *records, apr_pool_t *pool)
{
    const crm_entity_t *entity = records->entity;

    if (!entity->parent || !records->parent) {
        return NULL;
    }
    const crm_entity_t *parent = crm_entity_field(entity, entity->parent)->reference->entity;
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(records->db, pool,
                          apr_pstrcat(pool, "SELECT COUNT(*) FROM `", parent->table,
                                      "` WHERE id = ? AND deleted_at IS NULL", NULL),
                          "i", CRM_ARGS(crm_uuid(records->parent)), &rows));
    return crm_row(rows, 0)[0].as.integer ? NULL : crm_error_standard(pool, CRM_E_NOT_FOUND);
}

/* ---- what was just written ---- */

static int is_computed(const crm_entity_t *entity)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->expression) {
            return 1;
        }
    }
    return 0;
}

/* The cells of a record that is as its values say. */
static const crm_value_t *cells_of(const crm_write_t *write)
{
    const crm_entity_t *entity = write->entity;
    crm_value_t *cells =
        apr_pcalloc(write->pool, ((apr_size_t)crm_list_cells(entity) + 1) * sizeof(*cells));
    crm_value_t *at = cells;

    for (const crm_field_t *field = entity->fields; field->name; field++) {
        const crm_entity_t *details = crm_list_details(entity, field);
        if (crm_field_has_cell(field)) {
            *at++ = write->values[field - entity->fields];
        } else if (details) {
            const crm_value_t *values =
                write->referred[crm_entity_position(entity, field->details)];
            for (const crm_field_t *shown = details->fields; shown->name; shown++) {
                if (crm_list_is_detail(shown)) {
                    *at++ = values ? values[shown - details->fields] : crm_null();
                }
            }
        }
    }
    *at = crm_int(write->version);
    return cells;
}

crm_error_t *crm_write_result(const crm_write_t *write, crm_record_t *ret_record)
{
    crm_records_t records = *write->records;

    if (write->kind != CRM_WRITE_CREATE || is_computed(write->entity)) {
        records.db = write->db;
        return crm_record_get(&records, write->pool, &write->id, ret_record);
    }
    *ret_record = (crm_record_t){
        .id = write->id,
        .version = write->version,
        .json =
            crm_json_own(write->pool, crm_list_json(write->pool, write->entity, cells_of(write))),
    };
    return NULL;
}
