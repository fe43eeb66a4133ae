/* model/entity.h - the language of descriptions: an entity, and what is special about it.
 *
 * An entity with a `path` is a record of the CRM: its table has, beside the columns of its fields,
 * `version` (counts changes), `deleted_at` (NULL: it is there) and for each unique field
 * `<column>_unique` (the folded text while the record is there, else NULL; the unique key has the
 * same name). Where `search_table` is set, that table holds created_at, id (together its primary
 * key), one column for each reference with `searched` fields, and `text`: the folded searchable
 * fields, of records that are there. The record engine (service/record.h) does the rest.
 */
#ifndef CRM_MODEL_ENTITY_H
#define CRM_MODEL_ENTITY_H

#include "model/field.h"

struct crm_write_t;

typedef struct crm_entity_t crm_entity_t;

/* Called inside the transaction of a write (service/record_write.h): before_write may look at the
 * values, change them and refuse; after_write may write other records. An error undoes all. */
typedef crm_error_t *crm_hook_fn(struct crm_write_t *write);

/* From which fields a made record takes what: the first of FROM that has a value. */
typedef struct crm_link_copy_t {
    const char *to;
    const char *from[3]; /* the rest NULL */
} crm_link_copy_t;

/* How a reference is found by a unique field of what it refers to, and the record made where there
 * is none: `key` is an input field of the referring entity. */
typedef struct crm_link_t {
    const char *key;               /* "customer_email" */
    const char *import_key;        /* stands in for it in imports where it has no value; or NULL */
    const char *target;            /* unique field of the referred entity: "email" */
    const crm_link_copy_t *copies; /* of a record that is made; ends with `to` NULL */
    const char *option;            /* import parameter that switches it off; or NULL */
} crm_link_t;

/* What an import of records needs and does. */
typedef struct crm_import_t {
    const char *needs;          /* the field that each row must have */
    const char *needs_message;  /* what is said where it has not */
    const char *key;            /* unique field that finds the record to update; NULL: none */
    const crm_field_t *options; /* parameters of its own; ends with name NULL; or NULL */
    /* Fills what a row leaves out from what it has; or NULL. */
    void (*complete)(struct crm_write_t *write);
} crm_import_t;

/* Another look at records: GET <path>/<view>/ and <path>/{uuid}/<view>/. */
typedef struct crm_view_t {
    const char *name;           /* "by-lead-status" */
    const char *summary;        /* for OpenAPI */
    const crm_entity_t *result; /* describes what it shows */
    const char *without; /* SQL, never NULL, the record's row being called r: which records it
                            leaves out, an index finding them; or NULL */
    json_t *(*shape)(const json_t *record); /* a record as the view shows it; new reference */
} crm_view_t;

/* A field whose values are told apart by a tally. */
typedef struct crm_tally_column_t {
    const char *field, *column;
    unsigned operators;        /* of CRM_OP_*: filters that it can answer */
    const char *const *values; /* those that are told apart, of text; NULL: all */
    int is_owner;              /* whoever the records are of */
} crm_tally_column_t;

/* A table that counts the entity's records as they are added, for all owners together and for each:
 * where lists are so long that they cannot be counted by an index. A caller's own condition on
 * lists of the entity holds in it as well, and is one on the owner. */
typedef struct crm_tally_t {
    const char *table, *sum;           /* its column with the number */
    const char *of_all, *of_one;       /* SQL: the rows of all owners together, those of each */
    const crm_tally_column_t *columns; /* ends with field NULL */
} crm_tally_t;

struct crm_entity_t {
    const char *name, *plural; /* "tenant", "tenants" */
    const char *label;         /* "Tenant", as in messages */
    const char *table;         /* SQL table */
    const crm_field_t *fields; /* ends with name NULL */
    const char *id;            /* name of the field that identifies a record and ends every order */
    const char *order;         /* default, as in ordering=: "-created_at" */
    int since;                 /* version of the tenants' schema that brought its table; 0: the
                                  first. Before it, what needs the table is UNAVAILABLE */
    const crm_tally_t *tally;  /* or NULL */
    /* of records alone; path NULL: it is none */
    const char *path;   /* below the API's prefix: "leads", "leads/{uuid}/call-summaries" */
    const char *parent; /* the reference that the path's {uuid} is; or NULL */
    const char *app_label, *model;           /* in permissions: "leads.view_lead" */
    const char *search_table;                /* or NULL: search looks into the table itself */
    const char *help;                        /* one sentence, for OpenAPI and the console */
    crm_hook_fn *before_write, *after_write; /* or NULL */
    const crm_import_t *import;              /* or NULL: nothing special */
    const crm_view_t *views;                 /* ends with name NULL; or NULL */
    /* POST <by_path>/{uuid}/ makes a record whose parent find_parent finds by that id; or NULL */
    const char *by_path, *by_summary;
    crm_error_t *(*find_parent)(struct crm_write_t *write, const crm_uuid_t *id,
                                crm_uuid_t *ret_parent);
};

/* What an account may do with records: a permission is "<app_label>.<action>_<model>". */
typedef enum {
    CRM_ACTION_VIEW,
    CRM_ACTION_ADD,
    CRM_ACTION_CHANGE,
    CRM_ACTION_DELETE,
    CRM_ACTION_COUNT
} crm_action_e;

/* "view", "add", "change", "delete". */
const char *crm_action_name(crm_action_e action);

/* "leads.view_lead", in POOL. */
const char *crm_entity_permission(apr_pool_t *pool, const crm_entity_t *entity,
                                  crm_action_e action);

/* The field of ENTITY of that name; one that is none is a mistake in the program: abort(). */
const crm_field_t *crm_entity_field(const crm_entity_t *entity, const char *name);

/* Its place in entity->fields. */
int crm_entity_position(const crm_entity_t *entity, const char *name);

/* The number of its fields. */
int crm_entity_count(const crm_entity_t *entity);

/* The field with CRM_F_STATUS, or NULL. */
const crm_field_t *crm_entity_status(const crm_entity_t *entity);

#endif
