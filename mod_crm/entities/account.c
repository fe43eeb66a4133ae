/* entities/account.c - an account as the API shows it: the user object. */
#include <stddef.h>

#include "entities/entities.h"

static const crm_field_t fields[] = {
    {
        .name = "id",
        .column = "id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "Identifies the account within its tenant.",
    },
    {
        .name = "username",
        .column = "username",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE |
                 CRM_F_UNIQUE | CRM_F_FOLDED,
        .min_length = 1,
        .max_length = 150,
        .help = "The name to log in with, unique in the tenant without regard to case and accents.",
        .example = "ada",
    },
    {
        .name = "email",
        .column = "email",
        .type = CRM_T_EMAIL,
        .flags = CRM_F_REQUIRED | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE |
                 CRM_F_UNIQUE | CRM_F_FOLDED,
        .max_length = 254,
        .help = "The e-mail address, unique in the tenant; good for logging in, too.",
    },
    {
        .name = "first_name",
        .column = "first_name",
        .type = CRM_T_TEXT,
        .flags =
            CRM_F_REQUIRED | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_FOLDED,
        .max_length = 150,
        .help = "The first name.",
        .example = "Ada",
    },
    {
        .name = "last_name",
        .column = "last_name",
        .type = CRM_T_TEXT,
        .flags =
            CRM_F_REQUIRED | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_FOLDED,
        .max_length = 150,
        .help = "The last name.",
        .example = "Lovelace",
    },
    {
        .name = "password",
        .type = CRM_T_PASSWORD,
        .flags = CRM_F_REQUIRED | CRM_F_WRITE_ONLY | CRM_F_SECRET,
        .min_length = 8,
        .help = "The password, at least 8 characters; only its hash is stored.",
    },
    {
        .name = "tenant",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .object = &crm_tenant_entity,
        .help = "The account's tenant; null for a superuser.",
    },
    {
        .name = "is_tenant_admin",
        .column = "is_tenant_admin",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "Whether the account may do everything in its tenant.",
    },
    {
        .name = "is_superuser",
        .column = "is_superuser",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE,
        .help = "Whether the account administers the platform.",
    },
    {
        .name = "is_active",
        .column = "is_active",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_WRITE_ONLY | CRM_F_FILTERABLE,
        .help = "Whether the account can be used; false disables it and ends its tokens.",
    },
    {
        .name = "date_joined",
        .column = "date_joined",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "When the account was made.",
    },
    {.name = NULL},
};

const crm_entity_t crm_account_entity = {
    .name = "account",
    .plural = "accounts",
    .label = "User",
    .table = "account",
    .fields = fields,
    .id = "id",
    .order = "-id",
    .help = "An account of a tenant, or of the platform.",
};
