/* model/field.h - the language of descriptions: a field, its type, an entity.
 *
 * Descriptions are const tables. What a type means everywhere (JSON, checks and their messages, the
 * kind of its value in SQL, OpenAPI) is one row in model/types.c.
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
    CRM_T_PASSWORD, /* never trimmed, never shown, never stored as it is */
    CRM_T_INTEGER,
    CRM_T_REAL,
    CRM_T_BOOLEAN,
    CRM_T_TIME, /* date and time, ISO 8601 */
    CRM_T_DATE, /* a day; its value is CRM_V_TIME at 00:00 UTC */
    CRM_T_UUID,
    CRM_T_CHOICE,   /* one of field->choices */
    CRM_T_JSON,     /* any JSON; stored as long text */
    CRM_T_INTEGERS, /* input only: an array of integer ids; its value is CRM_V_TEXT, JSON */
    CRM_T_OBJECT,   /* output only: an object made by a handler */
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
    CRM_F_UNIQUE = 1 << 9,
    CRM_F_FOLDED = 1 << 10 /* has a column <column>_key with crm_text_fold of it: what unique,
                              search, filter and order use, so that both databases compare alike */
};

typedef struct crm_choice_t {
    const char *value, *label;
} crm_choice_t;

typedef struct crm_field_t {
    const char *name;   /* in JSON, queries, messages */
    const char *column; /* in SQL, or NULL: not stored under this entity's table */
    crm_type_e type;
    unsigned flags;
    int min_length, max_length;  /* code points; 0: no bound but the type's */
    const crm_choice_t *choices; /* CRM_T_CHOICE; ends with {NULL, NULL} */
    const char *help;            /* one sentence, for OpenAPI and the console */
} crm_field_t;

typedef struct crm_entity_t {
    const char *name, *plural; /* "tenant", "tenants" */
    const char *label;         /* "Tenant", as in messages */
    const char *table;         /* SQL table */
    const crm_field_t *fields; /* ends with name NULL */
    const char *id;            /* name of the field that identifies a record and ends every order */
    const char *order;         /* default, as in ordering=: "-created_at" */
} crm_entity_t;

/* One row a type. */
typedef struct crm_type_t {
    const char *name;        /* "e-mail" */
    crm_value_kind_e kind;   /* of its value */
    const char *json_type;   /* OpenAPI "type" */
    const char *json_format; /* OpenAPI "format", or NULL */
    int default_max;         /* length in code points where the field names none; 0: none */
    unsigned operators;      /* which of CRM_OP_* (model/query.h) filters may use */
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

/* A value as JSON, new reference: ISO times, UUID text, CRM_T_JSON parsed. */
json_t *crm_field_json(apr_pool_t *pool, const crm_field_t *field, crm_value_t value);

#endif
