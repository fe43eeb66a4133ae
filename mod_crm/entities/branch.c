/* entities/branch.c - a branch of the tenant's company. */
#include <stddef.h>

#include "entities/record_fields.h"
#include "entities/registry.h"

static const crm_field_t fields[] = {
    CRM_FIELD_ID,
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_FOUND,
        .max_length = 255,
        .help = "The branch's name.",
        .example = "Berlin Mitte",
        .aliases = CRM_ALIASES_NAME,
    },
    {
        .name = "code",
        .column = "code",
        .type = CRM_T_TEXT,
        .flags = CRM_OPTIONAL | CRM_FOUND | CRM_F_UNIQUE,
        .max_length = 50,
        .help = "A short name, unique in the tenant.",
        .example = "BER-1",
    },
    CRM_FIELD_ADDRESS,
    CRM_FIELD_CITY,
    CRM_FIELD_STATE,
    CRM_FIELD_COUNTRY,
    CRM_FIELD_ZIP_CODE,
    {
        .name = "phone",
        .column = "phone",
        .type = CRM_T_PHONE,
        .flags = CRM_OPTIONAL,
        .max_length = 50,
        .help = "The telephone number.",
        .aliases = CRM_ALIASES_PHONE,
    },
    {
        .name = "email",
        .column = "email",
        .type = CRM_T_EMAIL,
        .flags = CRM_OPTIONAL,
        .label = "E-mail",
        .help = "The e-mail address.",
        .aliases = CRM_ALIASES_EMAIL,
    },
    {
        .name = "manager_name",
        .column = "manager_name",
        .type = CRM_T_TEXT,
        .flags = CRM_OPTIONAL | CRM_FOUND_UNSORTED,
        .max_length = 255,
        .label = "Manager",
        .help = "Who leads the branch.",
        .example = "Grace Hopper",
    },
    {
        .name = "manager_email",
        .column = "manager_email",
        .type = CRM_T_EMAIL,
        .flags = CRM_OPTIONAL | CRM_FOUND_UNSORTED,
        .label = "Manager's e-mail",
        .help = "The manager's e-mail address.",
    },
    {
        .name = "manager_phone",
        .column = "manager_phone",
        .type = CRM_T_PHONE,
        .flags = CRM_OPTIONAL,
        .max_length = 50,
        .label = "Manager's phone",
        .help = "The manager's telephone number.",
    },
    CRM_FIELD_IS_ACTIVE,
    CRM_FIELD_NOTES,
    CRM_FIELD_CREATED_BY,
    CRM_FIELD_TIMES,
    {.name = NULL},
};

static const crm_import_t import = {
    .needs = "name",
    .needs_message = "name is required",
    .key = "code",
};

const crm_entity_t crm_branch_entity = {
    .name = "branch",
    .plural = "branches",
    .label = "Branch",
    .table = "branch",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .path = "branches",
    .app_label = "branch",
    .model = "branch",
    .search_table = "branch_search",
    .help = "Branches of the tenant's company.",
    .import = &import,
};
