/* service/backup.h - a tenant into a file, and out of it again.
 *
 * A backup is an archive (service/archive.h) of all tables of the tenant's database, as they were
 * at one moment, with the tenant's row and what the main database knows of old tokens. Nothing
 * waits while it is made. Restoring makes a new database: the tenant is there when all of it is, or
 * not at all; what a killed process left is removed like any tenant half made (service/tenant.h).
 */
#ifndef CRM_SERVICE_BACKUP_H
#define CRM_SERVICE_BACKUP_H

#include "service/archive.h"
#include "service/tenant.h"

/* Writes TENANT into FD, an empty file; PROGRESS may be NULL. *RET_ROWS: of all tables. CONFLICT
 * while the tenant's database is being migrated. */
crm_error_t *crm_tenant_backup(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               int fd, crm_row_progress_t *progress, apr_uint64_t *ret_rows);

enum {
    CRM_RESTORE_NO_PASSWORDS = 1, /* accounts get none */
    CRM_RESTORE_NO_HISTORY = 2,   /* and no statistics, which are made of it */
    CRM_RESTORE_NO_PEOPLE = 4     /* no accounts; nothing names one */
};

typedef struct crm_restore_t {
    crm_archive_t *archive;
    const char
        *as; /* a new tenant of that name, with an identity of its own; NULL: the same again */
    unsigned flags;
    /* called when all is there, right before the tenant becomes visible; its error undoes all; or
     * NULL */
    crm_error_t *(*before_end)(void *baton, apr_pool_t *pool, const crm_tenant_t *tenant);
    void *baton;
} crm_restore_t;

/* Makes the tenant of an archive. The same again has its id, name, tokens and, where it is free,
 * its slug: CONFLICT while it is there, INVALID on `name` when another has its name. A new one has
 * no tokens; while the one that it is a copy of is there, too, its accounts are found only by
 * logins that name the tenant, so that nobody's login becomes ambiguous. BAD_REQUEST when the
 * archive's schema is newer than this version's. */
crm_error_t *crm_tenant_restore(const crm_site_t *site, apr_pool_t *pool,
                                const crm_restore_t *restore, crm_tenant_t **ret_tenant);

/* A copy of a tenant, made of a backup that no file keeps. */
typedef struct crm_clone_t {
    crm_restore_t restore;        /* `as` and `flags`; accounts get no passwords in any case */
    int fd;                       /* an empty file that nobody else has */
    crm_row_progress_t *progress; /* or NULL */
} crm_clone_t;

/* Makes a new tenant as a copy of TENANT at one moment, by crm_tenant_backup and
 * crm_tenant_restore.
 */
crm_error_t *crm_tenant_clone(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                              crm_clone_t *clone, crm_tenant_t **ret_tenant);

#endif
