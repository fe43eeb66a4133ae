/* api/buffer.c - bytes that grow in a pool. */
#include <string.h>

#include "api/buffer.h"

crm_buffer_t crm_buffer_make(apr_pool_t *pool)
{
    return (crm_buffer_t){.pool = pool, .bytes = ""};
}

char *crm_buffer_room(crm_buffer_t *buffer, apr_size_t more)
{
    if (buffer->room - buffer->size < more) {
        apr_size_t room = 2 * buffer->size + more;
        char *bytes = apr_palloc(buffer->pool, room);
        memcpy(bytes, buffer->bytes, buffer->size);
        buffer->bytes = bytes;
        buffer->room = room;
    }
    return buffer->bytes + buffer->size;
}
