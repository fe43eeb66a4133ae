/* base/mime.h - a mail as it goes over the wire: one text in UTF-8 with its header.
 *
 * RFC 5322 (message), RFC 2045 (quoted-printable), RFC 2047 (encoded words), RFC 3834 (answers of
 * machines). Whatever a caller passes as name, subject or text stays what it is: control characters
 * become spaces in the header, so that nobody writes header fields by his name.
 */
#ifndef CRM_BASE_MIME_H
#define CRM_BASE_MIME_H

#include <apr_pools.h>
#include <apr_time.h>

/* Somebody with an address. */
typedef struct crm_mailbox_t {
    const char *name;    /* as it is shown, or NULL */
    const char *address; /* local@domain, in ASCII */
} crm_mailbox_t;

/* What is to be said; all texts are valid UTF-8. */
typedef struct crm_mail_t {
    crm_mailbox_t from, to;
    const char *subject;
    const char *text; /* lines end with LF or CRLF */
    const char
        *id; /* unique: the left side of the Message-ID, the sender's domain being the right */
    apr_time_t date;
} crm_mail_t;

/* 1 when ADDRESS may stand in a header and in an envelope as it is: ASCII with something before and
 * after its last '@', no control characters, no spaces or specials outside a quoted local part. */
int crm_mime_address(const char *address);

/* The message, its lines ended with CRLF and at most 76 characters long (998 where a word of the
 * header cannot be parted). NULL when an address is not one of crm_mime_address. */
const char *crm_mime_message(apr_pool_t *pool, const crm_mail_t *mail);

#endif
