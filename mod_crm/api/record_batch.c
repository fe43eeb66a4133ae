/* api/record_batch.c - many writes of records in one call. */
#include <string.h>

#include <apr_strings.h>

#include "api/access.h"
#include "api/body.h"
#include "api/problem.h"
#include "api/records.h"
#include "base/json.h"

/* One operation, read. */
typedef struct operation_t {
    const struct method_t *method;
    const json_t *id, *body;
} operation_t;

/* A batch being run. */
typedef struct batch_t {
    crm_request_t *request;
    const json_t *operations; /* an array */
    int are_bodies;           /* each is the body of a record to be made */
    int atomic;
    json_t *results; /* an array */
    int failed;
} batch_t;

/* What a method does, and what that needs. */
typedef crm_error_t *run_fn(const crm_records_t *records, apr_pool_t *pool,
                            const operation_t *operation, const crm_uuid_t *id, json_t **ret_body);

typedef struct method_t {
    const char *name;
    crm_action_e action;
    int needs_id, status;
    run_fn *run;
} method_t;

static run_fn create, replace, merge, delete;

static const method_t methods[] = {
    {.name = "POST", .action = CRM_ACTION_ADD, .status = 201, .run = create},
    {.name = "PUT", .action = CRM_ACTION_CHANGE, .needs_id = 1, .status = 200, .run = replace},
    {.name = "PATCH", .action = CRM_ACTION_CHANGE, .needs_id = 1, .status = 200, .run = merge},
    {.name = "DELETE", .action = CRM_ACTION_DELETE, .needs_id = 1, .status = 200, .run = delete},
    {.name = NULL},
};

/* ---- one operation; bodies are new references ---- */

static crm_error_t *create(const crm_records_t *records, apr_pool_t *pool,
                           const operation_t *operation, const crm_uuid_t *id, json_t **ret_body)
{
    crm_values_t *values;
    crm_record_t record;
    (void)id;

    CRM_ERR(crm_records_validate(records, pool, operation->body, 0, &values));
    CRM_ERR(crm_record_create(records, pool, values, &record));
    *ret_body = json_incref(record.json);
    return NULL;
}

static crm_error_t *change(const crm_records_t *records, apr_pool_t *pool,
                           const operation_t *operation, const crm_uuid_t *id, int partial,
                           json_t **ret_body)
{
    crm_values_t *values;
    crm_record_t record;

    CRM_ERR(crm_records_validate(records, pool, operation->body, partial, &values));
    CRM_ERR(crm_record_update(records, pool, id, values, NULL, &record));
    *ret_body = json_incref(record.json);
    return NULL;
}

static crm_error_t *replace(const crm_records_t *records, apr_pool_t *pool,
                            const operation_t *operation, const crm_uuid_t *id, json_t **ret_body)
{
    return change(records, pool, operation, id, 0, ret_body);
}

static crm_error_t *merge(const crm_records_t *records, apr_pool_t *pool,
                          const operation_t *operation, const crm_uuid_t *id, json_t **ret_body)
{
    return change(records, pool, operation, id, 1, ret_body);
}

static crm_error_t *delete (const crm_records_t *records, apr_pool_t *pool,
                            const operation_t *operation, const crm_uuid_t *id, json_t **ret_body)
{
    (void)operation;
    CRM_ERR(crm_record_delete(records, pool, id, NULL));
    *ret_body = crm_records_deleted(pool, records->entity);
    return NULL;
}

/* ---- reading ---- */

static const method_t *find_method(const char *name)
{
    const method_t *method = methods;

    while (method->name && strcmp(method->name, name) != 0) {
        method++;
    }
    return method->name ? method : NULL;
}

static crm_error_t *read_operation(const batch_t *batch, apr_pool_t *pool, const json_t *json,
                                   operation_t *ret_operation)
{
    const char *name = json_string_value(json_object_get(json, "method"));

    if (batch->are_bodies) {
        *ret_operation = (operation_t){.method = find_method("POST"), .body = json};
        return NULL;
    }
    *ret_operation = (operation_t){
        .method = find_method(name ? name : ""),
        .id = json_object_get(json, "id"),
        .body = json_object_get(json, "body"),
    };
    if (!ret_operation->method) {
        return crm_error_field(pool, "method", "Must be one of POST, PUT, PATCH, DELETE.");
    }
    return NULL;
}

/* What is to be done: an array of bodies, or an object with operations. */
static crm_error_t *read_batch(batch_t *batch)
{
    apr_pool_t *pool = batch->request->pool;
    const json_t *body = batch->request->body;
    const json_t *atomic = json_object_get(body, "atomic");

    batch->are_bodies = json_is_array(body);
    batch->operations = batch->are_bodies ? body : json_object_get(body, "operations");
    batch->atomic = !json_is_false(atomic);
    if (!json_is_array(batch->operations)) {
        return body && json_is_object(body)
                   ? crm_error_field(pool, "operations", "This field is required.")
                   : crm_error_field(pool, CRM_NON_FIELD,
                                     "Expected a list of records, or an object with operations.");
    }
    if (atomic && !json_is_boolean(atomic)) {
        return crm_error_field(pool, "atomic", "Must be a valid boolean.");
    }
    if (json_array_size(batch->operations) > CRM_BATCH_MAX) {
        return crm_error_field(pool, batch->are_bodies ? CRM_NON_FIELD : "operations",
                               "Ensure this field has no more than %d elements.", CRM_BATCH_MAX);
    }
    return NULL;
}

/* Whether the caller may do all that the operations do: each method is asked about once. */
static crm_error_t *check_access(const batch_t *batch)
{
    const crm_request_t *request = batch->request;
    unsigned asked = 0;
    size_t i;
    json_t *json;

    json_array_foreach(batch->operations, i, json)
    {
        operation_t operation;
        if (read_operation(batch, request->pool, json, &operation) ||
            (asked & (1U << operation.method->action))) {
            continue;
        }
        asked |= 1U << operation.method->action;
        CRM_ERR(crm_access_permit(request, request->route->entity, operation.method->action));
    }
    return NULL;
}

/* ---- running ---- */

static crm_error_t *run_operation(const batch_t *batch, const crm_records_t *records,
                                  apr_pool_t *pool, const json_t *json, json_t **ret_result)
{
    operation_t operation;
    crm_uuid_t id = {{0}};
    json_t *body;

    CRM_ERR(read_operation(batch, pool, json, &operation));
    if (operation.method->needs_id &&
        (!json_is_string(operation.id) || !crm_uuid_parse(json_string_value(operation.id), &id))) {
        return crm_error_field(pool, "id", "Must be a valid UUID.");
    }
    CRM_ERR(operation.method->run(records, pool, &operation, &id, &body));
    *ret_result = json_pack("{si so}", "status", operation.method->status, "body", body);
    return NULL;
}

/* An operation whose error undoes it alone. */
typedef struct alone_t {
    const batch_t *batch;
    const crm_records_t *records;
    const json_t *json;
    json_t **ret_result;
} alone_t;

static crm_error_t *run_alone(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const alone_t *alone = baton;
    crm_records_t records = *alone->records;

    records.db = db;
    return run_operation(alone->batch, &records, pool, alone->json, alone->ret_result);
}

/* An operation's error as it would be answered alone; new reference. */
static json_t *error_result(const batch_t *batch, crm_error_t *error)
{
    crm_response_t response = {.headers = apr_table_make(batch->request->pool, 2)};
    json_t *body = crm_problem_write(batch->request, error, 0, &response);

    return json_pack("{si sO}", "status", response.status, "body", body);
}

/* What clients cause is told of the operation; anything else is an error of the whole. */
static int is_told(const crm_error_t *error)
{
    return crm_error_status(error->kind) < 500 && error->kind != CRM_E_LOCKED;
}

static crm_error_t *run_all(batch_t *batch, const crm_records_t *records, apr_pool_t *pool)
{
    size_t i;
    json_t *json;

    json_array_clear(batch->results);
    json_array_foreach(batch->operations, i, json)
    {
        json_t *result = NULL;
        alone_t alone = {batch, records, json, &result};
        crm_error_t *error = batch->atomic ? run_operation(batch, records, pool, json, &result)
                                           : crm_db_savepoint(records->db, pool, run_alone, &alone);
        if (error && !is_told(error)) {
            return error;
        }
        batch->failed |= error != NULL;
        json_array_append_new(batch->results, error ? error_result(batch, error) : result);
        if (error && batch->atomic) {
            return error;
        }
    }
    return NULL;
}

static crm_error_t *run_atomic(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    batch_t *batch = baton;
    crm_records_t records;

    CRM_ERR(crm_records_of(batch->request, &records));
    records.db = db;
    batch->failed = 0;
    return run_all(batch, &records, pool);
}

/* In a batch that is all or nothing, what was not done says so. */
static void tell_undone(const batch_t *batch)
{
    size_t failed = json_array_size(batch->results) - 1;
    const json_t *undone =
        crm_json_own(batch->request->pool,
                     json_pack("{si s{ss}}", "status", 424, "body", "detail",
                               "Not done, because another operation of the batch failed."));

    for (size_t i = 0; i < json_array_size(batch->operations); i++) {
        if (i < failed) {
            json_array_set(batch->results, i, (json_t *)undone);
        } else if (i > failed) {
            json_array_append(batch->results, (json_t *)undone);
        }
    }
}

static crm_error_t *run(batch_t *batch, const crm_records_t *records)
{
    apr_pool_t *pool = batch->request->pool;
    crm_error_t *error;

    if (!batch->atomic) {
        return run_all(batch, records, pool);
    }
    error = crm_db_transaction(records->db, pool, run_atomic, batch);
    if (error && batch->failed) {
        tell_undone(batch);
        return NULL;
    }
    return error;
}

crm_error_t *crm_records_batch(crm_request_t *request, const crm_values_t *values,
                               crm_answer_t *answer)
{
    batch_t batch = {.request = request};
    crm_records_t records;
    (void)values;

    CRM_ERR(crm_body_read(request));
    CRM_ERR(read_batch(&batch));
    CRM_ERR(check_access(&batch));
    CRM_ERR(crm_records_of(request, &records));
    CRM_ERR(crm_record_check_parent(&records, request->pool));
    batch.results = crm_json_own(request->pool, json_array());
    CRM_ERR(run(&batch, &records));
    answer->status = !batch.failed ? 200 : batch.atomic ? 400 : 207;
    answer->json = crm_json_own(request->pool, json_pack("{sO}", "results", batch.results));
    return NULL;
}
