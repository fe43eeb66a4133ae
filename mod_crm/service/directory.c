/* service/directory.c - which tenants know a login. */
#include <string.h>

#include <apr_strings.h>

#include "service/directory.h"

#define PAGE "200" /* accounts read at a time */
#define LIMIT "9"  /* CRM_DIRECTORY_MAX and one */

static void hash_by(const crm_key_t *by, const char *key, unsigned char ret_hash[CRM_HASH_SIZE])
{
    crm_secret_keyed(by, "login", key, strlen(key), ret_hash);
}

static void hash_key(const crm_site_t *site, const char *key, unsigned char ret_hash[CRM_HASH_SIZE])
{
    hash_by(&site->key, key, ret_hash);
}

/* The hash by the key before; where there is none, that by the key. */
static void hash_old(const crm_site_t *site, const char *key, unsigned char ret_hash[CRM_HASH_SIZE])
{
    const crm_key_t old = site->key.has_old ? crm_secret_old_key(&site->key) : site->key;
    hash_by(&old, key, ret_hash);
}

/* Zeros for the main database. */
static crm_uuid_t place(const crm_accounts_t *accounts)
{
    return accounts->tenant ? accounts->tenant->id : (crm_uuid_t){{0}};
}

crm_error_t *crm_directory_find(const crm_site_t *site, apr_pool_t *pool, const char *key,
                                const crm_uuid_t **ret_ids, int *ret_count)
{
    unsigned char hash[CRM_HASH_SIZE], old[CRM_HASH_SIZE];
    hash_key(site, key, hash);
    hash_old(site, key, old);
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool,
                          "SELECT DISTINCT tenant_id FROM login WHERE login_hash IN (?, ?) "
                          "ORDER BY tenant_id LIMIT " LIMIT,
                          "u", CRM_ARGS(crm_bytes(hash, sizeof(hash)), crm_bytes(old, sizeof(old))),
                          &rows));
    crm_uuid_t *ids = apr_palloc(pool, sizeof(*ids) * (apr_size_t)(rows->count + 1));
    for (int i = 0; i < rows->count; i++) {
        ids[i] = *crm_row(rows, i)[0].as.uuid;
    }
    *ret_ids = ids;
    *ret_count = rows->count;
    return NULL;
}

static crm_error_t *enter_hash(const crm_accounts_t *accounts, apr_pool_t *pool,
                               const unsigned char hash[CRM_HASH_SIZE])
{
    crm_uuid_t tenant_id = place(accounts);
    return crm_db_execute(&accounts->site->main, pool,
                          "{insert ignore} INTO login (login_hash, tenant_id) VALUES (?, ?)",
                          CRM_ARGS(crm_bytes(hash, CRM_HASH_SIZE), crm_uuid(&tenant_id)), NULL);
}

/* While the key is being changed, servers that know only the one before find it, too. */
static crm_error_t *enter_one(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key)
{
    unsigned char hash[CRM_HASH_SIZE];
    hash_key(accounts->site, key, hash);
    CRM_ERR(enter_hash(accounts, pool, hash));
    if (accounts->site->key.has_old) {
        hash_old(accounts->site, key, hash);
        CRM_ERR(enter_hash(accounts, pool, hash));
    }
    return NULL;
}

crm_error_t *crm_directory_enter(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key,
                                 const char *other)
{
    crm_uuid_t tenant_id = place(accounts);
    unsigned char first[CRM_HASH_SIZE], second[CRM_HASH_SIZE];
    if (!key || !other || accounts->site->key.has_old) {
        if (key) {
            CRM_ERR(enter_one(accounts, pool, key));
        }
        return other ? enter_one(accounts, pool, other) : NULL;
    }
    hash_key(accounts->site, key, first);
    hash_key(accounts->site, other, second);
    return crm_db_execute(
        &accounts->site->main, pool,
        "{insert ignore} INTO login (login_hash, tenant_id) VALUES (?, ?), (?, ?)",
        CRM_ARGS(crm_bytes(first, sizeof(first)), crm_uuid(&tenant_id),
                 crm_bytes(second, sizeof(second)), crm_uuid(&tenant_id)),
        NULL);
}

crm_error_t *crm_directory_each(const crm_accounts_t *accounts, apr_pool_t *pool,
                                crm_directory_fn *each, void *baton)
{
    apr_int64_t last = 0;
    const crm_rows_t *rows;
    apr_pool_t *page;
    apr_pool_create(&page, pool);
    do {
        apr_pool_clear(page);
        CRM_ERR(crm_db_select(accounts->db, page,
                              "SELECT id, username_key, email_key FROM account WHERE id > ? "
                              "ORDER BY id LIMIT " PAGE,
                              "iss", CRM_ARGS(crm_int(last)), &rows));
        for (int i = 0; i < rows->count; i++) {
            const crm_value_t *row = crm_row(rows, i);
            CRM_ERR(each(accounts, page, row[1].as.text, row[2].as.text, baton));
            last = row[0].as.integer;
        }
    } while (rows->count > 0);
    apr_pool_destroy(page);
    return NULL;
}

static crm_error_t *enter(const crm_accounts_t *accounts, apr_pool_t *pool,
                          const char *username_key, const char *email_key, void *baton)
{
    (void)baton;
    return crm_directory_enter(accounts, pool, username_key, email_key);
}

crm_error_t *crm_directory_enter_all(const crm_accounts_t *accounts, apr_pool_t *pool)
{
    return crm_directory_each(accounts, pool, enter, NULL);
}

crm_error_t *crm_directory_rekey(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key,
                                 int finish)
{
    unsigned char hash[CRM_HASH_SIZE], old[CRM_HASH_SIZE];
    crm_uuid_t tenant_id = place(accounts);
    hash_key(accounts->site, key, hash);
    CRM_ERR(enter_hash(accounts, pool, hash));
    hash_old(accounts->site, key, old);
    if (!finish || memcmp(hash, old, sizeof(hash)) == 0) {
        return NULL;
    }
    return crm_db_execute(&accounts->site->main, pool,
                          "DELETE FROM login WHERE login_hash = ? AND tenant_id = ?",
                          CRM_ARGS(crm_bytes(old, sizeof(old)), crm_uuid(&tenant_id)), NULL);
}

static crm_error_t *is_used(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key,
                            int *ret_used)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts->db, pool,
                          "SELECT id FROM account WHERE username_key = ? OR email_key = ?", "i",
                          CRM_ARGS(crm_text(key), crm_text(key)), &rows));
    *ret_used = rows->count > 0;
    return NULL;
}

crm_error_t *crm_directory_leave(const crm_accounts_t *accounts, apr_pool_t *pool, const char *key)
{
    int used;
    CRM_ERR(is_used(accounts, pool, key, &used));
    if (used) {
        return NULL;
    }
    unsigned char hash[CRM_HASH_SIZE], old[CRM_HASH_SIZE];
    hash_key(accounts->site, key, hash);
    hash_old(accounts->site, key, old);
    crm_uuid_t tenant_id = place(accounts);
    CRM_ERR(crm_db_execute(
        &accounts->site->main, pool,
        "DELETE FROM login WHERE login_hash IN (?, ?) AND tenant_id = ?",
        CRM_ARGS(crm_bytes(hash, sizeof(hash)), crm_bytes(old, sizeof(old)), crm_uuid(&tenant_id)),
        NULL));
    /* somebody may have taken the login between the look and the removal */
    CRM_ERR(is_used(accounts, pool, key, &used));
    return used ? crm_directory_enter(accounts, pool, key, NULL) : NULL;
}

crm_error_t *crm_directory_remove_tenant(const crm_site_t *site, apr_pool_t *pool,
                                         const crm_uuid_t *tenant_id)
{
    return crm_db_execute(&site->main, pool, "DELETE FROM login WHERE tenant_id = ?",
                          CRM_ARGS(crm_uuid(tenant_id)), NULL);
}
