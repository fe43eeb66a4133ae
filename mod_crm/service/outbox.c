/* service/outbox.c - mails that wait to be sent. */
#include <string.h>

#include "base/seal.h"
#include "base/text.h"
#include "service/outbox.h"

#define PURPOSE "outbox"
#define LOOK "8" /* rows looked at together: others may take some of them first */
#define PROBLEM_MAX 255
#define KEPT apr_time_from_sec(7 * 24 * 60 * 60)
#define FIRST_PAUSE apr_time_from_sec(5)
#define MAX_PAUSE apr_time_from_sec(300)

#define CLAIMED "claimed"
#define SENDING "sending"

static const char *const ends[] = {
    [CRM_OUTBOX_END_SENT] = "sent",
    [CRM_OUTBOX_END_UNCERTAIN] = "uncertain",
    [CRM_OUTBOX_END_REFUSED] = "refused",
};

crm_error_t *crm_outbox_put(const crm_site_t *site, const crm_db_t *db, apr_pool_t *pool,
                            const crm_outbox_entry_t *entry)
{
    static const crm_uuid_t platform = {{0}};
    crm_uuid_t id;
    apr_time_t now = apr_time_now();
    crm_uuid_make(&id);
    return crm_db_execute(
        db, pool,
        "INSERT INTO outbox (id, kind, tenant_id, topic_key, language, sealed, state, attempts, "
        "next_attempt_at, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, 'queued', 0, ?, ?, ?)",
        CRM_ARGS(crm_uuid(&id), crm_text(entry->kind),
                 crm_uuid(entry->tenant_id ? entry->tenant_id : &platform),
                 entry->topic ? crm_bytes(entry->topic, CRM_HASH_SIZE) : crm_null(),
                 crm_text(entry->language),
                 crm_text(crm_seal(pool, &site->key, PURPOSE, entry->text)), crm_time(now),
                 crm_time(now + entry->life), crm_time(now)),
        NULL);
}

crm_error_t *crm_outbox_reseal(const crm_site_t *site, apr_pool_t *pool)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT id, sealed FROM outbox WHERE sealed IS NOT NULL", "ul",
                          CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        const char *text = crm_unseal(pool, &site->key, PURPOSE, row[1].as.text);
        if (text) { /* else it is nobody's: the postman says so */
            CRM_ERR(crm_db_execute(
                &site->main, pool,
                "UPDATE outbox SET sealed = ? WHERE id = ? AND sealed IS NOT NULL",
                CRM_ARGS(crm_text(crm_seal(pool, &site->key, PURPOSE, text)), row[0]), NULL));
        }
    }
    return NULL;
}

crm_error_t *crm_outbox_supersede(const crm_db_t *db, apr_pool_t *pool, const unsigned char *topic)
{
    return crm_db_execute(db, pool,
                          "UPDATE outbox SET state = 'superseded', sealed = NULL, "
                          "next_attempt_at = NULL WHERE topic_key = ? AND "
                          "(state = 'queued' OR state = '" CLAIMED "')",
                          CRM_ARGS(crm_bytes(topic, CRM_HASH_SIZE)), NULL);
}

/* Changes the row to STATE if it is still as it was looked at. */
static crm_error_t *claim(const crm_site_t *site, apr_pool_t *pool, const crm_outbox_item_t *item,
                          const char *state, apr_interval_time_t lease, int *ret_ours)
{
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(&site->main, pool,
                           "UPDATE outbox SET state = '" CLAIMED "', attempts = attempts + 1, "
                           "next_attempt_at = ? WHERE id = ? AND attempts = ? AND state = ?",
                           CRM_ARGS(crm_time(apr_time_now() + lease), crm_uuid(&item->id),
                                    crm_int(item->attempts), crm_text(state)),
                           &affected));
    *ret_ours = affected > 0;
    return NULL;
}

/* The same for one that is done with. */
static crm_error_t *give_up(const crm_site_t *site, apr_pool_t *pool, const crm_outbox_item_t *item,
                            const char *state, const char *end, int *ret_ours)
{
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "UPDATE outbox SET state = ?, sealed = NULL, next_attempt_at = NULL "
        "WHERE id = ? AND attempts = ? AND state = ?",
        CRM_ARGS(crm_text(end), crm_uuid(&item->id), crm_int(item->attempts), crm_text(state)),
        &affected));
    *ret_ours = affected > 0;
    return NULL;
}

static crm_error_t *decide(const crm_site_t *site, apr_pool_t *pool, crm_outbox_item_t *item,
                           const char *state, apr_interval_time_t lease,
                           crm_outbox_fate_e *ret_fate)
{
    int ours;
    if (strcmp(state, SENDING) == 0) {
        *ret_fate = CRM_OUTBOX_UNCERTAIN;
        CRM_ERR(give_up(site, pool, item, state, ends[CRM_OUTBOX_END_UNCERTAIN], &ours));
    } else if (item->expires_at <= apr_time_now()) {
        *ret_fate = CRM_OUTBOX_EXPIRED;
        CRM_ERR(give_up(site, pool, item, state, "expired", &ours));
    } else {
        *ret_fate = CRM_OUTBOX_TAKEN;
        CRM_ERR(claim(site, pool, item, state, lease, &ours));
        item->attempts++;
    }
    if (!ours) {
        *ret_fate = CRM_OUTBOX_NONE;
    }
    return NULL;
}

crm_error_t *crm_outbox_take(const crm_site_t *site, apr_pool_t *pool, apr_interval_time_t lease,
                             crm_outbox_fate_e *ret_fate, crm_outbox_item_t *ret_item)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT id, kind, state, attempts, expires_at, sealed FROM outbox "
                          "WHERE next_attempt_at <= ? ORDER BY next_attempt_at LIMIT " LOOK,
                          "ussitl", CRM_ARGS(crm_time(apr_time_now())), &rows));
    *ret_fate = CRM_OUTBOX_NONE;
    for (int i = 0; i < rows->count && *ret_fate == CRM_OUTBOX_NONE; i++) {
        const crm_value_t *row = crm_row(rows, i);
        *ret_item = (crm_outbox_item_t){
            .id = *row[0].as.uuid,
            .kind = row[1].as.text,
            .attempts = (int)row[3].as.integer,
            .expires_at = row[4].as.time,
            .text =
                crm_is_null(row[5]) ? NULL : crm_unseal(pool, &site->key, PURPOSE, row[5].as.text),
        };
        CRM_ERR(decide(site, pool, ret_item, row[2].as.text, lease, ret_fate));
    }
    return NULL;
}

crm_error_t *crm_outbox_commit(const crm_site_t *site, apr_pool_t *pool,
                               const crm_outbox_item_t *item, apr_interval_time_t lease,
                               int *ret_ours)
{
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(
        &site->main, pool,
        "UPDATE outbox SET state = '" SENDING "', next_attempt_at = ? "
        "WHERE id = ? AND attempts = ? AND state = '" CLAIMED "'",
        CRM_ARGS(crm_time(apr_time_now() + lease), crm_uuid(&item->id), crm_int(item->attempts)),
        &affected));
    *ret_ours = affected > 0;
    return NULL;
}

static crm_value_t problem_value(apr_pool_t *pool, const char *problem)
{
    if (!problem) {
        return crm_null();
    }
    problem = crm_text_replace_invalid(pool, problem, strlen(problem));
    return crm_text(crm_text_cut(pool, problem, PROBLEM_MAX));
}

crm_error_t *crm_outbox_finish(const crm_site_t *site, apr_pool_t *pool,
                               const crm_outbox_item_t *item, crm_outbox_end_e end,
                               const char *problem)
{
    return crm_db_execute(
        &site->main, pool,
        "UPDATE outbox SET state = ?, sealed = NULL, next_attempt_at = NULL, sent_at = ?, "
        "last_error = ? WHERE id = ? AND attempts = ?",
        CRM_ARGS(crm_text(ends[end]),
                 end == CRM_OUTBOX_END_SENT ? crm_time(apr_time_now()) : crm_null(),
                 problem_value(pool, problem), crm_uuid(&item->id), crm_int(item->attempts)),
        NULL);
}

/* 5 s, 10 s, 20 s ..., each a quarter more or less, so that what failed together is not tried
 * together. */
static apr_interval_time_t pause_after(int attempts)
{
    apr_interval_time_t pause = FIRST_PAUSE;
    apr_uint32_t dice;
    for (int i = 1; i < attempts && pause < MAX_PAUSE; i++) {
        pause *= 2;
    }
    crm_secret_random(&dice, sizeof(dice));
    return pause * 3 / 4 + (apr_interval_time_t)(dice % (apr_uint32_t)(pause / 2000)) * 1000;
}

crm_error_t *crm_outbox_retry(const crm_site_t *site, apr_pool_t *pool,
                              const crm_outbox_item_t *item, const char *problem)
{
    apr_time_t next = apr_time_now() + pause_after(item->attempts);
    if (next > item->expires_at) {
        next = item->expires_at;
    }
    return crm_db_execute(&site->main, pool,
                          "UPDATE outbox SET state = 'queued', next_attempt_at = ?, last_error = ? "
                          "WHERE id = ? AND attempts = ? AND "
                          "(state = '" CLAIMED "' OR state = '" SENDING "')",
                          CRM_ARGS(crm_time(next), problem_value(pool, problem),
                                   crm_uuid(&item->id), crm_int(item->attempts)),
                          NULL);
}

crm_error_t *crm_outbox_remove(const crm_db_t *db, apr_pool_t *pool, const crm_outbox_item_t *item)
{
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(
        db, pool, "DELETE FROM outbox WHERE id = ? AND attempts = ? AND state = '" CLAIMED "'",
        CRM_ARGS(crm_uuid(&item->id), crm_int(item->attempts)), &affected));
    return affected > 0 ? NULL : crm_error_standard(pool, CRM_E_CONFLICT);
}

crm_error_t *crm_outbox_purge(const crm_site_t *site, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    CRM_ERR(crm_db_execute(&site->main, pool,
                           "UPDATE outbox SET state = 'expired', sealed = NULL, "
                           "next_attempt_at = NULL WHERE next_attempt_at <= ? AND expires_at <= ? "
                           "AND state = 'queued'",
                           CRM_ARGS(crm_time(now), crm_time(now)), NULL));
    return crm_db_execute(&site->main, pool,
                          "DELETE FROM outbox WHERE created_at < ? AND next_attempt_at IS NULL",
                          CRM_ARGS(crm_time(now - KEPT)), NULL);
}
