/* service/permission.c - permissions: made from the descriptions of records, read, looked up. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "service/bulk_insert.h"
#include "service/permission.h"

/* Cells of a row to be inserted. */
#define COLUMNS 4

static const crm_bulk_insert_t insertion = {
    .before = "INSERT INTO permission (app_label, codename, model, name) VALUES ",
    .row = "(?, ?, ?, ?)",
    .after = "",
    .columns = COLUMNS,
};

/* The groups that get permissions which are added. */
#define GETS_ALL "(preset = 'users' AND is_default = 1)"
#define GETS_VIEW "preset = 'read_only'"

/* ---- synchronised */

/* 1 when APP_LABEL and CODENAME name the permission for ACTION on ENTITY. */
static int is_named(const crm_entity_t *entity, crm_action_e action, const char *app_label,
                    const char *codename)
{
    const char *name = crm_action_name(action);
    apr_size_t length = strlen(name);
    return strcmp(entity->app_label, app_label) == 0 && strncmp(codename, name, length) == 0 &&
           codename[length] == '_' && strcmp(codename + length + 1, entity->model) == 0;
}

static int is_there(const crm_rows_t *rows, const crm_entity_t *entity, crm_action_e action)
{
    for (int i = 0; i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        if (is_named(entity, action, row[1].as.text, row[2].as.text)) {
            return 1;
        }
    }
    return 0;
}

/* "Can add call summary", as Django names it. */
static const char *text_of(apr_pool_t *pool, const crm_entity_t *entity, crm_action_e action)
{
    char *label = apr_pstrdup(pool, entity->label);
    *label = (char)apr_tolower(*label);
    return apr_pstrcat(pool, "Can ", crm_action_name(action), " ", label, NULL);
}

/* The permissions that ROWS (id, app_label, codename) lack, COLUMNS values each. */
static apr_array_header_t *missing(const crm_site_t *site, apr_pool_t *pool, const crm_rows_t *rows)
{
    apr_array_header_t *values = apr_array_make(pool, 16, sizeof(crm_value_t));
    for (const crm_entity_t *const *at = site->entities; *at; at++) {
        const crm_entity_t *entity = *at;
        for (crm_action_e action = 0; action < CRM_ACTION_COUNT; action++) {
            if (is_there(rows, entity, action)) {
                continue;
            }
            APR_ARRAY_PUSH(values, crm_value_t) = crm_text(entity->app_label);
            APR_ARRAY_PUSH(values, crm_value_t) =
                crm_text(apr_pstrcat(pool, crm_action_name(action), "_", entity->model, NULL));
            APR_ARRAY_PUSH(values, crm_value_t) = crm_text(entity->model);
            APR_ARRAY_PUSH(values, crm_value_t) = crm_text(text_of(pool, entity, action));
        }
    }
    return values;
}

static crm_error_t *grant_added(const crm_db_t *db, apr_pool_t *pool, apr_int64_t last_before)
{
    CRM_ERR(crm_db_execute(db, pool,
                           "INSERT INTO group_permission (group_id, permission_id) "
                           "SELECT g.id, p.id FROM user_group g CROSS JOIN permission p "
                           "WHERE p.id > ? AND (" GETS_ALL " OR (" GETS_VIEW
                           " AND p.codename LIKE ? ESCAPE '|'))",
                           CRM_ARGS(crm_int(last_before), crm_text("view|_%")), NULL));
    return crm_db_execute(db, pool,
                          "UPDATE user_group SET version = version + 1, updated_at = ? "
                          "WHERE " GETS_ALL " OR " GETS_VIEW,
                          CRM_ARGS(crm_time(apr_time_now())), NULL);
}

static crm_error_t *find_missing(const crm_site_t *site, apr_pool_t *pool, const crm_db_t *db,
                                 const crm_rows_t **ret_rows, apr_array_header_t **ret_values)
{
    CRM_ERR(crm_db_select(db, pool, "SELECT id, app_label, codename FROM permission ORDER BY id",
                          "iss", CRM_NO_ARGS, ret_rows));
    *ret_values = missing(site, pool, *ret_rows);
    return NULL;
}

static crm_error_t *add_missing(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    const crm_site_t *site = baton;
    const crm_rows_t *rows;
    apr_array_header_t *values;
    CRM_ERR(crm_permission_lock(db, pool));
    CRM_ERR(find_missing(site, pool, db, &rows, &values));
    if (values->nelts == 0) {
        return NULL;
    }
    CRM_ERR(crm_bulk_insert(db, pool, &insertion, (const crm_value_t *)values->elts,
                            values->nelts / COLUMNS));
    return grant_added(db, pool, rows->count ? crm_row(rows, rows->count - 1)[0].as.integer : 0);
}

crm_error_t *crm_permission_sync(const crm_site_t *site, apr_pool_t *pool, const crm_db_t *db)
{
    const crm_rows_t *rows;
    apr_array_header_t *values;
    /* none is ever removed: where all are there, nobody has to wait */
    CRM_ERR(find_missing(site, pool, db, &rows, &values));
    return values->nelts ? crm_db_transaction(db, pool, add_missing, (void *)site) : NULL;
}

crm_error_t *crm_permission_lock(const crm_db_t *db, apr_pool_t *pool)
{
    const crm_rows_t *rows;
    return crm_db_select(db, pool, "SELECT version FROM tenant {for update}", "i", CRM_NO_ARGS,
                         &rows);
}

/* ---- held by an account */

/* The place of ENTITY in site->entities; -1: it is no record. */
static int place_of(const crm_site_t *site, const crm_entity_t *entity)
{
    for (int i = 0; site->entities[i]; i++) {
        if (site->entities[i] == entity) {
            return i;
        }
    }
    return -1;
}

const crm_entity_t *crm_permission_parse(const crm_entity_t *const *entities, const char *name,
                                         crm_action_e *ret_action)
{
    const char *dot = strchr(name, '.');
    for (int i = 0; dot && entities[i]; i++) {
        const char *app_label = entities[i]->app_label;
        if (strlen(app_label) != (apr_size_t)(dot - name) ||
            strncmp(app_label, name, (apr_size_t)(dot - name)) != 0) {
            continue;
        }
        for (crm_action_e action = 0; action < CRM_ACTION_COUNT; action++) {
            if (is_named(entities[i], action, app_label, dot + 1)) {
                *ret_action = action;
                return entities[i];
            }
        }
    }
    return NULL;
}

static void add(const crm_site_t *site, crm_grants_t *grants, const char *app_label,
                const char *codename)
{
    for (int i = 0; site->entities[i]; i++) {
        for (crm_action_e action = 0; action < CRM_ACTION_COUNT; action++) {
            if (is_named(site->entities[i], action, app_label, codename)) {
                grants->actions[i] |= (unsigned char)(1u << action);
                return;
            }
        }
    }
}

crm_error_t *crm_permission_select(const crm_db_t *db, apr_pool_t *pool, apr_int64_t account_id,
                                   const crm_rows_t **ret_rows)
{
    crm_value_t id = crm_int(account_id);
    return crm_db_select(db, pool,
                         "SELECT p.app_label, p.codename FROM account_permission ap "
                         "JOIN permission p ON p.id = ap.permission_id WHERE ap.account_id = ? "
                         "UNION ALL "
                         "SELECT p.app_label, p.codename FROM account_group ag "
                         "JOIN group_permission gp ON gp.group_id = ag.group_id "
                         "JOIN permission p ON p.id = gp.permission_id WHERE ag.account_id = ?",
                         "ss", CRM_ARGS(id, id), ret_rows);
}

crm_error_t *crm_permission_load(const crm_site_t *site, apr_pool_t *pool, crm_actor_t *actor)
{
    crm_grants_t grants = {.known = 1};
    if (actor->grants.known) {
        return NULL;
    }
    if (actor->tenant && !actor->account.is_tenant_admin) {
        const crm_rows_t *rows;
        CRM_ERR(crm_permission_select(crm_tenant_db(site, pool, actor->tenant), pool,
                                      actor->account.id, &rows));
        for (int i = 0; i < rows->count; i++) {
            add(site, &grants, crm_row(rows, i)[0].as.text, crm_row(rows, i)[1].as.text);
        }
    }
    actor->grants = grants;
    return NULL;
}

int crm_permission_held(const crm_site_t *site, const crm_actor_t *actor,
                        const crm_entity_t *entity, crm_action_e action)
{
    int place = place_of(site, entity);
    return place >= 0 && (actor->grants.actions[place] & 1u << action);
}
