/* service/isolation.c - a database user of its own for each tenant's database. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "db/own_user.h"
#include "service/isolation.h"
#include "service/tenant_row.h"

/* MySQL's bound on a user's name is 32 characters. */
#define NAME_PREFIX "crm_"
#define NAME_BYTES 12

/* With it a password has letters, a digit and another character, which servers may ask for. */
#define PASSWORD_PREFIX "Crm1-"

#define PURPOSE "database user"

/* What a tenant does not see of another: every database of ours has a table of that name. */
#define TABLE "tenant"

/* ---- who it is ---- */

static const char *user_name(apr_pool_t *pool, const char *database)
{
    unsigned char hash[CRM_HASH_SIZE];
    crm_secret_sha256(database, strlen(database), hash);
    return apr_pstrcat(pool, NAME_PREFIX, apr_pescape_hex(pool, hash, NAME_BYTES, 0), NULL);
}

/* A server that a tenant has left must not know the password that counts on the next. */
static const char *password(apr_pool_t *pool, const crm_key_t *key, const char *server,
                            const char *database)
{
    unsigned char hash[CRM_HASH_SIZE];
    const char *text = apr_pstrcat(pool, server, "/", database, NULL);
    crm_secret_keyed(key, PURPOSE, text, strlen(text), hash);
    return apr_pstrcat(pool, PASSWORD_PREFIX, crm_secret_base64(pool, hash, sizeof(hash)), NULL);
}

const crm_db_user_t *crm_isolation_user(const crm_site_t *site, apr_pool_t *pool,
                                        const char *server, const char *database)
{
    if (site->isolation != CRM_ISOLATION_USER) {
        return NULL;
    }
    crm_db_user_t *user = apr_pcalloc(pool, sizeof(*user));
    user->name = user_name(pool, database);
    user->password = password(pool, &site->key, server, database);
    if (site->key.has_old) {
        const crm_key_t old = crm_secret_old_key(&site->key);
        user->old_password = password(pool, &old, server, database);
    }
    return user;
}

/* ---- verifying ---- */

static void blame(apr_array_header_t *faults, const char *text)
{
    APR_ARRAY_PUSH(faults, const char *) = text;
}

/* What a tenant's user must not read: "database.table", ends with NULL. What is on another server
 * is refused like what is not there. */
static const char *const *others_of(const crm_site_t *site, apr_pool_t *pool,
                                    const crm_tenant_t *other)
{
    const char **others = apr_pcalloc(pool, 3 * sizeof(*others));
    int count = 0;
    if (crm_db_has_users(site->main.server)) {
        others[count++] = apr_pstrcat(pool, site->main.database, "." TABLE, NULL);
    }
    if (other) {
        others[count++] =
            apr_pstrcat(pool, crm_tenant_db(site, pool, other)->database, "." TABLE, NULL);
    }
    return others;
}

/* The work of requests is done with the tenant's row. */
static crm_error_t *read_own_row(const crm_db_t *db, apr_pool_t *pool, const crm_tenant_t *tenant,
                                 apr_array_header_t *faults)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, "SELECT id FROM tenant", "u", CRM_NO_ARGS, &rows));
    if (rows->count != 1 ||
        memcmp(crm_row(rows, 0)[0].as.uuid, &tenant->id, sizeof(tenant->id)) != 0) {
        blame(faults, "its database does not hold its row: crmctl fix_tenant_auth mends it.");
    }
    return NULL;
}

static crm_error_t *verify_user(const crm_site_t *site, apr_pool_t *pool,
                                const crm_tenant_t *tenant, const crm_tenant_t *other,
                                apr_array_header_t *faults)
{
    crm_db_t db = *crm_tenant_db(site, pool, tenant);
    db.needs = 0;
    CRM_ERR(read_own_row(&db, pool, tenant, faults));
    return crm_db_inspect_user(&db, pool, others_of(site, pool, other), faults);
}

/* 1 when others can go through every folder above PATH. */
static int is_open(apr_pool_t *pool, const char *path)
{
    struct stat info;
    char *folder = apr_pstrdup(pool, path);
    for (char *slash; (slash = strrchr(folder, '/')) && slash != folder;) {
        *slash = '\0';
        if (stat(folder, &info) != 0 || !(info.st_mode & S_IXOTH)) {
            return 0;
        }
    }
    return 1;
}

/* Tenants' files are apart; what can be seen is whether they are from other users of the machine.
 */
static crm_error_t *verify_file(const crm_site_t *site, apr_pool_t *pool,
                                const crm_tenant_t *tenant, apr_array_header_t *faults)
{
    struct stat info;
    crm_db_t db = *crm_tenant_db(site, pool, tenant);
    db.needs = 0;
    CRM_ERR(read_own_row(&db, pool, tenant, faults));
    if (stat(db.database, &info) != 0) {
        return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "%s", db.database);
    }
    if ((info.st_mode & (S_IROTH | S_IWOTH)) && is_open(pool, db.database)) {
        blame(faults, apr_pstrcat(pool, "every user of this machine can reach ", db.database,
                                  ": run chmod o= on its folder.", NULL));
    }
    return NULL;
}

crm_error_t *crm_isolation_check(const crm_site_t *site, apr_pool_t *pool)
{
    if (site->isolation == CRM_ISOLATION_USER || !crm_db_has_users(site->tenant_database)) {
        return NULL;
    }
    return crm_error_make(pool, CRM_E_CONFLICT,
                          "CrmTenantIsolation is none: the databases of all tenants are reached as "
                          "one user%s%s, so there is nothing to verify. Write \"CrmTenantIsolation "
                          "user\", run \"crmctl tenant verify --repair\", then reload httpd.",
                          site->tenant_database->user ? " " : "",
                          site->tenant_database->user ? site->tenant_database->user : "");
}

crm_error_t *crm_isolation_verify(const crm_site_t *site, apr_pool_t *pool,
                                  const crm_tenant_t *tenant, const crm_tenant_t *other,
                                  const char **ret_user, apr_array_header_t **ret_faults)
{
    const crm_db_t *db = crm_tenant_db(site, pool, tenant);
    *ret_faults = apr_array_make(pool, 4, sizeof(const char *));
    *ret_user = db->user ? db->user->name : NULL;
    CRM_ERR(crm_isolation_check(site, pool));
    return crm_db_has_users(site->tenant_database)
               ? verify_user(site, pool, tenant, other, *ret_faults)
               : verify_file(site, pool, tenant, *ret_faults);
}

/* ---- making ---- */

typedef struct making_t {
    const crm_site_t *site;
    const crm_uuid_t *id;
    int anew, alone;
} making_t;

/* A tenant that was removed meanwhile is NOT_FOUND: it must not leave a user. */
static crm_error_t *make_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const making_t *making = baton;
    crm_tenant_t *tenant;
    (void)db;
    CRM_ERR(crm_tenant_by_id(making->site, pool, making->id, &tenant));
    crm_db_t its = *crm_tenant_db(making->site, pool, tenant);
    if (!its.user) {
        return crm_error_standard(pool,
                                  CRM_E_NOT_FOUND); /* its server is not configured any more */
    }
    crm_db_user_t user = *its.user;
    user.old_password = making->alone ? NULL : user.old_password;
    its.user = &user;
    return crm_db_make_user(&its, pool, making->anew);
}

crm_error_t *crm_isolation_repair(const crm_site_t *site, apr_pool_t *pool,
                                  const crm_tenant_t *tenant)
{
    making_t making = {.site = site, .id = &tenant->id, .anew = 1};
    return crm_tenant_locked(site, pool, tenant->slug, 1, make_locked, &making);
}

crm_error_t *crm_isolation_rekey(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_tenant_t *tenant, int finish)
{
    making_t making = {.site = site, .id = &tenant->id, .alone = finish};
    return site->isolation == CRM_ISOLATION_USER
               ? crm_tenant_locked(site, pool, tenant->slug, 1, make_locked, &making)
               : NULL;
}
