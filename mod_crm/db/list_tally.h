/* db/list_tally.h - counting a list by the table that tallies its entity (crm_tally_t).
 *
 * Inside db/list*.c only.
 */
#ifndef CRM_DB_LIST_TALLY_H
#define CRM_DB_LIST_TALLY_H

#include "db/list_builder.h"

/* 1 when the tally of QUERY's entity tells how many records QUERY has. */
int crm_list_is_tallied(const crm_query_t *query);

/* Adds the SELECT of that number. */
void crm_list_add_tally(crm_list_builder_t *builder, const crm_query_t *query,
                        const crm_condition_t *condition);

#endif
