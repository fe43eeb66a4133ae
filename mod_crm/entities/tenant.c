/* entities/tenant.c - a tenant as the API shows it. */
#include <stddef.h>

#include "entities/entities.h"

static const crm_field_t fields[] = {
    {
        .name = "id",
        .column = "id",
        .type = CRM_T_UUID,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "Identifies the tenant.",
    },
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE |
                 CRM_F_UNIQUE | CRM_F_FOLDED,
        .min_length = 1,
        .max_length = 100,
        .help = "The company's name, unique without regard to case and accents.",
        .example = "Acme Corp",
    },
    {
        .name = "database_name",
        .column = "database_name",
        .type = CRM_T_TEXT,
        .flags =
            CRM_F_READ_ONLY | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_FOLDED,
        .max_length = 80,
        .help = "The database that holds the tenant's records.",
        .example = "crm_tenant_acme_corp",
    },
    {
        .name = "created_at",
        .column = "created_at",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "When the tenant was made.",
    },
    {
        .name = "updated_at",
        .column = "updated_at",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "When the tenant was last changed.",
    },
    {
        .name = "is_active",
        .column = "is_active",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "Whether the tenant's accounts can be used.",
    },
    {.name = NULL},
};

const crm_entity_t crm_tenant_entity = {
    .name = "tenant",
    .plural = "tenants",
    .label = "Tenant",
    .table = "tenant",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .help = "A company with a database of its own.",
};
