/* service/tenant_repair.c - what of a tenant is missing is made again. */
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "db/own_user.h"
#include "service/directory.h"
#include "service/permission.h"
#include "service/tenant_repair.h"
#include "service/tenant_row.h"
#include "service/token_cache.h"

/* A tenant at work on. */
typedef struct work_t {
    const crm_site_t *site;
    const crm_tenant_t *tenant;
    const apr_array_header_t *wanted; /* NULL: the tables are new */
    crm_repair_t *repair;
    crm_db_t *db; /* its database, whatever its schema's version */
} work_t;

crm_error_t *crm_tenant_wanted(const crm_site_t *site, apr_pool_t *pool,
                               const apr_array_header_t **ret_parts)
{
    const char *slug = apr_psprintf(pool, "crm_schema_%d", (int)getpid());
    apr_array_header_t *parts;

    CRM_ERR(crm_schema_of(crm_tenant_unversioned(site, pool, slug), pool, site->tenant_migrations,
                          &parts));
    *ret_parts = parts;
    return NULL;
}

/* 1 when the database holds the tenant's row; CONFLICT when it holds another tenant's. */
static crm_error_t *find_row(const work_t *work, apr_pool_t *pool, int *ret_found)
{
    const crm_rows_t *rows;

    *ret_found = 0;
    CRM_ERR(crm_db_select(work->db, pool, "SELECT id, name FROM tenant", "us", CRM_NO_ARGS, &rows));
    if (rows->count) {
        const crm_value_t *row = crm_row(rows, 0);
        *ret_found = memcmp(row[0].as.uuid, &work->tenant->id, sizeof(work->tenant->id)) == 0;
        if (!*ret_found) {
            return crm_error_make(pool, CRM_E_CONFLICT, "Database %s holds another tenant: \"%s\".",
                                  work->tenant->database_name, row[1].as.text);
        }
    }
    return NULL;
}

static crm_error_t *copy_row(const work_t *work, apr_pool_t *pool)
{
    int found;

    CRM_ERR(find_row(work, pool, &found));
    work->repair->copied = !found;
    return found ? crm_tenant_settle(work->site, pool, &work->tenant->id)
                 : crm_tenant_copy(work->db, pool, work->tenant);
}

/* Each login leads to the tenant. */
static crm_error_t *enter_logins(const work_t *work, apr_pool_t *pool)
{
    const crm_accounts_t accounts = {.site = work->site, .tenant = work->tenant, .db = work->db};
    const crm_rows_t *rows;

    CRM_ERR(crm_db_select(work->db, pool, "SELECT username_key, email_key FROM account", "ss",
                          CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        CRM_ERR(crm_directory_enter(&accounts, pool, row[0].as.text, row[1].as.text));
    }
    return NULL;
}

static crm_error_t *furnish(const work_t *work, apr_pool_t *pool)
{
    crm_repair_t *repair = work->repair;

    CRM_ERR(crm_migrate(work->db, pool, work->site->tenant_migrations, &repair->applied));
    if (work->wanted) {
        CRM_ERR(crm_schema_mend(work->db, pool, work->wanted, &repair->faults));
    }
    CRM_ERR(copy_row(work, pool));
    CRM_ERR(crm_permission_sync(work->site, pool, work->db));
    return enter_logins(work, pool);
}

static crm_error_t *repair_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const work_t *work = baton;
    int exists;
    (void)db;

    CRM_ERR(crm_db_exists(work->db, pool, &exists));
    if (!exists) {
        CRM_ERR(crm_db_create_database(work->db, pool));
        work->repair->created = 1;
    } else if (work->db->user) {
        CRM_ERR(crm_db_make_user(work->db, pool, 0));
    }
    return furnish(work, pool);
}

static crm_error_t *recreate_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const work_t *work = baton;
    int exists, found;
    (void)db;

    CRM_ERR(crm_db_exists(work->db, pool, &exists));
    crm_error_t *error = exists ? find_row(work, pool, &found) : NULL;
    if (error && error->kind != CRM_E_DATABASE) { /* that: it has no such table */
        return error;
    }
    CRM_ERR(crm_directory_remove_tenant(work->site, pool, &work->tenant->id));
    CRM_ERR(crm_db_drop_database(work->db, pool));
    CRM_ERR(crm_db_create_database(work->db, pool));
    return furnish(work, pool);
}

static crm_error_t *run(work_t *work, apr_pool_t *pool, crm_db_work_fn *locked)
{
    const char *slug = work->tenant->slug;

    *work->repair = (crm_repair_t){.faults = apr_array_make(pool, 0, sizeof(crm_schema_fault_t))};
    work->db = crm_tenant_unversioned(work->site, pool, crm_tenant_place(pool, work->tenant));
    crm_token_change_begin(work->site->tokens, slug);
    crm_error_t *error = crm_tenant_locked(work->site, pool, slug, 1, locked, work);
    crm_token_change_end(work->site->tokens, slug);
    return error;
}

crm_error_t *crm_tenant_repair(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               const apr_array_header_t *wanted, crm_repair_t *ret_repair)
{
    work_t work = {.site = site, .tenant = tenant, .wanted = wanted, .repair = ret_repair};

    return run(&work, pool, repair_locked);
}

crm_error_t *crm_tenant_recreate(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_tenant_t *tenant)
{
    crm_repair_t repair;
    work_t work = {.site = site, .tenant = tenant, .repair = &repair};

    return run(&work, pool, recreate_locked);
}
