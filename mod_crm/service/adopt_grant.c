/* service/adopt_grant.c - groups, permissions and who holds them are taken over.
 *
 * Groups get ids of their own, because a tenant begins with two; permissions are those that are
 * made from the descriptions of records, found by their names.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/adopt_part.h"

#define GROUPS "auth_group"
#define PERMISSIONS "auth_permission"

#define NAME_LENGTH 150

/* ---- groups */

static crm_error_t *is_taken(const crm_adopt_chunk_t *chunk, const char *key, int *ret_taken)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(chunk->db, chunk->pool, "SELECT id FROM user_group WHERE name_key = ?",
                          "i", CRM_ARGS(crm_text(key)), &rows));
    *ret_taken = rows->count > 0;
    return NULL;
}

/* NAME, or NAME with a number that makes it unique. */
static crm_error_t *free_name(crm_adopt_chunk_t *chunk, int row, const char *name,
                              const char **ret_name, const char **ret_key)
{
    int number = 1, taken, cut;
    const char *tried = name;
    for (;;) {
        *ret_key = crm_text_fold(chunk->pool, tried);
        CRM_ERR(is_taken(chunk, *ret_key, &taken));
        if (!taken) {
            break;
        }
        number++;
        tried = apr_psprintf(chunk->pool, "%s (%d)",
                             crm_adopt_fit(chunk->pool, name, NAME_LENGTH - 8, &cut), number);
    }
    if (number > 1) {
        crm_adopt_note(chunk, row, "a group of that name was there: it got a number", "name");
    }
    *ret_name = tried;
    return NULL;
}

crm_error_t *crm_adopt_group(crm_adopt_chunk_t *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        const char *name, *key, *old_id = crm_adopt_text(chunk, i, "id");
        apr_int64_t id;
        int cut;
        crm_value_t now = crm_time(apr_time_now());
        name = crm_adopt_fit(chunk->pool, crm_adopt_word(chunk, i, "name"), NAME_LENGTH, &cut);
        if (!*name || !old_id) {
            crm_adopt_left_out(chunk, i, "it has no name or no id");
            continue;
        }
        CRM_ERR(free_name(chunk, i, name, &name, &key));
        CRM_ERR(crm_db_insert(chunk->db, chunk->pool,
                              "INSERT INTO user_group (name, name_key, preset, is_default, "
                              "version, created_at, updated_at) VALUES (?, ?, '', ?, 1, ?, ?)",
                              CRM_ARGS(crm_text(name), crm_text(key), crm_bool(0), now, now), &id));
        crm_adopt_remember(chunk, old_id, id);
        crm_adopt_taken(chunk, i);
    }
    return NULL;
}

/* ---- permissions */

/* The id of the permission CODENAME (of APP_LABEL, NULL: of any) among ROWS (id, app_label,
 * codename); 0: none. */
static apr_int64_t find(const crm_rows_t *rows, const char *app_label, const char *codename)
{
    for (int i = 0; codename && i < rows->count; i++) {
        const crm_value_t *row = crm_row(rows, i);
        if (strcmp(row[2].as.text, codename) == 0 &&
            (!app_label || strcmp(row[1].as.text, app_label) == 0)) {
            return row[0].as.integer;
        }
    }
    return 0;
}

crm_error_t *crm_adopt_permission(crm_adopt_chunk_t *chunk)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(chunk->db, chunk->pool, "SELECT id, app_label, codename FROM permission",
                          "iss", CRM_NO_ARGS, &rows));
    for (int i = 0; i < chunk->count; i++) {
        const char *app_label = chunk->part->extras ? crm_adopt_extra(chunk, i, 0) : NULL;
        const char *old_id = crm_adopt_text(chunk, i, "id");
        apr_int64_t id = find(rows, app_label, crm_adopt_text(chunk, i, "codename"));
        if (id && old_id) {
            crm_adopt_remember(chunk, old_id, id);
            crm_adopt_taken(chunk, i);
        } else {
            crm_adopt_left_out(chunk, i, "it permits nothing that there is here");
        }
    }
    return NULL;
}

/* ---- links */

static const char link_group[] = "{insert ignore} INTO group_permission (group_id, permission_id) "
                                 "VALUES (?, ?)";
static const char link_account_group[] =
    "{insert ignore} INTO account_group (account_id, group_id) VALUES (?, ?)";
static const char link_account_permission[] =
    "{insert ignore} INTO account_permission (account_id, permission_id) VALUES (?, ?)";

/* Enters a link between two ids, 0 for what is not there. */
static crm_error_t *enter(crm_adopt_chunk_t *chunk, int row, const char *sql, apr_int64_t one,
                          apr_int64_t other)
{
    apr_int64_t affected;
    if (!one || !other) {
        crm_adopt_left_out(chunk, row,
                           one ? "what it gives is not there here" : "whom it is of is not there");
        return NULL;
    }
    CRM_ERR(crm_db_execute(chunk->db, chunk->pool, sql, CRM_ARGS(crm_int(one), crm_int(other)),
                           &affected));
    if (affected) {
        crm_adopt_taken(chunk, row);
    } else {
        crm_adopt_merged(chunk, row);
    }
    return NULL;
}

crm_error_t *crm_adopt_group_permission(crm_adopt_chunk_t *chunk)
{
    const crm_adopt_place_t *place = chunk->place;
    for (int i = 0; i < chunk->count; i++) {
        CRM_ERR(enter(
            chunk, i, link_group,
            crm_adopt_remembered(place, GROUPS, crm_adopt_text(chunk, i, "group_id")),
            crm_adopt_remembered(place, PERMISSIONS, crm_adopt_text(chunk, i, "permission_id"))));
    }
    return NULL;
}

/* Whose a link of an account is; 0: nobody's. */
static crm_error_t *owner(crm_adopt_chunk_t *chunk, int row, apr_int64_t *ret_id)
{
    const crm_adopt_person_t *who;
    const char *id = crm_adopt_text(chunk, row, "customuser_id");
    CRM_ERR(crm_adopt_person(chunk->place, id ? id : crm_adopt_text(chunk, row, "user_id"), &who));
    *ret_id = who ? who->id : 0;
    return NULL;
}

static crm_error_t *link_accounts(crm_adopt_chunk_t *chunk, const char *sql, const char *part,
                                  const char *column)
{
    for (int i = 0; i < chunk->count; i++) {
        apr_int64_t id;
        CRM_ERR(owner(chunk, i, &id));
        CRM_ERR(enter(chunk, i, sql, id,
                      crm_adopt_remembered(chunk->place, part, crm_adopt_text(chunk, i, column))));
    }
    return NULL;
}

crm_error_t *crm_adopt_account_group(crm_adopt_chunk_t *chunk)
{
    return link_accounts(chunk, link_account_group, GROUPS, "group_id");
}

crm_error_t *crm_adopt_account_permission(crm_adopt_chunk_t *chunk)
{
    return link_accounts(chunk, link_account_permission, PERMISSIONS, "permission_id");
}

crm_error_t *crm_adopt_default_group(crm_adopt_place_t *place)
{
    return crm_db_execute(
        place->db, place->pool,
        "INSERT INTO account_group (account_id, group_id) "
        "SELECT a.id, g.id FROM account a CROSS JOIN user_group g "
        "WHERE a.is_tenant_admin = 0 AND g.is_default = 1 "
        "AND NOT EXISTS (SELECT 1 FROM account_group ag WHERE ag.account_id = a.id) "
        "AND NOT EXISTS (SELECT 1 FROM account_permission ap WHERE ap.account_id = a.id)",
        CRM_NO_ARGS, NULL);
}
