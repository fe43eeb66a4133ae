/* service/restore.c - a tenant out of a file. */
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/time.h"
#include "service/account.h"
#include "service/backup.h"
#include "service/directory.h"
#include "service/table_load.h"
#include "service/tenant_row.h"

typedef struct restoring_t {
    const crm_restore_t *restore;
    const crm_site_t *site;
    crm_tenant_t like; /* the tenant as it was */
    int version;       /* of the archive's schema */
    int is_beside;     /* the tenant that this is a copy of is there, too */
} restoring_t;

/* A table being filled. */
typedef struct loading_t {
    const restoring_t *restoring;
    const crm_table_t *table, *source;
    int *cell_of; /* for each column, the archive's */
    crm_value_t *row;
    crm_table_load_t *load;
} loading_t;

static crm_error_t *unfit(apr_pool_t *pool, const char *why)
{
    return crm_error_make(pool, CRM_E_BAD_REQUEST, "The backup cannot be restored: %s", why);
}

/* ---- what is left out ---- */

static int is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

/* 1 when rows of the table named NAME stay in the archive. */
static int is_skipped(const restoring_t *restoring, const char *name)
{
    /* tokens name the tenant that they are of, and so do the keys of answers */
    static const char *const identity[] = {"token", "idempotency_key", NULL};
    static const char *const history[] = {"history", "history_rollup", "history_bucket",
                                          "history_active", NULL};
    static const char *const people[] = {"account", "account_group", "account_permission", NULL};
    const crm_restore_t *restore = restoring->restore;
    return strcmp(name, "legacy_token") == 0 || (restore->as && is_one_of(name, identity)) ||
           ((restore->flags & CRM_RESTORE_NO_HISTORY) && is_one_of(name, history)) ||
           ((restore->flags & CRM_RESTORE_NO_PEOPLE) && is_one_of(name, people));
}

/* What is put in the place of VALUE. */
static crm_value_t changed(const loading_t *loading, int column, crm_value_t value)
{
    static const char *const people[] = {"created_by", "changed_by", "changed_by_username",
                                         "changed_by_email", NULL};
    unsigned flags = loading->restoring->restore->flags;
    const char *name = loading->table->columns[column].name;
    if ((flags & CRM_RESTORE_NO_PASSWORDS) && strcmp(name, "password") == 0 &&
        strcmp(loading->table->name, "account") == 0) {
        return crm_text("!"); /* no password has that hash */
    }
    if ((flags & CRM_RESTORE_NO_PEOPLE) && is_one_of(name, people)) {
        return crm_null_of(loading->table->columns[column].type == 'i' ? CRM_V_INTEGER
                                                                       : CRM_V_TEXT);
    }
    return value;
}

/* ---- rows ---- */

static crm_error_t *take_row(apr_pool_t *pool, const crm_value_t *row, void *baton)
{
    loading_t *loading = baton;
    (void)pool;
    for (int i = 0; i < loading->table->ncolumns; i++) {
        loading->row[i] = changed(loading, i, row[loading->cell_of[i]]);
    }
    return crm_table_load_row(loading->load, loading->row);
}

/* Finds for each column of the table its place in the archive's rows. */
static crm_error_t *match_columns(loading_t *loading, apr_pool_t *pool)
{
    const crm_table_t *table = loading->table, *source = loading->source;
    loading->cell_of = apr_palloc(pool, sizeof(int) * (apr_size_t)table->ncolumns);
    int fits = table->ncolumns == source->ncolumns;
    for (int i = 0; fits && i < table->ncolumns; i++) {
        loading->cell_of[i] = crm_table_column(source, table->columns[i].name);
        fits = loading->cell_of[i] >= 0;
    }
    return fits ? NULL
                : unfit(pool, apr_psprintf(pool, "table %s has other columns here.", table->name));
}

static crm_error_t *load_table(const restoring_t *restoring, const crm_db_t *db, apr_pool_t *pool,
                               const crm_table_t *table, const crm_table_t *source)
{
    loading_t loading = {.restoring = restoring, .table = table, .source = source};
    CRM_ERR(match_columns(&loading, pool));
    loading.row = apr_palloc(pool, sizeof(*loading.row) * (apr_size_t)table->ncolumns);
    CRM_ERR(crm_table_load_begin(db, pool, table, &loading.load));
    CRM_ERR(crm_archive_rows(restoring->restore->archive, source, take_row, &loading));
    return crm_table_load_end(loading.load);
}

/* Every table becomes what the archive has, also those that migrations put rows into. */
static crm_error_t *load_tables(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const restoring_t *restoring = baton;
    const apr_array_header_t *sources = crm_archive_tables(restoring->restore->archive);
    apr_array_header_t *tables;
    CRM_ERR(crm_tables_read(db, pool, &tables));
    for (int i = 0; i < tables->nelts; i++) {
        const crm_table_t *table = APR_ARRAY_IDX(tables, i, const crm_table_t *);
        if (strcmp(table->name, "schema_migration") != 0) {
            CRM_ERR(crm_table_clear(db, pool, table));
        }
    }
    for (int i = 0; i < sources->nelts; i++) {
        const crm_table_t *source = APR_ARRAY_IDX(sources, i, const crm_table_t *);
        const crm_table_t *table = crm_table_find(tables, source->name);
        if (is_skipped(restoring, source->name)) {
            continue;
        }
        if (!table) {
            return unfit(pool, apr_psprintf(pool, "there is no table %s here.", source->name));
        }
        CRM_ERR(load_table(restoring, db, pool, table, source));
    }
    return NULL;
}

static crm_error_t *load(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                         const crm_db_t *db, void *baton)
{
    (void)site;
    (void)tenant;
    return crm_db_load(db, pool, load_tables, baton);
}

/* ---- the main database's part ---- */

static crm_error_t *enter_legacy_token(apr_pool_t *pool, const crm_value_t *row, void *baton)
{
    const restoring_t *restoring = baton;
    return crm_db_execute(&restoring->site->main, pool,
                          "{insert ignore} INTO legacy_token (token_hash, tenant_id) VALUES (?, ?)",
                          CRM_ARGS(row[0], crm_uuid(&restoring->like.id)), NULL);
}

static crm_error_t *fill(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                         const crm_db_t *db, void *baton)
{
    const restoring_t *restoring = baton;
    const crm_restore_t *restore = restoring->restore;
    crm_accounts_t accounts = {.site = site, .tenant = tenant, .db = db};
    const crm_table_t *legacy =
        crm_table_find(crm_archive_tables(restore->archive), "legacy_token");
    if (restore->before_end) {
        CRM_ERR(restore->before_end(restore->baton, pool, tenant));
    }
    if (!restoring->is_beside || (restore->flags & CRM_RESTORE_NO_PASSWORDS)) {
        CRM_ERR(crm_directory_enter_all(&accounts, pool));
    }
    return legacy && !restore->as
               ? crm_archive_rows(restore->archive, legacy, enter_legacy_token, baton)
               : NULL;
}

/* ---- the archive's tenant ---- */

static crm_error_t *read_tenant(restoring_t *restoring, apr_pool_t *pool)
{
    const json_t *manifest = crm_archive_manifest(restoring->restore->archive);
    const json_t *row = json_object_get(manifest, "tenant");
    crm_tenant_t *like = &restoring->like;
    const char *id = json_string_value(json_object_get(row, "id"));
    const char *key = json_string_value(json_object_get(row, "token_key"));
    const char *created = json_string_value(json_object_get(row, "created_at"));
    apr_size_t size = 0;
    const char *bytes = key ? apr_punescape_hex(pool, key, 0, &size) : NULL;
    like->name = json_string_value(json_object_get(row, "name"));
    like->slug = json_string_value(json_object_get(row, "slug"));
    like->is_active = json_is_true(json_object_get(row, "is_active"));
    like->version = json_integer_value(json_object_get(row, "version"));
    restoring->version = (int)json_integer_value(json_object_get(manifest, "schema_version"));
    if (!id || !crm_uuid_parse(id, &like->id) || !bytes || size != CRM_TOKEN_KEY_SIZE || !created ||
        !crm_time_parse_iso(created, &like->created_at) || !like->name || !like->slug ||
        !*like->slug || restoring->version < 1) {
        return unfit(pool, "its manifest does not say whose it is.");
    }
    memcpy(like->token_key, bytes, CRM_TOKEN_KEY_SIZE);
    int newest = crm_migrations_newest(restoring->site->tenant_migrations);
    if (restoring->version > newest) {
        return unfit(pool, apr_psprintf(pool,
                                        "its schema is version %d, and this mod_crm knows %d: "
                                        "install a newer one.",
                                        restoring->version, newest));
    }
    return NULL;
}

crm_error_t *crm_tenant_restore(const crm_site_t *site, apr_pool_t *pool,
                                const crm_restore_t *restore, crm_tenant_t **ret_tenant)
{
    restoring_t restoring = {.restore = restore, .site = site};
    crm_tenant_t *living;
    CRM_ERR(read_tenant(&restoring, pool));
    crm_error_t *error = crm_tenant_by_id(site, pool, &restoring.like.id, &living);
    if (error && error->kind != CRM_E_NOT_FOUND) {
        return error;
    }
    restoring.is_beside = !error;
    if (restoring.is_beside && !restore->as) {
        return crm_error_make(
            pool, CRM_E_CONFLICT,
            "Tenant \"%s\" is there: restore beside it with --as NAME, or purge it "
            "first.",
            living->name);
    }
    crm_tenant_plan_t plan = {
        .name = restore->as ? restore->as : restoring.like.name,
        .name_field = "name",
        .like = restore->as ? NULL : &restoring.like,
        .schema_version = restoring.version,
        .load = load,
        .fill = fill,
        .baton = &restoring,
    };
    return crm_tenant_make(site, pool, &plan, ret_tenant);
}

crm_error_t *crm_tenant_clone(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                              crm_clone_t *clone, crm_tenant_t **ret_tenant)
{
    crm_restore_t *restore = &clone->restore;
    apr_uint64_t rows;
    restore->flags |= CRM_RESTORE_NO_PASSWORDS;
    if (restore->flags & CRM_RESTORE_NO_PEOPLE) {
        restore->flags |= CRM_RESTORE_NO_HISTORY;
    }
    CRM_ERR(crm_tenant_backup(site, pool, tenant, clone->fd, clone->progress, &rows));
    CRM_ERR(crm_archive_open(pool, clone->fd, "The copy", clone->progress, &restore->archive));
    return crm_tenant_restore(site, pool, restore, ret_tenant);
}
