/* db/making.h - the migration that descriptions need: tables, columns and indexes that they have
 * and the migrations before have not.
 *
 * What a table has stands in docs/adding-an-entity.md, and why in docs/lists.md: for each field its
 * column, the folded twin, the unique one, and an index for each order and filter. Nothing is taken
 * away: a column that is described no more is only told of, for databases are served one version
 * back.
 */
#ifndef CRM_DB_MAKING_H
#define CRM_DB_MAKING_H

#include "db/declared.h"
#include "model/entity.h"

typedef struct crm_making_t {
    const char *name;            /* of the file: "products", "customer_nick" */
    const char *text;            /* of the file; NULL: nothing is missing */
    apr_array_header_t *since;   /* what is new, of const char *: "product", "customer.nick" */
    apr_array_header_t *left;    /* columns that no field has, of const char *: "customer.old" */
    apr_array_header_t *refused; /* twins that a field got after its column: records that are there
                                    would lack them; of const char *: "customer.phone_key" */
} crm_making_t;

/* Compares ENTITIES (NULL-terminated) with what DRIVER's migrations DECLARED. */
crm_making_t crm_making(apr_pool_t *pool, const char *driver, const crm_declared_t *declared,
                        const crm_entity_t *const *entities);

#endif
