/* service/token.c - tokens: issued, looked up, ended. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "service/account_row.h"
#include "service/permission.h"
#include "service/tenant_row.h"
#include "service/token.h"
#include "service/token_cache.h"

#define PREFIX "crm_"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)
#define RANDOM_SIZE 32
#define TOKEN_SIZE (CRM_TOKEN_KEY_SIZE + RANDOM_SIZE)
#define LEGACY_LENGTH 40
/* a use is noted at most so often */
#define NOTE_EVERY apr_time_from_sec(60)

/* A tenant that is just being switched to another server is waited for, so often and so long. */
#define SWITCH_TURNS 100
#define SWITCH_PAUSE apr_time_from_msec(20)

#define TOKEN_COLUMNS "k.expires_at, k.last_used_at, "
#define TOKEN_TYPES "tt"
#define TOKEN_CELLS 2
#define TOKEN_FROM " FROM token k JOIN account a ON a.id = k.account_id"

/* A token being looked up. */
typedef struct lookup_t {
    const crm_site_t *site;
    unsigned char hash[CRM_HASH_SIZE];
    unsigned char key[CRM_TOKEN_KEY_SIZE];
    int has_key;       /* 0: a token of the old product */
    const char *place; /* of the tenant's database; NULL: the main database */
    apr_time_t now;
} lookup_t;

static crm_error_t *invalid(apr_pool_t *pool)
{
    return crm_error_make(pool, CRM_E_UNAUTHENTICATED, "Invalid token.");
}

/* The slug of its place. */
static const char *lookup_slug(const lookup_t *lookup, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, lookup->place, strcspn(lookup->place, "@"));
}

static int is_legacy(const char *text)
{
    for (int i = 0; i < LEGACY_LENGTH; i++) {
        if (!apr_isxdigit(text[i])) {
            return 0;
        }
    }
    return text[LEGACY_LENGTH] == '\0';
}

static int decode(const char *text, unsigned char bytes[TOKEN_SIZE])
{
    return strncmp(text, PREFIX, PREFIX_LENGTH) == 0 &&
           crm_secret_unbase64(text + PREFIX_LENGTH, bytes, TOKEN_SIZE);
}

int crm_token_is_ours(const char *text)
{
    unsigned char bytes[TOKEN_SIZE];
    return decode(text, bytes) || is_legacy(text);
}

static void hash_token(const char *text, unsigned char ret_hash[CRM_HASH_SIZE])
{
    crm_secret_sha256(text, strlen(text), ret_hash);
}

/* What is over is of no use to anybody: each new token takes those of its account away. */
static crm_error_t *remove_expired(const crm_accounts_t *accounts, apr_pool_t *pool,
                                   apr_int64_t account_id, const crm_token_life_t *life,
                                   apr_time_t now)
{
    return crm_db_execute(
        accounts->db, pool,
        "DELETE FROM token WHERE account_id = ? AND (expires_at <= ? OR last_used_at <= ?)",
        CRM_ARGS(crm_int(account_id), crm_time(now), crm_time(now - life->idle)), NULL);
}

crm_error_t *crm_token_issue(const crm_accounts_t *accounts, apr_pool_t *pool,
                             const crm_account_t *account, const crm_token_life_t *life,
                             const char **ret_token)
{
    unsigned char bytes[TOKEN_SIZE] = {0};
    unsigned char hash[CRM_HASH_SIZE];
    if (accounts->tenant) {
        memcpy(bytes, accounts->tenant->token_key, CRM_TOKEN_KEY_SIZE);
    }
    crm_secret_random(bytes + CRM_TOKEN_KEY_SIZE, RANDOM_SIZE);
    const char *token =
        apr_pstrcat(pool, PREFIX, crm_secret_base64(pool, bytes, sizeof(bytes)), NULL);
    hash_token(token, hash);
    apr_time_t now = apr_time_now();
    CRM_ERR(remove_expired(accounts, pool, account->id, life, now));
    CRM_ERR(crm_db_execute(
        accounts->db, pool,
        "INSERT INTO token (token_hash, account_id, created_at, expires_at, last_used_at) "
        "VALUES (?, ?, ?, ?, ?)",
        CRM_ARGS(crm_bytes(hash, sizeof(hash)), crm_int(account->id), crm_time(now),
                 crm_time(now + life->lifetime), crm_time(now)),
        NULL));
    *ret_token = token;
    return NULL;
}

/* Where a token of the old product is. */
static crm_error_t *find_legacy(lookup_t *lookup, apr_pool_t *pool)
{
    static const crm_uuid_t main_database = {{0}};
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&lookup->site->main, pool,
                          "SELECT l.tenant_id, t.slug, t.server FROM legacy_token l "
                          "LEFT JOIN tenant t ON t.id = l.tenant_id AND t.state <> 'creating' "
                          "WHERE l.token_hash = ?",
                          "uss", CRM_ARGS(crm_bytes(lookup->hash, CRM_HASH_SIZE)), &rows));
    if (rows->count == 0) {
        return invalid(pool);
    }
    const crm_value_t *row = crm_row(rows, 0);
    if (!crm_is_null(row[1])) {
        crm_tenant_t there = {.slug = row[1].as.text, .server = row[2].as.text};
        lookup->place = crm_tenant_place(pool, &there);
    }
    int in_main = memcmp(row[0].as.uuid, &main_database, sizeof(main_database)) == 0;
    return lookup->place || in_main ? NULL : invalid(pool);
}

/* Which database holds the token. */
static crm_error_t *find_database(lookup_t *lookup, apr_pool_t *pool, const char *token)
{
    static const unsigned char main_key[CRM_TOKEN_KEY_SIZE];
    unsigned char bytes[TOKEN_SIZE];
    if (is_legacy(token)) {
        return find_legacy(lookup, pool);
    }
    if (!decode(token, bytes)) {
        return invalid(pool);
    }
    memcpy(lookup->key, bytes, CRM_TOKEN_KEY_SIZE);
    lookup->has_key = 1;
    if (memcmp(lookup->key, main_key, CRM_TOKEN_KEY_SIZE) == 0) {
        return NULL;
    }
    crm_error_t *error =
        crm_tenant_place_by_token_key(lookup->site, pool, lookup->key, &lookup->place);
    return error && error->kind == CRM_E_NOT_FOUND ? invalid(pool) : error;
}

/* The tenant's database has no answer, or could not be asked (ERROR): where it is now, by the main
 * database. *RET_AGAIN: it is elsewhere by now, or will be in a moment. A token of a tenant that is
 * gone is merely invalid. */
static crm_error_t *look_elsewhere(lookup_t *lookup, apr_pool_t *pool, crm_error_t *error,
                                   int *ret_again)
{
    const crm_rows_t *rows;
    crm_tenant_t there = {.slug = lookup_slug(lookup, pool)};
    crm_error_t *second = crm_db_select(
        &lookup->site->main, pool,
        "SELECT server, move_state FROM tenant WHERE slug = ? AND state <> 'creating'", "ss",
        CRM_ARGS(crm_text(there.slug)), &rows);
    if (second) {
        return error;
    }
    there.server = rows->count > 0 ? rows->cells[0].as.text : NULL;
    const char *place = crm_tenant_place(pool, &there);
    int moved = rows->count > 0 && strcmp(place, lookup->place) != 0;
    int moving = rows->count > 0 && !crm_is_null(rows->cells[1]) &&
                 (strcmp(rows->cells[1].as.text, "switching") == 0 ||
                  strcmp(rows->cells[1].as.text, "undoing") == 0);
    if (lookup->has_key && (moved || rows->count == 0)) {
        crm_slug_cache_forget(lookup->site->slugs, lookup->key);
    }
    *ret_again = moved || moving;
    if (moving && !moved) {
        apr_sleep(SWITCH_PAUSE);
    }
    lookup->place = place;
    return rows->count > 0 ? error : invalid(pool);
}

/* The token's row with its account and, in a tenant's database, the tenant; NULL: there is none. */
static crm_error_t *select_token(const lookup_t *lookup, apr_pool_t *pool, const crm_db_t *db,
                                 const crm_value_t **ret_row)
{
    static const char in_main[] =
        "SELECT " TOKEN_COLUMNS CRM_ACCOUNT_COLUMNS TOKEN_FROM " WHERE k.token_hash = ?";
    static const char in_tenant[] =
        "SELECT " TOKEN_COLUMNS CRM_ACCOUNT_COLUMNS ", " CRM_TENANT_COLUMNS TOKEN_FROM
        " CROSS JOIN tenant t WHERE k.token_hash = ?";
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, lookup->place ? in_tenant : in_main,
                          lookup->place ? TOKEN_TYPES CRM_ACCOUNT_TYPES CRM_TENANT_TYPES
                                        : TOKEN_TYPES CRM_ACCOUNT_TYPES,
                          CRM_ARGS(crm_bytes(lookup->hash, CRM_HASH_SIZE)), &rows));
    *ret_row = rows->count > 0 ? crm_row(rows, 0) : NULL;
    return NULL;
}

/* The same, wherever the tenant's database is by now: *RET_DB. */
static crm_error_t *read_token(lookup_t *lookup, apr_pool_t *pool, const crm_db_t **ret_db,
                               const crm_value_t **ret_row)
{
    for (int turn = 0;; turn++) {
        int again = 0;
        *ret_db = lookup->place ? crm_site_tenant_db(lookup->site, pool, lookup->place)
                                : &lookup->site->main;
        crm_error_t *error = select_token(lookup, pool, *ret_db, ret_row);
        if (!error && *ret_row) {
            return NULL;
        }
        error = error ? error : invalid(pool);
        if (lookup->place) {
            error = look_elsewhere(lookup, pool, error, &again);
        }
        if (!again) {
            return error;
        }
        if (turn == SWITCH_TURNS) {
            return crm_error_standard(pool, CRM_E_UNAVAILABLE);
        }
    }
}

/* A use not noted lets the token idle a little earlier, no more: no error of the request. */
static void note_use(const lookup_t *lookup, apr_pool_t *pool, const crm_db_t *db,
                     apr_time_t last_used)
{
    if (lookup->now - last_used < NOTE_EVERY) {
        return;
    }
    crm_db_execute(db, pool,
                   "UPDATE token SET last_used_at = ? WHERE token_hash = ? AND last_used_at < ?",
                   CRM_ARGS(crm_time(lookup->now), crm_bytes(lookup->hash, CRM_HASH_SIZE),
                            crm_time(lookup->now - NOTE_EVERY)),
                   NULL);
}

static crm_actor_t *make_actor(const lookup_t *lookup, apr_pool_t *pool, const crm_value_t *row)
{
    crm_actor_t *actor = apr_pcalloc(pool, sizeof(*actor));
    if (lookup->place) {
        const char *at = strchr(lookup->place, '@');
        actor->tenant = apr_palloc(pool, sizeof(*actor->tenant));
        crm_tenant_from_row(row + TOKEN_CELLS + CRM_ACCOUNT_CELLS, actor->tenant);
        actor->tenant->server = at ? at + 1 : "";
    }
    crm_account_from_row(row + TOKEN_CELLS, actor->tenant, &actor->account);
    memcpy(actor->token_hash, lookup->hash, CRM_HASH_SIZE);
    actor->token_expires = row[0].as.time;
    return actor;
}

/* 1 when the database is the one that the token names, and the tenant active. */
static int tenant_fits(const lookup_t *lookup, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    return tenant->is_active && strcmp(tenant->slug, lookup_slug(lookup, pool)) == 0 &&
           (!lookup->has_key || memcmp(tenant->token_key, lookup->key, CRM_TOKEN_KEY_SIZE) == 0);
}

crm_error_t *crm_token_authenticate(const crm_site_t *site, apr_pool_t *pool, const char *token,
                                    const crm_token_life_t *life, crm_actor_t **ret_actor)
{
    lookup_t lookup = {.site = site, .now = apr_time_now()};
    hash_token(token, lookup.hash);
    crm_actor_t *known = crm_token_cache_get(site->tokens, pool, lookup.hash);
    if (known) {
        *ret_actor = known;
        return NULL;
    }
    CRM_ERR(find_database(&lookup, pool, token));
    crm_token_mark_t mark =
        crm_token_cache_mark(site->tokens, lookup.place ? lookup_slug(&lookup, pool) : NULL);
    const crm_db_t *db;
    const crm_value_t *row;
    CRM_ERR(read_token(&lookup, pool, &db, &row));
    apr_time_t expires = row[0].as.time, last_used = row[1].as.time;
    if (expires <= lookup.now || last_used + life->idle <= lookup.now) {
        return invalid(pool);
    }
    crm_actor_t *actor = make_actor(&lookup, pool, row);
    if (!actor->account.is_active ||
        (actor->tenant && !tenant_fits(&lookup, pool, actor->tenant))) {
        return invalid(pool);
    }
    note_use(&lookup, pool, db, last_used);
    if (mark.usable) {
        CRM_ERR(crm_permission_load(site, pool, actor)); /* so that the cache knows them too */
    }
    apr_time_t idle_end = last_used + life->idle;
    crm_token_cache_put(site->tokens, &mark, actor, expires < idle_end ? expires : idle_end);
    *ret_actor = actor;
    return NULL;
}

crm_error_t *crm_token_revoke(const crm_site_t *site, apr_pool_t *pool, const crm_actor_t *actor,
                              int all)
{
    crm_accounts_t accounts = crm_accounts_of(site, pool, actor->tenant);
    const char *slug = actor->tenant ? actor->tenant->slug : NULL;
    crm_token_change_begin(site->tokens, slug);
    crm_error_t *error =
        all ? crm_db_execute(accounts.db, pool, "DELETE FROM token WHERE account_id = ?",
                             CRM_ARGS(crm_int(actor->account.id)), NULL)
            : crm_db_execute(accounts.db, pool, "DELETE FROM token WHERE token_hash = ?",
                             CRM_ARGS(crm_bytes(actor->token_hash, CRM_HASH_SIZE)), NULL);
    crm_token_change_end(site->tokens, slug);
    return error;
}
