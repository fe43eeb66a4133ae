/* service/outbox.h - mails that wait to be sent, in the main database (table outbox).
 *
 * One table for all tenants: to find what is due is one look, whatever their number. What a mail
 * says is sealed with the installation's key (base/seal.h), its recipient included, and is removed
 * when the mail is done with. A row is taken by one sender at a time: taking it counts `attempts`
 * up, and only who knows that number may change the row from then on. Who dies while he has it
 * loses it when the lease ends: before the final dot (state 'claimed') it is sent by another, from
 * then on ('sending') it is never sent again and becomes 'uncertain'.
 */
#ifndef CRM_SERVICE_OUTBOX_H
#define CRM_SERVICE_OUTBOX_H

#include "service/site.h"

/* What is put in. */
typedef struct crm_outbox_entry_t {
    const char *kind;
    const crm_uuid_t *tenant_id; /* NULL: the platform's */
    const unsigned char *topic;  /* CRM_HASH_SIZE bytes, or NULL; see crm_outbox_supersede */
    const char *language;        /* "de", or NULL */
    const char *text;            /* JSON; stored sealed */
    apr_interval_time_t life;    /* after which it is of no use to anybody */
} crm_outbox_entry_t;

/* What was taken out. */
typedef struct crm_outbox_item_t {
    crm_uuid_t id;
    const char *kind;
    apr_time_t expires_at;
    int attempts;     /* this one included */
    const char *text; /* NULL: it cannot be unsealed */
} crm_outbox_item_t;

typedef enum {
    CRM_OUTBOX_NONE,      /* nothing is due */
    CRM_OUTBOX_TAKEN,     /* the item is the caller's until the lease ends */
    CRM_OUTBOX_UNCERTAIN, /* a sender died while he had it; it is done with, and not sent again */
    CRM_OUTBOX_EXPIRED    /* it is over, unsent; it is done with */
} crm_outbox_fate_e;

/* How a mail ended. */
typedef enum {
    CRM_OUTBOX_END_SENT,
    CRM_OUTBOX_END_UNCERTAIN,
    CRM_OUTBOX_END_REFUSED
} crm_outbox_end_e;

/* Puts ENTRY in, due at once; DB is the main database, also within a transaction. */
crm_error_t *crm_outbox_put(const crm_site_t *site, const crm_db_t *db, apr_pool_t *pool,
                            const crm_outbox_entry_t *entry);

/* Seals the mails that wait by SITE's key, also those that the key before has sealed. */
crm_error_t *crm_outbox_reseal(const crm_site_t *site, apr_pool_t *pool);

/* Has the mails with TOPIC that are not sent yet never sent: a newer one says otherwise. */
crm_error_t *crm_outbox_supersede(const crm_db_t *db, apr_pool_t *pool, const unsigned char *topic);

/* The next row that is due, and what becomes of it; *RET_ITEM is set unless there is none. */
crm_error_t *crm_outbox_take(const crm_site_t *site, apr_pool_t *pool, apr_interval_time_t lease,
                             crm_outbox_fate_e *ret_fate, crm_outbox_item_t *ret_item);

/* To be called right before the final dot: from here on ITEM is not sent by anybody else. 0 in
 * *RET_OURS when it is no longer the caller's, who then must not send it. */
crm_error_t *crm_outbox_commit(const crm_site_t *site, apr_pool_t *pool,
                               const crm_outbox_item_t *item, apr_interval_time_t lease,
                               int *ret_ours);

/* Notes how it ended; what it said is removed. PROBLEM (cut to 255 characters) may be NULL. */
crm_error_t *crm_outbox_finish(const crm_site_t *site, apr_pool_t *pool,
                               const crm_outbox_item_t *item, crm_outbox_end_e end,
                               const char *problem);

/* Gives it back, due after a pause that grows with `attempts`, but not after it expires. */
crm_error_t *crm_outbox_retry(const crm_site_t *site, apr_pool_t *pool,
                              const crm_outbox_item_t *item, const char *problem);

/* Removes it, within a transaction on DB. CONFLICT when it is no longer the caller's. */
crm_error_t *crm_outbox_remove(const crm_db_t *db, apr_pool_t *pool, const crm_outbox_item_t *item);

/* Ends what is over and was taken by nobody, and removes what has been done with for a week. */
crm_error_t *crm_outbox_purge(const crm_site_t *site, apr_pool_t *pool);

#endif
