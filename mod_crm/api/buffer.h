/* api/buffer.h - bytes that grow in a pool. */
#ifndef CRM_API_BUFFER_H
#define CRM_API_BUFFER_H

#include <apr_pools.h>

typedef struct crm_buffer_t {
    apr_pool_t *pool;
    char *bytes; /* never NULL */
    apr_size_t size, room;
} crm_buffer_t;

crm_buffer_t crm_buffer_make(apr_pool_t *pool);

/* Where MORE bytes may be written behind the SIZE that there are; who writes them adds to `size`.
 */
char *crm_buffer_room(crm_buffer_t *buffer, apr_size_t more);

#endif
