/* db/since.h - what statements say where a field or an entity is younger than the database may be.
 *
 * A server works on the newest schema and on the one before it, so that databases can be migrated
 * while it runs. A field or an entity that says since which version it is there (`since`) is read
 * as absent, and left out of writes, on a connection to an older database; what cannot be left out
 * is refused as UNAVAILABLE. The words are those of db/database.h, so that the statement is the
 * same text on both, and each connection prepares its own form of it. Inside db/ only.
 */
#ifndef CRM_DB_SINCE_H
#define CRM_DB_SINCE_H

#include "model/entity.h"

/* "{since N}" and "{end}", around what SINCE needs; "" where it is 0. */
const char *crm_since_begin(apr_pool_t *pool, int since);
const char *crm_since_end(int since);

/* "{needs N}": the whole statement needs SINCE; "" where it is 0. */
const char *crm_since_needs(apr_pool_t *pool, int since);

/* "{else}...{end}" behind FIELD's column (or, FOLDED, its key): what is read where it is absent; ""
 * where it always is there. */
const char *crm_since_else(apr_pool_t *pool, const crm_field_t *field, int folded);

/* What FIELD's column (or, FOLDED, its key) is where nothing was said: a constant of SQL made of
 * its preset; NULL where it has none, or one that would have to be quoted. */
const char *crm_since_absent(apr_pool_t *pool, const crm_field_t *field, int folded);

/* 1 when VALUE of FIELD says no more than its absence: null, or its preset. */
int crm_since_is_absent(apr_pool_t *pool, const crm_field_t *field, crm_value_t value);

#endif
