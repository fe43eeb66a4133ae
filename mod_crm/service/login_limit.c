/* service/login_limit.c - how many wrong passwords an account and an address may have in a while.
 */
#include <arpa/inet.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/login_limit.h"

/* One attempt in so many also removes what is long over. */
#define SWEEP_ONE_IN 64
/* How long an attempt waits for the outcome of others, and how often it looks. */
#define PATIENCE apr_time_from_sec(5)
#define PAUSE apr_time_from_msec(20)

#define SWEEP_AGE apr_time_from_sec(24 * 60 * 60)

typedef struct count_t {
    crm_attempt_t *attempt;
    apr_time_t now;
    apr_interval_time_t window;
    apr_int64_t failures;  /* this one, and others that are being looked at, included */
    apr_int64_t confirmed; /* wrong passwords */
} count_t;

static crm_attempt_t attempt_of(const crm_site_t *site, const char *purpose, const void *data,
                                apr_size_t size)
{
    crm_attempt_t attempt = {.counted = 0};
    crm_secret_keyed(&site->key, purpose, data, size, attempt.key);
    return attempt;
}

static crm_attempt_t attempt_of_account(const crm_site_t *site, const char *purpose,
                                        const crm_uuid_t *tenant_id, apr_int64_t id)
{
    unsigned char identity[sizeof(*tenant_id) + sizeof(id)] = {0};
    if (tenant_id) {
        memcpy(identity, tenant_id->bytes, sizeof(*tenant_id));
    }
    memcpy(identity + sizeof(*tenant_id), &id, sizeof(id));
    return attempt_of(site, purpose, identity, sizeof(identity));
}

crm_attempt_t crm_attempt_account(const crm_site_t *site, const crm_uuid_t *tenant_id,
                                  apr_int64_t id)
{
    return attempt_of_account(site, "attempt account", tenant_id, id);
}

crm_attempt_t crm_attempt_mail_to(const crm_site_t *site, const crm_uuid_t *tenant_id,
                                  apr_int64_t id)
{
    return attempt_of_account(site, "attempt mail to", tenant_id, id);
}

crm_attempt_t crm_attempt_login(const crm_site_t *site, const char *login)
{
    return attempt_of(site, "attempt login", login, strlen(login));
}

static crm_attempt_t attempt_of_address(const crm_site_t *site, const char *purpose,
                                        const char *address)
{
    struct in6_addr ip6;
    struct in_addr ip4;
    if (inet_pton(AF_INET, address, &ip4) == 1) {
        return attempt_of(site, purpose, &ip4, sizeof(ip4));
    }
    if (inet_pton(AF_INET6, address, &ip6) != 1) {
        return attempt_of(site, purpose, address, strlen(address));
    }
    if (IN6_IS_ADDR_V4MAPPED(&ip6)) {
        return attempt_of(site, purpose, ip6.s6_addr + 12, 4);
    }
    return attempt_of(site, purpose, ip6.s6_addr, 8);
}

crm_attempt_t crm_attempt_address(const crm_site_t *site, const char *address)
{
    return attempt_of_address(site, "attempt address", address);
}

crm_attempt_t crm_attempt_mail_from(const crm_site_t *site, const char *address)
{
    return attempt_of_address(site, "attempt mail from", address);
}

/* The row stays locked from the upsert to the commit: the number read is this attempt's own. The
 * failures come first: MySQL assigns from left to right, and they need the old window. */
static crm_error_t *count_up(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    count_t *count = baton;
    crm_value_t key = crm_bytes(count->attempt->key, CRM_HASH_SIZE);
    crm_value_t over = crm_time(count->now - count->window);
    CRM_ERR(crm_db_execute(
        db, pool,
        "INSERT INTO login_attempt (attempt_key, failures, confirmed, window_start) "
        "VALUES (?, 1, 0, ?) {upsert attempt_key} "
        "failures = CASE WHEN login_attempt.window_start <= ? THEN 1 "
        "ELSE login_attempt.failures + 1 END, "
        "confirmed = CASE WHEN login_attempt.window_start <= ? THEN 0 "
        "ELSE login_attempt.confirmed END, "
        "window_start = CASE WHEN login_attempt.window_start <= ? THEN {new window_start} "
        "ELSE login_attempt.window_start END",
        CRM_ARGS(key, crm_time(count->now), over, over, over), NULL));
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(
        db, pool,
        "SELECT failures, confirmed, window_start FROM login_attempt WHERE attempt_key = ?", "iit",
        CRM_ARGS(key), &rows));
    if (rows->count == 0) {
        return crm_error_standard(pool, CRM_E_INTERNAL);
    }
    count->failures = crm_row(rows, 0)[0].as.integer;
    count->confirmed = crm_row(rows, 0)[1].as.integer;
    count->attempt->window_start = crm_row(rows, 0)[2].as.time;
    return NULL;
}

/* What goes wrong here is not this login's concern: the next sweep does it. */
static void sweep(const crm_site_t *site, apr_pool_t *pool, const count_t *count)
{
    unsigned char dice;
    crm_secret_random(&dice, sizeof(dice));
    if (dice % SWEEP_ONE_IN) {
        return;
    }
    apr_interval_time_t age = count->window > SWEEP_AGE ? count->window : SWEEP_AGE;
    crm_db_execute(&site->main, pool, "DELETE FROM login_attempt WHERE window_start < ?",
                   CRM_ARGS(crm_time(count->now - age)), NULL);
}

static crm_error_t *throttled(apr_pool_t *pool, apr_interval_time_t left)
{
    int seconds = left > 0 ? (int)((left + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC) : 1;
    crm_error_t *error = crm_error_make(pool, CRM_E_THROTTLED,
                                        "Request was throttled. Expected available in %d second%s.",
                                        seconds, seconds == 1 ? "" : "s");
    error->retry_after = seconds;
    return error;
}

crm_error_t *crm_attempt_count(const crm_site_t *site, apr_pool_t *pool, crm_attempt_t *attempt,
                               int allowed, apr_interval_time_t window)
{
    apr_time_t deadline = apr_time_now() + PATIENCE;
    for (;;) {
        count_t count = {.attempt = attempt, .now = apr_time_now(), .window = window};
        CRM_ERR(crm_db_transaction(&site->main, pool, count_up, &count));
        attempt->counted = 1;
        sweep(site, pool, &count);
        if (count.failures <= allowed) {
            return NULL;
        }
        crm_attempt_give_back(site, pool, attempt);
        if (count.confirmed >= allowed) {
            return throttled(pool, attempt->window_start + window - count.now);
        }
        if (count.now >= deadline) {
            return throttled(pool, 0);
        }
        apr_sleep(PAUSE); /* others are being looked at, and may be right */
    }
}

void crm_attempt_fail(const crm_site_t *site, apr_pool_t *pool, crm_attempt_t *attempt)
{
    if (!attempt->counted) {
        return;
    }
    attempt->counted = 0;
    crm_db_execute(
        &site->main, pool,
        "UPDATE login_attempt SET confirmed = confirmed + 1 "
        "WHERE attempt_key = ? AND window_start = ?",
        CRM_ARGS(crm_bytes(attempt->key, CRM_HASH_SIZE), crm_time(attempt->window_start)), NULL);
}

void crm_attempt_give_back(const crm_site_t *site, apr_pool_t *pool, crm_attempt_t *attempt)
{
    if (!attempt->counted) {
        return;
    }
    attempt->counted = 0;
    crm_db_execute(
        &site->main, pool,
        "UPDATE login_attempt SET failures = failures - 1 "
        "WHERE attempt_key = ? AND window_start = ? AND failures > 0",
        CRM_ARGS(crm_bytes(attempt->key, CRM_HASH_SIZE), crm_time(attempt->window_start)), NULL);
}
