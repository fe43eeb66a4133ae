/* service/group.c - groups of a tenant's accounts. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/account_row.h"
#include "service/group.h"
#include "service/permission.h"
#include "service/tenant_row.h"

#define NAME_LENGTH 150

static const crm_links_t granted = {
    .remove = "DELETE FROM group_permission WHERE group_id = ?",
    .insert = {.before = "INSERT INTO group_permission (group_id, permission_id) VALUES ",
               .row = "(?, ?)",
               .after = "",
               .columns = 2},
};

/* A group being created (id 0), changed or deleted. */
typedef struct work_t {
    apr_int64_t id;
    const crm_group_change_t *change;
    crm_group_t *group; /* what became of it */
} work_t;

/* ---- read */

/* One statement, so that what is granted is what the version had. */
static crm_error_t *read_group(const crm_db_t *db, apr_pool_t *pool, apr_int64_t id,
                               crm_group_t **ret_group)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT g.name, g.is_default, g.version, gp.permission_id "
                          "FROM user_group g LEFT JOIN group_permission gp ON gp.group_id = g.id "
                          "WHERE g.id = ? ORDER BY gp.permission_id",
                          "sbii", CRM_ARGS(crm_int(id)), &rows));
    if (rows->count == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    const crm_value_t *first = crm_row(rows, 0);
    apr_int64_t *ids = apr_palloc(pool, (apr_size_t)rows->count * sizeof(*ids));
    for (int i = 0; i < rows->count; i++) {
        ids[i] = crm_row(rows, i)[3].as.integer;
    }
    crm_group_t *group = apr_palloc(pool, sizeof(*group));
    *group = (crm_group_t){
        .id = id,
        .name = first[0].as.text,
        .is_default = (int)first[1].as.integer,
        .version = first[2].as.integer,
        .permissions = {.ids = ids, .count = crm_is_null(first[3]) ? 0 : rows->count},
    };
    *ret_group = group;
    return NULL;
}

crm_error_t *crm_group_get(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                           crm_group_t **ret_group)
{
    return read_group(accounts->db, pool, id, ret_group);
}

crm_error_t *crm_group_has_member(const crm_accounts_t *accounts, apr_pool_t *pool,
                                  apr_int64_t account_id, const apr_array_header_t *keys,
                                  int *ret_is)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(accounts->db, pool,
                          "SELECT g.name_key FROM account_group ag "
                          "JOIN user_group g ON g.id = ag.group_id WHERE ag.account_id = ?",
                          "s", CRM_ARGS(crm_int(account_id)), &rows));
    *ret_is = 0;
    for (int i = 0; i < rows->count; i++) {
        for (int j = 0; j < keys->nelts; j++) {
            *ret_is |= strcmp(crm_row(rows, i)[0].as.text, APR_ARRAY_IDX(keys, j, char *)) == 0;
        }
    }
    return NULL;
}

/* "SELECT ... IN (?, ...)" with as many places as a power of two: few different texts. */
static const char *permissions_sql(apr_pool_t *pool, int count, int *ret_places)
{
    int places = 1;
    const char *list = "?";
    while (places < count) {
        list = apr_pstrcat(pool, list, ", ", list, NULL);
        places *= 2;
    }
    *ret_places = places;
    return apr_pstrcat(pool,
                       "SELECT group_id, permission_id FROM group_permission WHERE group_id IN (",
                       list, ") ORDER BY group_id, permission_id", NULL);
}

/* The first of ROWS (owner, id; ordered) that is not of an owner before OWNER. */
static int first_of(const crm_rows_t *rows, apr_int64_t owner)
{
    int low = 0, high = rows->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (crm_row(rows, middle)[0].as.integer < owner) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What ROWS say of OWNER. */
static crm_id_set_t set_of(apr_pool_t *pool, const crm_rows_t *rows, apr_int64_t owner)
{
    apr_array_header_t *ids = apr_array_make(pool, 16, sizeof(apr_int64_t));
    for (int i = first_of(rows, owner); i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        if (row[0].as.integer != owner) {
            break;
        }
        APR_ARRAY_PUSH(ids, apr_int64_t) = row[1].as.integer;
    }
    return (crm_id_set_t){.ids = (const apr_int64_t *)ids->elts, .count = ids->nelts};
}

crm_error_t *crm_group_permissions(const crm_db_t *db, apr_pool_t *pool, const apr_int64_t *ids,
                                   int count, crm_id_set_t *ret_sets)
{
    if (count == 0) {
        return NULL;
    }
    int places;
    const char *sql = permissions_sql(pool, count, &places);
    crm_value_t *values = apr_palloc(pool, (apr_size_t)places * sizeof(*values));
    for (int i = 0; i < places; i++) {
        values[i] = crm_int(ids[i < count ? i : 0]);
    }
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool, sql, "ii", values, places, &rows));
    for (int i = 0; i < count; i++) {
        ret_sets[i] = set_of(pool, rows, ids[i]);
    }
    return NULL;
}

/* ---- written, in a transaction that holds the lock */

static crm_error_t *check_name(const crm_db_t *db, apr_pool_t *pool, const work_t *work,
                               const char *key, crm_error_t **invalid)
{
    const crm_rows_t *rows;
    if (crm_text_length(work->change->name) > NAME_LENGTH ||
        crm_text_length(key) > CRM_KEY_LENGTH) {
        crm_error_add(pool, invalid, "name", "Ensure this field has no more than %d characters.",
                      NAME_LENGTH);
        return NULL;
    }
    CRM_ERR(crm_db_select(db, pool, "SELECT id FROM user_group WHERE name_key = ? AND id <> ?", "i",
                          CRM_ARGS(crm_text(key), crm_int(work->id)), &rows));
    if (rows->count > 0) {
        crm_error_add(pool, invalid, "name", "group with this name already exists.");
    }
    return NULL;
}

/* All that is wrong with the change, at once. */
static crm_error_t *check(const crm_db_t *db, apr_pool_t *pool, const work_t *work, const char *key)
{
    const crm_group_change_t *change = work->change;
    crm_error_t *invalid = NULL;
    if (change->name) {
        CRM_ERR(check_name(db, pool, work, key, &invalid));
    }
    if (change->permissions) {
        CRM_ERR(crm_id_set_check(db, pool, CRM_PERMISSION_IDS, "permissions", change->permissions,
                                 &invalid));
    }
    if (change->is_default == 0 && work->group && work->group->is_default) {
        crm_error_add(pool, &invalid, "is_default", "Make another group the default one instead.");
    }
    return invalid;
}

static crm_error_t *insert_row(const crm_db_t *db, apr_pool_t *pool, work_t *work, const char *key)
{
    crm_value_t now = crm_time(apr_time_now());
    return crm_db_insert(db, pool,
                         "INSERT INTO user_group (name, name_key, preset, is_default, version, "
                         "created_at, updated_at) VALUES (?, ?, '', ?, 1, ?, ?)",
                         CRM_ARGS(crm_text(work->change->name), crm_text(key),
                                  crm_bool(work->change->is_default == 1), now, now),
                         &work->id);
}

static crm_error_t *update_row(const crm_db_t *db, apr_pool_t *pool, const work_t *work,
                               const char *key)
{
    return crm_db_execute(
        db, pool,
        "UPDATE user_group SET name = COALESCE(?, name), name_key = COALESCE(?, name_key), "
        "is_default = ?, version = version + 1, updated_at = ? WHERE id = ?",
        CRM_ARGS(crm_text(work->change->name), crm_text(key),
                 crm_bool(work->group->is_default || work->change->is_default == 1),
                 crm_time(apr_time_now()), crm_int(work->id)),
        NULL);
}

/* Takes the place of the default group from whichever has it. */
static crm_error_t *end_default(const crm_db_t *db, apr_pool_t *pool, apr_int64_t but)
{
    return crm_db_execute(db, pool,
                          "UPDATE user_group SET is_default = 0, version = version + 1, "
                          "updated_at = ? WHERE is_default = 1 AND id <> ?",
                          CRM_ARGS(crm_time(apr_time_now()), crm_int(but)), NULL);
}

static crm_error_t *write_group(const crm_db_t *db, apr_pool_t *pool, work_t *work)
{
    const crm_group_change_t *change = work->change;
    const char *key = change->name ? crm_text_fold(pool, change->name) : NULL;
    CRM_ERR(check(db, pool, work, key));
    if (change->is_default == 1) {
        CRM_ERR(end_default(db, pool, work->id));
    }
    CRM_ERR(work->group ? update_row(db, pool, work, key) : insert_row(db, pool, work, key));
    if (change->permissions) {
        CRM_ERR(crm_id_set_store(db, pool, &granted, work->id, change->permissions));
    }
    return read_group(db, pool, work->id, &work->group);
}

/* The group as it is now, of the version that was asked for. */
static crm_error_t *find(const crm_db_t *db, apr_pool_t *pool, work_t *work, apr_int64_t if_version)
{
    CRM_ERR(crm_permission_lock(db, pool));
    CRM_ERR(read_group(db, pool, work->id, &work->group));
    return if_version >= 0 && if_version != work->group->version
               ? crm_error_standard(pool, CRM_E_PRECONDITION)
               : NULL;
}

static crm_error_t *create(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    work_t *work = baton;
    work->id = 0; /* of a try before this one */
    work->group = NULL;
    CRM_ERR(crm_permission_lock(db, pool));
    return write_group(db, pool, work);
}

static crm_error_t *update(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    work_t *work = baton;
    CRM_ERR(find(db, pool, work, work->change->if_version));
    return write_group(db, pool, work);
}

static crm_error_t *remove_group(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    work_t *work = baton;
    CRM_ERR(find(db, pool, work, work->change->if_version));
    if (work->group->is_default) {
        return crm_error_field(pool, CRM_NON_FIELD,
                               "The default group cannot be deleted: make another group the "
                               "default one first.");
    }
    return crm_db_execute(db, pool, "DELETE FROM user_group WHERE id = ?",
                          CRM_ARGS(crm_int(work->id)), NULL);
}

crm_error_t *crm_group_create(const crm_accounts_t *accounts, apr_pool_t *pool,
                              const crm_group_change_t *input, crm_group_t **ret_group)
{
    work_t work = {.change = input};
    CRM_ERR(crm_db_transaction(accounts->db, pool, create, &work));
    *ret_group = work.group;
    return NULL;
}

crm_error_t *crm_group_update(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                              const crm_group_change_t *change, crm_group_t **ret_group)
{
    work_t work = {.id = id, .change = change};
    CRM_ERR(crm_account_transaction(accounts, pool, update, &work));
    *ret_group = work.group;
    return NULL;
}

crm_error_t *crm_group_delete(const crm_accounts_t *accounts, apr_pool_t *pool, apr_int64_t id,
                              apr_int64_t if_version)
{
    const crm_group_change_t change = {.if_version = if_version};
    work_t work = {.id = id, .change = &change};
    return crm_account_transaction(accounts, pool, remove_group, &work);
}
