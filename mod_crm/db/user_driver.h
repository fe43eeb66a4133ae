/* db/user_driver.h - how each driver makes and inspects a database's own user: for db/ alone. */
#ifndef CRM_DB_USER_DRIVER_H
#define CRM_DB_USER_DRIVER_H

#include "db/pool.h"

/* As crm_db_make_user and crm_db_inspect_user have it; dropping one that is not there is success.
 */
crm_error_t *crm_user_mysql_make(const crm_db_t *db, apr_pool_t *pool, int anew);
crm_error_t *crm_user_mysql_drop(const crm_db_t *db, apr_pool_t *pool);
crm_error_t *crm_user_mysql_inspect(const crm_db_t *db, apr_pool_t *pool, const char *const *others,
                                    apr_array_header_t *faults);

#endif
