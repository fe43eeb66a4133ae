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

static void add_change(const crm_write_t *write, json_t *changes, const crm_field_t *field)
{
    json_t *change = json_object();

    json_object_set_new(change, "old", crm_field_json(write->pool, field, before(write, field)));
    json_object_set_new(change, "new", crm_field_json(write->pool, field, after(write, field)));
    json_object_set_new(changes, field->name, change);
}

static crm_change_t *add_row(apr_array_header_t *rows, const crm_write_t *write, const char *action,
                             const json_t *changes)
{
    const crm_author_t *author = &write->records->author;
    crm_change_t *row = &APR_ARRAY_PUSH(rows, crm_change_t);

    *row = (crm_change_t){
        .record_id = &write->id,
        .action = action,
        .changes = crm_json_text(write->pool, changes, NULL),
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
    json_t *changes = crm_json_own(write->pool, json_object());

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
    json_t *changes = crm_json_own(write->pool, json_object());
    const crm_field_t *single = NULL;

    for (const crm_field_t *field = write->entity->fields; field->name; field++) {
        if (has_changed(write, field) && !(field->flags & CRM_F_STATUS)) {
            add_change(write, changes, field);
            single = field;
        }
    }
    if (single) {
        crm_change_t *row = add_row(rows, write, "updated", changes);
        if (json_object_size(changes) == 1) {
            name_field(write, row, single);
        }
    }
    const crm_field_t *status = crm_entity_status(write->entity);
    if (status && has_changed(write, status)) {
        changes = crm_json_own(write->pool, json_object());
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
        add_row(rows, write, "deleted", crm_json_own(write->pool, json_object()));
        break;
    case CRM_WRITE_RESTORE:
        add_row(rows, write, "updated", crm_json_own(write->pool, json_object()))->notes =
            "Restored.";
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
