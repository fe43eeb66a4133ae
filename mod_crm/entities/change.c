/* entities/change.c - a row of the change log of a record, as the API shows it. */
#include <stddef.h>

#include "entities/entities.h"

static const crm_choice_t actions[] = {
    {"created", "Created"}, {"updated", "Updated"}, {"status_changed", "Status changed"},
    {"deleted", "Deleted"}, {NULL, NULL},
};

static const crm_field_t value_fields[] = {
    {.name = "old", .type = CRM_T_JSON, .help = "Before.", .example = "\"Bonn\""},
    {.name = "new", .type = CRM_T_JSON, .help = "After.", .example = "\"Berlin\""},
    {.name = NULL},
};

static const crm_entity_t value_entity = {
    .name = "changed_value",
    .label = "Changed value",
    .fields = value_fields,
};

static const crm_field_t fields[] = {
    {
        .name = "id",
        .column = "id",
        .type = CRM_T_UUID,
        .flags = CRM_F_READ_ONLY,
        .help = "Identifies the change.",
    },
    {
        .name = "action",
        .column = "action",
        .type = CRM_T_CHOICE,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE,
        .choices = actions,
        .help = "What was done.",
    },
    {
        .name = "field_name",
        .column = "field_name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL | CRM_F_FILTERABLE,
        .help = "The field, where a single one was changed.",
        .example = "city",
    },
    {
        .name = "old_value",
        .column = "old_value",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "Its value before.",
        .example = "Bonn",
    },
    {
        .name = "new_value",
        .column = "new_value",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "Its value after.",
        .example = "Berlin",
    },
    {
        .name = "changes",
        .column = "changes",
        .type = CRM_T_JSON,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .object = &value_entity,
        .shape = CRM_SHAPE_MAP,
        .example = "{\"city\": {\"old\": \"Bonn\", \"new\": \"Berlin\"}}",
        .help = "All fields that were changed: each with old and new.",
    },
    {
        .name = "notes",
        .column = "notes",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "How it came about, where that was not by a call for this record.",
        .example = "by an import",
    },
    {
        .name = "changed_by",
        .column = "changed_by",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL | CRM_F_FILTERABLE,
        .help = "The id of the user; null when that was no user of the tenant.",
    },
    {
        .name = "changed_by_username",
        .column = "changed_by_username",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "His name at that time.",
        .example = "ada",
    },
    {
        .name = "changed_by_email",
        .column = "changed_by_email",
        .type = CRM_T_EMAIL,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "His e-mail address at that time.",
    },
    {
        .name = "created_at",
        .column = "created_at",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "When it was.",
    },
    {.name = NULL},
};

const crm_entity_t crm_change_entity = {
    .name = "change",
    .plural = "changes",
    .label = "Change",
    .table = "change_log",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .help = "A change of a record.",
};
