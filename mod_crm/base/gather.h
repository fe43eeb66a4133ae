/* base/gather.h - does together what several threads want done at the same time.
 *
 * Who comes first does his own. Who comes while that goes on waits, and is done with all the others
 * that wait, by one of them: the busier, the larger the groups, and nobody waits for a group to
 * fill. (Flat combining; databases call it group commit.)
 */
#ifndef CRM_BASE_GATHER_H
#define CRM_BASE_GATHER_H

#include <apr_pools.h>

typedef struct crm_gather_t crm_gather_t;

/* Lives as long as POOL. Thread-safe. */
apr_status_t crm_gather_create(apr_pool_t *pool, crm_gather_t **ret_gather);

/* Does something for COUNT items, in the thread of one of them, while those of the others wait. */
typedef void crm_gather_fn(void *const *items, int count);

/* Has WORK done for ITEM and returns when it is: alone, or with others of the same KEY (which has
 * one WORK only), one group of a key at a time. A group has 1, 2, 4, 8... items, at most MOST (up
 * to CRM_GATHER_MOST), so that what is prepared for its size can be kept. */
#define CRM_GATHER_MOST 64

void crm_gather_run(crm_gather_t *gather, const char *key, int most, crm_gather_fn *work,
                    void *item);

#endif
