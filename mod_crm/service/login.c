/* service/login.c - a name or e-mail address and a password become a token. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/account_find.h"
#include "service/login.h"

/* accounts whose password is tried */
#define TRIED_MAX 4
/* how often a password that changes between look and use is looked at again */
#define TURNS 2

/* An account that the login may mean. */
typedef struct candidate_t {
    crm_accounts_t accounts;
    crm_account_t account; /* with its hash */
    int usable;            /* it and its tenant are active */
    int throttled, match, rehash;
    crm_attempt_t attempt;
} candidate_t;

typedef struct search_t {
    const crm_site_t *site;
    const crm_login_t *login;
    const char *key;             /* the login, folded */
    apr_array_header_t *found;   /* of candidate_t, in order of preference */
    apr_array_header_t *tried;   /* of candidate_t *: at most TRIED_MAX of them */
    int more;                    /* some were not tried */
    crm_error_t *away, *refusal; /* a database that could not be asked; a lock */
} search_t;

typedef struct entry_t {
    candidate_t *candidate;
    const crm_token_life_t *life;
    const char *hash; /* of the password: a new one, or the old */
    const char *token;
    int stale; /* the account was changed since it was read */
} entry_t;

/* Finds the accounts that the login may mean. */
static crm_error_t *gather_all(search_t *search, apr_pool_t *pool)
{
    crm_found_accounts_t result;
    CRM_ERR(crm_accounts_find(search->site, pool, search->key, search->login->tenant, &result));
    search->more = result.more;
    search->away = result.away;
    for (int i = 0; i < result.found->nelts; i++) {
        const crm_found_account_t *found = &APR_ARRAY_IDX(result.found, i, crm_found_account_t);
        const crm_tenant_t *tenant = found->accounts.tenant;
        candidate_t *candidate = apr_array_push(search->found);
        *candidate = (candidate_t){
            .accounts = found->accounts,
            .account = found->account,
            .usable = found->usable,
            .attempt =
                crm_attempt_account(search->site, tenant ? &tenant->id : NULL, found->account.id),
        };
    }
    return NULL;
}

/* Usable accounts; where there are none, one that is not, so that it costs what a wrong password
 * costs. */
static void choose(search_t *search)
{
    candidate_t *unusable = NULL;
    for (int i = 0; i < search->found->nelts; i++) {
        candidate_t *candidate = &APR_ARRAY_IDX(search->found, i, candidate_t);
        if (!candidate->usable) {
            unusable = unusable ? unusable : candidate;
        } else if (search->tried->nelts == TRIED_MAX) {
            search->more = 1;
        } else {
            APR_ARRAY_PUSH(search->tried, candidate_t *) = candidate;
        }
    }
    if (search->tried->nelts == 0 && unusable) {
        APR_ARRAY_PUSH(search->tried, candidate_t *) = unusable;
    }
}

/* Counts the attempt, then looks at the password; what could not be looked at is given back. */
static crm_error_t *try_candidate(search_t *search, apr_pool_t *pool, candidate_t *candidate)
{
    const crm_site_t *site = search->site;
    const crm_login_t *login = search->login;
    crm_error_t *error = crm_attempt_count(site, pool, &candidate->attempt, login->limit.account,
                                           login->limit.window);
    if (error && error->kind == CRM_E_THROTTLED) {
        candidate->throttled = 1;
        search->refusal = error;
        return NULL;
    }
    CRM_ERR(error);
    error = crm_password_verify(site->hasher, pool, login->password,
                                candidate->usable ? candidate->account.password : NULL,
                                &candidate->match, &candidate->rehash);
    if (error) {
        crm_attempt_give_back(site, pool, &candidate->attempt);
    } else if (!candidate->match) {
        crm_attempt_fail(site, pool, &candidate->attempt);
    }
    return error;
}

/* Nobody has the login: the same cost, the same lock. */
static crm_error_t *try_nobody(search_t *search, apr_pool_t *pool)
{
    candidate_t nobody = {.attempt = crm_attempt_login(search->site, search->key)};
    return try_candidate(search, pool, &nobody);
}

/* 1 when both are accounts of the same database. */
static int same_place(const candidate_t *a, const candidate_t *b)
{
    return strcmp(a->accounts.db->database, b->accounts.db->database) == 0;
}

static crm_error_t *wrong(const search_t *search, apr_pool_t *pool)
{
    if (search->refusal) {
        return search->refusal;
    }
    if (search->away) {
        return search->away;
    }
    return crm_error_field(pool, CRM_NON_FIELD, "%s",
                           search->more ? "This login exists in several tenants: name the tenant."
                                        : "Unable to log in with provided credentials.");
}

/* Tries the passwords; *RET_CANDIDATE is the one account that fits. Where a tenant is named, the
 * first does; else another in another database makes it ambiguous. */
static crm_error_t *decide(search_t *search, apr_pool_t *pool, candidate_t **ret_candidate)
{
    candidate_t *best = NULL;
    int ambiguous = 0;
    if (search->tried->nelts == 0) {
        CRM_ERR(try_nobody(search, pool));
    }
    for (int i = 0; i < search->tried->nelts && !(best && search->login->tenant); i++) {
        candidate_t *candidate = APR_ARRAY_IDX(search->tried, i, candidate_t *);
        CRM_ERR(try_candidate(search, pool, candidate));
        if (candidate->match) {
            crm_attempt_give_back(search->site, pool, &candidate->attempt);
            ambiguous |= best && !same_place(best, candidate);
            best = best ? best : candidate;
        }
    }
    if (ambiguous) {
        return crm_error_field(pool, CRM_NON_FIELD,
                               "This login exists in several tenants: name the tenant.");
    }
    *ret_candidate = best;
    return best ? NULL : wrong(search, pool);
}

/* The account's row is locked by the first statement: a password that changes at this moment either
 * is seen here, or ends this token. */
static crm_error_t *enter(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    entry_t *entry = baton;
    crm_accounts_t accounts = entry->candidate->accounts;
    accounts.db = db;
    const crm_account_t *account = &entry->candidate->account;
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(db, pool,
                           "UPDATE account SET last_login = ?, password = ? "
                           "WHERE id = ? AND password = ? AND is_active = 1",
                           CRM_ARGS(crm_time(apr_time_now()), crm_text(entry->hash),
                                    crm_int(account->id), crm_text(account->password)),
                           &affected));
    entry->stale = affected == 0;
    return entry->stale ? NULL
                        : crm_token_issue(&accounts, pool, account, entry->life, &entry->token);
}

static crm_error_t *log_in(search_t *search, apr_pool_t *pool, candidate_t *candidate,
                           entry_t *ret_entry)
{
    *ret_entry = (entry_t){
        .candidate = candidate,
        .life = &search->login->life,
        .hash = candidate->account.password,
    };
    if (candidate->rehash) {
        /* where there is no time for it now, the next login does it */
        const char *hash;
        if (!crm_password_hash(search->site->hasher, pool, search->login->password, &hash)) {
            ret_entry->hash = hash;
        }
    }
    return crm_db_transaction(candidate->accounts.db, pool, enter, ret_entry);
}

/* One turn: an entry that is stale when the account changed meanwhile. */
static crm_error_t *attempt(const crm_site_t *site, apr_pool_t *pool, const crm_login_t *login,
                            entry_t *ret_entry)
{
    search_t search = {
        .site = site,
        .login = login,
        .key = crm_text_fold(pool, login->login),
        .found = apr_array_make(pool, TRIED_MAX, sizeof(candidate_t)),
        .tried = apr_array_make(pool, TRIED_MAX, sizeof(candidate_t *)),
    };
    CRM_ERR(gather_all(&search, pool));
    choose(&search);
    candidate_t *candidate;
    CRM_ERR(decide(&search, pool, &candidate));
    return log_in(&search, pool, candidate, ret_entry);
}

static crm_error_t *attempts(const crm_site_t *site, apr_pool_t *pool, const crm_login_t *login,
                             entry_t *ret_entry)
{
    for (int turn = 0; turn < TURNS; turn++) {
        CRM_ERR(attempt(site, pool, login, ret_entry));
        if (!ret_entry->stale) {
            return NULL;
        }
    }
    return crm_error_field(pool, CRM_NON_FIELD, "Unable to log in with provided credentials.");
}

crm_error_t *crm_login(const crm_site_t *site, apr_pool_t *pool, const crm_login_t *login,
                       crm_logged_in_t *ret_logged_in)
{
    crm_attempt_t address = crm_attempt_address(site, login->address);
    CRM_ERR(crm_attempt_count(site, pool, &address, login->limit.address, login->limit.window));
    entry_t entry;
    crm_error_t *error = attempts(site, pool, login, &entry);
    /* what went wrong on our side does not count against the address */
    if (!error || (error->kind != CRM_E_INVALID && error->kind != CRM_E_THROTTLED)) {
        crm_attempt_give_back(site, pool, &address);
    } else {
        crm_attempt_fail(site, pool, &address);
    }
    CRM_ERR(error);
    const crm_accounts_t *accounts = &entry.candidate->accounts;
    *ret_logged_in = (crm_logged_in_t){
        .account = entry.candidate->account,
        .token = entry.token,
    };
    ret_logged_in->account.password = NULL;
    if (accounts->tenant) {
        ret_logged_in->tenant = apr_pmemdup(pool, accounts->tenant, sizeof(*accounts->tenant));
    }
    return NULL;
}
