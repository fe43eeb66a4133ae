/* service/record_reference.c - references of records that are written: found, made, checked.
 *
 * What the references of one field lead to is read by one statement for all records of a bulk.
 */
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"
#include "service/record_write.h"

/* A record that is referred to. */
typedef struct target_t {
    crm_value_t key;           /* the value it is looked up by */
    crm_write_t *from;         /* the first write that refers to it */
    const crm_value_t *values; /* its fields; NULL: there is none */
} target_t;

/* All that one field refers to, looked up by FIELD of the referred entity. */
typedef struct targets_t {
    const crm_writes_t *all;
    apr_pool_t *pool;
    const crm_reference_t *reference;
    const crm_field_t *field;
    apr_hash_t *by_key;
    apr_array_header_t *list; /* of target_t *, each once */
} targets_t;

static crm_value_t *value_of(const crm_write_t *write, const crm_field_t *field)
{
    return &write->values[field - write->entity->fields];
}

static int is_active(const crm_entity_t *entity, const crm_value_t *values)
{
    crm_value_t value = values[crm_entity_position(entity, "is_active")];

    return !crm_is_null(value) && value.as.integer;
}

/* ---- what is referred to ---- */

static targets_t start(const crm_writes_t *all, const crm_reference_t *reference, const char *name)
{
    apr_pool_t *pool = all->writes[0]->pool;

    return (targets_t){
        .all = all,
        .pool = pool,
        .reference = reference,
        .field = crm_entity_field(reference->entity, name),
        .by_key = apr_hash_make(pool),
        .list = apr_array_make(pool, 8, sizeof(target_t *)),
    };
}

/* The target that KEY, as it is stored or sent, leads to: found or added. */
static target_t *target_of(const targets_t *targets, crm_value_t key, crm_write_t *from)
{
    int is_text = key.kind == CRM_V_TEXT;
    const void *bytes =
        is_text ? (const void *)crm_text_fold(targets->pool, key.as.text) : key.as.uuid;
    apr_ssize_t size = is_text ? APR_HASH_KEY_STRING : (apr_ssize_t)sizeof(crm_uuid_t);
    target_t *target = apr_hash_get(targets->by_key, bytes, size);

    if (!target) {
        target = apr_pcalloc(targets->pool, sizeof(*target));
        target->key = key;
        target->from = from;
        apr_hash_set(targets->by_key, bytes, size, target);
        APR_ARRAY_PUSH(targets->list, target_t *) = target;
    }
    return target;
}

/* Reads and locks those that are there. */
static crm_error_t *read_targets(const targets_t *targets)
{
    const crm_entity_t *entity = targets->reference->entity;
    int count = targets->list->nelts, place = (int)(targets->field - entity->fields), deleted;
    crm_value_t *values = apr_palloc(targets->pool, ((apr_size_t)count + 1) * sizeof(*values));
    const crm_record_find_t find = {
        .entity = entity,
        .field = targets->field,
        .values = values,
        .count = count,
        .only_active = targets->all->count > 1, /* nobody shows what a bulk refers to */
        .lock = "{for share}",
    };
    const crm_rows_t *rows;
    apr_int64_t version;

    if (!count) {
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        values[i] = APR_ARRAY_IDX(targets->list, i, target_t *)->key;
    }
    CRM_ERR(crm_record_find(targets->all->writes[0]->db, targets->pool, &find, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *found =
            crm_record_found(targets->pool, entity, crm_row(rows, i), &version, &deleted);
        target_of(targets, found[place], NULL)->values = found;
    }
    return NULL;
}

/* ---- links ---- */

/* Gives the record that is made for a link its values: each field the first that has one. */
static void copy_values(crm_write_t *made, const crm_write_t *write, const crm_link_t *link)
{
    for (const crm_link_copy_t *copy = link->copies; copy->to; copy++) {
        crm_value_t value = crm_text("");
        for (int i = 0; i < 3 && copy->from[i]; i++) {
            const char *text = crm_write_text(write, copy->from[i]);
            if (text && *text) {
                value = crm_text(text);
                break;
            }
        }
        crm_write_set(made, copy->to, value);
    }
}

/* Makes the records of MISSING, all of them or none. */
static crm_error_t *add_targets(const targets_t *targets, const apr_array_header_t *missing)
{
    apr_size_t count = (apr_size_t)missing->nelts;
    crm_write_t **made = apr_palloc(targets->pool, count * sizeof(crm_write_t *));
    const crm_writes_t all = {.writes = made, .count = missing->nelts};

    for (apr_size_t i = 0; i < count; i++) {
        const target_t *target = APR_ARRAY_IDX(missing, i, target_t *);
        CRM_ERR(crm_write_of_other(target->from, targets->reference->entity, &made[i]));
        copy_values(made[i], target->from, targets->reference->link);
    }
    CRM_ERR(crm_writes_run(&all));
    for (apr_size_t i = 0; i < count; i++) {
        CRM_ERR(made[i]->refusal);
        APR_ARRAY_IDX(missing, i, target_t *)->values = made[i]->values;
    }
    return NULL;
}

/* Who finds nobody and makes one may find that somebody else just did. With several, the caller
 * does all of it again, one by one. */
static crm_error_t *add_missing(const targets_t *targets)
{
    apr_array_header_t *missing = apr_array_make(targets->pool, 8, sizeof(target_t *));
    const crm_permit_t *permit = targets->all->writes[0]->records->permit;

    /* of an import only the rows that need it are refused */
    if (targets->all->links && permit &&
        permit->check(permit->baton, targets->reference->entity, CRM_ACTION_ADD)) {
        return NULL;
    }
    for (int i = 0; i < targets->list->nelts; i++) {
        target_t *target = APR_ARRAY_IDX(targets->list, i, target_t *);
        if (!target->values) {
            APR_ARRAY_PUSH(missing, target_t *) = target;
        }
    }
    crm_error_t *error = missing->nelts ? add_targets(targets, missing) : NULL;
    if (!error || error->kind != CRM_E_INVALID || missing->nelts > 1) {
        return error;
    }
    CRM_ERR(read_targets(targets));
    return APR_ARRAY_IDX(missing, 0, target_t *)->values ? NULL : error;
}

static int is_off(const crm_import_links_t *rules, const crm_link_t *link)
{
    if (!rules || !rules->options || !link->option) {
        return 0;
    }
    crm_value_t value = crm_values_get(rules->options, link->option);
    return !crm_is_null(value) && !value.as.integer;
}

/* What WRITE's link is found by; NULL: it has none. */
static const char *key_of(const crm_writes_t *all, const crm_write_t *write,
                          const crm_field_t *field)
{
    const crm_link_t *link = field->reference->link;
    int is_told =
        write->sent[field - write->entity->fields] && !crm_is_null(*value_of(write, field));
    const char *key = is_told || is_off(all->links, link) ? "" : crm_write_text(write, link->key);

    if (key && *key) {
        return key;
    }
    key = !key && all->links && link->import_key && write->kind == CRM_WRITE_CREATE
              ? crm_write_text(write, link->import_key)
              : NULL;
    return key && *key ? key : NULL;
}

/* Says why TARGET cannot be linked; nothing where an import only meant to. */
static crm_error_t *refuse_link(const crm_write_t *write, const crm_link_t *link,
                                const crm_entity_t *entity, const target_t *target)
{
    if (target->values && !crm_write_text(write, link->key)) {
        return NULL;
    }
    return crm_error_field(write->pool, link->key,
                           target->values ? "The %s with this value is not active."
                                          : "There is no %s with this value, and you may not make "
                                            "one.",
                           entity->name);
}

static void link_target(const targets_t *targets, crm_write_t *write, const crm_field_t *field,
                        const target_t *target)
{
    const crm_reference_t *reference = targets->reference;
    const crm_entity_t *entity = reference->entity;

    if (!target->values || (reference->must_be_active && !is_active(entity, target->values))) {
        write->refusal = refuse_link(write, reference->link, entity, target);
        return;
    }
    crm_write_set(write, field->name, target->values[crm_entity_position(entity, entity->id)]);
    write->referred[field - write->entity->fields] = target->values;
}

static crm_error_t *link_field(const crm_writes_t *all, const crm_field_t *field)
{
    targets_t targets = start(all, field->reference, field->reference->link->target);
    target_t **of = apr_pcalloc(targets.pool, (apr_size_t)all->count * sizeof(*of));

    for (int i = 0; i < all->count; i++) {
        const char *key = all->writes[i]->refusal ? NULL : key_of(all, all->writes[i], field);
        if (key) {
            of[i] = target_of(&targets, crm_text(key), all->writes[i]);
        }
    }
    CRM_ERR(read_targets(&targets));
    CRM_ERR(add_missing(&targets));
    for (int i = 0; i < all->count; i++) {
        if (of[i]) {
            link_target(&targets, all->writes[i], field, of[i]);
        }
    }
    return NULL;
}

crm_error_t *crm_references_link(const crm_writes_t *all)
{
    const crm_write_t *first = all->writes[0];

    if (first->kind != CRM_WRITE_CREATE && first->kind != CRM_WRITE_UPDATE) {
        return NULL;
    }
    for (const crm_field_t *field = first->entity->fields; field->name; field++) {
        if (field->reference && field->reference->link) {
            CRM_ERR(link_field(all, field));
        }
    }
    return NULL;
}

/* ---- checks ---- */

static int is_new(const crm_write_t *write, const crm_field_t *field)
{
    return field->reference && field->column && !crm_is_null(*value_of(write, field)) &&
           (write->kind == CRM_WRITE_CREATE ||
            (write->kind == CRM_WRITE_UPDATE && crm_write_changed(write, field->name)));
}

/* Notes what FIELD of WRITE leads to, and says where that is nowhere. */
static void check_target(crm_write_t *write, const crm_field_t *field, const target_t *target)
{
    const crm_reference_t *reference = field->reference;
    const char *parent = write->entity->parent;

    write->referred[field - write->entity->fields] = target->values;
    if (!target->values && parent && strcmp(parent, field->name) == 0) {
        write->refusal = crm_error_standard(write->pool, CRM_E_NOT_FOUND);
    } else if (!target->values ||
               (reference->must_be_active && !is_active(reference->entity, target->values))) {
        crm_error_add(write->pool, &write->refusal, field->name,
                      "Invalid pk \"%s\" - object does not exist.",
                      crm_uuid_text(write->pool, value_of(write, field)->as.uuid));
    }
}

static crm_error_t *check_field(const crm_writes_t *all, const crm_field_t *field)
{
    targets_t targets = start(all, field->reference, field->reference->entity->id);
    target_t **of = apr_pcalloc(targets.pool, (apr_size_t)all->count * sizeof(*of));

    for (int i = 0; i < all->count; i++) {
        crm_write_t *write = all->writes[i];
        int is_read = write->referred[field - write->entity->fields] != NULL;
        if (is_new(write, field) && !is_read) {
            of[i] = target_of(&targets, *value_of(write, field), write);
        }
    }
    CRM_ERR(read_targets(&targets));
    for (int i = 0; i < all->count; i++) {
        if (of[i]) {
            check_target(all->writes[i], field, of[i]);
        }
    }
    return NULL;
}

crm_error_t *crm_references_check(const crm_writes_t *all)
{
    for (const crm_field_t *field = all->writes[0]->entity->fields; field->name; field++) {
        if (field->reference && field->column) {
            CRM_ERR(check_field(all, field));
        }
    }
    return NULL;
}
