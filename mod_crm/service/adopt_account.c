/* service/adopt_account.c - accounts are taken over: those of a tenant, those that the main
 * database still has of it, those of the platform.
 *
 * An account keeps its id where it can: in a tenant always, unless it comes from the main database
 * and another has its id. Names and addresses that are no longer unique when they are folded stay
 * as they are; the keys of all but the first get a mark and the id behind them, which nobody can
 * type.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/account_row.h"
#include "service/adopt_part.h"
#include "service/directory.h"

#define MAIN_ACCOUNTS "main.user_customuser"

/* Stands in a key that is not unique, before the id: no folded text that can be sent has it. */
#define MARK "\x1f"

typedef struct taking_t {
    crm_adopt_chunk_t *chunk;
    int row;
    crm_account_t account;
    crm_account_keys_t keys;
    crm_value_t last_login;
} taking_t;

/* ---- reading */

static const char *fitting(taking_t *taking, const char *column, int most)
{
    int cut;
    const char *text = crm_adopt_word(taking->chunk, taking->row, column);
    text = crm_adopt_fit(taking->chunk->pool, text, most, &cut);
    if (!cut && strlen(text) > CRM_KEY_LENGTH / 18 &&
        crm_text_length(crm_text_fold(taking->chunk->pool, text)) > CRM_KEY_LENGTH - 32) {
        text = crm_adopt_fit(taking->chunk->pool, text, CRM_KEY_LENGTH / 18, &cut);
    }
    if (cut) {
        crm_adopt_note(taking->chunk, taking->row, "too long: cut", column);
    }
    return text;
}

/* How Django marks hashes that mod_crm knows, and passwords that are none. */
static int is_usable(const char *password)
{
    return strncmp(password, "pbkdf2_sha256$", 14) == 0 || strncmp(password, "$argon2id$", 10) == 0;
}

static void read_flags(taking_t *taking)
{
    crm_adopt_chunk_t *chunk = taking->chunk;
    crm_account_t *account = &taking->account;
    int row = taking->row, is_superuser = crm_adopt_flag(chunk, row, "is_superuser");
    account->is_active = crm_adopt_flag(chunk, row, "is_active");
    account->is_superuser = is_superuser && !chunk->place->tenant;
    account->is_tenant_admin =
        crm_adopt_flag(chunk, row, "is_tenant_admin") && chunk->place->tenant;
    if (is_superuser && chunk->place->tenant) {
        crm_adopt_note(chunk, row, "a superuser only in the tenant's database: taken without that",
                       "is_superuser");
    }
    if (!is_usable(account->password)) {
        crm_adopt_note(chunk, row, "no password that can be verified: it must be reset", NULL);
    }
}

/* The account of a row. 0: it has no name to log in with. */
static int read_account(taking_t *taking)
{
    crm_adopt_chunk_t *chunk = taking->chunk;
    crm_account_t *account = &taking->account;
    int row = taking->row;
    apr_time_t last_login;
    *account = (crm_account_t){
        .id = crm_adopt_number(crm_adopt_text(chunk, row, "id")),
        .username = fitting(taking, "username", 150),
        .email = fitting(taking, "email", 254),
        .first_name = fitting(taking, "first_name", 150),
        .last_name = fitting(taking, "last_name", 150),
        .password = crm_adopt_word(chunk, row, "password"),
        .version = 1,
    };
    if (!*account->username && *account->email) {
        int cut;
        account->username = crm_adopt_fit(chunk->pool, account->email, 150, &cut);
        crm_adopt_note(chunk, row, "no user name: the e-mail address stands for it", "username");
    }
    if (!*account->username || !account->id) {
        return 0;
    }
    read_flags(taking);
    if (!crm_adopt_time(chunk, row, "date_joined", &account->date_joined)) {
        account->date_joined = chunk->place->fallback;
        crm_adopt_note(chunk, row, "no time: the tenant's was taken", "date_joined");
    }
    taking->last_login = crm_adopt_time(chunk, row, "last_login", &last_login)
                             ? crm_time(last_login)
                             : crm_null_of(CRM_V_TIME);
    return 1;
}

/* The account in the target that has KEY as user name; 0: none. */
static crm_error_t *find_by_username(const crm_adopt_chunk_t *chunk, const char *key,
                                     apr_int64_t *ret_id, const char **ret_password)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(chunk->db, chunk->pool,
                          "SELECT id, password FROM account WHERE username_key = ?", "is",
                          CRM_ARGS(crm_text(key)), &rows));
    *ret_id = rows->count ? crm_row(rows, 0)[0].as.integer : 0;
    *ret_password = rows->count ? crm_row(rows, 0)[1].as.text : NULL;
    return NULL;
}

/* ---- writing */

static const char *marked(apr_pool_t *pool, const char *key, apr_int64_t id)
{
    return apr_psprintf(pool, "%s" MARK "%" APR_INT64_T_FMT, key, id);
}

/* Makes the keys unique. */
static crm_error_t *settle_keys(taking_t *taking)
{
    crm_adopt_chunk_t *chunk = taking->chunk;
    crm_account_keys_t *keys = &taking->keys;
    apr_int64_t id = taking->account.id;
    const crm_rows_t *rows;
    int username = 0, email = 0;
    CRM_ERR(crm_db_select(chunk->db, chunk->pool,
                          "SELECT username_key, email_key FROM account "
                          "WHERE username_key = ? OR email_key = ?",
                          "ss", CRM_ARGS(crm_text(keys->username), crm_text(keys->email)), &rows));
    for (int i = 0; i < rows->count; i++) {
        username |= strcmp(crm_row(rows, i)[0].as.text, keys->username) == 0;
        email |= strcmp(crm_row(rows, i)[1].as.text, keys->email) == 0;
    }
    if (username) {
        keys->username = marked(chunk->pool, keys->username, id);
        crm_adopt_note(chunk, taking->row,
                       "the user name is another's but for case or accents: he cannot log in by it",
                       "username");
    }
    if (!*keys->email || email) {
        crm_adopt_note(chunk, taking->row,
                       *keys->email ? "the e-mail address is another's: he cannot log in by it"
                                    : "no e-mail address",
                       "email");
        keys->email = marked(chunk->pool, keys->email, id);
    }
    return NULL;
}

static crm_error_t *insert(taking_t *taking)
{
    crm_adopt_chunk_t *chunk = taking->chunk;
    const crm_account_t *account = &taking->account;
    CRM_ERR(settle_keys(taking));
    const crm_account_keys_t *keys = &taking->keys;
    return crm_db_execute(
        chunk->db, chunk->pool,
        "INSERT INTO account (id, username, username_key, email, email_key, first_name, "
        "first_name_key, last_name, last_name_key, password, is_tenant_admin, is_superuser, "
        "is_active, date_joined, last_login, version, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
        CRM_ARGS(crm_int(account->id), crm_text(account->username), crm_text(keys->username),
                 crm_text(account->email), crm_text(keys->email), crm_text(account->first_name),
                 crm_text(keys->first_name), crm_text(account->last_name),
                 crm_text(keys->last_name), crm_text(account->password),
                 crm_bool(account->is_tenant_admin), crm_bool(account->is_superuser),
                 crm_bool(account->is_active), crm_time(account->date_joined), taking->last_login,
                 crm_time(account->date_joined)),
        NULL);
}

/* 1 when the target has an account with that id. */
static crm_error_t *is_there(const crm_adopt_chunk_t *chunk, apr_int64_t id, int *ret_there)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(chunk->db, chunk->pool, "SELECT id FROM account WHERE id = ?", "i",
                          CRM_ARGS(crm_int(id)), &rows));
    *ret_there = rows->count > 0;
    return NULL;
}

/* An id that nobody has, where the account's own is taken. */
static crm_error_t *settle_id(taking_t *taking)
{
    crm_adopt_chunk_t *chunk = taking->chunk;
    const crm_rows_t *rows;
    int there;
    CRM_ERR(is_there(chunk, taking->account.id, &there));
    if (!there) {
        return NULL;
    }
    CRM_ERR(crm_db_select(chunk->db, chunk->pool, "SELECT MAX(id) FROM account", "i", CRM_NO_ARGS,
                          &rows));
    taking->account.id = rows->cells[0].as.integer + 1;
    crm_adopt_note(chunk, taking->row, "another account has its id: it got a new one", "id");
    return NULL;
}

static const char no_name[] = "neither user name nor e-mail address, or no id";

crm_error_t *crm_adopt_account_before(crm_adopt_chunk_t *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        taking_t taking = {.chunk = chunk, .row = i};
        int is_foreign = !chunk->place->tenant && !crm_adopt_flag(chunk, i, "is_superuser");
        if (is_foreign || !read_account(&taking)) {
            continue;
        }
        CRM_ERR(crm_account_fold(chunk->pool, &taking.account, &taking.keys));
        const char *email = *taking.keys.email ? taking.keys.email : NULL;
        const crm_accounts_t accounts = {
            .site = chunk->place->run->site, .tenant = chunk->place->tenant, .db = chunk->db};
        CRM_ERR(crm_directory_enter(&accounts, chunk->pool, taking.keys.username, email));
    }
    return NULL;
}

crm_error_t *crm_adopt_account(crm_adopt_chunk_t *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        taking_t taking = {.chunk = chunk, .row = i};
        int there;
        if (!read_account(&taking)) {
            crm_adopt_left_out(chunk, i, no_name);
            continue;
        }
        CRM_ERR(is_there(chunk, taking.account.id, &there));
        if (there) {
            crm_adopt_left_out(chunk, i, "the id is another row's");
            continue;
        }
        CRM_ERR(crm_account_fold(chunk->pool, &taking.account, &taking.keys));
        CRM_ERR(insert(&taking));
        crm_adopt_taken(chunk, i);
    }
    return NULL;
}

/* Takes an account of the main database, unless the target has one of that name. */
static crm_error_t *take_or_merge(taking_t *taking)
{
    crm_adopt_chunk_t *chunk = taking->chunk;
    const char *old_id = crm_adopt_text(chunk, taking->row, "id"), *password;
    apr_int64_t id;
    CRM_ERR(crm_account_fold(chunk->pool, &taking->account, &taking->keys));
    CRM_ERR(find_by_username(chunk, taking->keys.username, &id, &password));
    if (id) {
        if (strcmp(password, taking->account.password) != 0) {
            crm_adopt_note(chunk, taking->row,
                           chunk->place->tenant
                               ? "the password differs: the tenant's counts"
                               : "the password differs: that of the account that is there counts",
                           NULL);
        }
        crm_adopt_remember(chunk, old_id, id);
        crm_adopt_merged(chunk, taking->row);
        return NULL;
    }
    CRM_ERR(settle_id(taking));
    CRM_ERR(insert(taking));
    crm_adopt_remember(chunk, old_id, taking->account.id);
    crm_adopt_taken(chunk, taking->row);
    return NULL;
}

crm_error_t *crm_adopt_main_account(crm_adopt_chunk_t *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        taking_t taking = {.chunk = chunk, .row = i};
        if (!read_account(&taking)) {
            crm_adopt_left_out(chunk, i, no_name);
            continue;
        }
        CRM_ERR(take_or_merge(&taking));
    }
    return NULL;
}

crm_error_t *crm_adopt_platform_account(crm_adopt_chunk_t *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        taking_t taking = {.chunk = chunk, .row = i};
        if (!crm_adopt_flag(chunk, i, "is_superuser")) {
            crm_adopt_left_out(chunk, i, "no superuser, and of no tenant that is adopted");
        } else if (!read_account(&taking)) {
            crm_adopt_left_out(chunk, i, no_name);
        } else {
            CRM_ERR(take_or_merge(&taking));
        }
    }
    return NULL;
}

/* ---- who somebody is */

static crm_error_t *read_people(crm_adopt_place_t *place, const crm_db_t *db, apr_hash_t *people)
{
    apr_int64_t last = 0;
    const crm_rows_t *rows;
    do {
        CRM_ERR(crm_db_select(db, place->pool,
                              "SELECT id, username, email, is_active FROM account WHERE id > ? "
                              "ORDER BY id LIMIT 1000",
                              "issb", CRM_ARGS(crm_int(last)), &rows));
        for (int i = 0; i < rows->count; i++) {
            const crm_value_t *row = crm_row(rows, i);
            crm_adopt_person_t *person = apr_palloc(place->pool, sizeof(*person));
            *person = (crm_adopt_person_t){.id = row[0].as.integer,
                                           .username = row[1].as.text,
                                           .email = row[2].as.text,
                                           .is_active = (int)row[3].as.integer};
            last = person->id;
            apr_hash_set(people, &person->id, sizeof(person->id), person);
        }
    } while (rows->count == 1000);
    return NULL;
}

static crm_error_t *person(crm_adopt_place_t *place, apr_int64_t id,
                           const crm_adopt_person_t **ret_person)
{
    if (!place->people) {
        apr_hash_t *people = apr_hash_make(place->pool);
        CRM_ERR(read_people(place, place->db, people));
        place->people = people;
    }
    *ret_person = id ? apr_hash_get(place->people, &id, sizeof(id)) : NULL;
    return NULL;
}

crm_error_t *crm_adopt_person(crm_adopt_place_t *place, const char *text,
                              const crm_adopt_person_t **ret_person)
{
    CRM_ERR(person(place, crm_adopt_number(text), ret_person));
    return *ret_person
               ? NULL
               : person(place, crm_adopt_remembered(place, MAIN_ACCOUNTS, text), ret_person);
}

crm_error_t *crm_adopt_main_person(crm_adopt_place_t *place, const char *text,
                                   const crm_adopt_person_t **ret_person)
{
    const char *part = place->tenant ? MAIN_ACCOUNTS : "user_customuser";
    CRM_ERR(person(place, crm_adopt_remembered(place, part, text), ret_person));
    return *ret_person || !place->tenant ? NULL : person(place, crm_adopt_number(text), ret_person);
}

crm_error_t *crm_adopt_membership(crm_adopt_chunk_t *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        const crm_adopt_person_t *who;
        const char *id = crm_adopt_text(chunk, i, "user_id");
        CRM_ERR(chunk->part->is_main ? crm_adopt_main_person(chunk->place, id, &who)
                                     : crm_adopt_person(chunk->place, id, &who));
        if (who) {
            crm_adopt_merged(chunk, i);
        } else {
            crm_adopt_left_out(chunk, i, "its account is not there");
        }
    }
    return NULL;
}
