/* service/mailer.h - sends what the outbox holds.
 *
 * For the background thread of a process: one turn sends what is due, one mail after the other,
 * each over a connection of its own. See docs/mail.md for what crashes do.
 */
#ifndef CRM_SERVICE_MAILER_H
#define CRM_SERVICE_MAILER_H

#include "base/mime.h"
#include "service/site.h"

/* How much somebody who reads the log should care. */
typedef enum {
    CRM_MAILER_WAITS, /* it will be tried again; said again and again while a server is away */
    CRM_MAILER_GONE   /* one mail is not, or perhaps not, delivered */
} crm_mailer_news_e;

/* Whom the mailer tells what happens, and asks whether to stop. */
typedef struct crm_mailer_hooks_t {
    void (*tell)(void *baton, crm_mailer_news_e news, const char *text);
    int (*is_over)(void *baton);
    void *baton;
} crm_mailer_hooks_t;

/* The text of an outbox entry: a mail to TO. */
const char *crm_mailer_letter(apr_pool_t *pool, const crm_mailbox_t *to, const char *subject,
                              const char *text);

/* Carries out orders and sends mails until none is due, or HOOKS say that it is over. Without a
 * mail server it only tells that mails are asked for. POOL is cleared by the caller after each
 * turn. */
crm_error_t *crm_mailer_turn(const crm_site_t *site, apr_pool_t *pool,
                             const crm_mailer_hooks_t *hooks);

/* Removes codes and rows of the outbox that are over. */
crm_error_t *crm_mailer_purge(const crm_site_t *site, apr_pool_t *pool);

/* Ends the wait of this process's mailer; thread-safe. */
void crm_mailer_wake(const crm_site_t *site);

/* Waits until somebody wakes it, but not longer than TIMEOUT. */
void crm_mailer_wait(const crm_site_t *site, apr_interval_time_t timeout);

#endif
