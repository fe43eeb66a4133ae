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
        .help = "The key for the Authorization header; it is shown this once.",
        .example = "crm_uOTIJFUNPDVM89tom9nXwgNKZzWFhyoEOCs-NsFxDzpljmf3yOFeOw",
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
