/* model/query.h - what a list is asked for: filters, search words, order, page, cursor.
 *
 * Read from query parameters against an entity's description; made into SQL by db/list.h. Knows
 * neither HTTP nor SQL: parameters come as a table of decoded names and values.
 */
#ifndef CRM_MODEL_QUERY_H
#define CRM_MODEL_QUERY_H

#include "base/secret.h"
#include "model/entity.h"

enum {
    CRM_OP_EQ = 1 << 0,
    CRM_OP_GTE = 1 << 1,
    CRM_OP_LTE = 1 << 2,
    CRM_OP_GT = 1 << 3,
    CRM_OP_LT = 1 << 4,
    CRM_OP_IN = 1 << 5, /* comma-separated */
    CRM_OP_CONTAINS = 1 << 6,
    CRM_OP_ISNULL = 1 << 7
};

/* How each is written and read: name__gte=... */
typedef struct crm_operator_t {
    const char *suffix; /* "gte"; "" for equality, which is written without */
    unsigned op;
    const char *help; /* continues "records whose `name` ..." */
} crm_operator_t;

extern const crm_operator_t crm_operators[]; /* ends with op 0 */

typedef enum { CRM_COUNT_EXACT, CRM_COUNT_ESTIMATE, CRM_COUNT_NONE } crm_count_e;

typedef struct crm_filter_t {
    const crm_field_t *field;
    unsigned op;
    int nvalues; /* 1, but for IN */
    const crm_value_t *values;
} crm_filter_t;

typedef struct crm_order_t {
    const crm_field_t *field;
    int descending;
} crm_order_t;

typedef struct crm_query_t {
    const crm_entity_t *entity;
    apr_array_header_t *filters; /* of crm_filter_t; all must hold */
    apr_array_header_t *words;   /* of const char *, folded; each must match a searchable field */
    apr_array_header_t *order;   /* of crm_order_t; the id comes last, so that the order is total */
    apr_int64_t page;            /* 1-based */
    int page_size;
    crm_count_e count;
    int by_cursor;             /* cursor= was given: keyset pagination */
    int backward;              /* the cursor points back */
    const crm_value_t *cursor; /* one value an order entry, or NULL on the first page */
    const char *cells; /* for each cell of a row (db/list.h) whether it is read, else it is null;
                          NULL: all are */
} crm_query_t;

typedef struct crm_page_limits_t {
    int page_size, max_page_size;
} crm_page_limits_t;

/* Parameters (multi-valued table, in order; of the same name the last counts) that are not the
 * list's own and not a known filter are INVALID on their own name ("Unknown filter."), but for
 * those in SKIP (NULL-terminated; e.g. "tenant"). `fields` is taken by api/. All faults are in one
 * error; an empty filter is none. A page below 1 or not a number is NOT_FOUND "Invalid page.";
 * page_size out of range is brought into it, as DRF does. A cursor that was not made for this
 * entity and order is NOT_FOUND "Invalid cursor". KEY signs cursors. */
crm_error_t *crm_query_parse(apr_pool_t *pool, const crm_entity_t *entity,
                             const apr_table_t *parameters, const char *const *skip,
                             const crm_page_limits_t *limits, const crm_key_t *key,
                             crm_query_t **ret_query);

/* The cursor that continues after (or, BACKWARD, before) the row whose order values are VALUES:
 * opaque, signed with KEY, bound to the entity and the order. */
const char *crm_query_cursor(apr_pool_t *pool, const crm_query_t *query, const crm_value_t *values,
                             int backward, const crm_key_t *key);

#endif
