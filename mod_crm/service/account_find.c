/* service/account_find.c - the accounts that a login may mean. */
#include <string.h>

#include "service/account_find.h"
#include "service/account_row.h"
#include "service/directory.h"

typedef struct search_t {
    const crm_site_t *site;
    const char *key;
    crm_found_accounts_t result;
} search_t;

/* Adds the accounts of one database that have the login. */
static crm_error_t *gather(search_t *search, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    crm_accounts_t accounts = crm_accounts_of(search->site, pool, tenant);
    crm_value_t key = crm_text(search->key);
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts.db, pool,
                          "SELECT " CRM_ACCOUNT_COLUMNS ", a.password FROM account a "
                          "WHERE a.username_key = ? OR a.email_key = ? "
                          "ORDER BY CASE WHEN a.username_key = ? THEN 0 ELSE 1 END",
                          CRM_ACCOUNT_TYPES "s", CRM_ARGS(key, key, key), &rows));
    for (int i = 0; i < rows->count; i++) {
        crm_found_account_t *found = apr_array_push(search->result.found);
        found->accounts = accounts;
        crm_account_from_row(crm_row(rows, i), tenant, &found->account);
        found->account.password = crm_row(rows, i)[CRM_ACCOUNT_CELLS].as.text;
        found->usable = found->account.is_active && (!tenant || tenant->is_active);
    }
    return NULL;
}

/* The same for one entry of the directory. A database that is away does not keep the others'
 * accounts from being found. */
static crm_error_t *gather_entry(search_t *search, apr_pool_t *pool, const crm_uuid_t *tenant_id)
{
    static const crm_uuid_t main_database = {{0}};
    if (memcmp(tenant_id, &main_database, sizeof(main_database)) == 0) {
        return gather(search, pool, NULL);
    }
    crm_tenant_t *tenant;
    crm_error_t *error = crm_tenant_by_id(search->site, pool, tenant_id, &tenant);
    if (error) {
        return error->kind == CRM_E_NOT_FOUND ? NULL : error;
    }
    error = gather(search, pool, tenant);
    if (error) {
        search->result.away = error;
    }
    return NULL;
}

static crm_error_t *gather_nothing(search_t *search, apr_pool_t *pool)
{
    crm_uuid_t nobody;
    crm_uuid_make(&nobody);
    CRM_ERR(gather_entry(search, pool, &nobody));
    return gather(search, pool, NULL);
}

static crm_error_t *gather_all(search_t *search, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    if (tenant) {
        CRM_ERR(gather(search, pool, tenant));
        return gather(search, pool, NULL);
    }
    const crm_uuid_t *ids;
    int count;
    CRM_ERR(crm_directory_find(search->site, pool, search->key, &ids, &count));
    for (int i = 0; i < count && i < CRM_DIRECTORY_MAX; i++) {
        CRM_ERR(gather_entry(search, pool, &ids[i]));
    }
    search->result.more = count > CRM_DIRECTORY_MAX;
    return count > 0 ? NULL : gather_nothing(search, pool);
}

crm_error_t *crm_accounts_find(const crm_site_t *site, apr_pool_t *pool, const char *key,
                               const crm_tenant_t *tenant, crm_found_accounts_t *ret_found)
{
    search_t search = {
        .site = site,
        .key = key,
        .result.found = apr_array_make(pool, 4, sizeof(crm_found_account_t)),
    };
    CRM_ERR(gather_all(&search, pool, tenant));
    *ret_found = search.result;
    return NULL;
}
