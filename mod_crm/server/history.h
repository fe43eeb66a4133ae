/* server/history.h - sees to it that each request below the prefix leaves its History record.
 *
 * An output filter appends the record just before the last bytes of the answer go, so that an
 * answered request is a recorded one; the log_transaction hook does it for requests that never came
 * that far. Both call one function, and a flag on the call keeps it to one record.
 */
#ifndef CRM_SERVER_HISTORY_H
#define CRM_SERVER_HISTORY_H

#include <apr_pools.h>

void crm_server_history_register(apr_pool_t *pool);

#endif
