/* service/key_change.c - another secret key, without a login, a mail or a session being lost. */
#include "service/key_change.h"
#include "service/directory.h"
#include "service/isolation.h"
#include "service/outbox.h"

typedef struct change_t {
    int finish, accounts;
} change_t;

static crm_error_t *change_login(const crm_accounts_t *accounts, apr_pool_t *pool,
                                 const char *username_key, const char *email_key, void *baton)
{
    change_t *change = baton;

    CRM_ERR(crm_directory_rekey(accounts, pool, username_key, change->finish));
    CRM_ERR(crm_directory_rekey(accounts, pool, email_key, change->finish));
    change->accounts++;
    return NULL;
}

static crm_error_t *change_tenant(const crm_site_t *site, apr_pool_t *pool,
                                  const crm_tenant_t *tenant, void *baton)
{
    const crm_accounts_t accounts = crm_accounts_of(site, pool, tenant);
    change_t *change = baton;
    crm_error_t *error = crm_isolation_rekey(site, pool, tenant, change->finish);

    error = error ? error : crm_directory_each(&accounts, pool, change_login, change);

    return error ? crm_error_cause(error, "tenant %s", tenant->slug) : NULL;
}

crm_error_t *crm_key_change(const crm_site_t *site, apr_pool_t *pool, int finish, int *ret_accounts)
{
    const crm_accounts_t platform = crm_accounts_of(site, pool, NULL);
    change_t change = {.finish = finish};

    CRM_ERR(crm_directory_each(&platform, pool, change_login, &change));
    CRM_ERR(crm_tenant_each(site, pool, change_tenant, &change));
    if (finish) {
        CRM_ERR(crm_outbox_reseal(site, pool));
    }
    *ret_accounts = change.accounts;
    return NULL;
}
