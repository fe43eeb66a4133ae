/* service/key_change.c - another secret key, without a login, a mail or a session being lost. */
#include "service/key_change.h"
#include "service/directory.h"
#include "service/isolation.h"
#include "service/outbox.h"

#define PAGE 500
#define PAGE_TEXT "500"

typedef struct change_t {
    int finish, accounts;
} change_t;

static crm_error_t *change_rows(const crm_accounts_t *accounts, apr_pool_t *pool,
                                const crm_rows_t *rows, change_t *change)
{
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        CRM_ERR(crm_directory_rekey(accounts, pool, row[1].as.text, change->finish));
        CRM_ERR(crm_directory_rekey(accounts, pool, row[2].as.text, change->finish));
        change->accounts++;
    }
    return NULL;
}

/* The accounts of one database, a page at a time. */
static crm_error_t *change_accounts(const crm_accounts_t *accounts, apr_pool_t *pool,
                                    change_t *change)
{
    apr_int64_t last = 0;
    const crm_rows_t *rows;
    apr_pool_t *turn;

    apr_pool_create(&turn, pool);
    do {
        apr_pool_clear(turn);
        CRM_ERR(crm_db_select(accounts->db, turn,
                              "SELECT id, username_key, email_key FROM account WHERE id > ? "
                              "ORDER BY id LIMIT " PAGE_TEXT,
                              "iss", CRM_ARGS(crm_int(last)), &rows));
        CRM_ERR(change_rows(accounts, turn, rows, change));
        last = rows->count ? crm_row(rows, rows->count - 1)[0].as.integer : last;
    } while (rows->count == PAGE);
    apr_pool_destroy(turn);
    return NULL;
}

static crm_error_t *change_tenant(const crm_site_t *site, apr_pool_t *pool,
                                  const crm_tenant_t *tenant, void *baton)
{
    const crm_accounts_t accounts = crm_accounts_of(site, pool, tenant);
    change_t *change = baton;
    crm_error_t *error = crm_isolation_rekey(site, pool, tenant, change->finish);

    error = error ? error : change_accounts(&accounts, pool, change);

    return error ? crm_error_cause(error, "tenant %s", tenant->slug) : NULL;
}

crm_error_t *crm_key_change(const crm_site_t *site, apr_pool_t *pool, int finish, int *ret_accounts)
{
    const crm_accounts_t platform = crm_accounts_of(site, pool, NULL);
    change_t change = {.finish = finish};

    CRM_ERR(change_accounts(&platform, pool, &change));
    CRM_ERR(crm_tenant_each(site, pool, change_tenant, &change));
    if (finish) {
        CRM_ERR(crm_outbox_reseal(site, pool));
    }
    *ret_accounts = change.accounts;
    return NULL;
}
