/* model/columns.h - which field each column of a table stands for.
 *
 * A column's name is that of a field, its label or one of its aliases; case, accents, spaces,
 * dashes and underscores do not matter. Where two columns stand for one field, a name wins over a
 * label, a label over an alias, and the first over the second.
 */
#ifndef CRM_MODEL_COLUMNS_H
#define CRM_MODEL_COLUMNS_H

#include "model/entity.h"

typedef struct crm_columns_t {
    int count;
    const char *const *names, *const *keys; /* as they are, and what of them counts */
    const crm_field_t **fields;             /* one a column; NULL: ignored */
    int id;                                 /* the column of the records' ids, -1: none */
    int error;                              /* the column "error" of a table of errors, -1: none */
} crm_columns_t;

/* What of a column's name counts. */
const char *crm_column_name(apr_pool_t *pool, const char *text);

/* The columns NAMES, which must live as long, as fields of ENTITY that can be written. */
const crm_columns_t *crm_columns_match(apr_pool_t *pool, const crm_entity_t *entity,
                                       const char *const *names, int count);

/* The names of those that stand for nothing, without nameless ones: new reference, an array. */
json_t *crm_columns_ignored(const crm_columns_t *columns);

/* The column of FIELD, or -1. */
int crm_columns_find(const crm_columns_t *columns, const crm_field_t *field);

#endif
