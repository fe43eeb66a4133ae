/* db/own_user.h - a database's own user on its server: one that may read and change its rows, and
 * neither make nor drop anything, nor see any other database.
 *
 * Whoever holds a crm_db_t with a user works as that one. It is made and dropped together with its
 * database (crm_db_create_database, crm_db_drop_database), by the user of the server's URL, who
 * needs for it: CREATE USER, and GRANT OPTION on the databases.
 */
#ifndef CRM_DB_OWN_USER_H
#define CRM_DB_OWN_USER_H

#include "db/database.h"

/* 1 when databases of that server can have users of their own. */
int crm_db_has_users(const crm_db_url_t *server);

/* Makes DB's user, or gives the one that is there its password (and the old one beside it where
 * DB's user has one) and its rights: nothing that uses it fails meanwhile. ANEW: drops it first,
 * with every right that somebody else may have given it. */
crm_error_t *crm_db_make_user(const crm_db_t *db, apr_pool_t *pool, int anew);

/* Connects as DB's user and adds to FAULTS (of const char *) a sentence for each thing that it
 * lacks, may do or sees beyond its own database; OTHERS (ends with NULL) are tables of others,
 * "database.table", which it tries to read. UNAVAILABLE when it cannot connect. */
crm_error_t *crm_db_inspect_user(const crm_db_t *db, apr_pool_t *pool, const char *const *others,
                                 apr_array_header_t *faults);

#endif
