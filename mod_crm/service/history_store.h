/* service/history_store.h - History records into one database: rows and roll-ups, each once. */
#ifndef CRM_SERVICE_HISTORY_STORE_H
#define CRM_SERVICE_HISTORY_STORE_H

#include "service/history.h"

/* Stores those of COUNT records that DB does not have yet, and counts them in its roll-ups, in one
 * transaction. Texts that do not fit are made to: cut, with an ellipsis, or with U+FFFD for what is
 * no UTF-8. *RET_STORED: how many were new. Errors are the database's; with one, nothing is stored.
 */
crm_error_t *crm_history_store(const crm_db_t *db, apr_pool_t *pool,
                               const crm_history_t *const *records, int count,
                               apr_size_t *ret_stored);

#endif
