/* entities/answer.c - what calls answer with that is no record. */
#include <stddef.h>

#include "entities/entities.h"

static const crm_field_t message_fields[] = {
    {
        .name = "message",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY,
        .help = "What was done, for people to read.",
        .example = "Logout successful",
    },
    {.name = NULL},
};

const crm_entity_t crm_message_entity = {
    .name = "message",
    .label = "Message",
    .fields = message_fields,
    .help = "What was done.",
};

static const crm_field_t session_fields[] = {
    {
        .name = "user",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY,
        .object = &crm_account_entity,
        .help = "The account.",
    },
    {
        .name = "token",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY,
        .help = "The key for the Authorization header; it is shown this once. Empty where it went "
                "into a "
                "cookie.",
        .example = "crm_uOTIJFUNPDVM89tom9nXwgNKZzWFhyoEOCs-NsFxDzpljmf3yOFeOw",
    },
    {
        .name = "csrf_token",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_ABSENT,
        .help = "Where the token is in a cookie: what X-CSRFToken must say in calls that change "
                "something.",
        .example = "GJ4XlKYqXkc0sKp2OLv5qBw0cCaZPNk5",
    },
    {
        .name = "message",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY,
        .help = "What was done, for people to read.",
        .example = "Login successful",
    },
    {.name = NULL},
};

const crm_entity_t crm_session_entity = {
    .name = "session",
    .label = "Session",
    .fields = session_fields,
    .help = "An account that has logged in, and its token.",
};

static const crm_field_t import_error_fields[] = {
    {.name = "row", .type = CRM_T_INTEGER, .help = "Its number; 1 is the header.", .example = "4"},
    {.name = "error",
     .type = CRM_T_TEXT,
     .help = "What is wrong with it.",
     .example = "E-mail: Enter a valid email address."},
    {.name = "column",
     .type = CRM_T_TEXT,
     .flags = CRM_F_NULL,
     .help = "The column, where it is a single one.",
     .example = "E-mail"},
    {.name = "value",
     .type = CRM_T_TEXT,
     .flags = CRM_F_NULL,
     .help = "What stands there.",
     .example = "not an address"},
    {.name = NULL},
};

static const crm_entity_t import_error_entity = {
    .name = "import_error",
    .label = "Wrong row",
    .fields = import_error_fields,
};

#define COUNT(count, text)                                                                         \
    {                                                                                              \
        .name = count, .type = CRM_T_INTEGER, .flags = CRM_F_READ_ONLY, .help = text               \
    }

static const crm_field_t import_fields[] = {
    COUNT("processed", "How many rows were looked at."),
    COUNT("created", "How many records were made."),
    COUNT("updated", "How many records were changed."),
    COUNT("skipped", "How many rows were left alone, or changed nothing."),
    {
        .name = "errors",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY,
        .object = &import_error_entity,
        .shape = CRM_SHAPE_LIST,
        .help = "The rows that are wrong: the first 1,000 of them.",
    },
    COUNT("error_count", "How many rows are wrong."),
    COUNT("position", "The last row that is done with: what resume_from takes."),
    {
        .name = "dry_run",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_READ_ONLY,
        .help = "Whether nothing of it was done.",
    },
    {
        .name = "ignored_columns",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY,
        .shape = CRM_SHAPE_TEXTS,
        .help = "The columns that stand for nothing.",
        .example = "[\"Shoe size\"]",
    },
    {
        .name = "damage",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_ABSENT,
        .help = "With partial: what is wrong with the file.",
        .example = "row 7: the file ends in quotes",
    },
    {
        .name = "detail",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_ABSENT,
        .help = "Why it ended before its end.",
        .example = "Service temporarily unavailable, try again later.",
    },
    {.name = NULL},
};

const crm_entity_t crm_import_report_entity = {
    .name = "import_report",
    .label = "Import",
    .fields = import_fields,
    .help = "What an import did.",
};
