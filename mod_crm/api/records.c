/* api/records.c - the calls on records. */
#include <string.h>

#include <apr_strings.h>

#include "api/access.h"
#include "api/body.h"
#include "api/conditional.h"
#include "api/fields.h"
#include "api/page.h"
#include "api/records.h"
#include "base/json.h"
#include "entities/entities.h"
#include "service/tenant.h"

/* ---- what a request is about ---- */

static crm_author_t author_of(const crm_request_t *request)
{
    const crm_actor_t *actor = request->actor;

    return (crm_author_t){
        .id = actor->tenant ? actor->account.id : 0,
        .username = actor->account.username,
        .email = actor->account.email,
    };
}

static crm_error_t *permit(void *baton, const crm_entity_t *entity, crm_action_e action)
{
    return crm_access_permit(baton, entity, action);
}

/* The id that parameter N of the path is. */
static crm_error_t *id_of(const crm_request_t *request, int n, const crm_uuid_t **ret_id)
{
    crm_uuid_t *id = apr_palloc(request->pool, sizeof(*id));

    CRM_ERR(crm_request_uuid(request, n, id));
    *ret_id = id;
    return NULL;
}

/* A path that begins with its parent's id has it as its first parameter. */
static int has_parent(const crm_request_t *request)
{
    const crm_entity_t *entity = request->route->entity;

    return entity->parent &&
           strncmp(request->route->pattern, entity->path, strlen(entity->path)) == 0;
}

crm_error_t *crm_records_of(crm_request_t *request, crm_records_t *ret_records)
{
    crm_records_t records = {
        .db = request->db ? request->db
                          : crm_tenant_db(request->site, request->pool, request->tenant),
        .entity = request->route->entity,
        .author = author_of(request),
        .gather = request->site->gather,
    };

    crm_permit_t *checks = apr_palloc(request->pool, sizeof(*checks));

    *checks = (crm_permit_t){.check = permit, .baton = request};
    records.permit = checks;
    if (request->route->result == records.entity) {
        CRM_ERR(crm_fields_read(request, &records.shown));
    }
    if (has_parent(request)) {
        CRM_ERR(id_of(request, 0, &records.parent));
    }
    *ret_records = records;
    return NULL;
}

/* The records, and the id of the one that the path names. */
static crm_error_t *one_of(crm_request_t *request, crm_records_t *records,
                           const crm_uuid_t **ret_id)
{
    CRM_ERR(crm_records_of(request, records));
    return id_of(request, has_parent(request) ? 1 : 0, ret_id);
}

static crm_error_t *check_if_match(void *baton, apr_int64_t version)
{
    apr_int64_t if_version;

    return crm_if_match(baton, version, &if_version);
}

const crm_precondition_t *crm_records_if_match(const crm_request_t *request)
{
    crm_precondition_t *condition;

    if (!apr_table_get(request->headers, "If-Match")) {
        return NULL;
    }
    condition = apr_palloc(request->pool, sizeof(*condition));
    *condition = (crm_precondition_t){.check = check_if_match, .baton = (void *)request};
    return condition;
}

crm_error_t *crm_records_validate(const crm_records_t *records, apr_pool_t *pool,
                                  const json_t *body, int partial, crm_values_t **ret_values)
{
    return crm_validate(pool, records->entity->fields, body, partial, ret_values);
}

json_t *crm_records_deleted(apr_pool_t *pool, const crm_entity_t *entity)
{
    return json_pack("{ss}", "message", apr_pstrcat(pool, entity->label, " soft-deleted", NULL));
}

/* ---- answers ---- */

/* A record that was made says where it is (RFC 9110 10.2.2). */
static void add_location(const crm_request_t *request, const crm_records_t *records,
                         const crm_record_t *record, crm_answer_t *answer)
{
    apr_pool_t *pool = request->pool;
    const crm_entity_t *entity = records->entity;
    const char *path = entity->path, *place = entity->parent ? strstr(path, "{uuid}") : NULL;

    if (place) {
        const char *parent = json_string_value(json_object_get(record->json, entity->parent));
        path = apr_pstrcat(pool, apr_pstrmemdup(pool, path, (apr_size_t)(place - path)), parent,
                           place + strlen("{uuid}"), NULL);
    }
    apr_table_setn(answer->headers, "Location",
                   apr_pstrcat(pool, request->base_url, request->settings->prefix, path, "/",
                               crm_uuid_text(pool, &record->id), "/", NULL));
}

static crm_error_t *answer_record(const crm_record_t *record, crm_answer_t *answer)
{
    answer->json = record->json;
    answer->version = record->version;
    return NULL;
}

static crm_error_t *results(crm_request_t *request, const crm_rows_t *rows, json_t *json,
                            void *baton)
{
    return crm_record_rows_json(baton, request->pool, rows, json);
}

crm_error_t *crm_records_list(crm_request_t *request, const crm_values_t *values,
                              crm_answer_t *answer)
{
    crm_records_t records;
    (void)values;

    CRM_ERR(crm_records_of(request, &records));
    CRM_ERR(crm_record_check_parent(&records, request->pool));
    crm_condition_t condition = crm_record_condition(&records, request->pool);
    const crm_page_t page = {
        .db = records.db,
        .entity = records.entity,
        .condition = &condition,
        .results = results,
        .baton = &records,
    };
    return crm_page_answer(request, &page, answer);
}

crm_error_t *crm_records_get(crm_request_t *request, const crm_values_t *values,
                             crm_answer_t *answer)
{
    crm_records_t records;
    crm_record_t record;
    const crm_uuid_t *id;
    (void)values;

    CRM_ERR(one_of(request, &records, &id));
    CRM_ERR(crm_record_get(&records, request->pool, id, &record));
    return answer_record(&record, answer);
}

/* ---- writes ---- */

crm_error_t *crm_records_create(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer)
{
    crm_records_t records;
    crm_record_t record;

    CRM_ERR(crm_records_of(request, &records));
    CRM_ERR(crm_record_create(&records, request->pool, values, &record));
    add_location(request, &records, &record, answer);
    return answer_record(&record, answer);
}

crm_error_t *crm_records_create_by(crm_request_t *request, const crm_values_t *values,
                                   crm_answer_t *answer)
{
    crm_records_t records;
    crm_record_t record;
    const crm_uuid_t *id;

    CRM_ERR(crm_records_of(request, &records));
    CRM_ERR(id_of(request, 0, &id));
    CRM_ERR(crm_record_create_by(&records, request->pool, id, values, &record));
    add_location(request, &records, &record, answer);
    return answer_record(&record, answer);
}

crm_error_t *crm_records_update(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer)
{
    crm_records_t records;
    crm_record_t record;
    const crm_uuid_t *id;

    CRM_ERR(one_of(request, &records, &id));
    CRM_ERR(crm_record_update(&records, request->pool, id, values, crm_records_if_match(request),
                              &record));
    return answer_record(&record, answer);
}

crm_error_t *crm_records_delete(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer)
{
    crm_records_t records;
    const crm_uuid_t *id;
    (void)values;

    CRM_ERR(one_of(request, &records, &id));
    CRM_ERR(crm_record_delete(&records, request->pool, id, crm_records_if_match(request)));
    answer->json = crm_json_own(request->pool, crm_records_deleted(request->pool, records.entity));
    return NULL;
}

crm_error_t *crm_records_restore(crm_request_t *request, const crm_values_t *values,
                                 crm_answer_t *answer)
{
    crm_records_t records;
    crm_record_t record;
    const crm_uuid_t *id;
    (void)values;

    CRM_ERR(one_of(request, &records, &id));
    CRM_ERR(
        crm_record_restore(&records, request->pool, id, crm_records_if_match(request), &record));
    return answer_record(&record, answer);
}

/* The unique field that the route's pattern names: ".../by/<field>/{text}/". */
static const crm_field_t *by_field(const crm_request_t *request)
{
    const char *name = strstr(request->route->pattern, "/by/") + strlen("/by/");

    return crm_entity_field(request->route->entity,
                            apr_pstrmemdup(request->pool, name, strcspn(name, "/")));
}

/* 1 when the body says FIELD itself. */
static int has_own(const crm_request_t *request, const crm_field_t *field)
{
    return json_object_get(request->body, field->name) != NULL;
}

/* The body with the path's value, where it leaves that out. */
static json_t *body_with(const crm_request_t *request, const crm_field_t *field, const char *text)
{
    json_t *body = request->body && json_is_object(request->body) ? json_copy(request->body)
                   : request->body                                ? json_incref(request->body)
                                                                  : json_object();

    if (json_is_object(body) && !json_object_get(body, field->name)) {
        json_object_set_new(body, field->name, json_string(text));
    }
    return crm_json_own(request->pool, body);
}

crm_error_t *crm_records_put_by(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer)
{
    const crm_field_t *field = by_field(request);
    const char *text = request->parameters[0];
    crm_records_t records;
    crm_record_t record;
    crm_values_t *given;
    int created;
    (void)values;

    CRM_ERR(crm_body_read(request));
    CRM_ERR(crm_records_of(request, &records));
    CRM_ERR(
        crm_records_validate(&records, request->pool, body_with(request, field, text), 0, &given));
    given->present[field - records.entity->fields] = (char)has_own(request, field);
    const crm_record_put_t put = {
        .field = field,
        .text = text,
        .values = given,
        .if_match = crm_records_if_match(request),
        .may_not_create = crm_access_permit(request, records.entity, CRM_ACTION_ADD),
    };
    CRM_ERR(crm_record_put(&records, request->pool, &put, &record, &created));
    if (created) {
        add_location(request, &records, &record, answer);
    }
    answer->status = created ? 201 : 200;
    return answer_record(&record, answer);
}

/* ---- the change log, also of records that are deleted ---- */

static crm_error_t *check_known(const crm_records_t *records, apr_pool_t *pool,
                                const crm_uuid_t *id)
{
    const crm_entity_t *entity = records->entity;
    const crm_rows_t *rows;
    const char *parent =
        records->parent
            ? apr_pstrcat(pool, " AND `", crm_entity_field(entity, entity->parent)->column, "` = ?",
                          NULL)
            : "";

    CRM_ERR(crm_db_select(
        records->db, pool,
        apr_pstrcat(pool, "SELECT COUNT(*) FROM `", entity->table, "` WHERE id = ?", parent, NULL),
        "i", (const crm_value_t[]){crm_uuid(id), crm_uuid(records->parent)},
        records->parent ? 2 : 1, &rows));
    return crm_row(rows, 0)[0].as.integer ? NULL : crm_error_standard(pool, CRM_E_NOT_FOUND);
}

crm_error_t *crm_records_history(crm_request_t *request, const crm_values_t *values,
                                 crm_answer_t *answer)
{
    crm_records_t records;
    const crm_uuid_t *id;
    (void)values;

    CRM_ERR(one_of(request, &records, &id));
    CRM_ERR(check_known(&records, request->pool, id));
    const crm_value_t args[] = {crm_uuid(id)};
    const crm_condition_t condition = {.sql = "r.record_id = ?", .args = args, .nargs = 1};
    const crm_page_t page = {
        .db = records.db,
        .entity = &crm_change_entity,
        .condition = &condition,
    };
    return crm_page_answer(request, &page, answer);
}

/* ---- views ---- */

/* The view that the route's pattern ends with. */
static const crm_view_t *view_of(const crm_request_t *request)
{
    const char *pattern = request->route->pattern;
    const crm_view_t *view = request->route->entity->views;

    while (strlen(pattern) < strlen(view->name) + 1 ||
           strncmp(pattern + strlen(pattern) - strlen(view->name) - 1, view->name,
                   strlen(view->name)) != 0) {
        view++;
    }
    return view;
}

static crm_error_t *view_results(crm_request_t *request, const crm_rows_t *rows, json_t *json,
                                 void *baton)
{
    const crm_view_t *view = view_of(request);
    json_t *whole = crm_json_own(request->pool, json_array()), *record;
    size_t i;

    CRM_ERR(crm_record_rows_json(baton, request->pool, rows, whole));
    json_array_foreach(whole, i, record)
    {
        json_array_append_new(json, view->shape(record));
    }
    return NULL;
}

crm_error_t *crm_records_view(crm_request_t *request, const crm_values_t *values,
                              crm_answer_t *answer)
{
    crm_records_t records;
    (void)values;

    CRM_ERR(crm_records_of(request, &records));
    const crm_condition_t condition = {.sql = view_of(request)->without, .without = 1};
    const crm_page_t page = {
        .db = records.db,
        .entity = records.entity,
        .condition = &condition,
        .results = view_results,
        .baton = &records,
    };
    return crm_page_answer(request, &page, answer);
}

crm_error_t *crm_records_view_one(crm_request_t *request, const crm_values_t *values,
                                  crm_answer_t *answer)
{
    const crm_view_t *view = view_of(request);
    const crm_condition_t condition = {.sql = view->without, .without = 1};
    crm_records_t records;
    crm_record_t record;
    const crm_uuid_t *id;
    const crm_value_t *row;
    (void)values;

    CRM_ERR(one_of(request, &records, &id));
    CRM_ERR(
        crm_list_one(records.db, request->pool, records.entity, crm_uuid(id), &condition, &row));
    CRM_ERR(crm_record_of_row(&records, request->pool, row, &record));
    answer->json = crm_json_own(request->pool, view->shape(record.json));
    return NULL;
}
