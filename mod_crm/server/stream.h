/* server/stream.h - sends a body while it is made, in constant memory.
 *
 * Pieces go to the client as they come, some tens of KiB at a time, and whoever makes them waits
 * for a slow client. Nothing is sent before the first so many bytes are there: an error until then
 * is answered like any other. Afterwards it aborts the connection: the last chunk never comes
 * (HTTP/1.1), the stream is reset (HTTP/2), the connection is reset (HTTP/1.0).
 */
#ifndef CRM_SERVER_STREAM_H
#define CRM_SERVER_STREAM_H

#include "server/call.h"

/* Sends RESPONSE, whose body is a stream; an answer to HEAD has none. RESPONSE's error becomes what
 * went wrong, for the log; it is NULL when only the client went away. */
void crm_stream_send(crm_call_t *call, crm_response_t *response);

#endif
