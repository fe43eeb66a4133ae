/* service/grant.c - what one account of a tenant is granted. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/account_row.h"
#include "service/grant.h"
#include "service/group.h"
#include "service/permission.h"

#define MAX_QUOTED 256

#define DIRECT                                                                                     \
    "SELECT permission_id FROM account_permission WHERE account_id = ? ORDER BY permission_id"

static const crm_links_t memberships = {
    .remove = "DELETE FROM account_group WHERE account_id = ?",
    .insert = {.before = "INSERT INTO account_group (account_id, group_id) VALUES ",
               .row = "(?, ?)",
               .after = "",
               .columns = 2},
};

static const crm_links_t held = {
    .remove = "DELETE FROM account_permission WHERE account_id = ?",
    .insert = {.before = "INSERT INTO account_permission (account_id, permission_id) VALUES ",
               .row = "(?, ?)",
               .after = "",
               .columns = 2},
};

/* ---- read */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names in ROWS (app_label, codename), in order, each once. */
static apr_array_header_t *names_of(apr_pool_t *pool, const crm_rows_t *rows)
{
    apr_array_header_t *names = apr_array_make(pool, rows->count + 1, sizeof(const char *));
    const char **all = apr_palloc(pool, ((apr_size_t)rows->count + 1) * sizeof(*all));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        all[i] = apr_pstrcat(pool, row[0].as.text, ".", row[1].as.text, NULL);
    }
    qsort(all, (size_t)rows->count, sizeof(*all), compare_names);
    for (int i = 0; i < rows->count; i++) {
        if (i == 0 || strcmp(all[i], all[i - 1]) != 0) {
            APR_ARRAY_PUSH(names, const char *) = all[i];
        }
    }
    return names;
}

static crm_error_t *read_names(const crm_db_t *db, apr_pool_t *pool, const crm_account_t *account,
                               apr_array_header_t **ret_names)
{
    const crm_rows_t *rows;
    if (account->is_tenant_admin) {
        CRM_ERR(crm_db_select(db, pool, "SELECT app_label, codename FROM permission", "ss",
                              CRM_NO_ARGS, &rows));
    } else {
        CRM_ERR(crm_permission_select(db, pool, account->id, &rows));
    }
    *ret_names = names_of(pool, rows);
    return NULL;
}

static crm_error_t *read_grant(const crm_db_t *db, apr_pool_t *pool, const crm_account_t *account,
                               crm_grant_t *ret_grant)
{
    CRM_ERR(crm_id_set_read(
        db, pool, "SELECT group_id FROM account_group WHERE account_id = ? ORDER BY group_id",
        account->id, &ret_grant->groups));
    CRM_ERR(crm_id_set_read(db, pool, DIRECT, account->id, &ret_grant->permissions));
    return read_names(db, pool, account, &ret_grant->names);
}

crm_error_t *crm_grant_get(const crm_accounts_t *accounts, apr_pool_t *pool,
                           const crm_account_t *account, crm_grant_t *ret_grant)
{
    return read_grant(accounts->db, pool, account, ret_grant);
}

/* ---- set */

typedef struct setting_t {
    const crm_account_t *account;
    const crm_grant_change_t *change;
    crm_grant_t *grant;
} setting_t;

static crm_error_t *set(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const setting_t *setting = baton;
    const crm_grant_change_t *change = setting->change;
    crm_error_t *invalid = NULL;
    CRM_ERR(crm_permission_lock(db, pool));
    if (change->groups) {
        CRM_ERR(crm_id_set_check(db, pool, CRM_GROUP_IDS, "group_ids", change->groups, &invalid));
    }
    if (change->permissions) {
        CRM_ERR(crm_id_set_check(db, pool, CRM_PERMISSION_IDS, "permission_ids",
                                 change->permissions, &invalid));
    }
    CRM_ERR(invalid);
    if (change->groups) {
        CRM_ERR(crm_id_set_store(db, pool, &memberships, setting->account->id, change->groups));
    }
    if (change->permissions) {
        CRM_ERR(crm_id_set_store(db, pool, &held, setting->account->id, change->permissions));
    }
    return read_grant(db, pool, setting->account, setting->grant);
}

crm_error_t *crm_grant_set(const crm_accounts_t *accounts, apr_pool_t *pool,
                           const crm_account_t *account, const crm_grant_change_t *change,
                           crm_grant_t *ret_grant)
{
    setting_t setting = {.account = account, .change = change, .grant = ret_grant};
    return crm_account_transaction(accounts, pool, set, &setting);
}

/* ---- explained */

static crm_error_t *find_permission(const crm_db_t *db, apr_pool_t *pool, const char *name,
                                    apr_int64_t *ret_id)
{
    const char *point = strchr(name, '.');
    const crm_rows_t *rows = NULL;
    if (point) {
        CRM_ERR(crm_db_select(
            db, pool, "SELECT id FROM permission WHERE app_label = ? AND codename = ?", "i",
            CRM_ARGS(crm_text(apr_pstrmemdup(pool, name, (apr_size_t)(point - name))),
                     crm_text(point + 1)),
            &rows));
    }
    if (!rows || rows->count == 0) {
        return crm_error_field(pool, "permission", "\"%s\" is not a valid choice.",
                               crm_text_cut(pool, name, MAX_QUOTED));
    }
    *ret_id = crm_row(rows, 0)[0].as.integer;
    return NULL;
}

/* The groups that grant PERMISSION; whether the account with ID is in one of them. */
static crm_error_t *find_groups(const crm_db_t *db, apr_pool_t *pool, apr_int64_t permission,
                                apr_int64_t id, crm_explanation_t *explanation)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(db, pool,
                          "SELECT g.id, g.name, (SELECT COUNT(*) FROM account_group ag "
                          "WHERE ag.group_id = g.id AND ag.account_id = ?) "
                          "FROM group_permission gp JOIN user_group g ON g.id = gp.group_id "
                          "WHERE gp.permission_id = ? ORDER BY g.name_key",
                          "isi", CRM_ARGS(crm_int(id), crm_int(permission)), &rows));
    explanation->groups = apr_array_make(pool, rows->count + 1, sizeof(crm_granting_t));
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        APR_ARRAY_PUSH(explanation->groups, crm_granting_t) = (crm_granting_t){
            .id = row[0].as.integer,
            .name = row[1].as.text,
            .is_member = row[2].as.integer > 0,
        };
        explanation->is_allowed |= row[2].as.integer > 0;
    }
    return NULL;
}

crm_error_t *crm_grant_explain(const crm_accounts_t *accounts, apr_pool_t *pool,
                               const crm_account_t *account, const char *permission,
                               crm_explanation_t *ret_explanation)
{
    crm_explanation_t explanation = {.is_admin = account->is_tenant_admin,
                                     .is_disabled = !account->is_active,
                                     .is_allowed = account->is_tenant_admin};
    apr_int64_t id;
    crm_id_set_t direct;
    CRM_ERR(find_permission(accounts->db, pool, permission, &id));
    CRM_ERR(find_groups(accounts->db, pool, id, account->id, &explanation));
    CRM_ERR(crm_id_set_read(accounts->db, pool, DIRECT, account->id, &direct));
    explanation.is_direct = crm_id_set_has(&direct, id);
    explanation.is_allowed =
        (explanation.is_allowed || explanation.is_direct) && !explanation.is_disabled;
    *ret_explanation = explanation;
    return NULL;
}
