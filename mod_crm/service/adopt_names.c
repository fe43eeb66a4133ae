/* service/adopt_names.c - the tables of the old product that are known, apart from records. */
#include <string.h>

#include "service/adopt_part.h"

/* ---- columns */

#define TENANTS "user_tenant"
#define ACCOUNTS "user_customuser"

static const crm_adopt_column_t account_columns[] = {
    {.from = "id", .to = "id", .refers = "user_tenantuser", .refers_by = "user_id"},
    {.from = "password", .to = "password"},
    {.from = "last_login", .to = "last_login"},
    {.from = "is_superuser", .to = "is_superuser"},
    {.from = "username", .to = "username"},
    {.from = "first_name", .to = "first_name"},
    {.from = "last_name", .to = "last_name"},
    {.from = "email", .to = "email"},
    {.from = "is_staff", .unless = "0"},
    {.from = "is_active", .to = "is_active"},
    {.from = "date_joined", .to = "date_joined"},
    {.from = "tenant_id", .to = "tenant"},
    {.from = "is_tenant_admin", .to = "is_tenant_admin"},
    {.from = NULL},
};

static const crm_adopt_column_t membership_columns[] = {
    {.from = "id", .to = "id"},
    {.from = "created_at", .to = "date_joined"},
    {.from = "updated_at", .to = "updated_at"},
    {.from = "user_id", .to = "id", .refers = ACCOUNTS},
    {.from = "tenant_id", .to = "tenant"},
    {.from = NULL},
};

static const crm_adopt_column_t token_columns[] = {
    {.from = "key", .to = "token_hash"},
    {.from = "created", .to = "created_at"},
    {.from = "user_id", .to = "account_id", .refers = ACCOUNTS},
    {.from = NULL},
};

static const crm_adopt_column_t group_columns[] = {
    {.from = "id", .to = "id"}, {.from = "name", .to = "name"}, {.from = NULL}};

static const crm_adopt_column_t permission_columns[] = {
    {.from = "id", .to = "id"},
    {.from = "name", .to = "name"},
    {.from = "content_type_id", .to = "app_label"},
    {.from = "codename", .to = "codename"},
    {.from = NULL},
};

static const crm_adopt_column_t group_permission_columns[] = {
    {.from = "id", .to = "id"},
    {.from = "group_id", .to = "group_id"},
    {.from = "permission_id", .to = "permission_id"},
    {.from = NULL},
};

/* Both names of the column occur. */
static const crm_adopt_column_t account_group_columns[] = {
    {.from = "id", .to = "id"},
    {.from = "customuser_id", .to = "account_id", .refers = ACCOUNTS},
    {.from = "user_id", .to = "account_id", .refers = ACCOUNTS},
    {.from = "group_id", .to = "group_id"},
    {.from = NULL},
};

static const crm_adopt_column_t account_permission_columns[] = {
    {.from = "id", .to = "id"},
    {.from = "customuser_id", .to = "account_id", .refers = ACCOUNTS},
    {.from = "user_id", .to = "account_id", .refers = ACCOUNTS},
    {.from = "permission_id", .to = "permission_id"},
    {.from = NULL},
};

static const crm_adopt_column_t history_columns[] = {
    {.from = "id", .to = "id"},
    {.from = "user_id", .to = "user_id"},
    {.from = "tenant_id", .to = "tenant"},
    {.from = "method", .to = "method"},
    {.from = "endpoint", .to = "endpoint"},
    {.from = "request_data", .to = "request_data"},
    {.from = "response_status", .to = "response_status"},
    {.from = "response_data", .to = "response_data"},
    {.from = "ip_address", .to = "ip_address"},
    {.from = "user_agent", .to = "user_agent"},
    {.from = "execution_time", .to = "execution_time"},
    {.from = "error_message", .to = "error_message"},
    {.from = "created_at", .to = "created_at"},
    {.from = "updated_at", .to = "created_at"}, /* rows are never changed */
    {.from = NULL},
};

/* What of a History record may stand in a side file. */
static const char *const history_shown[] = {
    "id", "user_id", "tenant_id", "method", "response_status", "ip_address", "created_at", NULL};

/* Django's own bookkeeping, and what has served its time: their rows are counted and no more. */
static const char *const of_no_use[] = {
    "django_migrations",   "django_session",        "django_admin_log",
    "django_content_type", "user_passwordresetotp", NULL,
};

/* ---- the parts of a tenant, in the order of what refers to what; "main." stands before tables of
 * the main database */

const crm_adopt_part_t crm_adopt_tenant_tables[] = {
    {.name = "auth_group", .columns = group_columns, .take = crm_adopt_group},
    {.name = "auth_permission", .columns = permission_columns, .take = crm_adopt_permission},
    {.name = "auth_group_permissions",
     .columns = group_permission_columns,
     .take = crm_adopt_group_permission},
    {.name = ACCOUNTS,
     .columns = account_columns,
     .before = crm_adopt_account_before,
     .take = crm_adopt_account},
    {.name = "main." ACCOUNTS,
     .columns = account_columns,
     .before = crm_adopt_account_before,
     .take = crm_adopt_main_account},
    {.name = "user_tenantuser", .columns = membership_columns, .take = crm_adopt_membership},
    {.name = "main.user_tenantuser", .columns = membership_columns, .take = crm_adopt_membership},
    {.name = "user_customuser_groups",
     .columns = account_group_columns,
     .take = crm_adopt_account_group},
    {.name = "auth_user_groups", .columns = account_group_columns, .take = crm_adopt_account_group},
    {.name = "user_customuser_user_permissions",
     .columns = account_permission_columns,
     .take = crm_adopt_account_permission},
    {.name = "auth_user_user_permissions",
     .columns = account_permission_columns,
     .take = crm_adopt_account_permission},
    {.name = "authtoken_token",
     .columns = token_columns,
     .before = crm_adopt_token_before,
     .take = crm_adopt_token},
    {.name = "main.authtoken_token",
     .columns = token_columns,
     .before = crm_adopt_token_before,
     .take = crm_adopt_token},
    {.name = NULL},
};

const crm_adopt_part_t crm_adopt_main_tables[] = {
    {.name = ACCOUNTS,
     .columns = account_columns,
     .before = crm_adopt_account_before,
     .take = crm_adopt_platform_account},
    {.name = "user_tenantuser", .columns = membership_columns, .take = crm_adopt_membership},
    {.name = "authtoken_token",
     .columns = token_columns,
     .before = crm_adopt_token_before,
     .take = crm_adopt_token},
    {.name = NULL},
};

/* After all else: records of History name who called. */
const crm_adopt_part_t crm_adopt_history_table = {
    .name = "user_history",
    .is_secret = 1,
    .shown = history_shown,
    .columns = history_columns,
    .take = crm_adopt_history,
};

/* Change logs of records. */
const crm_adopt_column_t crm_adopt_change_columns[] = {
    {.from = "id", .to = "id"},
    {.from = "tenant_id", .to = "tenant"},
    {.from = "changed_by_id", .to = "changed_by", .refers = ACCOUNTS},
    {.from = "action", .to = "action"},
    {.from = "field_name", .to = "field_name"},
    {.from = "old_value", .to = "old_value"},
    {.from = "new_value", .to = "new_value"},
    {.from = "changes", .to = "changes"},
    {.from = "notes", .to = "notes"},
    {.from = "created_at", .to = "created_at"},
    {.from = "updated_at", .to = "created_at"}, /* rows are never changed */
    {.from = NULL},
};

static int is_changes_of(const crm_adopt_record_t *record, const char *table)
{
    return record->changes && strcmp(record->changes, table) == 0;
}

static int is_among(const crm_adopt_part_t *parts, const char *table)
{
    for (; parts->name; parts++) {
        if (strcmp(parts->name, table) == 0) {
            return 1;
        }
    }
    return 0;
}

crm_adopt_use_e crm_adopt_use(const crm_adopting_t *run, const char *table)
{
    for (const char *const *at = of_no_use; *at; at++) {
        if (strcmp(*at, table) == 0) {
            return CRM_ADOPT_NO_USE;
        }
    }
    for (const crm_adopt_record_t *record = run->options->records; record->table; record++) {
        if (strcmp(record->table, table) == 0 || is_changes_of(record, table)) {
            return CRM_ADOPT_OF_TENANTS;
        }
    }
    if (strcmp(table, "user_history") == 0 || strcmp(table, TENANTS) == 0) {
        return CRM_ADOPT_OF_BOTH;
    }
    if (is_among(crm_adopt_tenant_tables, table)) {
        return is_among(crm_adopt_main_tables, table) ? CRM_ADOPT_OF_BOTH : CRM_ADOPT_OF_TENANTS;
    }
    return CRM_ADOPT_UNKNOWN;
}

const crm_adopt_column_t *crm_adopt_columns(const crm_adopting_t *run, const char *table)
{
    for (const crm_adopt_record_t *record = run->options->records; record->table; record++) {
        if (strcmp(record->table, table) == 0) {
            return record->columns;
        }
        if (is_changes_of(record, table)) {
            return crm_adopt_change_columns;
        }
    }
    for (const crm_adopt_part_t *part = crm_adopt_tenant_tables; part->name; part++) {
        if (strcmp(part->name, table) == 0) {
            return part->columns;
        }
    }
    return strcmp(table, crm_adopt_history_table.name) == 0 ? history_columns : NULL;
}
