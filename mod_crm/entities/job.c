/* entities/job.c - long work on tenants, and what an operator sees of a tenant. */
#include <stddef.h>

#include "entities/entities.h"

static const crm_choice_t kinds[] = {
    {"backup", "Backup"}, {"export", "Export"}, {"clone", "Clone"}, {"restore", "Restore"},
    {"move", "Move"},     {"purge", "Purge"},   {NULL, NULL},
};

static const crm_choice_t states[] = {
    {"queued", "Queued"}, {"running", "Running"}, {"done", "Done"},
    {"failed", "Failed"}, {NULL, NULL},
};

static const crm_field_t fields[] = {
    {
        .name = "id",
        .column = "id",
        .type = CRM_T_UUID,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "Identifies the job.",
    },
    {
        .name = "kind",
        .column = "kind",
        .type = CRM_T_CHOICE,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE,
        .choices = kinds,
        .help = "What it does.",
    },
    {
        .name = "tenant_id",
        .column = "tenant_id",
        .type = CRM_T_UUID,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE,
        .help = "The id of the tenant that it is about.",
    },
    {
        .name = "tenant_name",
        .column = "tenant_name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY,
        .max_length = 100,
        .help = "That tenant's name when the job was asked for.",
        .example = "Acme Corp",
    },
    {
        .name = "arguments",
        .column = "arguments",
        .type = CRM_T_JSON,
        .flags = CRM_F_READ_ONLY,
        .help = "What was asked for, as it was sent.",
        .example = "{\"name\": \"Acme training\"}",
    },
    {
        .name = "state",
        .column = "state",
        .type = CRM_T_CHOICE,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE,
        .choices = states,
        .help = "How far it is: queued also while it waits to be begun again.",
    },
    {
        .name = "progress",
        .column = "progress",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY,
        .help = "Per cent, about; it never goes back, and 100 is done.",
        .example = "42",
    },
    {
        .name = "result",
        .column = "result",
        .type = CRM_T_JSON,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "What came of it: `rows` and `size` of the file of a backup or export; `tenant`, "
                "`name` and `slug` of the one that a clone or restore made; `server` and "
                "`held_seconds` (for how long writes were refused; null when that is not known) of "
                "a move.",
        .example = "{\"rows\": 5120, \"size\": 1048576}",
    },
    {
        .name = "error",
        .column = "error",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "Why it failed; or, while it is queued, why it has to be begun again.",
        .example = "The tenant is gone.",
    },
    {
        .name = "error_status",
        .column = "error_status",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "The status that a call with such an error has.",
        .example = "404",
    },
    {
        .name = "requested_by",
        .column = "requested_by",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE,
        .max_length = 150,
        .help = "The username of the superuser who asked for it.",
        .example = "root",
    },
    {
        .name = "request_id",
        .column = "request_id",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY,
        .max_length = 128,
        .help = "The id of the call that asked for it, as in `X-Request-Id`.",
        .example = "0190f3a4-5b6c-7d8e-9f01-23456789abcd",
    },
    {
        .name = "created_at",
        .column = "created_at",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "When it was asked for.",
    },
    {
        .name = "started_at",
        .column = "started_at",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "When it was first begun.",
    },
    {
        .name = "finished_at",
        .column = "finished_at",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "When it ended.",
    },
    {.name = NULL},
};

const crm_entity_t crm_job_entity = {
    .name = "job",
    .plural = "jobs",
    .label = "Job",
    .table = "job",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .help = "Long work on a tenant, done in the background.",
};

/* ---- a tenant as its operator sees it */

static const crm_choice_t tenant_states[] = {
    {"active", "Active"},
    {"suspended", "Suspended"},
    {"deleted", "Deleted"},
    {NULL, NULL},
};

#define SHOWN(field, kind, ...)                                                                    \
    {                                                                                              \
        .name = field, .type = kind, .flags = CRM_F_READ_ONLY, __VA_ARGS__                         \
    }
#define MAYBE(field, kind, ...)                                                                    \
    {                                                                                              \
        .name = field, .type = kind, .flags = CRM_F_READ_ONLY | CRM_F_NULL, __VA_ARGS__            \
    }

static const crm_field_t state_fields[] = {
    SHOWN("id", CRM_T_UUID, .help = "Identifies the tenant."),
    SHOWN("name", CRM_T_TEXT, .help = "The company's name.", .example = "Acme Corp"),
    SHOWN("slug", CRM_T_TEXT, .help = "Its name in host names and databases; it never changes.",
          .example = "acme_corp"),
    SHOWN("database_name", CRM_T_TEXT, .help = "The database that holds the tenant's records.",
          .example = "crm_tenant_acme_corp"),
    SHOWN("server", CRM_T_TEXT,
          .help = "The CrmDatabaseServer that has it; \"default\" is CrmTenantDatabase.",
          .example = "default"),
    SHOWN("state", CRM_T_CHOICE, .choices = tenant_states,
          .help = "Whether its accounts can be used."),
    SHOWN("created_at", CRM_T_TIME, .help = "When the tenant was made."),
    SHOWN("updated_at", CRM_T_TIME, .help = "When the tenant was last changed."),
    MAYBE("deleted_at", CRM_T_TIME, .help = "When it was deleted."),
    MAYBE("purged_at", CRM_T_TIME, .help = "Until when it can be undeleted."),
    {.name = NULL},
};

const crm_entity_t crm_tenant_state_entity = {
    .name = "tenant_state",
    .label = "Tenant's state",
    .table = "tenant",
    .fields = state_fields,
    .help = "A tenant as its operator sees it.",
};
