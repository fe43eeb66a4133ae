/* service/tenant.c - tenants: found and changed. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/tenant_row.h"
#include "service/token_cache.h"

#define NAME_LENGTH 100
#define EACH_PAGE 100
/* what of a slug a lock's name holds when the whole is too long for it */
#define LOCK_SLUG 32
#define LOCK_WAIT apr_time_from_sec(10)
#define RETRY_AFTER 2 /* seconds */

#define SELECT_TENANT                                                                              \
    "SELECT " CRM_TENANT_MAIN_COLUMNS " FROM tenant t WHERE t.state <> 'creating' AND "

const crm_condition_t crm_tenants_listed = {.sql = "state <> 'creating'"};

typedef struct update_t {
    const crm_site_t *site;
    const crm_tenant_change_t *change;
    const char *name, *name_key; /* NULL: keep */
    crm_tenant_t *tenant;
} update_t;

void crm_tenant_from_row(const crm_value_t *cells, crm_tenant_t *ret_tenant)
{
    *ret_tenant = (crm_tenant_t){
        .name = cells[1].as.text,
        .slug = cells[2].as.text,
        .database_name = cells[3].as.text,
        .is_active = (int)cells[5].as.integer,
        .version = cells[6].as.integer,
        .created_at = cells[7].as.time,
        .updated_at = cells[8].as.time,
    };
    if (cells[0].kind == CRM_V_UUID) {
        ret_tenant->id = *cells[0].as.uuid;
    }
    if (cells[4].kind == CRM_V_BYTES && cells[4].size == CRM_TOKEN_KEY_SIZE) {
        memcpy(ret_tenant->token_key, cells[4].as.bytes, CRM_TOKEN_KEY_SIZE);
    }
}

void crm_tenant_from_main(const crm_value_t *cells, crm_tenant_t *ret_tenant)
{
    crm_tenant_from_row(cells, ret_tenant);
    ret_tenant->deleted_at = crm_is_null(cells[9]) ? 0 : cells[9].as.time;
    ret_tenant->server = cells[10].as.text;
}

crm_error_t *crm_tenant_check_name(apr_pool_t *pool, const char *name, const char *field,
                                   const char **ret_name, const char **ret_key)
{
    const char *trimmed = crm_text_trim(pool, name);
    if (!*trimmed) {
        return crm_error_field(pool, field, "This field may not be blank.");
    }
    const char *key = crm_text_fold(pool, trimmed);
    if (crm_text_length(trimmed) > NAME_LENGTH || crm_text_length(key) > CRM_KEY_LENGTH) {
        return crm_error_field(pool, field, "Ensure this field has no more than %d characters.",
                               NAME_LENGTH);
    }
    *ret_name = trimmed;
    *ret_key = key;
    return NULL;
}

static const char *lock_name(apr_pool_t *pool, const char *slug)
{
    if (strlen(slug) <= LOCK_SLUG) {
        return apr_pstrcat(pool, "tenant-", slug, NULL);
    }
    unsigned char hash[CRM_HASH_SIZE];
    crm_secret_sha256(slug, strlen(slug), hash);
    return apr_psprintf(pool, "tenant-%.*s-%02x%02x%02x%02x", LOCK_SLUG, slug, hash[0], hash[1],
                        hash[2], hash[3]);
}

crm_error_t *crm_tenant_locked(const crm_site_t *site, apr_pool_t *pool, const char *slug,
                               int patient, crm_db_work_fn *work, void *baton)
{
    crm_error_t *error = crm_db_with_lock(&site->main, pool, lock_name(pool, slug),
                                          patient ? LOCK_WAIT : 0, work, baton);
    if (!error || error->kind != CRM_E_LOCKED || !patient) {
        return error;
    }
    crm_error_t *busy =
        crm_error_make(pool, CRM_E_UNAVAILABLE, "The tenant is being changed by somebody else.");
    busy->retry_after = RETRY_AFTER;
    return busy;
}

static crm_tenant_t *copy_of_row(apr_pool_t *pool, const crm_value_t *cells)
{
    crm_tenant_t *tenant = apr_palloc(pool, sizeof(*tenant));
    crm_tenant_from_main(cells, tenant);
    return tenant;
}

crm_error_t *crm_tenant_find(const crm_site_t *site, apr_pool_t *pool, const char *name,
                             crm_tenant_t **ret_tenant)
{
    const char *key = crm_text_fold(pool, name);
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool, SELECT_TENANT "(t.slug = ? OR t.name_key = ?)",
                          CRM_TENANT_MAIN_TYPES, CRM_ARGS(crm_text(key), crm_text(key)), &rows));
    if (rows->count == 0) {
        CRM_ERR(crm_db_select(
            &site->main, pool,
            "SELECT " CRM_TENANT_MAIN_COLUMNS " FROM tenant_alias a JOIN tenant t "
            "ON t.id = a.tenant_id WHERE a.name_key = ? AND a.expires_at > ? "
            "AND t.state <> 'creating'",
            CRM_TENANT_MAIN_TYPES, CRM_ARGS(crm_text(key), crm_time(apr_time_now())), &rows));
    }
    if (rows->count == 0) {
        return crm_error_make(pool, CRM_E_NOT_FOUND, "Tenant \"%s\" not found or not active",
                              crm_text_cut(pool, name, 4 * NAME_LENGTH));
    }
    crm_tenant_t *tenant = copy_of_row(pool, crm_row(rows, 0));
    if (rows->count > 1 && strcmp(tenant->slug, key) != 0) {
        crm_tenant_from_main(crm_row(rows, 1), tenant);
    }
    *ret_tenant = tenant;
    return NULL;
}

crm_error_t *crm_tenant_by_id(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id,
                              crm_tenant_t **ret_tenant)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool, SELECT_TENANT "t.id = ?", CRM_TENANT_MAIN_TYPES,
                          CRM_ARGS(crm_uuid(id)), &rows));
    if (rows->count == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    *ret_tenant = copy_of_row(pool, crm_row(rows, 0));
    return NULL;
}

static const char *make_place(apr_pool_t *pool, const char *slug, const char *server)
{
    return server && *server ? apr_pstrcat(pool, slug, "@", server, NULL) : slug;
}

const char *crm_tenant_place(apr_pool_t *pool, const crm_tenant_t *tenant)
{
    return make_place(pool, tenant->slug, tenant->server);
}

crm_error_t *crm_tenant_place_by_slug(const crm_site_t *site, apr_pool_t *pool, const char *slug,
                                      const char **ret_place)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(&site->main, pool, "SELECT server FROM tenant WHERE slug = ?", "s",
                          CRM_ARGS(crm_text(slug)), &rows));
    if (rows->count == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    *ret_place = make_place(pool, slug, rows->cells[0].as.text);
    return NULL;
}

crm_error_t *crm_tenant_place_by_token_key(const crm_site_t *site, apr_pool_t *pool,
                                           const unsigned char key[CRM_TOKEN_KEY_SIZE],
                                           const char **ret_place)
{
    const char *place = crm_slug_cache_get(site->slugs, pool, key);
    if (!place) {
        const crm_rows_t *rows;
        CRM_ERR(crm_db_select(&site->main, pool,
                              "SELECT slug, server FROM tenant WHERE token_key = ? "
                              "AND state <> 'creating'",
                              "ss", CRM_ARGS(crm_bytes(key, CRM_TOKEN_KEY_SIZE)), &rows));
        if (rows->count == 0) {
            return crm_error_standard(pool, CRM_E_NOT_FOUND);
        }
        place = make_place(pool, rows->cells[0].as.text, rows->cells[1].as.text);
        crm_slug_cache_put(site->slugs, key, place);
    }
    *ret_place = place;
    return NULL;
}

crm_db_t *crm_tenant_db(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    return crm_site_tenant_db(site, pool, crm_tenant_place(pool, tenant));
}

crm_error_t *crm_tenant_settle(const crm_site_t *site, apr_pool_t *pool, const crm_uuid_t *id)
{
    crm_tenant_t *tenant;
    CRM_ERR(crm_tenant_by_id(site, pool, id, &tenant));
    apr_int64_t copied;
    CRM_ERR(crm_db_execute(
        crm_tenant_db(site, pool, tenant), pool,
        "UPDATE tenant SET name = ?, is_active = ?, version = ?, updated_at = ? WHERE id = ?",
        CRM_ARGS(crm_text(tenant->name), crm_bool(tenant->is_active), crm_int(tenant->version),
                 crm_time(tenant->updated_at), crm_uuid(id)),
        &copied));
    if (copied == 0) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                               "database %s does not hold tenant %s", tenant->database_name,
                               tenant->slug);
    }
    return crm_db_execute(&site->main, pool,
                          "UPDATE tenant SET state = 'ready' WHERE id = ? AND version = ?",
                          CRM_ARGS(crm_uuid(id), crm_int(tenant->version)), NULL);
}

/* What CHANGE makes of whether the tenant is active and deleted. */
static crm_error_t *next_state(apr_pool_t *pool, const crm_tenant_change_t *change,
                               const crm_tenant_t *now, int *ret_active, crm_value_t *ret_deleted)
{
    *ret_active = change->is_active < 0 ? now->is_active : change->is_active;
    *ret_deleted = now->deleted_at ? crm_time(now->deleted_at) : crm_null_of(CRM_V_TIME);
    if (change->end == CRM_TENANT_DELETED) {
        *ret_active = 0;
        *ret_deleted = crm_time(now->deleted_at ? now->deleted_at : apr_time_now());
    } else if (change->end == CRM_TENANT_UNDELETED) {
        *ret_active = 1;
        *ret_deleted = crm_null_of(CRM_V_TIME);
    } else if (now->deleted_at && *ret_active) {
        return crm_error_field(pool, "is_active", "The tenant is deleted: undelete it first.");
    }
    return NULL;
}

/* The name, where it changes: no old name of another tenant's; its own old one is kept. */
static crm_error_t *change_name(apr_pool_t *pool, const update_t *update, const crm_tenant_t *now)
{
    int taken;
    const char *old_key = crm_text_fold(pool, now->name);
    if (!update->name || strcmp(old_key, update->name_key) == 0) {
        return NULL;
    }
    CRM_ERR(crm_tenant_alias_taken(update->site, pool, update->name_key, &now->id, &taken));
    if (taken) {
        return crm_error_field(pool, "name", "A tenant had that name not long ago.");
    }
    return crm_tenant_alias_keep(update->site, pool, &now->id, old_key, update->name_key);
}

/* Writes the change into the main row, which is 'changing' from then on. */
static crm_error_t *change_row(const crm_db_t *db, apr_pool_t *pool, const update_t *update,
                               const crm_tenant_t *now)
{
    const crm_tenant_change_t *change = update->change;
    const char *name = update->name ? update->name : now->name;
    const char *key = update->name ? update->name_key : crm_text_fold(pool, now->name);
    apr_int64_t changed;
    int active;
    crm_value_t deleted;
    CRM_ERR(next_state(pool, change, now, &active, &deleted));
    CRM_ERR(change_name(pool, update, now));
    crm_error_t *error = crm_db_execute(
        db, pool,
        "UPDATE tenant SET name = ?, name_key = ?, is_active = ?, state = 'changing', "
        "version = version + 1, updated_at = ?, deleted_at = ? WHERE id = ? AND version = ?",
        CRM_ARGS(crm_text(name), crm_text(key), crm_bool(active),
                 crm_time(change->updated_at ? change->updated_at : apr_time_now()), deleted,
                 crm_uuid(&now->id), crm_int(now->version)),
        &changed);
    if (error && error->kind == CRM_E_DUPLICATE) {
        return crm_error_field(pool, "name", "A tenant with that name already exists.");
    }
    CRM_ERR(error);
    return changed ? NULL : crm_error_standard(pool, CRM_E_PRECONDITION);
}

static crm_error_t *update_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    update_t *update = baton;
    crm_tenant_t *now;
    CRM_ERR(crm_tenant_by_id(update->site, pool, &update->tenant->id, &now));
    if (update->change->if_version >= 0 && update->change->if_version != now->version) {
        return crm_error_standard(pool, CRM_E_PRECONDITION);
    }
    CRM_ERR(change_row(db, pool, update, now));
    CRM_ERR(crm_tenant_settle(update->site, pool, &now->id));
    CRM_ERR(crm_tenant_by_id(update->site, pool, &now->id, &now));
    *update->tenant = *now;
    return NULL;
}

crm_error_t *crm_tenant_update(const crm_site_t *site, apr_pool_t *pool, crm_tenant_t *tenant,
                               const crm_tenant_change_t *change)
{
    update_t update = {.site = site, .change = change, .tenant = tenant};
    if (change->name) {
        CRM_ERR(crm_tenant_check_name(pool, change->name, "name", &update.name, &update.name_key));
    }
    crm_token_change_begin(site->tokens, tenant->slug);
    crm_error_t *error = crm_tenant_locked(site, pool, tenant->slug, 1, update_locked, &update);
    crm_token_change_end(site->tokens, tenant->slug);
    return error;
}

/* Calls EACH for the rows of one page. */
static crm_error_t *each_row(const crm_site_t *site, apr_pool_t *pool, const crm_rows_t *rows,
                             crm_tenant_each_fn *each, void *baton)
{
    apr_pool_t *turn;
    apr_pool_create(&turn, pool);
    for (int i = 0; i < rows->count; i++) {
        crm_tenant_t tenant;
        apr_pool_clear(turn);
        crm_tenant_from_main(crm_row(rows, i), &tenant);
        CRM_ERR(each(site, turn, &tenant, baton));
    }
    apr_pool_destroy(turn);
    return NULL;
}

crm_error_t *crm_tenant_each(const crm_site_t *site, apr_pool_t *pool, crm_tenant_each_fn *each,
                             void *baton)
{
    crm_uuid_t last = {{0}};
    apr_pool_t *page;
    apr_pool_create(&page, pool);
    const crm_rows_t *rows;
    do {
        apr_pool_clear(page);
        CRM_ERR(crm_db_select(&site->main, page,
                              SELECT_TENANT
                              "t.id > ? ORDER BY t.id LIMIT " APR_STRINGIFY(EACH_PAGE),
                              CRM_TENANT_MAIN_TYPES, CRM_ARGS(crm_uuid(&last)), &rows));
        CRM_ERR(each_row(site, page, rows, each, baton));
        if (rows->count > 0) {
            last = *crm_row(rows, rows->count - 1)[0].as.uuid;
        }
    } while (rows->count == EACH_PAGE);
    apr_pool_destroy(page);
    return NULL;
}
