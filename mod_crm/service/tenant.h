/* service/tenant.h - tenants: found, made all or nothing, changed, recovered.
 *
 * A tenant is a row in the main database and a database of its own. `state` in the main row is
 * 'creating' until everything is there, then 'ready'; creating and changing hold the server lock
 * "tenant-<slug>", so that a row left 'creating' by a crash is known by its free lock and is
 * removed with its database by crm_tenant_recover. The tenant's database holds a copy of the row
 * (table tenant, one row), so that a request needs no look at the main database. While the copy may
 * differ the state is 'changing': what a crash left so, crm_tenant_recover copies again.
 */
#ifndef CRM_SERVICE_TENANT_H
#define CRM_SERVICE_TENANT_H

#include "db/list.h"
#include "service/site.h"

typedef struct crm_tenant_t {
    crm_uuid_t id;
    const char *name, *slug, *database_name;
    unsigned char token_key[CRM_TOKEN_KEY_SIZE]; /* names the database in tokens; never changes */
    int is_active;
    apr_int64_t version; /* counts changes: for ETag */
    apr_time_t created_at, updated_at;
    apr_time_t deleted_at; /* 0: not; read from the main row alone */
    const char *server; /* CrmDatabaseServer that has its database; NULL or "": CrmTenantDatabase */
} crm_tenant_t;

/* For lists of tenants (db/list.h): leaves out those half made. */
extern const crm_condition_t crm_tenants_listed;

/* By slug, or else by name (folded), or by the name it had not long ago; also inactive ones, never
 * half-made ones. A slug comes first, because it never changes: nobody takes it from a tenant by
 * choosing it as his name. NOT_FOUND "Tenant \"x\" not found or not active". */
crm_error_t *crm_tenant_find(const crm_site_t *site, apr_pool_t *pool, const char *name,
                             crm_tenant_t **ret_tenant);
crm_error_t *crm_tenant_by_id(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                              crm_tenant_t **ret_tenant);

/* The place (crm_site_tenant_db) of the database that a token's key names; it is kept by the
 * process, so that this asks the main database once a key. A tenant that was moved since is not in
 * the database there any more: who finds that out asks anew (crm_slug_cache_forget). NOT_FOUND:
 * there is none. */
crm_error_t *crm_tenant_place_by_token_key(const crm_site_t *site, apr_pool_t *pool,
                                           const unsigned char key[CRM_TOKEN_KEY_SIZE],
                                           const char **ret_place);

/* Where the database of the tenant is, or of the tenant with SLUG; NOT_FOUND when there is none. */
const char *crm_tenant_place(apr_pool_t *pool, const crm_tenant_t *tenant);
crm_error_t *crm_tenant_place_by_slug(const crm_site_t *site, apr_pool_t *pool, const char *slug,
                                      const char **ret_place);

/* Fills a new tenant's database (its first admin) before the tenant becomes visible. */
typedef crm_error_t *crm_tenant_fill_fn(const crm_site_t *site, apr_pool_t *pool,
                                        const crm_tenant_t *tenant, const crm_db_t *db,
                                        void *baton);

/* Makes the tenant NAME (trimmed, 1 to 100 characters) and its database with all tables, runs FILL
 * (may be NULL), then makes it visible. All or nothing. A taken name is INVALID on `name_field`
 * ("tenant_name", "name"). */
crm_error_t *crm_tenant_create(const crm_site_t *site, apr_pool_t *pool, const char *name,
                               const char *name_field, crm_tenant_fill_fn *fill, void *baton,
                               crm_tenant_t **ret_tenant);

/* What a tenant that is taken over from elsewhere was there. */
typedef struct crm_tenant_origin_t {
    crm_uuid_t id;
    const char *name;
    apr_time_t created_at, updated_at;
} crm_tenant_origin_t;

/* Makes a tenant with the id, name and times that it had, inactive, in the same way. A taken name
 * is INVALID on `name`; an id that is taken is DUPLICATE. */
crm_error_t *crm_tenant_take(const crm_site_t *site, apr_pool_t *pool,
                             const crm_tenant_origin_t *origin, crm_tenant_t **ret_tenant);

/* Deleting makes a tenant inactive; undeleting makes it active. */
typedef enum { CRM_TENANT_STAYS, CRM_TENANT_DELETED, CRM_TENANT_UNDELETED } crm_tenant_end_e;

/* What to change. A tenant's old name leads to it for CrmTenantGrace, and is nobody else's. */
typedef struct crm_tenant_change_t {
    const char *name;       /* NULL: keep */
    int is_active;          /* -1: keep */
    apr_time_t updated_at;  /* what it is from then on; 0: now */
    apr_int64_t if_version; /* -1: any; else PRECONDITION when the tenant has another by now */
    crm_tenant_end_e end;
} crm_tenant_change_t;

/* Changes the tenant in both databases, and TENANT with it. A taken name is INVALID on `name`; so
 * is making a deleted tenant active, on `is_active`. When the tenant's database is away,
 * UNAVAILABLE: the change is kept and crm_tenant_recover carries it out. */
crm_error_t *crm_tenant_update(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                               const crm_tenant_change_t *change);

/* INVALID on FIELD when NAME is no name for a new tenant, or one has it, or had it not long ago;
 * but for ID's own old name (NULL: none is). Who makes a tenant asks again. */
crm_error_t *crm_tenant_name_is_free(const crm_site_t *site, apr_pool_t *pool, const char *name,
                                     const char *field, const crm_uuid_t *id);

/* "active", "suspended" or "deleted". */
const char *crm_tenant_state(const crm_tenant_t *tenant);

/* Makes a suspended tenant active. Its people are found by their login, also where it was restored
 * beside another. CONFLICT when it is deleted. IF_VERSION as in crm_tenant_change_t. */
crm_error_t *crm_tenant_resume(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                               apr_int64_t if_version);

/* Takes back a deletion; CONFLICT when TENANT is not deleted. */
crm_error_t *crm_tenant_undelete(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                                 apr_int64_t if_version);

/* Removes what crashes left half made, and carries out changes that they cut off; *RET_REMOVED (may
 * be NULL) counts removals. One tenant that cannot be mended does not keep the others from it; the
 * first such error is given at the end. */
crm_error_t *crm_tenant_recover(const crm_site_t *site, apr_pool_t *pool, int *ret_removed);

/* Removes a deleted TENANT for good: its database, and all that the main database knows of it.
 * CONFLICT when it is not deleted. */
crm_error_t *crm_tenant_purge(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant);

/* Purges one tenant whose grace (CrmTenantGrace) is over, and forgets old names whose time is;
 * *RET_NAME is the tenant's, or NULL when there was none. For a background thread, again and again.
 */
crm_error_t *crm_tenant_purge_due(const crm_site_t *site, apr_pool_t *pool, const char **ret_name);

/* Calls EACH for every tenant (also inactive ones, never half-made ones), oldest first, and stops
 * at its first error. POOL given to EACH is cleared between calls. */
typedef crm_error_t *crm_tenant_each_fn(const crm_site_t *site, apr_pool_t *pool,
                                        const crm_tenant_t *tenant, void *baton);
crm_error_t *crm_tenant_each(const crm_site_t *site, apr_pool_t *pool, crm_tenant_each_fn *each,
                             void *baton);

/* The tenant's database, to be worked with as its own user where it has one. */
crm_db_t *crm_tenant_db(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant);

/* The tenant's database at PLACE, whatever its schema's version, as the user of the server's URL:
 * for what makes, changes, saves and removes it. */
crm_db_t *crm_tenant_unversioned(const crm_site_t *site, apr_pool_t *pool, const char *place);

#endif
