/* entities/permission.c - permissions, groups, what a user is granted: as the API shows them. */
#include <stddef.h>

#include "entities/entities.h"

#define LISTED (CRM_F_READ_ONLY | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE)

static const crm_field_t permission_fields[] = {
    {
        .name = "id",
        .column = "id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "Identifies the permission within its tenant.",
    },
    {
        .name = "codename",
        .column = "codename",
        .type = CRM_T_TEXT,
        .flags = LISTED,
        .max_length = 100,
        .help = "What it allows: \"view_lead\".",
        .example = "view_lead",
    },
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = LISTED,
        .help = "The same for people: \"Can view lead\".",
        .example = "Can view lead",
    },
    {
        .name = "app_label",
        .column = "app_label",
        .type = CRM_T_TEXT,
        .flags = LISTED,
        .max_length = 100,
        .help = "What stands before the codename's point: \"leads\".",
        .example = "leads",
    },
    {
        .name = "model",
        .column = "model",
        .type = CRM_T_TEXT,
        .flags = LISTED,
        .max_length = 100,
        .help = "The kind of record: \"lead\".",
        .example = "lead",
    },
    {.name = NULL},
};

static const crm_field_t group_fields[] = {
    {
        .name = "id",
        .column = "id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "Identifies the group within its tenant.",
    },
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE |
                 CRM_F_UNIQUE | CRM_F_FOLDED,
        .min_length = 1,
        .max_length = 150,
        .help = "The group's name, unique in the tenant without regard to case and accents.",
        .example = "Sales",
    },
    {
        .name = "permissions",
        .type = CRM_T_INTEGERS,
        .help = "The ids of the permissions that its members have.",
    },
    {
        .name = "is_default",
        .column = "is_default",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_FILTERABLE,
        .help = "Whether new users are in it: exactly one group is the default one.",
    },
    {.name = NULL},
};

static const crm_field_t grant_fields[] = {
    {
        .name = "user_id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY,
        .help = "The user's id.",
    },
    {
        .name = "permissions",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY,
        .shape = CRM_SHAPE_TEXTS,
        .example = "[\"" CRM_EXAMPLE_PERMISSION "\"]",
        .help = "The names of all permissions that the user has, himself or through groups; of an "
                "admin: all there are.",
    },
    {
        .name = "group_ids",
        .type = CRM_T_INTEGERS,
        .flags = CRM_F_READ_ONLY,
        .help = "The ids of the groups that the user is in.",
    },
    {
        .name = "permission_ids",
        .type = CRM_T_INTEGERS,
        .flags = CRM_F_READ_ONLY,
        .help = "The ids of the permissions that the user has himself.",
    },
    {.name = NULL},
};

static const crm_field_t granting_fields[] = {
    {.name = "id", .type = CRM_T_INTEGER, .help = "The group's id."},
    {.name = "name", .type = CRM_T_TEXT, .help = "The group's name.", .example = "Users"},
    {.name = "is_member", .type = CRM_T_BOOLEAN, .help = "Whether the user is in it."},
    {.name = NULL},
};

static const crm_entity_t granting_entity = {
    .name = "granting_group",
    .label = "Group that grants it",
    .fields = granting_fields,
};

static const crm_field_t explanation_fields[] = {
    {
        .name = "permission",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY,
        .help = "The permission that was asked about.",
        .example = CRM_EXAMPLE_PERMISSION,
    },
    {
        .name = "user_id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY,
        .help = "The user that was asked about.",
    },
    {
        .name = "allowed",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_READ_ONLY,
        .help = "Whether the user may.",
    },
    {
        .name = "reasons",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY,
        .shape = CRM_SHAPE_TEXTS,
        .example = "[\"group \\\"Users\\\" grants it\"]",
        .help = "Why, or why not: sentences.",
    },
    {
        .name = "groups",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY,
        .object = &granting_entity,
        .shape = CRM_SHAPE_LIST,
        .help = "The groups that grant it.",
    },
    {.name = NULL},
};

const crm_entity_t crm_permission_entity = {
    .name = "permission",
    .plural = "permissions",
    .label = "Permission",
    .table = "permission",
    .fields = permission_fields,
    .id = "id",
    .order = "id",
    .help = "Something that users and groups may be allowed.",
};

const crm_entity_t crm_group_entity = {
    .name = "group",
    .plural = "groups",
    .label = "Group",
    .table = "user_group",
    .fields = group_fields,
    .id = "id",
    .order = "id",
    .help = "Users who may do the same.",
};

const crm_entity_t crm_grant_entity = {
    .name = "user_permissions",
    .plural = "user_permissions",
    .label = "Permissions of a user",
    .fields = grant_fields,
    .help = "What a user may do.",
};

const crm_entity_t crm_explanation_entity = {
    .name = "permission_explanation",
    .plural = "permission_explanations",
    .label = "Explanation",
    .fields = explanation_fields,
    .help = "Why a user may do something, or may not.",
};
