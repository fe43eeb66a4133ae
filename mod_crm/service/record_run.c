/* service/record_run.c - writes of records are run: links, hooks, checks, statements. */
#include <string.h>

#include <apr_strings.h>

#include "service/record_write.h"

#define UNIQUE_SUFFIX "_unique"

/* 1 when a stored field differs, of those that a record does not write by itself. */
static int differs(const crm_write_t *write)
{
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        apr_size_t i = (apr_size_t)(field - write->entity->fields);
        if (field->column && strcmp(field->name, "updated_at") != 0 &&
            !crm_write_same(write->before[i], write->values[i])) {
            return 1;
        }
    }
    return 0;
}

/* Adds what is one statement a record. */
static void add_change(apr_array_header_t *statements, const crm_write_t *write)
{
    const crm_entity_t *entity = write->entity;
    const crm_value_t *row = write->values;

    switch (write->kind) {
    case CRM_WRITE_CREATE:
        break;
    case CRM_WRITE_UPDATE:
        crm_record_sql_update(statements, entity, row, write->version);
        crm_record_sql_search_update(statements, entity, row);
        break;
    case CRM_WRITE_DELETE:
        crm_record_sql_delete(statements, entity, row, write->version, write->now);
        crm_record_sql_search_delete(statements, entity, row);
        crm_record_sql_count(statements, entity, -1);
        break;
    case CRM_WRITE_RESTORE:
        crm_record_sql_delete(statements, entity, row, write->version, 0);
        crm_record_sql_search_insert(statements, entity, &row, 1);
        crm_record_sql_count(statements, entity, 1);
        break;
    }
}

static void add_statements(apr_array_header_t *statements, const crm_writes_t *all)
{
    const crm_entity_t *entity = all->writes[0]->entity;
    const crm_value_t **rows = apr_palloc(statements->pool, (apr_size_t)all->count * sizeof(*rows));
    int made = 0;

    for (int i = 0; i < all->count; i++) {
        if (all->writes[i]->kind == CRM_WRITE_CREATE) {
            rows[made++] = all->writes[i]->values;
        } else {
            add_change(statements, all->writes[i]);
        }
    }
    if (made) {
        crm_record_sql_insert(statements, entity, rows, made);
        crm_record_sql_search_insert(statements, entity, rows, made);
        crm_record_sql_count(statements, entity, made);
    }
    crm_change_log(statements, all);
}

/* A unique value that is taken is said on its field. */
static crm_error_t *taken(const crm_write_t *write, crm_error_t *error)
{
    apr_size_t length = error && error->key ? strlen(error->key) : 0;
    apr_size_t suffix = strlen(UNIQUE_SUFFIX);

    if (!error || error->kind != CRM_E_DUPLICATE || length <= suffix ||
        strcmp(error->key + length - suffix, UNIQUE_SUFFIX) != 0) {
        return error;
    }
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        if (field->column && strlen(field->column) == length - suffix &&
            strncmp(field->column, error->key, length - suffix) == 0) {
            return crm_error_field(write->pool, field->name, "This field must be unique.");
        }
    }
    return error;
}

/* 1 when all statements are one call of the server: those of a single record, and of a few that
 * are all made; of others they are long, or seldom the same. */
static int are_one_call(const crm_writes_t *all)
{
    for (int i = 0; i < all->count && all->count > 1; i++) {
        if (all->writes[i]->kind != CRM_WRITE_CREATE) {
            return 0;
        }
    }
    return all->count <= CRM_WRITES_AT_ONCE;
}

static crm_error_t *execute(const crm_writes_t *all)
{
    const crm_write_t *first = all->writes[0];
    apr_array_header_t *statements = crm_record_statements(first->pool);
    crm_error_t *error = NULL;

    add_statements(statements, all);
    const crm_sql_t *sql = (const crm_sql_t *)statements->elts;
    int at_once = are_one_call(all);
    if (at_once) {
        error = crm_db_execute_all(first->db, first->pool, sql, statements->nelts);
    }
    for (int i = 0; !at_once && i < statements->nelts && !error; i++) {
        error =
            crm_db_execute(first->db, first->pool, sql[i].text, sql[i].args, sql[i].nargs, NULL);
    }
    return taken(first, error);
}

/* 1 when references have to be looked up. */
static int has_references(const crm_write_t *write)
{
    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        const crm_link_t *link = field->reference ? field->reference->link : NULL;
        if (field->reference && (!crm_is_null(write->values[field - write->entity->fields]) ||
                                 (link && !crm_is_null(crm_write_get(write, link->key))))) {
            return 1;
        }
    }
    return 0;
}

int crm_write_is_blind(const crm_write_t *write)
{
    return write->kind == CRM_WRITE_CREATE && !write->entity->before_write &&
           !write->entity->after_write && !has_references(write);
}

/* What a client has caused is a refusal; anything else an error of the whole. */
static crm_error_t *run_hooks(const crm_writes_t *all)
{
    crm_hook_fn *hook = all->writes[0]->entity->before_write;

    for (int i = 0; hook && i < all->count; i++) {
        crm_write_t *write = all->writes[i];
        crm_error_t *error = write->refusal ? NULL : hook(write);
        if (error && !crm_error_is_clients(error)) {
            return error;
        }
        write->refusal = error ? error : write->refusal;
    }
    return NULL;
}

/* Those of ALL that are to go on: not refused, and (CHANGED) with something to write. */
static crm_writes_t rest(const crm_writes_t *all, int changed)
{
    crm_write_t **writes =
        apr_palloc(all->writes[0]->pool, (apr_size_t)all->count * sizeof(*writes));
    crm_writes_t left = {.writes = writes, .links = all->links};

    for (int i = 0; i < all->count; i++) {
        crm_write_t *write = all->writes[i];
        if (!write->refusal && (!changed || write->kind != CRM_WRITE_UPDATE || differs(write))) {
            writes[left.count++] = write;
        }
    }
    return left;
}

static void check_keys(const crm_writes_t *all)
{
    for (int i = 0; i < all->count; i++) {
        crm_write_t *write = all->writes[i];
        write->refusal = crm_record_check_keys(write->pool, write->entity, write->values);
        write->values[crm_entity_position(write->entity, "updated_at")] = crm_time(write->now);
    }
}

static crm_error_t *finish(const crm_writes_t *all)
{
    crm_hook_fn *hook = all->writes[0]->entity->after_write;

    CRM_ERR(execute(all));
    for (int i = 0; i < all->count; i++) {
        all->writes[i]->version++;
        all->writes[i]->is_done = 1;
        if (hook) {
            CRM_ERR(hook(all->writes[i]));
        }
    }
    return NULL;
}

crm_error_t *crm_writes_run(const crm_writes_t *all)
{
    crm_writes_t left = rest(all, 0);

    if (left.count) {
        CRM_ERR(crm_references_link(&left));
        CRM_ERR(run_hooks(&left));
        left = rest(&left, 1);
    }
    if (left.count) {
        CRM_ERR(crm_references_check(&left));
        left = rest(&left, 0);
    }
    if (left.count) {
        check_keys(&left);
        left = rest(&left, 0);
    }
    return left.count ? finish(&left) : NULL;
}

crm_error_t *crm_write_run(crm_write_t *write)
{
    const crm_writes_t all = {.writes = &write, .count = 1};

    CRM_ERR(crm_writes_run(&all));
    return write->refusal;
}
