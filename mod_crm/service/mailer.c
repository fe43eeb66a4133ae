/* service/mailer.c - sends what the outbox holds. */
#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "base/json.h"
#include "base/smtp.h"
#include "model/email.h"
#include "service/mailer.h"
#include "service/otp.h"
#include "service/outbox.h"
#include "service/password_reset.h"

/* A mail is settled late where the server waits with its answer to QUIT; databases take their time
 * too. */
#define LEASE(site) (2 * (site)->mail.server.timeout + apr_time_from_sec(10))

/* How often what became of a mail is written, and the pause between. */
#define SETTLE_TRIES 3
#define SETTLE_PAUSE apr_time_from_sec(1)

/* A mail being sent. */
typedef struct delivery_t {
    const crm_site_t *site;
    apr_pool_t *pool;
    const crm_mailer_hooks_t *hooks;
    const crm_outbox_item_t *item;
    crm_error_t *problem; /* of the database, right before the final dot */
    int lost;             /* it was superseded, or the lease had ended */
} delivery_t;

const char *crm_mailer_letter(apr_pool_t *pool, const crm_mailbox_t *to, const char *subject,
                              const char *text)
{
    json_t *json =
        crm_json_own(pool, json_pack("{s:s*, s:s, s:s, s:s}", "name", to->name, "address",
                                     to->address, "subject", subject, "text", text));
    return crm_json_text(pool, json, NULL);
}

static void tell(const delivery_t *delivery, crm_mailer_news_e news, const char *text)
{
    delivery->hooks->tell(delivery->hooks->baton, news, text);
}

/* Of one mail, which the log knows by its id: addresses are nobody's business. */
static void tell_gone(const delivery_t *delivery, const char *what, const char *why)
{
    tell(delivery, CRM_MAILER_GONE,
         apr_psprintf(delivery->pool, "mail %s (%s) %s%s%s",
                      crm_uuid_text(delivery->pool, &delivery->item->id), delivery->item->kind,
                      what, why ? ": " : "", why ? why : ""));
}

static int commit(void *baton)
{
    delivery_t *delivery = baton;
    int ours = 0;
    delivery->problem = crm_outbox_commit(delivery->site, delivery->pool, delivery->item,
                                          LEASE(delivery->site), &ours);
    delivery->lost = !delivery->problem && !ours;
    return ours;
}

static int is_over(void *baton)
{
    const delivery_t *delivery = baton;
    return delivery->hooks->is_over(delivery->hooks->baton);
}

/* What became of the mail, written with some patience: what is not written is uncertain. */
static crm_error_t *settle(const delivery_t *delivery, const crm_smtp_outcome_t *outcome)
{
    static const crm_outbox_end_e ends[] = {
        [CRM_SMTP_SENT] = CRM_OUTBOX_END_SENT,
        [CRM_SMTP_REFUSED] = CRM_OUTBOX_END_REFUSED,
        [CRM_SMTP_UNCERTAIN] = CRM_OUTBOX_END_UNCERTAIN,
    };
    crm_error_t *error = NULL;
    for (int i = 0; i < SETTLE_TRIES; i++) {
        if (i > 0) {
            apr_sleep(SETTLE_PAUSE);
        }
        error =
            outcome->result == CRM_SMTP_LATER
                ? crm_outbox_retry(delivery->site, delivery->pool, delivery->item, outcome->text)
                : crm_outbox_finish(delivery->site, delivery->pool, delivery->item,
                                    ends[outcome->result], outcome->text);
        if (!error) {
            break;
        }
    }
    return error;
}

static crm_error_t *conclude(const delivery_t *delivery, const crm_smtp_outcome_t *outcome)
{
    const char *url = delivery->site->mail.server.url;
    switch (outcome->result) {
    case CRM_SMTP_LATER:
        if (!is_over((void *)delivery)) {
            tell(delivery, CRM_MAILER_WAITS,
                 apr_pstrcat(delivery->pool, "mails wait for ", url, ": ", outcome->text, NULL));
        }
        break;
    case CRM_SMTP_REFUSED:
        tell_gone(delivery, "was refused and is not sent", outcome->text);
        break;
    case CRM_SMTP_UNCERTAIN:
        tell_gone(delivery, "may or may not have been delivered, and is not sent again",
                  outcome->text);
        break;
    case CRM_SMTP_SENT:
        break;
    }
    return settle(delivery, outcome);
}

/* The message and its recipient; NULL when it cannot be written. */
static const char *make_message(const delivery_t *delivery, const char **ret_to)
{
    const crm_outbox_item_t *item = delivery->item;
    const crm_site_t *site = delivery->site;
    apr_pool_t *pool = delivery->pool;
    json_t *json = NULL;
    if (!item->text || crm_json_parse(pool, item->text, strlen(item->text), &json)) {
        return NULL;
    }
    const char *address = json_string_value(json_object_get(json, "address"));
    const char *subject = json_string_value(json_object_get(json, "subject"));
    const char *text = json_string_value(json_object_get(json, "text"));
    *ret_to = address ? crm_email_ascii_domain(pool, address) : NULL;
    if (!*ret_to || !subject || !text) {
        return NULL;
    }
    const crm_mail_t mail = {
        .from = site->mail.from,
        .to = {.name = json_string_value(json_object_get(json, "name")), .address = *ret_to},
        .subject = subject,
        .text = text,
        .id = crm_uuid_text(pool, &item->id),
        .date = apr_time_now(),
    };
    return crm_mime_message(pool, &mail);
}

static crm_error_t *deliver(const crm_site_t *site, apr_pool_t *pool,
                            const crm_mailer_hooks_t *hooks, const crm_outbox_item_t *item)
{
    delivery_t delivery = {.site = site, .pool = pool, .hooks = hooks, .item = item};
    const char *to;
    const char *message = make_message(&delivery, &to);
    if (!message) {
        const crm_smtp_outcome_t unfit = {
            .result = CRM_SMTP_REFUSED,
            .text = "it cannot be written: its address, or sealed with another key"};
        return conclude(&delivery, &unfit);
    }
    const crm_smtp_mail_t mail = {
        .from = site->mail.from.address,
        .to = to,
        .message = message,
        .commit = commit,
        .is_over = is_over,
        .baton = &delivery,
    };
    crm_smtp_outcome_t outcome = crm_smtp_send(pool, &site->mail.server, &mail);
    if (!delivery.lost) {
        CRM_ERR(conclude(&delivery, &outcome));
    }
    return delivery.problem;
}

/* What cannot be carried out now is tried again, but for one whose tenant is gone, or that another
 * process has by now. */
static crm_error_t *carry_out(const crm_site_t *site, apr_pool_t *pool,
                              const crm_mailer_hooks_t *hooks, const crm_outbox_item_t *item)
{
    crm_error_t *error = crm_password_order(site, pool, item);
    if (!error || error->kind == CRM_E_CONFLICT) {
        return NULL;
    }
    if (error->kind == CRM_E_NOT_FOUND) {
        return crm_outbox_finish(site, pool, item, CRM_OUTBOX_END_REFUSED, "its tenant is gone");
    }
    hooks->tell(hooks->baton, CRM_MAILER_WAITS,
                apr_pstrcat(pool, "a mail cannot be written: ", crm_error_line(pool, error), NULL));
    return crm_outbox_retry(site, pool, item, "it cannot be written");
}

/* One that is due; *RET_MORE says that there was one. */
static crm_error_t *step(const crm_site_t *site, apr_pool_t *pool, const crm_mailer_hooks_t *hooks,
                         int *ret_more)
{
    crm_outbox_fate_e fate;
    crm_outbox_item_t item;
    CRM_ERR(crm_outbox_take(site, pool, LEASE(site), &fate, &item));
    const delivery_t delivery = {.site = site, .pool = pool, .hooks = hooks, .item = &item};
    *ret_more = fate != CRM_OUTBOX_NONE;
    switch (fate) {
    case CRM_OUTBOX_TAKEN:
        return strcmp(item.kind, CRM_PASSWORD_ORDER) == 0 ? carry_out(site, pool, hooks, &item)
                                                          : deliver(site, pool, hooks, &item);
    case CRM_OUTBOX_UNCERTAIN:
        tell_gone(&delivery, "may or may not have been delivered, and is not sent again",
                  "its sender ended");
        break;
    case CRM_OUTBOX_EXPIRED:
        tell_gone(&delivery, "is too old to be of use and is not sent", NULL);
        break;
    case CRM_OUTBOX_NONE:
        break;
    }
    return NULL;
}

crm_error_t *crm_mailer_turn(const crm_site_t *site, apr_pool_t *pool,
                             const crm_mailer_hooks_t *hooks)
{
    if (apr_atomic_xchg32(site->mail_unserved, 0) > 0) {
        hooks->tell(hooks->baton, CRM_MAILER_WAITS,
                    "somebody forgot his password, and there is no mail server to send a code by: "
                    "set CrmMailServer");
    }
    int more = site->mail.server.url != NULL;
    apr_pool_t *scratch;
    apr_pool_create(&scratch, pool);
    while (more && !hooks->is_over(hooks->baton)) {
        crm_error_t *error = step(site, scratch, hooks, &more);
        if (error) {
            return error;
        }
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return NULL;
}

crm_error_t *crm_mailer_purge(const crm_site_t *site, apr_pool_t *pool)
{
    CRM_ERR(crm_otp_purge(site, pool));
    return crm_outbox_purge(site, pool);
}

void crm_mailer_wake(const crm_site_t *site)
{
    crm_semaphore_release(site->mail_bell);
}

void crm_mailer_wait(const crm_site_t *site, apr_interval_time_t timeout)
{
    crm_semaphore_listen(site->mail_bell, timeout);
}
