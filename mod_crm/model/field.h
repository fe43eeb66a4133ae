/* model/field.h - the language of descriptions: a field and its type.
 *
 * Descriptions are const tables. What a type means everywhere (JSON, checks and their messages, its
 * value in SQL, OpenAPI, import, the console's widget) is one row in model/types.c. What an entity
 * is made of fields and facts stands in model/entity.h.
 */
#ifndef CRM_MODEL_FIELD_H
#define CRM_MODEL_FIELD_H

#include <jansson.h>

#include "base/error.h"
#include "model/value.h"

typedef enum {
    CRM_T_TEXT,     /* one line or a few; trimmed */
    CRM_T_LONGTEXT, /* up to 1 MiB; read from the database as a large object */
    CRM_T_EMAIL,
    CRM_T_PHONE,    /* a telephone number as people write it: any text */
    CRM_T_URL,      /* http, https, ftp or ftps */
    CRM_T_PASSWORD, /* never trimmed, never shown, never stored as it is */
    CRM_T_INTEGER,
    CRM_T_DECIMAL, /* exact: CRM_V_INTEGER in units of 10^-scale; in JSON a string, "12.30" */
    CRM_T_REAL,
    CRM_T_BOOLEAN,
    CRM_T_TIME, /* date and time, ISO 8601 */
    CRM_T_DATE, /* a day; its value is CRM_V_TIME at 00:00 UTC */
    CRM_T_UUID,
    CRM_T_CHOICE,    /* one of field->choices */
    CRM_T_REFERENCE, /* the UUID of a record of field->reference */
    CRM_T_JSON,      /* any JSON; stored as long text */
    CRM_T_INTEGERS,  /* input only: an array of integer ids; its value is CRM_V_TEXT, JSON */
    CRM_T_OBJECT, /* output only: the record that field->details refers to, or made by a handler */
    CRM_T_LIST,   /* output only: the records of field->children */
    CRM_T_COUNT
} crm_type_e;

enum {
    CRM_F_REQUIRED = 1 << 0,  /* must be sent on create and PUT */
    CRM_F_NULL = 1 << 1,      /* null is a value of it */
    CRM_F_BLANK = 1 << 2,     /* "" is a value of it */
    CRM_F_READ_ONLY = 1 << 3, /* ignored on input, as DRF does */
    CRM_F_WRITE_ONLY = 1 << 4,
    CRM_F_SECRET = 1 << 5,     /* never in History or logs */
    CRM_F_SEARCHABLE = 1 << 6, /* search= looks here */
    CRM_F_FILTERABLE = 1 << 7,
    CRM_F_SORTABLE = 1 << 8,
    CRM_F_UNIQUE = 1 << 9,  /* among records that are not deleted; blank is no value */
    CRM_F_FOLDED = 1 << 10, /* has a column <column>_key with crm_text_fold of it: what unique,
                               search, filter and order use, so that both databases compare alike */
    CRM_F_ABSENT = 1 << 12, /* answers may leave it out */
    CRM_F_STATUS = 1 << 11  /* its changes are rows of their own in the change log, and it has the
                               call PATCH .../{uuid}/status/ */
};

/* Longest folded text that a column <column>_key takes, in code points. */
#define CRM_KEY_LENGTH 600

typedef struct crm_choice_t {
    const char *value, *label;
} crm_choice_t;

struct crm_entity_t;
struct crm_link_t;

/* What is in JSON, or in an object that a handler makes: one object of `object`, a list of them,
 * such objects by name; whole numbers by name; a list of texts. */
typedef enum {
    CRM_SHAPE_ONE,
    CRM_SHAPE_LIST,
    CRM_SHAPE_MAP,
    CRM_SHAPE_COUNTS,
    CRM_SHAPE_TEXTS
} crm_shape_e;

/* What a CRM_T_REFERENCE refers to. */
typedef struct crm_reference_t {
    const struct crm_entity_t *entity;
    int must_be_active;            /* only a record with is_active may be referred to anew */
    const char *const *searched;   /* its folded fields that search= looks in too; NULL: none */
    const struct crm_link_t *link; /* how it is found or made by other fields; NULL: it is not */
} crm_reference_t;

/* The records of another entity that refer to this one: the newest of them, in a list. */
typedef struct crm_children_t {
    const struct crm_entity_t *entity;
    const char *field; /* theirs, which refers here */
    int most;          /* so many at most */
} crm_children_t;

typedef struct crm_field_t {
    const char *name;   /* in JSON, queries, messages */
    const char *column; /* in SQL, or NULL: not stored under this entity's table */
    crm_type_e type;
    unsigned flags;
    int min_length, max_length;       /* code points; 0: no bound but the type's. Of CRM_T_DECIMAL,
                                         max_length is the number of digits */
    int scale;                        /* CRM_T_DECIMAL: digits behind the point */
    const crm_choice_t *choices;      /* CRM_T_CHOICE; ends with {NULL, NULL} */
    const char *preset;               /* value where none is sent, as text; NULL: null */
    const char *label;                /* for people; NULL: made of the name */
    const char *help;                 /* one sentence, for OpenAPI and the console */
    const char *const *aliases;       /* other names of its column in imported files; NULL: none */
    const crm_reference_t *reference; /* CRM_T_REFERENCE */
    const char *expression;           /* SQL that computes it, the record's row being called r; then
                                         column is NULL and the field read-only */
    const char *details;              /* CRM_T_OBJECT: the reference field whose record it shows */
    const crm_children_t *children;   /* CRM_T_LIST */
    int since; /* version of the tenants' schema that brought it; 0: the first. Databases of the
                  version before are served without it (db/since.h) */

    /* for OpenAPI alone */
    const struct crm_entity_t *object;
    crm_shape_e shape;
    const char *pattern; /* regular expression (ECMA-262) of a text that has a form; or NULL */
    const char *example; /* a value as text; NULL: its type's */
} crm_field_t;

/* One row a type. */
typedef struct crm_type_t {
    const char *name;        /* "e-mail" */
    crm_value_kind_e kind;   /* of its value */
    const char *json_type;   /* OpenAPI "type" */
    const char *json_format; /* OpenAPI "format", or NULL */
    int default_max;         /* length in code points where the field names none; 0: none */
    char letter;             /* of its column, for db/database.h's crm_db_select; 0: has none */
    unsigned operators;      /* which of CRM_OP_* (model/query.h) filters may use */
    const char *widget;      /* what a form shows for it */
    const char *example;     /* a value as text, for OpenAPI */
    const char *invalid;     /* the message on what is none of the type */
    /* JSON to value. ERROR messages are added for FIELD. NULL, blank and lengths are checked by
     * the caller. 1 when *RET_VALUE was set, which borrows from what was read. Both readers are
     * NULL for a type that is never input. */
    int (*read)(apr_pool_t *pool, const crm_field_t *field, const json_t *json,
                crm_value_t *ret_value, crm_error_t **error);
    /* Text (of a query parameter, a form, a CSV cell) to value; the same. */
    int (*read_text)(apr_pool_t *pool, const crm_field_t *field, const char *text,
                     crm_value_t *ret_value, crm_error_t **error);
} crm_type_t;

const crm_type_t *crm_type(crm_type_e type);

/* The field of that name, or NULL. FIELDS ends with name NULL. */
const crm_field_t *crm_field_find(const crm_field_t *fields, const char *name);

/* 1 when records show it: neither write-only nor secret. */
int crm_field_is_shown(const crm_field_t *field);

/* 1 when a row of the entity has a cell of it: a column, or computed. */
static inline int crm_field_has_cell(const crm_field_t *field)
{
    return field->column != NULL || field->expression != NULL;
}

/* Its label for people: its own, or the name as words ("Zip code"). */
const char *crm_field_label(apr_pool_t *pool, const crm_field_t *field);

/* A value as people write it (dates, decimals with their point), as CRM_T_*'s read_text takes it;
 * NULL for null. */
const char *crm_field_text(apr_pool_t *pool, const crm_field_t *field, crm_value_t value);

/* A value as JSON, new reference: ISO times, UUID text, CRM_T_JSON parsed. */
json_t *crm_field_json(apr_pool_t *pool, const crm_field_t *field, crm_value_t value);

#endif
