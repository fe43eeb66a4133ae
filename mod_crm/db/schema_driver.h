/* db/schema_driver.h - how each driver reads the parts of its tables: for db/ alone. */
#ifndef CRM_DB_SCHEMA_DRIVER_H
#define CRM_DB_SCHEMA_DRIVER_H

#include "db/pool.h"

/* Adds the parts of DB's tables (crm_schema_part_t) to PARTS, tables first. */
crm_error_t *crm_schema_mysql(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *parts);
crm_error_t *crm_schema_sqlite3(const crm_db_t *db, apr_pool_t *pool, apr_array_header_t *parts);

#endif
