/* base/smtp.h - hands one mail to a mail server (SMTP, RFC 5321, by libcurl).
 *
 * A mail server that has answered "354" holds a mail only from the moment it has got the line with
 * the final dot. Until then a transfer can be cut off, and tried again, without anything being
 * delivered; from then on until the server's answer nobody can tell. So the caller is asked
 * (`commit`) right before the final dot, and notes it.
 */
#ifndef CRM_BASE_SMTP_H
#define CRM_BASE_SMTP_H

#include <apr_pools.h>
#include <apr_time.h>

typedef enum {
    CRM_TLS_OPPORTUNISTIC, /* STARTTLS where it is offered, with any certificate */
    CRM_TLS_REQUIRED,      /* STARTTLS with a valid certificate, or nothing is sent */
    CRM_TLS_OFF,
    CRM_TLS_COUNT
} crm_starttls_e;

typedef struct crm_smtp_server_t {
    const char *url; /* "smtp://host:port", or "smtps://host:port": TLS from the start */
    crm_starttls_e starttls;
    const char *ca_file;         /* certificates to trust, PEM; NULL: the system's */
    const char *user, *password; /* NULL: no authentication */
    apr_interval_time_t timeout; /* of the whole transfer */
} crm_smtp_server_t;

/* What is sent, and whom it asks. */
typedef struct crm_smtp_mail_t {
    const char *from, *to;       /* addresses, in ASCII */
    const char *message;         /* as crm_mime_message makes it */
    int (*commit)(void *baton);  /* 0: break it off instead */
    int (*is_over)(void *baton); /* asked every second or so: 1 to break off */
    void *baton;
} crm_smtp_mail_t;

typedef enum {
    CRM_SMTP_SENT,
    CRM_SMTP_LATER,    /* not sent; a later try may go well (no connection, time-out, 4xx) */
    CRM_SMTP_REFUSED,  /* not sent, and never will be (5xx) */
    CRM_SMTP_UNCERTAIN /* the final dot was sent, and no answer came */
} crm_smtp_result_e;

typedef struct crm_smtp_outcome_t {
    crm_smtp_result_e result;
    int code;         /* the server's last reply, or 0 */
    const char *text; /* one line for a log: what went wrong, the server's words; NULL when sent */
} crm_smtp_outcome_t;

/* Once a process, before threads. APR_SUCCESS or APR_EGENERAL. Repeatable. */
apr_status_t crm_smtp_init(void);

/* Sends MAIL over a connection of its own; blocks up to the server's timeout, and as long
 * again for its answer to QUIT. Thread-safe. */
crm_smtp_outcome_t crm_smtp_send(apr_pool_t *pool, const crm_smtp_server_t *server,
                                 const crm_smtp_mail_t *mail);

#endif
