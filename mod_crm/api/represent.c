/* api/represent.c - accounts and tenants as the API shows them. */
#include <string.h>

#include "api/represent.h"
#include "base/time.h"
#include "db/list.h"
#include "entities/entities.h"

json_t *crm_represent_tenant(apr_pool_t *pool, const crm_tenant_t *tenant)
{
    if (!tenant) {
        return json_null();
    }
    const crm_value_t row[] = {
        crm_uuid(&tenant->id),        crm_text(tenant->name),       crm_text(tenant->database_name),
        crm_time(tenant->created_at), crm_time(tenant->updated_at), crm_bool(tenant->is_active),
    };
    return crm_list_json(pool, &crm_tenant_entity, row);
}

json_t *crm_represent_tenant_state(apr_pool_t *pool, const crm_tenant_t *tenant,
                                   apr_interval_time_t grace)
{
    apr_time_t deleted = tenant->deleted_at;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?}", "id",
                     crm_uuid_text(pool, &tenant->id), "name", tenant->name, "slug", tenant->slug,
                     "database_name", tenant->database_name, "server",
                     crm_server_shown(tenant->server), "state", crm_tenant_state(tenant),
                     "created_at", crm_time_iso(pool, tenant->created_at), "updated_at",
                     crm_time_iso(pool, tenant->updated_at), "deleted_at",
                     deleted ? crm_time_iso(pool, deleted) : NULL, "purged_at",
                     deleted ? crm_time_iso(pool, deleted + grace) : NULL);
}

json_t *crm_represent_account_row(apr_pool_t *pool, const crm_value_t *row, json_t *tenant)
{
    json_t *json = json_object();
    for (const crm_field_t *field = crm_account_entity.fields; field->name; field++) {
        if (field->type == CRM_T_OBJECT) {
            json_object_set(json, field->name, tenant);
        } else if (field->column && !(field->flags & (CRM_F_WRITE_ONLY | CRM_F_SECRET))) {
            json_object_set_new(json, field->name, crm_field_json(pool, field, *row));
        }
        row += field->column != NULL;
    }
    return json;
}

json_t *crm_represent_account(apr_pool_t *pool, const crm_account_t *account,
                              const crm_tenant_t *tenant)
{
    const crm_value_t row[] = {
        crm_int(account->id),
        crm_text(account->username),
        crm_text(account->email),
        crm_text(account->first_name),
        crm_text(account->last_name),
        crm_bool(account->is_tenant_admin),
        crm_bool(account->is_superuser),
        crm_bool(account->is_active),
        crm_time(account->date_joined),
    };
    json_t *object = crm_represent_tenant(pool, tenant);
    json_t *json = crm_represent_account_row(pool, row, object);
    json_decref(object);
    return json;
}

json_t *crm_represent_message(const char *text)
{
    json_t *json = json_object();
    json_object_set_new(json, "message", json_string(text));
    return json;
}
