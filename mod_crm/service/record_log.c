/* service/record_log.c - the change log of a write: what has changed, from what to what, by whom.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "service/record_write.h"

/* Fields that every write changes, or none: not worth telling. */
static int is_told(const crm_entity_t *entity, const crm_field_t *field)
{
    return field->column && strcmp(field->name, entity->id) != 0 &&
           strcmp(field->name, "created_at") != 0 && strcmp(field->name, "updated_at") != 0 &&
           strcmp(field->name, "created_by") != 0;
}

static crm_value_t before(const crm_write_t *write, const crm_field_t *field)
{
    return write->before ? write->before[field - write->entity->fields] : crm_null();
}

static crm_value_t after(const crm_write_t *write, const crm_field_t *field)
{
    return write->values[field - write->entity->fields];
}

static int has_changed(const crm_write_t *write, const crm_field_t *field)
{
    return is_told(write->entity, field) &&
           !crm_write_same(before(write, field), after(write, field));
}

/* A value as JSON. Of a bulk it is most of the work, so the usual kinds are written as they are. */
static const char *value_text(apr_pool_t *pool, const crm_field_t *field, crm_value_t value)
{
    switch (value.kind) {
    case CRM_V_NULL:
        return "null";
    case CRM_V_BOOLEAN:
        return value.as.integer ? "true" : "false";
    case CRM_V_UUID:
        return apr_pstrcat(pool, "\"", crm_uuid_text(pool, value.as.uuid), "\"", NULL);
    case CRM_V_TEXT:
        if (field->type != CRM_T_JSON) {
            return crm_json_quote(pool, value.as.text);
        }
        break;
    default:
        break;
    }
    return crm_json_text(pool, crm_json_own(pool, crm_field_json(pool, field, value)), NULL);
}

/* Adds FIELD's change to CHANGES, of const char *: pieces of an object. */
static void add_change(const crm_write_t *write, apr_array_header_t *changes,
                       const crm_field_t *field)
{
    const char *const pieces[] = {
        changes->nelts ? ",\"" : "{\"",
        field->name,
        "\":{\"old\":",
        value_text(write->pool, field, before(write, field)),
        ",\"new\":",
        value_text(write->pool, field, after(write, field)),
        "}",
    };

    for (apr_size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        APR_ARRAY_PUSH(changes, const char *) = pieces[i];
    }
}

/* CHANGES as JSON. */
static const char *changes_text(const crm_write_t *write, apr_array_header_t *changes)
{
    APR_ARRAY_PUSH(changes, const char *) = changes->nelts ? "}" : "{}";
    return apr_array_pstrcat(write->pool, changes, 0);
}

static apr_array_header_t *no_changes(const crm_write_t *write)
{
    return apr_array_make(write->pool, 80, sizeof(const char *));
}

static crm_change_t *add_row(apr_array_header_t *rows, const crm_write_t *write, const char *action,
                             apr_array_header_t *changes)
{
    const crm_author_t *author = &write->records->author;
    crm_change_t *row = &APR_ARRAY_PUSH(rows, crm_change_t);

    *row = (crm_change_t){
        .record_id = &write->id,
        .action = action,
        .changes = changes_text(write, changes),
        .notes = write->records->notes,
        .changed_by = author->id,
        .changed_by_username = author->username,
        .changed_by_email = author->email,
        .created_at = write->now,
    };
    crm_uuid_make(&row->id);
    return row;
}

/* A single changed field is told by itself, too. */
static void name_field(const crm_write_t *write, crm_change_t *row, const crm_field_t *field)
{
    row->field_name = field->name;
    row->old_value = crm_field_text(write->pool, field, before(write, field));
    row->new_value = crm_field_text(write->pool, field, after(write, field));
}

static void log_created(apr_array_header_t *rows, const crm_write_t *write)
{
    apr_array_header_t *changes = no_changes(write);

    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        if (has_changed(write, field)) {
            add_change(write, changes, field);
        }
    }
    add_row(rows, write, "created", changes);
}

/* A change of status is a row of its own. */
static void log_updated(apr_array_header_t *rows, const crm_write_t *write)
{
    apr_array_header_t *changes = no_changes(write);
    const crm_field_t *single = NULL;
    int count = 0;

    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        if (has_changed(write, field) && !(field->flags & CRM_F_STATUS)) {
            add_change(write, changes, field);
            single = field;
            count++;
        }
    }
    if (single) {
        crm_change_t *row = add_row(rows, write, "updated", changes);
        if (count == 1) {
            name_field(write, row, single);
        }
    }
    const crm_field_t *status = crm_entity_status(write->entity);
    if (status && has_changed(write, status)) {
        changes = no_changes(write);
        add_change(write, changes, status);
        name_field(write, add_row(rows, write, "status_changed", changes), status);
    }
}

static void log_write(apr_array_header_t *rows, const crm_write_t *write)
{
    switch (write->kind) {
    case CRM_WRITE_CREATE:
        log_created(rows, write);
        break;
    case CRM_WRITE_UPDATE:
        log_updated(rows, write);
        break;
    case CRM_WRITE_DELETE:
        add_row(rows, write, "deleted", no_changes(write));
        break;
    case CRM_WRITE_RESTORE:
        add_row(rows, write, "updated", no_changes(write))->notes = "Restored.";
        break;
    }
}

void crm_change_log(apr_array_header_t *statements, const crm_writes_t *all)
{
    apr_array_header_t *rows = apr_array_make(statements->pool, 2, sizeof(crm_change_t));

    for (int i = 0; i < all->count; i++) {
        log_write(rows, all->writes[i]);
    }
    crm_record_sql_log(statements, all->writes[0]->entity, (const crm_change_t *)rows->elts,
                       rows->nelts);
}
