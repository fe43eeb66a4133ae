/* model/value.h - one typed value: what goes into a database and comes out of it.
 *
 * A value borrows what it points to: text and bytes live in the pool of whoever made them.
 */
#ifndef CRM_MODEL_VALUE_H
#define CRM_MODEL_VALUE_H

#include <apr_time.h>

#include "base/uuid.h"

typedef enum {
    CRM_V_NULL,
    CRM_V_TEXT, /* valid UTF-8 without NUL */
    CRM_V_INTEGER,
    CRM_V_REAL,
    CRM_V_BOOLEAN, /* in `integer`, 0 or 1 */
    CRM_V_TIME,    /* microseconds, UTC */
    CRM_V_UUID,
    CRM_V_BYTES
} crm_value_kind_e;

typedef struct crm_value_t {
    crm_value_kind_e kind;
    apr_size_t size; /* of `bytes`, and of `text` where it is known, else 0; of a NULL, the kind
                        that its column has, where that is known */
    union {
        const char *text;
        const void *bytes;
        const crm_uuid_t *uuid;
        apr_int64_t integer;
        double real;
        apr_time_t time;
    } as;
} crm_value_t;

static inline crm_value_t crm_null(void)
{
    return (crm_value_t){.kind = CRM_V_NULL};
}

/* The null of a column whose values are of KIND: a statement that is prepared with it serves values
 * too. */
static inline crm_value_t crm_null_of(crm_value_kind_e kind)
{
    return (crm_value_t){.kind = CRM_V_NULL, .size = (apr_size_t)kind};
}

/* NULL gives the null value, here and for UUIDs. */
static inline crm_value_t crm_text(const char *text)
{
    return (crm_value_t){.kind = text ? CRM_V_TEXT : CRM_V_NULL, .as.text = text};
}

static inline crm_value_t crm_int(apr_int64_t integer)
{
    return (crm_value_t){.kind = CRM_V_INTEGER, .as.integer = integer};
}

static inline crm_value_t crm_real(double real)
{
    return (crm_value_t){.kind = CRM_V_REAL, .as.real = real};
}

static inline crm_value_t crm_bool(int truth)
{
    return (crm_value_t){.kind = CRM_V_BOOLEAN, .as.integer = truth != 0};
}

static inline crm_value_t crm_time(apr_time_t time)
{
    return (crm_value_t){.kind = CRM_V_TIME, .as.time = time};
}

static inline crm_value_t crm_uuid(const crm_uuid_t *uuid)
{
    return (crm_value_t){.kind = uuid ? CRM_V_UUID : CRM_V_NULL, .as.uuid = uuid};
}

static inline crm_value_t crm_bytes(const void *bytes, apr_size_t size)
{
    return (crm_value_t){.kind = CRM_V_BYTES, .size = size, .as.bytes = bytes};
}

static inline int crm_is_null(crm_value_t value)
{
    return value.kind == CRM_V_NULL;
}

#endif
