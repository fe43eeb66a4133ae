/* service/password_reset.c - a forgotten password: a code by mail, and with it a new password. */
#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "base/json.h"
#include "base/text.h"
#include "service/account_find.h"
#include "service/mail_template.h"
#include "service/mailer.h"
#include "service/otp.h"
#include "service/password_reset.h"

#define TEMPLATE "password_reset"
#define ACCOUNTS_MAX                                                                               \
    9 /* that get a mail for one order: CRM_DIRECTORY_MAX tenants, and the platform */

/* Codes that an account may get: with five tries each, a guesser has 25 in a million an hour. */
#define CODES_MAX 5
#define CODES_WINDOW apr_time_from_sec(60 * 60)

/* A code and its mail, of one account. */
typedef struct letter_t {
    const crm_found_account_t *to;
    crm_otp_subject_t subject;
    const char *code, *language, *text;
} letter_t;

/* An order being carried out. */
typedef struct order_t {
    const crm_site_t *site;
    const crm_outbox_item_t *item;
    const char *email, *languages;
    const crm_tenant_t *tenant;
    apr_array_header_t *letters; /* of letter_t */
} order_t;

/* What a client asks for is counted like a failed login, in a count of its own: mails asked for
 * lock nobody's logins. */
static crm_error_t *count_order(const crm_site_t *site, apr_pool_t *pool,
                                const crm_forgot_t *forgot)
{
    crm_attempt_t attempt = crm_attempt_mail_from(site, forgot->address);
    CRM_ERR(crm_attempt_count(site, pool, &attempt, forgot->limit.address, forgot->limit.window));
    crm_attempt_fail(site, pool, &attempt);
    return NULL;
}

crm_error_t *crm_password_forgot(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_forgot_t *forgot)
{
    CRM_ERR(count_order(site, pool, forgot));
    if (!site->mail.server.url) {
        apr_atomic_inc32(site->mail_unserved);
        crm_mailer_wake(site);
        return NULL;
    }
    const crm_uuid_t *tenant_id = forgot->tenant ? &forgot->tenant->id : NULL;
    json_t *text =
        crm_json_own(pool, json_pack("{s:s, s:s*, s:s*}", "email", forgot->email, "tenant",
                                     tenant_id ? crm_uuid_text(pool, tenant_id) : NULL, "languages",
                                     forgot->languages));
    const crm_outbox_entry_t entry = {
        .kind = CRM_PASSWORD_ORDER,
        .tenant_id = tenant_id,
        .text = crm_json_text(pool, text, NULL),
        .life = CRM_OTP_LIFE,
    };
    CRM_ERR(crm_outbox_put(site, &site->main, pool, &entry));
    crm_mailer_wake(site);
    return NULL;
}

/* 1 when FOUND is an active account with the address KEY (folded), not merely with that name. */
static int fits(apr_pool_t *pool, const crm_found_account_t *found, const char *key)
{
    return found->usable && strcmp(crm_text_fold(pool, found->account.email), key) == 0;
}

static crm_error_t *read_order(order_t *order, apr_pool_t *pool)
{
    json_t *json;
    crm_uuid_t id;
    crm_tenant_t *tenant;
    const char *text = order->item->text;
    if (!text) {
        return crm_error_make(pool, CRM_E_INTERNAL, "the order was sealed with another secret key");
    }
    CRM_ERR(crm_json_parse(pool, text, strlen(text), &json));
    const char *named = json_string_value(json_object_get(json, "tenant"));
    order->email = json_string_value(json_object_get(json, "email"));
    order->languages = json_string_value(json_object_get(json, "languages"));
    if (!order->email || (named && !crm_uuid_parse(named, &id))) {
        return crm_error_make(pool, CRM_E_INTERNAL, "the order cannot be read");
    }
    if (named) {
        CRM_ERR(crm_tenant_by_id(order->site, pool, &id, &tenant));
        order->tenant = tenant;
    }
    return NULL;
}

/* 1 when the account may have another code. */
static crm_error_t *count_code(const crm_site_t *site, apr_pool_t *pool,
                               const crm_found_account_t *to, int *ret_may)
{
    const crm_tenant_t *tenant = to->accounts.tenant;
    crm_attempt_t attempt = crm_attempt_mail_to(site, tenant ? &tenant->id : NULL, to->account.id);
    crm_error_t *error = crm_attempt_count(site, pool, &attempt, CODES_MAX, CODES_WINDOW);
    *ret_may = !error;
    if (error && error->kind == CRM_E_THROTTLED) {
        return NULL;
    }
    CRM_ERR(error);
    crm_attempt_fail(site, pool, &attempt);
    return NULL;
}

/* A code that no other letter of this order has: codes tell apart the accounts of one address. */
static const char *new_code(const order_t *order, apr_pool_t *pool)
{
    const char *code = crm_secret_digits(pool, CRM_OTP_DIGITS);
    for (int i = 0; i < order->letters->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(order->letters, i, letter_t).code, code) == 0) {
            return new_code(order, pool);
        }
    }
    return code;
}

static const char *name_of(apr_pool_t *pool, const crm_account_t *account)
{
    const char *name =
        crm_text_trim(pool, apr_pstrcat(pool, account->first_name, " ", account->last_name, NULL));
    return *name ? name : account->username;
}

/* The letter's mail, as the mailer wants it. */
static crm_error_t *write_letter(const order_t *order, apr_pool_t *pool, letter_t *letter)
{
    const crm_mail_settings_t *mail = &order->site->mail;
    const crm_account_t *account = &letter->to->account;
    const crm_tenant_t *tenant = letter->to->accounts.tenant;
    const char *name = name_of(pool, account);
    const char *platform = mail->from.name ? mail->from.name : strrchr(mail->from.address, '@') + 1;
    const crm_mail_variable_t variables[] = {
        {"code", letter->code},
        {"minutes", apr_itoa(pool, (int)(apr_time_sec(CRM_OTP_LIFE) / 60))},
        {"name", name},
        {"username", account->username},
        {"tenant", tenant ? tenant->name : platform},
        {.name = NULL},
    };
    const char *subject, *body;
    const char *languages = account->language ? account->language : order->languages;
    letter->language = crm_mail_language(pool, mail->templates, TEMPLATE, languages);
    CRM_ERR(crm_mail_fill(pool, mail->templates, letter->language, TEMPLATE, variables, &subject,
                          &body));
    letter->text = crm_mailer_letter(
        pool, &(crm_mailbox_t){.name = name, .address = account->email}, subject, body);
    return NULL;
}

static crm_error_t *add_letter(order_t *order, apr_pool_t *pool, const crm_found_account_t *to)
{
    int may;
    CRM_ERR(count_code(order->site, pool, to, &may));
    if (!may) {
        return NULL;
    }
    letter_t letter = {
        .to = to,
        .subject = crm_otp_subject(&to->accounts, pool, &to->account),
        .code = new_code(order, pool),
    };
    CRM_ERR(write_letter(order, pool, &letter));
    APR_ARRAY_PUSH(order->letters, letter_t) = letter;
    return NULL;
}

/* Instead of the order: codes and mails. */
static crm_error_t *replace_order(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const order_t *order = baton;
    CRM_ERR(crm_outbox_remove(db, pool, order->item));
    for (int i = 0; i < order->letters->nelts; i++) {
        const letter_t *letter = &APR_ARRAY_IDX(order->letters, i, letter_t);
        const crm_tenant_t *tenant = letter->to->accounts.tenant;
        const crm_outbox_entry_t entry = {
            .kind = TEMPLATE,
            .tenant_id = tenant ? &tenant->id : NULL,
            .topic = letter->subject.key,
            .language = letter->language,
            .text = letter->text,
            .life = CRM_OTP_LIFE,
        };
        CRM_ERR(crm_otp_store(order->site, db, pool, &letter->subject, letter->code));
        CRM_ERR(crm_outbox_supersede(db, pool, letter->subject.key));
        CRM_ERR(crm_outbox_put(order->site, db, pool, &entry));
    }
    return NULL;
}

crm_error_t *crm_password_order(const crm_site_t *site, apr_pool_t *pool,
                                const crm_outbox_item_t *item)
{
    order_t order = {
        .site = site,
        .item = item,
        .letters = apr_array_make(pool, ACCOUNTS_MAX, sizeof(letter_t)),
    };
    crm_found_accounts_t result;
    CRM_ERR(read_order(&order, pool));
    const char *key = crm_text_fold(pool, order.email);
    CRM_ERR(crm_accounts_find(site, pool, key, order.tenant, &result));
    for (int i = 0; i < result.found->nelts && order.letters->nelts < ACCOUNTS_MAX; i++) {
        const crm_found_account_t *found = &APR_ARRAY_IDX(result.found, i, crm_found_account_t);
        if (fits(pool, found, key)) {
            CRM_ERR(add_letter(&order, pool, found));
        }
    }
    if (result.away && order.letters->nelts == 0) {
        return result.away;
    }
    return crm_db_transaction(&site->main, pool, replace_order, &order);
}

/* A try at the code of one account, also one that was made with the key before. */
static crm_error_t *try_code(const crm_site_t *site, apr_pool_t *pool,
                             const crm_found_account_t *found, const char *code, int *ret_match)
{
    crm_accounts_t accounts = found->accounts;
    crm_otp_subject_t subject = crm_otp_subject(&accounts, pool, &found->account);
    CRM_ERR(crm_otp_try(site, pool, &subject, code, ret_match));
    if (*ret_match || !site->key.has_old) {
        return NULL;
    }
    crm_site_t before = *site;
    before.key = crm_secret_old_key(&site->key);
    accounts.site = &before;
    subject = crm_otp_subject(&accounts, pool, &found->account);
    return crm_otp_try(&before, pool, &subject, code, ret_match);
}

/* The account whose code it is; NULL: nobody's. Each that has the address counts the try; an
 * address that nobody has costs the same statement. */
static crm_error_t *find_account(const crm_site_t *site, apr_pool_t *pool, const crm_reset_t *reset,
                                 const crm_found_account_t **ret_found)
{
    const char *key = crm_text_fold(pool, reset->email);
    crm_found_accounts_t result;
    const crm_found_account_t *owner = NULL;
    int match, tried = 0;
    CRM_ERR(crm_accounts_find(site, pool, key, reset->tenant, &result));
    for (int i = 0; i < result.found->nelts; i++) {
        const crm_found_account_t *found = &APR_ARRAY_IDX(result.found, i, crm_found_account_t);
        if (fits(pool, found, key)) {
            CRM_ERR(try_code(site, pool, found, reset->code, &match));
            tried++;
            owner = match && !owner ? found : owner;
        }
    }
    if (!tried) {
        crm_otp_subject_t nobody = crm_otp_subject(NULL, pool, NULL);
        CRM_ERR(crm_otp_try(site, pool, &nobody, reset->code, &match));
    }
    *ret_found = owner;
    return owner ? NULL : result.away;
}

static crm_error_t *wrong(apr_pool_t *pool)
{
    return crm_error_field(pool, "otp", "Invalid or expired OTP.");
}

static crm_error_t *try_reset(const crm_site_t *site, apr_pool_t *pool, const crm_reset_t *reset,
                              const crm_found_account_t **ret_found)
{
    const crm_found_account_t *found;
    CRM_ERR(find_account(site, pool, reset, &found));
    if (!found) {
        return wrong(pool);
    }
    crm_error_t *error =
        crm_account_reset_password(&found->accounts, pool, &found->account, reset->new_password);
    if (error) {
        return error->kind == CRM_E_CONFLICT ? wrong(pool) : error;
    }
    /* of no use any more, as it was bound to the old password's hash: that it could not be removed
     * needs no telling */
    crm_otp_subject_t subject = crm_otp_subject(&found->accounts, pool, &found->account);
    crm_otp_remove(site, pool, &subject);
    *ret_found = found;
    return NULL;
}

crm_error_t *crm_password_reset(const crm_site_t *site, apr_pool_t *pool, const crm_reset_t *reset,
                                crm_account_t **ret_account, const crm_tenant_t **ret_tenant)
{
    const crm_found_account_t *found;
    crm_attempt_t attempt = crm_attempt_address(site, reset->address);
    CRM_ERR(crm_attempt_count(site, pool, &attempt, reset->limit.address, reset->limit.window));
    crm_error_t *error = try_reset(site, pool, reset, &found);
    if (error && error->kind == CRM_E_INVALID) {
        crm_attempt_fail(site, pool, &attempt);
    } else {
        crm_attempt_give_back(site, pool, &attempt);
    }
    CRM_ERR(error);
    *ret_account = apr_pmemdup(pool, &found->account, sizeof(found->account));
    (*ret_account)->password = NULL;
    *ret_tenant = found->accounts.tenant;
    return NULL;
}
